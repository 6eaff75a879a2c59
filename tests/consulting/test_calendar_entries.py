"""What stands in a person's own calendar: never more than he or she may read at that moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from icalendar import Calendar

from consulting import services
from consulting.calendar_entries import entries
from consulting.enums import CaseState, Topic
from consulting.models import ConsultingRequest
from network.enums import MembershipState
from network.models import Membership
from osk_portal.accounts.models import User
from osk_portal.pages import own_calendar
from tests.consulting.conftest import ROLES, World
from tests.consulting.test_appointments import FRIDAY, LINK, MONDAY, NEXT_MONDAY, cancel, fixed
from tests.sandbox.factories import BookingFactory

S = CaseState


@pytest.fixture(autouse=True)
def _monday(clock: Any) -> None:
    clock.move_to(MONDAY)


def feed(user: User) -> dict[str, Any]:
    """Events of the fetched feed by their title."""
    own_calendar.renew_address(user=user)
    path = "/" + own_calendar.address_of(user).split("/", 3)[3]
    answer = Client().get(path)
    assert answer.status_code == 200
    return {str(e["SUMMARY"]): e for e in Calendar.from_ical(answer.content).walk("VEVENT")}


def test_appointments_and_promised_days(world: World) -> None:
    case = world.case(S.IN_PROGRESS, title="Formularserver", first_responded_at=MONDAY)
    appointment = fixed(world, case)
    waiting = world.case(S.WAITING_REQUESTER, title="Wartet", reply_due_on=date(2026, 12, 4))
    later = world.case(S.ASSIGNED, title="Später", answer_due_on=date(2026, 12, 7))
    services.snooze(case_id=later.pk, actor=world.advisor, until=date(2026, 12, 3))
    case.refresh_from_db()

    mine = feed(world.requester)
    assert set(mine) == {
        f"Termin mit dem OSK: {case.reference} Formularserver",
        f"Antwort des OSK zugesagt: {case.reference} Formularserver",
        f"Ihre Antwort an das OSK: {waiting.reference} Wartet",
        f"Antwort des OSK zugesagt: {later.reference} Später",
    }
    talk = mine[f"Termin mit dem OSK: {case.reference} Formularserver"]
    assert talk["UID"] == f"{appointment.public_id}@osk.example"
    assert talk["DTSTART"].dt.astimezone(UTC) == FRIDAY.astimezone(UTC)
    assert str(talk["URL"]).endswith(case.get_absolute_url())
    day = mine[f"Ihre Antwort an das OSK: {waiting.reference} Wartet"]
    assert day["DTSTART"].dt == date(2026, 12, 4)

    theirs = feed(world.advisor)
    assert set(theirs) == {
        f"Termin mit dem OSK: {case.reference} Formularserver",
        f"Antwort fällig: {case.reference} Formularserver",
        f"Erste Rückmeldung fällig: {later.reference} Später",
        f"Wiedervorlage: {later.reference} Später",
    }
    assert all("/admin/" in str(event["URL"]) for event in theirs.values())


@pytest.mark.parametrize("role", ROLES)
def test_who_takes_part(world: World, role: str) -> None:
    fixed(world, world.case(S.IN_PROGRESS))
    found = [e for e in entries(world.person(role)) if e.takes_time]
    assert bool(found) == (role in ("requester", "writer", "deputy", "advisor"))


def test_what_one_may_no_longer_read_is_gone(world: World, clock: Any) -> None:
    case = world.case(S.IN_PROGRESS)
    fixed(world, case)
    assert feed(world.writer)
    Membership.objects.filter(user=world.writer).update(state=MembershipState.ENDED)
    assert not feed(world.person("writer"))
    Membership.objects.filter(user=world.requester).update(state=MembershipState.SUSPENDED)
    assert not feed(world.person("requester"))
    world.advisor.groups.clear()
    assert not feed(world.person("advisor"))


def test_of_confidential_cases_the_reference_only(world: World) -> None:
    case = world.case(
        S.WAITING_REQUESTER, topics=[Topic.PROCUREMENT], title="GEHEIME VERGABE",
        description="GEHEIM", own_reference="GEHEIM",
    )  # fmt: skip
    fixed(world, case, note="GEHEIM", actor=world.lead)
    services.snooze(case_id=case.pk, actor=world.advisor, until=date(2026, 12, 3), note="GEHEIM")
    draft = world.case(S.DRAFT, title="GEHEIM")
    for user in (world.requester, world.advisor):
        text = own_calendar.feed_of(user)
        assert "GEHEIM" not in text
        assert case.reference in text
        assert LINK.replace(";", "\\;") in text
        assert str(draft.public_id) not in text


def test_what_is_over_leaves(world: World, clock: Any) -> None:
    case = world.case(S.IN_PROGRESS)
    fixed(world, case, 1)
    cancelled = world.case(S.IN_PROGRESS)
    cancel(world, fixed(world, cancelled))
    assert len([e for e in entries(world.requester) if e.takes_time]) == 1
    clock.move_to(NEXT_MONDAY + timedelta(days=31))
    assert not [e for e in entries(world.requester) if e.takes_time]
    services.withdraw(case_id=case.pk, actor=world.requester)
    assert str(case.reference) not in str(list(entries(world.requester)))


def test_booked_test_environments(world: World) -> None:
    booking = BookingFactory(booked_by=world.requester, organisation=world.authority)
    BookingFactory(booked_by=world.colleague, organisation=world.authority)
    found = feed(world.requester)
    [event] = found.values()
    assert str(event["SUMMARY"]).startswith("Testumgebung: ")
    assert str(event["URL"]).endswith(booking.get_absolute_url())
    assert event["TRANSP"] == "TRANSPARENT"


def test_three_cost_what_one_does(world: World) -> None:
    def count(user: User) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert own_calendar.feed_of(User.objects.get(pk=user.pk))
        return len(captured)

    def add() -> ConsultingRequest:
        case = world.case(S.IN_PROGRESS)
        fixed(world, case)
        return case

    people: Callable[[], list[int]] = lambda: [count(u) for u in (world.requester, world.advisor)]  # noqa: E731 # two figures
    add()
    one = people()
    add()
    add()
    assert people() == one
    assert max(one) <= 8


def test_in_the_language_of_its_person(world: World) -> None:
    fixed(world, world.case(S.IN_PROGRESS))
    User.objects.filter(pk=world.requester.pk).update(language="en")
    assert "Appointment with the OSK" in own_calendar.feed_of(world.person("requester"))
