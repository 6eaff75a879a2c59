"""Fetch the publiccode.yml of a repository to check it; what was fetched goes after an hour."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Final

from django.db import transaction

from catalog import forges
from catalog.enums import IntakeProblem
from catalog.models import RepositoryCheck
from catalog.services import fetching
from catalog.services.fetching import Fetched, Found
from osk_portal.notifications.doorbell import ring
from osk_portal.toolkit import clock
from osk_portal.toolkit.clock import DbNow
from osk_portal.toolkit.outbound import OutboundError, Trouble
from osk_portal.toolkit.transitions import TransitionNotAllowed

logger = logging.getLogger(__name__)

KEPT: Final = timedelta(hours=1)
MOST_TRIES: Final = 2
FIRST_PAUSE: Final = timedelta(seconds=20)
MOST_WAITING: Final = 100
_WAITING: Final = RepositoryCheck.objects.filter(done_at=None)


@transaction.atomic
def request_check(*, place: forges.Place) -> RepositoryCheck:
    """Want a repository's file checked. Raises TransitionNotAllowed while very many wait already."""
    if _WAITING.all().count() >= MOST_WAITING:
        raise TransitionNotAllowed("check", "")
    check = RepositoryCheck.objects.create(repository=place.repository)
    ring(fetching.FETCH_CHECK, check_id=check.pk)
    return check


def run(check_id: int) -> bool:
    """Fetch the file, if it is due and nobody else is at it. Whether there is an outcome."""
    check = fetching.claim(_WAITING.all(), check_id)
    if check is None:
        return False
    try:
        fetched = fetching.fetch(check.repository)
    except OutboundError as error:
        logger.info("check without an answer", extra={"host": error.host})
        if error.trouble is Trouble.TOO_LARGE:
            return _conclude(check, IntakeProblem.TOO_LARGE)
        if error.is_passing and check.attempts < MOST_TRIES:
            _WAITING.filter(pk=check.pk, lease_token=check.lease_token).update(
                next_attempt_at=DbNow() + FIRST_PAUSE, leased_until=None, lease_token=None
            )
            return False
        fetched = Fetched(Found.NOTHING)
    return _conclude(check, fetched)


@transaction.atomic
def _conclude(claimed: RepositoryCheck, outcome: Fetched | IntakeProblem) -> bool:
    check = fetching.mine(_WAITING.all(), claimed)
    if check is None:
        return False
    check.done_at = clock.now()
    check.lease_token = check.leased_until = None
    if isinstance(outcome, IntakeProblem):
        check.problem = outcome
    elif outcome.found is Found.FILE:
        check.content = outcome.body
    else:
        check.problem = IntakeProblem.NOT_FOUND
    check.save()
    return True


def forget() -> int:
    """Delete what is older than an hour. How many."""
    old = RepositoryCheck.objects.filter(created_at__lt=clock.now() - KEPT)
    return old.delete()[0]
