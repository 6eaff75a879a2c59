"""Applications: held, decided, lapsed; and who may decide."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.urls import reverse

from network.enums import MembershipState
from network.models import Organisation
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock as portal_clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import deadlines, portal, provisioning, services
from sandbox.capacity import NoFreeSlot, TooLong
from sandbox.enums import BookingState
from sandbox.models import Allocation, Booking
from sandbox.services import participants
from tests.factories import MembershipFactory, staff
from tests.sandbox.factories import BookingFactory
from tests.sandbox.world import book, product

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)  # twelve o'clock in Berlin
LIST = reverse("admin:sandbox_application_changelist")


@pytest.fixture
def monday(clock):
    return clock.move_to(MONDAY)


@pytest.fixture
def asked(monday):
    return book(product(needs_approval=True, name="openDesk"), starts_in=timedelta(days=7))


@pytest.fixture
def advisor():
    return staff("advisor")


@pytest.fixture
def signed_in(client):
    def as_user(user):
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return as_user


def page(booking, step="page"):
    return reverse(f"admin:sandbox_application_{step}", args=[booking.public_id])


def kinds():
    return sorted(OutgoingMail.objects.values_list("kind", flat=True))


def test_an_application_holds_its_place_and_tells_both_sides(monday, advisor):
    blueprint = product(needs_approval=True)
    booking = book(blueprint, starts_in=timedelta(days=7))

    assert booking.state == BookingState.REQUESTED
    # Five working days, at the end of the office's day: before it begins.
    assert booking.hold_expires_at == datetime(2026, 11, 30, 11, 0, tzinfo=UTC)
    assert not booking.environments.exists()
    assert kinds() == ["sandbox.booking_requested", "sandbox.booking_to_approve"]
    with pytest.raises(NoFreeSlot):
        book(blueprint, starts_in=timedelta(days=7))


def test_a_far_application_holds_five_working_days(monday):
    booking = book(product(needs_approval=True), starts_in=timedelta(days=30))

    assert booking.hold_expires_at == datetime(2026, 11, 30, 15, 0, tzinfo=UTC)


def test_it_cannot_begin_before_the_osk_has_decided(monday):
    blueprint = product(needs_approval=True)
    with pytest.raises(services.TooEarly) as refused:
        book(blueprint)

    # Two working days and the morning after: Thursday.
    assert refused.value.first == datetime(2026, 11, 26, 7, 0, tzinfo=UTC)
    assert not Booking.objects.exists()


def test_approving_makes_the_promise(asked, signed_in, advisor):
    client = signed_in(advisor)
    assert "openDesk" in client.get(LIST).text
    assert asked.purpose in client.get(page(asked)).text

    client.post(page(asked, "approve"), {"note": "Bitte nur zu zweit."})

    asked.refresh_from_db()
    assert asked.state == BookingState.APPROVED
    assert (asked.decided_by, asked.decision_reason) == (advisor, "Bitte nur zu zweit.")
    assert asked.hold_expires_at is None
    assert asked.environments.get().next_action_at == asked.starts_at - timedelta(minutes=10)
    assert [e.kind for e in asked.events.all()] == ["ask", "approve"]
    assert "sandbox.booking_confirmed" in kinds()
    mail = OutgoingMail.objects.get(kind="sandbox.booking_confirmed")
    assert "METHOD:REQUEST" in str(mail.attachments)
    assert "Bitte nur zu zweit." in signed_in(asked.booked_by).get(asked.get_absolute_url()).text


def test_rejecting_needs_a_reason_and_frees_the_place(asked, signed_in, advisor):
    client = signed_in(advisor)

    assert client.post(page(asked, "reject"), {"reason": " "}).status_code == 422
    client.post(page(asked, "reject"), {"reason": "Zu groß für unsere Plätze."})

    asked.refresh_from_db()
    assert asked.state == BookingState.REJECTED
    assert not Allocation.objects.held().exists()
    assert "sandbox.booking_rejected" in kinds()
    person = signed_in(asked.booked_by)
    assert "Zu groß für unsere Plätze." in person.get(asked.get_absolute_url()).text


def test_two_decide_and_the_second_is_told_with_the_typed_text(asked, signed_in, advisor):
    services.approve_booking(booking_id=asked.pk, actor=staff("lead"))

    answer = signed_in(advisor).post(page(asked, "reject"), {"reason": "Mein langer Grund."})

    assert answer.status_code == 409
    assert "Mein langer Grund." in answer.text
    asked.refresh_from_db()
    assert asked.state == BookingState.APPROVED
    assert asked.environments.count() == 1


def test_a_hold_that_ran_out_is_told_and_the_place_is_free(asked, clock, advisor):
    clock.move_to(asked.hold_expires_at)
    with pytest.raises(TransitionNotAllowed):
        services.approve_booking(booking_id=asked.pk, actor=advisor)

    provisioning.tick()
    provisioning.tick()

    asked.refresh_from_db()
    assert asked.state == BookingState.EXPIRED
    assert not Allocation.objects.held().exists()
    assert [e.kind for e in asked.events.all()] == ["ask", "expire"]
    assert kinds().count("sandbox.booking_expired") == 1


def test_withdrawing_frees_the_place_at_once(asked):
    services.end_booking(booking_id=asked.pk, actor=asked.booked_by)

    asked.refresh_from_db()
    assert asked.state == BookingState.CANCELLED
    assert not Allocation.objects.held().exists()


def test_who_may_decide(asked, signed_in):
    """Advisors and the lead; neither the operator nor the person who asks."""
    for who in (staff("operator"), asked.booked_by):
        client = signed_in(who)
        for step in ("approve", "reject"):
            answer = client.post(page(asked, step), {"reason": "x"})
            assert answer.status_code in (302, 403)
            with pytest.raises(PermissionDenied):
                services.approve_booking(booking_id=asked.pk, actor=who)
    asked.refresh_from_db()
    assert asked.state == BookingState.REQUESTED
    assert signed_in(staff("lead")).get(page(asked)).status_code == 200
    assert signed_in(staff("lead")).get(page(asked, "approve")).status_code == 405


def test_nobody_decides_on_an_own_application(asked, signed_in, advisor):
    """An advisor may be a member of an authority, too."""
    Booking.objects.filter(pk=asked.pk).update(booked_by=advisor)
    client = signed_in(advisor)

    assert client.post(page(asked, "approve"), {}).status_code == 403
    assert client.post(page(asked, "reject"), {"reason": "x"}).status_code == 403
    shown = client.get(page(asked)).text
    assert page(asked, "approve") not in shown
    assert "eigener Antrag" in shown
    asked.refresh_from_db()
    assert asked.state == BookingState.REQUESTED


@pytest.mark.parametrize("lost", ["membership", "entitlement"])
def test_who_may_no_longer_book_gets_no_approval(asked, signed_in, advisor, lost):
    if lost == "membership":
        asked.booked_by.memberships.update(state=MembershipState.ENDED)
    else:
        Organisation.objects.filter(pk=asked.organisation_id).update(is_entitled=False)

    answer = signed_in(advisor).post(page(asked, "approve"), {"note": "Meine Notiz."})

    assert answer.status_code == 409
    assert "Meine Notiz." in answer.text
    asked.refresh_from_db()
    assert asked.state == BookingState.REQUESTED
    services.reject_booking(booking_id=asked.pk, actor=advisor, reason="Nicht mehr dabei.")
    assert not Allocation.objects.held().exists()


def test_only_bookings_that_were_asked_for_have_the_page(signed_in, advisor):
    assert signed_in(advisor).get(page(book())).status_code == 404


def test_the_mail_to_decide_reaches_advisors_only(asked, advisor):
    key = str(asked.public_id)
    assert portal._still_allowed(advisor.pk, "sandbox.booking_to_approve", key)
    assert not portal._still_allowed(asked.booked_by_id, "sandbox.booking_to_approve", key)


def test_the_osk_books_without_approval_and_outside_the_quota(monday, advisor):
    membership = MembershipFactory()
    blueprint = product(slots=5, needs_approval=True)
    args = {
        "user": advisor,
        "organisation": membership.organisation,
        "blueprint": blueprint,
        "start": MONDAY,
        "end": MONDAY + timedelta(days=3),
        "purpose": "Vorführung in der Beratung.",
        "by_osk": True,
    }
    rows = [services.book(**args) for _number in range(3)]

    assert {row.state for row in rows} == {BookingState.APPROVED}
    assert all(row.is_outside_quota for row in rows)
    with pytest.raises(PermissionDenied):
        services.book(**{**args, "user": membership.user})


def test_an_offer_never_ends_on_a_day_on_which_nobody_works(clock):
    friday = clock.move_to(datetime(2026, 12, 11, 13, 0, tzinfo=UTC))

    assert deadlines.offer_deadline(friday) == datetime(2026, 12, 14, 13, 0, tzinfo=UTC)
    assert deadlines.offer_deadline(MONDAY) == MONDAY + timedelta(days=1)
    assert portal_clock.now() == friday


# Longer than was approved


def longer(booking, days):
    return booking.starts_at + timedelta(days=days)


@pytest.fixture
def approved(asked, advisor):
    return services.approve_booking(booking_id=asked.pk, actor=advisor)


def test_an_approval_holds_for_its_days_and_more_is_asked_anew(
    signed_in, approved, advisor, monday
):
    person = approved.booked_by
    services.move_booking(
        booking_id=approved.pk, actor=person, start=longer(approved, 1), end=longer(approved, 4)
    )
    approved.refresh_from_db()
    services.extend_booking(booking_id=approved.pk, actor=person, end=longer(approved, 7))
    for act, args in (
        (services.extend_booking, {"end": longer(approved, 8)}),
        (services.move_booking, {"start": approved.starts_at, "end": longer(approved, 8)}),
    ):
        with pytest.raises(TooLong):
            act(booking_id=approved.pk, actor=person, **args)

    address = reverse("sandbox:booking_extend", args=[approved.public_id])
    assert "genehmigt" in signed_in(person).get(address).text
    for _twice in range(2):
        assert signed_in(person).post(address, {"days": "2"}).status_code == 302
    approved.refresh_from_db()
    assert approved.asked_end == longer(approved, 9)
    assert approved.ends_at == longer(approved, 7), "the present end counts"
    assert approved.events.filter(kind="ask_longer").count() == 1
    assert "beantragt" in signed_in(person).get(approved.get_absolute_url()).text

    assert "openDesk" in signed_in(advisor).get(LIST).text
    assert "Längere Laufzeit" in signed_in(advisor).get(page(approved)).text
    assert signed_in(person).post(page(approved, "approve")).status_code in (302, 403)
    assert signed_in(advisor).post(page(approved, "approve"), {"note": "Gern."}).status_code == 302
    approved.refresh_from_db()
    assert (approved.ends_at, approved.asked_end) == (longer(approved, 9), None)
    assert approved.approved_days == 9
    assert signed_in(advisor).post(page(approved, "approve"), {"note": ""}).status_code == 409


def test_more_time_is_refused_with_a_reason_or_too_late(signed_in, approved, advisor):
    person = approved.booked_by
    services.ask_longer(booking_id=approved.pk, actor=person, end=longer(approved, 9))
    client = signed_in(advisor)
    assert client.post(page(approved, "reject"), {"reason": ""}).status_code == 422
    assert client.post(page(approved, "reject"), {"reason": "Zu teuer"}).status_code == 302
    approved.refresh_from_db()
    assert (approved.asked_end, approved.state) == (None, BookingState.APPROVED)
    assert "sandbox.longer_refused" in kinds()
    assert "Zu teuer" in signed_in(person).get(approved.get_absolute_url()).text

    services.ask_longer(booking_id=approved.pk, actor=person, end=longer(approved, 9))
    # No place was kept: somebody else is faster, and the advisor reads until when it can run.
    Allocation.objects.create(
        slot=approved.allocations.get().slot,
        booking=BookingFactory(),
        occupies=DateTimeTZRange(longer(approved, 8), longer(approved, 12)),
    )
    assert signed_in(advisor).post(page(approved, "approve"), {"note": ""}).status_code == 409
    approved.refresh_from_db()
    assert (approved.ends_at, approved.approved_days) == (longer(approved, 7), 7)
    with pytest.raises(PermissionDenied):
        services.approve_longer(booking_id=approved.pk, actor=person)
    services.move_booking(
        booking_id=approved.pk, actor=person, start=longer(approved, 1), end=longer(approved, 5)
    )
    approved.refresh_from_db()
    assert approved.asked_end is None, "it was asked for the former time"


def test_both_decisions_keep_their_words(signed_in, asked, advisor):
    """What was said to the application stands beside what is said to the longer time."""
    services.approve_booking(booking_id=asked.pk, actor=advisor, note="Bitte nur zu zweit.")
    lead, person = staff("lead"), asked.booked_by
    for decide, words in (
        (lambda: services.refuse_longer(booking_id=asked.pk, actor=lead, reason="Zu teuer."), "Zu teuer."),
        (lambda: services.approve_longer(booking_id=asked.pk, actor=lead, note="Nun doch."), "Nun doch."),
    ):  # fmt: skip
        services.ask_longer(booking_id=asked.pk, actor=person, end=longer(asked, 9))
        decide()
        asked.refresh_from_db()
        assert (asked.decided_by, asked.decision_reason) == (advisor, "Bitte nur zu zweit.")
        assert asked.longer_reason == words
        shown = signed_in(person).get(asked.get_absolute_url()).text
        assert "Bitte nur zu zweit." in shown
        assert words in shown
    assert "Nun doch." in signed_in(advisor).get(page(asked)).text
    assert asked.events.get(kind="extend").actor == lead


@pytest.mark.parametrize("name", ["deputy", "taken_over_by"])
def test_nobody_decides_for_the_own_side(asked, advisor, name):
    """A deputy, or who has taken it over, may be an advisor: somebody else decides."""
    Booking.objects.filter(pk=asked.pk).update(**{name: advisor, "takeover_reason": "krank"})
    with pytest.raises(PermissionDenied):
        services.approve_booking(booking_id=asked.pk, actor=advisor)
    with pytest.raises(PermissionDenied):
        services.reject_booking(booking_id=asked.pk, actor=advisor, reason="Nein")
    asked.refresh_from_db()
    assert asked.state == BookingState.REQUESTED


@pytest.mark.parametrize("how", ["rejected", "expired"])
def test_who_was_to_test_along_hears_that_nothing_comes_of_it(asked, advisor, clock, how):
    colleague = MembershipFactory(organisation=asked.organisation).user
    participants.invite_person(booking_id=asked.pk, actor=asked.booked_by, email=colleague.email)
    if how == "rejected":
        services.reject_booking(booking_id=asked.pk, actor=advisor, reason="Zu groß.")
    else:
        clock.move_to(asked.hold_expires_at)
        services.expire_holds()
    [mail] = OutgoingMail.objects.filter(kind="sandbox.test_cancelled")
    assert mail.address == colleague.email
    assert "Zu groß" not in mail.body
