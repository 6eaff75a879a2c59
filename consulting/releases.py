"""What a partner would be told, and nothing else: shown to the requester, held against its sum later.

A release is what leaves a case: to whom, which words, which files, with the name of the authority or without
(product.md 1.5). Two releases are the same when their sums are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import UUID

from consulting.models.files import FileState

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from consulting.models import CaseFile, ConsultingRequest, PartnerConsent
    from network.models import Organisation


@dataclass(frozen=True)
class Release:
    """``authority``: its name when the partner may know it, else empty."""

    partners: Sequence[tuple[str, str]]
    """Public id and name."""
    question: str
    files: Sequence[tuple[str, str, int, str]]
    """Public id, name, size and SHA-256."""
    authority: str

    @property
    def as_json(self) -> dict[str, Any]:
        return {
            "partners": [list(partner) for partner in self.partners],
            "question": self.question,
            "files": [list(file) for file in self.files],
            "authority": self.authority,
        }

    @property
    def sha256(self) -> str:
        plain = json.dumps(self.as_json, ensure_ascii=False, sort_keys=True)
        return sha256(plain.encode()).hexdigest()

    @property
    def partner_names(self) -> list[str]:
        return [name for _, name in self.partners]

    @property
    def partner_ids(self) -> list[UUID]:
        return [UUID(public_id) for public_id, _ in self.partners]

    @property
    def file_ids(self) -> list[UUID]:
        return [UUID(file[0]) for file in self.files]


def release(
    case: ConsultingRequest,
    *,
    partners: Iterable[Organisation],
    question: str,
    files: Iterable[CaseFile],
    names_authority: bool,
) -> Release:
    """In an order of its own, so that the sum does not depend on who lists the rows."""
    return Release(
        partners=sorted((str(p.public_id), p.name) for p in partners),
        question=question,
        files=sorted((str(f.public_id), f.name, f.size, f.sha256) for f in files),
        authority=str(case.organisation or "") if names_authority else "",
    )


def of(consent: PartnerConsent) -> Release:
    """What was shown when ``consent`` was asked for."""
    shown = consent.released
    return Release(
        partners=[(public_id, name) for public_id, name in shown["partners"]],
        question=shown["question"],
        files=[(public_id, name, size, digest) for public_id, name, size, digest in shown["files"]],
        authority=shown["authority"],
    )


def releasable_files(case: ConsultingRequest) -> QuerySet[CaseFile]:
    """What may be shown to a partner at all: clean, and nothing that only the OSK sees."""
    return case.files.filter(is_internal=False, state=FileState.CLEAN).exclude(
        message__is_internal=True
    )


def now(case: ConsultingRequest, shown: Release, partners: Iterable[Organisation]) -> Release:
    """The same release from the rows of today: another sum means that something has changed."""
    return release(
        case,
        partners=partners,
        question=shown.question,
        files=releasable_files(case).filter(public_id__in=shown.file_ids),
        names_authority=bool(shown.authority),
    )
