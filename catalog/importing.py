"""Taking in publiccode.yml files: leniently, once per repository, with the errors kept on the entry."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from django.db import transaction

from catalog import country_section, documents, locks, publiccode, repositories
from catalog.all_fields import EVERY
from catalog.cleaning import cleaned
from catalog.enums import RevisionOrigin, SolutionState
from catalog.models import Solution
from catalog.services import free_slug, publish_solution, take_statements_of_file, write_document

LARGEST_FILE = 512 * 1024


class Status(StrEnum):
    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True)
class Outcome:
    """What became of one file."""

    status: Status
    findings: tuple[publiccode.Finding, ...] = field(default=())
    solution: Solution | None = None

    @property
    def errors(self) -> int:
        return sum(finding.type == "error" for finding in self.findings)


def files_in(path: Path) -> Iterator[Path]:
    """The file itself, or every YAML file of a folder and its folders, in order."""
    if path.is_dir():
        yield from sorted(
            p for p in path.rglob("*") if p.suffix in (".yml", ".yaml") and p.is_file()
        )
    else:
        yield path


def read_file(path: Path) -> bytes:
    """At most one byte more than the reader accepts, so that it can say that the file is too large."""
    with path.open("rb") as file:
        return file.read(LARGEST_FILE + 1)


@dataclass(frozen=True)
class FileRead:
    """What a file says. ``document`` is empty where it is no YAML mapping or names nothing."""

    document: documents.Json
    findings: tuple[publiccode.Finding, ...]
    statements: Mapping[str, str] = field(default_factory=dict)
    """What a German country section says, by topic; it is no part of the document."""

    @property
    def kept_findings(self) -> list[dict[str, Any]]:
        """Without what can deceive either: a finding quotes the file."""
        return [cleaned(documents.as_kept(finding, has_file=True)) for finding in self.findings]


def read_document(data: bytes, *, repository: str = "") -> FileRead:
    """Read leniently and without what can deceive. ``repository`` names what has neither name nor address."""
    result = publiccode.read(data)
    if result.document is None:
        return FileRead({}, result.findings)
    document: documents.Json = cleaned(documents.as_json(result.document))
    address = document.get("url") or repository
    # Where the file has no name, or one of invisible characters only.
    name = document.get("name") or repositories.last_step(address)
    if not name:
        return FileRead({}, result.findings)
    document["name"] = name
    return FileRead(document, result.findings, country_section.said_in(data))


def last_file(solution: Solution) -> documents.Json:
    """What the file said when it was taken in last; what the entry says, where it was never."""
    taken = (RevisionOrigin.IMPORT, RevisionOrigin.FILE)
    revision = solution.revisions.filter(origin__in=taken).first()
    found: documents.Json = revision.document if revision else solution.document
    return found


def differing(entry: Mapping[str, Any], before: Mapping[str, Any]) -> set[str]:
    """Names of the fields in which an entry says something else than the file ``before``."""
    return {f.name for f in EVERY.values() if f.of(entry) != f.of(before)}


def merged(
    document: documents.Json, *, entry: Mapping[str, Any], ours: Collection[str]
) -> documents.Json:
    """The file with the fields named in ``ours`` as the entry has them."""
    result = deepcopy(document)
    for name in ours:
        field_ = EVERY[name]
        documents.put(result, field_.path, deepcopy(field_.of(entry)))
    return result


@transaction.atomic
def import_publiccode(
    data: bytes, *, slug: str = "", publish: bool = False, publish_incomplete: bool = False
) -> Outcome:
    """Take in one file. Refused only when it is no YAML mapping, or names nothing.

    The entry is found by its normalised repository, else by ``slug`` where the caller names one, else by
    its name where file or entry has no repository. The same file twice changes nothing, and what was decided
    in the catalog since the file was taken in last stays.
    """
    result = read_document(data)
    if not result.document:
        return Outcome(Status.REFUSED, result.findings)
    document, findings = result.document, result.kept_findings
    found = find_entry(document, slug)
    if found is not None and (kept := _kept(found, document)) != document:
        # Compared and kept as it will stand, so that the same file is unchanged.
        document = kept
        findings = [
            documents.as_kept(finding, has_file=False)
            for finding in documents.check(document).findings
        ]
    if found is None:
        status = Status.CREATED
        found = Solution(slug=free_slug(slug or document["name"]))
    elif found.document == document and found.findings == findings:
        status = Status.UNCHANGED
    else:
        status = Status.CHANGED
    if status != Status.UNCHANGED:
        write_document(found, document, origin=RevisionOrigin.IMPORT, findings=findings)
    take_statements_of_file(found, result.statements)
    if found.state == SolutionState.DRAFT and (
        publish_incomplete or (publish and not found.is_incomplete)
    ):
        publish_solution(found.pk, actor=None)
        found.refresh_from_db()
    return Outcome(status, result.findings, found)


def _kept(entry: Solution, document: documents.Json) -> documents.Json:
    """The file without what was decided otherwise here: by a proposal, by the OSK once, or for good."""
    ours = differing(entry.document, last_file(entry))
    ours |= {f.name for f in EVERY.values() if _is_decided(entry.origins.get(f.key))}
    return locks.kept(entry, merged(document, entry=entry.document, ours=ours))


def _is_decided(origin: Mapping[str, Any] | None) -> bool:
    """A proposal without an organisation was the file's."""
    match origin:
        case {"origin": RevisionOrigin.OSK | RevisionOrigin.RESTORED}:
            return True
        case {"origin": RevisionOrigin.PROPOSAL, "organisation": _}:
            return True
        case _:
            return False


def find_entry(document: documents.Json, slug: str = "") -> Solution | None:
    """The entry that a document is of, locked. Inside a transaction."""
    locked = Solution.objects.select_for_update(of=("self",))
    repository = repositories.normalise(document.get("url") or "")
    if repository and (found := locked.filter(repository_url=repository).first()):
        return found
    if repository and (found := locked.filter(aliases__repository_url=repository).first()):
        return found
    if slug:
        return locked.filter(slug=slug).first()
    nameless = locked if repository is None else locked.filter(repository_url__isnull=True)
    return nameless.filter(name=document["name"][:200]).order_by("pk").first()
