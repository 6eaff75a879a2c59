"""What an engine of containers is told: names, addresses, labels, files. No engine needed."""

from __future__ import annotations

import io
import tarfile
from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Network

import pytest

from osk_portal.toolkit import clock
from sandbox import backends, spec
from sandbox.backends import container_plan as plans
from sandbox.backends.base import BackendUnavailable, EnvRef
from tests.sandbox.test_spec_of_images import IMAGES

SECRETS = {"admin": "geheim-1", "database": "geheim-2"}
SUBNET = "10.213.0.32/27"


@pytest.fixture
def plan() -> plans.Plan:
    ref = EnvRef("here", "00000001-0000-4000-8000-000000000000", 2)
    now = clock.now()
    return plans.Plan(ref, spec.parse(IMAGES), now + timedelta(days=1), now)


def test_a_container_gets_what_the_specification_says(plan: plans.Plan) -> None:
    web = plan.spec.components[0]

    told = plan.container(web, SUBNET, SECRETS, ("10.213.0.33", "2525"))

    assert told.name == "osk-00000001-g2-web"
    assert told.address == "10.213.0.42"
    assert told.hosts == {"db": "10.213.0.43"}
    assert told.args == ("--port", "8080", "--url", "http://10.213.0.42:8080/")
    assert told.env == {
        "MODE": "test",
        "ADMIN_PASSWORD_FILE": "/run/osk/admin",
        "DATABASE_URL": "postgresql://app:geheim-2@db/app",
        "SMTP_HOST": "10.213.0.33",
        "SMTP_PORT": "2525",
    }
    assert told.volumes == (
        ("osk-00000001-g2-data.data", "/var/lib/app"),
        ("osk-00000001-g2-web.home", "/run/osk"),
    )
    assert (told.memory_mb, told.cpu_millis, told.processes) == (512, 500, 64)
    assert told.labels["osk.port.web"] == "8080"
    assert not {*SECRETS.values()} & {*told.labels.values()}


def test_without_a_mail_sink_its_variables_are_left_out(plan: plans.Plan) -> None:
    told = plan.container(plan.spec.components[0], SUBNET, SECRETS, ("10.213.0.33", ""))

    assert not {"SMTP_HOST", "SMTP_PORT"} & {*(told.env or {})}


def test_files_and_passwords_lie_in_one_folder(plan: plans.Plan) -> None:
    web, db = plan.spec.components

    archive = plan.files(web, SUBNET, SECRETS)
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        contents = {name: tar.extractfile(name).read().decode() for name in tar.getnames()}
        last = max(tar.getmembers(), key=lambda entry: entry.offset)

    assert contents == {"admin": "geheim-1", "app.ini": "home = /run/osk\n"}
    assert plans.has_home(db)
    # Nothing follows the two empty blocks at which an unpacker stops: it would read no more.
    assert len(archive) == last.offset_data + 512 + 1024


def test_each_environment_has_addresses_of_its_own() -> None:
    pool = IPv4Network("10.213.0.0/24")
    first = next(plans.subnets(pool, "osk-00000001-g1", []))

    assert first == next(plans.subnets(pool, "osk-00000001-g1", []))
    free = list(plans.subnets(pool, "osk-00000001-g1", [IPv4Network(first)]))
    assert len(free) == 7
    assert first not in free
    assert list(plans.subnets(pool, "x", [pool])) == []


def test_without_a_socket_there_is_no_engine(settings) -> None:
    settings.OSK_SANDBOX_ENGINE = ""

    with pytest.raises(BackendUnavailable, match="OSK_SANDBOX_ENGINE"):
        backends.get("container")


def test_products_learn_the_address_of_the_gate(plan: plans.Plan) -> None:
    ref = replace(plan.ref, origin="https://0123.test.example")
    gated = replace(plan, ref=ref)

    told = gated.container(plan.spec.components[0], SUBNET, SECRETS, ("", ""))

    assert ref == plan.ref
    assert told.args[-1] == "https://0123.test.example/"
    values = gated.values(plan.spec.components[0], plans.addresses(plan.spec, SUBNET))
    assert (values["scheme"], values["host"]) == ("https", "0123.test.example")
