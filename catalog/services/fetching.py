"""Reading a publiccode.yml from its repository, and the leases of the rows that wait for it (style.md, Jobs)."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import Enum
from http import HTTPStatus
from typing import Final, TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from catalog import forges
from catalog.enums import IntakeState, SolutionState
from catalog.models import Claim, Intake, Link, Picture, RepositoryCheck, Source
from catalog.models.fetching import FetchJob
from osk_portal.toolkit import clock
from osk_portal.toolkit.clock import DbNow
from osk_portal.toolkit.outbound import MOST_BYTES, Outbound, OutboundError, Trouble

logger = logging.getLogger(__name__)

FETCH_INTAKE: Final = "catalog.tasks.fetch_intake"
FETCH_SOURCE: Final = "catalog.tasks.fetch_source"
FETCH_CHECK: Final = "catalog.tasks.fetch_check"
FETCH_LINK: Final = "catalog.tasks.fetch_link"
FETCH_PICTURE: Final = "catalog.tasks.fetch_picture"
FETCH_CLAIM: Final = "catalog.tasks.fetch_claim"
# Longer than three fetches with all their time and the limits of the task.
LEASE: Final = timedelta(seconds=120)
NIGHT: Final = time(1, 0)
NIGHT_MINUTES: Final = 240
_MOST_COUNTED: Final = 1000
_HEADER: Final = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,198}[\x21-\x7e])?")
_LATER: Final = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)

J = TypeVar("J", bound=FetchJob)


class Found(Enum):
    FILE = "file"
    UNCHANGED = "unchanged"
    NOTHING = "nothing"
    """No file there, or nothing that anybody may read without signing in."""


@dataclass(frozen=True, slots=True)
class Fetched:
    found: Found
    url: str = ""
    body: bytes = b""
    etag: str = ""
    last_modified: str = ""


def client() -> Outbound:
    return Outbound(hosts=frozenset(settings.OSK_FETCH_HOSTS))


def fetch(
    repository: str, *, file_url: str = "", etag: str = "", last_modified: str = ""
) -> Fetched:
    """Ask for the file of a repository, with the marks of the version that was read from ``file_url``.

    A host that the operator has not named, or one inside our network, is NOTHING like a missing file.
    Raises OutboundError for what may pass (no answer, too slow, an error of the server) and for a file
    that is too large.
    """
    try:
        place = forges.find(repository)
    except forges.NotARepository:
        return Fetched(Found.NOTHING)
    if not forges.is_known(place, settings.OSK_FETCH_HOSTS):
        return Fetched(Found.NOTHING)
    return fetch_first(place.files, file_url=file_url, etag=etag, last_modified=last_modified)


def fetch_first(
    urls: Iterable[str],
    *,
    file_url: str = "",
    etag: str = "",
    last_modified: str = "",
    most_bytes: int = MOST_BYTES,
) -> Fetched:
    """The first of ``urls`` that is there; arguments and errors as with ``fetch``."""
    ours = client()
    # What served last time comes first.
    for url in sorted(urls, key=lambda url: url != file_url):
        marks = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        headers = {name: mark for name, mark in marks.items() if mark and url == file_url}
        fetched = _ask(ours, url, headers, most_bytes)
        if fetched.found is not Found.NOTHING:
            return fetched
    return Fetched(Found.NOTHING)


def fetch_beside(repository: str, name: str) -> Fetched:
    """Ask for another file beside the publiccode.yml. Answers and raises as ``fetch``."""
    try:
        place = forges.find(repository)
    except forges.NotARepository:
        return Fetched(Found.NOTHING)
    if not forges.is_known(place, settings.OSK_FETCH_HOSTS):
        return Fetched(Found.NOTHING)
    ours = client()
    for url in forges.beside(place, name):
        fetched = _ask(ours, url, {}, MOST_BYTES)
        if fetched.found is not Found.NOTHING:
            return fetched
    return Fetched(Found.NOTHING)


def _ask(ours: Outbound, url: str, headers: dict[str, str], most_bytes: int) -> Fetched:
    accepted = {"Accept": "text/plain, */*;q=0.1", **headers}
    try:
        answer = ours.get(url, headers=accepted, most_bytes=most_bytes)
    except OutboundError as error:
        # A private project of GitLab answers with the way to its login page.
        if error.trouble in (Trouble.NOT_ALLOWED, Trouble.BAD_ADDRESS, Trouble.REDIRECT):
            logger.info("file not fetched", extra={"host": error.host, "why": error.trouble.value})
            return Fetched(Found.NOTHING)
        raise
    if answer.status == HTTPStatus.NOT_MODIFIED and headers:
        return Fetched(Found.UNCHANGED, url)
    if answer.status == HTTPStatus.OK:
        return Fetched(
            Found.FILE,
            url,
            answer.body,
            _mark(answer.headers.get("etag", ""), 200),
            _mark(answer.headers.get("last-modified", ""), 60),
        )
    if answer.status in _LATER or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        host = url.split("/")[2]
        raise OutboundError(Trouble.UNREACHABLE, host, f"status {answer.status}")
    return Fetched(Found.NOTHING)


def _mark(value: str, longest: int) -> str:
    """A foreign header that we send back later: visible ASCII, or not at all."""
    return value if len(value) <= longest and _HEADER.fullmatch(value) else ""


def next_night(pk: int) -> datetime:
    """A moment of the coming night in Berlin, spread so that no forge is asked for everything at once."""
    tomorrow = clock.today() + timedelta(days=1)
    start = datetime.combine(tomorrow, NIGHT, tzinfo=clock.BERLIN)
    return start + timedelta(minutes=pk * 37 % NIGHT_MINUTES)


def due() -> Q:
    free = Q(leased_until=None) | Q(leased_until__lt=DbNow())
    return free & Q(next_attempt_at__lte=DbNow())


@transaction.atomic
def claim(rows: QuerySet[J], pk: int) -> J | None:
    """Take the lease of a row that is due and among ``rows``; None when it is gone or in other hands."""
    job = rows.select_for_update(skip_locked=True, of=("self",)).filter(due(), pk=pk).first()
    if job is None:
        logger.info("job not due, gone or in other hands", extra={"job": pk})
        return None
    job.lease_token = uuid.uuid4()
    job.attempts = min(job.attempts + 1, _MOST_COUNTED)
    rows.filter(pk=pk).update(
        attempts=job.attempts, lease_token=job.lease_token, leased_until=DbNow() + LEASE
    )
    return job


def mine(rows: QuerySet[J], claimed: J) -> J | None:
    """The row, locked, while the lease is still ours: a second worker's outcome is never overwritten."""
    locked = rows.select_for_update(of=("self",))
    return locked.filter(pk=claimed.pk, lease_token=claimed.lease_token).first()


def waiting_ids(limit: int) -> list[tuple[str, dict[str, int]]]:
    """What is due, the longest waiting first: task and its argument."""
    intakes = Intake.objects.filter(due(), state=IntakeState.WAITING).order_by(
        "next_attempt_at", "pk"
    )
    sources = Source.objects.filter(due(), solution__state=SolutionState.PUBLISHED).order_by(
        "next_attempt_at", "pk"
    )
    checks = RepositoryCheck.objects.filter(due(), done_at=None).order_by("next_attempt_at", "pk")
    links = Link.objects.checked().filter(due()).order_by("next_attempt_at", "pk")
    pictures = Picture.objects.fetched().filter(due()).order_by("next_attempt_at", "pk")
    found = [
        (FETCH_INTAKE, {"intake_id": pk}) for pk in intakes.values_list("pk", flat=True)[:limit]
    ]
    claims = Claim.objects.to_check().filter(due()).order_by("next_attempt_at", "pk")
    found += [(FETCH_CLAIM, {"claim_id": pk}) for pk in claims.values_list("pk", flat=True)[:limit]]
    found += [
        (FETCH_SOURCE, {"source_id": pk}) for pk in sources.values_list("pk", flat=True)[:limit]
    ]
    found += [
        (FETCH_PICTURE, {"picture_id": pk}) for pk in pictures.values_list("pk", flat=True)[:limit]
    ]
    found += [(FETCH_CHECK, {"check_id": pk}) for pk in checks.values_list("pk", flat=True)[:limit]]
    found += [(FETCH_LINK, {"link_id": pk}) for pk in links.values_list("pk", flat=True)[:limit]]
    return found
