"""What a specification says, once it is read: frozen, and the same for every engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from string import Template


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
    """A file that is written before the start; ``path`` is relative to the component's ``home``."""

    path: str
    content: str


@dataclass(frozen=True)
class ExportPath:
    """What people may take along before the end: a folder or file below a volume, of programs below ``home``."""

    component: str
    path: str
    label: str
    """In words for people, as “Pages and pictures”."""


@dataclass(frozen=True)
class HttpCheck:
    """The component is ready when this address answers with ``status``."""

    port: str
    path: str = "/"
    status: int = 200


@dataclass(frozen=True)
class TcpCheck:
    """The component is ready when this port takes a connection (databases, for instance)."""

    port: str


Check = HttpCheck | TcpCheck


@dataclass(frozen=True)
class Limits:
    memory_mb: int = 1024
    processes: int = 256
    file_mb: int = 256
    """Largest file that a program writes. Images get what their engine allows, and ``open_files`` too."""
    open_files: int = 512
    cpu_millis: int = 1000
    """Thousandths of a processor; of no meaning to programs."""


@dataclass(frozen=True)
class Port:
    """A port that a component listens on. A program is told a number, so it has none here."""

    name: str
    number: int = 0


@dataclass(frozen=True)
class Volume:
    """Data of an image that outlives a restart, and goes with the environment."""

    name: str
    path: str
    size_mb: int = 1024


@dataclass(frozen=True)
class SecretUse:
    """Where an image gets a password: in a file below ``home`` (better) or in a variable.

    Variables can be read by whoever may look at the engine. ``text`` is what is written, with
    ``${secret}`` for the password: addresses of databases need it so.
    """

    role: str
    file: str = ""
    env: str = ""
    text: str = "${secret}"


@dataclass(frozen=True)
class MailVariables:
    """Variables that tell an image the host and the port of the environment's own mail sink."""

    host: str
    port: str


@dataclass(frozen=True)
class Component:
    """One program or one container image of the product; exactly one of the two is named.

    ``prepare`` belongs to programs: it runs before them, with the passwords by role as JSON on its
    input. Images get theirs by ``secrets``.
    """

    name: str
    program: str = ""
    image: str = ""
    """``registry/name@sha256:…``, or ``localhost/name:tag`` for what the recipes build."""
    command: tuple[str, ...] = ()
    """Instead of the image's entry point, where there is one."""
    args: tuple[str, ...] = ()
    prepare: tuple[tuple[str, ...], ...] = ()
    files: tuple[FileSpec, ...] = ()
    seed: tuple[FileSpec, ...] = ()
    """Written once, before the first start, and never again: what people change of it stays. Below a volume, of
    programs below ``home``.
    """
    env: tuple[tuple[str, str], ...] = ()
    secrets: tuple[SecretUse, ...] = ()
    mail: MailVariables | None = None
    listens: tuple[Port, ...] = ()
    volumes: tuple[Volume, ...] = ()
    home: str = "/run/osk"
    """Where an image finds ``files`` and the files of ``secrets``; for programs the engine says."""
    tmpfs: tuple[str, ...] = ()
    read_only: bool = True
    user: str = ""
    """``uid``, ``uid:gid`` or names; empty: what the image says."""
    capabilities: tuple[str, ...] = ()
    """What the image cannot do without; all others are dropped."""
    limits: Limits = Limits()
    readiness: Check | None = None
    depends_on: tuple[str, ...] = ()

    @property
    def ports(self) -> tuple[str, ...]:
        return tuple(port.name for port in self.listens)

    @property
    def wants_mail(self) -> bool:
        """An image by its variables; a program by ``${mail.host}`` in a text of its own."""
        texts = (
            *self.args,
            *(file.content for file in (*self.files, *self.seed)),
            *(text for _, text in self.env),
        )
        return self.mail is not None or any("${mail." in text for text in texts)


@dataclass(frozen=True)
class Account:
    """A login of the product whose password the portal makes."""

    role: str
    label: str
    username: str


@dataclass(frozen=True)
class Endpoint:
    """Where people open the product. ``label`` tells several of them apart."""

    port: str
    path: str = "/"
    label: str = ""


@dataclass(frozen=True)
class FirstLogin:
    """The account to begin with, and whether the product asks for a new password at once."""

    role: str
    must_change: bool = False


class Egress(StrEnum):
    """What an environment may reach outside of itself."""

    NONE = "none"
    INTERNET = "internet"


@dataclass(frozen=True)
class EnvSpec:
    components: tuple[Component, ...]
    endpoints: tuple[Endpoint, ...]
    accounts: tuple[Account, ...] = ()
    internal_secrets: tuple[str, ...] = ()
    """Roles whose passwords only the components know among each other; shown to nobody."""
    first_login: FirstLogin | None = None
    egress: Egress = Egress.NONE
    resources: str = "small"
    """Class of the place that it needs."""
    ready_timeout: int = 120
    """Seconds from the start to the first answer."""
    export: tuple[ExportPath, ...] = ()
    """What is worth taking along; empty: the portal offers nothing."""
    runbook: str = ""
    """Markdown: how a person sets it up. Without components then: no engine is asked."""
    removal_runbook: str = ""

    @property
    def is_by_hand(self) -> bool:
        return bool(self.runbook)

    @property
    def endpoint(self) -> Endpoint:
        """The one that the address of the booking leads to."""
        return self.endpoints[0]

    @property
    def other_ports(self) -> tuple[str, ...]:
        """Of the further endpoints, once each: what has the port of the first is reached there."""
        return tuple(dict.fromkeys(endpoint.port for endpoint in self.endpoints))[1:]

    @property
    def ports(self) -> tuple[str, ...]:
        return tuple(port for component in self.components for port in component.ports)

    @property
    def is_of_images(self) -> bool:
        return any(component.image for component in self.components)

    @property
    def wants_mail(self) -> bool:
        return any(component.wants_mail for component in self.components)

    def component_of(self, port: str) -> Component:
        """Which component listens there. Raises LookupError."""
        for component in self.components:
            if port in component.ports:
                return component
        raise LookupError(port)

    def in_order(self) -> tuple[Component, ...]:
        """What others depend on comes first; otherwise as it is written."""
        placed: list[Component] = []
        waiting = list(self.components)
        while waiting:
            names = {component.name for component in placed}
            ready = [c for c in waiting if names.issuperset(c.depends_on)]
            if not ready:
                raise SpecError([f"depends_on: {', '.join(c.name for c in waiting)}"])
            placed.append(ready[0])
            waiting.remove(ready[0])
        return tuple(placed)
