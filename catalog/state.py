"""Whether anything that the lists of the catalog show has changed."""

from __future__ import annotations

import time
from collections.abc import Hashable
from datetime import datetime
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection

from catalog.models import Solution

MOMENT_SECONDS = 0.2

_recent: tuple[float, Hashable] | None = None
_LAST_CHANGE = """
SELECT
    (SELECT max(updated_at) FROM catalog_solution),
    (SELECT max(id) FROM catalog_solutionevent),
    (SELECT max(id) FROM catalog_reuseevent),
    (SELECT max(id) FROM catalog_supportevent),
    (SELECT max(id) FROM catalog_noticeevent),
    (SELECT max(id) FROM catalog_synonymgroupevent),
    (SELECT max(id) FROM network_organisationevent),
    array_to_string(ARRAY({testable}), ','),
    greatest(
        (SELECT max(updated_at) FROM catalog_solution),
        (SELECT at FROM catalog_solutionevent ORDER BY id DESC LIMIT 1),
        (SELECT at FROM catalog_reuseevent ORDER BY id DESC LIMIT 1),
        (SELECT at FROM catalog_supportevent ORDER BY id DESC LIMIT 1),
        (SELECT at FROM catalog_noticeevent ORDER BY id DESC LIMIT 1),
        (SELECT at FROM catalog_synonymgroupevent ORDER BY id DESC LIMIT 1),
        (SELECT at FROM network_organisationevent ORDER BY id DESC LIMIT 1)
    )
"""


def last_change() -> Hashable:
    """Differs after each change; one query, answered by the ends of indexes.

    Every action leaves an event, and what can be tested is looked up: it is little. Two actions that are committed in
    another order than they began may hide one another, and logos leave no event: whoever keeps something under this
    keeps it for some seconds only.
    """
    with connection.cursor() as cursor:
        cursor.execute(*_query())
        found: Hashable = cursor.fetchone()
    return found


def recent_change() -> Hashable:
    """The same as it was a moment ago, for pages of visitors: a thousand of them a second need not ask each."""
    global _recent
    now = time.monotonic()
    if settings.OSK_FACETS_SECONDS <= 0 or _recent is None or now - _recent[0] > MOMENT_SECONDS:
        _recent = (now, last_change())
    return _recent[1]


def changed_at(state: Hashable) -> datetime | None:
    """When it changed last, of what ``recent_change`` gives; None of an empty catalog. It never falls back."""
    return state[-1] if isinstance(state, tuple) else None


@cache
def _query() -> tuple[str, tuple[Any, ...]]:
    testable = Solution.objects.published().testable().order_by("pk").values("pk")
    sql, params = testable.query.sql_with_params()
    return _LAST_CHANGE.format(testable=sql), tuple(params)
