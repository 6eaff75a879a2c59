"""The portal's only clock. Everything is UTC inside; people read Europe/Berlin."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import DateTimeField, Value
from django.db.models.functions import Now
from django.db.models.sql.compiler import SQLCompiler
from django.utils import timezone

BERLIN = ZoneInfo("Europe/Berlin")

_moved_to: datetime | None = None


def move_to(moment: datetime | None) -> None:
    """Stop the clock at ``moment`` (aware), or let it run again with None. For tests only.

    time-machine moves Python's clock but not PostgreSQL's; this moves both.
    """
    global _moved_to
    _moved_to = moment


@contextmanager
def moved_to(moment: datetime) -> Iterator[None]:
    """As ``move_to``, and back to what was before. For tests, and for the demo world's past."""
    before = _moved_to
    move_to(moment)
    try:
        yield
    finally:
        move_to(before)


def now() -> datetime:
    """The current moment, aware, in UTC."""
    return _moved_to or timezone.now()


def of_database() -> datetime:
    """The database's current moment: where a time is written that another machine compares with ``DbNow``."""
    if _moved_to is not None:
        return _moved_to
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment


def today() -> date:
    """The current date in Berlin."""
    return now().astimezone(BERLIN).date()


class DbNow(Now):
    """The database's current moment, for every comparison of due times, leases and windows.

    One clock decides even where the machines of a site disagree. Renders the start of the
    statement, not of the transaction, so that a lease taken late in a transaction is whole.
    """

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> tuple[str, Any]:
        if _moved_to is not None:
            return compiler.compile(Value(_moved_to, output_field=DateTimeField()))
        return super().as_postgresql(compiler, connection, **extra)
