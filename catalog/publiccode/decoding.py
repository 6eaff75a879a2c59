"""Nodes to plain values by the shapes of the schema, and what has a wrong type or no business.

The first finding is the one at which the reference parser stops; it goes through the keys in
the order of the schema and looks for unknown ones last, so this does too. It then loses the
whole top-level key and reports its parts as missing; here only the broken value is left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from catalog.publiccode.addresses import is_readable_address
from catalog.publiccode.nodes import Entry, Mapping, Mark, Node, Path, Scalar, Sequence
from catalog.publiccode.rules import quoted
from catalog.publiccode.schema import ByLanguage, Flag, Items, Section, Shape, Text, keys_of

# Guessing what a key may mean takes time; whoever has more unknown keys has another problem.
MOST_GUESSES = 100


@dataclass(frozen=True, slots=True)
class Broken:
    """Stands for a value of a wrong type: reported already, so neither checked nor missing."""


BROKEN = Broken()

# What a node holds: text, bool, None, a list of values, a dict by the keys of the file.
Value = Any


@dataclass(frozen=True, slots=True)
class Misfit:
    """Something the reference parser cannot decode."""

    code: str
    path: Path
    place: Mark
    parameters: dict[str, str]


class Decoder:
    """Collects misfits while it takes the nodes of one file apart."""

    def __init__(self) -> None:
        self.misfits: list[Misfit] = []

    def section(self, node: Node, cls: type[Any], path: Path = ()) -> dict[str, Value] | Broken:
        if not isinstance(node, Mapping):
            return self._wrong(node, path, "mapping")
        entries = {entry.key.value: entry for entry in self._entries(node, path)}
        values: dict[str, Value] = {}
        for key in keys_of(cls):
            entry = entries.pop(key.name, None)
            if entry is not None:
                values[key.name] = self._value(entry.value, key.shape, (*path, key.name))
        for entry in entries.values():
            self._unknown(entry.key, cls, path)
        return values

    def _entries(self, node: Mapping, path: Path) -> Iterator[Entry]:
        seen: set[str] = set()
        for entry in node.merged():
            name = entry.key.value
            if name in seen:
                self._add("duplicate-key", (*path, name), entry.key.mark, {"name": quoted(name)})
            else:
                seen.add(name)
                yield entry

    def _value(self, node: Node, shape: Shape, path: Path) -> Value:
        if isinstance(node, Scalar) and node.kind == "null":
            return None
        match shape:
            case Text():
                return self._text(node, shape, path)
            case Flag():
                if isinstance(node, Scalar) and node.kind == "flag":
                    return node.value.lower() == "true"
                return self._wrong(node, path, "flag")
            case Section():
                return self.section(node, shape.of, path)
            case Items():
                return self._items(node, shape, path)
            case ByLanguage():
                return self._by_language(node, shape, path)

    def _text(self, node: Node, shape: Text, path: Path) -> str | Broken:
        if not isinstance(node, Scalar):
            return self._wrong(node, path, "text")
        if shape.is_address and not is_readable_address(node.value):
            self._add("not-an-address", path, node.mark, {"value": quoted(node.value)})
            return BROKEN
        return node.value

    def _items(self, node: Node, shape: Items, path: Path) -> list[Value] | Broken:
        if shape.takes_single and not isinstance(node, Sequence):
            if isinstance(node, Mapping):
                return self._wrong(node, path, "text-or-list")
            return [self._value(node, shape.of, path)]
        if not isinstance(node, Sequence):
            return self._wrong(node, path, "list")
        return [
            self._value(item, shape.of, (*path, index)) for index, item in enumerate(node.items)
        ]

    def _by_language(self, node: Node, shape: ByLanguage, path: Path) -> dict[str, Value] | Broken:
        if not isinstance(node, Mapping):
            return self._wrong(node, path, "mapping")
        section = Section(shape.of)
        return {
            entry.key.value: self._value(entry.value, section, (*path, entry.key.value))
            for entry in self._entries(node, path)
        }

    def _wrong(self, node: Node, path: Path, expected: str) -> Broken:
        found = "text"
        if isinstance(node, Mapping):
            found = "mapping"
        elif isinstance(node, Sequence):
            found = "list"
        value = quoted(node.value) if isinstance(node, Scalar) else ""
        parameters = {"value": value, "expected": expected, "found": found}
        self._add(f"wrong-type-{expected}", path, node.mark, parameters)
        return BROKEN

    def _unknown(self, key: Scalar, cls: type[Any], path: Path) -> None:
        lower = {known.name.lower(): known.name for known in keys_of(cls)}
        close: list[str] = []
        if len(self.misfits) < MOST_GUESSES:
            close = get_close_matches(key.value[:80].lower(), lower, n=1, cutoff=0.75)
        parameters = {"name": quoted(key.value), "meant": lower[close[0]] if close else ""}
        code = "unknown-key-meant" if close else "unknown-key"
        self._add(code, (*path, key.value), key.mark, parameters)

    def _add(self, code: str, path: Path, mark: Mark, parameters: dict[str, str]) -> None:
        self.misfits.append(Misfit(code, path, mark, parameters))


__all__ = ["BROKEN", "Broken", "Decoder", "Misfit", "Value"]
