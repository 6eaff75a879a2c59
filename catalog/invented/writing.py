"""Writing invented entries in bulk: what ``services.entries`` writes one by one, many at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from django.db import connection, transaction

from catalog import provenance
from catalog.enums import RevisionOrigin, SolutionState
from catalog.invented import additions
from catalog.invented.making import REPOSITORIES, Invented, invent
from catalog.models import Reuse, Solution, SolutionDocument, SolutionEvent, SolutionRevision
from catalog.querysets import SolutionQuerySet
from catalog.repositories import normalise
from catalog.services.entries import repeat_columns
from catalog.services.indexing import texts_of
from network.enums import OrganisationKind
from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.search_text import fold, sort_key

BATCH: Final = 1_000
ORGANISATIONS: Final = 40
_OWN: Final = "erfunden-"
_ADVISOR: Final = "erfunden@beispiel.example"
"""Who issues the notices of invented entries: an account that nobody can open."""


def write(size: int) -> Iterator[int]:
    """Bring the number of invented entries to ``size``; after each batch, how many there are.

    Entries that are there stay as they are. Organisations that use them are invented too.
    """
    there = set(_invented().values_list("slug", flat=True))
    missing = [number for number in range(size) if _slug(number) not in there]
    done = size - len(missing)
    users, advisor = _organisations(), _advisor()
    for start in range(0, len(missing), BATCH):
        numbers = missing[start : start + BATCH]
        with transaction.atomic():
            _write([invent(number) for number in numbers], users, advisor)
        done += len(numbers)
        yield done
    if missing:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # else the first searches are planned for an empty table


@transaction.atomic
def clear() -> int:
    """Delete the invented entries and organisations; how many entries there were.

    Raises ProtectedError where somebody has asked about one of them since.
    """
    found = _invented()
    number = found.count()
    Reuse.objects.filter(solution__in=found).delete()
    found.delete()
    Organisation.objects.filter(slug__startswith=_OWN).delete()
    User.objects.filter(email=_ADVISOR).delete()
    return number


def _invented() -> SolutionQuerySet:
    prefix = normalise(f"{REPOSITORIES}eintrag-") or ""
    return Solution.objects.filter(repository_url__startswith=prefix)


def _slug(number: int) -> str:
    return f"{_OWN}{number}"


def _write(entries: Sequence[Invented], users: Sequence[Organisation], advisor: User) -> None:
    solutions = Solution.objects.bulk_create(_solution(entry, users) for entry in entries)
    SolutionRevision.objects.bulk_create(
        SolutionRevision(
            solution=solution,
            number=1,
            document=solution.document,
            origin=RevisionOrigin.IMPORT,
            created_at=solution.updated_at,
        )
        for solution in solutions
    )
    SolutionEvent.objects.bulk_create(
        SolutionEvent(
            solution=solution,
            kind=kind,
            to_state=state,
            at=solution.updated_at,
            data={"invented": True},
        )
        for solution in solutions
        for kind, state in (("created", ""), ("published", SolutionState.PUBLISHED))
    )
    SolutionDocument.objects.bulk_create(
        SolutionDocument(
            solution=solution,
            **texts_of(
                solution,
                supporters=[o.name for o in additions.supporters_of(entry.number, users)],
            ),
        )
        for entry, solution in zip(entries, solutions, strict=True)
    )
    Reuse.objects.bulk_create(
        [
            Reuse(
                solution=solution,
                organisation=users[whose % len(users)],
                stage=stage,
                since=since,
            )
            for entry, solution in zip(entries, solutions, strict=True)
            for whose, stage, since in entry.uses
        ],
        ignore_conflicts=True,
    )
    numbered = [(e.number, solution) for e, solution in zip(entries, solutions, strict=True)]
    additions.write(numbered, users, advisor)


def _solution(entry: Invented, users: Sequence[Organisation]) -> Solution:
    changed = clock.now() - timedelta(days=entry.changed_days_ago)
    solution = Solution(
        slug=_slug(entry.number),
        state=SolutionState.PUBLISHED,
        revision=1,
        document=entry.document,
        alternatives=list(entry.alternatives),
        maintainer=additions.maintainer_of(entry.number, users),
        notice_kinds=additions.notice_kinds(entry.number),
        created_at=changed,
        updated_at=changed,
        revised_at=changed,
        published_at=changed,
    )
    repeat_columns(solution, entry.document)
    solution.origins = provenance.updated(
        {},
        before={},
        after=entry.document,
        origin=RevisionOrigin.IMPORT,
        organisation=None,
        at=changed,
    )
    return solution


def _organisations() -> list[Organisation]:
    """Of Berlin and elsewhere, as many of each."""
    kinds = (OrganisationKind.BERLIN_ADMINISTRATION, OrganisationKind.OTHER_PUBLIC_ADMINISTRATION)
    for number in range(ORGANISATIONS):
        name = f"Erfundenes Amt {number + 1}"
        Organisation.objects.get_or_create(
            slug=f"{_OWN}amt-{number + 1}",
            defaults={
                "name": name,
                "sort_key": sort_key(name),
                "folded": fold(name),
                "kind": kinds[number % len(kinds)],
                "is_invented": True,
            },
        )
    return list(Organisation.objects.filter(slug__startswith=f"{_OWN}amt-").order_by("pk"))


def _advisor() -> User:
    found = User.objects.filter(email=_ADVISOR).first()
    return found or User.objects.create_user(_ADVISOR, is_active=False)
