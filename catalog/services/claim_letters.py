"""The letter of a claim: an uploaded file, kept outside every public folder and forgotten after a time."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Final

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from catalog.enums import ClaimState, LetterState
from catalog.models import Claim, ClaimEvent
from catalog.models.claims import private_storage
from osk_portal.toolkit import clamav, clock, uploads
from osk_portal.toolkit.stored_files import remove_strays

logger = logging.getLogger(__name__)

FOLDER: Final = "catalog-claims"
KINDS: Final = ("pdf", "png", "jpg", "jpeg")
_MB: Final = 1024 * 1024


def most_bytes() -> int:
    return settings.OSK_FILE_MOST_MB * _MB


def check(name: str, data: bytes) -> uploads.Checked:
    """Raises uploads.Refused, whose text is for people."""
    checked = uploads.check(name, data, most_bytes=most_bytes())
    if checked.kind not in KINDS:
        raise uploads.Refused(_("Save the letter as PDF, PNG or JPEG."))
    return checked


def keep(data: bytes) -> str:
    """The path under which the letter lies now; nothing of its name reaches the disk. Raises uploads.Refused."""
    storage = private_storage()
    path = f"{FOLDER}/{uuid.uuid4().hex}"
    try:
        return storage.save(path, ContentFile(data))
    except OSError as error:
        logger.error("catalog: a letter cannot be kept", exc_info=error)
        storage.delete(path)  # what was written before the disk was full
        raise uploads.Refused(
            _("We cannot keep files at the moment. Please try again later.")
        ) from error


def drop(path: str) -> None:
    private_storage().delete(path)


def first_state() -> LetterState:
    return LetterState.QUARANTINED if settings.OSK_CLAMAV else LetterState.CLEAN


def scan(claim: Claim) -> clamav.Verdict:
    """What the scanner says; asked outside every transaction."""
    try:
        return clamav.scan(settings.OSK_CLAMAV, _chunks(claim))
    except OSError as error:  # of our own disk
        logger.error("a letter that waits for its scan cannot be read", extra={"claim": claim.pk})
        detail = f"{type(error).__name__} while reading"
        return clamav.Verdict(clamav.Outcome.ERROR, detail)


def _chunks(claim: Claim) -> Iterator[bytes]:
    with claim.letter.storage.open(claim.letter.name or "") as source:
        while chunk := source.read(clamav.CHUNK):
            yield chunk


@transaction.atomic
def forget_letters() -> int:
    """Letters of claims that were decided long ago, and contents without a row. How many letters."""
    before = clock.now() - timedelta(days=settings.OSK_CLAIM_LETTER_DAYS)
    ended = Claim.objects.exclude(state=ClaimState.OPEN).exclude(letter="")
    later = ClaimEvent.objects.filter(claim=OuterRef("pk"), at__gte=before)
    old = list(ended.exclude(Exists(later)).values_list("pk", "letter"))
    for pk, path in old:
        Claim.objects.filter(pk=pk).update(letter="", letter_name="", letter_state=LetterState.NONE)
        transaction.on_commit(partial(drop, path))
    _sweep()
    return len(old)


def _sweep() -> None:
    """Remove contents without a row."""
    rows = Claim.objects
    remove_strays(
        private_storage(),
        FOLDER,
        lambda paths: rows.filter(letter__in=paths).values_list("letter", flat=True),
    )
