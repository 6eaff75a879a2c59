"""What every engine promises (sandbox.md section 2)."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import DatabaseError

from osk_portal.toolkit import clock
from sandbox.backends.base import (
    BackendUnavailable,
    ObservedState,
    Permanent,
    Retryable,
    quarantine,
)
from sandbox.spec import Endpoint, Port
from tests.conformance.conftest import Engine

KEPT = ("folder", "container", "volume", "secret")


def test_ensure_makes_it_run_and_answer(engine: Engine) -> None:
    found = engine.ensure()

    assert found.state == ObservedState.RUNNING
    assert found.endpoint.startswith(engine.address)
    assert engine.is_ready()


def test_further_endpoints_are_told_as_well(engine: Engine) -> None:
    if not engine.spec.components:
        pytest.skip("a person names one address")
    web = engine.spec.components[0]
    admin = replace(web, listens=(*web.listens, Port("admin", 9000)))
    endpoints = (*engine.spec.endpoints, Endpoint("admin", "/x", "Verwaltung"))
    spec = replace(engine.spec, components=(admin,), endpoints=endpoints)

    found = engine.ensure(spec=spec)

    assert {*found.others} == {"admin"}
    assert found.others["admin"].startswith(engine.address)
    assert found.others["admin"].count("/") == 2
    assert engine.backend.observe(engine.ref).others == found.others


def test_ensure_twice_is_one_environment(engine: Engine) -> None:
    first = engine.ensure()
    second = engine.ensure()

    assert first.items == second.items
    assert first.endpoint == second.endpoint
    assert len(list(engine.backend.observe_all())) == 1


def test_destroy_leaves_nothing_and_may_come_twice(engine: Engine) -> None:
    engine.ensure()

    assert engine.backend.destroy(engine.ref).state == ObservedState.ABSENT
    assert engine.backend.destroy(engine.ref).state == ObservedState.ABSENT
    assert engine.backend.observe(engine.ref).state == ObservedState.ABSENT
    assert list(engine.backend.observe_all()) == []


def test_what_does_not_start_leaves_nothing_behind(engine: Engine) -> None:
    if engine.broken is None:
        pytest.skip("nothing of it can break")
    with contextlib.suppress(Permanent, Retryable):
        engine.ensure(spec=engine.broken)
    assert engine.backend.observe(engine.ref).state != ObservedState.UNKNOWN

    assert engine.backend.destroy(engine.ref).state == ObservedState.ABSENT
    assert list(engine.backend.observe_all()) == []
    assert engine.ensure().state == ObservedState.RUNNING


def test_who_does_not_reach_the_engine_knows_nothing_and_removes_nothing(engine: Engine) -> None:
    if engine.away is None:
        pytest.skip("this engine cannot be away")
    engine.ensure()
    away = engine.away()

    assert away.observe(engine.ref).state == ObservedState.UNKNOWN
    with pytest.raises(BackendUnavailable):
        list(away.observe_all())
    with pytest.raises((Retryable, DatabaseError)):
        away.destroy(engine.ref)
    assert engine.backend.observe(engine.ref).state == ObservedState.RUNNING


def test_its_last_words_are_as_many_as_are_asked_for(engine: Engine) -> None:
    assert engine.backend.logs(engine.ref) == []
    engine.ensure()

    lines = engine.backend.logs(engine.ref, limit=2)

    assert len(lines) <= 2
    assert all(isinstance(line, str) for line in lines)


def test_what_was_halted_starts_again(engine: Engine) -> None:
    if not engine.can_halt:
        pytest.skip("nobody restarts what a person set up")
    engine.ensure()

    for _time in range(2):
        engine.backend.halt(engine.ref)
    assert engine.backend.observe(engine.ref).state != ObservedState.RUNNING

    assert engine.ensure().state == ObservedState.RUNNING
    assert engine.is_ready()


def test_what_never_was_is_absent(engine: Engine) -> None:
    assert engine.backend.observe(engine.ref).state == ObservedState.ABSENT
    assert engine.backend.destroy(engine.ref).state == ObservedState.ABSENT


def test_it_can_come_back_after_its_removal(engine: Engine) -> None:
    engine.ensure()
    engine.backend.destroy(engine.ref)

    assert engine.ensure().state == ObservedState.RUNNING
    assert engine.is_ready()


def test_generations_are_apart(engine: Engine) -> None:
    engine.ensure()
    engine.ensure(engine.next_generation)

    engine.backend.destroy(engine.ref)

    assert [o.generation for o in engine.backend.observe_all()] == [2]


def test_labels_name_the_owner_and_the_end(engine: Engine) -> None:
    end = clock.now() + timedelta(hours=3)
    engine.ensure(expires_at=end)

    [found] = engine.backend.observe_all()

    assert (found.instance, found.env, found.generation) == ("here", engine.ref.env, 1)
    assert found.expires_at == end
    assert found.created_at is not None
    later = end + timedelta(days=1)
    engine.backend.set_expiry(engine.ref, later)
    assert engine.backend.observe(engine.ref).expires_at == later


def test_a_foreign_environment_of_the_same_name_is_not_touched(engine: Engine) -> None:
    foreign = replace(engine.ref, instance="elsewhere")
    engine.ensure(foreign)

    with pytest.raises(Permanent):
        engine.ensure()
    with pytest.raises(Permanent):
        engine.backend.destroy(engine.ref)

    assert engine.backend.observe(foreign).state == ObservedState.RUNNING


def test_items_name_what_a_proof_of_deletion_must_speak_of(engine: Engine) -> None:
    engine.ensure()

    kinds = {item.kind for item in engine.backend.observe(engine.ref).items}

    assert engine.kinds <= kinds


def test_an_engine_says_whether_it_can_work_at_all(engine: Engine) -> None:
    assert engine.backend.check().ok
    assert engine.backend.validate(engine.spec) == []


def test_a_quarantine_stops_it_and_keeps_everything(engine: Engine) -> None:
    if not engine.can_halt:
        pytest.skip("what a person set up, a person stops")
    engine.ensure()
    kept = {item for item in engine.backend.observe(engine.ref).items if item.kind in KEPT}

    for _time in range(2):
        quarantine(engine.backend, engine.ref)

    found = engine.backend.observe(engine.ref)
    assert found.state not in (ObservedState.RUNNING, ObservedState.ABSENT)
    assert kept <= {*found.items}
    check = engine.spec.components[0].readiness
    assert check is not None
    assert not engine.backend.probe(engine.ref, check).ok
    assert engine.backend.destroy(engine.ref).state == ObservedState.ABSENT


def test_what_was_in_quarantine_goes_on_as_it_was(engine: Engine) -> None:
    """Everything kept, under the same address, with its network and an end that is earlier again."""
    if not engine.can_halt:
        pytest.skip("what a person set up, a person stops")
    end = clock.now() + timedelta(hours=3)
    first = engine.ensure(expires_at=end)
    kept = {item for item in engine.backend.observe(engine.ref).items if item.kind in KEPT}
    engine.backend.set_expiry(engine.ref, end + timedelta(days=9))
    quarantine(engine.backend, engine.ref)
    check = engine.spec.components[0].readiness
    assert check is not None
    assert engine.backend.probe(engine.ref, check).is_over, "or nobody would start it again"
    in_use = replace(engine.ref, is_in_use=True)

    for _time in range(2):
        engine.backend.set_expiry(in_use, end)
        found = engine.ensure(in_use, expires_at=end)

    assert found.state == ObservedState.RUNNING
    assert found.endpoint == first.endpoint
    assert kept <= {item for item in found.items if item.kind in KEPT} | {
        item for item in kept if item.kind == "volume" and ".until-" in item.name
    }
    assert engine.is_ready()
    assert engine.backend.observe(engine.ref).expires_at == end
