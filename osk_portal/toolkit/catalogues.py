"""Compiles the message catalogues with Babel; no gettext tools, no Django."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po


def compile_catalogue(source: Path) -> None:
    """Write the .mo file beside ``source``; a reader never sees half of it."""
    with source.open("rb") as file:
        catalogue = read_po(file)
    half = source.with_suffix(".part")
    with half.open("wb") as file:
        write_mo(file, catalogue)
    half.rename(source.with_suffix(".mo"))


def compile_stale(folders: Iterable[Path]) -> None:
    """Compile what is missing or older than its source, below each of ``folders``."""
    for folder in folders:
        for source in sorted(Path(folder).glob("*/LC_MESSAGES/django.po")):
            compiled = source.with_suffix(".mo")
            if not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime:
                compile_catalogue(source)
