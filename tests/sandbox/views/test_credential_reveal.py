from __future__ import annotations

import logging

import pytest
from django.urls import reverse

from osk_portal.notifications.models import Notification, OutgoingMail
from osk_portal.toolkit import encryption
from sandbox import provisioning, services
from sandbox.models import EnvironmentEvent
from tests.sandbox.factories import BlueprintVersionFactory
from tests.sandbox.test_spec_of_images import IMAGES
from tests.sandbox.world import book


@pytest.fixture
def ready(world):
    return world.book_and_set_up()


def url(booking, environment):
    credential = environment.credentials.get()
    return reverse("sandbox:credential_reveal", args=[booking.public_id, credential.public_id])


def shown(environment):
    return environment.events.filter(kind="credential_shown")


def test_anonymous_signs_in_first(client, ready):
    assert client.post(url(*ready)).status_code == 302


@pytest.mark.parametrize(
    ("who", "status"), [("stranger", 404), ("colleague", 404), ("manager", 403)]
)
def test_nobody_else(signed_in, world, ready, who, status):
    assert signed_in(getattr(world, who)).post(url(*ready)).status_code == status
    assert not shown(ready[1]).exists()


def test_looking_is_not_enough(signed_in, world, ready):
    assert signed_in(world.booker).get(url(*ready)).status_code == 405


def test_a_credential_of_another_booking_is_not_found(signed_in, world, ready):
    other = book(world.blueprint, world.stranger.memberships.get())
    provisioning.work(other.environments.get().pk)
    foreign = other.environments.get().credentials.get()
    address = reverse("sandbox:credential_reveal", args=[ready[0].public_id, foreign.public_id])

    assert signed_in(world.booker).post(address).status_code == 404


def test_what_components_know_among_each_other_is_shown_to_nobody(signed_in, world):
    blueprint = BlueprintVersionFactory(
        spec=IMAGES, blueprint__pool=world.blueprint.pool, number=1
    ).blueprint
    booking = book(blueprint, world.booker.memberships.get())
    provisioning.work(booking.environments.get().pk)
    environment = booking.environments.get()
    inner = environment.credentials.get(role="database")
    address = reverse("sandbox:credential_reveal", args=[booking.public_id, inner.public_id])

    page = signed_in(world.booker).get(reverse("sandbox:booking_detail", args=[booking.public_id]))

    assert {*world.engine.secrets[environment.backend_key]} == {"admin", "database"}
    assert str(environment.credentials.shown().get().public_id) in page.content.decode()
    assert str(inner.public_id) not in page.content.decode()
    assert signed_in(world.booker).post(address).status_code == 404


def test_the_booker_sees_it_and_that_is_recorded(signed_in, world, ready):
    booking, environment = ready
    plain = world.engine.secrets[environment.backend_key]["test"]

    page = signed_in(world.booker).post(url(*ready))

    assert page.status_code == 200
    assert plain in page.text
    assert page["Cache-Control"] == "no-store"
    event = shown(environment).get()
    assert event.actor == world.booker
    assert event.data == {"credential": str(environment.credentials.get().public_id)}
    assert plain not in signed_in(world.booker).get(booking.get_absolute_url()).text


def test_after_the_end_there_is_nothing_to_show(signed_in, world, ready):
    booking, environment = ready
    services.end_booking(booking_id=booking.pk, actor=world.booker)
    address = url(*ready)

    for _step in ("being removed", "gone"):
        page = signed_in(world.booker).post(address, follow=True)
        assert "gibt es nicht mehr" in page.text
        provisioning.work(environment.pk)
    assert not shown(environment).exists()


def test_a_lost_key_is_said(signed_in, world, ready, monkeypatch):
    def lost(token):
        raise encryption.CannotDecrypt

    monkeypatch.setattr(encryption, "decrypt", lost)

    page = signed_in(world.booker).post(url(*ready), follow=True)

    assert "lässt sich nicht anzeigen" in page.text
    assert not shown(ready[1]).exists()


def test_the_password_is_nowhere_else(signed_in, world, caplog, bells, commits):
    """Product.md 3: never in a mail, a log, a task's argument, an event or the database."""
    caplog.set_level(logging.DEBUG)
    with commits():
        booking, environment = world.book_and_set_up()
        plain = world.engine.secrets[environment.backend_key]["test"]
        signed_in(world.booker).post(url(booking, environment))
        services.end_booking(booking_id=booking.pk, actor=world.booker)
        provisioning.work(environment.pk)

    rows = [
        *OutgoingMail.objects.values(),
        *Notification.objects.values(),
        *EnvironmentEvent.objects.values(),
        *booking.events.values(),
        *booking.environments.values(),
        *environment.credentials.values(),
        *environment.proofs.values(),
    ]
    assert plain not in str(rows)
    assert plain not in caplog.text
    assert plain not in str(bells.rings)
    assert len(OutgoingMail.objects.all()) == 2
