"""A case in any state, as the constraints want it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import factory
from factory.django import DjangoModelFactory

from consulting import deadlines
from consulting.enums import CaseState, Outcome, Phase, ProcedureState, RequestKind, Topic
from consulting.models import CaseResult, ConsultingRequest
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from tests.factories import MembershipFactory, OrganisationFactory, UserFactory, staff


class DraftFactory(DjangoModelFactory[ConsultingRequest]):
    class Meta:
        model = ConsultingRequest
        skip_postgeneration_save = True

    kind = RequestKind.QUESTION
    title = factory.Sequence(lambda n: f"Formularserver {n}")
    description = "Wir suchen eine quelloffene Lösung."
    topics = [Topic.REUSE]
    phase = Phase.PLANNING
    organisation = factory.SubFactory(OrganisationFactory, authority=True)
    author = factory.SubFactory(UserFactory)
    created_at = factory.LazyFunction(clock.now)
    updated_at = factory.LazyFunction(clock.now)

    is_confidential = factory.LazyAttribute(
        lambda case: (
            Topic.PROCUREMENT in case.topics
            and getattr(case, "procedure_state", "") != ProcedureState.NONE
        )
    )

    @factory.post_generation
    def membership(case: ConsultingRequest, create: bool, wanted: Any, **fields: Any) -> None:
        """The author belongs to the organisation, unless ``membership=False``."""
        if wanted is not False and case.organisation and not _belongs(case):
            MembershipFactory(user=case.author, organisation=case.organisation, **fields)


class CaseFactory(DraftFactory):
    """A sent request; ``state`` decides the rest."""

    class Meta:
        model = ConsultingRequest
        skip_postgeneration_save = True

    state = CaseState.SUBMITTED
    reference = factory.Sequence(lambda n: f"OSK-2020-{n + 1:05d}")
    submitted_at = factory.LazyFunction(clock.now)
    first_response_due_on = factory.LazyFunction(
        lambda: deadlines.first_response_due(clock.today())
    )
    answer_due_on = factory.LazyFunction(lambda: deadlines.answer_due(clock.today()))


def _belongs(case: ConsultingRequest) -> bool:
    return case.author.memberships.filter(organisation=case.organisation).exists()


def case_in(state: CaseState, *, assignee: User | None = None, **fields: Any) -> ConsultingRequest:
    """A case in ``state`` with everything that the state asks for."""
    if state == CaseState.DRAFT:
        return DraftFactory(**fields)
    needs_assignee = (
        CaseState.ASSIGNED,
        CaseState.IN_PROGRESS,
        CaseState.WAITING_THIRD,
        CaseState.WAITING_REQUESTER,
        CaseState.ANSWERED,
        CaseState.CLOSED,
    )
    extra: dict[str, Any] = {}
    if state in needs_assignee:
        extra["assignee"] = assignee or staff("advisor")
    if state == CaseState.WAITING_REQUESTER:
        extra |= {
            "paused_at": clock.now(),
            "state_before_waiting": CaseState.IN_PROGRESS,
            "reply_due_on": clock.today() + timedelta(days=7),
            "closes_on": deadlines.silent_close_on(clock.today(), clock.today()),
        }
    if state == CaseState.DECLINED:
        extra["decline_reason"] = "Das Verfahren läuft schon."
    if state == CaseState.WITHDRAWN:
        extra["withdrawn_at"] = clock.now()
    if state == CaseState.DUPLICATE:
        extra["duplicate_of"] = CaseFactory()
    if state not in (CaseState.ANSWERED, CaseState.CLOSED):
        return CaseFactory(state=state, **{**extra, **fields})
    case = CaseFactory(state=CaseState.IN_PROGRESS, **{**extra, **fields})
    case.result = CaseResult.objects.create(
        case=case, author=extra["assignee"], text="Nehmen Sie Nextcloud."
    )
    case.answered_at = clock.now()
    case.closes_on = deadlines.questions_until(clock.today())
    case.state = state
    if state == CaseState.CLOSED:
        case.closed_at = clock.now()
        case.closes_on = None
        case.outcome = Outcome.SETTLED
    case.save()
    return case
