"""A specification as text that an operator edits: YAML (of which JSON is a part), with lines for problems.

Read by the catalog's reader, which takes no tags, no endless aliases, and only so much depth and size; it is
written back in one form, so that two versions can be compared line by line.
"""

from __future__ import annotations

import difflib
import io
import re
import unicodedata
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _
from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString

from catalog.publiccode.nodes import Mapping, Node, Scalar, Sequence, Unreadable, compose
from sandbox import spec

LONGEST: Final = 64 * 1024
MOST_LINES_OF_DIFFERENCE: Final = 2000
_STEP: Final = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_QUOTED: Final = re.compile("[“„]([^”“]+)[”“]")
_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,12}")


@dataclass(frozen=True)
class Problem:
    """``line``: counted from 1, 0 where it concerns the whole text. ``key``: "components[0].image"."""

    line: int
    key: str
    words: str

    def __str__(self) -> str:
        place = ", ".join(
            part
            for part in (
                _("line %(line)d") % {"line": self.line} if self.line else "",
                self.key,
            )
            if part
        )
        return f"{place}: {self.words}" if place else self.words


class BadText(Exception):
    """``problems``: what is wrong with the text, in its order."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: problem.line)
        super().__init__("; ".join(map(str, problems)))


def read(text: str) -> dict[str, Any]:
    """The specification in ``text``, checked. Raises BadText with every problem found."""
    if len(text) > LONGEST:
        raise BadText(
            [Problem(0, "", _("Shorten the text to %(most)d characters.") % {"most": LONGEST})]
        )
    hidden = [
        Problem(number, "", _("invisible characters that change the direction of reading"))
        for number, line in enumerate(text.split("\n"), start=1)
        if any(unicodedata.bidirectional(c) in _TURNING for c in line)
    ]
    if hidden:
        raise BadText(hidden)
    try:
        root = compose(text.encode("utf-8", errors="surrogatepass"))
        data = None if root is None else _plain(root)
    except Unreadable as error:
        raise BadText([Problem(error.place.line, "", _unreadable(error))]) from error
    except _OddValue as error:
        raise BadText([Problem(error.line, "", str(error))]) from error
    if root is None or not isinstance(data, dict):
        raise BadText(
            [Problem(1, "", _("The text must be a table with keys such as “components”."))]
        )
    try:
        spec.check(data)
    except spec.SpecError as error:
        raise BadText([_problem(root, data, text) for text in error.problems]) from error
    return data


_TURNING: Final = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


class _OddValue(Exception):
    def __init__(self, line: int, words: str) -> None:
        self.line = line
        super().__init__(words)


def _plain(node: Node) -> Any:
    """What the node means; numbers are whole ones, nothing is made of a tag."""
    if isinstance(node, Sequence):
        return [_plain(item) for item in node.items]
    if isinstance(node, Mapping):
        return {entry.key.value: _plain(entry.value) for entry in node.merged()}
    return _value(node)


def _value(scalar: Scalar) -> str | int | bool | None:
    if scalar.kind == "null":
        return None
    if scalar.kind == "flag":
        return scalar.value.lower() == "true"
    if scalar.kind == "number":
        if not _INTEGER.fullmatch(scalar.value):
            raise _OddValue(
                scalar.mark.line,
                _("“%(value)s” is no whole number. Put it in quotes if it is a text.")
                % {"value": scalar.value[:40]},
            )
        return int(scalar.value)
    return scalar.value


def _unreadable(error: Unreadable) -> str:
    texts = {
        "too-large": _("The text is too large."),
        "too-deep": _("The text is nested too deeply."),
        "too-many-values": _("The text has too many values. Aliases may be the reason."),
        "alias-recursive": _("An alias refers to itself."),
        "alias-unknown": _("An alias refers to nothing."),
        "duplicate-key": _("A key stands there twice."),
        "several-documents": _("Only one document is read: remove the line “---”."),
        "control-character": _("The text has invisible control characters."),
        "yaml-tab": _("Indent with spaces, not with tabs."),
        "yaml-indentation": _("The indentation does not fit."),
        "yaml-open-quote": _("A quotation mark is not closed."),
        "yaml-open-bracket": _("A bracket is not closed."),
        "yaml-colon": _("A colon stands where none is expected. Put the text in quotes."),
        "yaml-no-colon": _("A colon is missing after a key."),
    }
    return texts.get(error.code, _("This cannot be read as YAML."))


def _problem(root: Node, data: dict[str, Any], text: str) -> Problem:
    where, _colon, words = text.partition(": ")
    key = _full_key(where.removeprefix("spec.").removeprefix("spec"), data)
    if key == "endpoint" and "endpoints" in data:
        key = "endpoints"
    named = _QUOTED.search(words)  # a key that nobody knows is named in the words
    if named and (line := _line_of(root, f"{key}.{named[1]}", is_whole=True)):
        return Problem(line, key, words)
    return Problem(_line_of(root, key), key, words)


def _full_key(where: str, data: dict[str, Any]) -> str:
    """Some places name a component by its name: ``web.readiness`` → ``components[0].readiness``."""
    first, _dot, rest = where.partition(".")
    components = data.get("components")
    if first in data or not isinstance(components, list):
        return where
    for number, component in enumerate(components):
        if isinstance(component, dict) and component.get("name") == first:
            return f"components[{number}].{rest}" if rest else f"components[{number}]"
    return where


def _line_of(root: Node, key: str, *, is_whole: bool = False) -> int:
    """Of the deepest part of the key that stands in the text; ``is_whole``: 0 where not all of it does."""
    node, line = root, root.mark.line
    for name, index in _STEP.findall(key):
        if name and isinstance(node, Mapping):
            entry = next((e for e in node.entries if e.key.value == name), None)
            if entry is None:
                return 0 if is_whole else line
            node, line = entry.value, entry.key.mark.line
        elif index and isinstance(node, Sequence) and int(index) < len(node.items):
            node = node.items[int(index)]
            line = node.mark.line
        else:
            return 0 if is_whole else line
    return line


def write(data: Any) -> str:
    """The specification as text; reading it again gives the same. Texts of several lines stand as such."""
    text = _dump(_in_lines(data))
    try:
        root = compose(text.encode("utf-8", errors="surrogatepass"))
        if root is not None and _plain(root) == data:
            return text
    except (Unreadable, _OddValue):
        pass  # odd white space that only quotes can hold
    return _dump(data)


def _in_lines(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _in_lines(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_in_lines(item) for item in data]
    # Lines that end as in mails or calendars only quotes can hold.
    is_text = isinstance(data, str) and "\n" in data and "\r" not in data
    return LiteralScalarString(data) if is_text else data


def _dump(data: Any) -> str:
    yaml = YAML(typ="rt", pure=True)
    yaml.width = 100
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = io.StringIO()
    yaml.dump(data, out)
    return out.getvalue()


@dataclass(frozen=True)
class Line:
    """A line of a comparison; ``kind``: "added", "removed", "same" or "place"."""

    kind: str
    text: str


def difference(before: Any, after: Any) -> list[Line]:
    """What ``after`` has changed, with three lines around each change; empty where nothing is."""
    kinds = {"+": "added", "-": "removed", " ": "same", "@": "place"}
    found = difflib.unified_diff(
        write(before).splitlines(), write(after).splitlines(), lineterm="", n=3
    )
    lines = [line for line in found if not line.startswith(("---", "+++"))]
    return [
        Line(kinds.get(line[:1], "same"), line[1:] if line[:1] in "+- " else line)
        for line in lines[:MOST_LINES_OF_DIFFERENCE]
    ]
