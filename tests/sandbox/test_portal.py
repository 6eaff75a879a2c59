"""What the shared pages show of the sandbox, and the demo world."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from osk_portal import portal as offers
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock as portal_clock
from sandbox import demo_tests, demo_world, durations, portal, provisioning, services, shipped
from sandbox.enums import Phase
from sandbox.models import (
    Blackout,
    Blueprint,
    BlueprintVersion,
    Booking,
    PublishedResult,
    ReportFile,
    WaitlistEntry,
    Wish,
)
from sandbox.phases import phase_of
from sandbox.services import offer_places
from sandbox.services.participants import invite_person
from tests.catalog.factories import SolutionFactory
from tests.factories import MembershipFactory, OrganisationFactory, UserFactory, staff
from tests.sandbox.world import book, product

pytestmark = pytest.mark.django_db


def test_the_figure_counts_what_can_be_booked():
    product()
    product(is_bookable=False)

    assert offers.figures.get("sandbox").value() == 1


def test_search_finds_published_products_by_name_and_sentence():
    product(name="Radicale", summary="Kalender und Adressbücher.")
    request = RequestFactory().get("/")
    request.user = AnonymousUser()

    for words, found in (("Tabelle", []), ("ADRESSBUECHER", ["Radicale"]), ("radi", ["Radicale"])):
        assert [hit.title for hit in portal._search(words, request)] == found


def test_my_area_shows_what_runs_and_what_is_to_come(engine):
    membership = MembershipFactory()
    blueprint = product(slots=3, name="Radicale")
    running = book(blueprint, membership)
    provisioning.work(running.environments.get().pk)
    book(blueprint, membership, starts_in=timedelta(days=20))

    tasks = list(portal._tasks(membership.user))

    assert {task.badge for task in tasks} == {"success", "info"}
    assert all(task.url.startswith("/testumgebung/buchung/") for task in tasks)
    services.end_booking(booking_id=running.pk, actor=membership.user)
    assert len(list(portal._tasks(membership.user))) == 1


def test_the_entry_of_a_solution_offers_to_try_it():
    solution = SolutionFactory()
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    assert portal._of_solution(solution, request) is None

    blueprint = product(solution=solution)

    panel = portal._of_solution(solution, request)
    assert panel is not None
    assert (panel["blueprints"], panel["results"]) == ([blueprint], [])


def test_mails_about_a_booking_reach_only_who_still_has_it(engine):
    booking = book()
    key = str(booking.public_id)

    assert portal._still_allowed(booking.booked_by_id, "sandbox.booking_ready", key)
    assert not portal._still_allowed(UserFactory().pk, "sandbox.booking_ready", key)
    assert not portal._still_allowed(0, "sandbox.booking_ready", key)


def test_the_side_list_is_for_operators():
    labels = [str(entry.label) for entry in portal._work(staff("advisor"))]
    assert labels == [
        "Zu genehmigen",
        "Für eine Veranstaltung buchen",
        "Gewünschte Testumgebungen",
        "Testprodukte",
    ]
    assert len(list(portal._work(staff("operator")))) == 9


@pytest.fixture
def demo_people():
    for short_name, login in (
        ("BA Mitte", "behoerde@demo.osk.example"),
        ("BA Pankow", "behoerde2@demo.osk.example"),
    ):
        MembershipFactory(
            organisation=OrganisationFactory(authority=True, short_name=short_name),
            user=UserFactory(email=login),
        )


@pytest.fixture
def demo_staff(demo_people):
    for login, role in (("beratung", "advisor"), ("betrieb", "operator")):
        person = staff(role)
        person.email = f"{login}@demo.osk.example"
        person.save()
    OrganisationFactory(authority=True, short_name="BA Neukölln")


def test_the_demo_world_comes_once(demo_people):
    solution = SolutionFactory(slug="radicale")

    first, second = demo_world.load(), demo_world.load()

    assert first == second
    blueprint = Blueprint.objects.get(slug="radicale")
    assert blueprint.is_bookable
    assert blueprint.solution == solution
    assert BlueprintVersion.objects.count() == 2
    assert blueprint.pool.slots.count() == 3
    assert PublishedResult.objects.shown().get().solution == solution
    assert WaitlistEntry.objects.waiting().count() == 1
    assert Booking.objects.count() >= 5
    assert {wish.name for wish in Wish.objects.all()} == {"Etherpad", "Formularassistent"}


def test_past_bookings_of_the_demo_look_like_past_ones(demo_people):
    SolutionFactory(slug="radicale")
    demo_world.load()

    now = portal_clock.now()
    phases = {phase_of(booking, now=now) for booking in Booking.objects.all()}

    assert phases == {Phase.ENDED, Phase.CANCELLED, Phase.REQUESTED, Phase.FAILED}
    assert not Booking.objects.promised().exists()
    product_of_past = Blueprint.objects.get(slug="radicale")
    assert durations.usual(product_of_past), "enough were measured"
    tested = PublishedResult.objects.get()
    assert tested.reports == 2
    assert ReportFile.objects.get().report.booking == tested.booking
    assert tested.booking.result_given_at


def test_with_the_osk_the_demo_has_tests_of_today_and_a_wish_in_each_state(demo_staff):
    first, second = demo_world.load(), demo_world.load()

    assert first == second
    assert not OutgoingMail.objects.exists()
    running = Booking.objects.get(purpose=demo_tests.RUNNING)
    assert phase_of(running, now=portal_clock.now()) == Phase.PROVISIONING
    assert running.tasks.count() == 4
    assert running.reports.get().submitted_at is None
    people = running.participants.all()
    assert {p.is_guest for p in people} == {True, False}
    assert len({p.organisation_id for p in people}) == 3
    assert all(p.is_in for p in people)
    by_hand = Booking.objects.get(purpose=demo_tests.BY_HAND)
    assert by_hand.blueprint_version.is_by_hand
    assert by_hand.starts_at > portal_clock.now()
    assert Blackout.objects.get().is_open
    offer_places(pool_id=running.blueprint_version.blueprint.pool_id)
    assert WaitlistEntry.objects.waiting().exists(), "others are in the way"
    assert {wish.state for wish in Wish.objects.all()} == {
        "asked", "checking", "manual", "bookable", "refused",
    }  # fmt: skip
    wanted = Wish.objects.get(name="Zammad")
    assert wanted.asks.values("organisation").distinct().count() == 3


def test_without_people_the_demo_has_places_and_products():
    demo_world.load()

    assert Blueprint.objects.exists()
    assert not Booking.objects.exists()


def test_a_changed_specification_becomes_a_draft(demo_people, monkeypatch):
    demo_world.load()
    data = shipped.read("radicale")
    data["spec"]["ready_timeout"] = 90
    monkeypatch.setattr(shipped, "read", lambda slug: data)

    demo_world.load()

    versions = BlueprintVersion.objects.filter(blueprint__slug="radicale").order_by("number")
    assert [version.is_published for version in versions] == [True, False]


def test_news_of_a_solution_reach_who_tests_it_now_or_later(engine):
    solution, membership = SolutionFactory(), MembershipFactory()
    blueprint = product(slots=3, solution=solution)
    booking = book(blueprint, membership)
    book(blueprint, membership, starts_in=timedelta(days=20))
    book(product(solution=SolutionFactory()), MembershipFactory())
    (audience,) = [offer for offer in offers.audiences if offer.key == "sandbox"]
    mine = offers.Concerned(membership.user_id, membership.organisation_id)

    assert list(audience.people(solution)) == [mine]
    along = MembershipFactory(organisation=membership.organisation).user
    invite_person(booking_id=booking.pk, actor=membership.user, email=along.email)
    also = offers.Concerned(along.pk, membership.organisation_id)
    assert set(audience.people(solution)) == {mine, also}
    services.end_booking(booking_id=booking.pk, actor=membership.user)
    assert list(audience.people(solution)) == [mine]
    Booking.objects.update(state="ended", ended_at=portal_clock.now())
    assert list(audience.people(solution)) == []
