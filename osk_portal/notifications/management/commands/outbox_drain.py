"""Sends what is due without any broker: by hand, or as a service where no broker can run."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand
from django.db import close_old_connections

from osk_portal.notifications import delivery, queue


class Command(BaseCommand):
    help = "Sends the mails that are due, without Celery; --loop goes on until it is stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--loop", action="store_true", help="Look again every few seconds.")
        parser.add_argument("--pause", type=float, default=5.0, help="Seconds between two looks.")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        if options["loop"]:

            def end(_signal: int, _frame: FrameType | None) -> None:
                stop.set()

            signal.signal(signal.SIGTERM, end)
            signal.signal(signal.SIGINT, end)
        count = self._drain(stop)
        while options["loop"] and not stop.wait(options["pause"]):
            close_old_connections()
            count += self._drain(stop)
        self.stdout.write(f"{count} mails handled.")

    def _drain(self, stop: threading.Event) -> int:
        count = 0
        queue.heartbeat(queue.SWEEP)
        while not stop.is_set() and (mail_ids := queue.due_mail_ids()):
            for mail_id in mail_ids:
                if stop.is_set():
                    break
                delivery.deliver(mail_id)
                count += 1
        return count
