"""Files wait in quarantine until ClamAV has looked at them; their rows are the queue (style.md, Jobs).

Nobody gets a file that was not found clean, however long the daemon is away. Empty ``OSK_CLAMAV``: there is
no scanner, files are usable at once, and what waited before stays where it is.

The model is ``Scanned``, with ``content`` and ``state`` (quarantined, clean, …) beside.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Least
from django.utils.translation import gettext_lazy as _

from osk_portal.toolkit import clamav, clock
from osk_portal.toolkit.clamav import Outcome, Verdict
from osk_portal.toolkit.clock import DbNow

logger = logging.getLogger(__name__)

QUARANTINED: Final = "quarantined"
CLEAN: Final = "clean"
# Longer than the conversation with the daemon and the limits of the task.
LEASE: Final = timedelta(seconds=120)
FIRST_PAUSE: Final = timedelta(seconds=30)
LONGEST_PAUSE: Final = timedelta(minutes=10)
MOST_AT_ONCE: Final = 50
_MOST_COUNTED: Final = 1000
GIVEN_BACK: Final = {"lease_token": None, "leased_until": None, "last_error": ""}
"""What every outcome writes beside its own."""


class Scanned(models.Model):
    """A row that is its own place in the queue: claimed under a lease, tried again later."""

    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=clock.now)
    leased_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True, editable=False)
    scanned_at = models.DateTimeField(null=True)
    last_error = models.CharField(_("last error"), max_length=300, blank=True)

    class Meta:
        abstract = True


class ScanQueue:
    """The files of one model. ``ring``: asks a worker to look at one. ``found``: malware, under our lease.

    ``read``: the content in the clear; raises OSError where it cannot be read.
    """

    def __init__(
        self,
        model: Callable[[], type[models.Model]],
        ring: Callable[[int], None],
        found: Callable[[Any, str], bool],
        read: Callable[[Any], Iterable[bytes]] | None = None,
    ) -> None:
        self._model, self._ring, self._found = model, ring, found
        self._read = read or _chunks

    @property
    def _rows(self) -> models.QuerySet[Any]:
        return models.QuerySet(self._model())

    def ring_for(self, file: Any) -> None:
        """After the commit; a ring that is lost is made up for by ``sweep``."""
        if file.state == QUARANTINED:
            self._ring(file.pk)

    def due_file_ids(self, limit: int = MOST_AT_ONCE) -> list[int]:
        """Files whose scan is due, the longest waiting first. None while no scanner is configured."""
        if not settings.OSK_CLAMAV:
            return []
        due = self._rows.filter(_due()).order_by("next_attempt_at", "pk")
        return list(due.values_list("pk", flat=True)[:limit])

    def sweep(self) -> int:
        """Ring again for what is due. How many rings."""
        due = self.due_file_ids()
        with transaction.atomic():
            for file_id in due:
                self._ring(file_id)
        return len(due)

    def scan(self, file_id: int) -> bool:
        """Have a file scanned if it is due and nobody else is at it. Whether there is an outcome."""
        file = self.claim(file_id) if settings.OSK_CLAMAV else None
        if file is None:
            logger.info("file not due, gone or in other hands", extra={"file": file_id})
            return False
        try:
            verdict = clamav.scan(settings.OSK_CLAMAV, self._read(file))
        except OSError as error:  # of our own disk
            verdict = Verdict(Outcome.ERROR, f"{type(error).__name__} while reading")
            logger.error("a file that waits for its scan cannot be read", extra={"file": file.pk})
        if verdict.outcome is Outcome.CLEAN:
            return self._release(file)
        if verdict.outcome is Outcome.FOUND:
            return self._found(file, verdict.detail)
        self._try_later(file, verdict)
        return False

    def release_all(self) -> int:
        """For the operator who has switched the scanner off: what waits is usable unscanned. How many."""
        if settings.OSK_CLAMAV:
            raise ValueError("A scanner is configured.")
        return self._rows.filter(state=QUARANTINED).update(state=CLEAN, **GIVEN_BACK)

    def claim(self, file_id: int) -> Any | None:
        """Take the lease by one conditional update: of several workers exactly one changes the row."""
        token = uuid.uuid4()
        self._rows.filter(_due(), pk=file_id).update(
            attempts=Least(F("attempts") + 1, _MOST_COUNTED),
            lease_token=token,
            leased_until=DbNow() + LEASE,
        )
        return self._rows.filter(pk=file_id, lease_token=token).first()

    def _release(self, file: Any) -> bool:
        released = self._rows.filter(mine(file)).update(
            state=CLEAN, scanned_at=DbNow(), **GIVEN_BACK
        )
        logger.info("file is clean", extra={"file": file.pk})
        return bool(released)

    def _try_later(self, file: Any, verdict: Verdict) -> None:
        pause = min(FIRST_PAUSE * 2 ** min(file.attempts - 1, 10), LONGEST_PAUSE)
        self._rows.filter(mine(file)).update(
            next_attempt_at=DbNow() + pause,
            lease_token=None,
            leased_until=None,
            last_error=f"{verdict.outcome.value}: {verdict.detail}"[:300],
        )
        said = {"file": file.pk, "outcome": verdict.outcome.value, "attempt": file.attempts}
        if verdict.outcome is Outcome.TOO_LARGE:
            # It will not pass until somebody changes clamd.conf.
            logger.error("StreamMaxLength of ClamAV is smaller than OSK_FILE_MOST_MB", extra=said)
        else:
            logger.warning("file could not be scanned, will be tried again", extra=said)


def mine(file: Any) -> Q:
    """The row while the lease is still ours; a second worker's outcome is never overwritten."""
    return Q(pk=file.pk, lease_token=file.lease_token, state=QUARANTINED)


def _due() -> Q:
    free = Q(leased_until=None) | Q(leased_until__lt=DbNow())
    return free & Q(state=QUARANTINED, next_attempt_at__lte=DbNow())


def _chunks(file: Any) -> Iterator[bytes]:
    with file.content.storage.open(file.content.name or "") as source:
        while chunk := source.read(clamav.CHUNK):
            yield chunk
