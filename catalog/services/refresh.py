"""Each published entry's file is asked for again every night: unchanged, changed, or gone.

A changed file becomes a proposal, or is taken over where an advisor trusts the source. The rows are the queue.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from catalog import documents, forges, importing, locks, repositories
from catalog.documents import Json
from catalog.enums import RevisionOrigin, SolutionState, SourceProblem
from catalog.importing import FileRead
from catalog.models import Proposal, Solution, SolutionEvent, Source
from catalog.notifications import tell_of_failure
from catalog.permissions import can_decide
from catalog.services import fetching
from catalog.services.entries import write_document
from catalog.services.fetching import Fetched, Found
from catalog.services.proposals import propose_from_file
from catalog.services.rereading import last_file, read_again
from catalog.services.statements import take_statements_of_file
from osk_portal.accounts.models import User
from osk_portal.notifications.doorbell import ring
from osk_portal.toolkit import clock
from osk_portal.toolkit.outbound import OutboundError, Trouble
from osk_portal.toolkit.transitions import TransitionNotAllowed

logger = logging.getLogger(__name__)

FIRST_PAUSE: Final = timedelta(hours=1)
LONGEST_PAUSE: Final = timedelta(days=7)
PATIENCE: Final = timedelta(days=3)
"""A server may be down for a weekend; then the maintainer is told."""
MOST_AT_ONCE: Final = 50
_PUBLISHED: Final = Q(solution__state=SolutionState.PUBLISHED)


def sweep() -> int:
    """Ring for what is due, and was perhaps rung for in vain. How many rings."""
    due = fetching.waiting_ids(MOST_AT_ONCE)
    with transaction.atomic():
        for task, ids in due:
            ring(task, **ids)
    return len(due)


@transaction.atomic
def ensure_sources() -> int:
    """Every published entry whose repository lies with a known forge has a source. How many are new."""
    without = Solution.objects.published().filter(source=None, repository_url__isnull=False)
    new = []
    for pk, url in without.values_list("pk", "document__url"):
        try:
            place = forges.find(url)
        except forges.NotARepository:
            continue
        if forges.is_known(place, settings.OSK_FETCH_HOSTS):
            source = Source(solution_id=pk, repository=place.repository)
            source.next_attempt_at = fetching.next_night(pk)
            new.append(source)
    return len(Source.objects.bulk_create(new, ignore_conflicts=True))


@transaction.atomic
def set_trusted(solution_id: int, *, is_trusted: bool, actor: User) -> SolutionEvent:
    """Whether changes of the file are taken over at once, from now on: also what waits for a decision.

    Of that, a field that was decided otherwise here waits on. Raises TransitionNotAllowed for who may not decide,
    where nothing is fetched, and where it is so already.
    """
    waiting = _waiting(solution_id)
    solution = Solution.objects.select_for_update(of=("self",)).filter(pk=solution_id).first()
    source = Source.objects.select_for_update(of=("self",)).filter(solution=solution_id).first()
    if (
        solution is None
        or source is None
        or not can_decide(actor)
        or source.is_trusted == is_trusted
    ):
        raise TransitionNotAllowed("trust", "")
    source.is_trusted = is_trusted
    source.save(update_fields=["is_trusted"])
    if is_trusted:
        undecided = {name for proposal in waiting for name in proposal.changes}
        read_again(source, solution, undecided - importing.decided_here(solution))
    kind = "source_trusted" if is_trusted else "source_untrusted"
    return SolutionEvent.objects.create(solution_id=solution_id, kind=kind, actor=actor)


def run(source_id: int) -> bool:
    """Ask for the file, if it is due and nobody else is at it. Whether there is an outcome."""
    source = fetching.claim(Source.objects.filter(_PUBLISHED), source_id)
    if source is None:
        return False
    try:
        fetched = fetching.fetch(
            source.repository,
            file_url=source.file_url,
            etag=source.etag,
            last_modified=source.last_modified,
        )
    except OutboundError as error:
        is_large = error.trouble is Trouble.TOO_LARGE
        logger.info("source failed", extra={"host": error.host, "why": error.trouble.value})
        return _conclude(source, SourceProblem.UNREADABLE if is_large else SourceProblem.NOT_FOUND)
    if fetched.found is Found.NOTHING:
        return _conclude(source, SourceProblem.NOT_FOUND)
    return _conclude(source, fetched)


@transaction.atomic
def _conclude(claimed: Source, outcome: Fetched | SourceProblem) -> bool:
    """Locks what waits for a decision, then the entry, as who decides does; its source last."""
    _waiting(claimed.solution_id)
    solution = Solution.objects.select_for_update(of=("self",)).get(pk=claimed.solution_id)
    source = fetching.mine(Source.objects.all(), claimed)
    if source is None:
        return False
    source.solution = solution
    source.tried_at = clock.now()
    source.lease_token = None
    source.leased_until = None
    if isinstance(outcome, SourceProblem):
        problem: SourceProblem | None = outcome
    else:
        problem = _take(source, outcome)
    if problem is None:
        _succeed(source)
    else:
        _fail(source, problem)
    source.save()
    return True


def _waiting(solution_id: int) -> list[Proposal]:
    """What the file proposes and nobody has decided, locked."""
    undecided = Proposal.objects.undecided().filter(solution=solution_id, organisation=None)
    return list(undecided.select_for_update(of=("self",)))


def _take(source: Source, fetched: Fetched) -> SourceProblem | None:
    """What the file says now. The problem, where it cannot be used."""
    if fetched.found is Found.UNCHANGED:
        return None
    read = importing.read_document(fetched.body, repository=source.repository)
    if not read.document:
        return SourceProblem.UNREADABLE
    if not _is_of(source, read.document):
        return SourceProblem.OTHER_REPOSITORY
    before = source.document or last_file(source.solution)
    if read.document != before:
        ours = importing.differing(source.solution.document, before)
        if importing.breaks(source.solution, read, before=before, ours=ours):
            return SourceProblem.BROKEN
        _change(source, before, read, ours)
        source.changed_at = clock.now()
    take_statements_of_file(source.solution, read.statements, is_trusted=source.is_trusted)
    source.document = read.document
    source.file_url = fetched.url
    source.etag = fetched.etag
    source.last_modified = fetched.last_modified
    return None


def _is_of(source: Source, document: Json) -> bool:
    named = repositories.normalise(document.get("url") or "")
    if named is None:
        return True  # an error of the file, and one that it had before
    own = {source.solution.repository_url, repositories.normalise(source.repository)}
    return named in own or source.solution.aliases.filter(repository_url=named).exists()


def _change(source: Source, before: Json, read: FileRead, ours: set[str]) -> None:
    """A trusted file is taken over; what it says against a decision of ours is proposed, as all of another one."""
    solution, document = source.solution, read.document
    if source.is_trusted:
        merged = importing.merged(document, entry=solution.document, ours=ours)
        named = repositories.normalise(merged.get("url") or "")
        if solution.repository_url and named != solution.repository_url:
            # One of its former addresses (_is_of): the entry does not move back by itself.
            document = {**document, "url": solution.document.get("url")}
            merged["url"] = document["url"]
        merged = locks.kept(solution, merged)
        if merged != solution.document:
            kept = read.kept_findings
            if merged != read.document:
                kept = [
                    documents.as_kept(f, has_file=False) for f in documents.check(merged).findings
                ]
            write_document(solution, merged, origin=RevisionOrigin.FILE, findings=kept)
    propose_from_file(solution=solution, document=document, before=before)


def _succeed(source: Source) -> None:
    now = source.tried_at = clock.now()
    source.attempts = 0
    source.fetched_at = now
    source.failing_since = None
    source.failure_told_at = None
    source.last_error = ""
    source.next_attempt_at = fetching.next_night(source.pk)


def _fail(source: Source, problem: SourceProblem) -> None:
    """Later and later; after some days the maintainer is told, once until it works again."""
    now = clock.now()
    source.last_error = problem
    source.failing_since = source.failing_since or now
    source.next_attempt_at = now + min(
        FIRST_PAUSE * 2 ** min(source.attempts - 1, 10), LONGEST_PAUSE
    )
    is_lasting = source.failure_told_at is None and now - source.failing_since >= PATIENCE
    if is_lasting and not _all_fail(source, now):
        source.failure_told_at = now
        tell_of_failure(source)


def _all_fail(source: Source, now: datetime) -> bool:
    """Then it is our own way out that is closed, and no maintainer can mend it."""
    others = Source.objects.exclude(pk=source.pk).exclude(tried_at=None)
    fetched = others.filter(fetched_at__gte=now - PATIENCE)
    return others.exists() and not fetched.exists()
