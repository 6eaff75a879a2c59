"""The work area shows each role what it may see elsewhere: lists, search, pages of rows, histories, completion."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from sandbox.models import (
    Application,
    Blackout,
    Blueprint,
    BlueprintVersion,
    Booking,
    Environment,
    OperatorTask,
    OrganisationQuota,
    Pool,
    WaitlistEntry,
    Wish,
)
from tests.factories import MembershipFactory, OrganisationFactory, staff
from tests.sandbox.factories import (
    BlueprintFactory,
    BlueprintVersionFactory,
    BookingFactory,
    EnvironmentFactory,
)

pytestmark = pytest.mark.django_db

ONLY_OPERATORS = (
    Environment, WaitlistEntry, Pool, OrganisationQuota, BlueprintVersion, Blackout, OperatorTask,
)  # fmt: skip
PURPOSE = "Geheimer Zweck"


@dataclass
class Rows:
    member: User
    of_authority: Booking
    by_osk: Booking
    trial: Booking
    environment: Environment
    waiting: WaitlistEntry
    quota: OrganisationQuota
    public: Blueprint
    draft: Blueprint
    prototype: Blueprint
    foreign_prototype: Blueprint


@pytest.fixture
def rows() -> Rows:
    member = MembershipFactory()
    public = BlueprintVersionFactory(blueprint__name="Radicale")
    draft = BlueprintVersionFactory(blueprint__name="Rohling", published_at=None)
    last_day = clock.today() + timedelta(days=30)
    mine, foreign = (
        BlueprintVersionFactory(
            blueprint__name=name,
            blueprint__organisation=organisation,
            blueprint__expires_on=last_day,
        )
        for name, organisation in (
            ("Prototyp-Eins", member.organisation),
            ("Prototyp-Zwei", OrganisationFactory()),
        )
    )
    book = {"blueprint_version": public, "purpose": PURPOSE, "occasion": "Geheimer Anlass"}
    booking = BookingFactory(
        **{**book, "organisation": member.organisation, "booked_by": member.user}
    )
    return Rows(
        member=member.user,
        of_authority=booking,
        by_osk=BookingFactory(**book, is_outside_quota=True),
        trial=BookingFactory(**book, is_trial=True),
        environment=EnvironmentFactory(booking=booking),
        waiting=WaitlistEntry.objects.create(
            blueprint=public.blueprint, organisation=member.organisation, person=member.user,
            days=3, purpose=PURPOSE, test_data_acknowledged_at=clock.now(),
        ),
        quota=OrganisationQuota.objects.create(
            organisation=member.organisation, concurrent=5, reason="Geheimer Grund"
        ),
        public=public.blueprint,
        draft=draft.blueprint,
        prototype=mine.blueprint,
        foreign_prototype=foreign.blueprint,
    )  # fmt: skip


def as_user(user: User | None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def address(model: type[Model] | Model, page: str, *args: Any) -> str:
    return reverse(f"admin:sandbox_{model._meta.model_name}_{page}", args=args)


def listed(client: Client, model: type[Model], **query: str) -> set[Any]:
    answer = client.get(address(model, "changelist"), query)
    assert answer.status_code == 200
    return set(answer.context["cl"].result_list)


def opened(client: Client, row: Model) -> dict[str, int]:
    """Status of Django's own pages of a row; 302 leads away from what is not there."""
    return {
        page: client.get(address(row, page, row.pk)).status_code for page in ("change", "history")
    }


def test_every_model_of_the_work_area_is_looked_at_here() -> None:
    """Whoever adds one says in these tests who may see it."""
    here = {model for model in admin.site._registry if model._meta.app_label == "sandbox"}
    assert here == {*ONLY_OPERATORS, Application, Blueprint, Booking, Wish}


@pytest.mark.parametrize("role", ["", "member"])
def test_who_is_no_staff_comes_nowhere(rows: Rows, role: str) -> None:
    client = as_user(rows.member if role else None)
    for model in admin.site._registry:
        if model._meta.app_label == "sandbox":
            assert client.get(address(model, "changelist")).status_code == 302
    for row in (rows.of_authority, rows.environment, rows.waiting, rows.prototype):
        answer = client.get(address(row, "history", row.pk))
        assert answer.status_code == 302
        assert "/login/" in answer["Location"]


@pytest.mark.parametrize("role", ["advisor", "lead"])
def test_what_belongs_to_the_operators_is_not_there_for_others(rows: Rows, role: str) -> None:
    client = as_user(staff(role))
    for model in ONLY_OPERATORS:
        assert client.get(address(model, "changelist"), {"q": "a"}).status_code == 403
    for row in (rows.environment, rows.waiting, rows.quota, rows.public.pool):
        assert set(opened(client, row).values()) == {403}
    index = client.get(reverse("admin:index")).text
    for model in ONLY_OPERATORS:
        assert address(model, "changelist") not in index
    for model in (Booking, Blueprint, Wish, Application):
        assert client.get(address(model, "changelist")).status_code == 200


@pytest.mark.parametrize("role", ["advisor", "lead"])
def test_advisors_find_the_bookings_they_find_elsewhere(rows: Rows, role: str) -> None:
    user = staff(role)
    client = as_user(user)

    assert listed(client, Booking) == set(Booking.objects.visible_to(user)) == {rows.by_osk}
    assert listed(client, Booking, q=str(rows.of_authority.public_id)) <= {rows.by_osk}
    assert set(opened(client, rows.by_osk).values()) == {200}
    for hidden in (rows.of_authority, rows.trial):
        assert set(opened(client, hidden).values()) == {302}
    assert "Geheimer Anlass" in client.get(address(rows.by_osk, "change", rows.by_osk.pk)).text
    # An advisor who is a member of an authority too finds the own bookings as well.
    MembershipFactory(user=user, organisation=rows.of_authority.organisation)
    Booking.objects.filter(pk=rows.of_authority.pk).update(booked_by=user)
    assert listed(client, Booking) == {rows.by_osk, rows.of_authority}


@pytest.mark.parametrize("role", ["advisor", "lead"])
def test_advisors_find_public_products_only(rows: Rows, role: str) -> None:
    user = staff(role)
    client = as_user(user)

    assert listed(client, Blueprint) == set(Blueprint.objects.visible_to(user)) == {rows.public}
    assert listed(client, Blueprint, q="Prototyp") == set()
    assert listed(client, Blueprint, q="Radicale") == {rows.public}
    assert set(opened(client, rows.public).values()) == {200}
    for hidden in (rows.draft, rows.prototype, rows.foreign_prototype):
        assert set(opened(client, hidden).values()) == {302}
        page = reverse("admin:sandbox_blueprint_page", args=[hidden.slug])
        assert client.get(page).status_code == 404
        scan = reverse("admin:sandbox_blueprint_scan", args=[hidden.slug])
        assert client.post(scan, {"day": f"{clock.today()}", "result": "clean"}).status_code == 404
    assert completed(client) == {"Radicale"}
    assert client.post(address(rows.public, "change", rows.public.pk), {}).status_code == 403
    # Of a prototype the page opens from the wish on which the advisor decides.
    Wish.objects.create(
        kind="prototype", name="Prototyp-Eins", key="prototypeins", image="x",
        organisation=rows.prototype.organisation, blueprint=rows.prototype,
    )  # fmt: skip
    page = reverse("admin:sandbox_blueprint_page", args=[rows.prototype.slug])
    assert client.get(page).status_code == 200
    assert listed(client, Blueprint) == {rows.public}


def test_operators_see_that_bookings_exist_and_no_purpose(rows: Rows) -> None:
    """product.md: blueprints, capacity, settings, engines. README: product, who, when, state."""
    client = as_user(staff("operator"))

    assert listed(client, Booking) == {rows.of_authority, rows.by_osk, rows.trial}
    assert listed(client, WaitlistEntry) == {rows.waiting}
    assert listed(client, Environment) == {rows.environment}
    for row in (rows.of_authority, rows.by_osk, rows.trial, rows.waiting, rows.environment):
        assert set(opened(client, row).values()) == {200}
        for page in ("change", "history"):
            text = client.get(address(row, page, row.pk)).text
            assert PURPOSE not in text
            assert "Geheimer Anlass" not in text
    for model in (Booking, WaitlistEntry, Environment, Blueprint):
        assert PURPOSE not in client.get(address(model, "changelist")).text


def test_operators_work_on_every_product(rows: Rows) -> None:
    client = as_user(staff("operator"))
    all_products = {rows.public, rows.draft, rows.prototype, rows.foreign_prototype}

    assert listed(client, Blueprint) == all_products
    assert completed(client) == {product.name for product in all_products}
    for product in all_products:
        assert set(opened(client, product).values()) == {200}
        page = reverse("admin:sandbox_blueprint_page", args=[product.slug])
        assert client.get(page).status_code == 200
    assert client.get(address(Application, "changelist")).status_code == 403


def completed(client: Client) -> set[str]:
    """What Django's address for the completion of fields gives of products."""
    asked = {"app_label": "sandbox", "model_name": "blueprintversion", "field_name": "blueprint"}
    answer = client.get(reverse("admin:autocomplete"), {**asked, "term": ""})
    assert answer.status_code == 200
    return {row["text"] for row in answer.json()["results"]}


def test_a_product_without_a_page_of_its_own_is_not_found(rows: Rows) -> None:
    hidden = BlueprintFactory(name="Leer")
    page = reverse("admin:sandbox_blueprint_page", args=[hidden.slug])
    assert as_user(staff("advisor")).get(page).status_code == 404
    assert as_user(staff("operator")).get(page).status_code == 200
