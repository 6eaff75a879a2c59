"""Takes what is new in the OSK's mailbox: by hand, or from cron where no beat runs."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consulting.services import mailbox
from osk_portal.toolkit.imap import MailboxUnavailable


class Command(BaseCommand):
    help = "Takes new mails from the mailbox OSK_IMAP_URL once."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            count = mailbox.poll()
        except (MailboxUnavailable, ValueError) as error:
            raise CommandError(str(error)) from error
        if count is None:
            self.stdout.write("Nothing to do: no mailbox is set, or another process reads it.")
        else:
            self.stdout.write(f"{count} mails taken.")
