"""What the OSK has said of an entry beyond its file, change by change: kept in the events, with both values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.history import published_spans
from catalog.models import Solution, SolutionEvent
from network.models import Organisation

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser
    from django.utils.functional import _StrPromise

    from osk_portal.accounts.models import User

LABELS: Final[Mapping[str, _StrPromise]] = {
    "alternatives": _("Alternative to"),
    "keywords": _("Keywords"),
    "berlin_body": _("Published by"),
}
MOST_SHOWN: Final = 50


@dataclass(frozen=True)
class AdditionChange:
    """One field of one change; ``event`` leads back to what stood there before."""

    at: datetime
    label: str
    before: str
    after: str
    event: int


def kept(solution: Solution, name: str) -> Any:
    """A value for the event: of a body its key, so that one that leaves the network is named no more."""
    return solution.berlin_body_id if name == "berlin_body" else list(getattr(solution, name))


def changes_of(solution: Solution, user: User | AnonymousUser) -> list[AdditionChange]:
    """The newest first. Keywords, and what was said while the entry was not public, are the advisors'."""
    is_advisor = user.is_authenticated and user.is_advisor
    events = solution.events.filter(kind="changed", data__has_key="values").order_by("-at", "-pk")
    if not is_advisor:
        events = events.filter(_while_public(solution))
    found = [
        (event, name, before, after)
        for event in events[:MOST_SHOWN]
        for name, (before, after) in event.data["values"].items()
        if is_advisor or name != "keywords"
    ]
    keys = {v for _e, name, *values in found if name == "berlin_body" for v in values if v}
    rows = Organisation.objects.filter(pk__in=keys) if keys else []
    bodies = {row.pk: row.name for row in rows if is_advisor or row.is_published}

    def words(value: Any) -> str:
        return ", ".join(value) if isinstance(value, list) else bodies.get(value, "")

    return [
        AdditionChange(event.at, str(LABELS[name]), words(before), words(after), event.pk)
        for event, name, before, after in found
    ]


def _while_public(solution: Solution) -> Q:
    public = Q(pk=None)
    for start, end in published_spans(solution):
        public |= Q(at__gte=start, at__lt=end) if end else Q(at__gte=start)
    return public


def values_before(solution: Solution, event: str) -> dict[str, Any]:
    """What stood there before that change, for the form; nothing where the entry has no such change."""
    if not event.isdecimal() or len(event) > 18:
        return {}
    found = SolutionEvent.objects.filter(pk=int(event), solution=solution, data__has_key="values")
    row = found.first()
    values = row.data["values"] if row else {}
    return {
        name: "\n".join(before) if isinstance(before, list) else before
        for name, (before, _after) in values.items()
    }
