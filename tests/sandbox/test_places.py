"""What a place offers, and products that want more."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.urls import reverse

from sandbox import backends, shipped, spec, spec_text
from sandbox.enums import ResourceClass
from sandbox.models import Blueprint, Pool
from sandbox.services.blueprints import check_version
from tests.factories import staff
from tests.sandbox.factories import BlueprintVersionFactory, PoolFactory, SlotFactory
from tests.sandbox.fake_backend import FakeBackend

pytestmark = pytest.mark.django_db
SPEC = shipped.read("dokuwiki")["spec"]


def _version(pool: Pool, **changes: object):
    version = BlueprintVersionFactory(
        blueprint__pool=pool, published_at=None, spec={**SPEC, **changes}
    )
    SlotFactory(pool=pool)
    return version


@pytest.mark.parametrize(
    ("wanted", "offered", "fits"),
    [
        ("small", ResourceClass.SMALL, True),
        ("small", ResourceClass.LARGE, True),
        ("large", ResourceClass.MEDIUM, False),
        ("huge", ResourceClass.LARGE, False),
    ],
)
def test_a_larger_class_than_the_places_is_refused(engine, wanted, offered, fits) -> None:
    version = _version(PoolFactory(resource_class=offered), resources=wanted)
    if fits:
        check_version(version)
        return
    with pytest.raises(ValidationError, match="resources"):
        check_version(version)


@pytest.mark.parametrize(("name", "offered"), [("memory_mb", 100), ("memory_mb", 99_999)])
def test_the_sum_of_its_components_fits_into_a_place(engine, name, offered) -> None:
    version = _version(PoolFactory(**{name: offered}))
    if offered > 1000:
        check_version(version)
        return
    with pytest.raises(ValidationError, match="100"):
        check_version(version)


def test_the_editor_says_so_in_plain_words(client, engine) -> None:
    version = _version(PoolFactory())
    client.force_login(staff("operator"), backend="django.contrib.auth.backends.ModelBackend")
    url = reverse("admin:sandbox_blueprint_edit", args=[version.blueprint.slug])
    text = spec_text.write({**SPEC, "resources": "large"})

    answer = client.post(
        url, {"base": client.get(url).context["form"]["base"].value(), "text": text}
    )

    assert answer.status_code == 422
    assert "„groß“" in answer.text
    assert "„klein“" in answer.text


def test_neither_product_nor_places_are_moved_away_under_it() -> None:
    large, small = PoolFactory(resource_class=ResourceClass.LARGE), PoolFactory()
    blueprint = BlueprintVersionFactory(
        blueprint__pool=large, spec={**SPEC, "resources": "large"}
    ).blueprint

    blueprint.pool = small
    with pytest.raises(ValidationError) as moved:
        blueprint.clean()
    assert "pool" in moved.value.message_dict
    large.resource_class = ResourceClass.MEDIUM
    with pytest.raises(ValidationError, match=blueprint.name):
        large.clean()


def test_the_command_opens_nothing_on_too_small_places(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(backends.BACKENDS, "container", FakeBackend)
    data = shipped.read("dokuwiki")
    data["spec"]["resources"] = "medium"
    monkeypatch.setattr(shipped, "read", lambda slug: data)

    call_command("sandbox_products", "dokuwiki", "--open")
    assert not Blueprint.objects.get().is_bookable
    Pool.objects.update(resource_class=ResourceClass.MEDIUM)
    call_command("sandbox_products", "dokuwiki", "--open")
    assert Blueprint.objects.get().is_bookable


def test_places_that_are_there_offer_what_is_published_on_them() -> None:
    pool = PoolFactory()
    BlueprintVersionFactory(blueprint__pool=pool, spec={**SPEC, "resources": "medium"})
    migration = importlib.import_module("sandbox.migrations.0015_sheets")

    migration.name_classes(apps, None)

    pool.refresh_from_db()
    assert pool.resource_class == ResourceClass.MEDIUM


# Demo data


def test_radicale_brings_its_demo_calendar_as_a_seed() -> None:
    (radicale,) = spec.parse(shipped.read("radicale")["spec"]).components
    files = {Path(file.path).name: file.content for file in radicale.seed}

    assert json.loads(files.pop(".Radicale.props")) == {
        "tag": "VCALENDAR",
        "D:displayname": "Beispieltermine",
    }
    assert len(files) == 2
    assert all("\r\nSUMMARY:" in content for content in files.values())
    assert {Path(file.path).parts[0] for file in radicale.seed} == {"collections"}


def test_what_is_in_it_stands_on_the_page_of_the_product(client) -> None:
    blueprint = BlueprintVersionFactory(blueprint__demo_data="Zwei <erfundene> Termine").blueprint

    page = client.get(blueprint.get_absolute_url()).text

    assert "Beispieldaten" in page
    assert "Zwei &lt;erfundene&gt; Termine" in page
