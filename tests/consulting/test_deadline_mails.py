"""Mails about promises: in office hours, to who must act, once a promise."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from consulting import services
from consulting.enums import CaseState, Topic
from consulting.models import ConsultingRequest, DeadlineNotice
from consulting.services import deadline_mails
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit.clock import BERLIN

S = CaseState
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=BERLIN)
PAST = date(2026, 11, 20)


@pytest.fixture
def monday(clock):
    return clock.move_to(MONDAY)


def case_of(world, day: date, state: S = S.IN_PROGRESS, **fields):
    return world.case(state, answer_due_on=day, first_responded_at=MONDAY, **fields)


def told() -> list[str]:
    return list(OutgoingMail.objects.order_by("pk").values_list("address", flat=True))


@pytest.mark.parametrize(
    ("day", "kind"),
    [(PAST, "overdue"), (MONDAY.date(), "due_soon"), (date(2026, 11, 25), "due_soon")],
)
def test_the_contact_person_is_told_once(world, monday, day, kind):
    case = case_of(world, day)
    assert deadline_mails.send() == 1
    assert deadline_mails.send() == 0
    assert told() == [world.advisor.email]
    mail = OutgoingMail.objects.get()
    assert case.reference in mail.subject
    assert case.title in mail.body
    assert DeadlineNotice.objects.get().kind == kind


def test_a_day_further_off_tells_nothing(world, monday):
    case_of(world, date(2026, 11, 26))
    assert deadline_mails.send() == 0


def test_the_leads_are_told_while_nobody_is_named(world, monday):
    world.case(S.SUBMITTED, first_response_due_on=PAST)
    deadline_mails.send()
    assert told() == [world.lead.email]


def test_a_contact_person_who_left_the_osk_is_not_told(world, monday):
    case_of(world, PAST)
    world.advisor.groups.clear()
    deadline_mails.send()
    assert told() == [world.lead.email]


def test_soon_and_late_are_two_mails_and_a_moved_promise_a_third(world, clock, monday):
    case = case_of(world, date(2026, 11, 24))
    assert deadline_mails.send() == 1
    clock.move_to(MONDAY + timedelta(days=2))
    assert deadline_mails.send() == 1
    ConsultingRequest.objects.filter(pk=case.pk).update(answer_due_on=date(2026, 11, 26))
    assert deadline_mails.send() == 1
    assert deadline_mails.send() == 0
    assert len(told()) == 3


def test_the_first_response_is_a_promise_of_its_own(world, monday):
    case = world.case(S.ASSIGNED, first_response_due_on=PAST, answer_due_on=PAST)
    assert deadline_mails.send() == 1
    services.add_message(case_id=case.pk, actor=world.advisor, text="Guten Tag")
    OutgoingMail.objects.all().delete()
    assert deadline_mails.send() == 1
    assert told() == [world.advisor.email]


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 11, 23, 7, 59, tzinfo=BERLIN), datetime(2026, 11, 23, 16, 0, tzinfo=BERLIN),
        datetime(2026, 11, 22, 10, 0, tzinfo=BERLIN), datetime(2026, 12, 24, 10, 0, tzinfo=BERLIN),
        datetime(2026, 12, 25, 10, 0, tzinfo=BERLIN),
    ],
)  # fmt: skip
def test_outside_office_hours_nobody_is_told(world, clock, moment):
    case_of(world, PAST)
    clock.move_to(moment)
    assert deadline_mails.send() == 0
    assert not told()


def test_a_closure_and_other_hours_are_settings(world, monday, settings):
    case_of(world, PAST)
    settings.OSK_CLOSURES = [MONDAY.date()]
    assert deadline_mails.send() == 0
    settings.OSK_CLOSURES = []
    settings.OSK_OFFICE_OPENS = 10
    assert deadline_mails.send() == 0


@pytest.mark.parametrize("state", [S.WAITING_REQUESTER, S.ANSWERED, S.CLOSED, S.WITHDRAWN])
def test_where_no_promise_runs_nobody_is_told(world, monday, state):
    case_of(world, PAST, state)
    assert deadline_mails.send() == 0


def test_a_follow_up_date_keeps_the_mail(world, monday):
    case = case_of(world, PAST)
    services.snooze(case_id=case.pk, actor=world.advisor, until=date(2026, 12, 1))
    assert deadline_mails.send() == 1


def test_of_a_confidential_case_reference_and_link_only(world, monday):
    case = case_of(world, PAST, topics=[Topic.PROCUREMENT], title="Rahmenvertrag Büro")
    deadline_mails.send()
    mail = OutgoingMail.objects.get()
    assert case.reference in mail.body
    for secret in ("Rahmenvertrag", "20.", "Musterbezirk", "Alex"):
        assert secret not in mail.body + mail.subject
