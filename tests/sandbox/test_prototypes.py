"""Prototypes: of which images, seen by whom, opened by the OSK, over after a while."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse

from catalog.models import Solution
from osk_portal.notifications.models import Notification
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import capacity, prototypes, services, statistics
from sandbox.backends.base import Health
from sandbox.enums import WishState
from sandbox.models import Blueprint, Booking, Wish
from sandbox.services import blocks, blueprints, participants, wishes
from tests.catalog.factories import SolutionFactory
from tests.factories import MembershipFactory, staff
from tests.sandbox.factories import SPEC, SlotFactory
from tests.sandbox.world import book, product

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"
DIGEST = "sha256:" + "0a" * 32
IMAGE = f"registry.opencode.de/team/formular@{DIGEST}"
FORM = {
    "name": "Formularassistent",
    "image": IMAGE,
    "port": "8080",
    "repository": "",
    "licence": "EUPL-1.2",
    "supporter": "Referat für Digitales",
    "data_statement": "Nur erfundene Anträge.",
    "why": "Wir zeigen ihn den Fachleuten.",
    "only_test_data": "on",
}


@pytest.fixture
def member():
    return MembershipFactory(organisation__name="Bezirksamt Beispiel")


def propose(member, **changes) -> Wish:
    said = {
        "name": "Formularassistent",
        "image": IMAGE,
        "port": 8080,
        "repository": "",
        "licence": "EUPL-1.2",
        "supporter": "Referat für Digitales",
        "data_statement": "Nur erfundene Anträge.",
    }
    return wishes.propose_prototype(
        user=member.user,
        organisation=member.organisation,
        prototype=wishes.Prototype(**(said | changes)),
        why="Wir zeigen ihn den Fachleuten.",
    )


@pytest.fixture
def prototype(member, engine):
    """Approved: with a published version on the fake engine."""
    wish = propose(member)
    slot = SlotFactory()
    SlotFactory(pool=slot.pool)
    blueprint = wishes.draft_prototype(wish_id=wish.pk, actor=staff("operator"), pool=slot.pool)
    blueprint.versions.update(published_at=clock.now(), spec=SPEC)
    wishes.offer_wish(wish_id=wish.pk, actor=staff("advisor"), blueprint=blueprint)
    blueprint.refresh_from_db()
    return blueprint


def as_user(user) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


@pytest.mark.parametrize(
    ("image", "is_good"),
    [
        (IMAGE, True),
        (f"docker.io/library/nginx@{DIGEST}", True),
        (f"REGISTRY.opencode.de/team/formular@{DIGEST}", False),
        ("registry.opencode.de/team/formular:latest", False),
        (f"registry.opencode.de/team/formular:1.0@{DIGEST}", False),
        ("registry.opencode.de/team/formular@sha256:abc", False),
        (f"evil.example/team/formular@{DIGEST}", False),
        (f"registry.opencode.de.evil.example/team/formular@{DIGEST}", False),
        (f"localhost/formular@{DIGEST}", False),
        (f"formular@{DIGEST}", False),
        (f"registry.opencode.de/../formular@{DIGEST}", False),
        (f"{IMAGE}\n", False),
        (f"{IMAGE}{'f' * 3}", False),
        ("", False),
    ],
)
def test_images_come_by_digest_from_the_operators_registries(image, is_good):
    assert (prototypes.image_problem(image) == "") is is_good


@pytest.mark.parametrize(
    ("address", "is_good"),
    [
        ("https://gitlab.opencode.de/team/formular", True),
        ("http://gitlab.opencode.de/team/formular", False),
        ("https://user:secret@gitlab.opencode.de/team", False),
        ("https://127.0.0.1/team", False),
        ("https://2130706433/team", False),
        ("https://[::1]/team", False),
        ("https://localhost/team", False),
        ("https://gitlab.opencode.de:8443/team", False),
        ("ssh://git@gitlab.opencode.de/team", False),
        ("file:///etc/passwd", False),
        ("https://gitlab.opencode.de/a b", False),
        ("javascript:alert(1)", False),
    ],
)
def test_repositories_are_https_at_a_public_name(address, is_good):
    assert (prototypes.repository_problem(address) == "") is is_good


def test_an_operator_without_registries_takes_no_image(settings):
    settings.OSK_SANDBOX_REGISTRIES = []
    assert prototypes.image_problem(IMAGE)


def test_proposing_by_the_form(member, client):
    address = reverse("sandbox:prototype_new")
    own = as_user(member.user)
    assert client.get(address).status_code == 302
    assert own.get(address).status_code == 200

    for change in (
        {"image": "registry.opencode.de/team/formular:latest"},
        {"image": "", "repository": ""},
        {"port": ""},
        {"port": "70000"},
        {"only_test_data": ""},
        {"repository": "http://x.example"},
    ):
        refused = own.post(address, FORM | change)
        assert refused.status_code == 422, change
        assert "Wir zeigen ihn den Fachleuten." in refused.text
    answer = own.post(address, FORM)
    again = own.post(address, FORM)
    other = own.post(address, FORM | {"image": f"quay.io/team/anderer@{DIGEST}"})

    wish = Wish.objects.get()
    assert answer["Location"] == again["Location"] == wish.get_absolute_url()
    assert other.status_code == 409
    assert IMAGE in own.get(wish.get_absolute_url()).text


def test_a_prototype_is_nowhere_for_strangers(prototype, member):
    """Pages, list, month table, search, catalog, statistics, wishes: nothing of it anywhere."""
    stranger = MembershipFactory().user
    wish = Wish.objects.get()
    colleague = MembershipFactory(organisation=member.organisation).user
    own = [
        prototype.get_absolute_url(),
        reverse("sandbox:booking_create", args=[prototype.slug]),
        reverse("sandbox:month_table", args=[prototype.slug]),
        reverse("sandbox:waitlist_join", args=[prototype.slug]),
        wish.get_absolute_url(),
    ]
    for address in own:
        assert as_user(stranger).get(address).status_code == 404, address
        assert Client().get(address).status_code in (302, 404), address
        assert as_user(colleague).get(address).status_code == 200, address
        # Advisors see it in the work area, operators too; not on the pages of members.
        assert as_user(staff("advisor")).get(address).status_code == 404, address
    listing = reverse("sandbox:blueprint_list")
    assert prototype.name in as_user(colleague).get(listing).text
    for client in (Client(), as_user(stranger)):
        for address in (listing, reverse("sandbox:wish_list"), "/suche/?q=Formularassistent"):
            assert prototype.get_absolute_url() not in client.get(address).text
            assert wish.get_absolute_url() not in client.get(address).text
    booking = book(prototype, member)
    assert booking.state == "approved"
    assert Blueprint.objects.bookable().count() == 0
    assert prototype.name not in str(statistics._by_product([]))
    assert not statistics._public().exists()


def test_it_belongs_to_no_entry_of_the_catalog(prototype):
    solution = SolutionFactory()
    with pytest.raises(IntegrityError, match="blueprint_prototype_stays_inside"):
        Blueprint.objects.filter(pk=prototype.pk).update(solution=solution)


def test_a_blocked_product_is_no_test_environment_of_its_entry(engine):
    solution = SolutionFactory()
    blueprint = product(solution=solution)
    assert Solution.objects.testable().exists()
    blocks.block_product(blueprint_id=blueprint.pk, actor=staff("advisor"), reason="Lücke")
    assert not Solution.objects.testable().exists()


def test_nobody_else_books_or_waits_for_it(prototype, member):
    stranger = MembershipFactory()
    with pytest.raises(TransitionNotAllowed):
        book(prototype, stranger)
    with pytest.raises(TransitionNotAllowed):
        services.join_waitlist(
            user=stranger.user,
            organisation=stranger.organisation,
            blueprint=prototype,
            days=1,
            purpose="x",
        )


def test_only_colleagues_test_along(prototype, member):
    booking = book(prototype, member)
    colleague = MembershipFactory(organisation=member.organisation).user
    stranger = MembershipFactory().user

    participants.invite_person(booking_id=booking.pk, actor=member.user, email=colleague.email)
    with pytest.raises(participants.CannotInvite):
        participants.invite_person(booking_id=booking.pk, actor=member.user, email=stranger.email)
    with pytest.raises(participants.CannotInvite):
        participants.invite_guest(
            booking_id=booking.pk, actor=member.user, name="Gast", email="gast@example.org"
        )


def test_before_the_approval_nobody_books_it(member, engine):
    wish = propose(member)
    pool = SlotFactory().pool
    with pytest.raises(PermissionDenied):
        wishes.draft_prototype(wish_id=wish.pk, actor=staff("advisor"), pool=pool)
    operator = staff("operator")
    blueprint = wishes.draft_prototype(wish_id=wish.pk, actor=operator, pool=pool)
    assert wishes.draft_prototype(wish_id=wish.pk, actor=operator, pool=pool) == blueprint
    blueprint.versions.update(published_at=clock.now())

    with pytest.raises(TransitionNotAllowed):
        book(blueprint, member)
    with pytest.raises(PermissionDenied):
        wishes.offer_wish(wish_id=wish.pk, actor=operator, blueprint=blueprint)
    with pytest.raises(TransitionNotAllowed):
        wishes.offer_wish(wish_id=wish.pk, actor=staff("advisor"), blueprint=product())
    wish.refresh_from_db()
    assert wish.state == WishState.ASKED


def test_without_a_published_version_it_is_not_opened(member, engine):
    wish = propose(member)
    blueprint = wishes.draft_prototype(
        wish_id=wish.pk, actor=staff("operator"), pool=SlotFactory().pool
    )
    with pytest.raises(TransitionNotAllowed):
        wishes.offer_wish(wish_id=wish.pk, actor=staff("advisor"), blueprint=blueprint)
    blueprint.refresh_from_db()
    assert not blueprint.is_bookable


@pytest.mark.parametrize(
    "change",
    [
        {"egress": "internet"},
        {"resources": "huge"},
        {"image": f"evil.example/team/formular@{DIGEST}"},
        {"memory_mb": 60000},
    ],
)
def test_what_a_prototype_must_not_have_is_not_published(member, engine, change, monkeypatch):
    monkeypatch.setattr(engine, "check", lambda: Health(False, "down"))
    wish = propose(member)
    operator = staff("operator")
    blueprint = wishes.draft_prototype(wish_id=wish.pk, actor=operator, pool=SlotFactory().pool)
    version = blueprint.versions.get()
    spec = dict(version.spec)
    component = dict(spec["components"][0])
    if "image" in change:
        component["image"] = change["image"]
    elif "memory_mb" in change:
        component["limits"] = {"memory_mb": change["memory_mb"]}
    else:
        spec |= change
    version.spec = spec | {"components": [component]}
    version.save()

    with pytest.raises(ValidationError):
        blueprints.publish_version(version_id=version.pk, actor=operator, reason="Kein Gerät")
    version.spec = prototypes.draft_of(IMAGE, 8080)
    version.save()
    blueprints.publish_version(version_id=version.pk, actor=operator, reason="Kein Gerät")


def test_it_ends_after_its_time_and_can_be_renewed(prototype, member):
    wish = Wish.objects.get()
    Blueprint.objects.update(expires_on=clock.today() + timedelta(days=3))
    prototype.refresh_from_db()
    with pytest.raises(capacity.TooLong):
        book(prototype, member, days=7)
    booking = book(prototype, member, days=2)
    with pytest.raises(capacity.TooLong):
        services.extend_booking(
            booking_id=booking.pk, actor=member.user, end=booking.ends_at + timedelta(days=5)
        )
    wishes.end_prototypes()
    wishes.end_prototypes()
    ends = Notification.objects.filter(kind="sandbox.prototype_ends", user=member.user)
    assert ends.count() == 1
    Blueprint.objects.update(expires_on=clock.today() - timedelta(days=1))

    wishes.end_prototypes()
    wishes.end_prototypes()

    prototype.refresh_from_db()
    assert not prototype.is_bookable
    assert ends.count() == 2
    wishes.renew_prototype(wish_id=wish.pk, actor=staff("advisor"))
    wishes.renew_prototype(wish_id=wish.pk, actor=staff("advisor"))
    prototype.refresh_from_db()
    assert prototype.is_open
    assert Notification.objects.filter(kind="sandbox.prototype_renewed").count() == 1


def test_the_wish_page_of_the_work_area_drafts_and_approves(member, engine):
    wish = propose(member)
    pool = SlotFactory().pool
    operator, advisor = as_user(staff("operator")), as_user(staff("advisor"))
    page = reverse("admin:sandbox_wish_page", args=[wish.public_id])

    assert "Testprodukt entwerfen" in operator.get(page).text
    assert "Testprodukt entwerfen" not in advisor.get(page).text
    operator.post(reverse("admin:sandbox_wish_draft", args=[wish.public_id]), {"pool": pool.pk})
    blueprint = Blueprint.objects.get()
    blueprint.versions.update(published_at=clock.now())
    advisor.post(
        reverse("admin:sandbox_wish_offer", args=[wish.public_id]), {"blueprint": blueprint.pk}
    )

    blueprint.refresh_from_db()
    assert blueprint.is_open
    assert Booking.objects.count() == 0
    change = reverse("admin:sandbox_blueprint_change", args=[blueprint.pk])
    assert 'name="is_bookable"' not in operator.get(change).text
    assert 'name="solution"' not in operator.get(change).text


def test_its_address_tells_nothing(prototype):
    assert prototype.name.lower() not in prototype.slug
