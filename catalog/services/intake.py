"""A wanted solution: its file is fetched or uploaded, read leniently, and becomes a draft for the OSK to check."""

from __future__ import annotations

import contextlib
import logging
from datetime import timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import ngettext

from catalog import forges, importing, repositories
from catalog.documents import Json
from catalog.enums import IntakeProblem, IntakeState, RevisionOrigin
from catalog.importing import FileRead
from catalog.models import Intake, RepositoryAlias, Solution, Source
from catalog.permissions import can_take_in, edited_organisations
from catalog.services import fetching, free_slug, write_document
from catalog.services.fetching import Fetched, Found
from catalog.services.grants import grant_texts, need_grant
from catalog.services.proposals import propose_new
from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.notifications.doorbell import ring
from osk_portal.toolkit import clock
from osk_portal.toolkit.clock import DbNow
from osk_portal.toolkit.outbound import OutboundError, Trouble
from osk_portal.toolkit.transitions import TransitionNotAllowed

logger = logging.getLogger(__name__)

MOST_A_DAY: Final = 30
MOST_TRIES: Final = 3
FIRST_PAUSE: Final = timedelta(minutes=1)
MOST_FINDINGS: Final = 200
MOST_BASES: Final = 20
_WAITING: Final = Q(state=IntakeState.WAITING)


@transaction.atomic
def request_repository(
    *,
    requester: User,
    place: forges.Place,
    wording: str = "",
    organisation: Organisation | None = None,
) -> Intake:
    """Want the solution of a repository. Asked twice while it waits, there is one wish.

    ``wording``: the version of the words by which the person has put own texts under CC0. ``organisation``:
    for which; None: the only one, or the first, for which the person has the role Redaktion. Raises
    TransitionNotAllowed without the words, for somebody who may not, or who has wanted too many today.
    """
    organisation = _may_ask(requester, wording, organisation)
    waiting = Intake.objects.filter(_WAITING, requester=requester, repository=place.repository)
    if present := waiting.first():
        return present
    _not_too_many(requester)
    intake = Intake.objects.create(
        requester=requester,
        organisation=organisation,
        repository=place.repository,
        next_attempt_at=clock.now(),
    )
    grant_texts(person=requester, wording=wording, intake=intake)
    ring(fetching.FETCH_INTAKE, intake_id=intake.pk)
    return intake


@transaction.atomic
def request_file(
    *,
    requester: User,
    name: str,
    data: bytes,
    wording: str = "",
    origin: RevisionOrigin = RevisionOrigin.IMPORT,
    organisation: Organisation | None = None,
) -> Intake:
    """Want the solution of an uploaded file; it is read at once. Raises as ``request_repository``.

    ``origin`` is kept on the draft of an entry that it makes.
    """
    organisation = _may_ask(requester, wording, organisation)
    _not_too_many(requester)
    intake = Intake.objects.create(requester=requester, organisation=organisation, file_name=name)
    grant_texts(person=requester, wording=wording, intake=intake)
    _read(intake, data, place=None, origin=origin)
    return intake


def run(intake_id: int) -> bool:
    """Fetch what is wanted, if it is due and nobody else is at it. Whether there is an outcome."""
    intake = fetching.claim(Intake.objects.filter(_WAITING), intake_id)
    if intake is None:
        return False
    if intake.attempts > MOST_TRIES:  # its worker died more than once: something about it is wrong
        logger.warning("intake given up", extra={"intake": intake.pk})
        return _conclude(intake, Fetched(Found.NOTHING))
    try:
        fetched = fetching.fetch(intake.repository)
    except OutboundError as error:
        if error.trouble is Trouble.TOO_LARGE:
            return _conclude(intake, None)
        if error.is_passing and intake.attempts < MOST_TRIES:
            _try_later(intake, error)
            return False
        logger.info("intake without an answer", extra={"host": error.host})
        fetched = Fetched(Found.NOTHING)
    return _conclude(intake, fetched)


@transaction.atomic
def _conclude(claimed: Intake, fetched: Fetched | None) -> bool:
    """``fetched`` None: the file is too large."""
    intake = fetching.mine(Intake.objects.filter(_WAITING), claimed)
    if intake is None:
        return False
    if fetched is None:
        _refuse(intake, IntakeProblem.TOO_LARGE)
    elif fetched.found is Found.FILE:
        _read(intake, fetched.body, place=forges.find(intake.repository), fetched=fetched)
    else:
        _refuse(intake, IntakeProblem.NOT_FOUND)
    return True


def _read(
    intake: Intake,
    data: bytes,
    *,
    place: forges.Place | None,
    fetched: Fetched | None = None,
    origin: RevisionOrigin = RevisionOrigin.FILE,
) -> None:
    if len(data) > importing.LARGEST_FILE:
        return _refuse(intake, IntakeProblem.TOO_LARGE)
    read = importing.read_document(data, repository=place.repository if place else "")
    intake.findings = read.kept_findings[:MOST_FINDINGS]
    if not read.document:
        return _refuse(intake, IntakeProblem.UNREADABLE)
    document = read.document
    intake.name = document["name"][:200]
    intake.based_on = [base for base in document.get("isBasedOn", ()) if len(base) <= 500][
        :MOST_BASES
    ]
    named = _identities(document.get("url") or "")
    found = _entry(document, named | ({place.identity} if place else set()))
    is_fork = place is not None and bool(named) and place.identity not in named
    if is_fork and not _is_former(found, place):
        intake.named_repository = (document.get("url") or "")[:500]
        _known_to(intake, _entry(document, named))
        return _refuse(intake, IntakeProblem.FORK)
    if found is None:
        try:
            with transaction.atomic():
                created = _create(intake, read, origin)
        except IntegrityError:  # somebody else took in the same repository or name at this moment
            found = _entry(document, named) or _create(intake, read, origin)
        else:
            _watch(created, document, place, fetched)
            return _taken(intake, created, document)
    if _known_to(intake, found):
        return _finish(intake, IntakeState.KNOWN)
    # A draft of somebody else is nobody's to see: the answer is the same as for a new one.
    return _taken(intake, found, document)


def _taken(intake: Intake, draft: Solution, document: Json) -> None:
    """What a Redaktion has suggested is a proposal; an advisor's own draft waits for nobody else."""
    intake.solution = draft
    _finish(intake, IntakeState.TAKEN)
    if not intake.requester.is_advisor:
        propose_new(intake, solution=draft, document=document)


def _create(intake: Intake, read: FileRead, origin: RevisionOrigin) -> Solution:
    solution = Solution(slug=free_slug(read.document["name"]))
    write_document(
        solution,
        read.document,
        origin=origin,
        findings=read.kept_findings,
        author=intake.requester,
    )
    return solution


def _watch(
    solution: Solution, document: Json, place: forges.Place | None, fetched: Fetched | None
) -> None:
    """From now on the file is fetched again; an address that the file does not name leads here too."""
    if place is None or fetched is None:
        return
    if solution.repository_url != place.identity:
        RepositoryAlias.objects.get_or_create(
            repository_url=place.identity, defaults={"solution": solution}
        )
    now = clock.now()
    Source.objects.create(
        solution=solution,
        repository=place.repository,
        file_url=fetched.url,
        etag=fetched.etag,
        last_modified=fetched.last_modified,
        document=document,
        tried_at=now,
        fetched_at=now,
        changed_at=now,
        next_attempt_at=now + timedelta(days=1),
    )


def _identities(url: str) -> set[str]:
    """The repository that a file names, also where it names a page inside of it."""
    found = {repositories.normalise(url)}
    with contextlib.suppress(forges.NotARepository):
        found.add(forges.find(url).identity)
    return {identity for identity in found if identity}


def _entry(document: Json, identities: set[str]) -> Solution | None:
    """The entry of one of these repositories, locked; of a file without any, the one of its name."""
    if not identities:
        return importing.find_entry(document)
    locked = Solution.objects.select_for_update(of=("self",)).order_by("pk")
    direct = locked.filter(repository_url__in=identities).first()
    if direct is not None:
        return direct
    former = RepositoryAlias.objects.filter(repository_url__in=identities)
    return locked.filter(pk__in=former.values("solution")).first()


def _is_former(found: Solution | None, place: forges.Place | None) -> bool:
    """Whether the file lies where the repository of that entry has been before."""
    return (
        found is not None
        and place is not None
        and found.aliases.filter(repository_url=place.identity).exists()
    )


def _known_to(intake: Intake, found: Solution | None) -> bool:
    """Name the entry in the answer. Whether the person may see it."""
    if found is None:
        return False
    seen = Solution.objects.visible_to(intake.requester).filter(pk=found.pk).exists()
    intake.solution = found
    return seen


def _refuse(intake: Intake, problem: IntakeProblem) -> None:
    intake.problem = problem
    _finish(intake, IntakeState.REFUSED)


def _finish(intake: Intake, state: IntakeState) -> None:
    intake.state = state
    intake.done_at = clock.now()
    intake.lease_token = None
    intake.leased_until = None
    intake.last_error = ""
    intake.save()


def _try_later(intake: Intake, error: OutboundError) -> None:
    pause = FIRST_PAUSE * 4 ** (intake.attempts - 1)
    Intake.objects.filter(_WAITING, pk=intake.pk, lease_token=intake.lease_token).update(
        next_attempt_at=DbNow() + pause,
        lease_token=None,
        leased_until=None,
        last_error=error.trouble.value,
    )
    logger.info(
        "intake will be tried again", extra={"host": error.host, "attempt": intake.attempts}
    )


def _may_ask(
    requester: User, wording: str, organisation: Organisation | None
) -> Organisation | None:
    """For which organisation; None for an advisor who has the role Redaktion of none."""
    edited = edited_organisations(requester)
    if not can_take_in(requester) or (organisation is not None and organisation not in edited):
        raise TransitionNotAllowed("take_in", "")
    need_grant(wording)
    return organisation or next(iter(edited), None)


def _not_too_many(requester: User) -> None:
    """Under the lock of the person's row, so that two forms at once are counted one after the other."""
    User.objects.select_for_update(of=("self",)).get(pk=requester.pk)
    since = clock.now() - timedelta(days=1)
    if Intake.objects.filter(requester=requester, created_at__gt=since).count() >= MOST_A_DAY:
        text = ngettext(
            "You can suggest %(n)s solution a day. Please go on tomorrow.",
            "You can suggest %(n)s solutions a day. Please go on tomorrow.",
            MOST_A_DAY,
        )
        raise TransitionNotAllowed("take_in", "", text % {"n": MOST_A_DAY})
