"""Two connections at once, without waiting for luck: the first stops where the second one must wait for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

import pytest
from django.db import connection, connections

PATIENCE = 20.0


class Stop:
    """A function that stops once, the first time it is called, until it is let go."""

    def __init__(self, known: Callable[..., object], *, after: bool) -> None:
        self.known, self.after = known, after
        self.reached, self.go_on = threading.Event(), threading.Event()

    def __call__(self, *args: object, **named: object) -> object:
        if self.reached.is_set():
            return self.known(*args, **named)
        found = self.known(*args, **named) if self.after else None
        self.reached.set()
        assert self.go_on.wait(PATIENCE)
        return found if self.after else self.known(*args, **named)


class Work(threading.Thread):
    """``outcome``: what it returned or raised."""

    def __init__(self, work: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self._work, self.outcome, self._pid = work, None, 0
        self._known = threading.Event()

    outcome: object

    def run(self) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                self._pid = cursor.fetchone()[0]
            self._known.set()
            self.outcome = self._work()
        except Exception as error:  # noqa: BLE001 # the test looks at it
            self.outcome = error
        finally:
            connections.close_all()

    def stands(self) -> bool:
        """Ended, or waits for a lock of somebody else, as PostgreSQL says."""
        assert self._known.wait(PATIENCE)
        if not self.is_alive():
            return True
        with connection.cursor() as cursor:
            cursor.execute("SELECT cardinality(pg_blocking_pids(%s))", [self._pid])
            return bool(cursor.fetchone()[0])


@contextmanager
def stopped(
    monkeypatch: pytest.MonkeyPatch, owner: object, name: str, *, after: bool = False
) -> Iterator[Stop]:
    """Whoever comes first to ``owner.name`` stops there, or ``after`` it."""
    stop = Stop(getattr(owner, name), after=after)
    monkeypatch.setattr(owner, name, stop)
    try:
        yield stop
    finally:
        stop.go_on.set()


def meet(stop: Stop, first: Callable[[], object], *others: Callable[[], object]) -> list[object]:
    """``first`` runs to its stop, the others until they end or wait; then all go on. The outcomes."""
    leader = Work(first)
    leader.start()
    while not stop.reached.wait(0.01):
        assert leader.is_alive(), leader.outcome
    works = [Work(one) for one in others]
    until = monotonic() + PATIENCE
    for work in works:
        work.start()
        while not work.stands():
            assert monotonic() < until
    stop.go_on.set()
    for work in (leader, *works):
        work.join(PATIENCE)
        assert not work.is_alive()
    return [leader.outcome, *(work.outcome for work in works)]
