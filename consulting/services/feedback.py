"""What became of a case: "Was wurde daraus?" of procurement cases, and the survey.

Both are asked by the daily work once a case is closed, and answered by a signed link: there is no actor.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from consulting.deadlines import berlin_day, half_year_after
from consulting.enums import (
    CaseEventKind,
    CaseState,
    ContractType,
    Occasion,
    Outcome,
    ProcedureState,
    Procured,
    Topic,
)
from consulting.models import (
    ConsultingRequest,
    ProcurementOutcome,
    SurveyAnswer,
    SurveyInvitation,
)
from consulting.notifications import tell_outcome_question, tell_survey
from consulting.querysets import CaseQuerySet
from consulting.services.common import locked, record
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed

SHORTEST_HALF_YEAR: Final = timedelta(days=180)
"""No six months are shorter: who is asked again is looked for among those that are as old."""
REMIND_AFTER: Final = timedelta(days=14)
SURVEY_WITHIN: Final = timedelta(days=30)
"""Nobody remembers a case that was closed longer ago."""


def ask_outcomes() -> int:
    """Ask at closing, and again six months later. How many."""
    closed = ConsultingRequest.objects.filter(
        state=CaseState.CLOSED, topics__contains=[Topic.PROCUREMENT], anonymised_at=None
    ).exclude(procedure_state=ProcedureState.NONE)
    aged = closed.filter(closed_at__lte=clock.now() - SHORTEST_HALF_YEAR)
    asked = ProcurementOutcome.objects.filter(occasion=Occasion.HALF_YEAR).values("case")
    old = [
        pk
        for pk, closed_at in aged.exclude(pk__in=asked).values_list("pk", "closed_at")
        if closed_at and half_year_after(berlin_day(closed_at)) <= clock.today()
    ]
    return _ask_each(closed, Occasion.AT_CLOSING) + _ask_each(
        closed.filter(pk__in=old), Occasion.HALF_YEAR
    )


def remind_outcomes() -> int:
    """Remind once, after 14 days without an answer."""
    silent = ProcurementOutcome.objects.filter(
        told_at=None,
        reminded_at=None,
        asked_at__lte=clock.now() - REMIND_AFTER,
        case__anonymised_at=None,
    )
    return sum(_remind(pk) for pk in list(silent.values_list("pk", flat=True)))


def invite_to_survey() -> int:
    """Invite once a case; never who did not reply to us."""
    closed = ConsultingRequest.objects.filter(
        state=CaseState.CLOSED, survey=None, closed_at__gte=clock.now() - SURVEY_WITHIN
    ).exclude(outcome=Outcome.NO_REPLY)
    return sum(_invite(pk) for pk in list(closed.order_by("pk").values_list("pk", flat=True)))


@transaction.atomic
def tell_outcome(
    *,
    outcome_id: int,
    what: Procured,
    reason: str = "",
    contract_type: ContractType | None = None,
    contract_ends_on: date | None = None,
) -> ProcurementOutcome:
    """Keep the answer; from the end of the contract on the period of retention runs.

    Raises TransitionNotAllowed when one was given before, unless it is the same (a click sent twice).
    """
    case_id = ProcurementOutcome.objects.values_list("case", flat=True).get(pk=outcome_id)
    case = locked(case_id)
    asked = ProcurementOutcome.objects.get(pk=outcome_id)
    given = (what, reason, contract_type or "", contract_ends_on)
    if asked.told_at is not None:
        before = (asked.what, asked.reason, asked.contract_type, asked.contract_ends_on)
        if before == given or given == (asked.what, "", "", None):
            return asked
        raise TransitionNotAllowed("tell_outcome", case.state, _("This was answered already."))
    asked.what, asked.reason, asked.contract_type, asked.contract_ends_on = given
    asked.told_at = clock.now()
    asked.save(update_fields=["what", "reason", "contract_type", "contract_ends_on", "told_at"])
    record(case, CaseEventKind.OUTCOME_TOLD, None, occasion=asked.occasion, what=what)
    return asked


@transaction.atomic
def add_to_outcome(
    *,
    outcome_id: int,
    reason: str = "",
    contract_type: ContractType | None = None,
    contract_ends_on: date | None = None,
) -> ProcurementOutcome:
    """The optional second step of an answer: why, and which contract. Once; the same form twice is no error.

    Raises TransitionNotAllowed before the answer, and when something else was added.
    """
    case_id = ProcurementOutcome.objects.values_list("case", flat=True).get(pk=outcome_id)
    case = locked(case_id)
    asked = ProcurementOutcome.objects.get(pk=outcome_id)
    given = (reason, contract_type or "", contract_ends_on)
    if (asked.reason, asked.contract_type, asked.contract_ends_on) == given:
        return asked
    if asked.told_at is None or asked.has_more:
        raise TransitionNotAllowed(
            "add_to_outcome", case.state, _("Something else was added already.")
        )
    asked.reason, asked.contract_type, asked.contract_ends_on = given
    asked.save(update_fields=["reason", "contract_type", "contract_ends_on"])
    record(case, CaseEventKind.OUTCOME_TOLD, None, occasion=asked.occasion, what=asked.what)
    return asked


@transaction.atomic
def answer_survey(*, invitation_id: int, helped: int, clear: int, comment: str = "") -> None:
    """Keep the answer apart from the case. Raises TransitionNotAllowed when the link is used up."""
    invitation = SurveyInvitation.objects.select_for_update().get(pk=invitation_id)
    if invitation.is_used:
        raise TransitionNotAllowed("answer_survey", "used", _("This was answered already."))
    invitation.is_used = True
    invitation.save(update_fields=["is_used"])
    topics = ConsultingRequest.objects.values_list("topics", flat=True).get(pk=invitation.case_id)
    SurveyAnswer.objects.create(topics=topics, helped=helped, clear=clear, comment=comment)


def _ask_each(cases: CaseQuerySet, occasion: Occasion) -> int:
    asked = ProcurementOutcome.objects.filter(occasion=occasion).values("case")
    waiting = cases.exclude(pk__in=asked).order_by("pk").values_list("pk", flat=True)
    return sum(_ask(case_id, occasion) for case_id in list(waiting))


@transaction.atomic
def _ask(case_id: int, occasion: Occasion) -> bool:
    case = locked(case_id)
    if case.state != CaseState.CLOSED:
        return False
    asked, is_new = ProcurementOutcome.objects.get_or_create(case=case, occasion=occasion)
    if is_new:
        record(case, CaseEventKind.OUTCOME_ASKED, None, occasion=occasion)
        tell_outcome_question(asked, is_reminder=False)
    return is_new


@transaction.atomic
def _remind(outcome_id: int) -> bool:
    asked = (
        ProcurementOutcome.objects.select_for_update(of=("self",))
        .select_related("case")
        .get(pk=outcome_id)
    )
    if asked.told_at or asked.reminded_at or asked.case.state != CaseState.CLOSED:
        return False
    asked.reminded_at = clock.now()
    asked.save(update_fields=["reminded_at"])
    tell_outcome_question(asked, is_reminder=True)
    return True


@transaction.atomic
def _invite(case_id: int) -> bool:
    case = locked(case_id)
    if case.state != CaseState.CLOSED:
        return False
    invitation, is_new = SurveyInvitation.objects.get_or_create(case=case)
    if is_new:
        tell_survey(invitation)
    return is_new
