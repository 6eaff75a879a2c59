"""Writing entries: the document with its repeated columns, a revision, the search text; the state."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from catalog import addition_history, documents, licences, locks, provenance, repositories
from catalog.documents import Json
from catalog.enums import (
    DevelopmentStatus,
    MaintenanceType,
    ProposalKind,
    RevisionOrigin,
    SoftwareType,
    SolutionAction,
)
from catalog.models import Solution, SolutionEvent, SolutionRevision, Support
from catalog.notifications import tell_of_publication, tell_of_withdrawal
from catalog.services.following import tell_followers
from catalog.services.indexing import index_solution
from catalog.services.maintainers import lock_proposals_of_maintainer, set_maintainer
from catalog.services.moving import follow_move, is_led_elsewhere
from catalog.services.pictures import match_pictures
from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.notifications import queue
from osk_portal.toolkit import clock
from osk_portal.toolkit.search_text import fold, sort_key
from osk_portal.toolkit.transitions import TransitionNotAllowed

# The daily job that makes the files of the whole catalog.
FILES_JOB: Final = "catalog-giving"
# Addresses of pages beside the entries (catalog/urls.py).
RESERVED_SLUGS = frozenset(
    {
        "aufnehmen",
        "vorschlaege",
        "uebernahmen",
        "betreuungen",
        "pruefen",
        "code-veroeffentlichen",
        "vergleich",
        "veroeffentlichen",
        "feed",
        "folgen",
        "hinweise",
        "meldungen",
        "falsche-angabe",
        "bilder",
        "nachnutzungen",
        "neu",
    }
)
MOST_VALUES = 200


def free_slug(name: str) -> str:
    """An address for ``name`` that no entry has yet: umlauts written out, a number where needed."""
    base = slugify(fold(name))[:90].strip("-")
    if not base:  # a name without Latin letters
        base = "loesung-" + hashlib.sha256(name.encode()).hexdigest()[:8]
    if base in RESERVED_SLUGS:
        base += "-software"
    taken = set(Solution.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    candidate, number = base, 1
    while candidate in taken:
        number += 1
        candidate = f"{base}-{number}"
    return candidate


@transaction.atomic
def write_document(
    solution: Solution,
    document: Json,
    *,
    origin: RevisionOrigin,
    findings: list[dict[str, Any]],
    author: User | None = None,
    organisation: Organisation | None = None,
    restored_from: int | None = None,
    reason: str = "",
) -> SolutionRevision:
    """Make ``document`` the entry's document: columns, origins, revision, event and search text follow.

    The caller has locked the row, or the solution is new. ``findings`` are those of the reader; an error
    among them marks the entry incomplete. Fields that the OSK has set stay as they are, unless it is the OSK
    that writes.
    """
    is_new = solution.pk is None
    if origin != RevisionOrigin.OSK:
        wanted, document = document, locks.kept(solution, document)
        if document is not wanted:
            findings = [
                documents.as_kept(finding, has_file=False)
                for finding in documents.check(document).findings
            ]
    now, repository = clock.now(), solution.repository_url
    solution.origins = provenance.updated(
        solution.origins,
        before=solution.document,
        after=document,
        origin=origin,
        organisation=organisation,
        at=now,
    )
    solution.document = document
    solution.findings = findings
    solution.is_incomplete = any(finding["type"] == "error" for finding in findings)
    repeat_columns(solution, document)
    solution.updated_at = solution.revised_at = now
    solution.revision += 1
    solution.save()
    if not is_new:
        follow_move(solution, before=repository)
    revision = SolutionRevision.objects.create(
        solution=solution,
        number=solution.revision,
        document=document,
        origin=origin,
        author=author,
        organisation=organisation,
        created_at=now,
        restored_from=restored_from,
        reason=reason,
    )
    SolutionEvent.objects.create(
        solution=solution,
        kind="created" if is_new else "changed",
        actor=author,
        data={"revision": revision.number, "origin": origin},
    )
    index_solution(solution)
    match_pictures(solution)
    if solution.is_published and not is_new:
        tell_followers(solution, "entry_changed", actor=author)
    return revision


class RepositoryTaken(Exception):
    """Another entry has the repository that a document names; ``str(error)`` is a message for people."""

    def __str__(self) -> str:
        return _("Another entry has this repository now.")


def write_anew(solution: Solution, document: Json, **how: Any) -> SolutionRevision:
    """``write_document`` of a present entry that may get another repository by it: RepositoryTaken, and nothing
    is written, where that belongs to another entry, be it since this moment."""
    if _is_taken(solution, document):
        raise RepositoryTaken
    try:
        with transaction.atomic():
            return write_document(solution, document, **how)
    except IntegrityError as error:
        if _is_taken(solution, document):
            raise RepositoryTaken from error
        raise


def _is_taken(solution: Solution, document: Json) -> bool:
    identity = repositories.normalise(document.get("url") or "")
    return identity is not None and is_led_elsewhere(solution, identity)


def repeat_columns(solution: Solution, document: Json) -> None:
    """Columns for lists and facets; an unusable value is left out, never cut to another meaning."""
    solution.name = str(document.get("name") or solution.name)[:200]
    solution.sort_key = sort_key(solution.name)
    solution.repository_url = repositories.normalise(document.get("url") or "")
    solution.development_status = _one_of(
        DevelopmentStatus.values, document.get("developmentStatus")
    )
    solution.software_type = _one_of(SoftwareType.values, document.get("softwareType"))
    solution.maintenance_type = _one_of(
        MaintenanceType.values, (document.get("maintenance") or {}).get("type")
    )
    licence = (document.get("legal") or {}).get("license") or ""
    solution.licence = licence if len(licence) <= 200 else ""
    solution.licence_family = licences.family(solution.licence) or ""
    solution.categories = _list(document.get("categories"), 60)
    solution.platforms = [p.lower() for p in _list(document.get("platforms"), 60)]
    solution.audiences = _list((document.get("intendedAudience") or {}).get("scope"), 60)
    solution.languages = _list((document.get("localisation") or {}).get("availableLanguages"), 35)


def _one_of(values: Iterable[str], value: Any) -> str:
    return value if value in values else ""


def _list(values: Any, longest: int) -> list[str]:
    return list(dict.fromkeys(v for v in values or () if len(v) <= longest))[:MOST_VALUES]


@transaction.atomic
def set_additions(
    solution_id: int,
    *,
    alternatives: list[str] | None = None,
    keywords: list[str] | None = None,
    berlin_body: Organisation | None = None,
    clears_berlin_body: bool = False,
    maintainer: Organisation | None = None,
    supports: Mapping[Organisation, str] | None = None,
    actor: User | None = None,
) -> Solution:
    """What the OSK knows beyond the file; None leaves a value as it is (``clears_berlin_body`` removes it).

    A new maintainer ends the rights of the present one: its proposals are locked before the entry, as
    everywhere (services/maintainers.py).
    """
    proposals = lock_proposals_of_maintainer(solution_id) if maintainer is not None else []
    solution = Solution.objects.select_for_update(of=("self",)).get(pk=solution_id)
    wanted = {
        "alternatives": alternatives,
        "keywords": keywords,
        "berlin_body": berlin_body,
    }
    changed = [
        name
        for name, value in wanted.items()
        if (value is not None or (clears_berlin_body and name == "berlin_body"))
        and getattr(solution, name) != value
    ]
    values = {name: [addition_history.kept(solution, name)] for name in changed}
    for name in changed:
        setattr(solution, name, wanted[name])
        values[name].append(addition_history.kept(solution, name))
    if changed:
        solution.updated_at = clock.now()
        solution.save(update_fields=[*changed, "updated_at"])
    for organisation, text in (supports or {}).items():
        _support, created = Support.objects.get_or_create(
            solution=solution, organisation=organisation, defaults={"text": text}
        )
        if created:
            changed.append("supporters")
    if changed:
        data: dict[str, Any] = {"fields": sorted(set(changed))}
        if values:
            data["values"] = values
        SolutionEvent.objects.create(solution=solution, kind="changed", actor=actor, data=data)
        index_solution(solution)
        if solution.is_published:
            tell_followers(solution, "entry_changed", actor=actor)
    if maintainer is not None and solution.maintainer_id != maintainer.pk:
        set_maintainer(solution, maintainer, actor=actor, proposals=proposals)
    return solution


@transaction.atomic
def publish_solution(solution_id: int, *, actor: User | None) -> SolutionEvent:
    """Put an entry into the catalog, and tell who has suggested it.

    Raises TransitionNotAllowed where somebody's proposal of the entry waits: deciding it publishes it.
    """
    solution = _locked(solution_id)
    if actor is not None and solution.proposals.undecided().filter(kind=ProposalKind.NEW).exists():
        raise TransitionNotAllowed(
            SolutionAction.PUBLISH, solution.state, _("Please decide the proposal of this entry.")
        )
    return publish_locked(solution, actor=actor)


def publish_locked(
    solution: Solution, *, actor: User | None, besides: User | None = None
) -> SolutionEvent:
    """As ``publish_solution``, of an entry that the caller has locked; ``besides`` hears of it otherwise."""
    event = solution.publish(actor=actor)
    tell_of_publication(solution, besides=besides)
    return event


@transaction.atomic
def withdraw_solution(solution_id: int, *, actor: User) -> SolutionEvent:
    return withdraw_locked(_locked(solution_id), actor=actor)


def withdraw_locked(
    solution: Solution, *, actor: User, besides: User | None = None
) -> SolutionEvent:
    """Take an entry that the caller has locked out of the catalog, and tell who maintains and who follows it.

    The files of the whole catalog are made anew, not only in the next night.
    ``besides`` hears of it otherwise.
    """
    event = solution.withdraw(actor=actor)
    tell_of_withdrawal(solution, event, besides=besides)
    tell_followers(solution, "entry_withdrawn", actor=actor)
    queue.run_again(FILES_JOB)
    return event


def _locked(solution_id: int) -> Solution:
    return Solution.objects.select_for_update(of=("self",)).get(pk=solution_id)
