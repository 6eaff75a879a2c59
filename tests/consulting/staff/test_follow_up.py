"""The follow-up date: out of "mine" until the day; the promise never moves."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied

from consulting import queues, services
from consulting.conversation import history, timeline
from consulting.enums import CaseAction, CaseEventKind, CaseState
from consulting.models import ConsultingRequest
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit.clock import BERLIN
from osk_portal.toolkit.transitions import TransitionNotAllowed

S = CaseState
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=BERLIN)
FRIDAY = date(2026, 11, 27)
NOTE = "Dann liegt der Haushalt vor."


@pytest.fixture
def monday(clock):
    return clock.move_to(MONDAY)


@pytest.fixture
def snoozed(world, monday):
    case = world.case(S.IN_PROGRESS)
    services.snooze(case_id=case.pk, actor=world.advisor, until=FRIDAY, note=NOTE)
    return reload(case)


def reload(case: ConsultingRequest) -> ConsultingRequest:
    return ConsultingRequest.objects.get(pk=case.pk)


def stands_in(case: ConsultingRequest, name: str, user) -> bool:
    return case in queues.cases_in(queues.BY_NAME[name], user)


def test_a_snoozed_case_leaves_mine_until_the_day(world, clock, snoozed):
    assert not stands_in(snoozed, "mine", world.advisor)
    assert stands_in(snoozed, "follow-up", world.advisor)
    assert stands_in(snoozed, "open", world.advisor)
    clock.move_to(datetime(2026, 11, 26, 23, 59, tzinfo=BERLIN))
    assert not stands_in(snoozed, "mine", world.advisor)
    clock.move_to(datetime(2026, 11, 27, 0, 1, tzinfo=BERLIN))
    assert stands_in(snoozed, "mine", world.advisor)


def test_the_promise_stays_and_nobody_is_told(world, monday):
    case = world.case(S.IN_PROGRESS, answer_due_on=date(2026, 11, 25), first_responded_at=MONDAY)
    services.snooze(case_id=case.pk, actor=world.advisor, until=FRIDAY, note=NOTE)
    after = reload(case)
    assert (after.state, after.answer_due_on) == (S.IN_PROGRESS, date(2026, 11, 25))
    assert after.version == case.version + 1
    assert stands_in(after, "due-soon", world.advisor)
    assert not OutgoingMail.objects.exists()


def test_the_note_is_shown_on_the_day(world, clock, sign_in, snoozed):
    queue = queues.BY_NAME["follow-up"].url
    page = sign_in("advisor").get(queue).content.decode()
    assert "27" in page
    assert NOTE not in page
    clock.move_to(datetime(2026, 11, 27, 8, 0, tzinfo=BERLIN))
    assert NOTE in sign_in("advisor").get(queues.BY_NAME["mine"].url).content.decode()
    assert NOTE in sign_in("advisor").get(queues.case_url(snoozed)).content.decode()


def test_the_requesters_side_never_learns_of_it(world, client, snoozed):
    assert [e.kind for e in history(snoozed, internal=True)] == [CaseEventKind.SNOOZED]
    assert history(snoozed, internal=False) == []
    said = [entry.body for entry in timeline(snoozed, internal=False)]
    assert NOTE not in said
    assert NOTE in [entry.body for entry in timeline(snoozed, internal=True)]
    client.force_login(world.requester, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(snoozed.get_absolute_url()).content.decode()
    assert NOTE not in page
    assert "Follow-up date" not in page


@pytest.mark.parametrize("state", [S.IN_PROGRESS, S.ANSWERED])
def test_a_message_of_the_requester_wakes_it(world, monday, state):
    case = world.case(state)
    services.snooze(case_id=case.pk, actor=world.advisor, until=FRIDAY, note=NOTE)
    services.add_message(case_id=case.pk, actor=world.advisor, text="Wir melden uns.")
    assert reload(case).snoozed_until == FRIDAY
    services.add_message(case_id=case.pk, actor=world.requester, text="Es eilt.")
    assert (reload(case).snoozed_until, reload(case).snooze_note) == (None, "")
    assert stands_in(case, "mine", world.advisor)


def test_a_reply_wakes_it(world, monday):
    case = world.case(S.WAITING_REQUESTER)
    services.snooze(case_id=case.pk, actor=world.advisor, until=FRIDAY)
    services.reply(case_id=case.pk, actor=world.writer, text="Fünfzig.")
    assert reload(case).snoozed_until is None


def test_another_contact_person_and_the_end_wake_it(world, snoozed):
    services.assign(case_id=snoozed.pk, actor=world.lead, assignee=world.other_advisor)
    assert reload(snoozed).snoozed_until is None
    services.snooze(case_id=snoozed.pk, actor=world.other_advisor, until=FRIDAY)
    services.withdraw(case_id=snoozed.pk, actor=world.requester)
    assert reload(snoozed).snoozed_until is None


def test_an_unassigned_case_is_anybodys(world, monday):
    case = world.case(S.SUBMITTED)
    services.snooze(case_id=case.pk, actor=world.other_advisor, until=FRIDAY)
    assert stands_in(case, "new", world.other_advisor)
    assert stands_in(case, "follow-up", world.advisor)


def test_who_and_when(world, snoozed):
    for role in ("other_advisor", "requester", "operator"):
        with pytest.raises(PermissionDenied):
            services.wake(case_id=snoozed.pk, actor=world.person(role))
    with pytest.raises(TransitionNotAllowed):
        services.snooze(case_id=snoozed.pk, actor=world.advisor, until=MONDAY.date())
    services.wake(case_id=snoozed.pk, actor=world.lead)
    with pytest.raises(TransitionNotAllowed):
        services.wake(case_id=snoozed.pk, actor=world.lead)
    assert not reload(snoozed).can(CaseAction.WAKE)


@pytest.mark.parametrize("until", ["", "x", "2026-11-23", "2020-01-01", "9999-12-31"])
def test_a_day_that_is_none_is_said_at_the_field(world, monday, sign_in, send, until):
    case = world.case(S.IN_PROGRESS)
    response = send(sign_in("advisor"), case, "snooze", until=until, note=NOTE)
    assert response.status_code == 200
    assert response.context["form"].errors["until"]
    assert NOTE in response.content.decode()
    assert reload(case).snoozed_until is None


def test_a_date_can_be_moved(world, snoozed):
    later = FRIDAY + timedelta(days=3)
    services.snooze(case_id=snoozed.pk, actor=world.advisor, until=later, note="Später")
    assert reload(snoozed).snoozed_until == later
