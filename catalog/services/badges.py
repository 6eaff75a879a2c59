"""Badges of openCode are asked for once a week; what it says takes the place of what it said before."""

from __future__ import annotations

import logging
from datetime import timedelta
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import F

from catalog import forges, opencode_badges
from catalog.models import Badge, BadgeJob, Solution
from catalog.opencode_badges import Said
from catalog.services import fetching
from osk_portal.notifications.doorbell import ring
from osk_portal.toolkit import clock
from osk_portal.toolkit.outbound import OutboundError

logger = logging.getLogger(__name__)

FETCH: Final = "catalog.tasks.fetch_badges"
WEEK: Final = timedelta(days=7)
FIRST_PAUSE: Final = timedelta(hours=1)
LONGEST_PAUSE: Final = timedelta(days=7)
MOST_AT_ONCE: Final = 50


def is_on() -> bool:
    """The operator has named the service, and its host is one that may be asked."""
    host = (urlsplit(settings.OSK_BADGE_API).hostname or "").lower()
    return bool(host) and host in settings.OSK_FETCH_HOSTS


@transaction.atomic
def ensure_jobs() -> int:
    """Every published entry whose repository lies at openCode has its row. How many are new."""
    if not is_on():
        return 0
    _follow_moves()
    without = Solution.objects.published().filter(badge_job=None, repository_url__isnull=False)
    jobs = [
        BadgeJob(solution_id=pk, repository=repository)
        for pk, url in without.values_list("pk", "document__url")
        if (repository := _repository(url))
    ]
    return len(BadgeJob.objects.bulk_create(jobs, ignore_conflicts=True))


def _follow_moves() -> None:
    """What openCode said of a repository is nothing that it says of another one."""
    jobs = BadgeJob.objects.select_for_update(of=("self",)).order_by("pk")
    for job in jobs.annotate(named=F("solution__document__url")):
        if _repository(job.named) == job.repository:
            continue
        Badge.objects.filter(solution=job.solution_id).delete()
        job.delete()  # at openCode still, it gets a new one


def _repository(url: str | None) -> str:
    """What is asked about: without a page inside of the repository. Empty where it does not lie at openCode."""
    try:
        place = forges.find(url or "")
    except forges.NotARepository:
        return ""
    return place.repository if opencode_badges.is_of_opencode(place.repository) else ""


def sweep() -> int:
    """Ring for what is due. How many rings."""
    if not is_on():
        return 0
    due = BadgeJob.objects.filter(fetching.due(), solution__state="published")
    ids = list(due.order_by("next_attempt_at", "pk").values_list("pk", flat=True)[:MOST_AT_ONCE])
    with transaction.atomic():
        for pk in ids:
            ring(FETCH, job_id=pk)
    return len(ids)


def run(job_id: int) -> bool:
    """Ask, if it is due and nobody else is at it. Whether there is an outcome."""
    if not is_on():
        return False
    job = fetching.claim(BadgeJob.objects.filter(solution__state="published"), job_id)
    if job is None:
        return False
    client = fetching.client()
    said: list[Said] = []
    try:
        for badge in opencode_badges.BADGES:
            url = opencode_badges.address(settings.OSK_BADGE_API, job.repository, badge)
            answer = client.get(url, most_bytes=opencode_badges.MOST_BYTES)
            if answer.status == HTTPStatus.OK:
                found = opencode_badges.read(answer.body, badge)
                if found is not None:
                    said.append(found)
            elif answer.status != HTTPStatus.NOT_FOUND:
                return _conclude(job, None, f"status {answer.status}")
    except OutboundError as error:
        logger.info("badges failed", extra={"host": error.host, "why": error.trouble.value})
        return _conclude(job, None, error.trouble.value)
    return _conclude(job, said, "")


@transaction.atomic
def _conclude(claimed: BadgeJob, said: list[Said] | None, problem: str) -> bool:
    """``said`` None: no answer, and what was known stays with its date."""
    job = fetching.mine(BadgeJob.objects.all(), claimed)
    if job is None:
        return False
    now = clock.now()
    job.lease_token = job.leased_until = None
    job.last_error = problem
    if said is None:
        pause = FIRST_PAUSE * 2 ** min(job.attempts - 1, 10)
        job.next_attempt_at = now + min(pause, LONGEST_PAUSE)
    else:
        job.attempts, job.fetched_at, job.next_attempt_at = 0, now, now + WEEK
        known = set(Badge.objects.filter(solution=job.solution_id).values_list("badge", "level"))
        if known != {(found.badge, found.level) for found in said}:
            Solution.objects.filter(pk=job.solution_id).update(updated_at=now)
        Badge.objects.filter(solution=job.solution_id).delete()
        Badge.objects.bulk_create(
            Badge(
                solution_id=job.solution_id,
                badge=found.badge,
                level=found.level,
                url=found.url or job.repository,  # a page for people, not our own question
                fetched_at=now,
            )
            for found in said
        )
    job.save()
    return True
