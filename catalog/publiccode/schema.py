"""How the dataclasses of `document` say what the standard demands of each key.

A field carries one `Key` in its metadata; `keys_of` gives those of a class. Reader, checks and
writer walk them, so that a key is described in one place only. The order of the fields is the
order in which the reference parser checks: it decides which error comes first.
"""

from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields
from typing import Any

KEY = "publiccode.key"


@dataclass(frozen=True, slots=True)
class Problem:
    """A value breaks a rule: the message's code and what is put into its text."""

    code: str
    parameters: dict[str, str]
    # The value may be kept for people to see; otherwise it is left out of the document.
    is_usable: bool = False


Rule = Callable[[str], Problem | None]


@dataclass(frozen=True, slots=True)
class Text:
    """Text, or a number or boolean read as the text it is written as."""

    rules: tuple[Rule, ...] = ()
    # Must at least be possible to take apart as a URL; otherwise it counts as a wrong type.
    is_address: bool = False


@dataclass(frozen=True, slots=True)
class Flag:
    """true or false, never yes or no."""


@dataclass(frozen=True, slots=True)
class Section:
    of: type[Any]


@dataclass(frozen=True, slots=True)
class Items:
    of: "Text | Section"
    # A single value may stand for a list of one.
    takes_single: bool = False


@dataclass(frozen=True, slots=True)
class ByLanguage:
    of: type[Any]


Shape = Text | Flag | Section | Items | ByLanguage


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a section. `attribute` is its name in Python, `name` its name in the file."""

    name: str
    shape: Shape
    attribute: str = ""
    is_required: bool = False
    # Must be there when the sibling `type` has one of these values …
    required_for: tuple[str, ...] = ()
    # … and must not be there when it has another than these.
    only_for: tuple[str, ...] = ()


def _key(key: Key, **default: Any) -> Any:
    return field(metadata={KEY: key}, **default)


def text(name: str, *rules: Rule, required: bool = False, address: bool = False) -> Any:
    """A required text is "" in Python when it is missing, another one None."""
    shape = Text(rules, is_address=address)
    return _key(Key(name, shape, is_required=required), default="" if required else None)


def flag(name: str, *, required: bool = False) -> Any:
    return _key(Key(name, Flag(), is_required=required), default=None)


def texts(name: str, *rules: Rule, required: bool = False, address: bool = False) -> Any:
    shape = Items(Text(rules, is_address=address))
    return _key(Key(name, shape, is_required=required), default=())


def one_or_more(name: str, *rules: Rule) -> Any:
    return _key(Key(name, Items(Text(rules, is_address=True), takes_single=True)), default=())


def sections(
    name: str, of: type[Any], *, required_for: tuple[str, ...] = (), only_for: tuple[str, ...] = ()
) -> Any:
    key = Key(name, Items(Section(of)), required_for=required_for, only_for=only_for)
    return _key(key, default=())


def section(name: str, of: type[Any], *, required: bool = False) -> Any:
    key = Key(name, Section(of), is_required=required)
    return _key(key, default_factory=of) if required else _key(key, default=None)


def by_language(name: str, of: type[Any]) -> Any:
    return _key(Key(name, ByLanguage(of), is_required=True), default_factory=dict)


_keys: dict[type[Any], tuple[Key, ...]] = {}


def keys_of(cls: type[Any]) -> tuple[Key, ...]:
    if cls not in _keys:
        _keys[cls] = _read_keys(cls)
    return _keys[cls]


def _read_keys(cls: type[Any]) -> tuple[Key, ...]:
    keys = []
    for python_field in fields(cls):
        key: Key = python_field.metadata[KEY]
        keys.append(
            Key(
                key.name,
                key.shape,
                python_field.name,
                key.is_required,
                key.required_for,
                key.only_for,
            )
        )
    return tuple(keys)


def default_of(cls: type[Any], attribute: str) -> Any:
    python_field = next(f for f in fields(cls) if f.name == attribute)
    if python_field.default is not MISSING:
        return python_field.default
    if python_field.default_factory is not MISSING:
        return python_field.default_factory()
    raise TypeError(f"{cls.__name__}.{attribute} has no default")
