"""The same step for several requests: each by its own service, in a transaction of its own (product.md 1.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from consulting.models import ConsultingRequest
from consulting.services.advising import assign, return_to_queue
from consulting.services.common import CaseChanged
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


def assign_all(
    *,
    cases: Iterable[ConsultingRequest],
    actor: User,
    assignee: User,
    seen: Mapping[int, int] | None = None,
) -> Report:
    """Name one contact person for all; what is not possible is reported, the others are done.

    ``seen``: by key of a case the version that the list showed; None where no list was shown.
    """
    return _each(
        cases,
        lambda case: assign(
            case_id=case.pk,
            actor=actor,
            assignee=assignee,
            expected_version=seen[case.pk] if seen is not None else None,
        ),
    )


def return_all(
    *,
    cases: Iterable[ConsultingRequest],
    actor: User,
    reason: str,
    seen: Mapping[int, int] | None = None,
) -> Report:
    """Back to the queue with one internal reason. ``seen`` as with ``assign_all``."""
    return _each(
        cases,
        lambda case: return_to_queue(
            case_id=case.pk,
            actor=actor,
            reason=reason,
            expected_version=seen[case.pk] if seen is not None else None,
        ),
    )


def snooze_all(
    *, cases: Iterable[ConsultingRequest], actor: User, until: date, note: str = ""
) -> Report:
    """One follow-up date for all; only the contact person sets it, as everywhere."""
    return _each(cases, lambda case: snooze(case_id=case.pk, actor=actor, until=until, note=note))


def tag_all(*, cases: Iterable[ConsultingRequest], actor: User, name: str) -> Report:
    """One label for all; a case that has it already counts as done."""
    return _each(cases, lambda case: add_tag(case_id=case.pk, actor=actor, name=name))


def _each(cases: Iterable[ConsultingRequest], act: Callable[[ConsultingRequest], object]) -> Report:
    return report_of((case, partial(act, case)) for case in cases)


def report_of(steps: Iterable[tuple[ConsultingRequest, Callable[[], object]]]) -> Report:
    """Do each step, and say of which case it was refused, and why."""
    done = 0
    refusals: list[Refusal] = []
    for case, act in steps:
        try:
            act()
        except CaseChanged:
            changed = _("It was changed in the meantime. Please look at it again.")
            refusals.append(Refusal(case, changed))
        except TransitionNotAllowed as refusal:
            refusals.append(Refusal(case, str(refusal)))
        except PermissionDenied:
            refusals.append(Refusal(case, _("You may not do this with this request.")))
        else:
            done += 1
    return Report(done, refusals)
