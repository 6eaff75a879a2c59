"""An advisor enters or corrects statements of an entry directly: origin "osk"."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from catalog import locks
from catalog.all_fields import EVERY
from catalog.cleaning import cleaned
from catalog.differences import conflicts
from catalog.enums import RevisionOrigin
from catalog.models import Solution, SolutionEvent, SolutionRevision
from catalog.notifications import tell_of_correction
from catalog.permissions import can_decide
from catalog.services.changing import change_fields
from catalog.services.locking import LONGEST_REASON
from catalog.services.proposals import ProposalConflict
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed


@transaction.atomic
def correct_entry(
    solution_id: int,
    *,
    actor: User,
    changes: dict[str, Any],
    base_revision: int,
    reason: str,
    is_locked: bool = False,
) -> SolutionRevision:
    """Write ``changes`` (name of the field: value, None removes it) as the OSK's own, in any state of the entry.

    ``base_revision`` is the revision that the advisor saw: what others have changed since is not overwritten.
    ``is_locked`` sets the fields too. Who maintains the entry is told, with the ``reason``. No grant is asked for:
    what the OSK writes is the OSK's to give out. Raises PermissionDenied for who may not, TransitionNotAllowed
    without a reason or a change, and ProposalConflict where somebody else has changed a field since, or as
    ``change_fields``.
    """
    solution = Solution.objects.select_for_update(of=("self",)).get(pk=solution_id)
    if not can_decide(actor):
        raise PermissionDenied("entries are corrected by advisors")
    reason = reason.strip()
    if not reason:
        raise TransitionNotAllowed("correct", solution.state, _("Give the reason."))
    wanted = {n: v for n, v in cleaned(changes).items() if EVERY[n].of(solution.document) != v}
    if not wanted:
        raise TransitionNotAllowed(
            "correct", solution.state, _("The entry says exactly this already.")
        )
    seen = solution.revisions.filter(number=base_revision).first()
    base = seen.document if seen else {}
    if found := conflicts(wanted, base=base, published=solution.document):
        raise ProposalConflict(
            _("Somebody has changed this since: %(fields)s. Please look at the entry first.")
            % {"fields": locks.labels(EVERY[name] for name in found)}
        )
    revision = change_fields(
        solution, wanted, list(wanted), origin=RevisionOrigin.OSK, author=actor, reason=reason
    )
    if is_locked:
        _lock(solution, [name for name in wanted if name not in solution.locks], reason, actor)
    tell_of_correction(solution, revision, fields=list(wanted), reason=reason)
    return revision


def _lock(solution: Solution, names: list[str], reason: str, actor: User) -> None:
    at = clock.now().isoformat()
    for name in names:
        solution.locks[name] = {"reason": reason[:LONGEST_REASON], "at": at}
    if names:
        solution.save(update_fields=["locks"])
        SolutionEvent.objects.create(
            solution=solution, kind="field_locked", actor=actor, data={"fields": sorted(names)}
        )
