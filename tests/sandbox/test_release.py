"""A quarantine is lifted: back to its booking with place, network, data and passwords, or with a word why not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.test import Client
from django.urls import reverse

from network.models import Organisation
from osk_portal.notifications.models import Notification, OutgoingMail
from osk_portal.toolkit import clock as portal_clock
from osk_portal.toolkit import encryption
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import provisioning, reconciling, restoring, services
from sandbox.backends.base import BackendUnavailable, ObservedState, quarantine
from sandbox.enums import BookingState, EnvironmentState, RestoreEvidence
from sandbox.leases import ref_of
from sandbox.models import Allocation, Booking, Environment, Measure, Restore, Slot
from sandbox.services.participants import invite_guest
from tests.conftest import Clock
from tests.factories import MembershipFactory, staff
from tests.sandbox.fake_backend import FakeBackend
from tests.sandbox.world import book, product

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("expect_errors")]

Run = Callable[[Booking], Environment]


@pytest.fixture(autouse=True)
def _standing_still(clock: Clock) -> None:
    clock.move_to(portal_clock.now())


def halt(environment: Environment, *, days: float = 30) -> Environment:
    return services.quarantine_environment(
        environment_id=environment.pk, actor=staff("operator"), reason="Auffällig",
        until=portal_clock.now() + timedelta(days=days),
    )  # fmt: skip


def release(environment: Environment, *, actor=None) -> Environment:
    return services.release_quarantine(
        environment_id=environment.pk, actor=actor or staff("operator"), reason="War nichts"
    )


def password(booking: Booking) -> str:
    return encryption.decrypt(booking.environments.get().credentials.get().secret)


@pytest.fixture
def settled(run: Run, clock: Clock) -> Run:
    """As ``run``, and again after the few seconds between two looks."""

    def again(booking: Booking) -> Environment:
        for _time in range(3):
            run(booking)
            clock.move_to(portal_clock.now() + timedelta(seconds=8))
        return run(booking)

    return again


@pytest.fixture
def kept(engine: FakeBackend, run: Run) -> Booking:
    """Ready for a week, with a guest, and put into quarantine for a month."""
    booking = book(product(longest_days=30))
    invite_guest(
        booking_id=booking.pk, actor=booking.booked_by, name="Gesa", email="gesa@example.org"
    )
    halt(run(booking))
    run(booking)
    OutgoingMail.objects.all().delete()
    return booking


def test_it_goes_on_with_place_data_and_passwords_until_its_booking_ends(
    engine: FakeBackend, run: Run, clock: Clock, kept: Booking
) -> None:
    before, secret = kept.environments.get(), password(kept)
    assert not Allocation.objects.held().exists()
    clock.move_to(portal_clock.now() + timedelta(days=1))

    release(before)
    assert kept.environments.get().state == EnvironmentState.STARTING
    environment = run(kept)

    assert (environment.pk, environment.state) == (before.pk, EnvironmentState.READY)
    assert (environment.quarantined_until, environment.isolated_at) == (None, None)
    assert kept.state == BookingState.ACTIVE
    assert Allocation.objects.held().get().slot == environment.slot == before.slot
    assert engine.count("destroy") == 0
    assert engine.objects[environment.backend_key].state == ObservedState.RUNNING
    assert password(kept) == secret == engine.secrets[environment.backend_key]["test"]
    ends = (environment.expires_at, engine.objects[environment.backend_key].expires_at)
    assert ends == (kept.ends_at, kept.ends_at)
    assert [m.kind for m in Measure.objects.order_by("pk")] == ["quarantine", "release"]
    assert [e.kind for e in kept.events.all()][-3:] == ["fail", "resume", "activate"]
    told = {mail.address: mail for mail in OutgoingMail.objects.all()}
    assert {address: mail.kind for address, mail in told.items()} == {
        kept.booked_by.email: "sandbox.booking_released",
        "gesa@example.org": "sandbox.test_changed",
    }
    assert all("War nichts" not in mail.text for mail in told.values())
    assert "läuft wieder bis" in told[kept.booked_by.email].text

    reconciling.reconcile()
    provisioning.tick()
    assert not Restore.objects.exists(), "an end that was moved to an earlier one is no restore"
    clock.move_to(kept.ends_at + timedelta(minutes=1))
    provisioning.tick()
    assert run(kept).state == EnvironmentState.GONE
    assert kept.state == BookingState.ENDED


def test_twice_is_once_and_it_can_be_halted_again(
    engine: FakeBackend, run: Run, settled: Run, kept: Booking
) -> None:
    environment = release(kept.environments.get())
    with pytest.raises(TransitionNotAllowed):
        release(environment)
    settled(kept)
    with pytest.raises(TransitionNotAllowed):
        release(environment)
    assert Measure.objects.filter(kind="release").count() == 1

    halt(run(kept))
    assert run(kept).state == EnvironmentState.QUARANTINED
    assert Notification.objects.filter(kind="sandbox.booking_halted").count() == 2


def test_what_was_not_stopped_yet_keeps_its_place(engine: FakeBackend, run: Run) -> None:
    booking = book()
    environment = halt(run(booking))
    held = Allocation.objects.held().get()
    engine.fault("halt", BackendUnavailable("no socket"))
    run(booking)

    release(environment)

    assert run(booking).state == EnvironmentState.READY
    assert Allocation.objects.held().get() == held


@pytest.mark.parametrize("is_old", [False, True])
def test_one_that_would_have_been_shorter_than_its_booking_runs_until_the_booking_ends(
    engine: FakeBackend, run: Run, clock: Clock, is_old: bool
) -> None:
    """Neither its row nor the safety net at the engine keeps the earlier day of the quarantine."""
    booking = book()
    halt(run(booking), days=2)
    if is_old:
        Environment.objects.update(expires_at=F("quarantined_until"))
    run(booking)

    release(booking.environments.get())
    environment = run(booking)

    assert environment.state == EnvironmentState.READY
    ends = (environment.expires_at, engine.objects[environment.backend_key].expires_at)
    assert ends == (booking.ends_at, booking.ends_at)
    clock.move_to(portal_clock.now() + timedelta(days=3))
    assert environment.pk not in provisioning.tick(), "nothing is due before its end"


def test_while_a_worker_stops_it_nothing_is_lifted(
    engine: FakeBackend, run: Run, settled: Run, client: Client
) -> None:
    """What that worker does last at the engine would break what the next one has started."""
    booking = book()
    environment = halt(run(booking))
    client.force_login(staff("operator"), backend="django.contrib.auth.backends.ModelBackend")
    url = reverse("admin:sandbox_environment_release", args=[environment.public_id])
    answers = []

    def meanwhile() -> None:
        answers.append(client.post(url, {"release-reason": "War <nichts>"}))

    engine.fault("halt", meanwhile)
    environment = run(booking)

    [answer] = answers
    assert answer.status_code == 409
    assert "gerade angehalten" in answer.text
    assert "War &lt;nichts&gt;" in answer.text
    assert environment.isolated_at is not None
    assert not Measure.objects.filter(kind="release").exists()
    assert client.post(url, {"release-reason": "War nichts"}).status_code == 302
    assert settled(booking).state == EnvironmentState.READY


def test_a_worker_that_stops_it_late_does_no_harm(
    engine: FakeBackend, run: Run, settled: Run, kept: Booking
) -> None:
    environment = release(kept.environments.get())
    run(kept)
    quarantine(engine, ref_of(environment))
    reconciling.reconcile()

    assert settled(kept).state == EnvironmentState.READY
    assert engine.objects[environment.backend_key].state == ObservedState.RUNNING


def test_what_was_never_ready_is_set_up_further(engine: FakeBackend, run: Run) -> None:
    booking = book()
    environment = booking.environments.get()
    engine.fault("ensure:after", lambda: halt(environment) and None)
    assert run(booking).state == EnvironmentState.QUARANTINED

    assert release(environment).state == EnvironmentState.PROVISIONING

    assert run(booking).state == EnvironmentState.READY
    assert booking.environments.get().expires_at == booking.ends_at
    assert booking.state == BookingState.ACTIVE


def test_an_engine_that_is_away_is_asked_again_and_nothing_looks_like_a_restore(
    engine: FakeBackend, run: Run, settled: Run, kept: Booking
) -> None:
    release(kept.environments.get())
    engine.fault("set_expiry", BackendUnavailable("no socket"))
    run(kept)
    reconciling.reconcile()
    assert not Restore.objects.exists()
    services.extend_booking(
        booking_id=kept.pk, actor=kept.booked_by, end=kept.ends_at + timedelta(days=2)
    )
    reconciling.reconcile()
    assert not Restore.objects.exists()

    environment = settled(kept)

    assert environment.state == EnvironmentState.READY
    assert environment.expires_at == kept.ends_at
    assert engine.objects[environment.backend_key].expires_at == kept.ends_at


def test_who_extends_it_while_the_engine_is_told_gets_the_later_end(
    engine: FakeBackend, run: Run, kept: Booking
) -> None:
    before = kept.ends_at

    def meanwhile() -> None:
        services.extend_booking(
            booking_id=kept.pk, actor=kept.booked_by, end=before + timedelta(days=2)
        )

    release(kept.environments.get())
    engine.fault("set_expiry", meanwhile)
    environment = run(kept)

    assert environment.state == EnvironmentState.READY
    ends = (environment.expires_at, engine.objects[environment.backend_key].expires_at)
    assert ends == (kept.ends_at, kept.ends_at) == (before + timedelta(days=2),) * 2


def test_a_list_that_is_older_than_the_row_is_no_restore(
    engine: FakeBackend, run: Run, kept: Booking
) -> None:
    old = {o.name: o for o in engine.observe_all()}
    release(kept.environments.get())
    run(kept)

    reconciling._compare_ends(engine, old)

    assert not Restore.objects.exists()
    engine.set_expiry(ref_of(kept.environments.get()), kept.ends_at + timedelta(days=9))
    reconciling.reconcile()
    assert restoring.is_held(), "a later end is still seen"


def taken(booking: Booking, _run: Run) -> None:
    book(booking.blueprint_version.blueprint)


def another_engine(booking: Booking, _run: Run) -> None:
    Slot.objects.update(backend="process")


def quota_used(booking: Booking, _run: Run) -> None:
    member = MembershipFactory(organisation=booking.organisation)
    for _number in range(2):
        book(product(), member)


def not_entitled(booking: Booking, _run: Run) -> None:
    Organisation.objects.filter(pk=booking.organisation_id).update(is_entitled=False)


@pytest.mark.parametrize(
    ("meanwhile", "words"),
    [
        (taken, "kein Platz"),
        (another_engine, "kein Platz"),
        (quota_used, "Kontingent"),
        (not_entitled, "nicht mehr berechtigt"),
    ],
)
def test_it_says_why_not(
    engine: FakeBackend, run: Run, client: Client, kept: Booking,
    meanwhile: Callable[[Booking, Run], None], words: str,
) -> None:  # fmt: skip
    """The reason that was typed stays, and nothing has changed."""
    environment = kept.environments.get()
    meanwhile(kept, run)
    client.force_login(staff("operator"), backend="django.contrib.auth.backends.ModelBackend")
    url = reverse("admin:sandbox_environment_release", args=[environment.public_id])

    answer = client.post(url, {"release-reason": "War <nichts>"})

    assert answer.status_code == 409
    assert words in answer.text
    assert "War &lt;nichts&gt;" in answer.text
    kept.refresh_from_db()
    assert (run(kept).state, kept.state) == (EnvironmentState.QUARANTINED, BookingState.FAILED)
    assert not Measure.objects.filter(kind="release").exists()


def test_while_the_database_may_be_older_nothing_is_given_back(
    engine: FakeBackend, kept: Booking
) -> None:
    """The engine would be told an end that this database only believes in."""
    restoring.suspect(RestoreEvidence.MARKER)

    with pytest.raises(TransitionNotAllowed, match="meldet nur"):
        release(kept.environments.get())

    assert kept.environments.get().state == EnvironmentState.QUARANTINED


def test_a_trial_run_knows_no_quota(engine: FakeBackend, run: Run, kept: Booking) -> None:
    quota_used(kept, run)
    Booking.objects.filter(pk=kept.pk).update(is_trial=True)

    release(kept.environments.get())

    kept.refresh_from_db()
    assert kept.state == BookingState.APPROVED


def over(booking: Booking, run: Run, clock: Clock) -> None:
    halt(run(booking))
    clock.move_to(booking.ends_at)


def was_ended(booking: Booking, run: Run, clock: Clock) -> None:
    environment = run(booking)
    services.end_booking(booking_id=booking.pk, actor=booking.booked_by)
    halt(environment)


def being_reset(booking: Booking, run: Run, clock: Clock) -> None:
    environment = run(booking)
    services.reset_environment(booking_id=booking.pk, actor=booking.booked_by)
    halt(environment)


@pytest.mark.parametrize("before", [over, was_ended, being_reset])
def test_what_cannot_go_on_says_so_on_its_page(
    engine: FakeBackend, run: Run, clock: Clock, client: Client, before
) -> None:
    booking = book()
    before(booking, run, clock)
    environment = run(booking)
    client.force_login(staff("operator"), backend="django.contrib.auth.backends.ModelBackend")

    page = client.get(reverse("admin:sandbox_environment_page", args=[environment.public_id]))

    assert page.context["release_form"] is None
    assert page.context["why_not_released"] in page.text
    assert page.context["why_not_released"]
    with pytest.raises(TransitionNotAllowed):
        release(environment)
    assert booking.environments.get().state == EnvironmentState.QUARANTINED


def test_the_ladder(client: Client, settled: Run, kept: Booking) -> None:
    environment = kept.environments.get()
    url = reverse("admin:sandbox_environment_release", args=[environment.public_id])
    reason = {"release-reason": "War nichts"}
    for user, status in ((None, 302), (kept.booked_by, 302), (staff("lead"), 403)):
        if user is not None:
            client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        assert client.post(url, reason).status_code == status
    with pytest.raises(PermissionDenied):
        release(environment, actor=kept.booked_by)
    client.force_login(staff("operator"), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(url).status_code == 405
    nobody = "00000000-0000-4000-8000-000000000000"
    unknown = reverse("admin:sandbox_environment_release", args=[nobody])
    assert client.post(unknown, reason).status_code == 404
    faulty = client.post(url, {"release-reason": " "})
    assert faulty.status_code == 422
    assert "Fehler:" in faulty.text
    assert not Measure.objects.filter(kind="release").exists()

    assert client.post(url, reason).status_code == 302
    assert client.post(url, reason).status_code == 409
    assert settled(kept).state == EnvironmentState.READY
    assert Measure.objects.filter(kind="release").count() == 1


def test_who_was_still_at_it_cuts_nothing_off_that_was_given_back_meanwhile(
    engine: FakeBackend, run: Run
) -> None:
    """A quarantine is ordered and lifted while a worker is in the middle of a repair."""
    booking = book()
    environment = run(booking)
    name = environment.backend_key
    engine.kill(name)
    reconciling.reconcile()
    engine.fault("ensure:after", lambda: halt(environment) and None)

    def lift() -> None:
        release(environment)
        provisioning.work(environment.pk)
        assert engine.objects[name].state == ObservedState.RUNNING

    engine.fault("halt", lift)

    assert run(booking).state == EnvironmentState.READY
    assert engine.objects[name].state == ObservedState.RUNNING


@pytest.mark.parametrize("is_ready", [True, False])
def test_what_runs_and_is_cut_off_still_is_reached_again(
    engine: FakeBackend, settled: Run, clock: Clock, kept: Booking, is_ready: bool
) -> None:
    """Who cut it off was killed before it could put that right."""
    environment = kept.environments.get()
    name = environment.backend_key
    release(environment)
    if is_ready:
        assert settled(kept).state == EnvironmentState.READY
        engine.cut_off.add(name)
        reconciling.reconcile()
    else:
        engine.fault("ensure:after", lambda: engine.cut_off.add(name))
    assert engine.count("destroy") == 0

    assert settled(kept).state == EnvironmentState.READY
    assert name not in engine.cut_off
    assert engine.count("destroy") == 0
