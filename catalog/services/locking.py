"""Single fields of an entry that the OSK sets: only an advisor changes them until they are free again."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from catalog.all_fields import EVERY
from catalog.models import Solution, SolutionEvent, Source
from catalog.permissions import can_decide
from catalog.services.rereading import read_again
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed

LONGEST_REASON = 500


@transaction.atomic
def lock_field(
    solution_id: int, *, field: str, reason: str, actor: User, seen_revision: int
) -> SolutionEvent:
    """From now on the field keeps its value. ``reason`` is read by the Redaktion that maintains the entry.

    ``seen_revision`` is the entry's revision whose value the advisor saw. Raises TransitionNotAllowed for who
    may not, for an unknown field, without a reason, when the entry has changed since, and where it is so
    already.
    """
    solution = _locked(solution_id, field, actor)
    if solution.revision != seen_revision:
        raise TransitionNotAllowed(
            "lock",
            solution.state,
            _("The entry has changed while you were looking at it. Please compare again."),
        )
    if field in solution.locks:
        raise TransitionNotAllowed("lock", solution.state, _("The OSK has set this field already."))
    if not reason.strip():
        raise TransitionNotAllowed("lock", solution.state, _("Give the reason."))
    solution.locks[field] = {
        "reason": reason.strip()[:LONGEST_REASON],
        "at": clock.now().isoformat(),
    }
    return _keep(solution, "field_locked", field, actor)


@transaction.atomic
def unlock_field(solution_id: int, *, field: str, actor: User) -> SolutionEvent:
    """Files and proposals may change it again; what the file has said meanwhile counts. Raises as ``lock_field``."""
    solution = _locked(solution_id, field, actor)
    if field not in solution.locks:
        raise TransitionNotAllowed("unlock", solution.state, _("This field is free already."))
    del solution.locks[field]
    source = Source.objects.select_for_update(of=("self",)).filter(solution=solution).first()
    if source is not None:
        read_again(source, solution, [field])
    return _keep(solution, "field_unlocked", field, actor)


def _locked(solution_id: int, field: str, actor: User) -> Solution:
    solution = Solution.objects.select_for_update(of=("self",)).get(pk=solution_id)
    if not can_decide(actor) or field not in EVERY:
        raise TransitionNotAllowed("lock", solution.state)
    return solution


def _keep(solution: Solution, kind: str, field: str, actor: User) -> SolutionEvent:
    solution.save(update_fields=["locks"])
    return SolutionEvent.objects.create(
        solution=solution, kind=kind, actor=actor, data={"fields": [field]}
    )
