"""EnvSpec: how an environment is set up, the same for every engine. Validated before it is published.

A specification is JSON in ``BlueprintVersion.spec``; ``parse`` makes frozen dataclasses of it and finds
every problem at once. It holds no secret: accounts name roles, and the portal makes their passwords.
Texts may use ``${home}`` (the environment's own folder) and ``${port.NAME}``; nothing else is replaced.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from string import Template

from django.utils.translation import gettext as _

SCHEMA = 1
MAX_READY_SECONDS = 15 * 60

_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,59}")


class SpecError(Exception):
    """The specification cannot be followed; ``problems`` names each reason for the operator."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("; ".join(problems))


class _Text(Template):
    """``${home}`` and ``${port.web}``; a dollar sign is written twice."""

    idpattern = r"[a-z][a-z0-9.-]*"


def fill(text: str, values: Mapping[str, str]) -> str:
    """Replace the placeholders. Raises KeyError or ValueError, which ``parse`` has excluded."""
    return _Text(text).substitute(values)


@dataclass(frozen=True)
class FileSpec:
    """A file that is written before the start; ``path`` is relative to the environment's folder."""

    path: str
    content: str


@dataclass(frozen=True)
class HttpCheck:
    """The environment is ready when this address answers with ``status``."""

    port: str
    path: str = "/"
    status: int = 200


@dataclass(frozen=True)
class Limits:
    memory_mb: int = 1024
    processes: int = 256
    file_mb: int = 256
    open_files: int = 512


@dataclass(frozen=True)
class Component:
    """One program. ``prepare`` runs before it, with the passwords by role as JSON on its input."""

    name: str
    program: str
    args: tuple[str, ...] = ()
    prepare: tuple[tuple[str, ...], ...] = ()
    files: tuple[FileSpec, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    ports: tuple[str, ...] = ()
    limits: Limits = Limits()
    readiness: HttpCheck | None = None


@dataclass(frozen=True)
class Account:
    """A login of the product whose password the portal makes."""

    role: str
    label: str
    username: str


@dataclass(frozen=True)
class Endpoint:
    """Where people open the product."""

    port: str
    path: str = "/"


@dataclass(frozen=True)
class EnvSpec:
    components: tuple[Component, ...]
    endpoint: Endpoint
    accounts: tuple[Account, ...] = ()
    ready_timeout: int = 120
    """Seconds from the start to the first answer."""

    @property
    def ports(self) -> tuple[str, ...]:
        return tuple(port for component in self.components for port in component.ports)


def parse(data: object) -> EnvSpec:
    """The specification in ``data`` (parsed JSON). Raises SpecError with every problem found."""
    reader = _Reader()
    found = reader.spec(data)
    if reader.problems:
        raise SpecError(reader.problems)
    return found


class _Reader:
    """Reads leniently and collects problems, so that an operator sees all of them at once."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def problem(self, where: str, what: str) -> None:
        self.problems.append(f"{where}: {what}")

    def spec(self, data: object) -> EnvSpec:
        root = self.table(
            data, "spec", {"schema", "components", "endpoint", "accounts", "ready_timeout"}
        )
        if root.get("schema") != SCHEMA:
            self.problem("schema", _("must be %(number)d") % {"number": SCHEMA})
        components = tuple(
            self.component(item, f"components[{number}]")
            for number, item in enumerate(self.items(root, "components", "spec"))
        )
        if not components:
            self.problem("components", _("name at least one"))
        ports = [port for component in components for port in component.ports]
        self.unique([c.name for c in components], "components")
        self.unique(ports, "ports")
        for component in components:
            self.placeholders(component, ports)
            if component.readiness and component.readiness.port not in component.ports:
                self.problem(f"{component.name}.readiness", _("names an unknown port"))
        if components and not any(c.readiness for c in components):
            self.problem("readiness", _("at least one component must say when it is ready"))
        endpoint = self.table(root.get("endpoint"), "endpoint", {"port", "path"})
        port = self.text(endpoint, "port", "endpoint")
        if port and port not in ports:
            self.problem("endpoint", _("names an unknown port"))
        accounts = tuple(
            self.account(item, f"accounts[{number}]")
            for number, item in enumerate(self.items(root, "accounts", "spec"))
        )
        self.unique([account.role for account in accounts], "accounts")
        return EnvSpec(
            components=components,
            endpoint=Endpoint(port, self.url_path(endpoint, "endpoint")),
            accounts=accounts,
            ready_timeout=self.number(root, "ready_timeout", "spec", 120, 5, MAX_READY_SECONDS),
        )

    def component(self, data: object, where: str) -> Component:
        known = {
            "name", "program", "args", "prepare", "files", "env", "ports", "limits", "readiness",
        }  # fmt: skip
        table = self.table(data, where, known)
        readiness = table.get("readiness")
        return Component(
            name=self.matching(table, "name", where, _NAME),
            program=self.matching(table, "program", where, _NAME),
            args=self.texts(table.get("args", []), f"{where}.args"),
            prepare=tuple(
                self.texts(step, f"{where}.prepare[{number}]")
                for number, step in enumerate(self.items(table, "prepare", where))
            ),
            files=tuple(
                self.file(item, f"{where}.files[{number}]")
                for number, item in enumerate(self.items(table, "files", where))
            ),
            env=self.variables(table.get("env", {}), f"{where}.env"),
            ports=tuple(
                name
                for name in self.texts(table.get("ports", []), f"{where}.ports")
                if self.is_name(name, f"{where}.ports")
            ),
            limits=self.limits(table.get("limits", {}), f"{where}.limits"),
            readiness=None
            if readiness is None
            else self.http_check(readiness, f"{where}.readiness"),
        )

    def file(self, data: object, where: str) -> FileSpec:
        table = self.table(data, where, {"path", "content"})
        path = self.text(table, "path", where)
        parts = PurePosixPath(path).parts
        if path and (path.startswith("/") or ".." in parts or "\0" in path):
            self.problem(where, _("the path must lie in the folder of the environment"))
        return FileSpec(path, self.text(table, "content", where, may_be_empty=True))

    def http_check(self, data: object, where: str) -> HttpCheck:
        table = self.table(data, where, {"port", "path", "status"})
        return HttpCheck(
            self.text(table, "port", where),
            self.url_path(table, where),
            self.number(table, "status", where, 200, 100, 599),
        )

    def limits(self, data: object, where: str) -> Limits:
        table = self.table(data, where, {"memory_mb", "processes", "file_mb", "open_files"})
        return Limits(
            memory_mb=self.number(table, "memory_mb", where, 1024, 64, 65536),
            processes=self.number(table, "processes", where, 256, 8, 4096),
            file_mb=self.number(table, "file_mb", where, 256, 1, 65536),
            open_files=self.number(table, "open_files", where, 512, 32, 65536),
        )

    def account(self, data: object, where: str) -> Account:
        table = self.table(data, where, {"role", "label", "username"})
        return Account(
            role=self.matching(table, "role", where, _NAME),
            label=self.text(table, "label", where),
            username=self.matching(table, "username", where, _USERNAME),
        )

    def variables(self, data: object, where: str) -> tuple[tuple[str, str], ...]:
        if not isinstance(data, dict):
            self.problem(where, _("must be a table"))
            return ()
        for name, value in data.items():
            if not (isinstance(name, str) and _VARIABLE.fullmatch(name)):
                self.problem(where, _("“%(name)s” is no name of a variable") % {"name": name})
            if not isinstance(value, str):
                self.problem(f"{where}.{name}", _("must be a text"))
        return tuple((str(name), str(value)) for name, value in data.items())

    def placeholders(self, component: Component, ports: list[str]) -> None:
        """Every text can be filled with what exists."""
        values = {"home": "", **{f"port.{port}": "" for port in ports}}
        for where, text in _texts_of(component):
            try:
                fill(text, values)
            except KeyError as error:
                unknown = _("unknown placeholder %(name)s") % {"name": error.args[0]}
                self.problem(f"{component.name}.{where}", unknown)
            except ValueError:
                self.problem(f"{component.name}.{where}", _("write a dollar sign twice ($$)"))

    # What JSON gives

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
        if _NAME.fullmatch(name):
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


def _texts_of(component: Component) -> Iterator[tuple[str, str]]:
    yield from (("args", text) for text in component.args)
    yield from (("prepare", text) for step in component.prepare for text in step)
    yield from ((f"files.{file.path}", file.content) for file in component.files)
    yield from ((f"env.{name}", value) for name, value in component.env)
