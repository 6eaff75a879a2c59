"""Taking in publiccode.yml files: leniently, once per repository, with the errors kept on the entry."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from django.db import transaction

from catalog import country_section, documents, locks, publiccode, repositories
from catalog.all_fields import EVERY
from catalog.cleaning import cleaned
from catalog.enums import RevisionOrigin, SolutionState
from catalog.models import Solution
from catalog.services import free_slug, publish_solution, take_statements_of_file, write_document
from catalog.services.rereading import last_file

LARGEST_FILE = 512 * 1024
_UNKNOWN: Final = frozenset({"unknown-key", "unknown-key-meant"})


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
        field_.put(result, deepcopy(field_.of(entry)))
    return result


def breaks(
    entry: Solution, read: FileRead, *, before: documents.Json, ours: Collection[str]
) -> bool:
    """Whether the file has errors that the entry has not, in what would be taken from it.

    Nothing is taken of a key that the standard does not know. A value that cannot be read is left out, which
    breaks nothing where the file ``before`` had no other there. What was decided here (a field that the OSK
    has set, or a proposal: ``ours``) stays as it is whatever the file says: an error that was mended here only
    must not stop everything else of the file.
    """
    known = {(f["code"], f["key"]) for f in entry.findings}
    known |= {(f.code, f.key) for f in documents.check(before).errors}
    lasting = {(f.code, f.key) for f in documents.check(read.document).errors}
    kept = [EVERY[name] for name in {*ours, *entry.locks} if name in EVERY]
    return any(
        finding.type == "error"
        and finding.code not in _UNKNOWN
        and (finding.code, finding.key) not in known
        and not any(field.holds(finding.key) for field in kept)
        and (
            (finding.code, finding.key) in lasting or _changes(finding.path, before, read.document)
        )
        for finding in read.findings
    )


def _changes(path: str, before: documents.Json, after: documents.Json) -> bool:
    """Whether two files differ in the field at ``path``, or, where no field is there, in its first key."""
    field_ = next((f for f in EVERY.values() if f.holds(path)), None)
    if field_ is not None:
        return bool(field_.of(before) != field_.of(after))
    first = re.split(r"[.\[]", path)[0]
    return bool(before.get(first) != after.get(first))


@transaction.atomic
def import_publiccode(
    data: bytes, *, slug: str = "", publish: bool = False, publish_incomplete: bool = False
) -> Outcome:
    """Take in one file. Refused only when it is no YAML mapping, or names nothing, or would break what is
    published (unless ``publish_incomplete``): then the outcome names the entry, and nothing is written.

    The entry is found by its normalised repository, else by ``slug`` where the caller names one, else by
    its name where file or entry has no repository. The same file twice changes nothing, and what was decided
    in the catalog since the file was taken in last stays.
    """
    result = read_document(data)
    if not result.document:
        return Outcome(Status.REFUSED, result.findings)
    document, findings = result.document, result.kept_findings
    found = find_entry(document, slug)
    ours = _ours(found) if found is not None else set()
    if (
        found is not None
        and found.is_published
        and not publish_incomplete
        and breaks(found, result, before=last_file(found), ours=ours)
    ):
        return Outcome(Status.REFUSED, result.findings, found)
    if found is not None and (kept := _kept(found, document, ours)) != document:
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


def _kept(entry: Solution, document: documents.Json, ours: set[str]) -> documents.Json:
    """The file without what was decided otherwise here: by a proposal, by the OSK once, or for good."""
    return locks.kept(entry, merged(document, entry=entry.document, ours=ours))


def _ours(entry: Solution) -> set[str]:
    return differing(entry.document, last_file(entry)) | decided_here(entry)


def decided_here(entry: Solution) -> set[str]:
    """Names of the fields whose value comes from an organisation's proposal, or from the OSK."""
    decided = [key for key, origin in entry.origins.items() if _is_decided(origin)]
    return {f.name for f in EVERY.values() if any(f.holds(key) for key in decided)}


def _is_decided(origin: Mapping[str, Any]) -> bool:
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
