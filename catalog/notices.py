"""Notices for the pages and formats that show several entries, or one with all of its notices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, QuerySet, Value

from catalog.models import Notice, NoticeReceipt, Solution
from osk_portal.accounts.models import User

MOST_SHOWN = 20
_LOUDNESS = {"danger": 0, "warning": 1, "info": 2}


def notices_of(solutions: Iterable[Solution]) -> dict[int, list[Notice]]:
    """The notices that stand, by the entry's key, the loudest first; one query, none without notices.

    For comparison and Prüfvermerk. An entry without notices is not in it.
    """
    wanted = [solution.pk for solution in solutions if solution.notice_kinds]
    found: defaultdict[int, list[Notice]] = defaultdict(list)
    if wanted:
        rows = Notice.objects.standing().filter(solution__in=wanted).newest_first()
        for notice in rows:
            found[notice.solution_id].append(notice)
    return {key: _loudest_first(rows) for key, rows in found.items()}


def shown_on_entry(solution: Solution, reader: User | AnonymousUser) -> list[Notice]:
    """Those that stand, with ``is_to_confirm``: this reader was told and has not confirmed. At most one query."""
    if not solution.notice_kinds:
        return []
    rows = for_reader(Notice.objects.standing().filter(solution=solution), reader)
    return _loudest_first(
        rows.select_related("successor").order_by("-issued_at", "-pk")[:MOST_SHOWN]
    )


def for_reader(rows: QuerySet[Notice], reader: User | AnonymousUser) -> QuerySet[Notice]:
    """With ``is_to_confirm`` and ``is_confirmed``."""
    if not reader.is_authenticated:
        return rows.annotate(is_to_confirm=Value(False), is_confirmed=Value(False))
    mine = NoticeReceipt.objects.filter(notice=OuterRef("pk"), user=reader)
    return rows.annotate(
        is_to_confirm=Exists(mine.filter(confirmed_at=None)),
        is_confirmed=Exists(mine.filter(confirmed_at__isnull=False)),
    )


def _loudest_first(rows: Iterable[Notice]) -> list[Notice]:
    """The order among the equally loud stays."""
    return sorted(rows, key=lambda notice: _LOUDNESS[notice.badge])


def all_of(solution: Solution) -> Sequence[Notice]:
    """For the formats: those that stand and those that were withdrawn, the newest first."""
    rows = Notice.objects.filter(solution=solution)
    return list(rows.newest_first()[:MOST_SHOWN])
