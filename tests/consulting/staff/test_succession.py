"""An advisor hands over the own work, or leaves: each entry gets a successor, the rest goes to the queue."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from consulting import services
from consulting.enums import AnswerAction, AnswerState, AppointmentState, CaseEventKind, CaseState
from consulting.models import Appointment, ConsultingRequest, PublishedAnswer
from consulting.services import succession
from consulting.services.succession import Succession
from osk_portal.accounts.models import User
from osk_portal.accounts.services import set_roles
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.consulting.conftest import World
from tests.consulting.test_services import at_once
from tests.factories import staff

pytestmark = pytest.mark.django_db
S, K = CaseState, CaseEventKind
OPEN = (S.ASSIGNED, S.IN_PROGRESS, S.WAITING_REQUESTER, S.WAITING_THIRD)


def fresh(case: ConsultingRequest) -> ConsultingRequest:
    return ConsultingRequest.objects.get(pk=case.pk)


def page_of(person: User) -> str:
    return reverse("admin:consulting_succession", args=[person.public_id])


def appointment(case: ConsultingRequest) -> Appointment:
    now = clock.now()
    return Appointment.objects.create(
        case=case, state=AppointmentState.FIXED, kind="phone", place="030 1", offered_by=case.assignee,
        starts_at=now + timedelta(days=2), ends_at=now + timedelta(days=2, hours=1),
        picked_by=case.author, set_at=now,
    )  # fmt: skip


def answer_of(world: World, case: ConsultingRequest, state=AnswerState.DRAFT) -> PublishedAnswer:
    done = state in (AnswerState.OBJECTION, AnswerState.PUBLISHED)
    return PublishedAnswer.objects.create(
        case=case, owner=world.advisor, state=state, title="Formulare", question="?", answer="!",
        reviewer=world.other_advisor if done else None,
        objection_until=clock.today() if done else None,
    )  # fmt: skip


def test_who_may_open_it(world, sign_in):
    world.case(S.IN_PROGRESS)
    listed = reverse("admin:consulting_handover")
    for role, status in (
        ("visitor", 302), ("requester", 302), ("manager", 302), ("operator", 403),
        ("other_advisor", 403), ("advisor", 200), ("lead", 200),
    ):  # fmt: skip
        browser = sign_in(role)
        answer = browser.get(page_of(world.advisor))
        assert answer.status_code == status, role
        if status != 200:
            assert browser.post(page_of(world.advisor), {"reason": "x"}).status_code in (302, 403)
    assert sign_in("lead").get(page_of(world.requester)).status_code == 404
    missing = reverse("admin:consulting_succession", args=[uuid4()])
    assert sign_in("lead").get(missing).status_code == 404
    assert page_of(world.advisor) in sign_in("lead").get(listed).content.decode()
    assert sign_in("other_advisor").get(listed)["Location"] == page_of(world.other_advisor)
    assert sign_in("lead").post(listed).status_code == 405
    account = reverse("admin:accounts_user_account", args=[world.advisor.public_id])
    assert page_of(world.advisor) in sign_in("lead").get(account).content.decode()
    assert page_of(world.advisor) not in sign_in("operator").get(account).content.decode()
    for actor in ("other_advisor", "operator", "requester"):
        with pytest.raises(PermissionDenied):
            succession.hand_over_work(
                person=world.advisor, actor=world.person(actor), choice=Succession(), reason="x"
            )
    assert ConsultingRequest.objects.get().assignee == world.advisor


def test_each_row_goes_where_it_was_chosen(world, sign_in):
    to_one, to_other, back, stays = (world.case(state) for state in OPEN)
    answered, closed = world.case(S.ANSWERED), world.case(S.CLOSED)
    services.snooze(
        case_id=to_other.pk, actor=world.advisor, until=clock.today() + timedelta(days=5)
    )
    appointment(to_one)
    draft = answer_of(world, closed)
    reviewed = answer_of(world, answered, AnswerState.OBJECTION)
    browser = sign_in("advisor")
    page = browser.get(page_of(world.advisor)).content.decode()
    for text in (to_one.reference, answered.reference, "Wiedervorlage", "Termin: ", "Formulare"):
        assert str(text) in page
    assert str(closed.reference) not in page
    newcomer = staff("advisor", name="Neu Berater")
    typed = {
        "everything": str(world.other_advisor.public_id),
        f"row-{to_one.public_id}": str(newcomer.public_id),
        f"row-{back.public_id}": "queue",
        f"row-{stays.public_id}": "keep",
    }
    for wrong in (
        typed,  # no reason for what returns
        {**typed, "reason": "x", "everything": str(world.requester.public_id)},
        {**typed, "reason": "x", "everything": str(world.advisor.public_id)},
        {**typed, "reason": "x", f"row-{answered.public_id}": "queue"},
    ):
        assert browser.post(page_of(world.advisor), wrong).status_code == 422
    assert succession.cases_of(world.advisor).count() == 5

    for _twice in range(2):
        answer = browser.post(page_of(world.advisor), {**typed, "reason": "Ich gehe"}, follow=True)
        assert answer.status_code == 200

    # What was kept goes along the second time, with all that is not named: the reviewed answer stays.
    assert {fresh(case).assignee for case in (to_other, answered)} == {world.other_advisor}
    assert fresh(to_one).assignee == newcomer
    assert (fresh(back).assignee, fresh(back).state) == (None, S.TRIAGE)
    assert fresh(stays).assignee == world.advisor
    assert fresh(closed).assignee == world.advisor
    assert (fresh(answered).state, fresh(to_other).snoozed_until) == (S.ANSWERED, None)
    assert back.messages.get(is_internal=True).body == "Ich gehe"
    draft.refresh_from_db()
    assert (draft.owner, draft.state) == (world.other_advisor, AnswerState.DRAFT)
    assert draft.events.get().kind == AnswerAction.HAND_OVER
    reviewed.refresh_from_db()
    assert reviewed.owner == world.advisor  # the second advisor cannot be the first
    assert "nicht geprüft" in answer.content.decode()
    for case in (to_one, to_other, answered):
        event = case.events.get(kind=K.ASSIGNED)
        assert event.actor == world.advisor
    moved = OutgoingMail.objects.filter(kind="consulting.staff_assigned")
    assert {mail.user for mail in moved} == {newcomer, world.other_advisor}
    calendar = OutgoingMail.objects.filter(kind="consulting.appointment_handed_over")
    assert calendar.get().user == world.advisor


def test_nothing_stays_with_who_advises_no_more(world, sign_in):
    cases = [world.case(state) for state in OPEN]
    answered, closed = world.case(S.ANSWERED), world.case(S.CLOSED)
    draft = answer_of(world, closed)
    appointment(cases[1])

    set_roles(user_id=world.advisor.pk, roles=["operator"], actor=world.operator)

    assert {fresh(case).state for case in cases} == {S.TRIAGE}
    assert {fresh(case).assignee for case in (*cases, answered)} == {None}
    assert (fresh(answered).state, fresh(closed).assignee) == (S.ANSWERED, world.advisor)
    for case in (*cases, answered):
        event = case.events.get(kind=K.RETURNED)
        assert (event.actor, event.data) == (world.operator, {"left": world.advisor.pk})
        assert "berät nicht mehr" in event.label
    told = OutgoingMail.objects.filter(kind="consulting.staff_moved")
    assert {mail.user for mail in told} == {world.other_advisor, world.lead}
    # The answers wait for the Leitung.
    typed = {"everything": str(world.other_advisor.public_id)}
    lead = sign_in("lead")
    assert lead.post(page_of(world.advisor), typed).status_code == 302
    draft.refresh_from_db()
    assert draft.owner == world.other_advisor
    assert lead.get(page_of(world.advisor)).status_code == 404
    # A further question to what is answered reaches everybody.
    services.add_message(case_id=answered.pk, actor=world.requester, text="Noch etwas")
    mails = OutgoingMail.objects.filter(kind="consulting.staff_message")
    assert {mail.user for mail in mails} == {world.other_advisor, world.lead}
    browser = sign_in("other_advisor")
    for url in (
        reverse("admin:consulting_consultingrequest_case", args=[answered.public_id]),
        reverse("admin:consulting_consultingrequest_queue", args=["answered"]),
    ):
        assert browser.get(url).status_code == 200


@pytest.mark.parametrize("roles", [["lead"], ["advisor", "operator"]])
def test_who_still_advises_keeps_all(world, roles):
    case = world.case(S.IN_PROGRESS)

    set_roles(user_id=world.advisor.pk, roles=roles, actor=world.lead)

    assert fresh(case).assignee == world.advisor


def test_the_services_ask_again(world):
    case = world.case(S.ANSWERED)
    answer = answer_of(world, world.case(S.CLOSED))

    def give(actor: str, successor: User) -> tuple[object, object]:
        people = {"person": world.advisor, "successor": successor, "actor": world.person(actor)}
        return (
            services.pass_on(case_id=case.pk, **people),
            services.hand_over_answer(answer_id=answer.pk, **people),
        )

    for actor in ("other_advisor", "operator", "requester", "manager"):
        with pytest.raises(PermissionDenied):
            give(actor, world.other_advisor)
    for successor in (world.advisor, world.requester, world.operator):
        with pytest.raises(TransitionNotAllowed):
            give("lead", successor)
    assert None not in give("lead", world.other_advisor)
    assert give("lead", world.other_advisor) == (None, None)


def test_the_page_costs_the_same_with_more(world, sign_in):
    browser = sign_in("lead")

    def add() -> None:
        appointment(world.case(S.IN_PROGRESS))
        answer_of(world, world.case(S.CLOSED))

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(page_of(world.advisor)).status_code == 200
        return len(queries)

    add()
    cost()
    with_one = cost()
    add()
    add()
    assert cost() == with_one <= 12


@pytest.mark.django_db(transaction=True)
def test_the_role_goes_while_a_case_is_taken(world):
    case = world.case(S.IN_PROGRESS)

    at_once(
        lambda: set_roles(user_id=world.advisor.pk, roles=[], actor=world.lead),
        lambda: succession.hand_over_work(
            person=world.advisor,
            actor=world.person("lead"),
            choice=Succession(everything=world.other_advisor),
            reason="",
        ),
    )

    assert fresh(case).assignee in (None, world.other_advisor)
