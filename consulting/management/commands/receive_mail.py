"""Takes one mail on standard input: the end of a mail server's pipe (docs/operations/mail.md)."""

from __future__ import annotations

import logging
import os
import sys
from argparse import ArgumentParser
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import Error as DatabaseError

from consulting import services

logger = logging.getLogger(__name__)

# sysexits.h, as Postfix's pipe(8) reads them: 65 goes back to the sender, 75 is tried again.
EX_DATAERR: Final = 65
EX_TEMPFAIL: Final = 75


class Command(BaseCommand):
    help = (
        "Takes one mail on standard input. Exit code 0: kept; 65: too large; 75: try again later."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--recipient",
            default="",
            help="The envelope's recipient; without it ORIGINAL_RECIPIENT of the environment.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        recipient = options["recipient"] or os.environ.get("ORIGINAL_RECIPIENT", "")
        most = settings.OSK_MAIL_MOST_MB * 1024 * 1024
        raw = sys.stdin.buffer.read(most + 1)
        if len(raw) > most:
            self.stdout.write(f"5.3.4 The mail is larger than {settings.OSK_MAIL_MOST_MB} MB.")
            raise SystemExit(EX_DATAERR)
        try:
            row = services.store_mail(raw, recipient=recipient)
        except DatabaseError as error:
            logger.warning("consulting: a mail cannot be kept now", exc_info=error)
            self._try_again()
        except Exception:
            # Any other exit code would make the server give the mail back to its sender for our fault.
            logger.exception("consulting: a mail could not be kept")
            self._try_again()
        try:
            services.route_mail(mail_id=row.pk)
        except Exception:
            # It is kept, so the server is done. The worker tries again; until then it waits for a person.
            logger.exception("consulting: a mail could not be put where it belongs")

    def _try_again(self) -> None:
        self.stdout.write("4.3.0 The mail cannot be kept at the moment.")
        raise SystemExit(EX_TEMPFAIL)
