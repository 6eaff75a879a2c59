"""The operator's side: what may be changed, and that every change is a service."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from osk_portal.portal import staff_rights
from sandbox import provisioning, services
from sandbox.backends.base import BackendUnavailable, Permanent
from sandbox.enums import BookingState, EnvironmentState
from sandbox.models import Credential
from tests.factories import staff
from tests.sandbox.world import book

pytestmark = pytest.mark.django_db

LIST = reverse("admin:sandbox_environment_changelist")


@pytest.fixture
def operator():
    return staff("operator")


@pytest.fixture
def signed_in(client):
    def as_user(user):
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return as_user


@pytest.fixture
def stuck(engine, operator):
    """A removal that does not end."""
    booking = book()
    provisioning.work(booking.environments.get().pk)
    services.end_booking(booking_id=booking.pk, actor=booking.booked_by)
    engine.fault("destroy", *[BackendUnavailable("engine sold")] * 3)
    provisioning.work(booking.environments.get().pk)
    return booking.environments.get()


def forget_url(environment):
    return reverse("admin:sandbox_environment_forget", args=[environment.pk])


def act(client, action, *rows, url=LIST):
    data = {"action": action, "_selected_action": [row.pk for row in rows]}
    return client.post(url, data, follow=True)


@pytest.mark.parametrize("model", ["environment", "booking", "pool", "blueprint"])
def test_the_operator_reads_every_list_and_page(signed_in, operator, stuck, model):
    client = signed_in(operator)
    page = client.get(reverse(f"admin:sandbox_{model}_changelist"))
    assert page.status_code == 200

    objects = {
        "environment": stuck,
        "booking": stuck.booking,
        "pool": stuck.slot.pool,
        "blueprint": stuck.booking.blueprint_version.blueprint,
    }
    address = reverse(f"admin:sandbox_{model}_change", args=[objects[model].pk])
    assert client.get(address).status_code == 200


def test_no_page_of_the_admin_knows_credentials(signed_in, operator, stuck):
    from django.contrib import admin

    assert Credential not in admin.site._registry
    page = signed_in(operator).get(reverse("admin:sandbox_environment_change", args=[stuck.pk]))
    assert stuck.credentials.get().secret not in page.text


def test_environments_and_bookings_are_only_read(signed_in, operator, stuck):
    client = signed_in(operator)
    for model, row in (("environment", stuck), ("booking", stuck.booking)):
        address = reverse(f"admin:sandbox_{model}_change", args=[row.pk])
        assert client.post(address, {"state": "ready"}).status_code == 403
        assert client.get(reverse(f"admin:sandbox_{model}_add")).status_code == 403


@pytest.mark.parametrize("role", ["advisor", "lead"])
def test_advisors_look_but_do_not_operate(signed_in, stuck, role):
    client = signed_in(staff(role))

    assert client.get(forget_url(stuck)).status_code == 403
    assert client.post(forget_url(stuck), {"reason": "x"}).status_code == 403
    act(client, "retry", stuck)
    stuck.refresh_from_db()
    assert stuck.state == EnvironmentState.TEARING_DOWN


def test_members_do_not_come_in(signed_in, stuck):
    assert signed_in(stuck.booking.booked_by).get(forget_url(stuck)).status_code == 302


def test_forgetting_needs_a_reason(signed_in, operator, stuck):
    client = signed_in(operator)

    assert forget_url(stuck) in client.get(LIST).text
    assert client.get(forget_url(stuck)).status_code == 200
    assert client.post(forget_url(stuck), {"reason": " "}).status_code == 422
    client.post(forget_url(stuck), {"reason": "Maschine verschrottet"})

    stuck.refresh_from_db()
    assert stuck.state == EnvironmentState.ABANDONED
    assert stuck.abandoned_reason == "Maschine verschrottet"


def test_forgetting_twice_is_told_and_the_reason_stays(signed_in, operator, stuck):
    client = signed_in(operator)
    client.post(forget_url(stuck), {"reason": "Maschine verschrottet"})

    again = client.post(forget_url(stuck), {"reason": "Mein langer Grund"})

    assert again.status_code == 409
    assert "Mein langer Grund" in again.text
    stuck.refresh_from_db()
    assert stuck.abandoned_reason == "Maschine verschrottet"


def test_only_operators_retry_and_forget(stuck):
    """Whoever calls the service: it asks itself."""
    for actor in (stuck.booking.booked_by, staff("lead"), staff("operator", is_active=False)):
        with pytest.raises(PermissionDenied):
            services.retry_booking(booking_id=stuck.booking_id, actor=actor)
        with pytest.raises(PermissionDenied):
            services.forget_environment(environment_id=stuck.pk, actor=actor, reason="weg")


def test_retrying_a_failed_booking(signed_in, operator, engine, expect_errors):
    booking = book()
    engine.fault("ensure", Permanent("", "program missing"))
    provisioning.work(booking.environments.get().pk)

    act(signed_in(operator), "retry", booking.environments.get())

    booking.refresh_from_db()
    assert booking.state == BookingState.APPROVED
    assert booking.environments.count() == 2


def test_retrying_what_runs_is_told(signed_in, operator, engine):
    booking = book()
    environment = booking.environments.get()

    act(signed_in(operator), "retry", environment)

    assert booking.environments.count() == 1


def test_the_rights_of_staff_are_declared():
    assert staff_rights.get("sandbox")
