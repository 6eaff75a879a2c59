"""A transaction that PostgreSQL ended is run again; anything else is not hidden."""

from __future__ import annotations

import pytest
from django.db import OperationalError, transaction
from psycopg.errors import DeadlockDetected

from osk_portal.toolkit.deadlocks import TRIES, without_deadlock


class Broken:
    """Fails so often, as PostgreSQL does."""

    def __init__(self, times: int) -> None:
        self.times, self.tries = times, 0

    def __call__(self) -> str:
        self.tries += 1
        if self.tries <= self.times:
            raise OperationalError from DeadlockDetected()
        return "done"


def test_a_deadlock_is_tried_again_but_not_for_ever() -> None:
    assert without_deadlock(Broken(1)) == "done"
    work = Broken(TRIES)
    with pytest.raises(OperationalError):
        without_deadlock(work)
    assert work.tries == TRIES


def test_another_database_error_is_not_hidden() -> None:
    def work() -> None:
        raise OperationalError("server is gone")

    with pytest.raises(OperationalError):
        without_deadlock(work)


@pytest.mark.django_db
def test_only_who_has_begun_the_transaction_tries_again() -> None:
    work = Broken(1)
    with transaction.atomic(), pytest.raises(OperationalError):
        without_deadlock(work)
    assert work.tries == 1
