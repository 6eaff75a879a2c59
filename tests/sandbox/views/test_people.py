"""Who tests along: invited, in, out; what each may see, and for how long."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from network.enums import MembershipState
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock as portal_clock
from osk_portal.toolkit import encryption
from sandbox import own_data, portal, provisioning, services
from sandbox.backends.base import Permanent
from sandbox.enums import BookingState, Outcome, ParticipantState
from sandbox.models import Booking, Environment, EnvironmentEvent, TestParticipant, TestReport
from sandbox.services import blocks
from sandbox.services.participants import (
    answer_invitation,
    forget_guests,
    invite_guest,
    invite_person,
    remove_participant,
    renew_guest_link,
)
from sandbox.services.testing import PlannedTask, plan_digest, set_plan
from sandbox.views import people, sheets
from tests.factories import staff
from tests.sandbox.test_approval import MONDAY


@pytest.fixture
def booking(world, clock):
    clock.move_to(MONDAY)
    return world.book_and_set_up()[0]


@pytest.fixture
def guest(booking):
    return invite_guest(
        booking_id=booking.pk,
        actor=booking.booked_by,
        name="Toni Probe",
        email="toni@example.org",
    )


def add(booking, user) -> TestParticipant:
    return invite_person(booking_id=booking.pk, actor=booking.booked_by, email=user.email)


def people_url(booking) -> str:
    return reverse("sandbox:people_edit", args=[booking.public_id])


# Inviting


@pytest.mark.parametrize(
    ("who", "status"), [("stranger", 404), ("colleague", 404), ("manager", 403), ("booker", 200)]
)
def test_who_booked_chooses_who_takes_part(signed_in, world, booking, who, status):
    client = signed_in(getattr(world, who))
    urls = [people_url(booking), reverse("sandbox:plan_edit", args=[booking.public_id])]

    assert [client.get(url).status_code for url in urls] == [status, status]


def test_anonymous_signs_in_first(client, booking, world):
    participant = add(booking, world.colleague)
    for url in (people_url(booking), participant.get_absolute_url()):
        assert client.get(url).status_code == 302


def test_a_colleague_takes_part_at_once_and_only_once(signed_in, world, booking):
    client = signed_in(world.booker)
    for _twice in range(2):
        answer = client.post(
            people_url(booking), {"person": "1", "person-email": world.colleague.email.upper()}
        )
        assert answer.status_code == 302

    participant = booking.participants.get()
    assert (participant.user, participant.state) == (world.colleague, ParticipantState.ACTIVE)
    assert booking.events.filter(kind="participant_add").count() == 1
    mail = OutgoingMail.objects.get(kind="sandbox.participant_invited")
    assert participant.get_absolute_url() in mail.body
    assert "Testteilnehmende" in client.get(booking.get_absolute_url()).text


@pytest.mark.parametrize("email", ["niemand@example.org", "kaputt", "", "x" * 300 + "@example.org"])
def test_who_is_not_known_is_not_invited(signed_in, world, booking, email):
    answer = signed_in(world.booker).post(
        people_url(booking), {"person": "1", "person-email": email}
    )

    assert answer.status_code == 422
    assert "osk-errors" in answer.text
    assert not booking.participants.exists()


def test_another_organisation_is_asked_and_sees_nothing_before(signed_in, world, booking):
    participant = add(booking, world.stranger)
    url = participant.get_absolute_url()
    client = signed_in(world.stranger)

    asked = client.get(url)
    assert "Einladung annehmen" in asked.text
    assert booking.environments.get().endpoint not in asked.text
    assert client.get(booking.get_absolute_url()).status_code == 404

    answer_url = reverse("sandbox:invitation_answer", args=[participant.public_id])
    for _twice in range(2):
        assert client.post(answer_url, {"accept": "1"}).url == url
    shown = client.get(url)
    assert booking.environments.get().endpoint in shown.text
    assert "Nur Testdaten" in shown.text or "nur Testdaten" in shown.text
    assert client.get(booking.get_absolute_url()).status_code == 404
    assert OutgoingMail.objects.filter(kind="sandbox.participant_answered").count() == 1

    client.post(answer_url, {"decline": "1"})
    assert client.get(url).status_code == 404
    assert client.post(answer_url, {"accept": "1"}).status_code == 404


def test_strangers_find_nothing_of_a_participant(signed_in, world, booking, nobody):
    participant = add(booking, world.colleague)
    client = signed_in(nobody)
    urls = [
        participant.get_absolute_url(),
        reverse("sandbox:participant_report", args=[participant.public_id]),
    ]
    assert [client.get(url).status_code for url in urls] == [404, 404]
    credential = booking.environments.get().credentials.first()
    for name, args in (
        ("invitation_answer", [participant.public_id]),
        ("participant_reveal", [participant.public_id, credential.public_id]),
        ("participant_remove", [booking.public_id, participant.public_id]),
        ("guest_renew", [booking.public_id, participant.public_id]),
    ):
        url = reverse(f"sandbox:{name}", args=args)
        assert client.post(url).status_code == 404
        assert client.get(url).status_code == 405


def test_a_password_is_shown_to_who_takes_part_and_recorded(signed_in, world, booking):
    participant = add(booking, world.colleague)
    credential = booking.environments.get().credentials.first()
    plain = encryption.decrypt(credential.secret)
    url = reverse("sandbox:participant_reveal", args=[participant.public_id, credential.public_id])
    client = signed_in(world.colleague)

    assert plain not in client.get(participant.get_absolute_url()).text
    answer = client.post(url)
    assert plain in answer.text
    assert answer["Cache-Control"] == "no-store"
    assert EnvironmentEvent.objects.get(kind="credential_shown").actor == world.colleague

    remove_participant(participant_id=participant.pk, actor=world.booker)
    assert client.post(url).status_code == 404
    assert client.get(participant.get_absolute_url()).status_code == 404
    assert EnvironmentEvent.objects.filter(kind="credential_shown").count() == 1
    assert not portal._still_allowed(
        world.colleague.pk, "sandbox.participant_invited", str(participant.public_id)
    )


def test_with_the_membership_everything_ends(signed_in, world, booking):
    participant = add(booking, world.colleague)
    credential = booking.environments.get().credentials.get()
    world.colleague.memberships.update(state=MembershipState.ENDED)

    assert signed_in(world.colleague).get(participant.get_absolute_url()).status_code == 404
    with pytest.raises(PermissionDenied):
        services.reveal_to_participant(credential_id=credential.pk, participant_id=participant.pk)


def test_another_booking_s_password_is_not_there(signed_in, world, booking):
    participant = add(booking, world.colleague)
    other, environment = world.book_and_set_up()
    credential = environment.credentials.first()
    url = reverse("sandbox:participant_reveal", args=[participant.public_id, credential.public_id])

    assert signed_in(world.colleague).post(url).status_code == 404
    assert other.pk != booking.pk


# Guests


def test_a_guest_gets_in_by_the_link_of_the_mail_alone(client, booking, guest):
    mail = OutgoingMail.objects.get(kind="sandbox.guest_link")
    assert mail.is_secret
    assert guest.token not in mail.body
    link = re.search(r"https?://[^/\s]+(/\S+)", encryption.decrypt(mail.body))[1]
    credential = booking.environments.get().credentials.first()

    page = client.get(link)
    assert booking.environments.get().endpoint in page.text
    assert page["Referrer-Policy"] == "no-referrer"
    assert page["Cache-Control"] == "no-store"
    shown = client.post(link, {"reveal": str(credential.public_id)})

    assert encryption.decrypt(credential.secret) in shown.text
    event = EnvironmentEvent.objects.get(kind="credential_shown")
    assert (event.actor, event.data["guest"]) == (None, str(guest.public_id))
    client.force_login(booking.booked_by, backend="django.contrib.auth.backends.ModelBackend")
    assert "Gast: Toni Probe" in client.get(booking.get_absolute_url()).text


@pytest.mark.parametrize("reveal", ["", "kaputt", "00000000-0000-0000-0000-000000000000"])
def test_a_guest_cannot_ask_for_anything_else(client, guest, reveal):
    assert client.post(guest.get_absolute_url(), {"reveal": reveal}).status_code == 404


def test_old_taken_back_and_forged_links_open_nothing(client, world, booking, guest, clock):
    first = guest.get_absolute_url()
    renewed = renew_guest_link(participant_id=guest.pk, actor=world.booker)
    second = renewed.get_absolute_url()
    forged = reverse("sandbox:guest_sheet", args=[signing.Signer().sign(guest.link_key.hex)])
    assert [client.get(url).status_code for url in (first, second, forged)] == [404, 200, 404]

    remove_participant(participant_id=guest.pk, actor=world.booker)
    assert client.get(second).status_code == 404
    assert not portal._still_allowed(0, "sandbox.guest_link", renewed.link_key.hex)


def test_names_of_guests_are_forgotten_after_a_month(booking, guest, clock):
    for days, name, email in ((29, "Toni Probe", "toni@example.org"), (31, "–", ""), (32, "–", "")):
        clock.move_to(booking.ends_at + timedelta(days=days))
        forget_guests()
        guest.refresh_from_db()
        assert (guest.name, guest.email) == (name, email)


def test_a_link_ends_with_the_booking(client, world, booking, guest):
    services.end_booking(booking_id=booking.pk, actor=world.booker)

    assert client.get(guest.get_absolute_url()).status_code == 404
    report = f"{guest.get_absolute_url()}?testbericht=1"
    assert client.post(report, {"submit": "1"}).status_code == 404


# Told


def told(kind):
    """Address, language-independent key of the subject, body, of every mail of this kind."""
    mails = OutgoingMail.objects.filter(kind=f"sandbox.{kind}").order_by("address")
    return {mail.address: mail.body for mail in mails}


def test_who_tests_along_hears_of_a_block(world, booking, guest):
    add(booking, world.colleague)
    gone = add(booking, world.manager)
    remove_participant(participant_id=gone.pk, actor=world.booker)
    advisor = staff("advisor")
    blocks.block_product(blueprint_id=world.blueprint.pk, actor=advisor, reason="Geheim")

    mails = told("tested_blocked")
    assert set(mails) == {world.colleague.email, guest.email}
    for body in mails.values():
        assert "tragen Sie dort nichts Neues ein" in body
        assert "Bea Bucht" in body
        assert "Geheim" not in body
    assert "/testumgebung/teilnahme/" in mails[world.colleague.email]
    assert guest.token not in mails[guest.email], "the link stands in encrypted mails only"
    blocks.unblock_product(blueprint_id=world.blueprint.pk, actor=advisor)
    assert set(told("tested_unblocked")) == set(mails)


@pytest.mark.parametrize("how", ["halted", "forgotten"])
def test_who_tests_along_hears_that_the_access_has_ended(world, booking, guest, how):
    along = add(booking, world.colleague)
    environment, operator = booking.environments.get(), staff("operator")
    if how == "halted":
        services.quarantine_environment(
            environment_id=environment.pk, actor=operator, reason="Verdacht", until=booking.ends_at
        )
    else:
        # A reset whose removal never came to an end.
        Environment.objects.update(state="tearing_down", desired="absent")
        services.forget_environment(
            environment_id=environment.pk, actor=operator, reason="Verdacht"
        )

    mails = told("access_ended")
    assert set(mails) == {world.colleague.email, guest.email}
    for body in mails.values():
        assert "Ihr Zugang zur Testumgebung Radicale ist beendet" in body
        assert ("Das OSK hat sie angehalten" in body) == (how == "halted")
        assert "Verdacht" not in body
    assert along.get_absolute_url() in mails[world.colleague.email]
    assert guest.token not in mails[guest.email]
    assert portal._still_allowed(0, "sandbox.access_ended", str(guest.public_id))
    assert portal._still_allowed(world.colleague.pk, "sandbox.access_ended", str(along.public_id))
    assert not portal._still_allowed(world.manager.pk, "sandbox.access_ended", str(along.public_id))


def test_who_has_not_answered_hears_that_nothing_comes_of_it(world, booking):
    add(booking, world.colleague)
    asked = add(booking, world.stranger)
    services.quarantine_environment(
        environment_id=booking.environments.get().pk, actor=staff("operator"), reason="Verdacht",
        until=booking.ends_at,
    )  # fmt: skip

    assert set(told("access_ended")) == {world.colleague.email}
    assert "Testbericht" in told("access_ended")[world.colleague.email]
    (body,) = told("test_cancelled").values()
    assert "abgesagt" in body
    assert portal._still_allowed(world.stranger.pk, "sandbox.test_cancelled", str(asked.public_id))


def test_what_was_never_ready_promises_no_report(world, clock, run, expect_errors):
    clock.move_to(MONDAY)
    booking = world.book()
    along, asked = add(booking, world.colleague), add(booking, world.stranger)
    world.engine.fault("ensure", Permanent("", "no such image"))

    run(booking)

    assert booking.state == BookingState.FAILED
    (body,) = told("access_ended").values()
    assert "konnte nicht eingerichtet werden" in body
    assert "Bea Bucht" in body
    assert "Testbericht" not in body
    assert along.get_absolute_url() in body
    assert set(told("test_cancelled")) == {asked.user.email}


@pytest.mark.parametrize("by_osk", [False, True])
def test_what_never_came_is_told_to_everybody_at_its_end(world, clock, by_osk):
    clock.move_to(MONDAY)
    booking = world.book(days=1)
    Booking.objects.filter(pk=booking.pk).update(is_outside_quota=by_osk)
    for user in (world.colleague, world.stranger):
        add(booking, user)
    invite_guest(
        booking_id=booking.pk, actor=world.booker, name="Toni Probe", email="toni@example.org"
    )
    clock.move_to(booking.ends_at + timedelta(minutes=1))

    for _twice in range(2):
        provisioning.end_what_is_over()

    mails = told("test_cancelled")
    assert set(mails) == {world.colleague.email, world.stranger.email, "toni@example.org"}
    for body in mails.values():
        assert "konnte in dieser Zeit nicht eingerichtet werden" in body
    assert told("access_ended") == {}
    (failed,) = told("booking_failed").values()
    assert ("Kontingent" in failed) != by_osk
    assert ("Auf der Seite Ihrer Buchung steht, was geschehen ist:" in failed) == by_osk


# Plan and reports


def test_a_plan_is_ordered_by_its_numbers_and_typed_text_is_kept(signed_in, world, booking):
    url = reverse("sandbox:plan_edit", args=[booking.public_id])
    client = signed_in(world.booker)
    rows = {
        "base": plan_digest([]),
        "task_1": "Zweite", "expected_1": "Geht", "position_1": "2",
        "task_2": "Erste <b>🙂", "expected_2": "", "position_2": "1",
        "task_3": "", "expected_3": "", "position_3": "3",
    }  # fmt: skip

    wrong = client.post(url, rows | {"expected_3": "Ohne Aufgabe"})
    assert (wrong.status_code, booking.tasks.count()) == (422, 0)
    assert "Ohne Aufgabe" in wrong.text
    for _twice in range(2):
        assert client.post(url, rows).status_code == 302

    assert [t.task for t in booking.tasks.all()] == ["Erste <b>🙂", "Zweite"]
    assert "Erste &lt;b&gt;" in client.get(booking.get_absolute_url()).text


def report(client, url, booking, outcomes, **words):
    data = {"findings": "", "overall": "", **words}
    for task, outcome in zip(booking.tasks.all(), outcomes, strict=True):
        data |= {f"outcome_{task.public_id.hex}": outcome, f"note_{task.public_id.hex}": ""}
    return client.post(url, data)


def test_each_writes_one_report_and_all_are_added_up(client, signed_in, world, booking, guest):
    set_plan(
        booking_id=booking.pk,
        actor=world.booker,
        tasks=[PlannedTask("Termin buchen", "Mail kommt"), PlannedTask("Termin löschen")],
        base=plan_digest([]),
    )
    colleague = add(booking, world.colleague)
    of_guest = f"{guest.get_absolute_url()}?testbericht=1"
    assert "Termin buchen" in client.get(of_guest).text
    for outcome in (Outcome.FAILED, Outcome.MET):
        sent = report(client, of_guest, booking, [outcome, Outcome.PARTLY], submit="1")
        assert sent.status_code == 302

    signed_in(world.colleague)
    url = reverse("sandbox:participant_report", args=[colleague.public_id])
    assert report(client, url, booking, [Outcome.FAILED] * 2, findings="Entwurf").status_code == 302
    signed_in(world.booker)
    shown = client.get(booking.get_absolute_url()).text
    assert "1 Person hat einen Bericht abgegeben" in shown
    assert "Entwurf" not in shown, "a draft is its author's"
    signed_in(world.colleague)
    report(client, url, booking, [Outcome.MET, Outcome.FAILED], findings="Fertig", submit="1")

    signed_in(world.booker)
    page = client.get(booking.get_absolute_url())
    sums = [(t.met, t.partly, t.failed, t.untested) for t in page.context["summary"].tasks]
    assert sums == [(2, 0, 0, 0), (0, 1, 1, 0)]
    assert "Fertig" in page.text
    assert booking.events.filter(kind="report").count() == 2
    assert TestReport.objects.count() == 2
    closed = client.post(
        reverse("sandbox:plan_edit", args=[booking.public_id]),
        {"task_1": "Neu", "expected_1": "", "position_1": "1"},
    )
    assert closed.status_code == 409
    assert "Neu" in closed.text


def test_reports_are_taken_until_fourteen_days_after_the_end(signed_in, world, booking, clock):
    participant = add(booking, world.colleague)
    services.end_booking(booking_id=booking.pk, actor=world.booker)
    url = reverse("sandbox:participant_report", args=[participant.public_id])
    client = signed_in(world.colleague)
    clock.move_to(portal_clock.now() + timedelta(days=13))
    assert report(client, url, booking, [], overall="Gut", submit="1").status_code == 302

    clock.move_to(portal_clock.now() + timedelta(days=2))
    client.logout()  # the session has grown too old
    assert signed_in(world.colleague).get(url).status_code == 404
    late = report(signed_in(world.colleague), url, booking, [], overall="Auch zu spät", submit="1")
    assert late.status_code == 409
    assert "Auch zu spät" in late.text
    late = report(
        signed_in(world.booker),
        reverse("sandbox:booker_report", args=[booking.public_id]),
        booking,
        [],
        overall="Zu spät",
    )
    assert late.status_code == 409
    assert "Zu spät" in late.text


def test_what_was_typed_is_there_when_it_is_sent_too_often_or_too_late(
    client, signed_in, world, booking, guest, monkeypatch
):
    """Each answer says why, and keeps the text."""
    address = f"{guest.get_absolute_url()}?testbericht=1"
    typed = {"findings": "Lang getippt.", "overall": "", "submit": "1"}
    monkeypatch.setattr(sheets, "within_limit", lambda *_a, **_k: False)
    late = client.post(address, typed)
    assert (late.status_code, "Lang getippt." in late.text) == (429, True)
    assert client.post(guest.get_absolute_url(), {"reveal": "x"}).status_code == 429
    monkeypatch.undo()
    assert not TestReport.objects.exists()

    own, invite = (
        signed_in(world.booker),
        {"guest": "1", "guest-name": "Lena Lang", "guest-email": "l@example.org"},
    )
    monkeypatch.setattr(people, "within_limit", lambda *_a, **_k: False)
    late = own.post(people_url(booking), invite)
    assert (late.status_code, "Lena Lang" in late.text) == (429, True)
    monkeypatch.undo()

    services.end_booking(booking_id=booking.pk, actor=world.booker)
    late = own.post(people_url(booking), invite)
    assert (late.status_code, "Lena Lang" in late.text) == (409, True)
    dead = client.post(address, typed)
    assert (dead.status_code, "Lang getippt." in dead.text) == (409, True)


def test_goals_of_the_booking_begin_the_plan(signed_in, world):
    answer = signed_in(world.booker).post(
        reverse("sandbox:booking_create", args=["radicale"]),
        {
            "when": "now", "days": "7", "purpose": "Prüfen", "only_test_data": "on",
            "goals": "Kalender anlegen\r\n\r\nKalender teilen\r\nKalender anlegen",
        },
    )  # fmt: skip

    assert answer.status_code == 302
    booking = world.booker.sandbox_bookings.get()
    assert [t.task for t in booking.tasks.all()] == ["Kalender anlegen", "Kalender teilen"]


def test_many_people_cost_no_more_queries(signed_in, world, booking):
    client = signed_in(world.booker)
    urls = [booking.get_absolute_url(), people_url(booking)]

    def counted() -> list[int]:
        counts = []
        for url in urls:
            with CaptureQueriesContext(connection) as queries:
                assert client.get(url).status_code == 200
            counts.append(len(queries))
        return counts

    counted()  # what the first page of a session costs once
    invite_guest(booking_id=booking.pk, actor=world.booker, name="Gast", email="g@example.org")
    few = counted()
    for number in range(3):
        invite_guest(
            booking_id=booking.pk, actor=world.booker, name=f"Gast {number}",
            email=f"gast{number}@example.org",
        )  # fmt: skip

    assert counted() == few
    assert max(few) <= 12


def test_leaving_takes_people_out(world, booking):

    participant = add(booking, world.stranger)
    answer_invitation(participant_id=participant.pk, actor=world.stranger, accepts=True)
    own_data.erase(world.stranger)

    participant.refresh_from_db()
    assert participant.state == ParticipantState.DECLINED
