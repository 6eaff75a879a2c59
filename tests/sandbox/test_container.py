"""The container backend against an engine in memory; ``tests/containers`` asks a real one the same."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import timedelta

import pytest

from osk_portal.toolkit import clock
from sandbox import backends
from sandbox.backends import container
from sandbox.backends.base import (
    AddressHeld,
    BackendError,
    BackendUnavailable,
    CapacityExhausted,
    EnvRef,
    ObservedState,
    Permanent,
    ProbeResult,
    Retryable,
)
from sandbox.spec import HttpCheck
from tests.conformance.conftest import Engine, make_container_spec, reference
from tests.conformance.test_taking_along import with_data
from tests.sandbox.engine_in_memory import BackendInMemory, EngineInMemory
from tests.sandbox.fake_backend import Killed


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    memory = EngineInMemory()
    monkeypatch.setattr(container, "ask", memory.ask)
    monkeypatch.setattr(container, "DEPENDS_SECONDS", 0)
    return Engine(BackendInMemory(memory), reference(), make_container_spec())


def whole(engine: Engine) -> list[str]:
    name = engine.ref.name
    return [name, f"{name}-data.data", f"{name}-web.home", f"{name}-web"]


@pytest.mark.parametrize("call", range(1, 7))
def test_whoever_is_killed_while_setting_up_is_followed_by_another(
    engine: Engine, call: int
) -> None:
    """Network, two volumes, container, files, start: after each of them."""
    memory = engine.backend.memory
    memory.dies_after = call
    with pytest.raises(Killed):
        engine.ensure()
    found = engine.backend.observe(engine.ref)
    assert found.env == engine.ref.env

    assert engine.ensure().state == ObservedState.RUNNING
    assert memory.everything == whole(engine)
    assert engine.is_ready()


def test_what_people_change_of_a_seed_outlives_a_restart(engine: Engine) -> None:
    memory, place = engine.backend.memory, f"{engine.ref.name}-web:/data"
    engine.spec = with_data(engine.spec)
    engine.ensure()
    assert memory.files.pop(place)

    for _time in "ab":
        engine.backend.halt(engine.ref)
        assert engine.ensure().state == ObservedState.RUNNING
        assert place not in memory.files
    engine.backend.destroy(engine.ref)
    engine.ensure()
    assert place in memory.files, "a new environment begins anew"


@pytest.mark.parametrize("call", range(1, 5))
def test_whoever_is_killed_while_removing_is_followed_by_another(engine: Engine, call: int) -> None:
    memory = engine.backend.memory
    engine.ensure()
    memory.calls.clear()
    memory.dies_after = call
    with contextlib.suppress(Killed):
        engine.backend.destroy(engine.ref)

    assert engine.backend.destroy(engine.ref).state == ObservedState.ABSENT
    assert memory.everything == []


def test_an_address_that_the_engine_keeps_for_nobody_goes_with_the_network(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Podman's service was killed while it started the container."""
    memory = engine.backend.memory

    def start(name: str) -> None:
        raise AddressHeld(f"{name}: ip address already allocated")

    with monkeypatch.context() as held:
        held.setattr(memory, "start", start)
        with pytest.raises(AddressHeld):
            engine.ensure()
    name = engine.ref.name
    assert memory.everything == [f"{name}-data.data", f"{name}-web.home"], "what was written stays"

    assert engine.ensure().state == ObservedState.RUNNING
    assert memory.everything == whole(engine)


@pytest.mark.parametrize("error", [AddressHeld("already allocated"), Permanent("", "no start")])
def test_what_people_have_worked_in_is_not_removed_to_get_it_running(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, error: BackendError
) -> None:
    """Where the root is writable, what they wrote lies in the containers themselves."""
    memory = engine.backend.memory
    engine.ensure()
    engine.backend.halt(engine.ref)
    before = memory.everything.copy()
    in_use = replace(engine.ref, is_in_use=True)

    def start(name: str) -> None:
        raise error

    with monkeypatch.context() as held:
        held.setattr(memory, "start", start)
        with pytest.raises(type(error)) as told:
            engine.ensure(in_use)
    assert memory.everything == before
    assert ("outside volumes would be lost" in str(told.value)) == isinstance(error, AddressHeld)

    assert engine.ensure(in_use).state == ObservedState.RUNNING


STAYS, REPLACED, STARTED = "stays", "replaced", "started"


@pytest.mark.parametrize(
    ("status", "read_only", "mounts", "becomes"),
    [
        ("dead", False, [], STAYS),
        ("removing", False, [], STAYS),
        # What the image declares as a volume goes with its container.
        ("dead", True, [{"Name": "4f1d"}], STAYS),
        # Of a container without storage the engine does not say what it had.
        ("dead", True, None, STAYS),
        ("dead", True, [{"Name": "osk-a.data"}], REPLACED),
        ("stopping", False, [], STARTED),
    ],
)
def test_what_ends_or_is_dead_keeps_what_people_wrote_in_it(
    engine: Engine, status: str, read_only: bool, mounts: list[dict[str, str]] | None, becomes: str
) -> None:
    memory, name = engine.backend.memory, f"{engine.ref.name}-web"
    spec = make_container_spec(read_only=read_only)
    engine.ensure(spec=spec)
    memory.pods[name].update(State=status, Mounts=mounts)
    before = memory.pods[name]
    in_use = replace(engine.ref, is_in_use=True)

    if becomes == STAYS:
        with pytest.raises(Retryable, match=f"is {status}; what was written in it outside volumes"):
            engine.ensure(in_use, spec=spec)
        assert memory.pods[name] is before
        memory.pods[name]["Mounts"] = []
        assert engine.ensure(spec=spec).state == ObservedState.RUNNING
        assert memory.pods[name] is not before, "nobody has worked in it"
    else:
        assert engine.ensure(in_use, spec=spec).state == ObservedState.RUNNING
        assert (memory.pods[name] is before) == (becomes == STARTED)


def test_a_whole_environment_is_not_touched_again(engine: Engine) -> None:
    engine.ensure()
    engine.backend.memory.calls.clear()

    engine.ensure()

    assert engine.backend.memory.calls == []


def test_the_network_of_somebody_else_is_left_alone(engine: Engine) -> None:
    engine.ensure(reference(instance="elsewhere"))
    before = engine.backend.memory.everything.copy()

    assert engine.backend.observe(engine.ref).state == ObservedState.UNKNOWN
    for call in (engine.ensure, lambda: engine.backend.destroy(engine.ref)):
        with pytest.raises(Permanent):
            call()
    assert engine.backend.memory.everything == before


def test_no_answer_is_unknown_and_never_gone(engine: Engine) -> None:
    engine.ensure()

    def silent() -> None:
        raise BackendUnavailable("no answer")

    engine.backend.memory.error = silent

    assert engine.backend.observe(engine.ref).state == ObservedState.UNKNOWN
    with pytest.raises(BackendUnavailable):
        list(engine.backend.observe_all())


def test_what_others_depend_on_comes_first_and_answers(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sandbox import spec
    from tests.sandbox.test_spec_of_images import IMAGES

    plan = spec.parse(IMAGES)
    engine.backend.memory.images.add("localhost/osk-postgres:15")
    secrets = {"admin": "a", "database": "b"}
    end = clock.now() + timedelta(days=1)

    def silent(*_args: object, **_options: object) -> ProbeResult:
        return ProbeResult(False, "refused")

    monkeypatch.setattr(container, "ask", silent)
    first = engine.backend.ensure(engine.ref, plan, secrets, expires_at=end)
    assert first.state == ObservedState.CREATING
    assert [*engine.backend.memory.pods] == [f"{engine.ref.name}-db"]
    waiting = engine.backend.probe(engine.ref, HttpCheck("web"))
    assert (waiting.ok, waiting.is_over) == (False, True)

    monkeypatch.setattr(container, "ask", engine.backend.memory.ask)
    assert engine.backend.ensure(engine.ref, plan, secrets, expires_at=end).state == "running"
    assert [*engine.backend.memory.pods] == [f"{engine.ref.name}-db", f"{engine.ref.name}-web"]


def test_what_cannot_start_goes_again(engine: Engine) -> None:
    with pytest.raises(Permanent):
        engine.ensure(spec=make_container_spec(command=["/bin/missing"]))

    assert engine.backend.memory.pods == {}


def test_an_end_by_the_kernel_is_told(engine: Engine) -> None:
    engine.ensure()
    pod = engine.backend.memory.pods[f"{engine.ref.name}-web"]
    pod["State"], pod["ExitCode"] = "exited", 137

    told = engine.backend.probe(engine.ref, HttpCheck("web"))

    assert told.is_over
    assert "want of memory" in told.detail


def test_addresses_may_run_out(engine: Engine) -> None:
    engine.backend = BackendInMemory(engine.backend.memory, "10.213.0.0/26")
    engine.ensure()
    engine.ensure(reference(2))

    with pytest.raises(CapacityExhausted):
        engine.ensure(reference(3))


def test_labels_of_another_shape_are_passed_over(engine: Engine) -> None:
    memory = engine.backend.memory
    memory.create_volume("x", {"osk.managed": "true"})
    memory.create_volume("y", {"osk.managed": "true", "osk.generation": "?"})

    assert list(engine.backend.observe_all()) == []


def test_only_a_socket_is_an_engine(settings) -> None:
    for address in ("", "tcp://127.0.0.1:2375"):
        settings.OSK_SANDBOX_ENGINE = address
        with pytest.raises(BackendUnavailable, match="OSK_SANDBOX_ENGINE"):
            backends.get("container")


def test_the_reference_is_read_back(engine: Engine) -> None:
    engine.ensure()
    [found] = engine.backend.observe_all()

    assert EnvRef(found.instance, found.env, found.generation) == engine.ref
    assert engine.backend.logs(engine.ref, limit=2) == ["web: line 0", "web: line 1"]
