"""Takes publiccode.yml files into the catalog."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog import importing
from catalog.importing import Status


class Command(BaseCommand):
    help = (
        "Imports publiccode.yml files and folders of them, leniently: what is usable is taken, errors are"
        " kept on the entry. Valid entries are published, incomplete ones wait as drafts. A second run"
        " changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", metavar="PATH", type=Path)
        parser.add_argument("--draft", action="store_true", help="Publish nothing.")
        parser.add_argument(
            "--publish-incomplete", action="store_true", help="Publish entries with errors too."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["draft"] and options["publish_incomplete"]:
            raise CommandError("--draft and --publish-incomplete exclude each other.")
        paths: list[Path] = []
        for path in options["paths"]:
            if not path.exists():
                raise CommandError(f"{path} does not exist.")
            paths += importing.files_in(path)
        if not paths:
            raise CommandError("No .yml or .yaml file found.")
        counts: Counter[str] = Counter()
        for path in paths:
            counts.update(self._import(path, options))
        self.stdout.write(
            f"{len(paths)} files: {counts[Status.CREATED]} created, {counts[Status.CHANGED]} changed, "
            f"{counts[Status.UNCHANGED]} unchanged, {counts[Status.REFUSED]} refused; "
            f"{counts['incomplete']} incomplete, {counts['draft']} waiting as drafts"
        )

    def _import(self, path: Path, options: dict[str, Any]) -> list[str]:
        try:
            data = importing.read_file(path)
        except OSError as error:
            self.stdout.write(f"{Status.REFUSED} {path}: {error.strerror}")
            return [Status.REFUSED]
        outcome = importing.import_publiccode(
            data,
            publish=not options["draft"],
            publish_incomplete=options["publish_incomplete"],
        )
        line = f"{outcome.status} {path}"
        if outcome.solution is not None:
            line += f" -> {outcome.solution.slug}"
        if outcome.errors:
            first = next(f for f in outcome.findings if f.type == "error")
            line += f" ({outcome.errors} errors; first: {first.key or 'file'}: {first.description})"
        self.stdout.write(line)
        if outcome.solution is None:
            return [outcome.status]
        marks = [outcome.status.value]
        if outcome.solution.is_incomplete:
            marks.append("incomplete")
        if not outcome.solution.is_published:
            marks.append("draft")
        return marks
