"""Checks publiccode.yml files against the standard, as the reference parser does."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog import publiccode
from catalog.importing import read_file


class Command(BaseCommand):
    help = (
        "Checks publiccode.yml files. Exit code 1 when a file is invalid; warnings alone leave it"
        " valid, as do notes on what only the standard asks for."
        " With --format json: {file: [{type, key, description, line, column}]}."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE", type=Path)
        parser.add_argument("--format", choices=("text", "json"), default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        results: dict[str, publiccode.Result] = {}
        for path in options["files"]:
            try:
                results[str(path)] = publiccode.read(read_file(path))
            except OSError as error:
                raise CommandError(f"{path}: {error.strerror}", returncode=2) from error
        if options["format"] == "json":
            findings = {name: result.as_json() for name, result in results.items()}
            self.stdout.write(json.dumps(findings, ensure_ascii=False, indent=2))
        else:
            for name, result in results.items():
                self._print(name, result)
        if not all(result.is_valid for result in results.values()):
            # The findings are printed already; SystemExit carries the code without another line.
            raise SystemExit(1)

    def _print(self, name: str, result: publiccode.Result) -> None:
        self.stdout.write(f"{name}: {'valid' if result.is_valid else 'invalid'}")
        for finding in (*result.findings, *result.notes):
            where = f"{finding.place.line}:{finding.place.column}" if finding.place.line else "-"
            self.stdout.write(
                f"  {finding.type} {where} {finding.key or '-'}: {finding.description}"
            )
            if finding.hint:
                self.stdout.write(f"    {finding.hint}")
