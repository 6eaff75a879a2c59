"""Fills the catalog with invented entries."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.models import ProtectedError

from catalog import invented


class Command(BaseCommand):
    help = (
        "Makes a catalog of invented entries, with German and English texts, for trying out and measuring."
        " The same number gives the same entries; a second run adds what is missing. Not in production."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--size", type=int, help="How many invented entries there shall be.")
        what.add_argument("--clear", action="store_true", help="Delete the invented entries.")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.OSK_ENV == "production":
            raise CommandError("Invented entries do not belong into a catalog that people rely on.")
        if options["clear"]:
            self._clear()
            return
        if not 0 < options["size"] <= 1_000_000:
            raise CommandError("--size must lie between 1 and 1000000.")
        for number in invented.write(options["size"]):
            self.stdout.write(f"{number} entries")
        self.stdout.write(f"{options['size']} invented entries are there.")

    def _clear(self) -> None:
        try:
            number = invented.clear()
        except ProtectedError as error:
            raise CommandError(
                "Nothing was deleted: somebody has worked with an invented entry since."
            ) from error
        self.stdout.write(f"{number} invented entries deleted.")
