"""Makes an EnvSpec of JSON. Schema 1: programs; schema 2: programs or images, and what images need, or a
runbook for a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from django.utils.translation import gettext as _

from sandbox.spec.shape import (
    Account,
    Check,
    Component,
    Egress,
    Endpoint,
    EnvSpec,
    ExportPath,
    FileSpec,
    FirstLogin,
    HttpCheck,
    Limits,
    MailVariables,
    Port,
    SecretUse,
    SpecError,
    TcpCheck,
    Volume,
    fill,
)
from sandbox.spec.tables import NAME, VARIABLE, TableReader

SCHEMAS = (1, 2)
MAX_READY_SECONDS = 15 * 60
MAX_COMPONENTS = 20
MAX_ENDPOINTS = 8
MAX_RUNBOOK = 20_000
MAX_EXPORTS = 10
MAX_LABEL = 80
MAX_SEEDS = 100
MAX_SEED_BYTES = 512 * 1024
"""Of all seeds of a product together: a start, not a database."""

CAPABILITIES = frozenset(
    {
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETUID",
        "SYS_CHROOT",
    }
)
"""What engines give by default and images may keep. All else opens a way to the host."""

_USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,59}")
_USER = re.compile(r"(?:[a-z_][a-z0-9_-]{0,31}|\d{1,10})(?::(?:[a-z_][a-z0-9_-]{0,31}|\d{1,10}))?")
_BY_DIGEST = re.compile(
    r"(?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d{1,5})?(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)+(?::[A-Za-z0-9_][\w.-]{0,127})?"
    r"@sha256:[0-9a-f]{64}"
)
_OF_RECIPES = re.compile(r"localhost/[a-z0-9]+(?:[._/-]+[a-z0-9]+)*:[A-Za-z0-9_][\w.-]{0,127}")
_LOOKS_SECRET = re.compile(r"PASSWORD|PASSWD|SECRET|TOKEN")

_SPEC_1 = {"schema", "components", "endpoint", "accounts", "ready_timeout"}
_SPEC_2 = {
    "schema", "components", "endpoints", "accounts", "internal_secrets", "first_login", "egress",
    "resources", "ready_timeout", "export",
}  # fmt: skip
_BY_HAND = {
    "schema", "backend", "runbook", "removal_runbook", "accounts", "first_login", "resources",
}  # fmt: skip
_PROGRAM = {
    "name", "program", "args", "prepare", "files", "env", "ports", "limits", "readiness",
}  # fmt: skip
_IMAGE = {
    "name", "image", "command", "args", "files", "env", "secrets", "mail", "ports", "volumes", "home",
    "tmpfs", "read_only", "user", "capabilities", "limits", "readiness", "depends_on", "seed",
}  # fmt: skip


class Reader(TableReader):
    schema = 1

    def spec(self, data: object) -> EnvSpec:
        self.schema = 2 if isinstance(data, dict) and data.get("schema") == 2 else 1
        if isinstance(data, dict) and self.schema == 2 and data.get("backend") == "manual":
            return self.by_hand(self.table(data, "spec", _BY_HAND))
        root = self.table(data, "spec", _SPEC_2 if self.schema == 2 else _SPEC_1)
        schema = root.get("schema")
        if isinstance(schema, bool) or schema not in SCHEMAS:
            self.problem("schema", _("must be %(number)d") % {"number": SCHEMAS[-1]})
        components = self.all_of(root, "components", "spec", self.component)
        accounts = self.all_of(root, "accounts", "spec", self.account)
        found = EnvSpec(
            components=components,
            endpoints=self.endpoints(root),
            accounts=accounts,
            internal_secrets=self.names(root, "internal_secrets", "spec"),
            first_login=self.first_login(root.get("first_login")),
            egress=self.egress(root),
            resources=self.resources(root),
            ready_timeout=self.number(root, "ready_timeout", "spec", 120, 5, MAX_READY_SECONDS),
            export=self.all_of(root, "export", "spec", self.export_path),
        )
        self.agrees(found)
        return found

    def by_hand(self, root: Mapping[str, object]) -> EnvSpec:
        """What a person sets up: a runbook instead of components."""
        found = EnvSpec(
            components=(),
            endpoints=(),
            accounts=self.all_of(root, "accounts", "spec", self.account),
            first_login=self.first_login(root.get("first_login")),
            resources=self.resources(root),
            runbook=self.runbook(root, "runbook"),
            removal_runbook=self.runbook(root, "removal_runbook")
            if "removal_runbook" in root
            else "",
        )
        roles = [account.role for account in found.accounts]
        self.unique(roles, "accounts")
        self.logs_in(found, roles)
        return found

    def runbook(self, root: Mapping[str, object], key: str) -> str:
        text = self.text(root, key, "spec")
        if len(text) > MAX_RUNBOOK:
            self.problem(
                f"spec.{key}", _("at most %(number)d characters") % {"number": MAX_RUNBOOK}
            )
        elif text and not text.strip():
            self.problem(f"spec.{key}", _("must be a text"))
        return text.strip()

    def resources(self, root: Mapping[str, object]) -> str:
        if "resources" not in root:
            return EnvSpec.resources
        return self.matching(root, "resources", "spec", NAME)

    # What fits together

    def agrees(self, found: EnvSpec) -> None:
        """What one part names must be there in another."""
        components, ports = found.components, list(found.ports)
        if not components:
            self.problem("components", _("name at least one"))
        elif not any(c.readiness for c in components):
            self.problem("readiness", _("at least one component must say when it is ready"))
        if len(components) > MAX_COMPONENTS:
            self.problem("components", _("at most %(number)d") % {"number": MAX_COMPONENTS})
        if len({bool(component.image) for component in components}) > 1:
            self.problem("components", _("programs and images do not go together"))
        self.unique([c.name for c in components], "components")
        self.unique(ports, "ports")
        self.unique([v.name for c in components for v in c.volumes], "volumes")
        roles = [account.role for account in found.accounts]
        self.unique(roles, "accounts")
        self.unique([*{*roles}, *found.internal_secrets], "internal_secrets")
        for component in components:
            self.component_agrees(component, found)
        for endpoint in found.endpoints:
            if endpoint.port and endpoint.port not in ports:
                self.problem("endpoint", _("names an unknown port"))
        self.logs_in(found, roles)
        self.exports_agree(found)
        self.seeds_fit(found)
        try:
            found.in_order()
        except SpecError:
            self.problem("depends_on", _("the components wait for each other"))

    def exports_agree(self, found: EnvSpec) -> None:
        """Each lies where its component keeps data, and none within another: what is taken is taken once."""
        if len(found.export) > MAX_EXPORTS:
            self.problem("export", _("at most %(number)d") % {"number": MAX_EXPORTS})
        components = {component.name: component for component in found.components}
        for number, one in enumerate(found.export):
            component = components.get(one.component)
            if component is None:
                self.problem(f"export[{number}].component", _("names an unknown component"))
            elif one.path:
                self.keeps_data_at(component, one.path, f"export[{number}].path", may_be_all=True)
            for other in found.export[:number]:
                same = one.component == other.component
                if same and (_is_below(one.path, other.path) or _is_below(other.path, one.path)):
                    self.problem(
                        f"export[{number}].path", _("overlaps with %(path)s") % {"path": other.path}
                    )

    def seeds_fit(self, found: EnvSpec) -> None:
        seeds = [file for component in found.components for file in component.seed]
        if len(seeds) > MAX_SEEDS:
            self.problem("seed", _("at most %(number)d") % {"number": MAX_SEEDS})
        if (
            sum(len(file.content.encode("utf-8", "surrogatepass")) for file in seeds)
            > MAX_SEED_BYTES
        ):
            self.problem(
                "seed", _("at most %(number)d bytes together") % {"number": MAX_SEED_BYTES}
            )

    def keeps_data_at(
        self, component: Component, path: str, where: str, *, may_be_all: bool
    ) -> None:
        """Of a program below its home; of an image below a volume, or with ``may_be_all`` the whole of it."""
        parts = PurePosixPath(path).parts
        if ".." in parts or str(PurePosixPath(path)) != path or not path.isprintable():
            self.problem(where, _("must be a plain path"))
        elif not component.image:
            if path.startswith("/") or path == ".":
                self.problem(where, _("the path must lie in the folder of the environment"))
        elif not any(
            _is_below(path, volume.path) and (may_be_all or path != volume.path)
            for volume in component.volumes
        ):
            self.problem(where, _("must lie below a volume of the component"))

    def keeps_to_limits(self, found: EnvSpec) -> None:
        """Asked at saving only: a published version with more stays readable."""
        if len(found.endpoints) > MAX_ENDPOINTS:
            self.problem("endpoints", _("at most %(number)d") % {"number": MAX_ENDPOINTS})

    def logs_in(self, found: EnvSpec, roles: list[str]) -> None:
        if found.first_login and found.first_login.role not in roles:
            self.problem("first_login", _("names an unknown role"))

    def component_agrees(self, component: Component, found: EnvSpec) -> None:
        self.placeholders(component, found)
        if component.readiness and component.readiness.port not in component.ports:
            self.problem(f"{component.name}.readiness", _("names an unknown port"))
        roles = {*found.internal_secrets, *(account.role for account in found.accounts)}
        for use in component.secrets:
            if use.role and use.role not in roles:
                self.problem(f"{component.name}.secrets", _("names an unknown role"))
        paths = [volume.path for volume in component.volumes]
        self.unique([*paths, *component.tmpfs, component.home], f"{component.name}.volumes")
        files = [file.path for file in component.files]
        self.unique([*files, *(use.file for use in component.secrets)], f"{component.name}.files")
        seeds = [file.path for file in component.seed]
        self.unique([*seeds, *(() if component.image else files)], f"{component.name}.seed")
        for number, file in enumerate(component.seed):
            if file.path:
                where = f"{component.name}.seed[{number}].path"
                self.keeps_data_at(component, file.path, where, may_be_all=False)
        names = [name for name, _value in component.env]
        self.unique([*names, *(use.env for use in component.secrets)], f"{component.name}.env")

    def placeholders(self, component: Component, found: EnvSpec) -> None:
        """Every text can be filled with what exists."""
        values = {"home": "", **{f"port.{port}": "" for port in found.ports}}
        if component.image:
            values |= {"address": "", "host": "", "scheme": ""}
            for endpoint in found.endpoints:
                values |= {f"origin.{endpoint.port}": "", f"host.{endpoint.port}": ""}
        else:
            values |= {"mail.host": "", "mail.port": ""}
        for where, text in _texts_of(component):
            known = values | ({"secret": ""} if where == "secrets" else {})
            try:
                fill(text, known)
            except KeyError as error:
                unknown = _("unknown placeholder %(name)s") % {"name": error.args[0]}
                self.problem(f"{component.name}.{where}", unknown)
            except ValueError:
                self.problem(f"{component.name}.{where}", _("write a dollar sign twice ($$)"))

    # Parts

    def component(self, data: object, where: str) -> Component:
        is_image = self.schema == 2 and isinstance(data, dict) and "image" in data
        if not is_image and self.schema == 2 and not (isinstance(data, dict) and "program" in data):
            self.problem(where, _("name a program or an image"))
            return Component(name="")
        known = _PROGRAM | ({"seed"} if self.schema == 2 else set())
        table = self.table(data, where, _IMAGE if is_image else known)
        readiness = table.get("readiness")
        common = Component(
            name=self.matching(table, "name", where, NAME),
            args=self.texts(table.get("args", []), f"{where}.args"),
            files=self.all_of(table, "files", where, self.file, f"{where}."),
            seed=self.all_of(table, "seed", where, self.seed, f"{where}."),
            env=self.variables(table.get("env", {}), f"{where}.env"),
            limits=self.limits(table.get("limits", {}), f"{where}.limits", is_image=is_image),
            readiness=None if readiness is None else self.check(readiness, f"{where}.readiness"),
        )
        return (self.image if is_image else self.program)(table, where, common)

    def program(self, table: Mapping[str, object], where: str, common: Component) -> Component:
        return replace(
            common,
            program=self.matching(table, "program", where, NAME),
            prepare=self.all_of(table, "prepare", where, self.texts, f"{where}."),
            listens=tuple(Port(name) for name in self.names(table, "ports", where)),
        )

    def image(self, table: Mapping[str, object], where: str, common: Component) -> Component:
        for name, value in common.env:
            is_harmless = value in ("", "true", "false") or value.startswith("${home}/")
            if _LOOKS_SECRET.search(name) and not is_harmless:
                self.problem(f"{where}.env.{name}", _("a password belongs into “secrets”"))
        mail = table.get("mail")
        return replace(
            common,
            image=self.image_name(table, where),
            command=self.texts(table.get("command", []), f"{where}.command"),
            secrets=self.all_of(table, "secrets", where, self.secret, f"{where}."),
            mail=None if mail is None else self.mail(mail, f"{where}.mail"),
            listens=self.all_of(table, "ports", where, self.port, f"{where}."),
            volumes=self.all_of(table, "volumes", where, self.volume, f"{where}."),
            home=self.folder(table.get("home", Component.home), f"{where}.home"),
            tmpfs=tuple(
                self.folder(path, f"{where}.tmpfs") for path in self.items(table, "tmpfs", where)
            ),
            read_only=self.yes_or_no(table, "read_only", where, default=True),
            user=self.matching(table, "user", where, _USER) if "user" in table else "",
            capabilities=self.capabilities(table, where),
            depends_on=self.names(table, "depends_on", where),
        )

    def image_name(self, table: Mapping[str, object], where: str) -> str:
        image = self.text(table, "image", where)
        if image and not (_BY_DIGEST.fullmatch(image) or _OF_RECIPES.fullmatch(image)):
            self.problem(
                f"{where}.image",
                _("name the registry and the digest (registry.example/name@sha256:…)"),
            )
        return image

    def port(self, data: object, where: str) -> Port:
        table = self.table(data, where, {"name", "number"})
        return Port(
            self.matching(table, "name", where, NAME),
            self.number(table, "number", where, 0, 1, 65535),
        )

    def volume(self, data: object, where: str) -> Volume:
        table = self.table(data, where, {"name", "path", "size_mb"})
        return Volume(
            self.matching(table, "name", where, NAME),
            self.folder(table.get("path"), f"{where}.path"),
            self.number(table, "size_mb", where, 1024, 1, 1024 * 1024),
        )

    def folder(self, data: object, where: str) -> str:
        """A path inside the image; the whole of it, and what the engine makes, are no place for data."""
        path = data if isinstance(data, str) else ""
        clean = path.startswith("/") and str(PurePosixPath(path)) == path and path != "/"
        if not clean or ".." in PurePosixPath(path).parts or not path.isprintable() or ":" in path:
            self.problem(where, _("must be a folder such as /var/lib/data"))
        elif path.split("/")[1] in ("proc", "sys", "dev"):
            self.problem(where, _("belongs to the engine"))
        return path

    def secret(self, data: object, where: str) -> SecretUse:
        table = self.table(data, where, {"role", "file", "env", "text"})
        if ("file" in table) == ("env" in table):
            self.problem(where, _("name either a file or a variable"))
        text = self.text(table, "text", where) if "text" in table else SecretUse.text
        if "${secret}" not in text:
            self.problem(f"{where}.text", _("must hold ${secret}"))
        return SecretUse(
            self.matching(table, "role", where, NAME),
            file=self.inside(self.text(table, "file", where), where) if "file" in table else "",
            env=self.matching(table, "env", where, VARIABLE) if "env" in table else "",
            text=text,
        )

    def mail(self, data: object, where: str) -> MailVariables:
        table = self.table(data, where, {"host", "port"})
        return MailVariables(
            self.matching(table, "host", where, VARIABLE),
            self.matching(table, "port", where, VARIABLE),
        )

    def capabilities(self, table: Mapping[str, object], where: str) -> tuple[str, ...]:
        found = self.texts(table.get("capabilities", []), f"{where}.capabilities")
        for name in found:
            if name not in CAPABILITIES:
                self.problem(
                    f"{where}.capabilities", _("“%(name)s” is not allowed") % {"name": name}
                )
        return found

    def file(self, data: object, where: str) -> FileSpec:
        table = self.table(data, where, {"path", "content"})
        path = self.inside(self.text(table, "path", where), where)
        return FileSpec(path, self.text(table, "content", where, may_be_empty=True))

    def seed(self, data: object, where: str) -> FileSpec:
        table = self.table(data, where, {"path", "content"})
        content = self.text(table, "content", where, may_be_empty=True)
        return FileSpec(self.text(table, "path", where), content)

    def export_path(self, data: object, where: str) -> ExportPath:
        table = self.table(data, where, {"component", "path", "label"})
        label = self.text(table, "label", where)
        if len(label) > MAX_LABEL or not label.isprintable():
            self.problem(
                f"{where}.label", _("at most %(number)d characters") % {"number": MAX_LABEL}
            )
        return ExportPath(
            self.matching(table, "component", where, NAME), self.text(table, "path", where), label
        )

    def inside(self, path: str, where: str) -> str:
        if path and (path.startswith("/") or ".." in PurePosixPath(path).parts or "\0" in path):
            self.problem(where, _("the path must lie in the folder of the environment"))
        return path

    def check(self, data: object, where: str) -> Check:
        kind = data.get("type", "http") if isinstance(data, dict) and self.schema == 2 else "http"
        if kind == "tcp":
            table = self.table(data, where, {"type", "port"})
            return TcpCheck(self.text(table, "port", where))
        if kind != "http":
            self.problem(f"{where}.type", _("must be “http” or “tcp”"))
        known = {"port", "path", "status"} | ({"type"} if self.schema == 2 else set())
        table = self.table(data, where, known)
        return HttpCheck(
            self.text(table, "port", where),
            self.url_path(table, where),
            self.number(table, "status", where, 200, 100, 599),
        )

    def limits(self, data: object, where: str, *, is_image: bool) -> Limits:
        own = {"cpu_millis"} if is_image else {"file_mb", "open_files"}
        table = self.table(data, where, {"memory_mb", "processes"} | own)
        return Limits(
            memory_mb=self.number(table, "memory_mb", where, 1024, 64, 65536),
            processes=self.number(table, "processes", where, 256, 8, 4096),
            file_mb=self.number(table, "file_mb", where, 256, 1, 65536),
            open_files=self.number(table, "open_files", where, 512, 32, 65536),
            cpu_millis=self.number(table, "cpu_millis", where, 1000, 50, 64000),
        )

    def account(self, data: object, where: str) -> Account:
        table = self.table(data, where, {"role", "label", "username"})
        return Account(
            role=self.matching(table, "role", where, NAME),
            label=self.text(table, "label", where),
            username=self.matching(table, "username", where, _USERNAME),
        )

    def endpoints(self, root: Mapping[str, object]) -> tuple[Endpoint, ...]:
        if self.schema == 1:
            return (self.endpoint(root.get("endpoint"), "endpoint"),)
        found = self.all_of(root, "endpoints", "spec", self.endpoint)
        if not found:
            self.problem("endpoints", _("name at least one"))
        elif len(found) > 1 and not all(endpoint.label for endpoint in found):
            self.problem("endpoints", _("several need a label each"))
        return found

    def endpoint(self, data: object, where: str) -> Endpoint:
        table = self.table(
            data, where, {"port", "path"} | ({"label"} if self.schema == 2 else set())
        )
        return Endpoint(
            self.text(table, "port", where),
            self.url_path(table, where),
            self.text(table, "label", where) if "label" in table else "",
        )

    def first_login(self, data: object) -> FirstLogin | None:
        if data is None:
            return None
        table = self.table(data, "first_login", {"role", "must_change"})
        return FirstLogin(
            self.matching(table, "role", "first_login", NAME),
            self.yes_or_no(table, "must_change", "first_login", default=False),
        )

    def egress(self, root: Mapping[str, object]) -> Egress:
        try:
            return Egress(str(root.get("egress", "none")))
        except ValueError:
            self.problem("egress", _("must be “none” or “internet”"))
            return Egress.NONE


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def _texts_of(component: Component) -> Iterator[tuple[str, str]]:
    yield from (("args", text) for text in (*component.command, *component.args))
    yield from (("prepare", text) for step in component.prepare for text in step)
    yield from ((f"files.{file.path}", file.content) for file in component.files)
    yield from ((f"seed.{file.path}", file.content) for file in component.seed)
    yield from ((f"env.{name}", value) for name, value in component.env)
    yield from (("secrets", use.text) for use in component.secrets)
