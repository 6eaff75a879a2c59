"""The demo world: authorities, partners, solutions, requests, bookings and logins, all invented or public."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from osk_portal import portal


class Command(BaseCommand):
    help = "Loads the demo world. Idempotent: a second run changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError(
                "The demo world has logins with a known password: refused in production."
            )
        for step in portal.demo_steps:
            self.stdout.write(f"{step.key}: {step.load()}")
