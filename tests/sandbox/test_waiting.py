"""The waitlist: fair, timed, and never a place that is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from network.enums import MembershipState
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock as portal_clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import own_data, provisioning, services, tasks
from sandbox.capacity import NoFreeSlot
from sandbox.enums import BookingState, WaitState
from sandbox.models import Allocation, Blueprint, Booking, WaitlistEntry
from tests.factories import MembershipFactory
from tests.sandbox.test_approval import MONDAY
from tests.sandbox.world import book, product

pytestmark = pytest.mark.django_db


@pytest.fixture
def full(engine, clock):
    """The only place is taken for a week."""
    clock.move_to(MONDAY)
    return book(product())


def wait(blueprint, membership=None, days=3):
    membership = membership or MembershipFactory()
    return services.join_waitlist(
        user=membership.user,
        organisation=membership.organisation,
        blueprint=blueprint,
        days=days,
        purpose="Wir warten gern.",
    )


def free(booking):
    services.end_booking(booking_id=booking.pk, actor=booking.booked_by)
    provisioning.work(booking.environments.latest("generation").pk)


def offers():
    return list(Booking.objects.filter(state=BookingState.DRAFT))


def product_of(booking):
    return booking.blueprint_version.blueprint


def test_who_came_first_is_asked_first_and_once(full, bells, commits, clock):
    first = wait(product_of(full))
    clock.move_to(MONDAY + timedelta(minutes=1))
    second = wait(product_of(full))
    clock.move_to(MONDAY)
    assert services.offer_places() == []

    with commits():
        free(full)
    assert {} in bells.of("sandbox.tasks.offer_places")
    tasks.offer_places()
    tasks.offer_places()

    (offer,) = offers()
    first.refresh_from_db()
    assert (first.state, first.booking) == (WaitState.OFFERED, offer)
    assert offer.hold_expires_at == MONDAY + timedelta(days=1)
    assert OutgoingMail.objects.filter(kind="sandbox.place_offered").count() == 1
    second.refresh_from_db()
    assert second.state == WaitState.WAITING


def test_an_accepted_offer_is_a_booking_that_begins_then(full, clock, run):
    entry = wait(product_of(full))
    free(full)
    services.offer_places()
    (offer,) = offers()
    clock.move_to(MONDAY + timedelta(hours=20))

    services.accept_offer(booking_id=offer.pk, actor=entry.person)
    run(offer)

    assert offer.state == BookingState.ACTIVE
    assert (offer.starts_at, offer.ends_at) == (
        portal_clock.now(),
        MONDAY + timedelta(days=3, hours=20),
    )
    held = Allocation.objects.held().get()
    assert held.occupies.upper == offer.ends_at + timedelta(minutes=30)
    entry.refresh_from_db()
    assert entry.state == WaitState.TAKEN
    with pytest.raises(TransitionNotAllowed):
        services.accept_offer(booking_id=offer.pk, actor=entry.person)


def test_no_answer_in_time_passes_it_on(full, clock):
    first, second = wait(product_of(full)), wait(product_of(full))
    free(full)
    services.offer_places()
    (offer,) = offers()
    clock.move_to(offer.hold_expires_at)
    with pytest.raises(TransitionNotAllowed):
        services.accept_offer(booking_id=offer.pk, actor=first.person)

    provisioning.tick()
    provisioning.tick()

    offer.refresh_from_db()
    first.refresh_from_db()
    second.refresh_from_db()
    assert offer.state == BookingState.EXPIRED
    assert (first.state, second.state) == (WaitState.LAPSED, WaitState.OFFERED)
    kinds = OutgoingMail.objects.values_list("kind", flat=True)
    assert list(kinds).count("sandbox.offer_lapsed") == 1
    assert not offer.environments.exists()


def test_a_refusal_passes_it_on(full):
    first, second = wait(product_of(full)), wait(product_of(full))
    free(full)
    services.offer_places()
    (offer,) = offers()

    services.end_booking(booking_id=offer.pk, actor=first.person)
    services.offer_places()

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == (WaitState.DECLINED, WaitState.OFFERED)


def test_who_books_now_does_not_overtake_who_has_waited(full):
    entry = wait(product_of(full))
    free(full)

    with pytest.raises(NoFreeSlot):
        book(product_of(full), days=1)

    entry.refresh_from_db()
    assert entry.state == WaitState.OFFERED


def test_a_gap_that_is_too_short_goes_to_the_next_whom_it_fits(full):
    book(product_of(full), starts_in=timedelta(days=8), days=5)
    long, short = wait(product_of(full), days=10), wait(product_of(full), days=2)
    free(full)

    services.offer_places()

    long.refresh_from_db()
    short.refresh_from_db()
    assert (long.state, short.state) == (WaitState.WAITING, WaitState.OFFERED)


def test_who_has_enough_or_no_right_any_more_is_passed_over(full):
    blueprint = product_of(full)
    rich, gone, next_one = MembershipFactory(), MembershipFactory(), MembershipFactory()
    for _twice in range(2):
        book(product(), rich)
    entries = [wait(blueprint, who) for who in (rich, gone, next_one)]
    gone.state = MembershipState.ENDED
    gone.save()
    free(full)

    services.offer_places()

    states = [WaitlistEntry.objects.get(pk=entry.pk).state for entry in entries]
    assert states == [WaitState.WAITING, WaitState.LEFT, WaitState.OFFERED]


def test_a_product_with_approval_becomes_an_application(full, clock):
    blueprint = product_of(full)
    blueprint.needs_approval = True
    blueprint.save()
    entry = wait(blueprint)
    free(full)
    services.offer_places()
    (offer,) = offers()

    services.accept_offer(booking_id=offer.pk, actor=entry.person)

    offer.refresh_from_db()
    assert offer.state == BookingState.REQUESTED
    assert offer.starts_at.isoformat() == "2026-11-26T07:00:00+00:00"
    assert not offer.environments.exists()


def test_leaving_and_joining_twice(full):
    membership = MembershipFactory()
    entry = wait(product_of(full), membership)
    assert wait(product_of(full), membership) == entry, "keeps the turn"
    with pytest.raises(PermissionDenied):
        services.leave_waitlist(entry_id=entry.pk, actor=full.booked_by)

    services.leave_waitlist(entry_id=entry.pk, actor=membership.user)
    with pytest.raises(TransitionNotAllowed):
        services.leave_waitlist(entry_id=entry.pk, actor=membership.user)
    free(full)

    assert services.offer_places() == []
    assert [e.kind for e in entry.events.all()] == ["join", "leave"]
    assert wait(product_of(full), membership) != entry


def test_the_end_of_the_account_ends_the_turn_and_the_offer(full):
    waiting, offered = MembershipFactory(), MembershipFactory()
    wait(product_of(full), offered)
    wait(product_of(full), waiting)
    free(full)
    services.offer_places()

    for who in (offered, waiting):
        own_data.erase(who.user)
        own_data.erase(who.user)

    assert not WaitlistEntry.objects.open().exists()
    assert not WaitlistEntry.objects.exclude(purpose="").exists()
    assert not Allocation.objects.held().exists()


def test_only_the_person_answers(full):
    entry = wait(product_of(full))
    manager = MembershipFactory(organisation=entry.organisation, manager=True).user
    free(full)
    services.offer_places()

    with pytest.raises(PermissionDenied):
        services.accept_offer(booking_id=offers()[0].pk, actor=manager)


def test_an_offer_of_what_can_no_longer_be_booked_is_not_accepted(full):
    entry = wait(product_of(full), MembershipFactory())
    free(full)
    services.offer_places()
    Blueprint.objects.update(is_bookable=False)

    with pytest.raises(TransitionNotAllowed):
        services.accept_offer(booking_id=offers()[0].pk, actor=entry.person)
    assert offers()[0].state == BookingState.DRAFT, "it may be declined, or it runs out"


def test_an_account_that_is_closed_is_offered_nothing(full):
    entry = wait(product_of(full), MembershipFactory())
    type(entry.person).objects.filter(pk=entry.person_id).update(is_active=False)
    free(full)

    assert services.offer_places() == []
    entry.refresh_from_db()
    assert entry.state == WaitState.LEFT


# The pages


@pytest.fixture
def signed_in(client):
    def as_user(user):
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return as_user


def test_the_whole_way_by_page(client, signed_in, full):
    blueprint = product_of(full)
    join = reverse("sandbox:waitlist_join", args=[blueprint.slug])
    leave = reverse("sandbox:waitlist_leave", args=[blueprint.slug])
    typed = {"days": "3", "purpose": "Wir warten gern.", "only_test_data": "on"}
    assert client.post(join, typed).status_code == 302
    assert not WaitlistEntry.objects.exists()
    outsider = MembershipFactory(organisation__is_entitled=False).user
    assert signed_in(outsider).post(join, typed).status_code == 403

    membership = MembershipFactory()
    person = signed_in(membership.user)
    create = person.get(reverse("sandbox:booking_create", args=[blueprint.slug]))
    assert join in create.text
    assert "mindestens" in person.post(join, {**typed, "days": "0"}).text
    for _twice in range(2):
        person.post(join, typed)
    assert WaitlistEntry.objects.count() == 1
    assert "Warteliste verlassen" in person.get(reverse("sandbox:blueprint_list")).text
    person.post(leave)
    assert WaitlistEntry.objects.get().state == WaitState.LEFT
    assert "nicht auf dieser Warteliste" in person.post(leave, follow=True).text

    person.post(join, typed)
    free(full)
    services.offer_places()
    (offer,) = offers()
    page = person.get(offer.get_absolute_url())
    assert "Platz annehmen" in page.text
    assert "3 Tage ab Ihrer Zusage" in page.text
    accept = reverse("sandbox:offer_accept", args=[offer.public_id])
    assert person.get(accept).status_code == 405
    assert signed_in(MembershipFactory().user).post(accept).status_code == 404
    for _twice in range(2):
        signed_in(membership.user).post(accept)
    offer.refresh_from_db()
    assert offer.state == BookingState.APPROVED
    assert offer.environments.count() == 1


def test_declining_by_page(signed_in, full):
    entry = wait(product_of(full))
    free(full)
    services.offer_places()
    (offer,) = offers()
    person = signed_in(entry.person)
    end = reverse("sandbox:booking_end", args=[offer.public_id])

    assert "Platz ablehnen?" in person.get(end).text
    assert "abgelehnt" in person.post(end, follow=True).text

    entry.refresh_from_db()
    assert entry.state == WaitState.DECLINED
