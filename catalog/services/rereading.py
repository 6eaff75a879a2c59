"""What a repository's file said last, and having it read once more."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy

from catalog import documents
from catalog.all_fields import EVERY
from catalog.enums import RevisionOrigin
from catalog.models import Solution, Source
from osk_portal.toolkit import clock


def last_file(solution: Solution) -> documents.Json:
    """What the file said when it was taken in last; what the entry says, where it was never."""
    taken = (RevisionOrigin.IMPORT, RevisionOrigin.FILE)
    revision = solution.revisions.filter(origin__in=taken).first()
    found: documents.Json = revision.document if revision else solution.document
    return found


def read_again(source: Source, solution: Solution, names: Iterable[str]) -> None:
    """The file is due now, and new in the fields ``names`` wherever it says something else than the entry.

    The caller has locked the entry, then the source.
    """
    document = deepcopy(source.document or last_file(solution))
    for name in names:
        field = EVERY[name]
        field.put(document, deepcopy(field.of(solution.document)))
    source.document = document
    source.etag = source.last_modified = ""
    source.next_attempt_at = clock.now()
    # A fetch that is under way asked whether the file has changed since; its answer no longer counts.
    source.lease_token = source.leased_until = None
    source.save(
        update_fields=[
            "document", "etag", "last_modified", "next_attempt_at", "lease_token", "leased_until",
        ]
    )  # fmt: skip
