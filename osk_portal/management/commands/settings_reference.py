"""The operator's list of variables, made from the settings that read them."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from osk_portal.toolkit import env

# Defaults that depend on where the portal lies are described instead of printed.
DESCRIBED = {
    "OSK_VAR": "var/ beside manage.py",
    "OSK_RADICALE_PYTHON": ".venv-radicale/bin/python beside manage.py",
    "OSK_BASE_URL": "http://localhost:PORT",
    "ALLOWED_HOSTS": "the host of OSK_BASE_URL",
}


def render_example() -> str:
    lines = [
        "# Every variable that OSK-Portal reads. Made by `manage.py settings_reference --write`.",
        "# NAME_FILE instead of NAME reads the value from a file (container secrets).",
        "",
    ]
    for variable in sorted(env.VARIABLES.values(), key=lambda v: v.name):
        lines += [f"# {variable.help}", f"# {variable.name}={_default(variable)}", ""]
    return "\n".join(lines)


def render_table() -> str:
    lines = [
        "# Settings",
        "",
        "Every variable that the portal reads from its environment. Made by",
        "`manage.py settings_reference --write`; a test holds that it is up to date.",
        "`NAME_FILE` instead of `NAME` reads the value from a file (container secrets).",
        "",
        "| variable | what it does | default |",
        "|---|---|---|",
    ]
    for variable in sorted(env.VARIABLES.values(), key=lambda v: v.name):
        default = f"`{_default(variable)}`" if _default(variable) else "none"
        if variable.secret:
            default = "secret"
        lines.append(f"| `{variable.name}` | {variable.help} | {default} |")
    return "\n".join(lines) + "\n"


def _default(variable: env.Variable) -> str:
    return DESCRIBED.get(variable.name, variable.default)


def targets() -> dict[Path, str]:
    return {
        settings.BASE_DIR / ".env.example": render_example(),
        settings.BASE_DIR / "docs" / "operations" / "settings.md": render_table(),
    }


class Command(BaseCommand):
    help = "Compares .env.example and docs/operations/settings.md with the settings; --write renews them."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--write", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        for path, text in targets().items():
            if options["write"]:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            elif not path.exists() or path.read_text(encoding="utf-8") != text:
                raise CommandError(
                    f"{path.name} is out of date: run manage.py settings_reference --write."
                )
