"""What the portal is made of, and under which licences."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import metadata

from django.conf import settings

_PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==", re.MULTILINE)
_OSI = "License :: OSI Approved :: "


@dataclass(frozen=True)
class Part:
    name: str
    version: str
    licence: str
    url: str = ""


FRONT_END = (
    Part("KERN UX (@kern-ux/native)", "2.7.2", "EUPL-1.2", "https://www.kern-ux.de/"),
    Part("Fira Sans (@fontsource/fira-sans)", "5.3.0", "OFL-1.1", "https://fontsource.org/"),
    Part("htmx", "2.0.11", "0BSD", "https://htmx.org/"),
)


@cache
def python_packages() -> tuple[Part, ...]:
    """The packages of requirements.lock that are installed here, with what each says of its licence."""
    lock = (settings.BASE_DIR / "requirements.lock").read_text(encoding="utf-8")
    parts = []
    for name in sorted(set(_PINNED.findall(lock)), key=str.lower):
        try:
            found = metadata.metadata(name)
        except metadata.PackageNotFoundError:  # pinned for another platform
            continue
        parts.append(Part(name, found["Version"], licence_of(found)))
    return tuple(parts)


def licence_of(found: metadata.PackageMetadata) -> str:
    """SPDX expression (PEP 639), else the trove classifiers, else the first line of the old field."""
    for expression in found.get_all("License-Expression") or []:
        return str(expression)
    names = [c.removeprefix(_OSI) for c in found.get_all("Classifier") or [] if c.startswith(_OSI)]
    if names:
        return ", ".join(names)
    lines = "".join(found.get_all("License") or []).strip().splitlines()
    return lines[0] if lines else ""
