"""Which revisions of an entry have ever been public."""

from __future__ import annotations

from datetime import datetime

from catalog.enums import SolutionState
from catalog.models import Solution, SolutionRevision


def public_revisions(solution: Solution) -> list[SolutionRevision]:
    """Those that stood in the catalog at some time, the newest first; drafts stay what they were.

    Two queries. The documents are left out (``defer``): they can be large.
    """
    revisions = list(
        solution.revisions.select_related("organisation").defer("document").order_by("number")
    )
    spans = _published_spans(solution)
    shown = []
    for place, revision in enumerate(revisions):
        after = revisions[place + 1].created_at if place + 1 < len(revisions) else None
        if any(
            (end is None or revision.created_at < end) and (after is None or start < after)
            for start, end in spans
        ):
            shown.append(revision)
    return shown[::-1]


def _published_spans(solution: Solution) -> list[tuple[datetime, datetime | None]]:
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
