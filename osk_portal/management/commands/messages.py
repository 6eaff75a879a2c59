"""Catalogues of texts, one an area: extract, check and compile with Babel (no gettext tools needed)."""

from __future__ import annotations

import io
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation.template import templatize

from osk_portal.toolkit.catalogues import compile_catalogue

AREAS = ("ground", "accounts", "network", "catalog", "sandbox", "consulting")
# Folders of templates beside the one that bears the area's name; allauth names its own.
TEMPLATE_FOLDERS = {
    "accounts": (
        "account",
        "accounts",
        "allauth",
        "mfa",
        "notifications",
        "socialaccount",
        "usersessions",
    )
}
SOURCE_FOLDERS = {"accounts": ("osk_portal/accounts", "osk_portal/notifications")}
KEYWORDS: dict[str, Any] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}


class Command(BaseCommand):
    help = "Updates the German catalogues; --check fails on a missing text, --compile writes .mo files."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("areas", nargs="*", help=f"Any of {', '.join(AREAS)}; default: all.")
        parser.add_argument("--check", action="store_true", help="Change nothing; fail on a gap.")
        parser.add_argument("--compile", action="store_true", help="Only write the .mo files.")

    def handle(self, *args: Any, **options: Any) -> None:
        areas = options["areas"] or AREAS
        gaps: list[str] = []
        known: dict[str, Catalog] = {}
        for area in areas:
            if area not in AREAS:
                raise CommandError(f"{area} is none of {', '.join(AREAS)}.")
            path = settings.BASE_DIR / "locale" / area / "de" / "LC_MESSAGES" / "django.po"
            if options["compile"]:
                if path.exists():
                    compile_catalogue(path)
                continue
            old = self._read(path)
            new = self._extract(area)
            known[area] = merged = self._merge(old, new)
            gaps += [f"{area}: {m.id!r}" for m in merged if m.id and not _is_translated(m)]
            if options["check"]:
                gaps += [
                    f"{area}: not in the catalogue: {m.id!r}"
                    for m in new
                    if m.id and old.get(m.id, m.context) is None
                ]
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                write_po(
                    file, merged, sort_output=True, omit_header=False, no_location=True, width=100
                )
            compile_catalogue(path)
        gaps += differing(known)
        if options["check"] and gaps:
            raise CommandError("Texts without German:\n" + "\n".join(gaps))
        for gap in gaps:
            self.stdout.write(f"without German: {gap}")

    def _read(self, path: Path) -> Catalog:
        if not path.exists():
            return Catalog(locale="de")
        with path.open("rb") as file:
            return read_po(file, locale="de")

    def _merge(self, old: Catalog, new: Catalog) -> Catalog:
        """The texts of ``new`` with the German of ``old``; what is no longer used goes."""
        new.creation_date = old.creation_date  # a new one at every run only makes conflicts
        for message in new:
            known = old.get(message.id, message.context) if message.id else None
            if known is not None:
                message.string = known.string
        return new

    def _extract(self, area: str) -> Catalog:
        catalog = Catalog(locale="de", project="OSK-Portal", charset="utf-8", fuzzy=False)
        for path in _sources(area):
            if path.suffix == ".py":
                found = extract_from_file(
                    "python", path, keywords=KEYWORDS, comment_tags=("Translators:",)
                )
            else:
                code = templatize(path.read_text(encoding="utf-8"), origin=str(path))
                found = _from_text(code)
            for _line, message, comments, context in found:
                catalog.add(message, auto_comments=comments, context=context)
        return catalog


def differing(catalogues: Mapping[str, Catalog]) -> list[str]:
    """Texts that two areas say in different words: everybody would read those of the first area.

    What means something else needs a context (pgettext).
    """
    said: dict[tuple[str | None, str], tuple[str, str]] = {}
    found: list[str] = []
    for area, catalogue in catalogues.items():
        for message in catalogue:
            if not message.id or not isinstance(message.id, str) or not _is_translated(message):
                continue
            key = (message.context, message.id)
            first, words = said.setdefault(key, (area, str(message.string)))
            if words != message.string:
                found.append(f"{area}: {message.id!r} is {words!r} in {first}")
    return found


def _from_text(code: str) -> Any:
    from babel.messages.extract import extract

    # What templatize leaves of the markup keeps its indentation, which Python's tokenizer would refuse.
    flat = "\n".join(line.strip() for line in code.splitlines())
    return extract("python", io.BytesIO(flat.encode()), keywords=KEYWORDS)


def _sources(area: str) -> list[Path]:
    """The files of an area; ``ground`` has what belongs to no other."""
    base: Path = settings.BASE_DIR
    taken = {name for a in AREAS if a != "ground" for name in _template_folders(a)}
    if area != "ground":
        folders = [base / folder for folder in SOURCE_FOLDERS.get(area, (area,))]
        for name in _template_folders(area):
            folders += [base / "templates" / name, base / "templates" / "admin" / name]
        files = [p for f in folders for p in f.rglob("*") if p.suffix in {".py", ".html", ".txt"}]
    else:
        others = [base / folder for folders in SOURCE_FOLDERS.values() for folder in folders]
        files = [
            p
            for p in (base / "osk_portal").rglob("*.py")
            if not any(p.is_relative_to(other) for other in others)
        ]
        for path in (base / "templates").rglob("*"):
            parts = path.relative_to(base / "templates").parts
            owner = parts[1] if parts[0] == "admin" and len(parts) > 1 else parts[0]
            if path.suffix in {".html", ".txt"} and owner not in taken:
                files.append(path)
    return sorted(p for p in files if p.is_file() and "migrations" not in p.parts)


def _template_folders(area: str) -> tuple[str, ...]:
    return TEMPLATE_FOLDERS.get(area, (area,))


def _is_translated(message: Any) -> bool:
    strings = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
    return bool(strings) and all(strings)
