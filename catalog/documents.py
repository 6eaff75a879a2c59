"""Between publiccode's dataclasses and the JSON that a solution keeps: the same keys, the same shape."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import get_language

from catalog import publiccode
from catalog.publiccode.schema import ByLanguage, Items, Section, Shape, keys_of

Json = dict[str, Any]


def as_json(document: publiccode.Document) -> Json:
    """The document with the keys of the standard; what it does not say is left out."""
    return _section(document)


def _section(value: Any) -> Json:
    found: Json = {}
    for key in keys_of(type(value)):
        inner = getattr(value, key.attribute)
        if inner is not None and inner not in ("", (), {}):
            found[key.name] = _value(key.shape, inner)
    return found


def _value(shape: Shape, value: Any) -> Any:
    match shape:
        case Section():
            return _section(value)
        case Items():
            return [_section(v) if isinstance(shape.of, Section) else v for v in value]
        case ByLanguage():
            return {tag: _section(section) for tag, section in value.items()}
        case _:
            return value


def check(document: Json) -> publiccode.Result:
    """What the reader says of a kept document: JSON is YAML 1.2, so it takes it. Lines mean nothing."""
    return publiccode.read(json.dumps(document, ensure_ascii=False).encode())


def as_kept(finding: publiccode.Finding, *, has_file: bool) -> dict[str, Any]:
    """A finding as the entry keeps it: in both languages, where the file (if there is one) has it."""
    return {
        "type": finding.type,
        "code": finding.code,
        "key": finding.key,
        "description": finding.description,
        "description_de": finding.description_de,
        "line": finding.place.line if has_file else 0,
        "column": finding.place.column if has_file else 0,
    }


def as_file(document: Json) -> str:
    """The text of a publiccode.yml, without keys that the standard has deprecated."""
    found = check(document).document
    return "" if found is None else publiccode.write(publiccode.modernised(found))


def get(document: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """The value at ``path``; None where a step is missing."""
    value: Any = document
    for step in path:
        if not isinstance(value, Mapping) or step not in value:
            return None
        value = value[step]
    return value


def put(document: Json, path: tuple[str, ...], value: Any) -> None:
    """Set the value at ``path`` in place; None, "" and an empty list remove the key, and what is empty then."""
    *steps, last = path
    if value is None or value in ("", []):
        _remove(document, path)
        return
    section = document
    for step in steps:
        section = section.setdefault(step, {})
    section[last] = value


def _remove(section: Json, path: tuple[str, ...]) -> None:
    first, *rest = path
    inner = section.get(first)
    if rest and isinstance(inner, dict):
        _remove(inner, tuple(rest))
    if not rest or inner == {}:
        section.pop(first, None)


def description(document: Mapping[str, Any]) -> tuple[str, Json]:
    """The language and the description in it: the reader's, else German, English, or whatever there is."""
    found: dict[str, Json] = document.get("description") or {}
    for wanted in (get_language() or "de", "de", "en"):
        for tag, section in found.items():
            if tag.split("-")[0].lower() == wanted.split("-")[0]:
                return tag, section
    return next(iter(found.items()), ("de", {}))


def day(value: object) -> date | None:
    """A date of a document, which may be incomplete and hold anything; None for what is none."""
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None
