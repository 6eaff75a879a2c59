"""The whole catalog as files, made once a night: CSV for people, Turtle for harvesters."""

from __future__ import annotations

import codecs
import csv
import io
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.files.storage import storages

from catalog import documents, provenance
from catalog.enums import StatementTopic
from catalog.exports import addresses, dcat
from catalog.exports.facts import Facts, assessment_page, with_facts
from catalog.models import Solution
from catalog.shown_pictures import logo_of, screenshots_of
from catalog.statements import StatementRow
from osk_portal.toolkit.spreadsheets import plain_cell

CSV_FILE = "loesungen.csv"
TURTLE_FILE = "loesungen.ttl"
READABLE = 0o640  # as everything in the private storage (settings.STORAGES)
HEADER = (
    "slug", "name", "short_description_de", "short_description_en", "repository", "landing_page",
    "licence", "licence_family", "development_status", "software_type", "maintenance_type", "version",
    "release_date", "categories", "platforms", "languages", "alternatives", "reuse_berlin", "reuse_elsewhere",
    "maintained_by", "revision", "published_at", "updated_at", "url", "data_licence", "notices", "logo",
    *(f"statement_{topic}" for topic in StatementTopic.values), "assessment", "assessed_at", "badges",
    "being_checked", "screenshots",
)  # fmt: skip


def file_path(name: str) -> Path:
    return Path(storages["private"].path(f"catalog/{name}"))


def write_files() -> None:
    """Make both files anew; a reader sees the old one or the new one, never a half."""
    for name, lines in LINES.items():
        path = file_path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"{name}.{os.getpid()}")
        with unfinished.open("wb") as out:
            out.writelines(lines())
        unfinished.chmod(READABLE)
        unfinished.replace(path)


def _published() -> Iterator[tuple[Solution, Facts]]:
    found = Solution.objects.published().with_reuse_counts().select_related("maintainer")
    return with_facts(found.order_by("sort_key", "pk"))


def turtle_lines() -> Iterator[bytes]:
    for piece in dcat.catalog(_published()):
        yield piece.encode()


def csv_lines() -> Iterator[bytes]:
    """With byte order mark and semicolons, as toolkit.tables writes them; no cell is run as a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    yield codecs.BOM_UTF8
    writer.writerow(HEADER)
    for solution, added in _published():
        cells = [*_cells(solution), *_added(solution, added)]
        writer.writerow([plain_cell(cell) for cell in cells])
        yield out.getvalue().encode()
        out.seek(0)
        out.truncate()
    yield out.getvalue().encode()


def _cells(solution: Solution) -> list[str]:
    document: dict[str, Any] = solution.document
    logo = logo_of(solution)
    counted: Any = solution  # with_reuse_counts
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
        provenance.maintained_by(solution.maintainer) or "OSK",
        str(solution.revision),
        solution.published_at.isoformat() if solution.published_at else "",
        solution.updated_at.isoformat(),
        addresses.of("solution_detail", solution.slug),
        settings.OSK_DATA_LICENCE,
        ", ".join(solution.notice_kinds),
        logo.address if logo else "",
    ]  # fmt: skip


def _added(solution: Solution, added: Facts) -> list[str]:
    """What the OSK adds: a column a topic, each statement with its origin and date."""
    stated = {row.topic: row for row in added.rows}
    said = added.assessment
    return [
        *(_stated(stated.get(topic)) for topic in StatementTopic.values),
        assessment_page(solution) if said else "",
        said.published_at.isoformat() if said and said.published_at else "",
        "; ".join(
            f"{badge.badge}: {badge.level} ({badge.fetched_at.date().isoformat()})"
            for badge in added.badges
        ),
        ", ".join(added.checked),
        ", ".join(shot.address for shot in screenshots_of(solution)),
    ]


def _stated(row: StatementRow | None) -> str:
    """Empty where nothing is stated: that is unknown, never a no."""
    if row is None:
        return ""
    day = row.stated_on.isoformat() if row.stated_on else ""
    evidence = row.evidence.url if row.evidence else row.document
    marks = ", ".join(filter(None, [row.origin, row.said_by, day, evidence]))
    return f"{row.text} ({marks})"


LINES: Final[Mapping[str, Callable[[], Iterator[bytes]]]] = {
    CSV_FILE: csv_lines,
    TURTLE_FILE: turtle_lines,
}
