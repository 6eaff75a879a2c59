"""The portal looks for the code of a claim in the repository, and has its letter scanned (style.md, Jobs)."""

from __future__ import annotations

import hmac
import logging
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import transaction

from catalog import claim_mails
from catalog.enums import LetterState
from catalog.models import Claim
from catalog.services import claim_letters, fetching
from catalog.services.claims import CODE_FILE, become_ready
from catalog.services.fetching import Fetched, Found, next_night
from catalog.services.maintainers import lock_claim
from osk_portal.toolkit import clock
from osk_portal.toolkit.clamav import Outcome, Verdict
from osk_portal.toolkit.clock import DbNow
from osk_portal.toolkit.outbound import OutboundError

logger = logging.getLogger(__name__)

MOST_TRIES: Final = 3
FIRST_PAUSE: Final = timedelta(minutes=1)
MOST_LINES: Final = 200


def run(claim_id: int) -> bool:
    """Do what is due for a claim, if nobody else is at it. Whether there is an outcome."""
    claim = fetching.claim(Claim.objects.to_check(), claim_id)
    if claim is None:
        return False
    if claim.letter_state == LetterState.QUARANTINED:
        return _scan(claim)
    return _look(claim)


def has_code(body: bytes, code: str) -> bool:
    """Whether one of the first lines is the code. Every line is compared in constant time."""
    wanted = code.encode()
    found = False
    for line in body.removeprefix(b"\xef\xbb\xbf").splitlines()[:MOST_LINES]:
        found |= hmac.compare_digest(line.strip(), wanted)
    return found


def _look(claimed: Claim) -> bool:
    repository = str(claimed.solution.document.get("url") or "")
    try:
        fetched = fetching.fetch_beside(repository, CODE_FILE)
    except OutboundError as error:
        logger.info("code not fetched", extra={"host": error.host, "why": error.trouble.value})
        if error.is_passing and claimed.attempts < MOST_TRIES:
            _later(claimed, FIRST_PAUSE * 4 ** (claimed.attempts - 1), error.trouble.value)
            return False
        fetched = Fetched(Found.NOTHING)
    return _conclude(claimed, repository, fetched)


@transaction.atomic
def _conclude(claimed: Claim, repository: str, fetched: Fetched) -> bool:
    """A file that is not there, that nobody may ask for, and one without the code are one answer."""
    claim = lock_claim(claimed.pk)
    if claim.lease_token != claimed.lease_token or not claim.is_open:
        return False
    now = clock.now()
    claim.checked_at = now
    claim.attempts = 0
    claim.lease_token = claim.leased_until = None
    claim.last_error = ""
    claim.next_attempt_at = next_night(claim.pk)
    is_there = fetched.found is Found.FILE and has_code(fetched.body, claim.code)
    # A repository that was exchanged while we asked proves nothing of the new one.
    if is_there and str(claim.solution.document.get("url") or "") == repository:
        claim.found_at, claim.found_in = now, repository[:500]
    claim.save(
        update_fields=[
            "checked_at", "attempts", "lease_token", "leased_until", "last_error",
            "next_attempt_at", "found_at", "found_in",
        ]
    )  # fmt: skip
    if claim.found_at is not None:
        event = claim.note("code_found", actor=None)
        become_ready(claim)
        claim_mails.tell_claimant(event)
    return True


def _scan(claimed: Claim) -> bool:
    if not settings.OSK_CLAMAV:  # the operator has switched it off: as for a new letter
        return _settle_letter(claimed, Verdict(Outcome.CLEAN))
    verdict = claim_letters.scan(claimed)
    if verdict.outcome in (Outcome.CLEAN, Outcome.FOUND):
        return _settle_letter(claimed, verdict)
    pause = min(FIRST_PAUSE * 2 ** min(claimed.attempts - 1, 10), timedelta(hours=1))
    _later(claimed, pause, verdict.outcome.value)
    return False


@transaction.atomic
def _settle_letter(claimed: Claim, verdict: Verdict) -> bool:
    claim = lock_claim(claimed.pk)
    if claim.lease_token != claimed.lease_token or not claim.is_open:
        return False
    claim.lease_token = claim.leased_until = None
    claim.last_error = ""
    path = claim.letter.name or ""
    if verdict.outcome is Outcome.FOUND:
        claim.letter_state, claim.letter = LetterState.INFECTED, ""
        transaction.on_commit(lambda: claim_letters.drop(path))
        logger.warning("malware found in a letter", extra={"claim": claim.pk})
    else:
        claim.letter_state = LetterState.CLEAN
    claim.save(
        update_fields=["letter_state", "letter", "lease_token", "leased_until", "last_error"]
    )
    if claim.letter_state == LetterState.CLEAN:
        become_ready(claim)
    else:
        claim_mails.tell_claimant(claim.note("letter_infected", actor=None))
    return True


def _later(claimed: Claim, pause: timedelta, why: str) -> None:
    rows = Claim.objects.filter(pk=claimed.pk, lease_token=claimed.lease_token)
    rows.update(
        next_attempt_at=DbNow() + pause, lease_token=None, leased_until=None, last_error=why[:100]
    )
