"""Reading JSON leniently: every problem is collected, so that an operator sees all of them at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from django.utils.translation import gettext as _

NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,59}")

T = TypeVar("T")


class TableReader:
    """What every part of a specification is read with; ``problems`` says what was wrong where."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def problem(self, where: str, what: str) -> None:
        self.problems.append(f"{where}: {what}")

    def table(self, data: object, where: str, known: set[str]) -> dict[str, object]:
        if not isinstance(data, dict):
            self.problem(where, _("must be a table"))
            return {}
        for name in sorted(set(map(str, data)) - known):
            self.problem(where, _("“%(name)s” is not known") % {"name": name})
        return data

    def items(self, table: Mapping[str, object], key: str, where: str) -> list[object]:
        data = table.get(key, [])
        if not isinstance(data, list):
            self.problem(f"{where}.{key}", _("must be a list"))
            return []
        return data

    def texts(self, data: object, where: str) -> tuple[str, ...]:
        if not isinstance(data, list) or not all(isinstance(item, str) for item in data):
            self.problem(where, _("must be a list of texts"))
            return ()
        return tuple(data)

    def text(
        self, table: Mapping[str, object], key: str, where: str, *, may_be_empty: bool = False
    ) -> str:
        value = table.get(key)
        if not isinstance(value, str) or not (value or may_be_empty):
            self.problem(f"{where}.{key}", _("must be a text"))
            return ""
        return value

    def matching(
        self, table: Mapping[str, object], key: str, where: str, pattern: re.Pattern[str]
    ) -> str:
        value = self.text(table, key, where)
        if value and not pattern.fullmatch(value):
            self.problem(f"{where}.{key}", _("“%(name)s” is no name") % {"name": value})
        return value

    def is_name(self, name: str, where: str) -> bool:
        if NAME.fullmatch(name):
            return True
        self.problem(where, _("“%(name)s” is no name") % {"name": name})
        return False

    def url_path(self, table: Mapping[str, object], where: str) -> str:
        path = table.get("path", "/")
        if not isinstance(path, str) or not path.startswith("/"):
            self.problem(f"{where}.path", _("must begin with /"))
            return "/"
        return path

    def number(
        self, table: Mapping[str, object], key: str, where: str, default: int, least: int, most: int
    ) -> int:
        value = table.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.problem(
                f"{where}.{key}",
                _("must be a whole number from %(least)d to %(most)d")
                % {"least": least, "most": most},
            )
            return default
        return value

    def unique(self, names: list[str], where: str) -> None:
        for name in sorted({name for name in names if name and names.count(name) > 1}):
            self.problem(where, _("“%(name)s” stands there twice") % {"name": name})

    def all_of(
        self,
        table: Mapping[str, object],
        key: str,
        where: str,
        read: Callable[[object, str], T],
        prefix: str = "",
    ) -> tuple[T, ...]:
        """The list under ``key``, each item read with its place in it."""
        place = f"{prefix}{key}"
        return tuple(
            read(item, f"{place}[{number}]")
            for number, item in enumerate(self.items(table, key, where))
        )

    def yes_or_no(
        self, table: Mapping[str, object], key: str, where: str, *, default: bool
    ) -> bool:
        value = table.get(key, default)
        if not isinstance(value, bool):
            self.problem(f"{where}.{key}", _("must be true or false"))
            return default
        return value

    def names(self, table: Mapping[str, object], key: str, where: str) -> tuple[str, ...]:
        """A list of names; what is none is left out."""
        place = f"{where}.{key}"
        return tuple(n for n in self.texts(table.get(key, []), place) if self.is_name(n, place))

    def variables(self, data: object, where: str) -> tuple[tuple[str, str], ...]:
        if not isinstance(data, dict):
            self.problem(where, _("must be a table"))
            return ()
        for name, value in data.items():
            if not (isinstance(name, str) and VARIABLE.fullmatch(name)):
                self.problem(where, _("“%(name)s” is no name of a variable") % {"name": name})
            if not isinstance(value, str):
                self.problem(f"{where}.{name}", _("must be a text"))
        return tuple((str(name), str(value)) for name, value in data.items())
