"""What the draft of a German country section says (``de.leika``), read leniently.

The standard never took the section over and the reference parser refuses it, so it is no part of an entry's
document and is never written into a file. Source: design of the standard, docs/de/schema.de.rst of 2021.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from catalog.enums import StatementTopic
from catalog.publiccode import nodes

MOST_KEYS: Final = 30
_LEIKA: Final = re.compile(r"[0-9]{14}")
_OZG: Final = re.compile(r"[0-9]{5}")


def said_in(data: bytes) -> Mapping[str, str]:
    """Statements by topic; nothing where there is no such section. Raises nothing."""
    try:
        root = nodes.compose(data)
    except nodes.Unreadable:
        return {}
    services = _inner(_inner(root, "de") or _inner(root, "DE"), "leika")
    keys = _numbers(services, "leika-id", _LEIKA)
    ids = _numbers(services, "ozg-id", _OZG)
    said = {}
    if keys:
        said[str(StatementTopic.LEIKA)] = ", ".join(keys)
    if ids:
        said[str(StatementTopic.OZG)] = ", ".join(f"OZG-ID {number}" for number in ids)
    return said


def _numbers(services: nodes.Node | None, key: str, form: re.Pattern[str]) -> list[str]:
    """Each once, in the order of the file."""
    found = dict.fromkeys(_values(services, key))
    return [value for value in found if form.fullmatch(value)][:MOST_KEYS]


def _values(services: nodes.Node | None, key: str) -> Iterator[str]:
    items = services.items if isinstance(services, nodes.Sequence) else [services]
    for item in items:
        value = _inner(item, key)
        for scalar in value.items if isinstance(value, nodes.Sequence) else [value]:
            if isinstance(scalar, nodes.Scalar):
                yield scalar.value.strip()


def _inner(node: nodes.Node | None, key: str) -> nodes.Node | None:
    if not isinstance(node, nodes.Mapping):
        return None
    return next((entry.value for entry in node.entries if entry.key.value == key), None)
