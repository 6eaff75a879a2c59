"""The mail sink of the test environments, as a process that stays."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from sandbox.mail_sink import serve


class Command(BaseCommand):
    help = (
        "Takes the mails of test environments at OSK_SANDBOX_MAIL_PORT and keeps them for their people; "
        "nothing is delivered. Stays until it is told to end."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        port = settings.OSK_SANDBOX_MAIL_PORT
        if not port:
            raise CommandError("OSK_SANDBOX_MAIL_PORT is not set: test environments have no mail.")
        try:
            serve(port, lambda: self.stdout.write(f"The mail sink listens on port {port}."))
        except OSError as error:
            raise CommandError(f"Port {port}: {error.strerror}") from error
