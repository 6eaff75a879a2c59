"""Deputy, hand-over and take-over of a booking, and what a membership that ends takes along."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from network import leaving
from network.enums import MembershipState
from osk_portal import portal
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import own_data, services
from sandbox.enums import BookingState
from sandbox.models import Booking, TestParticipant
from sandbox.services import participants
from tests.factories import MembershipFactory, OrganisationFactory, staff
from tests.sandbox.world import book

pytestmark = pytest.mark.django_db


@pytest.fixture
def booking(world) -> Booking:
    made, _environment = world.book_and_set_up()
    return made


def url(booking, name="booking_deputy"):
    return reverse(f"sandbox:{name}", args=[booking.public_id])


def deputise(booking, actor, deputy):
    return services.name_deputy(booking_id=booking.pk, actor=actor, deputy=deputy)


def hand_over(booking, actor, successor, *, person=None):
    return services.hand_over_booking(
        booking_id=booking.pk,
        person=person or booking.booked_by,
        successor=successor,
        actor=actor,
    )


def mails(kind):
    return set(OutgoingMail.objects.filter(kind=f"sandbox.{kind}").values_list("user", flat=True))


@pytest.mark.parametrize(
    ("who", "status"),
    [("stranger", 404), ("colleague", 404), ("manager", 403), ("booker", 200)],
)
def test_who_may_choose_a_deputy(signed_in, world, booking, who, status):
    client = signed_in(getattr(world, who))
    assert client.get(url(booking)).status_code == status
    assert client.get(url(booking, "takeover_end")).status_code == 405
    typed = {"deputy-deputy": str(world.colleague.public_id)}
    client.post(url(booking), typed)
    booking.refresh_from_db()
    assert (booking.deputy == world.colleague) == (status == 200)


def test_anonymous_signs_in_first(client, booking):
    for name in ("booking_deputy", "booking_take_over"):
        assert client.get(url(booking, name)).status_code == 302


def test_a_deputy_has_the_rights_of_who_booked_while_named(signed_in, world, booking):
    participants.invite_person(
        booking_id=booking.pk, actor=world.booker, email=world.colleague.email
    )
    client = signed_in(world.booker)
    page = client.get(url(booking)).text
    assert str(world.colleague) in page
    for nobody in (world.unconfirmed, world.stranger):
        assert str(nobody.public_id) not in page
        answer = client.post(url(booking), {"deputy-deputy": str(nobody.public_id)})
        assert answer.status_code == 422
    for _twice in range(2):
        client.post(url(booking), {"deputy-deputy": str(world.colleague.public_id)})

    assert booking.events.filter(kind="deputy_named").count() == 1
    assert mails("booking_deputy") == {world.colleague.pk}
    assert not booking.participants.open().exists(), "all the rights, no participant beside"
    deputy = signed_in(world.colleague)
    page = deputy.get(booking.get_absolute_url()).text
    for words in ("/zugang/", booking.purpose, "Vertretung"):
        assert words in page
    for name in ("booking_extend", "people_edit", "plan_edit", "booker_report"):
        assert deputy.get(url(booking, name)).status_code == 200
    [task] = [t for area in portal.my_areas for t in area.tasks(world.colleague)]
    assert task.url == booking.get_absolute_url()

    signed_in(world.booker).post(url(booking), {"deputy-deputy": ""})
    assert signed_in(world.colleague).get(booking.get_absolute_url()).status_code == 404


def test_a_deputy_who_changes_organisation_loses_the_rights(signed_in, world, booking):
    deputise(booking, world.booker, world.colleague)
    membership = world.colleague.memberships.get()
    MembershipFactory(user=world.colleague, organisation=OrganisationFactory(authority=True))
    leaving.end_membership(
        membership_id=membership.pk, actor=world.colleague, choice=leaving.Choice()
    )

    assert signed_in(world.colleague).get(booking.get_absolute_url()).status_code == 404
    booking.refresh_from_db()
    assert booking.deputy is None
    assert mails("booking_deputy_left") == {world.booker.pk}


def test_handed_over_it_is_a_colleagues(signed_in, world, booking):
    client = signed_in(world.booker)
    assert client.post(url(booking), {"give": "1", "give-successor": ""}).status_code == 422
    typed = {"give": "1", "give-successor": str(world.colleague.public_id)}
    assert client.post(url(booking), typed)["Location"] == reverse("sandbox:blueprint_list")

    booking.refresh_from_db()
    assert booking.booked_by == world.colleague
    assert mails("booking_handed_over") == {world.colleague.pk}
    assert client.get(booking.get_absolute_url()).status_code == 404
    assert client.post(url(booking), typed).status_code == 404
    assert signed_in(world.colleague).get(booking.get_absolute_url()).status_code == 200
    assert hand_over(booking, world.colleague, world.manager, person=world.booker) is None


def test_only_colleagues_go_on_with_it(world, booking):
    for nobody in (world.stranger, world.outsider, world.unconfirmed):
        with pytest.raises(TransitionNotAllowed):
            hand_over(booking, world.booker, nobody)
        with pytest.raises(TransitionNotAllowed):
            deputise(booking, world.booker, nobody)
    for actor in (world.stranger, world.colleague):
        with pytest.raises(PermissionDenied):
            hand_over(booking, actor, world.colleague)
        with pytest.raises(PermissionDenied):
            deputise(booking, actor, world.colleague)
    services.end_booking(booking_id=booking.pk, actor=world.booker)
    assert hand_over(booking, world.booker, world.colleague) is None
    with pytest.raises(TransitionNotAllowed):
        deputise(booking, world.booker, world.colleague)


def test_a_manager_takes_over_with_a_reason_and_it_ends_again(signed_in, world, booking):
    for who, status in (("stranger", 404), ("colleague", 404), ("booker", 302), ("manager", 200)):
        client = signed_in(getattr(world, who))
        assert client.get(url(booking, "booking_take_over")).status_code == status
    assert client.post(url(booking, "booking_take_over"), {"reason": " "}).status_code == 422
    assert client.post(url(booking, "booking_take_over"), {"reason": "Urlaub"}).status_code == 302
    assert (
        client.post(url(booking, "booking_take_over"), {"reason": "Noch einmal"}).status_code == 302
    )

    booking.refresh_from_db()
    assert (booking.taken_over_by, booking.takeover_reason) == (world.manager, "Urlaub")
    assert mails("booking_taken_over") == {world.booker.pk}
    assert "/zugang/" in client.get(booking.get_absolute_url()).text
    own = signed_in(world.booker)
    assert "Urlaub" in own.get(booking.get_absolute_url()).text
    assert own.post(url(booking, "takeover_end")).status_code == 302
    assert signed_in(world.manager).get(url(booking, "people_edit")).status_code == 403


def test_what_is_left_behind_waits_for_the_managers(world, booking):
    later = world.book(starts_in=booking.ends_at - booking.starts_at)
    membership = world.booker.memberships.get()
    rows = {row.title for _offer, row in leaving.rows_of(membership, world.manager)}
    assert len(rows) == 2
    assert all(title.startswith("Radicale, ") for title in rows)

    leaving.end_membership(
        membership_id=membership.pk,
        actor=world.booker,
        choice=leaving.Choice(
            single={("sandbox", later.public_id): world.colleague.memberships.get().public_id}
        ),
    )

    later.refresh_from_db()
    assert later.booked_by == world.colleague
    booking.refresh_from_db()
    assert booking.state == BookingState.ACTIVE
    assert hand_over(booking, world.manager, world.manager, person=world.booker) is not None


def test_the_end_of_an_account_gives_it_to_the_deputy(world, booking):
    other = book(world.blueprint, world.booker.memberships.get())
    deputise(booking, world.booker, world.colleague)

    own_data.erase(world.booker)

    booking.refresh_from_db()
    other.refresh_from_db()
    assert (booking.booked_by, booking.state) == (world.colleague, BookingState.ACTIVE)
    assert booking.deputy is None
    assert other.state == BookingState.CANCELLED


def test_who_tests_along_loses_it_with_the_organisation(signed_in, world, booking):
    """Invited as a member of another organisation, or as a guest, one is in again."""
    first = participants.invite_person(
        booking_id=booking.pk, actor=world.booker, email=world.colleague.email
    )
    membership = world.colleague.memberships.get()
    MembershipFactory(user=world.colleague, organisation=OrganisationFactory(authority=True))
    membership.state = MembershipState.SUSPENDED
    membership.save(update_fields=["state"])
    client = signed_in(world.colleague)
    assert client.get(first.get_absolute_url()).status_code == 404
    with pytest.raises(PermissionDenied):
        services.reveal_to_participant(
            credential_id=booking.environments.get().credentials.get().pk, participant_id=first.pk
        )
    leaving.end_membership(
        membership_id=membership.pk, actor=world.manager, choice=leaving.Choice()
    )
    first.refresh_from_db()
    assert first.state == "removed"

    again = participants.invite_person(
        booking_id=booking.pk, actor=world.booker, email=world.colleague.email
    )
    assert again != first
    assert client.get(again.get_absolute_url()).status_code == 200
    assert TestParticipant.objects.get(pk=again.pk).state == "invited"


# What the OSK has booked


def by_osk(world, advisor):
    start = clock.now()
    return services.book(
        user=advisor,
        organisation=world.authority,
        blueprint=world.blueprint,
        start=start,
        end=start + timedelta(days=2),
        purpose="Für Ihre Anfrage",
        by_osk=True,
    )


def test_what_the_osk_has_booked_is_its_advisors(signed_in, world):
    advisor, other = staff("advisor"), staff("advisor")
    booking = by_osk(world, advisor)
    page = signed_in(other).get(booking.get_absolute_url())
    assert page.status_code == 200
    assert "Für Ihre Anfrage" in page.text
    managers = signed_in(world.manager)
    outline = managers.get(booking.get_absolute_url()).text
    assert "Für Ihre Anfrage" not in outline
    assert managers.get(url(booking, "booking_take_over")).status_code == 403
    for person in (world.booker, world.colleague, world.stranger):
        assert signed_in(person).get(booking.get_absolute_url()).status_code == 404
    assert signed_in(other).get(url(booking)).status_code == 403, "no deputy is needed"

    assert hand_over(booking, other, other) is not None
    with pytest.raises(TransitionNotAllowed):
        hand_over(booking, other, world.booker, person=other)
