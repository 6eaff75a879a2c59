"""The whole catalog as files, made once a night: CSV for people, Turtle for harvesters."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import storages

from catalog import documents
from catalog.exports import addresses, dcat
from catalog.models import Solution
from osk_portal.toolkit.spreadsheets import plain_cell

CSV_FILE = "loesungen.csv"
TURTLE_FILE = "loesungen.ttl"
CHUNK = 500
READABLE = 0o640  # as everything in the private storage (settings.STORAGES)
HEADER = (
    "slug", "name", "short_description_de", "short_description_en", "repository", "landing_page",
    "licence", "licence_family", "development_status", "software_type", "maintenance_type", "version",
    "release_date", "categories", "platforms", "languages", "alternatives", "reuse_berlin", "reuse_elsewhere",
    "maintained_by", "revision", "published_at", "updated_at", "url", "data_licence",
)  # fmt: skip


def file_path(name: str) -> Path:
    return Path(storages["private"].path(f"catalog/{name}"))


def write_files() -> None:
    """Make both files anew; a reader sees the old one or the new one, never a half."""
    _replace(file_path(CSV_FILE), _write_csv)
    _replace(file_path(TURTLE_FILE), _write_turtle)


def _replace(path: Path, write: Callable[[Path], None]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f"{path.suffix}.{os.getpid()}")
    write(unfinished)
    unfinished.chmod(READABLE)
    unfinished.replace(path)


def _published() -> Iterator[Solution]:
    found = Solution.objects.published().with_reuse_counts().select_related("maintainer")
    return found.order_by("sort_key", "pk").iterator(chunk_size=CHUNK)


def _write_turtle(path: Path) -> None:
    with path.open("w", encoding="utf-8") as out:
        out.writelines(dcat.catalog(_published()))


def _write_csv(path: Path) -> None:
    """With byte order mark and semicolons, as toolkit.tables writes them; no cell is run as a formula."""
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out, delimiter=";")
        writer.writerow(HEADER)
        for solution in _published():
            writer.writerow([plain_cell(cell) for cell in _cells(solution)])


def _cells(solution: Solution) -> list[str]:
    document: dict[str, Any] = solution.document
    counted: Any = solution  # with_reuse_counts
    maintainer = (
        solution.maintainer if solution.maintainer and solution.maintainer.is_published else None
    )
    return [
        solution.slug,
        solution.name,
        *(
            str(documents.get(document, ("description", language, "shortDescription")) or "")
            for language in ("de", "en")
        ),
        str(document.get("url") or ""),
        str(document.get("landingURL") or ""),
        solution.licence,
        solution.licence_family,
        solution.development_status,
        solution.software_type,
        solution.maintenance_type,
        str(document.get("softwareVersion") or ""),
        str(document.get("releaseDate") or ""),
        *(
            ", ".join(values)
            for values in (
                solution.categories, solution.platforms, solution.languages, solution.alternatives,
            )
        ),
        str(counted.berlin_count),
        str(counted.elsewhere_count),
        maintainer.name if maintainer else "OSK",
        str(solution.revision),
        solution.published_at.isoformat() if solution.published_at else "",
        solution.updated_at.isoformat(),
        addresses.of("solution_detail", solution.slug),
        settings.OSK_DATA_LICENCE,
    ]  # fmt: skip
