"""Maintenance lies under the same constraint as bookings."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import services
from sandbox.capacity import NoFreeSlot
from sandbox.models import Allocation, Blackout
from tests.factories import staff
from tests.sandbox.test_approval import MONDAY
from tests.sandbox.world import book, product

pytestmark = pytest.mark.django_db
ADD = reverse("admin:sandbox_blackout_add")


@pytest.fixture
def operator():
    return staff("operator")


@pytest.fixture
def blueprint(clock):
    clock.move_to(MONDAY)
    return product(slots=2)


def block(blueprint, operator, **changes):
    pool = blueprint.pool
    return services.add_blackout(
        **{
            "actor": operator,
            "pool": pool,
            "slots": list(pool.slots.all()),
            "start": MONDAY + timedelta(days=2),
            "end": MONDAY + timedelta(days=3),
            "reason": "Aktualisierung",
            **changes,
        }
    )


def test_nobody_books_into_maintenance(blueprint, operator):
    block(blueprint, operator)

    with pytest.raises(NoFreeSlot) as refused:
        book(blueprint, days=3)
    assert refused.value.next_free == MONDAY + timedelta(days=3, minutes=10)
    assert book(blueprint, days=1)


def test_maintenance_over_bookings_is_refused_with_their_list(blueprint, operator):
    booking = book(blueprint, days=3)

    with pytest.raises(services.PlacesTaken) as refused:
        block(blueprint, operator)

    assert [row.booking for row in refused.value.allocations] == [booking]
    assert not Blackout.objects.exists()
    free = blueprint.pool.slots.exclude(pk=booking.allocations.get().slot_id)
    assert block(blueprint, operator, slots=list(free))


def test_lifted_it_can_be_booked(blueprint, operator):
    blackout = block(blueprint, operator)
    services.lift_blackout(blackout_id=blackout.pk, actor=operator)

    assert book(blueprint, days=3)
    with pytest.raises(TransitionNotAllowed):
        services.lift_blackout(blackout_id=blackout.pk, actor=operator)


def test_only_operators(blueprint, operator):
    for who in (staff("lead"), staff("advisor")):
        with pytest.raises(PermissionDenied):
            block(blueprint, who)
    other = product().pool.slots.get()
    with pytest.raises(ValueError, match="one capacity"):
        block(blueprint, operator, slots=[other])


def test_by_page(client, blueprint, operator):
    booking = book(blueprint, days=3)
    typed = {
        "place": f"pool-{blueprint.pool_id}",
        "start_date": "2026-11-24",
        "start_time": "08:00",
        "end_date": "2026-11-24",
        "end_time": "12:00",
        "reason": "Aktualisierung des Servers",
    }

    def sign_in(user):
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")

    sign_in(staff("advisor"))
    assert client.post(ADD, typed).status_code == 403
    sign_in(operator)
    page = client.post(ADD, typed)
    assert page.status_code == 409
    assert booking.organisation.name in page.text
    assert "Aktualisierung des Servers" in page.text
    for changes, words in (
        ({"place": "pool-x"}, "Wählen Sie die Plätze."),
        ({"reason": ""}, "Geben Sie eine Begründung ein."),
        ({"end_date": "2026-11-23"}, "Das Ende muss nach dem Beginn liegen."),
        ({"start_date": "0001-01-01"}, "Geben Sie ein Datum ein"),
        ({"start_date": "2027-03-28", "start_time": "02:30"}, "vorgestellt"),
    ):
        page = client.post(ADD, {**typed, **changes})
        assert page.status_code == 422
        assert words in page.text
    later = {**typed, "start_date": "2026-12-01", "end_date": "2026-12-02"}
    client.post(ADD, later)
    blackout = Blackout.objects.get()
    assert Allocation.objects.held().filter(blackout=blackout).count() == 2

    listed = client.get(reverse("admin:sandbox_blackout_changelist"))
    assert "Aktualisierung des Servers" in listed.text
    lift = reverse("admin:sandbox_blackout_lift", args=[blackout.public_id])
    sign_in(staff("lead"))
    assert client.post(lift).status_code == 403
    sign_in(operator)
    shown = client.get(reverse("admin:sandbox_blackout_change", args=[blackout.pk]), follow=True)
    assert "Wartung aufheben" in shown.text
    for _twice in range(2):
        client.post(lift)
    assert not Allocation.objects.held().filter(blackout=blackout).exists()
