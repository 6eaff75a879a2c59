"""Since when an answer says what it says (Last-Modified): never earlier than it really changed.

Every action leaves an event or moves the entry's date, so the newest of them bounds what an answer is made of. Lists
for visitors and figures may be some seconds old, and a header knows whole seconds only: so long after a change the date
is "now", and whoever read meanwhile is sent the answer once more. The ETag is exact; this is for who does not know it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, cast

from django.conf import settings
from django.db.models import CharField, Model, Value
from django.http import HttpResponse
from django.utils.http import http_date

from catalog.models import ReuseEvent, Solution, SupportEvent, SynonymGroupEvent
from network.models import OrganisationEvent
from osk_portal.toolkit import clock

MOMENT: Final = timedelta(seconds=2)
UNTIL_INDEXED: Final = timedelta(days=3)
"""A renamed organisation is found by its new name after a job of the next night or the one after."""


def say(
    response: HttpResponse,
    *changes: datetime | None,
    entries: bool = False,
    events: Sequence[type[Model]] = (),
    is_searched: bool = False,
) -> None:
    """``changes``, all ``entries`` and ``events``: of what the answer holds. Every one names organisations too,
    which can be renamed or hidden. One query.
    """
    now = clock.now()
    moment = MOMENT + timedelta(seconds=settings.OSK_FACETS_SECONDS)
    models: list[type[Model]] = [OrganisationEvent, *events]
    rows = [_newest(model, "at", "pk") for model in models]
    if entries:
        rows.append(_newest(Solution, "updated_at", "updated_at"))
    found: dict[str, datetime] = dict(rows[0].union(*rows[1:], all=True))
    dates = [at + moment for at in (*changes, *found.values()) if at is not None]
    if is_searched and OrganisationEvent.__name__ in found:
        dates.append(found[OrganisationEvent.__name__] + UNTIL_INDEXED)
    if dates:
        response["Last-Modified"] = http_date(min(now, max(dates)).timestamp())


def beside() -> list[type[Model]]:
    """Events of what filters, orders and searches go by besides the entries: reuse, support, words, test products."""
    # Of the floor above, by the reverse names: all of them, also of those that lead to no entry any more.
    tests = _behind(_behind(Solution, "blueprints"), "events")
    return [ReuseEvent, SupportEvent, SynonymGroupEvent, tests]


def _newest(model: type[Model], column: str, order: str) -> Any:
    """By the end of an index, not by a look at each row."""
    rows = model._default_manager.order_by(f"-{order}")  # noqa: SLF001 # Django's documented API
    named = rows.annotate(model=Value(model.__name__, output_field=CharField()))
    return named.values_list("model", column)[:1]


def _behind(model: type[Model], name: str) -> type[Model]:
    found: Any = model._meta.get_field(name).related_model  # noqa: SLF001 # Django's documented API
    return cast("type[Model]", found)
