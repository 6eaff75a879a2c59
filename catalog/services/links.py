"""Every link of the published entries is followed once a week: alive, dead, or not to be told."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from enum import Enum
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urldefrag, urljoin, urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from catalog import documents
from catalog.documents import Json
from catalog.models import (
    Assessment,
    CriterionFinding,
    Link,
    Notice,
    Solution,
    Statement,
    Support,
)
from catalog.notifications import tell_of_dead_link
from catalog.services import fetching
from osk_portal.toolkit import clock
from osk_portal.toolkit.outbound import Answer, Outbound, OutboundError, Trouble

logger = logging.getLogger(__name__)

WEEK: Final = timedelta(days=7)
PAUSES: Final = (timedelta(days=1), timedelta(days=3), timedelta(days=4))
"""After the first failures; then once a week."""
DEAD_AFTER: Final = 3
PATIENCE: Final = timedelta(days=7)
MOST_LINKS: Final = 30
CHUNK: Final = 200
MOST_REDIRECTS: Final = 3
MOST_BYTES: Final = 1024
_GONE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_SINGLE: Final = (
    ("url",),
    ("landingURL",),
    ("roadmap",),
    ("organisation", "uri"),
    ("legal", "authorsFile"),
)


class State(Enum):
    ALIVE = "alive"
    FAILS = "fails"
    UNKNOWN = "unknown"
    """A server that refuses programs, or an address that is not asked: nothing is said of it."""


class PublicHosts(Collection[str]):
    """Every host: what remains of the rules is https, one public address, and no login in the address."""

    def __contains__(self, host: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def client() -> Outbound:
    hosts = PublicHosts() if settings.OSK_CHECK_ALL_LINKS else frozenset(settings.OSK_FETCH_HOSTS)
    return Outbound(hosts=hosts)


def named(document: Json) -> list[str]:
    """The https links of a document, each once and without its fragment.

    One by http is not asked: what answers to https under the same name may be something else.
    """
    found: list[Any] = [documents.get(document, path) for path in _SINGLE]
    for description in (document.get("description") or {}).values():
        found += [description.get("documentation"), description.get("apiDocumentation")]
        found += description.get("videos") or ()
    maintenance = document.get("maintenance") or {}
    found += [contractor.get("website") for contractor in maintenance.get("contractors") or ()]
    found += [funder.get("uri") for funder in document.get("fundedBy") or ()]
    found += [standard.get("id") for standard in document.get("supports") or ()]
    based = document.get("isBasedOn") or ()
    found += [based] if isinstance(based, str) else based
    return _usable(found)[:MOST_LINKS]


def evidence_of(keys: Collection[int]) -> dict[int, list[str]]:
    """The https links that others than the file have set: the evidence for what is said of these published
    entries, and the pages of support offers.

    Statements in force, notices that stand, the published Einschätzung, offers that are shown; four queries.
    """
    found: defaultdict[int, list[str]] = defaultdict(list)
    for rows, solution, field in _set_by_others().values():
        there = rows.filter(**{f"{solution}__in": keys}).exclude(**{field: ""})
        for pk, url in there.order_by("pk").values_list(solution, field):
            found[pk].append(url)
    return {pk: _usable(urls)[:MOST_LINKS] for pk, urls in found.items()}


def _set_by_others() -> dict[str, tuple[QuerySet[Any], str, str]]:
    """Place: its rows, where they name the entry, and the link."""
    published = Assessment.objects.published()
    return {
        "statement": (Statement.objects.standing(), "solution", "evidence"),
        "notice": (Notice.objects.standing(), "solution", "evidence"),
        "assessment": (
            CriterionFinding.objects.filter(assessment__in=published),
            "assessment__solution",
            "evidence",
        ),
        "offer": (
            Support.objects.shown().filter(organisation__is_published=True),
            "solution",
            "link",
        ),
    }


def _usable(found: list[Any]) -> list[str]:
    usable = (urldefrag(url)[0] for url in found if _is_usable(url))
    return list(dict.fromkeys(usable))


def _is_usable(url: Any) -> bool:
    if not isinstance(url, str) or len(url) > 2000 or "\0" in url:
        return False
    try:
        return urlsplit(url).scheme == "https" and bool(urlsplit(url).hostname)
    except ValueError:
        return False


def ensure_links() -> int:
    """Give each link that may be asked a row, and take away those that are named no more. How many are new."""
    ours = client()
    published = Solution.objects.published().values_list("pk", "document").order_by("pk")
    made = 0
    evidence: dict[int, list[str]] = {}
    for number, (pk, document) in enumerate(published.iterator(chunk_size=CHUNK)):
        if number % CHUNK == 0:
            keys = list(published.filter(pk__gte=pk).values_list("pk", flat=True)[:CHUNK])
            evidence = evidence_of(keys)
        links = [*named(document), *evidence.get(pk, ())]
        wanted = {url for url in links if _may_be_asked(ours, url)}
        present = set(Link.objects.filter(solution=pk).values_list("url", flat=True))
        if wanted == present:
            continue
        with transaction.atomic():
            solution = Solution.objects.select_for_update(of=("self",)).get(pk=pk)
            solution.links.exclude(url__in=wanted).delete()
            new = [
                Link(solution=solution, url=url, next_attempt_at=fetching.next_night(pk))
                for url in sorted(wanted - present)
            ]
            made += len(Link.objects.bulk_create(new, ignore_conflicts=True))
            _repeat(solution)
    return made


def _may_be_asked(ours: Outbound, url: str) -> bool:
    try:
        ours.check(url)
    except OutboundError:
        return False
    return True


def run(link_id: int) -> bool:
    """Follow a link, if it is due and nobody else is at it. Whether there is an outcome."""
    link = fetching.claim(Link.objects.checked(), link_id)
    return link is not None and _conclude(link, look(link.url))


def look(url: str) -> State:
    """Ask with HEAD, and with GET where the server does not like that; redirects by the same rules."""
    ours = client()
    for _step in range(MOST_REDIRECTS + 1):
        try:
            answer = _ask(ours, url)
        except OutboundError as error:
            if error.trouble is Trouble.REDIRECT:
                try:
                    url = urljoin(url, error.detail)
                except ValueError:  # an address that none can be: https://[
                    return State.UNKNOWN
                continue
            logger.info("link fails", extra={"host": error.host, "why": error.trouble.value})
            is_told = error.is_passing or error.trouble is Trouble.NOT_TRUSTED
            return State.FAILS if is_told else State.UNKNOWN
        if answer.status < HTTPStatus.BAD_REQUEST:
            return State.ALIVE
        is_broken = answer.status in _GONE or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        return State.FAILS if is_broken else State.UNKNOWN
    return State.UNKNOWN


def _ask(ours: Outbound, url: str) -> Answer:
    answer = ours.get(url, method="HEAD", most_bytes=MOST_BYTES)
    if answer.status < HTTPStatus.BAD_REQUEST:
        return answer
    return ours.get(url, most_bytes=MOST_BYTES, is_cut=True)


@transaction.atomic
def _conclude(claimed: Link, state: State) -> bool:
    """Locks the entry, then the link."""
    solution = Solution.objects.select_for_update(of=("self",)).get(pk=claimed.solution_id)
    link = fetching.mine(Link.objects.all(), claimed)
    if link is None:
        return False
    now = clock.now()
    link.solution = solution
    link.lease_token = link.leased_until = None
    link.attempts = 0
    link.next_attempt_at = now + WEEK
    if state is State.FAILS:
        _fail(link, now)
    elif state is State.ALIVE:
        link.failures = 0
        link.failing_since = link.dead_since = None
        link.alive_at = now
    elif link.dead_since is None:  # somebody has answered: what comes does not follow on what was
        link.failures = 0
        link.failing_since = None
    link.save()
    _repeat(solution)
    return True


def _fail(link: Link, now: datetime) -> None:
    """Dead after three failures over seven days, and then the maintainer is told, once until it lives again."""
    link.failing_since = link.failing_since or now
    link.failures = min(link.failures + 1, 1000)
    if link.failures <= len(PAUSES):
        link.next_attempt_at = now + PAUSES[link.failures - 1]
    is_lasting = link.failures >= DEAD_AFTER and now - link.failing_since >= PATIENCE
    if link.dead_since is None and is_lasting and not _all_fail(link, now):
        link.dead_since = now
        _tell(link)


def _tell(link: Link) -> None:
    """Each that has set it: the maintainer in the file, organisations in their offers, the OSK in the evidence."""
    if link.url in named(link.solution.document):
        tell_of_dead_link(link, to=link.solution.maintainer_id, places=["file"])
    evidence = []
    for place, (rows, solution, field) in _set_by_others().items():
        there = rows.filter(**{solution: link.solution_id, f"{field}__startswith": link.url})
        same = [
            row for row in there.order_by("pk") if urldefrag(getattr(row, field))[0] == link.url
        ]
        if place == "offer":
            for offer in same:
                tell_of_dead_link(link, to=offer.organisation_id, places=[place])
        elif same:
            evidence.append(place)
    if evidence:
        tell_of_dead_link(link, to=None, places=evidence)


def _all_fail(link: Link, now: datetime) -> bool:
    """Then it is our own way out that is closed: nothing else was reached since this one began to fail."""
    others = Link.objects.exclude(pk=link.pk).filter(~Q(url=link.url))
    since = min(link.failing_since or now, now - WEEK)
    return others.exists() and not others.filter(alive_at__gte=since).exists()


def _repeat(solution: Solution) -> None:
    """The page shows dead links without asking for them."""
    dead = sorted(solution.links.exclude(dead_since=None).values_list("url", flat=True))
    if dead != solution.dead_links:
        solution.dead_links = dead
        Solution.objects.filter(pk=solution.pk).update(dead_links=dead)
