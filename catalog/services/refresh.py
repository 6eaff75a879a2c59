"""Each published entry's file is asked for again every night: unchanged, changed, or gone.

A changed file becomes a proposal, or is taken over where an advisor trusts the source. The rows are the queue.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from catalog import documents, forges, importing, locks, repositories
from catalog.all_fields import EVERY
from catalog.documents import Json
from catalog.enums import RevisionOrigin, SolutionState, SourceProblem
from catalog.importing import FileRead
from catalog.models import Proposal, Solution, SolutionEvent, Source
from catalog.notifications import tell_of_age, tell_of_failure
from catalog.permissions import can_decide
from catalog.services import fetching
from catalog.services.entries import write_document
from catalog.services.fetching import Fetched, Found
from catalog.services.proposals import propose_from_file
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
    """Whether changes of the file are taken over at once, from now on.

    Raises TransitionNotAllowed for who may not decide, where nothing is fetched, and where it is so already.
    """
    source = Source.objects.select_for_update(of=("self",)).filter(solution=solution_id).first()
    if source is None or not can_decide(actor) or source.is_trusted == is_trusted:
        raise TransitionNotAllowed("trust", "")
    source.is_trusted = is_trusted
    changed = ["is_trusted"]
    if is_trusted:  # what waits is taken over as soon as the file has been read once more
        source.etag = source.last_modified = ""
        source.next_attempt_at = clock.now()
        changed += ["etag", "last_modified", "next_attempt_at"]
    source.save(update_fields=changed)
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
    undecided = Proposal.objects.undecided().filter(solution=claimed.solution_id, organisation=None)
    waiting = list(undecided.select_for_update(of=("self",)))
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
        problem = _take(source, outcome, waiting)
    if problem is None:
        _succeed(source)
    else:
        _fail(source, problem)
    source.save()
    return True


def _take(
    source: Source, fetched: Fetched, waiting: Sequence[Proposal] = ()
) -> SourceProblem | None:
    """What the file says now; ``waiting`` says what it said before and nobody has decided.

    The problem, where it cannot be used.
    """
    if fetched.found is Found.UNCHANGED:
        return None
    read = importing.read_document(fetched.body, repository=source.repository)
    if not read.document:
        return SourceProblem.UNREADABLE
    if not _is_of(source, read.document):
        return SourceProblem.OTHER_REPOSITORY
    before = source.document or importing.last_file(source.solution)
    if read.document != before or (source.is_trusted and waiting):
        # What nobody has decided of a trusted file is taken with the rest.
        undecided = {name for proposal in waiting for name in proposal.changes}
        ours = importing.differing(source.solution.document, before)
        if source.is_trusted:
            ours -= undecided
        if _breaks(source.solution, read, ours):
            return SourceProblem.BROKEN
        _change(source, before, read, ours)
        if source.is_trusted:
            for proposal in waiting:
                proposal.withdraw(actor=None)
        source.changed_at = clock.now()
    take_statements_of_file(source.solution, read.statements)
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


def _breaks(solution: Solution, read: FileRead, ours: set[str]) -> bool:
    """Whether the file has errors that the entry has not, in what would be taken from it.

    What was decided here (a field that the OSK has set, or a proposal: ``ours``) stays as it is whatever the file
    says: an error that was mended here only must not stop everything else of the file.
    """
    known = {(f["code"], f["key"]) for f in solution.findings}
    kept = [EVERY[name] for name in ours | (set(solution.locks) & set(EVERY))]
    return any(
        finding.type == "error"
        and (finding.code, finding.key) not in known
        and not any(field.holds(finding.key) for field in kept)
        for finding in read.findings
    )


def _change(source: Source, before: Json, read: FileRead, ours: set[str]) -> None:
    solution = source.solution
    if source.is_trusted:
        merged = importing.merged(read.document, entry=solution.document, ours=ours)
        named = repositories.normalise(merged.get("url") or "")
        if solution.repository_url and named != solution.repository_url:
            # One of its former addresses (_is_of): the entry does not move back by itself.
            merged["url"] = solution.document.get("url")
        merged = locks.kept(solution, merged)
        if merged != solution.document:
            kept = read.kept_findings
            if merged != read.document:
                kept = [
                    documents.as_kept(f, has_file=False) for f in documents.check(merged).findings
                ]
            write_document(solution, merged, origin=RevisionOrigin.FILE, findings=kept)
        return
    propose_from_file(solution=solution, document=read.document, before=before)


def _succeed(source: Source) -> None:
    """Of an entry that nobody has touched for long the maintainer is told, once until something changes."""
    now = source.tried_at = clock.now()
    source.attempts = 0
    source.fetched_at = now
    source.failing_since = None
    source.failure_told_at = None
    source.last_error = ""
    source.next_attempt_at = fetching.next_night(source.pk)
    patience = timedelta(days=settings.OSK_STALE_DAYS)
    if not source.is_stale and now - source.last_change >= patience:
        source.stale_told_at = now
        tell_of_age(source)


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
