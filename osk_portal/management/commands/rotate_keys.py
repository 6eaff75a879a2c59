"""Brings every encrypted value under the newest key, so that older ones can be taken away."""

from __future__ import annotations

import logging
from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from osk_portal import portal
from osk_portal.notifications import queue
from osk_portal.toolkit import encryption

logger = logging.getLogger(__name__)

BATCH: Final = 200
ROTATED: Final = "rotate-keys"
"""Name of the row that says when it was last done."""


class Command(BaseCommand):
    help = (
        "Encrypts every secret at rest with the first key of OSK_ENCRYPTION_KEYS. Put the new key first and keep "
        "the old ones behind it, start the portal anew, run this, then take the old ones away. Works while the "
        "portal runs; interrupted, it goes on where it was when it is run again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="Count only, change nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        total = _Count()
        for sealed in portal.sealed_values:
            count = _walk(sealed, changes=not options["check"])
            word = "to do" if options["check"] else "encrypted anew"
            self.stdout.write(
                f"{sealed.key}: {count.changed} {word}, {count.current} were, {count.lost} unreadable"
            )
            total.add(count)
        if not options["check"]:
            # Counts only: one line and one row for the whole run.
            queue.heartbeat(ROTATED)
            logger.warning(
                "keys rotated", extra={"changed": total.changed, "unreadable": total.lost}
            )
        if total.lost:
            raise CommandError(
                f"{total.lost} values open with none of the keys: they stay as they are. "
                "Is a key missing in OSK_ENCRYPTION_KEYS?"
            )


class _Count:
    def __init__(self) -> None:
        self.changed = self.current = self.lost = 0

    def add(self, other: _Count) -> None:
        self.changed += other.changed
        self.current += other.current
        self.lost += other.lost


def _walk(sealed: portal.SealedValues, *, changes: bool) -> _Count:
    """In batches by key, each in a short transaction of its own; what is done is passed over the next time."""
    count, after = _Count(), 0
    while True:
        with transaction.atomic():
            rows = list(
                sealed.rows()
                .filter(pk__gt=after)
                .order_by("pk")
                .select_for_update(of=("self",))[:BATCH]
            )
            for row in rows:
                before = getattr(row, sealed.field)
                value = _anew(before, count)
                if changes and value != before:
                    setattr(row, sealed.field, value)
                    row.save(update_fields=[sealed.field])
        if not rows:
            return count
        after = rows[-1].pk


def _anew(value: Any, count: _Count) -> Any:
    if isinstance(value, dict):
        return {name: _anew(part, count) for name, part in value.items()}
    if isinstance(value, list):
        return [_anew(part, count) for part in value]
    if not isinstance(value, str) or not encryption.looks_sealed(value):
        return value
    if encryption.is_current(value):
        count.current += 1
        return value
    try:
        rotated = encryption.rotate(value)
    except encryption.CannotDecrypt:
        count.lost += 1
        return value
    count.changed += 1
    return rotated
