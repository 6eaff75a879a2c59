"""Putting changed fields into an entry, by the rules of the standard."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from catalog import all_fields, documents
from catalog.enums import RevisionOrigin
from catalog.models import Solution, SolutionRevision
from catalog.services.entries import RepositoryTaken, write_anew
from catalog.services.proposals import ProposalConflict
from network.models import Organisation
from osk_portal.accounts.models import User


def change_fields(
    solution: Solution,
    changes: Mapping[str, Any],
    names: Iterable[str],
    *,
    origin: RevisionOrigin,
    author: User | None,
    organisation: Organisation | None = None,
    reason: str = "",
) -> SolutionRevision:
    """Write those of ``changes`` that are named; the caller has locked the entry.

    Raises ProposalConflict where the entry would break the standard (an error that it had before is none), and
    where it would take the repository of another entry.
    """
    document = all_fields.apply(solution.document, changes, names)
    result = documents.check(document)
    before = {(f["code"], f["key"]) for f in solution.findings}
    before |= {(f.code, f.key) for f in documents.check(solution.document).errors}
    broken = [f for f in result.errors if (f.code, f.key) not in before]
    if broken:
        raise ProposalConflict(
            _("These fields alone would break the entry: %(keys)s.")
            % {"keys": ", ".join(sorted({f.key for f in broken}))}
        )
    try:
        return write_anew(
            solution,
            document,
            origin=origin,
            findings=[documents.as_kept(finding, has_file=False) for finding in result.findings],
            author=author,
            organisation=organisation,
            reason=reason,
        )
    except RepositoryTaken as error:
        raise ProposalConflict(str(error)) from error
