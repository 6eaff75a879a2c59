"""The operators' page: everything at a glance, from rows, and what may be done there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock as portal_clock
from sandbox import operations, reconciling, restoring, services
from sandbox.backends.base import BackendUnavailable, Health, Permanent
from sandbox.enums import BookingState, EnvironmentState, RestoreEvidence
from sandbox.models import Booking, EngineHealth, Environment, Measure, Restore
from sandbox.portal import _still_allowed as still_allowed
from sandbox.services import participants
from tests.conftest import Clock
from tests.factories import MembershipFactory, staff
from tests.sandbox.factories import BookingFactory, EnvironmentFactory
from tests.sandbox.fake_backend import FakeBackend
from tests.sandbox.test_reconciling import orphan
from tests.sandbox.world import book, product

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("expect_errors")]

Run = Callable[[Booking], Environment]
PAGE = reverse("admin:sandbox_operations")
CONFIRM = reverse("admin:sandbox_restore_confirm")


def address(name: str, environment: Environment) -> str:
    return reverse(f"admin:sandbox_environment_{name}", args=[environment.public_id])


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(staff("operator"), backend="django.contrib.auth.backends.ModelBackend")
    return client


def in_days(days: int) -> str:
    return (portal_clock.today() + timedelta(days=days)).isoformat()


def test_only_operators_come_in(client: Client, engine: FakeBackend, run: Run) -> None:
    booking = book()
    environment = run(booking)
    gets = [PAGE, address("page", environment)]
    posts = [CONFIRM, *(address(name, environment) for name in ("retry", "end", "quarantine"))]
    for user, status in ((None, 302), (booking.booked_by, 302), (staff("lead"), 403)):
        if user is not None:
            client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        for url in gets:
            assert client.get(url).status_code == status
        for url in posts:
            assert client.post(url, {"end-reason": "x"}).status_code == status
    assert not Measure.objects.exists()


def test_wrong_methods_and_unknown_ones(operator: Client, engine: FakeBackend, run: Run) -> None:
    environment = run(book())
    assert operator.post(PAGE).status_code == 405
    for name in ("retry", "end", "quarantine"):
        assert operator.get(address(name, environment)).status_code == 405
    environment.public_id = "00000000-0000-4000-8000-000000000000"
    assert operator.get(address("page", environment)).status_code == 404


def test_an_empty_portal_has_a_page(operator: Client) -> None:
    page = operator.get(PAGE)
    assert page.status_code == 200
    assert "Es gibt noch keinen Platz." in page.text


def test_everything_at_a_glance(
    operator: Client, engine: FakeBackend, run: Run, clock: Clock
) -> None:
    clock.move_to(portal_clock.now())
    blueprint = product(slots=3)
    run(book(blueprint))
    failed = book(blueprint)
    engine.fault("ensure", Permanent("", "the image was not built"))
    run(failed)
    orphan(engine)
    reconciling.reconcile()

    page = operator.get(PAGE)

    assert page.status_code == 200
    assert "the image was not built" in page.text
    assert address("page", failed.environments.get()) in page.text
    assert "in memory" in page.text
    assert "osk-0badcafe-g1" in page.text
    [pool] = [p for p in page.context["pools"] if p.places == 3]
    assert (pool.taken, pool.free, pool.engines, pool.resource_class) == (1, 2, ["fake"], "klein")
    assert dict(page.context["states"])["Bereit"] == 1
    assert page.context["engines"][0].is_old is False


def test_no_engine_is_asked_and_an_old_measure_says_so(
    operator: Client, engine: FakeBackend, clock: Clock
) -> None:
    clock.move_to(portal_clock.now())
    product()
    reconciling.reconcile()
    engine.calls.clear()
    clock.move_to(portal_clock.now() + timedelta(minutes=6))

    page = operator.get(PAGE)

    assert engine.calls == []
    assert page.context["engines"][0].is_old
    assert "Alt: Läuft der Worker?" in page.text


def test_health_knows_since_when(engine: FakeBackend, clock: Clock, monkeypatch) -> None:
    start = clock.move_to(portal_clock.now())
    product()
    reconciling.reconcile()
    clock.move_to(start + timedelta(minutes=1))
    reconciling.reconcile()
    assert EngineHealth.objects.get().since == start
    engine.fault("observe_all", BackendUnavailable("no socket"))
    clock.move_to(start + timedelta(minutes=2))
    reconciling.reconcile()
    health = EngineHealth.objects.get()
    assert (health.is_ok, health.detail) == (False, "no socket")
    assert health.since == start + timedelta(minutes=2)
    monkeypatch.setattr(engine, "check", lambda: Health(False, "x" * 2000))
    reconciling.reconcile()
    assert len(EngineHealth.objects.get().detail) == 500


def test_as_many_queries_with_one_row_as_with_three(
    operator: Client, engine: FakeBackend, run: Run, django_assert_max_num_queries
) -> None:
    for _number in range(3):
        environment = run(book())
        Environment.objects.filter(pk=environment.pk).update(state="degraded")
        services.end_environment(
            environment_id=environment.pk, actor=staff("operator"), reason="Test"
        )
    orphan(engine)
    restoring.suspect(RestoreEvidence.MARKER)
    reconciling.reconcile()
    operator.get(PAGE)  # the first page of a session notes the session
    with django_assert_max_num_queries(12):
        assert operator.get(PAGE).status_code == 200


def test_durations_of_each_product(engine: FakeBackend, run: Run) -> None:
    blueprint = product(slots=6)
    for _number in range(5):
        run(book(blueprint))
    run(book())
    rows = {row.product: row for row in operations.durations()}
    assert rows[blueprint.name].count == 5
    assert rows[blueprint.name].half is not None
    assert [row.half for row in rows.values()].count(None) == 1


def test_quarantine_from_the_page(operator: Client, engine: FakeBackend, run: Run) -> None:
    booking = book()
    environment = run(booking)
    page = operator.get(address("page", environment))
    assert "In Quarantäne nehmen" in page.text
    url = address("quarantine", environment)
    for wrong in (
        {"quarantine-reason": "", "quarantine-until": in_days(3)},
        {"quarantine-reason": "Grund", "quarantine-until": in_days(-1)},
        {"quarantine-reason": "Grund", "quarantine-until": in_days(400)},
        {"quarantine-reason": "Grund", "quarantine-until": "9999-12-31"},
        {"quarantine-reason": "Grund", "quarantine-until": "bald"},
    ):
        answer = operator.post(url, wrong)
        assert answer.status_code == 422
        assert "Fehler:" in answer.text
    good = {"quarantine-reason": "<b>Auffällig</b>", "quarantine-until": in_days(3)}

    assert operator.post(url, good).status_code == 302
    again = operator.post(url, good)

    assert again.status_code == 409
    assert "&lt;b&gt;Auffällig&lt;/b&gt;" in again.text
    assert run(booking).state == EnvironmentState.QUARANTINED
    assert Measure.objects.count() == 1
    page = operator.get(address("page", environment))
    assert page.context["quarantine_form"] is None
    assert page.context["end_form"] is not None


def test_end_and_retry_from_the_page(operator: Client, engine: FakeBackend, run: Run) -> None:
    booking = book()
    environment = run(booking)
    url = address("end", environment)
    assert operator.post(url, {"end-reason": " "}).status_code == 422
    assert operator.post(url, {"end-reason": "Stört"}).status_code == 302
    assert operator.post(url, {"end-reason": "Stört"}).status_code == 409
    assert run(booking).state == EnvironmentState.GONE

    failed = book()
    engine.fault("ensure", Permanent("", "no image"))
    run(failed)
    gone = run(failed)
    assert operator.get(address("page", gone)).context["may_retry"]
    assert operator.post(address("retry", gone)).status_code == 302
    operator.post(address("retry", gone))
    failed.refresh_from_db()
    assert failed.state == BookingState.APPROVED
    assert failed.environments.count() == 2
    kinds = list(Measure.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["end", "retry"]


def test_ending_what_had_not_begun_is_told(operator: Client, engine: FakeBackend, run: Run) -> None:
    """To who booked, the deputy, and those who were to test along; once, whatever the worker does then."""
    membership = MembershipFactory()
    booking = book(product(), membership, starts_in=timedelta(days=3))
    deputy, colleague = (MembershipFactory(organisation=membership.organisation) for _ in "12")
    services.name_deputy(booking_id=booking.pk, actor=membership.user, deputy=deputy.user)
    participants.invite_person(
        booking_id=booking.pk, actor=membership.user, email=colleague.user.email
    )
    participants.invite_guest(
        booking_id=booking.pk, actor=membership.user, name="Gast", email="gast@example.org"
    )
    OutgoingMail.objects.all().delete()

    url = address("end", booking.environments.get())
    assert operator.post(url, {"end-reason": "Platz fällt aus"}).status_code == 302
    Environment.objects.update(next_action_at=portal_clock.now())
    assert run(booking).state == EnvironmentState.GONE

    assert booking.state == BookingState.CANCELLED
    mails = {mail.address: mail for mail in OutgoingMail.objects.all()}
    assert {address: mail.kind for address, mail in mails.items()} == {
        membership.user.email: "sandbox.booking_cancelled",
        deputy.user.email: "sandbox.booking_cancelled",
        colleague.user.email: "sandbox.test_cancelled",
        "gast@example.org": "sandbox.test_cancelled",
    }
    assert "METHOD:CANCEL" in str(mails[membership.user.email].attachments)
    for mail in mails.values():
        assert "Platz fällt aus" not in mail.body, "the reason is the operators'"
        assert still_allowed(mail.user_id or 0, mail.kind, mail.subject_key)
    invited = booking.participants.get(user=colleague.user)
    participants.remove_participant(participant_id=invited.pk, actor=membership.user)
    assert not still_allowed(colleague.user.pk, "sandbox.test_cancelled", str(invited.public_id))


def test_ending_what_runs_is_told_when_all_is_removed(
    operator: Client, engine: FakeBackend, run: Run
) -> None:
    booking = book()
    environment = run(booking)
    OutgoingMail.objects.all().delete()
    operator.post(address("end", environment), {"end-reason": "Stört"})
    run(booking)
    assert [m.kind for m in OutgoingMail.objects.all()] == ["sandbox.booking_ended"]


def test_a_restore_is_confirmed_there_once(operator: Client, engine: FakeBackend) -> None:
    restoring.suspect(RestoreEvidence.UNKNOWN_OBJECT, "osk-0badcafe-g1")
    page = operator.get(PAGE)
    assert "Das Portal meldet nur" in page.text
    assert operator.get(CONFIRM).status_code == 405

    for _time in range(2):
        assert operator.post(CONFIRM).status_code == 302

    assert not Restore.objects.open().exists()
    assert Measure.objects.filter(kind="confirm").count() == 1
    assert "Das Portal meldet nur" not in operator.get(PAGE).text


@pytest.mark.parametrize("state", EnvironmentState)
def test_every_state_has_a_page(operator: Client, engine: FakeBackend, state: str) -> None:
    now = portal_clock.now()
    environment = EnvironmentFactory(
        booking=BookingFactory(state="failed"),
        state=state, endpoint="http://127.0.0.1:1/", ready_at=now, gone_at=now,
        quarantined_until=now, isolated_at=now, error_for_operator="<script>", error_for_user="x",
    )  # fmt: skip
    page = operator.get(address("page", environment))
    assert page.status_code == 200
    assert "&lt;script&gt;" in page.text
