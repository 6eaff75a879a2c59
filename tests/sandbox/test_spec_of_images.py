"""Schema 2: container images, and what only they need."""

from __future__ import annotations

import contextlib
import copy
from json import dumps
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import spec, spec_text
from sandbox.spec import SpecError
from tests.sandbox.factories import SPEC

DIGEST = "sha256:" + "0123456789abcdef" * 4
WEB: dict[str, Any] = {
    "name": "web",
    "image": f"registry.example.org/team/app:5.1@{DIGEST}",
    "command": ["/start"],
    "args": ["--port", "${port.web}", "--url", "${address}"],
    "files": [{"path": "app.ini", "content": "home = ${home}\n"}],
    "env": {"MODE": "test", "ADMIN_PASSWORD_FILE": "${home}/admin"},
    "secrets": [
        {"role": "admin", "file": "admin"},
        {"role": "database", "env": "DATABASE_URL", "text": "postgresql://app:${secret}@db/app"},
    ],
    "mail": {"host": "SMTP_HOST", "port": "SMTP_PORT"},
    "ports": [{"name": "web", "number": 8080}],
    "volumes": [{"name": "data", "path": "/var/lib/app", "size_mb": 512}],
    "tmpfs": ["/tmp"],
    "user": "1000:1000",
    "capabilities": ["CHOWN"],
    "limits": {"memory_mb": 512, "cpu_millis": 500, "processes": 64},
    "readiness": {"type": "http", "port": "web", "path": "/health"},
    "depends_on": ["db"],
}
DB: dict[str, Any] = {
    "name": "db",
    "image": "localhost/osk-postgres:15",
    "secrets": [{"role": "database", "file": "password"}],
    "ports": [{"name": "sql", "number": 5432}],
    "readiness": {"type": "tcp", "port": "sql"},
}
IMAGES: dict[str, Any] = {
    "schema": 2,
    "components": [WEB, DB],
    "endpoints": [{"port": "web", "path": "/"}],
    "accounts": [{"role": "admin", "label": "Verwaltung", "username": "admin@demo.osk.example"}],
    "internal_secrets": ["database"],
    "first_login": {"role": "admin", "must_change": True},
    "egress": "none",
    "resources": "medium",
    "ready_timeout": 300,
}


def changed(**component: Any) -> dict[str, Any]:
    """The first component with other values; None takes a key away."""
    data = copy.deepcopy(IMAGES)
    web = data["components"][0] | component
    data["components"][0] = {name: value for name, value in web.items() if value is not None}
    return data


def test_everything_is_read() -> None:
    found = spec.parse(IMAGES)
    web, db = found.components

    assert found.is_of_images
    assert found.wants_mail
    assert (found.endpoint.port, found.resources, found.egress) == ("web", "medium", "none")
    assert found.first_login == spec.FirstLogin("admin", must_change=True)
    assert web.listens == (spec.Port("web", 8080),)
    assert web.secrets[1].text == "postgresql://app:${secret}@db/app"
    assert web.volumes == (spec.Volume("data", "/var/lib/app", 512),)
    assert web.limits.cpu_millis == 500
    assert web.mail == spec.MailVariables("SMTP_HOST", "SMTP_PORT")
    assert (web.read_only, db.capabilities, db.home) == (True, (), "/run/osk")
    assert db.readiness == spec.TcpCheck("sql")
    assert found.component_of("sql") is db
    assert [component.name for component in found.in_order()] == ["db", "web"]


def test_a_program_may_be_of_schema_2() -> None:
    data = copy.deepcopy(SPEC) | {"schema": 2, "endpoints": [SPEC["endpoint"]]}
    del data["endpoint"]

    assert spec.parse(data) == spec.parse(SPEC)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (changed(image="registry.example.org/app:5.1"), "components[0].image"),
        (changed(image="registry.example.org/app@sha256:abc"), "components[0].image"),
        (changed(image=f"app@{DIGEST}"), "components[0].image"),
        (changed(image="localhost/app"), "components[0].image"),
        (changed(image=None), "components[0]"),
        (changed(program="python"), "program"),
        (changed(prepare=[["x"]]), "prepare"),
        (changed(command="/start"), "command"),
        (changed(env={"ADMIN_PASSWORD": "geheim"}), "ADMIN_PASSWORD"),
        (changed(secrets=[{"role": "admin"}]), "secrets[0]"),
        (changed(secrets=[{"role": "admin", "env": "A", "file": "a"}]), "secrets[0]"),
        (changed(secrets=[{"role": "admin", "file": "/etc/x"}]), "secrets[0]"),
        (changed(secrets=[{"role": "nobody", "file": "x"}]), "web.secrets"),
        (changed(secrets=[{"role": "admin", "env": "MODE"}]), "web.env"),
        (changed(secrets=[{"role": "admin", "file": "app.ini"}]), "web.files"),
        (changed(secrets=[{"role": "admin", "env": "A", "text": "x"}]), "secrets[0].text"),
        (changed(args=["${secret}"]), "secret"),
        (changed(mail={"host": "SMTP_HOST"}), "mail.port"),
        (changed(ports=["web"]), "ports[0]"),
        (changed(ports=[{"name": "web", "number": 0}]), "number"),
        (changed(volumes=[{"name": "data", "path": "data"}]), "path"),
        (changed(volumes=[{"name": "data", "path": "/a/../b"}]), "path"),
        (changed(volumes=[{"name": "data", "path": "/"}]), "path"),
        (changed(volumes=[{"name": "data", "path": "/proc/x"}]), "path"),
        (changed(volumes=[{"name": "data", "path": "/tmp"}]), "web.volumes"),
        (changed(volumes=[{"name": "data", "path": "/a", "size_mb": 0}]), "size_mb"),
        (changed(tmpfs=["tmp"]), "tmpfs"),
        (changed(read_only="no"), "read_only"),
        (changed(user="me; rm"), "user"),
        (changed(capabilities=["SYS_ADMIN"]), "SYS_ADMIN"),
        (changed(limits={"file_mb": 1}), "file_mb"),
        (changed(limits={"open_files": 64}), "open_files"),
        (changed(limits={"cpu_millis": 1}), "cpu_millis"),
        (changed(readiness={"type": "exec", "port": "web"}), "readiness.type"),
        (changed(readiness={"type": "tcp", "port": "web", "path": "/"}), "path"),
        (changed(depends_on=["web"]), "depends_on"),
        (changed(depends_on=["mail"]), "depends_on"),
        (changed(name="db"), "db"),
        ({**IMAGES, "endpoints": []}, "endpoints"),
        ({**IMAGES, "endpoints": [{"port": "web"}, {"port": "sql"}]}, "endpoints:"),
        ({**IMAGES, "endpoints": [{"port": "mail"}]}, "endpoint"),
        ({**IMAGES, "egress": "all"}, "egress"),
        ({**IMAGES, "egress": []}, "egress"),
        ({**IMAGES, "internal_secrets": ["database", "admin"]}, "internal_secrets"),
        ({**IMAGES, "first_login": {"role": "nobody"}}, "first_login"),
        ({**IMAGES, "resources": "very large"}, "resources"),
        ({**IMAGES, "components": [DB, SPEC["components"][0]]}, "components"),
    ],
)
def test_problems_are_named(data: object, problem: str) -> None:
    with pytest.raises(SpecError) as refused:
        spec.parse(data)

    assert problem in str(refused.value)


def test_a_published_version_with_more_endpoints_than_are_allowed_now_stays_readable() -> None:
    many = {
        **IMAGES,
        "endpoints": [{"port": "web", "path": f"/{n}", "label": "A"} for n in range(9)],
    }

    assert len(spec.parse(many).endpoints) == 9
    assert len(spec.check({**many, "endpoints": many["endpoints"][:8]}).endpoints) == 8
    with pytest.raises(SpecError, match="8"):
        spec.check(many)
    with pytest.raises(spec_text.BadText):
        spec_text.read(dumps(many))


def test_all_problems_come_at_once() -> None:
    with pytest.raises(SpecError) as refused:
        spec.parse({**changed(image="x", user="?", ports=[]), "egress": "?"})

    assert len(refused.value.problems) >= 4


SEED = [{"path": "/var/lib/app/pages/start.txt", "content": "Port ${port.web}"}]
EXPORT = [{"component": "web", "path": "/var/lib/app", "label": "Seiten"}]


def test_seed_and_export_are_read() -> None:
    found = spec.parse({**changed(seed=SEED), "export": EXPORT})

    assert found.components[0].seed == (
        spec.FileSpec("/var/lib/app/pages/start.txt", "Port ${port.web}"),
    )
    assert found.export == (spec.ExportPath("web", "/var/lib/app", "Seiten"),)
    assert spec.parse(IMAGES).export == ()


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "var/lib/app/x",
        "/var/lib/app/../../../etc/shadow",
        "/var/lib/application",
        "/var/lib/app/",
        "/run/osk/admin",
        "/tmp/x",
        "${home}/x",
        "/var/lib/app/a\nb",
    ],
)
def test_seed_and_export_lie_below_a_volume(path: str) -> None:
    for data in (
        changed(seed=[{"path": path, "content": ""}]),
        {**IMAGES, "export": [EXPORT[0] | {"path": path}]},
    ):
        with pytest.raises(SpecError, match="path"):
            spec.parse(data)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (changed(seed=SEED * 2), "seed"),
        (changed(seed=[SEED[0] | {"path": "/var/lib/app"}]), "seed"),
        (changed(seed=[SEED[0] | {"content": "${secret}"}]), "seed"),
        (changed(seed=[SEED[0] | {"content": "x" * 600_000}]), "seed"),
        (changed(seed=[{"path": f"/var/lib/app/{n}", "content": ""} for n in range(101)]), "seed"),
        ({**IMAGES, "export": EXPORT * 2}, "export"),
        ({**IMAGES, "export": [*EXPORT, EXPORT[0] | {"path": "/var/lib/app/x"}]}, "export"),
        ({**IMAGES, "export": [EXPORT[0] | {"component": "mail"}]}, "export"),
        ({**IMAGES, "export": [EXPORT[0] | {"label": "x" * 81}]}, "label"),
        ({**IMAGES, "export": [{"component": "web", "path": "/var/lib/app"}]}, "label"),
    ],
)
def test_what_is_wrong_with_seed_and_export_is_said(data: dict[str, Any], problem: str) -> None:
    with pytest.raises(SpecError) as refused:
        spec.parse(data)

    assert problem in str(refused.value)


def test_of_programs_both_lie_below_the_home_and_schema_1_knows_neither() -> None:
    program = copy.deepcopy(SPEC)
    program["components"][0]["seed"] = [{"path": "data/a.txt", "content": "x"}]
    with pytest.raises(SpecError, match="seed"):
        spec.parse(program)
    program |= {"schema": 2, "endpoints": [program.pop("endpoint")]}
    name = program["components"][0]["name"]
    program["export"] = [{"component": name, "path": "data", "label": "Daten"}]
    assert spec.parse(program).export[0].path == "data"

    for path in ("/data", "../x", "data/../../x", "."):
        program["export"][0]["path"] = path
        with pytest.raises(SpecError, match="export"):
            spec.parse(program)


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.sampled_from([*WEB, "seed"]), json)
def test_nothing_makes_the_reader_fail_otherwise(key: str, value: Any) -> None:
    data = copy.deepcopy(IMAGES)
    data["components"][0][key] = value
    with contextlib.suppress(SpecError):
        spec.parse(data)
