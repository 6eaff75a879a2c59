from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.sandbox.factories import BlueprintFactory
from tests.sandbox.world import product

LIST = reverse("sandbox:blueprint_list")


def test_anybody_reads_what_can_be_tried(client, world):
    page = client.get(LIST)

    assert page.status_code == 200
    assert "Radicale" in page.text
    assert "Meine Buchungen" not in page.text


def test_a_product_without_a_published_version_is_not_shown(client, world):
    draft = BlueprintFactory(name="Halbfertig")

    assert "Halbfertig" not in client.get(LIST).text
    assert client.get(draft.get_absolute_url()).status_code == 404


def test_no_product_at_all(client, db):
    assert "noch kein Testprodukt" in client.get(LIST).text


def test_own_bookings_and_those_of_a_managed_organisation(signed_in, world):
    booking = world.book()

    for person, sees in ((world.booker, True), (world.manager, True), (world.colleague, False)):
        text = signed_in(person).get(LIST).text
        assert (booking.get_absolute_url() in text) is sees


def test_detail_for_anybody(client, world):
    page = client.get(world.blueprint.get_absolute_url())

    assert page.status_code == 200
    assert "<strong>alle</strong>" in page.text
    assert "2 Plätze sind frei" in page.text
    assert reverse("sandbox:booking_create", args=["radicale"]) in page.text


def test_detail_says_when_the_next_place_is_free(client, world):
    world.book()
    world.book()

    assert "Nächster freier Termin" in client.get(world.blueprint.get_absolute_url()).text


def test_detail_of_one_that_cannot_be_booked(client, world):
    world.blueprint.is_bookable = False
    world.blueprint.save()

    page = client.get(world.blueprint.get_absolute_url())

    assert "zurzeit nicht buchbar" in page.text
    assert reverse("sandbox:booking_create", args=["radicale"]) not in page.text


@pytest.mark.parametrize("name", ["blueprint_list", "blueprint_detail"])
def test_only_reading(client, world, name):
    args = ["radicale"] if name == "blueprint_detail" else []

    assert client.post(reverse(f"sandbox:{name}", args=args)).status_code == 405


def test_the_list_costs_the_same_with_more_rows(signed_in, world):
    world.book()
    client = signed_in(world.booker)
    client.get(LIST)
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(LIST)
    for number in range(2):
        product(name=f"Weiteres {number}")
        world.book(starts_in=timedelta(days=8 * (number + 1)))
    with CaptureQueriesContext(connection) as more:
        client.get(LIST)

    assert len(more) == len(few)
