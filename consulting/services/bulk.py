"""The same step for several requests: each by its own service, in a transaction of its own (product.md 1.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from consulting.models import ConsultingRequest
from consulting.services.advising import assign, return_to_queue
from consulting.services.follow_up import snooze
from consulting.services.tags import add_tag
from osk_portal.accounts.models import User
from osk_portal.toolkit.transitions import TransitionNotAllowed


@dataclass(frozen=True)
class Refusal:
    case: ConsultingRequest
    reason: str


@dataclass(frozen=True)
class Report:
    done: int
    refusals: list[Refusal]


def assign_all(*, cases: Iterable[ConsultingRequest], actor: User, assignee: User) -> Report:
    """Name one contact person for all; what is not possible is reported, the others are done."""
    return _each(cases, lambda case: assign(case_id=case.pk, actor=actor, assignee=assignee))


def return_all(*, cases: Iterable[ConsultingRequest], actor: User, reason: str) -> Report:
    """Back to the queue with one internal reason."""
    return _each(cases, lambda case: return_to_queue(case_id=case.pk, actor=actor, reason=reason))


def snooze_all(
    *, cases: Iterable[ConsultingRequest], actor: User, until: date, note: str = ""
) -> Report:
    """One follow-up date for all; only the contact person sets it, as everywhere."""
    return _each(cases, lambda case: snooze(case_id=case.pk, actor=actor, until=until, note=note))


def tag_all(*, cases: Iterable[ConsultingRequest], actor: User, name: str) -> Report:
    """One label for all; a case that has it already counts as done."""
    return _each(cases, lambda case: add_tag(case_id=case.pk, actor=actor, name=name))


def hand_over(*, person: User, actor: User, assignee: User | None, reason: str) -> Report:
    """All open cases of ``person``, to ``assignee`` or back to the queue (product.md 1.3).

    An answered case stays: it has a contact person for questions, and ends by itself.
    """
    cases = list(ConsultingRequest.objects.open().assigned_to(person).order_by("pk"))
    if assignee is None:
        return return_all(cases=cases, actor=actor, reason=reason)
    return assign_all(cases=cases, actor=actor, assignee=assignee)


def _each(cases: Iterable[ConsultingRequest], act: Callable[[ConsultingRequest], object]) -> Report:
    done = 0
    refusals: list[Refusal] = []
    for case in cases:
        try:
            act(case)
        except TransitionNotAllowed as refusal:
            refusals.append(Refusal(case, str(refusal)))
        except PermissionDenied:
            refusals.append(Refusal(case, _("You may not do this with this request.")))
        else:
            done += 1
    return Report(done, refusals)
