"""Data that an engine keeps against a removal: on the operators' list until it is gone or somebody's word is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from sandbox import backends, reconciling, services
from sandbox.backends.base import Item, Observed, ObservedState
from sandbox.enums import EnvironmentState, MeasureKind, StrayVerdict
from sandbox.models import Booking, Environment, Measure, RemovalProof, Stray
from tests.factories import staff
from tests.sandbox.fake_backend import FakeBackend
from tests.sandbox.world import book

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("expect_errors")]

Run = Callable[[Booking], Environment]
PAGE = reverse("admin:sandbox_operations")


def keep(engine: FakeBackend, name: str, *volumes: str) -> None:
    """As a cluster, whose storage class keeps volumes while the namespace with its labels is gone."""
    engine.objects[name] = Observed(
        name,
        ObservedState.EXITED,
        items=tuple(Item("volume", volume) for volume in volumes),
        is_remains=True,
    )


@pytest.fixture
def forgotten(engine: FakeBackend, run: Run) -> Environment:
    """Its removal waited for a volume, until an operator gave it up."""
    booking = book()
    environment = run(booking)
    services.end_booking(booking_id=booking.pk, actor=booking.booked_by)
    Environment.objects.update(state=EnvironmentState.TEARING_DOWN)
    keep(engine, environment.backend_key, "pv-7")
    reconciling.reconcile()
    assert not Stray.objects.exists(), "its removal waits for it still"
    services.forget_environment(
        environment_id=environment.pk, actor=staff("operator"), reason="Alles dort geht weg."
    )
    environment.refresh_from_db()
    return environment


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(staff("operator"), backend="django.contrib.auth.backends.ModelBackend")
    return client


def proof_of(volume: str) -> RemovalProof:
    return RemovalProof.objects.get(name=volume)


def test_what_is_kept_stays_on_the_list_until_it_is_gone(
    engine: FakeBackend, forgotten: Environment
) -> None:
    for _time in range(2):
        reconciling.reconcile()
    stray = Stray.objects.get()
    assert (stray.name, stray.verdict) == (forgotten.backend_key, StrayVerdict.KEPT)
    assert stray.detail == "pv-7"
    assert engine.count("destroy") == 0
    assert proof_of("pv-7").verified_at is None

    del engine.objects[forgotten.backend_key]
    reconciling.reconcile()

    stray.refresh_from_db()
    assert stray.verdict == StrayVerdict.REMOVED
    assert proof_of("pv-7").verified_at is not None


@pytest.mark.parametrize("is_word", [False, True])
def test_what_shows_up_after_its_removal_is_proved_gone_too(
    engine: FakeBackend, run: Run, is_word: bool
) -> None:
    """A cluster may list a kept volume only once the namespace is gone."""
    booking = book()
    run(booking)
    services.end_booking(booking_id=booking.pk, actor=booking.booked_by)
    environment = run(booking)
    assert environment.state == EnvironmentState.GONE
    keep(engine, environment.backend_key, "pv-7")
    reconciling.reconcile()
    assert proof_of("pv-7").verified_at is None

    if is_word:
        stray = Stray.objects.get()
        services.settle_remains(stray_id=stray.pk, actor=staff("operator"), reason="Gelöscht")
    else:
        del engine.objects[environment.backend_key]
        reconciling.reconcile()

    assert proof_of("pv-7").verified_at is not None


def test_an_operators_word_settles_it_until_there_is_more(
    engine: FakeBackend, forgotten: Environment, operator: Client
) -> None:
    reconciling.reconcile()
    stray = Stray.objects.get()
    url = reverse("admin:sandbox_stray_settle", args=[stray.pk])
    assert url in operator.get(PAGE).text
    assert "pv-7" in operator.get(url).text
    empty = operator.post(url, {"reason": " "})
    assert (empty.status_code, Measure.objects.filter(kind=MeasureKind.SETTLE).count()) == (422, 0)

    assert operator.post(url, {"reason": "Im Speicher gelöscht"}).status_code == 302

    measure = Measure.objects.get(kind=MeasureKind.SETTLE)
    assert (measure.environment, measure.reason) == (forgotten, "Im Speicher gelöscht")
    assert proof_of("pv-7").verified_at is not None
    reconciling.reconcile()
    stray.refresh_from_db()
    assert stray.verdict == StrayVerdict.SETTLED
    assert url not in operator.get(PAGE).text
    again = operator.post(url, {"reason": "Noch einmal"})
    assert again.status_code == 409
    assert "Noch einmal" in again.text
    assert Measure.objects.filter(kind=MeasureKind.SETTLE).count() == 1

    keep(engine, forgotten.backend_key, "pv-7", "pv-8")
    reconciling.reconcile()
    stray.refresh_from_db()
    assert (stray.verdict, stray.detail) == (StrayVerdict.KEPT, "pv-7, pv-8")
    assert proof_of("pv-8").verified_at is None
    assert proof_of("pv-7").verified_at is None, "listed after the word"


def test_what_is_listed_again_is_open_again(engine: FakeBackend, forgotten: Environment) -> None:
    """It counted as gone, and the engine lists it once more; the next proof bears the time of the next end."""
    name = forgotten.backend_key
    reconciling.reconcile()
    kept = engine.objects.pop(name)
    reconciling.reconcile()
    first = proof_of("pv-7").verified_at
    assert first is not None

    engine.objects[name] = kept
    reconciling.reconcile()
    assert proof_of("pv-7").verified_at is None
    del engine.objects[name]
    reconciling.reconcile()
    assert proof_of("pv-7").verified_at > first


def test_only_operators_settle(client: Client, forgotten: Environment) -> None:
    reconciling.reconcile()
    url = reverse("admin:sandbox_stray_settle", args=[Stray.objects.get().pk])
    for user, status in ((None, 302), (forgotten.booking.booked_by, 302), (staff("lead"), 403)):
        if user is not None:
            client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        for answer in (client.get(url), client.post(url, {"reason": "x"})):
            assert answer.status_code == status
    client.force_login(staff("operator"), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse("admin:sandbox_stray_settle", args=[4711])).status_code == 404
    assert Stray.objects.get().verdict == StrayVerdict.KEPT


def test_what_another_portal_left_is_not_on_the_list(
    engine: FakeBackend, forgotten: Environment
) -> None:
    keep(engine, "osk-0badcafe-g1", "pv-1")
    reconciling.reconcile()
    assert Stray.objects.get().name == forgotten.backend_key


def test_the_command_names_it_without_a_database(
    engine: FakeBackend, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(backends, "BACKENDS", {"fake": lambda: engine})
    keep(engine, "osk-0badcafe-g1", "pv-1")
    call_command("sandbox_reap", "--all")
    assert "osk-0badcafe-g1: data is kept: pv-1" in capsys.readouterr().out
    assert engine.count("destroy") == 0
