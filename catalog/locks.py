"""Fields that the OSK has set: no file, proposal or import changes them until they are free again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

from catalog.all_fields import EVERY
from catalog.documents import Json
from catalog.fields import Field
from catalog.models import Solution


def locked(solution: Solution) -> list[Field]:
    """In the order of the fields."""
    return [field for name, field in EVERY.items() if name in solution.locks]


def kept(solution: Solution, document: Json) -> Json:
    """``document`` with what the OSK has set put back; the same object where nothing differs."""
    differing = [f for f in locked(solution) if f.of(document) != f.of(solution.document)]
    if not differing:
        return document
    changed = deepcopy(document)
    for field in differing:
        field.put(changed, deepcopy(field.of(solution.document)))
    return changed


def differing(solution: Solution, document: Mapping[str, Any]) -> list[Field]:
    """Locked fields of which ``document`` (a file, a former revision) says something else."""
    return [f for f in locked(solution) if f.of(document) != f.of(solution.document)]


def differing_in_file(solution: Solution) -> list[Field]:
    """Locked fields of which the repository's file, as it was read last, says something else."""
    source = getattr(solution, "source", None)
    return differing(solution, source.document) if source is not None and source.document else []


def labels(found: Iterable[Field]) -> str:
    return ", ".join(str(field.label) for field in found)
