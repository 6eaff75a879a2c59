"""Document → YAML 1.2 text that every YAML 1.1 and 1.2 reader takes the same way.

A small emitter of its own: the shapes are few (section, list, text, boolean), and the quoting
must be predictable, since the files go to authors' repositories.
"""

import re
from collections.abc import Iterator
from typing import Any

from catalog.publiccode import vocabulary
from catalog.publiccode.document import Document
from catalog.publiccode.nodes import resolve_plain
from catalog.publiccode.schema import ByLanguage, Flag, Items, Section, Shape, Text, keys_of

_INDENT = "  "
# Safe without quotes anywhere outside flow collections, as long as nothing resolves it.
_PLAIN = re.compile(r"[A-Za-zÄÖÜäöüß0-9/(][^\x00-\x1f\x7f-\x9f:#\u2028\u2029\ufeff\ud800-\udfff]*")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
# What YAML 1.1 takes for booleans, dates, sexagesimals and the like.
_AMBIGUOUS = re.compile(r"(?i:y|n|yes|no|on|off|true|false|null)|[-+.0-9][-+.:0-9_eExobA-Fa-f]*")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def write(document: Document) -> str:
    """The file's text; `publiccodeYmlVersion` is always "0", the newest 0.x.

    Keys without a value are left out. Text that cannot be stored in UTF-8 is replaced.
    """
    lines = [f'publiccodeYmlVersion: "{vocabulary.WRITTEN_VERSION}"']
    for key in keys_of(Document):
        if key.attribute != "publiccode_yml_version":
            lines += _entry(key.name, key.shape, getattr(document, key.attribute), "")
    return "\n".join(lines) + "\n"


def _entry(name: str, shape: Shape, value: Any, indent: str) -> Iterator[str]:
    if value is None or value == "" or value == () or value == {}:
        return
    head = f"{indent}{_scalar_key(name)}:"
    match shape:
        case Text():
            yield from _text(head, value, indent)
        case Flag():
            yield f"{head} {'true' if value else 'false'}"
        case Section():
            yield from _with_body(head, list(_section(shape, value, indent + _INDENT)))
        case Items():
            yield head
            yield from _items(shape, value, indent + _INDENT)
        case ByLanguage():
            yield head
            for tag, section in value.items():
                body = list(_section(Section(shape.of), section, indent + _INDENT * 2))
                yield from _with_body(f"{indent}{_INDENT}{_scalar_key(tag)}:", body)


def _with_body(head: str, body: list[str]) -> Iterator[str]:
    yield head if body else f"{head} {{}}"
    yield from body


def _section(shape: Section, value: Any, indent: str) -> Iterator[str]:
    for key in keys_of(shape.of):
        yield from _entry(key.name, key.shape, getattr(value, key.attribute), indent)


def _items(shape: Items, values: tuple[Any, ...], indent: str) -> Iterator[str]:
    for value in values:
        if isinstance(shape.of, Text):
            yield from _text(f"{indent}-", value, indent)
            continue
        body = list(_section(shape.of, value, indent + _INDENT))
        if not body:
            yield f"{indent}- {{}}"
            continue
        yield f"{indent}- {body[0].lstrip(' ')}"
        yield from body[1:]


def _text(head: str, value: str, indent: str) -> Iterator[str]:
    value = value.encode("utf-8", "replace").decode("utf-8")
    if "\n" in value and _fits_block(value):
        stripped = value.rstrip("\n")
        newlines = len(value) - len(stripped)
        chomping = {0: "-", 1: ""}.get(newlines, "+")
        yield f"{head} |{chomping}"
        for line in stripped.split("\n") + [""] * max(newlines - 1, 0):
            yield f"{indent}{_INDENT}{line}" if line else ""
        return
    yield f"{head} {_scalar(value)}"


def _fits_block(value: str) -> bool:
    """Whether a literal block gives the value back exactly."""
    first = next((line for line in value.split("\n") if line), "")
    return (
        bool(first)
        and not first[0].isspace()
        and not value.startswith("\n")
        and not _UNPRINTABLE.search(value)
        and all(line == line.rstrip() for line in value.split("\n"))
    )


def _scalar_key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", name) else _quoted(name)


def _scalar(value: str) -> str:
    is_plain = (
        resolve_plain(value) == "text"
        and not _AMBIGUOUS.fullmatch(value)
        and (_PLAIN.fullmatch(value) or _is_plain_address(value))
        and value == value.strip()
    )
    return value if is_plain else _quoted(value)


def _is_plain_address(value: str) -> bool:
    return re.fullmatch(r"https?://[A-Za-z0-9._~/?=&%+-]+", value) is not None


def _quoted(value: str) -> str:
    def escape(match: re.Match[str]) -> str:
        character = match[0]
        return _ESCAPES.get(character) or f"\\u{ord(character):04x}"

    body = re.sub(r'["\\\n\t]', escape, value)
    return f'"{_UNPRINTABLE.sub(escape, body)}"'
