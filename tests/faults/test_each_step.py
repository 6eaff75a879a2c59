"""kill -9 of the worker before and after every call to an engine, each by name; of broker and database in between.

Afterwards exactly the environments exist that the rows promise, nothing else, and nobody was mailed twice.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from pathlib import Path

import pytest

from osk_portal.embedded.programs import Beat
from tests.faults.conftest import Faults

pytestmark = [pytest.mark.faults]

SETTING_UP = ("ensure", "probe", "observe")
REMOVING = ("observe", "destroy")
WHEN = ("before", "after")


def is_as_promised(faults: Faults) -> bool:
    return faults.folders() == faults.wanted()


def killed(faults: Faults, where: str) -> None:
    """The worker has met the order and died of it; another one begins."""
    faults.until(lambda: faults.stack.ended() == ["worker"], 60, f"killed {where}")
    assert faults.is_taken(where)
    faults.stack.start_child("worker")


@pytest.mark.parametrize("call", SETTING_UP)
@pytest.mark.parametrize("when", WHEN)
def test_while_it_is_set_up(faults: Faults, when: str, call: str) -> None:
    faults.order(f"{when}.{call}")
    booking = faults.book()

    killed(faults, f"{when}.{call}")

    faults.wait_for(booking, "ready")
    assert len(faults.folders()) == 1
    assert is_as_promised(faults)
    assert faults.twice_mailed() == []
    assert "taken over from a worker that went away" in faults.log()
    assert "sandbox: ready" in faults.log()


@pytest.mark.parametrize("when", WHEN)
def test_while_its_new_end_is_told(faults: Faults, when: str) -> None:
    booking = faults.book()
    faults.wait_for(booking, "ready")
    faults.order(f"{when}.set_expiry")
    faults.ask(
        f"b = Booking.objects.get(pk={booking})\n"
        "services.extend_booking(booking_id=b.pk, actor=b.booked_by, end=b.ends_at + dt.timedelta(days=1))"
    )

    killed(faults, f"{when}.set_expiry")

    end = faults.ask(f"answer = newest({booking}).expires_at.isoformat()")
    label = faults.stack.var / "sandboxes" / faults.folders()[0] / "label.json"
    faults.until(lambda: end in label.read_text(), 30, "the engine knows the end")
    assert faults.state(booking) == "ready"
    assert faults.twice_mailed() == []


REPAIRING = ("observe", "ensure", "probe")
RESTARTING = ("observe", "halt", "ensure")
RESETTING = (
    "observe.begin_removal", "destroy.remove", "observe.remove", "check.prepare", "ensure.set_up",
    "probe.wait_until_ready", "observe.wait_until_ready",
)  # fmt: skip
COMPARING = ("check", "observe_all", "probe")


def write_into(faults: Faults) -> Path:
    """What somebody has entered."""
    label = json.loads(
        (faults.stack.var / "sandboxes" / faults.folders()[0] / "label.json").read_text()
    )
    entered = Path(label["home"]) / "entered"
    entered.write_text("Termin")
    return entered


def end_its_programs(faults: Faults) -> None:
    """By themselves, as far as the portal can see."""
    for file in (faults.stack.var / "sandboxes" / faults.folders()[0]).glob("*.json"):
        if file.name != "label.json":
            with contextlib.suppress(ProcessLookupError):
                os.kill(json.loads(file.read_text())["pid"], signal.SIGKILL)


@pytest.mark.parametrize("call", REPAIRING)
@pytest.mark.parametrize("when", WHEN)
def test_while_it_is_repaired(faults: Faults, when: str, call: str) -> None:
    booking = faults.book_and_wait()
    entered = write_into(faults)
    faults.order(f"{when}.{call}.repair")
    end_its_programs(faults)

    killed(faults, f"{when}.{call}.repair")

    faults.until(lambda: repairs(faults, booking) == 1, 60, "repaired")
    faults.wait_for(booking, "ready")
    assert entered.read_text() == "Termin"
    assert is_as_promised(faults)
    assert faults.twice_mailed() == []


def repairs(faults: Faults, booking: int) -> int:
    found: int = faults.ask(f"answer = newest({booking}).events.filter(kind='repaired').count()")
    return found


@pytest.mark.parametrize("call", RESTARTING)
@pytest.mark.parametrize("when", WHEN)
def test_while_it_restarts(faults: Faults, when: str, call: str) -> None:
    booking = faults.book_and_wait()
    entered = write_into(faults)
    faults.order(f"{when}.{call}.restart")
    faults.ask(
        f"b = Booking.objects.get(pk={booking})\n"
        "services.restart_environment(booking_id=b.pk, actor=b.booked_by)"
    )

    killed(faults, f"{when}.{call}.restart")

    faults.wait_for(booking, "ready")
    assert faults.ask(f"answer = newest({booking}).restart_at") is None
    assert entered.read_text() == "Termin"
    assert is_as_promised(faults)
    assert faults.twice_mailed() == []


@pytest.mark.parametrize("call", RESETTING)
@pytest.mark.parametrize("when", WHEN)
def test_while_it_is_reset(faults: Faults, when: str, call: str) -> None:
    booking = faults.book_and_wait()
    [before] = faults.folders()
    faults.order(f"{when}.{call}")
    faults.ask(
        f"b = Booking.objects.get(pk={booking})\n"
        "services.reset_environment(booking_id=b.pk, actor=b.booked_by)"
    )

    killed(faults, f"{when}.{call}")

    faults.until(
        lambda: (
            faults.ask(f"e = newest({booking})\nanswer = [e.generation, e.state]") == [2, "ready"]
        ),
        60,
        "the next generation",
    )
    assert before not in faults.folders()
    assert is_as_promised(faults)
    assert faults.twice_mailed() == []
    left = faults.ask(
        f"answer = RemovalProof.objects.filter(environment__booking={booking}, verified_at=None).count()"
    )
    assert left == 0


@pytest.mark.parametrize("call", COMPARING)
@pytest.mark.parametrize("when", WHEN)
def test_while_everything_is_compared(faults: Faults, when: str, call: str) -> None:
    """What ran goes on, and the next comparison sees what the struck one did not come to."""
    booking = faults.book_and_wait()
    faults.order(f"{when}.{call}.reconcile")

    killed(faults, f"{when}.{call}.reconcile")

    end_its_programs(faults)
    faults.until(lambda: repairs(faults, booking) == 1, 60, "seen and repaired")
    faults.wait_for(booking, "ready")
    assert is_as_promised(faults)
    assert faults.twice_mailed() == []


@pytest.mark.parametrize("when", WHEN)
def test_while_an_orphan_is_removed(faults: Faults, when: str) -> None:
    """Of a row that says gone; another environment beside it stays."""
    stays = faults.book_and_wait()
    orphaned = faults.book_and_wait()
    faults.order(f"{when}.destroy.remove_orphan")
    faults.ask(
        f"Booking.objects.filter(pk={orphaned}).update(state='ended', ended_at=clock.now())\n"
        f"Environment.objects.filter(booking={orphaned}).update(state='gone', gone_at=clock.now())\n"
        f"Allocation.objects.filter(booking={orphaned}).update(released_at=clock.now())"
    )

    killed(faults, f"{when}.destroy.remove_orphan")

    faults.until(lambda: is_as_promised(faults), 60, "the orphan is removed")
    assert len(faults.folders()) == 1
    assert faults.state(stays) == "ready"
    assert faults.ask(f"answer = newest({orphaned}).state") == "gone"
    assert faults.twice_mailed() == []


@pytest.mark.parametrize("call", REMOVING)
@pytest.mark.parametrize("when", WHEN)
def test_while_it_is_removed(faults: Faults, when: str, call: str) -> None:
    booking = faults.book()
    faults.wait_for(booking, "ready")
    faults.order(f"{when}.{call}")
    faults.end(booking)

    killed(faults, f"{when}.{call}")

    faults.wait_for(booking, "gone")
    assert faults.folders() == []
    assert faults.twice_mailed() == []
    left = faults.ask(
        f"e = newest({booking})\n"
        "answer = [e.proofs.filter(verified_at=None).count(), e.credentials.exclude(secret='').count()]"
    )
    assert left == [0, 0]


@pytest.mark.parametrize("when", WHEN)
def test_while_a_quarantine_stops_it(faults: Faults, when: str) -> None:
    booking = faults.book()
    faults.wait_for(booking, "ready")
    faults.order(f"{when}.quarantine")
    faults.ask(
        f"services.quarantine_environment(environment_id=newest({booking}).pk, actor=operator,"
        " reason='Probe', until=clock.now() + dt.timedelta(days=1))"
    )

    killed(faults, f"{when}.quarantine")

    faults.until(
        lambda: faults.ask(f"answer = newest({booking}).isolated_at") is not None, 30, "isolated"
    )
    assert faults.state(booking) == "quarantined"
    assert len(faults.folders()) == 1
    faults.ask(
        f"services.end_environment(environment_id=newest({booking}).pk, actor=operator, reason='Ende')"
    )


RELEASING = ("set_expiry.tell_end", "observe.restart", "halt.restart", "ensure.restart")


@pytest.mark.parametrize("call", RELEASING)
@pytest.mark.parametrize("when", WHEN)
def test_while_it_is_given_back_after_a_quarantine(faults: Faults, when: str, call: str) -> None:
    booking = faults.book_and_wait()
    entered = write_into(faults)
    of_it = f"environment_id=newest({booking}).pk, actor=operator, reason='Probe'"
    faults.ask(
        f"services.quarantine_environment({of_it}, until=clock.now() + dt.timedelta(days=9))"
    )
    faults.until(
        lambda: faults.ask(f"answer = newest({booking}).isolated_at") is not None, 30, "isolated"
    )
    faults.order(f"{when}.{call}")
    faults.ask(f"services.release_quarantine({of_it})")

    killed(faults, f"{when}.{call}")

    faults.wait_for(booking, "ready")
    assert entered.read_text() == "Termin"
    end = faults.ask(f"e = newest({booking})\nanswer = [e.expires_at, e.booking.ends_at]")
    label = faults.stack.var / "sandboxes" / faults.folders()[0] / "label.json"
    assert end[0] == end[1]
    assert str(end[0])[:10] in label.read_text()
    assert not faults.ask("answer = Restore.objects.exists()")
    assert is_as_promised(faults)
    assert faults.twice_mailed() == []


def test_of_the_broker_while_an_engine_works(faults: Faults) -> None:
    faults.order("before.ensure", "3")
    booking = faults.book()
    faults.until(lambda: faults.is_taken("before.ensure"), 30, "the engine works")

    faults.stack.kill("broker")
    second = faults.book()
    time.sleep(2)
    faults.stack.start_child("broker")
    time.sleep(5)
    faults.keep_running()

    faults.wait_for(booking, "ready")
    faults.wait_for(second, "ready")
    assert is_as_promised(faults)
    assert faults.twice_mailed() == []


def test_without_the_database_for_20_seconds(faults: Faults) -> None:
    before = faults.book()
    faults.wait_for(before, "ready")
    faults.order("after.ensure", "2")
    during = faults.book()
    faults.until(lambda: faults.is_taken("after.ensure"), 30, "the engine works")

    faults.stack.stop_child("database")
    time.sleep(20)
    faults.stack.start_child("database")

    faults.wait_for(during, "ready", 90)
    assert faults.state(before) == "ready"
    faults.until(lambda: is_as_promised(faults), 30, "no orphan")
    assert faults.twice_mailed() == []
    if "worker" in faults.stack.ended():
        pytest.fail("the worker must outlive the database")


def test_the_safety_net_while_the_database_is_down(faults: Faults) -> None:
    """What has expired by its label goes without any database; what shall be there comes back with it."""
    booking = faults.book()
    faults.wait_for(booking, "ready")
    [name] = faults.folders()
    label = faults.stack.var / "sandboxes" / name / "label.json"
    known = json.loads(label.read_text())
    faults.stack.stop_child("database")
    try:
        listed = faults.stack.manage("sandbox_reap", "--expired")
        assert listed.returncode == 0, listed.stderr
        assert f"{name}: running" in listed.stdout
        label.write_text(json.dumps({**known, "expires_at": "2020-01-01T00:00:00+00:00"}))
        removed = faults.stack.manage("sandbox_reap", "--expired")
        assert removed.returncode == 0, removed.stderr
        assert f"{name}: removed" in removed.stdout
        assert faults.folders() == []
    finally:
        faults.stack.start_child("database")
    faults.until(lambda: len(faults.folders()) == 1 and faults.folders() != [name], 90, "a new one")
    faults.wait_for(booking, "ready", 90)
    assert is_as_promised(faults)


def test_a_call_that_takes_longer_than_the_broker_waits(faults: Faults) -> None:
    """The broker gives the message out again after 5 seconds; the row is somebody's already."""
    log = faults.folder / "calls.log"
    begun = len(log.read_text().splitlines()) if log.exists() else 0
    faults.order("before.ensure", "12")
    booking = faults.book()
    faults.wait_for(booking, "ready")

    calls = log.read_text().splitlines()[begun:]
    assert sum(line.startswith("before.ensure") for line in calls) == 1
    assert is_as_promised(faults)
    assert faults.twice_mailed() == []


def test_two_beats_are_as_good_as_one(faults: Faults, tmp_path: Path) -> None:
    other = Beat(tmp_path, faults.stack.environment)
    other.start()
    try:
        bookings = [faults.book() for _number in range(3)]
        for booking in bookings:
            faults.wait_for(booking, "ready")
        faults.end(bookings[0])
        faults.wait_for(bookings[0], "gone")
    finally:
        other.stop()
    assert is_as_promised(faults)
    assert len(faults.folders()) == 2
    assert faults.twice_mailed() == []


@pytest.mark.parametrize("hours", [2, -2])
def test_a_worker_whose_clock_is_two_hours_off(faults: Faults, hours: int) -> None:
    """The database's clock decides: nothing ends early, nothing waits for two hours."""
    running = faults.book()
    faults.wait_for(running, "ready")
    soon: int = faults.ask("answer = book(hours=1).pk")
    faults.wait_for(soon, "ready")
    (faults.folder / "clock-hours").write_text(str(hours))
    faults.stack.restart("worker")
    try:
        made = faults.book()
        faults.wait_for(made, "ready")
        faults.end(running)
        faults.wait_for(running, "gone")
        assert faults.state(soon) == "ready"
        assert is_as_promised(faults)
        assert faults.twice_mailed() == []
    finally:
        (faults.folder / "clock-hours").unlink()
        faults.stack.restart("worker")
