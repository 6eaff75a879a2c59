"""Which revisions of an entry people see, and what of them: one rule for the pages and the interface."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from catalog.documents import Json
from catalog.enums import SolutionState
from catalog.models import Solution, SolutionRevision

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from osk_portal.accounts.models import User


def shown_revisions(solution: Solution, user: User | AnonymousUser) -> list[SolutionRevision]:
    """Advisors see every revision, everybody else those that have been public; the newest first."""
    if user.is_authenticated and user.is_advisor:
        rows = solution.revisions.select_related("organisation").defer("document")
        return list(rows.order_by("-number"))
    return public_revisions(solution)


def shown_document(document: Json, *, is_current: bool, user: User | AnonymousUser) -> Json:
    """A revision's document as ``user`` may see it."""
    if is_current or (user.is_authenticated and user.is_advisor):
        return document
    return without_persons(document)


def public_revisions(solution: Solution) -> list[SolutionRevision]:
    """Those that stood in the catalog at some time, the newest first; drafts stay what they were.

    Two queries. The documents are left out (``defer``): they can be large.
    """
    revisions = list(
        solution.revisions.select_related("organisation").defer("document").order_by("number")
    )
    spans = published_spans(solution)
    shown = []
    for place, revision in enumerate(revisions):
        after = revisions[place + 1].created_at if place + 1 < len(revisions) else None
        if any(
            (end is None or revision.created_at < end) and (after is None or start < after)
            for start, end in spans
        ):
            shown.append(revision)
    return shown[::-1]


def published_spans(solution: Solution) -> list[tuple[datetime, datetime | None]]:
    """From when to when the entry was published; None: until now."""
    spans: list[tuple[datetime, datetime | None]] = []
    start: datetime | None = None
    for event in solution.events.exclude(to_state="").order_by("at", "pk"):
        if event.to_state == SolutionState.PUBLISHED:
            start = start or event.at
        elif start is not None:
            spans.append((start, event.at))
            start = None
    if start is None and solution.is_published and not spans:
        start = solution.published_at
    return [*spans, (start, None)] if start is not None else spans


def without_persons(document: Json) -> Json:
    """An earlier state, without the people it names: who was taken out of an entry has left it."""
    maintenance = {
        key: value
        for key, value in (document.get("maintenance") or {}).items()
        if key != "contacts"
    }
    return {**document, "maintenance": maintenance}
