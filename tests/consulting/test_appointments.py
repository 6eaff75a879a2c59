"""Termine: offered, one chosen, moved, cancelled; who is told, and what their calendars get."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Prefetch
from icalendar import Calendar

from consulting import appointments, conversation, services
from consulting.appointments import slot_times
from consulting.enums import (
    AppointmentKind,
    AppointmentState,
    CaseEventKind,
    CaseState,
    MessageKind,
    Topic,
)
from consulting.models import Appointment, AppointmentSlot, CaseEvent, ConsultingRequest
from consulting.permissions import is_requester_side
from consulting.querysets import OPEN_STATES
from consulting.services import appointment_times
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit.clock import BERLIN
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox.windows import LocalTimeError
from tests.consulting.conftest import ROLES, World
from tests.consulting.test_services import at_once

S = CaseState
K = CaseEventKind
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=BERLIN)
FRIDAY = datetime(2026, 11, 27, 10, 0, tzinfo=BERLIN)
NEXT_MONDAY = datetime(2026, 11, 30, 14, 0, tzinfo=BERLIN)
HOUR = timedelta(hours=1)
LINK = "https://video.example/raum;1"


@pytest.fixture(autouse=True)
def _monday(clock: Any) -> None:
    clock.move_to(MONDAY)


def offered(world: World, case: ConsultingRequest, *starts: datetime, **changes: Any) -> Any:
    arguments: dict[str, Any] = {
        "case_id": case.pk,
        "actor": world.advisor,
        "slots": [(start, start + HOUR) for start in starts or (FRIDAY, NEXT_MONDAY)],
        "kind": AppointmentKind.VIDEO,
        "place": LINK,
    }
    return services.offer_appointment(**{**arguments, **changes})


def fixed(world: World, case: ConsultingRequest, number: int = 0, **changes: Any) -> Appointment:
    offered(world, case, **changes)
    pick(world, case, number)
    return case.appointments.get(state=AppointmentState.FIXED)


def pick(world: World, case: ConsultingRequest, number: int = 0, who: str = "requester") -> Any:
    slot = AppointmentSlot.objects.filter(appointment__case=case).order_by(
        "-appointment_id", "starts_at"
    )
    return services.pick_slot(
        case_id=case.pk, actor=world.person(who), slot_id=slot[number].public_id
    )


def move(world: World, appointment: Appointment, start: datetime, **changes: Any) -> Any:
    arguments: dict[str, Any] = {
        "case_id": appointment.case_id,
        "actor": world.advisor,
        "appointment_id": appointment.public_id,
        "starts_at": start,
        "ends_at": start + HOUR,
        "kind": AppointmentKind.VIDEO,
        "place": LINK,
        "reason": "Ich bin krank.",
    }
    return services.move_appointment(**{**arguments, **changes})


def cancel(world: World, appointment: Appointment, who: str = "advisor", **changes: Any) -> Any:
    return services.cancel_appointment(
        case_id=appointment.case_id,
        actor=world.person(who),
        appointment_id=appointment.public_id,
        reason="Es hat sich erledigt.",
        **changes,
    )


def mails(kind: str) -> dict[str, OutgoingMail]:
    found = OutgoingMail.objects.filter(kind=f"consulting.appointment_{kind}")
    return {mail.address: mail for mail in found}


def calendar_of(mail: OutgoingMail) -> Any:
    [attached] = mail.attachments
    calendar = Calendar.from_ical(attached["content"])
    method = str(calendar["METHOD"])
    assert attached["content_type"] == f"text/calendar; method={method}; charset=utf-8"
    [event] = calendar.walk("VEVENT")
    return method, event


# The way of an appointment


def test_offered_chosen_moved_cancelled(world: World, clock: Any) -> None:
    case = world.case(S.IN_PROGRESS, own_reference="IT 12 – 0815/26")
    taking_part = {
        world.requester.email, world.writer.email, world.deputy.email, world.advisor.email,
    }  # fmt: skip

    event = offered(world, case, note="Worum es geht")
    assert event.kind == K.APPOINTMENT_OFFERED
    told = mails("offered")
    assert set(told) == taking_part - {world.advisor.email}
    text = told[world.requester.email].text
    assert "Fr, 27.11.2026, 10:00" in text.replace("\xa0", " ")
    assert "Worum es geht" not in text
    assert not told[world.requester.email].attachments

    assert pick(world, case, 1).kind == K.APPOINTMENT_FIXED
    assert pick(world, case, 1) is None
    appointment = case.appointments.get()
    assert (appointment.state, appointment.starts_at) == ("fixed", NEXT_MONDAY)
    told = mails("fixed")
    assert set(told) == taking_part
    for address, mail in told.items():
        method, event = calendar_of(mail)
        assert (method, event["SEQUENCE"], event["STATUS"]) == ("REQUEST", 0, "CONFIRMED")
        assert event["UID"] == f"{appointment.public_id}@osk.example"
        assert event["DTSTART"].dt.astimezone(UTC) == NEXT_MONDAY.astimezone(UTC)
        assert event["DTEND"].dt.astimezone(UTC) == (NEXT_MONDAY + HOUR).astimezone(UTC)
        assert event["LOCATION"] == LINK
        assert case.reference in event["SUMMARY"]
        assert case.title in event["SUMMARY"]
        assert event["ATTENDEE"] == f"mailto:{address}"
        is_osk = address == world.advisor.email
        assert ("/admin/" in event["URL"]) == is_osk
        others = taking_part - {address}
        assert not [other for other in others if other in mail.attachments[0]["content"]]

    assert move(world, appointment, FRIDAY).kind == K.APPOINTMENT_MOVED
    appointment.refresh_from_db()
    assert (appointment.starts_at, appointment.sequence) == (FRIDAY, 1)
    method, event = calendar_of(mails("moved")[world.requester.email])
    assert (method, event["SEQUENCE"]) == ("REQUEST", 1)
    assert event["DTSTART"].dt.astimezone(UTC) == FRIDAY.astimezone(UTC)
    move(world, appointment, NEXT_MONDAY + HOUR)

    assert cancel(world, appointment, "writer").kind == K.APPOINTMENT_CANCELLED
    told = mails("cancelled")
    assert set(told) == taking_part
    method, event = calendar_of(told[world.advisor.email])
    assert (method, event["SEQUENCE"], event["STATUS"]) == ("CANCEL", 3, "CANCELLED")
    assert event["UID"] == f"{appointment.public_id}@osk.example"

    said = case.messages.filter(kind=MessageKind.REASON).values_list("body", "by_osk")
    assert sorted(said) == [
        ("Es hat sich erledigt.", False), ("Ich bin krank.", True), ("Ich bin krank.", True),
    ]  # fmt: skip
    assert "Ich bin krank" not in "".join(mail.text for mail in OutgoingMail.objects.all())
    kinds = [K.APPOINTMENT_CANCELLED, K.APPOINTMENT_MOVED, K.APPOINTMENT_MOVED]
    seen = ConsultingRequest.objects.prefetch_related(
        Prefetch("events", CaseEvent.objects.select_related("actor"))
    ).get(pk=case.pk)
    assert [e.kind for e in conversation.history(seen, internal=False)][:3] == kinds
    labels = [e.label for e in conversation.timeline(seen, internal=False) if e.what == "event"]
    assert "Termin verschoben: Fr, 27.11.2026, 10:00 Uhr" in labels
    told_all = OutgoingMail.objects.filter(kind__startswith="consulting.appointment_")
    assert {mail.kind.rpartition("_")[2] for mail in told_all} >= {
        "offered",
        "fixed",
        "moved",
        "cancelled",
    }
    assert all(
        "IT 12 – 0815/26" in mail.text for mail in told_all
    )  # "Ihr Zeichen" stands in every mail


def test_none_fits(world: World) -> None:
    case = world.case(S.IN_PROGRESS)
    offered(world, case)
    arguments = {
        "case_id": case.pk,
        "actor": world.deputy,
        "appointment_id": case.appointments.get().public_id,
        "text": "Lieber im Dezember.",
        "message_id": uuid4(),
    }
    event = services.refuse_slots(**arguments)
    assert event is not None
    assert event.kind == K.APPOINTMENT_REFUSED
    assert services.refuse_slots(**arguments) is None

    assert case.appointments.get().state == AppointmentState.REFUSED
    message = case.messages.get()
    assert (message.body, message.is_internal, message.by_osk) == (
        "Lieber im Dezember.",
        False,
        False,
    )
    assert OutgoingMail.objects.get(kind="consulting.staff_moved").user == world.advisor
    with pytest.raises(TransitionNotAllowed):
        pick(world, case)
    offered(world, case)
    assert case.appointments.count() == 2


def test_an_offer_is_taken_back(world: World) -> None:
    case = world.case(S.IN_PROGRESS)
    offered(world, case)
    assert cancel(world, case.appointments.get()).kind == K.APPOINTMENT_WITHDRAWN
    assert len(mails("withdrawn")) == 3
    assert not mails("cancelled")
    with pytest.raises(TransitionNotAllowed) as refusal:
        pick(world, case)
    assert "stehen nicht mehr zur Wahl" in str(refusal.value)


# Who, when


@pytest.mark.parametrize("role", ROLES)
def test_who_may(world: World, role: str) -> None:
    case = world.case(S.IN_PROGRESS)
    person = world.person(role)
    arranges, chooses = role in ("advisor", "lead"), is_requester_side(person, case)

    def tried(act: Callable[[], Any], may: bool) -> None:
        if not may:
            with pytest.raises(PermissionDenied), transaction.atomic():
                act()
            return
        with transaction.atomic():
            sid = transaction.savepoint()
            assert act() is not None
            transaction.savepoint_rollback(sid)

    tried(lambda: offered(world, case, actor=person), arranges)
    offered(world, case)
    offer = case.appointments.get()
    tried(lambda: cancel(world, offer, role), arranges)
    tried(lambda: pick(world, case, who=role), chooses)
    tried(
        lambda: services.refuse_slots(
            case_id=case.pk, actor=person, appointment_id=offer.public_id, text="Nein."
        ),
        chooses,
    )
    pick(world, case)
    tried(lambda: move(world, offer, FRIDAY + HOUR, actor=person), arranges)
    tried(lambda: cancel(world, offer, role), arranges or chooses)


def test_in_which_states_it_is_offered(world: World) -> None:
    for state in CaseState:
        case = world.case(state)
        if state in (*OPEN_STATES, S.ANSWERED):
            assert offered(world, case, actor=world.lead) is not None, state
        else:
            error = PermissionDenied if state == S.DRAFT else TransitionNotAllowed
            with pytest.raises(error):
                offered(world, case, actor=world.lead)
            assert not case.appointments.exists()


def test_one_at_a_time_and_a_form_sent_twice_once(world: World, clock: Any) -> None:
    case = world.case(S.IN_PROGRESS)
    form = uuid4()
    assert offered(world, case, form_id=form) is not None
    assert offered(world, case, form_id=form) is None
    for _state in ("offered", "fixed"):
        with pytest.raises(TransitionNotAllowed) as refusal:
            offered(world, case)
        assert "Es gibt schon" in str(refusal.value)
        pick(world, case)
    clock.move_to(NEXT_MONDAY)
    assert case.appointments.get().took_place
    for act in (move, lambda w, a, _start: cancel(w, a)):
        with pytest.raises(TransitionNotAllowed) as refusal:
            act(world, case.appointments.get(), NEXT_MONDAY + HOUR)
        assert "ist vorbei" in str(refusal.value)
    offered(world, case, NEXT_MONDAY + HOUR, NEXT_MONDAY + 3 * HOUR)
    assert case.appointments.count() == 2


def test_an_old_form_changes_nothing(world: World) -> None:
    case = world.case(S.IN_PROGRESS)
    seen = case.version
    with pytest.raises(services.CaseChanged):
        offered(world, case, expected_version=seen - 1)
    appointment = fixed(world, case)
    for act in (
        lambda: move(world, appointment, NEXT_MONDAY, expected_version=seen),
        lambda: cancel(world, appointment, expected_version=seen),
    ):
        with pytest.raises(services.CaseChanged):
            act()
    assert case.appointments.get().sequence == 0


@pytest.mark.parametrize("count", [0, 1, 6])
def test_two_to_five_slots(world: World, count: int) -> None:
    case = world.case(S.IN_PROGRESS)
    with pytest.raises(ValueError, match="slots"):
        offered(
            world, case, slots=[(FRIDAY + n * HOUR, FRIDAY + (n + 1) * HOUR) for n in range(count)]
        )
    with pytest.raises(ValueError, match="slots"):
        offered(world, case, FRIDAY, FRIDAY)


def test_a_past_slot_is_neither_offered_nor_chosen(world: World, clock: Any) -> None:
    case = world.case(S.IN_PROGRESS)
    with pytest.raises(TransitionNotAllowed):
        offered(world, case, MONDAY, FRIDAY)
    offered(world, case)
    clock.move_to(FRIDAY)
    with pytest.raises(TransitionNotAllowed) as refusal:
        pick(world, case, 0)
    assert str(refusal.value) == "Dieser Termin ist nicht mehr frei. Wählen Sie einen anderen."
    assert pick(world, case, 1) is not None


def test_a_foreign_slot_is_nobodys(world: World) -> None:
    mine, other = world.case(S.IN_PROGRESS), world.case(S.IN_PROGRESS)
    offered(world, other)
    slot = AppointmentSlot.objects.first()
    assert slot is not None
    with pytest.raises(AppointmentSlot.DoesNotExist):
        services.pick_slot(case_id=mine.pk, actor=world.requester, slot_id=slot.public_id)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_choose_at_once_one_wins(world: World) -> None:
    case = world.case(S.IN_PROGRESS)
    offered(world, case)

    def choose(number: int, who: str) -> Callable[[], Any]:
        return lambda: pick(world, case, number, who)

    results = at_once(choose(0, "requester"), choose(1, "writer"))

    [won] = [result for result in results if isinstance(result, CaseEvent)]
    [lost] = [result for result in results if isinstance(result, TransitionNotAllowed)]
    assert won.actor is not None
    assert str(lost).startswith(f"{won.actor} war schneller: Der Termin ist am ")
    assert case.events.filter(kind=K.APPOINTMENT_FIXED).count() == 1
    assert len(mails("fixed")) == 4


def test_it_follows_the_contact_person_there_and_back(world: World) -> None:
    case = world.case(S.IN_PROGRESS)
    fixed(world, case)
    OutgoingMail.objects.all().delete()

    people = [world.advisor, world.other_advisor, world.advisor]
    for before, after in pairwise(people):
        services.assign(case_id=case.pk, actor=world.lead, assignee=after)
        out, into = mails("handed_over"), mails("fixed")
        assert (list(out), list(into)) == ([before.email], [after.email])
        assert calendar_of(out[before.email])[0] == "CANCEL"
        assert "übernimmt diesen Termin" in out[before.email].text
        assert calendar_of(into[after.email])[0] == "REQUEST"
        OutgoingMail.objects.exclude(kind="").update(kind="")

    services.assign(case_id=case.pk, actor=world.lead, assignee=world.other_advisor)
    services.return_to_queue(case_id=case.pk, actor=world.other_advisor, reason="Falsch")
    assert set(mails("handed_over")) == {world.advisor.email, world.other_advisor.email}
    assert set(mails("fixed")) == {world.advisor.email, world.other_advisor.email}


# The end of the case


@pytest.mark.parametrize("how", ["withdraw", "decline", "mark_duplicate", "close", "close_silent"])
def test_an_ended_case_takes_its_appointment_along(world: World, how: str) -> None:
    state = {"close": S.ANSWERED, "close_silent": S.WAITING_REQUESTER, "mark_duplicate": S.TRIAGE}
    ends: dict[str, Callable[[ConsultingRequest], Any]] = {
        "withdraw": lambda c: services.withdraw(case_id=c.pk, actor=world.requester),
        "decline": lambda c: services.decline(
            case_id=c.pk, actor=world.lead, reason="Nein.", referral="Dort."
        ),
        "mark_duplicate": lambda c: services.mark_duplicate(
            case_id=c.pk, actor=world.advisor, target=world.case(S.IN_PROGRESS)
        ),
        "close": lambda c: services.close(case_id=c.pk, actor=world.requester),
        "close_silent": lambda c: services.close_silent(case_id=c.pk),
    }
    with_date, with_offer = (world.case(state.get(how, S.IN_PROGRESS)) for _ in range(2))
    appointment = fixed(world, with_date, actor=world.lead)
    offered(world, with_offer, actor=world.lead)

    for case in (with_date, with_offer):
        ends[how](case)

    appointment.refresh_from_db()
    assert (appointment.state, appointment.sequence) == ("cancelled", 1)
    assert calendar_of(mails("cancelled")[world.requester.email])[0] == "CANCEL"
    assert with_offer.appointments.get().state == AppointmentState.CANCELLED
    last = with_date.events.last()
    assert last is not None
    assert last.kind != K.APPOINTMENT_CANCELLED  # the last word is the end of the case


# What time does


def test_the_reminder_comes_once_on_the_working_day_before(world: World, clock: Any) -> None:
    case = world.case(S.IN_PROGRESS)
    fixed(world, case, 1)  # on a Monday
    for moment, count in (
        (datetime(2026, 11, 26, 12, 0, tzinfo=BERLIN), 0),
        (datetime(2026, 11, 27, 7, 59, tzinfo=BERLIN), 0),
        (datetime(2026, 11, 27, 8, 0, tzinfo=BERLIN), 1),
        (datetime(2026, 11, 27, 8, 5, tzinfo=BERLIN), 0),
    ):
        clock.move_to(moment)
        assert appointment_times.tend() == count, moment
    told = mails("reminder")
    assert set(told) == {
        world.requester.email, world.writer.email, world.deputy.email, world.advisor.email,
    }  # fmt: skip
    assert LINK in told[world.requester.email].text
    move(world, case.appointments.get(), datetime(2026, 12, 9, 10, 0, tzinfo=BERLIN))
    clock.move_to(datetime(2026, 12, 8, 10, 0, tzinfo=BERLIN))
    assert appointment_times.tend() == 1
    assert OutgoingMail.objects.filter(kind="consulting.appointment_reminder").count() == 8


def test_what_was_agreed_on_a_moment_ago_needs_no_reminder(world: World, clock: Any) -> None:
    clock.move_to(datetime(2026, 11, 26, 9, 0, tzinfo=BERLIN))
    cancelled = world.case(S.IN_PROGRESS)
    fixed(world, world.case(S.IN_PROGRESS), 0)
    cancel(world, fixed(world, cancelled, 1))
    for moment in (datetime(2026, 11, 26, 10, 0, tzinfo=BERLIN), FRIDAY - HOUR):
        clock.move_to(moment)
        assert appointment_times.tend() == 0


def test_an_offer_that_nobody_took_is_over(world: World, clock: Any) -> None:
    case = world.case(S.IN_PROGRESS)
    offered(world, case)
    clock.move_to(FRIDAY)
    assert appointment_times.tend() == 0
    clock.move_to(NEXT_MONDAY)
    assert [appointment_times.tend() for _ in range(2)] == [1, 0]
    assert case.appointments.get().state == AppointmentState.CANCELLED
    assert OutgoingMail.objects.get(kind="consulting.staff_moved").user == world.advisor
    offered(world, case, NEXT_MONDAY + HOUR, NEXT_MONDAY + 2 * HOUR)


def test_a_new_offer_ends_one_that_is_over(world: World, clock: Any) -> None:
    case = world.case(S.IN_PROGRESS)
    offered(world, case)
    clock.move_to(NEXT_MONDAY)
    offered(world, case, NEXT_MONDAY + HOUR, NEXT_MONDAY + 2 * HOUR)
    kinds = [e.kind for e in case.events.all()]
    assert kinds == [K.APPOINTMENT_OFFERED, K.APPOINTMENT_LAPSED, K.APPOINTMENT_OFFERED]


# Confidential cases, and the change of the clocks


def test_of_a_confidential_case_only_the_reference_leaves(world: World) -> None:
    case = world.case(S.IN_PROGRESS, topics=[Topic.PROCUREMENT], title="GEHEIME VERGABE")
    appointment = fixed(world, case)
    move(world, appointment, NEXT_MONDAY)
    cancel(world, appointment)
    everything = [(m.subject, m.text, str(m.attachments)) for m in OutgoingMail.objects.all()]
    assert len(everything) == 3 + 4 + 4 + 4
    assert "GEHEIME" not in str(everything)
    assert case.reference in calendar_of(mails("fixed")[world.requester.email])[1]["SUMMARY"]


def test_an_appointment_after_the_change_keeps_its_wall_clock(world: World, clock: Any) -> None:
    clock.move_to(datetime(2027, 3, 20, 9, 0, tzinfo=BERLIN))
    slots = [slot_times(date(2027, 3, day), time(10, 0), 60) for day in (27, 29)]
    assert [start.hour for start, _end in slots] == [9, 8]  # UTC
    fixed(world, world.case(S.IN_PROGRESS), 1, slots=slots)
    _method, event = calendar_of(mails("fixed")[world.requester.email])
    assert event["DTSTART"].dt.astimezone(UTC) == datetime(2027, 3, 29, 8, 0, tzinfo=UTC)
    assert (
        "TZID=Europe/Berlin:20270329T100000"
        in mails("fixed")[world.requester.email].attachments[0]["content"]
    )


@pytest.mark.parametrize(
    ("day", "hour", "minutes", "words"),
    [
        (date(2027, 3, 28), time(2, 30), 60, "gibt es an dem Tag nicht"),
        (date(2027, 10, 31), time(2, 30), 60, "zweimal"),
        (date(2027, 10, 31), time(1, 30), 90, "zweimal"),  # ends in the hour that comes twice
    ],
)
def test_a_time_that_names_no_moment_is_refused(
    world: World, clock: Any, day: date, hour: time, minutes: int, words: str
) -> None:
    clock.move_to(datetime(2027, 3, 1, 9, 0, tzinfo=BERLIN))
    with pytest.raises(LocalTimeError) as refusal:
        slot_times(day, hour, minutes)
    assert words in str(refusal.value)
    second = datetime(2027, 10, 31, 1, 30, tzinfo=UTC)  # 2:30 in Berlin, the second time
    with pytest.raises(LocalTimeError):
        offered(world, world.case(S.IN_PROGRESS), FRIDAY + timedelta(days=180), second)


# The database


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "fixed"},
        {"state": "offered", "ended_at": MONDAY},
        {"state": "cancelled"},
        {"starts_at": FRIDAY, "ends_at": FRIDAY, "set_at": MONDAY, "state": "fixed"},
        {"starts_at": FRIDAY},
        {"place": ""},
        {"state": "refused", "ended_at": MONDAY, "sequence": 1},
    ],
)
def test_the_database_backs_it(world: World, fields: dict[str, Any]) -> None:
    if "ends_at" in fields:
        fields = {**fields, "picked_by": world.requester}
    case = world.case(S.IN_PROGRESS)
    given: dict[str, Any] = {
        "case": case,
        "offered_by": world.advisor,
        "place": "x",
        "kind": "phone",
    }
    with pytest.raises(IntegrityError), transaction.atomic():
        Appointment.objects.create(**{**given, **fields})
    Appointment.objects.create(**given)
    with pytest.raises(IntegrityError), transaction.atomic():
        Appointment.objects.create(**given)


def test_nothing_offered_costs_nothing(
    world: World, django_assert_num_queries: Callable[[int], Any]
) -> None:
    case = world.case(S.IN_PROGRESS)

    def asked(count: int) -> None:
        seen = ConsultingRequest.objects.prefetch_related(
            Prefetch("events", CaseEvent.objects.select_related("actor"))
        ).get(pk=case.pk)
        with django_assert_num_queries(count):
            for arranged in appointments.of_case(seen):
                str((arranged.appointment.picked_by, arranged.free_slots))

    asked(0)
    for _ in range(3):
        offered(world, case)
        asked(1)
        cancel(world, case.appointments.get(state="offered"))
    assert isinstance(case.appointments.first().public_id, UUID)  # type: ignore[union-attr] # made above
