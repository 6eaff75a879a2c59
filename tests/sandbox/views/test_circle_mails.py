"""Who tests along is told when the time of the test changes, when it is over, and when it begins anew."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from osk_portal.notifications.models import Notification, OutgoingMail
from osk_portal.toolkit import clock as portal_clock
from osk_portal.toolkit import encryption
from sandbox import own_data, portal, services
from sandbox.circle_mails import TEST_CHANGED
from sandbox.enums import ParticipantState
from sandbox.notifications import TEST_CANCELLED
from sandbox.services.participants import invite_guest, invite_person, remove_participant


@pytest.fixture(autouse=True)
def _now(clock):
    clock.move_to(portal_clock.now())


def with_people(world, booking):
    """A colleague, a member of another organisation who is asked, and a guest."""
    for person in (world.colleague, world.stranger):
        invite_person(booking_id=booking.pk, actor=world.booker, email=person.email)
    gone = invite_guest(
        booking_id=booking.pk, actor=world.booker, name="Weg", email="weg@example.org"
    )
    remove_participant(participant_id=gone.pk, actor=world.booker)
    return invite_guest(
        booking_id=booking.pk, actor=world.booker, name="Gesa Gast", email="gesa@example.org"
    )


def told() -> dict[str, str]:
    mails = OutgoingMail.objects.filter(kind=TEST_CHANGED)
    return {m.address: encryption.decrypt(m.body) if m.is_secret else m.body for m in mails}


def test_the_link_of_a_guest_names_begin_and_end(client, world):
    booking = world.book(starts_in=timedelta(days=7))
    guest = with_people(world, booking)

    mail = OutgoingMail.objects.get(kind="sandbox.guest_link", address=guest.email)
    text = encryption.decrypt(mail.body)
    start = f"{booking.starts_at.astimezone(portal_clock.BERLIN):%H:%M}"
    assert text.count(start) == 2
    sheet = client.get(guest.get_absolute_url()).text
    assert "Beginnt" in sheet


def test_a_move_and_an_extension_are_told_once(world):
    booking = world.book(starts_in=timedelta(days=7), days=2)
    guest = with_people(world, booking)
    for _twice in range(2):
        moved = services.move_booking(
            booking_id=booking.pk, actor=world.booker,
            start=booking.starts_at + timedelta(days=1), end=booking.ends_at + timedelta(days=1),
        )  # fmt: skip

    found = told()
    assert set(found) == {world.colleague.email, world.stranger.email, "gesa@example.org"}
    assert guest.token in found["gesa@example.org"]
    assert "Guten Tag Gesa Gast" in found["gesa@example.org"]
    assert "Nehmen Sie auf dieser Seite an oder lehnen Sie ab:" in found[world.stranger.email]
    assert "Nehmen Sie auf dieser Seite an oder lehnen Sie ab:" not in found[world.colleague.email]
    assert Notification.objects.filter(kind=TEST_CHANGED).count() == 2

    for _twice in range(2):
        services.extend_booking(
            booking_id=booking.pk, actor=world.booker, end=moved.ends_at + timedelta(days=1)
        )
    assert OutgoingMail.objects.filter(kind=TEST_CHANGED).count() == 6


def test_a_cancelled_test_is_told_in_words_of_its_own(world):
    booking = world.book(starts_in=timedelta(days=7))
    with_people(world, booking)

    services.end_booking(booking_id=booking.pk, actor=world.booker)

    assert not told()
    assert OutgoingMail.objects.filter(kind=TEST_CANCELLED).count() == 3


def test_an_early_end_and_a_reset_are_told(world):
    booking, _environment = world.book_and_set_up()
    guest = with_people(world, booking)

    services.reset_environment(booking_id=booking.pk, actor=world.booker)
    assert "neuen Passw" in told()["gesa@example.org"]
    OutgoingMail.objects.filter(kind=TEST_CHANGED).delete()
    services.end_booking(booking_id=booking.pk, actor=world.booker)

    found = told()
    assert "vorzeitig beendet" in found[world.colleague.email]
    assert "Berichte" in found[world.colleague.email]
    assert guest.token not in found["gesa@example.org"]


def test_every_reset_is_told_also_after_an_extension(world, run):
    """The booking has no event of a reset: whose data are deleted must hear of it each time."""
    booking, _environment = world.book_and_set_up()
    invite_person(booking_id=booking.pk, actor=world.booker, email=world.colleague.email)
    services.extend_booking(
        booking_id=booking.pk, actor=world.booker, end=booking.ends_at + timedelta(days=1)
    )
    for _twice in range(2):
        services.reset_environment(booking_id=booking.pk, actor=world.booker)
        run(booking)
        assert run(booking).state == "ready"

    mails = OutgoingMail.objects.filter(kind=TEST_CHANGED, user=world.colleague).order_by("pk")
    assert ["neuen Passw" in mail.body for mail in mails] == [False, True, True]


def test_who_left_is_not_told_what_is_still_to_be_sent(world):
    booking = world.book(starts_in=timedelta(days=7))
    guest = with_people(world, booking)
    along = booking.participants.get(user=world.colleague)
    keys = [(0, guest.link_key.hex), (world.colleague.pk, str(along.public_id))]
    assert all(portal._still_allowed(pk, TEST_CHANGED, key) for pk, key in keys)

    for person in (guest, along):
        remove_participant(participant_id=person.pk, actor=world.booker)

    assert not any(portal._still_allowed(pk, TEST_CHANGED, key) for pk, key in keys)


def test_an_account_that_goes_tells_nobody_of_a_test_that_is_over(world, clock):
    running, over = world.book(), world.book(days=1)
    for booking in (running, over):
        with_people(world, booking)
    clock.move_to(over.ends_at + timedelta(minutes=1))

    own_data.erase(world.colleague)

    states = {p.booking_id: p.state for p in world.colleague.sandbox_participations.all()}
    assert states == {running.pk: ParticipantState.DECLINED, over.pk: ParticipantState.ACTIVE}
    told = OutgoingMail.objects.filter(kind="sandbox.participant_answered")
    assert {m.subject_key for m in told} == {str(running.public_id)}


def test_older_bookings_are_found_on_later_pages(signed_in, world):
    bookings = []
    for number in range(21):
        booking = world.book(starts_in=timedelta(days=1 + number), days=1)
        services.end_booking(booking_id=booking.pk, actor=world.booker)
        bookings.append(booking)
    client = signed_in(world.booker)

    first = client.get(reverse("sandbox:blueprint_list"))
    assert bookings[0].get_absolute_url() not in first.text
    assert "?page=2" in first.text
    assert bookings[0].get_absolute_url() in client.get(first.request["PATH_INFO"] + "?page=2").text
