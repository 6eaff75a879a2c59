"""Is this database older than what the engines have? Then nothing is removed until an operator confirms.

A backup that is restored knows neither the environments that were made after it nor the extensions. What
would look like an orphan or like an end that is due may be somebody's test of today. Three things tell:

* the **marker**: how far the portal has come stands in the database and in a file below ``OSK_VAR``, and goes
  forward with each tick. A file that is more than a minute ahead was written by a newer database;
* an **object without any row**: rows are committed before an engine is asked and are never deleted, so
  a database that does not know an object of ours at all has forgotten it;
* a **later end** at the engine: an end only ever moves in the database first, and never to an earlier time,
  but for what is given back after a quarantine, whose engine learns it first.

While one of them is open the portal reports only: it sets up and repairs, and removes nothing.
"""

from __future__ import annotations

import json
import logging
import os
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Max, Value
from django.db.models.functions import Greatest

from osk_portal.toolkit import clock
from osk_portal.toolkit.clock import DbNow
from sandbox import operator_mails
from sandbox.backends.base import Observed
from sandbox.enums import RestoreEvidence, StrayVerdict
from sandbox.models import Environment, Restore, RestoreMarker, Stray

logger = logging.getLogger(__name__)

TOLERANCE: Final = timedelta(minutes=1)
"""A database that loses its last moments in a crash was not restored."""
_STEP: Final = timedelta(microseconds=1)
_NEVER: Final = datetime(2000, 1, 1, tzinfo=UTC)


def is_held() -> bool:
    """The portal only reports. Looks at the marker first, so that a restore is seen before anything is done."""
    if Restore.objects.open().exists():
        return True
    ahead = _marker_in_file()
    if ahead is None:
        return False
    reached = RestoreMarker.objects.values_list("at", flat=True).first()
    if reached is None and not Environment.objects.exists():
        return False  # a new database: nothing in it could be acted on
    if reached is not None and ahead <= reached + TOLERANCE:
        return False
    suspect(RestoreEvidence.MARKER, f"{ahead:%Y-%m-%d %H:%M} UTC")
    return True


def advance() -> None:
    """The marker goes on, in the database first: a file that lags behind means nothing."""
    RestoreMarker.objects.get_or_create(pk=1, defaults={"at": clock.of_database()})
    beyond = (_marker_in_file() or _NEVER) + _STEP
    RestoreMarker.objects.update(at=Greatest(DbNow(), F("at") + _STEP, Value(beyond)))
    _write(RestoreMarker.objects.values_list("at", flat=True).get())


def suspect(evidence: RestoreEvidence, detail: str = "") -> None:
    """From here on the portal only reports; told once."""
    try:
        with transaction.atomic():
            restore = Restore.objects.create(evidence=evidence, detail=detail[:200])
            operator_mails.restore_suspected(restore)
    except IntegrityError:
        return  # it is open already
    logger.error(
        "sandbox: the database is older than what the engines have, nothing is removed",
        extra={"evidence": str(evidence), "detail": detail},
    )


def compare(environment: Environment, found: Observed) -> None:
    """An environment that has a row: is its end at the engine later than here?"""
    end = found.expires_at
    if end is None or end <= environment.expires_at:
        return
    if not _is_accepted(environment.backend, environment.backend_key, end.isoformat()):
        note_stray(environment.backend, found, StrayVerdict.LATER_END, end.isoformat())
        suspect(RestoreEvidence.LATER_END, environment.backend_key)


def is_forgotten(backend: str, found: Observed) -> bool:
    """An object of ours that this database never knew, and that no operator has seen and let go."""
    try:
        public_id = uuid.UUID(found.env)
    except ValueError:
        return not _is_accepted(backend, found.name)
    was_here = Environment.objects.filter(public_id=public_id).exists()
    return not was_here and not _is_accepted(backend, found.name)


def _is_accepted(backend: str, name: str, detail: str | None = None) -> bool:
    confirmed = Restore.objects.aggregate(last=Max("confirmed_at"))["last"]
    if confirmed is None:
        return False
    known = Stray.objects.filter(backend=backend, name=name, first_seen_at__lte=confirmed)
    return (known if detail is None else known.filter(detail=detail)).exists()


def note_stray(backend: str, found: Observed, verdict: StrayVerdict, detail: str = "") -> None:
    """For the list of the operators. What it says anew counts as seen anew."""
    now = clock.of_database()
    stray, is_new = Stray.objects.get_or_create(
        backend=backend,
        name=found.name,
        defaults={
            "env": found.env[:60],
            "verdict": verdict,
            "detail": detail[:500],
            "made_at": found.created_at,
            "first_seen_at": now,
            "last_seen_at": now,
        },
    )
    if is_new:
        return
    if verdict == StrayVerdict.LATER_END and stray.detail != detail:
        stray.first_seen_at = now
    stray.verdict, stray.detail, stray.last_seen_at = verdict, detail[:500], now
    stray.save(update_fields=["verdict", "detail", "last_seen_at", "first_seen_at"])


# The file


def _marker_in_file() -> datetime | None:
    path = settings.OSK_SANDBOX_MARKER
    if path is None:
        return None
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        at = datetime.fromisoformat(known["at"])
    except FileNotFoundError:
        return None
    except (KeyError, OSError, TypeError, ValueError):
        logger.warning("sandbox: marker cannot be read", extra={"path": str(path)})
        return None
    return at if known.get("instance") == settings.OSK_SANDBOX_INSTANCE and at.tzinfo else None


def _write(at: datetime) -> None:
    """Whole or not at all."""
    path: Path | None = settings.OSK_SANDBOX_MARKER
    if path is None:
        return
    half = path.with_suffix(f".{os.getpid()}")
    known = {"instance": settings.OSK_SANDBOX_INSTANCE, "at": at.isoformat()}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        half.write_text(json.dumps(known), encoding="utf-8")
        half.replace(path)
    except OSError:
        # Only one of three signs: nobody waits for an environment because of it.
        logger.warning("sandbox: marker cannot be written", exc_info=True)
