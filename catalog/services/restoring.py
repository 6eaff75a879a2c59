"""An earlier revision becomes the entry's present one again; nothing is taken out of the history."""

from __future__ import annotations

from copy import deepcopy

from django.db import transaction
from django.utils.translation import gettext as _

from catalog import documents, locks
from catalog.documents import Json
from catalog.enums import RevisionOrigin
from catalog.models import Solution, SolutionRevision
from catalog.permissions import can_decide
from catalog.services.entries import RepositoryTaken, write_anew
from osk_portal.accounts.models import User
from osk_portal.toolkit.transitions import TransitionNotAllowed


@transaction.atomic
def restore_revision(
    solution_id: int, *, number: int, actor: User, reason: str, seen_revision: int
) -> SolutionRevision:
    """Write the document of revision ``number`` as a new one, with its reason.

    ``seen_revision`` is the entry's revision that the advisor compared with. Raises TransitionNotAllowed,
    whose text is for people: for who may not, without a reason, when the entry has changed since, when it says
    so already, when a field that the OSK has set would change, and when another entry has the repository now;
    SolutionRevision.DoesNotExist for a number that the entry has not.
    """
    solution = Solution.objects.select_for_update(of=("self",)).get(pk=solution_id)
    if not can_decide(actor):
        raise TransitionNotAllowed("restore", solution.state)
    revision = solution.revisions.get(number=number)
    document: Json = deepcopy(revision.document)
    if problem := _problem(solution, document, reason, seen_revision):
        raise TransitionNotAllowed("restore", solution.state, problem)
    findings = documents.check(document).findings
    try:
        return write_anew(
            solution,
            document,
            origin=RevisionOrigin.RESTORED,
            findings=[documents.as_kept(finding, has_file=False) for finding in findings],
            author=actor,
            restored_from=number,
            reason=reason.strip(),
        )
    except RepositoryTaken as error:
        raise TransitionNotAllowed("restore", solution.state, str(error)) from error


def _problem(solution: Solution, document: Json, reason: str, seen_revision: int) -> str:
    """Why it cannot be restored; "" where it can."""
    if solution.revision != seen_revision:
        return _("The entry has changed while you were looking at it. Please compare again.")
    if not reason.strip():
        return _("Give the reason.")
    if document == solution.document:
        return _("The entry says exactly this already.")
    if fixed := locks.differing(solution, document):
        return _(
            "Set by the OSK: %(fields)s. Free the fields before you restore this revision."
        ) % {"fields": locks.labels(fixed)}
    return ""
