"""Celery's way into the catalog. What is due is in the rows."""

from __future__ import annotations

import logging

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded

from catalog import common_words
from catalog.services import (
    badges,
    claim_checks,
    confirming,
    digests,
    intake,
    links,
    pictures,
    promise_deadlines,
    proposal_deadlines,
    refresh,
    repository_checks,
    telling,
)

logger = logging.getLogger(__name__)


# Shorter than the lease: a server that answers one byte a second must not hold the row for two workers.
@shared_task(name="catalog.tasks.fetch_intake", soft_time_limit=100, time_limit=110)
def fetch_intake(intake_id: int) -> None:
    try:
        intake.run(intake_id)
    except SoftTimeLimitExceeded:
        logger.warning("fetch too slow, the lease runs out", extra={"intake": intake_id})


@shared_task(name="catalog.tasks.fetch_source", soft_time_limit=100, time_limit=110)
def fetch_source(source_id: int) -> None:
    try:
        refresh.run(source_id)
    except SoftTimeLimitExceeded:
        logger.warning("fetch too slow, the lease runs out", extra={"source": source_id})


@shared_task(name="catalog.tasks.fetch_check", soft_time_limit=100, time_limit=110)
def fetch_check(check_id: int) -> None:
    try:
        repository_checks.run(check_id)
    except SoftTimeLimitExceeded:
        logger.warning("fetch too slow, the lease runs out", extra={"check": check_id})


@shared_task(name="catalog.tasks.fetch_link", soft_time_limit=100, time_limit=110)
def fetch_link(link_id: int) -> None:
    try:
        links.run(link_id)
    except SoftTimeLimitExceeded:
        logger.warning("check too slow, the lease runs out", extra={"link": link_id})


@shared_task(name="catalog.tasks.fetch_picture", soft_time_limit=100, time_limit=110)
def fetch_picture(picture_id: int) -> None:
    try:
        pictures.run(picture_id)
    except SoftTimeLimitExceeded:
        logger.warning("fetch too slow, the lease runs out", extra={"picture": picture_id})


@shared_task(name="catalog.tasks.fetch_claim", soft_time_limit=100, time_limit=110)
def fetch_claim(claim_id: int) -> None:
    try:
        claim_checks.run(claim_id)
    except SoftTimeLimitExceeded:
        logger.warning("fetch too slow, the lease runs out", extra={"claim": claim_id})


@shared_task(name="catalog.tasks.fetch_badges", soft_time_limit=100, time_limit=110)
def fetch_badges(job_id: int) -> None:
    try:
        badges.run(job_id)
    except SoftTimeLimitExceeded:
        logger.warning("fetch too slow, the lease runs out", extra={"badges": job_id})


@shared_task(name="catalog.tasks.sweep_fetches")
def sweep_fetches() -> None:
    badges.sweep()
    repository_checks.forget()
    refresh.sweep()


# Resumed behind the last batch: a worker that dies, or has no more time, leaves a lease that runs out.
@shared_task(name="catalog.tasks.tell_notice")
def tell_notice(telling_id: int) -> None:
    try:
        telling.run(telling_id)
    except SoftTimeLimitExceeded:
        logger.warning("more people than time, the lease runs out", extra={"telling": telling_id})


@shared_task(name="catalog.tasks.sweep_notices")
def sweep_notices() -> None:
    telling.remind()
    telling.sweep()
    confirming.ask()


@shared_task(name="catalog.tasks.tell_proposals")
def tell_proposals() -> None:
    proposal_deadlines.remind()
    promise_deadlines.remind()
    digests.send()


# Of 100,000 entries it reads for a quarter of a minute; of a few thousand there is nothing to make.
@shared_task(name="catalog.tasks.renew_common_words")
def renew_common_words() -> None:
    common_words.renew()
