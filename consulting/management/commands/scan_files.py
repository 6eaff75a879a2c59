"""Has the files scanned that wait for it, without any broker; or frees them when there is no scanner.

Of cases, of test reports, and saved configurations.
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from consulting.services import scanning
from sandbox.services import report_files, snapshots

QUEUES: Final = (scanning.QUEUE, report_files.QUEUE, snapshots.QUEUE)


class Command(BaseCommand):
    help = "Has the uploaded files scanned that are due, without Celery."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--release-unscanned",
            action="store_true",
            help="OSK_CLAMAV is empty now: give out what still waits, without a scan.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["release_unscanned"]:
            if settings.OSK_CLAMAV:
                raise CommandError("OSK_CLAMAV is set: the files will be scanned.")
            released = sum(queue.release_all() for queue in QUEUES)
            self.stdout.write(f"{released} files released without a scan.")
            return
        if not settings.OSK_CLAMAV:
            raise CommandError("OSK_CLAMAV is empty: no scanner is configured.")
        settled = handled = 0
        for queue in QUEUES:
            for file_id in queue.due_file_ids():
                handled += 1
                settled += queue.scan(file_id)
        self.stdout.write(f"{handled} files handled, {settled} with an outcome.")
