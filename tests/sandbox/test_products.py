"""The products that come with the portal, brought in by a command."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from osk_portal.toolkit import clock
from sandbox import backends, shipped
from sandbox.models import Blueprint, BlueprintVersion, Slot
from sandbox.services.blueprints import digest_of, save_draft, withdraw_version
from tests.factories import staff
from tests.sandbox.factories import PoolFactory
from tests.sandbox.fake_backend import FakeBackend

pytestmark = pytest.mark.django_db


def test_without_an_engine_they_are_shown_but_not_booked(
    capsys: pytest.CaptureFixture[str], settings
) -> None:
    settings.OSK_SANDBOX_ENGINE = ""

    call_command("sandbox_products", "dokuwiki", "nextcloud")

    told = capsys.readouterr().out
    assert "dokuwiki: OSK_SANDBOX_ENGINE" in told
    assert "nextcloud: nobody has run it yet" in told
    assert not Blueprint.objects.bookable().exists()
    assert [b.slug for b in Blueprint.objects.published()] == ["dokuwiki"]


def test_with_their_images_they_can_be_booked_and_twice_is_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(backends.BACKENDS, "container", FakeBackend)

    for _time in range(2):
        call_command("sandbox_products", "dokuwiki", "redmine", "--places", "2", "--open")
    Blueprint.objects.filter(slug="redmine").update(is_bookable=False)
    call_command("sandbox_products", "dokuwiki", "redmine")

    assert {b.slug for b in Blueprint.objects.bookable()} == {"dokuwiki"}
    assert Slot.objects.filter(backend="container").count() == 2
    assert Blueprint.objects.get(slug="dokuwiki").versions.count() == 1


def _brings(monkeypatch: pytest.MonkeyPatch, **changes: object) -> dict[str, Any]:
    """The portal after an update: the DokuWiki that comes with it is another one."""
    data = {**shipped.read("dokuwiki"), **changes}
    monkeypatch.setattr(shipped, "read", lambda slug: copy.deepcopy(data))
    return data


def _kinds(product: Blueprint) -> list[tuple[str, int]]:
    return [(event.kind, event.data["version"]) for event in product.events.all()]


def test_a_new_product_has_its_texts_and_says_so_in_its_history() -> None:
    product = shipped.ensure("dokuwiki", PoolFactory())

    assert product.longest_days == 14
    assert _kinds(product) == [("drafted", 1), ("published", 1)]


def test_an_operators_product_keeps_texts_places_and_version(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    operator = staff("operator")
    product = shipped.ensure("dokuwiki", PoolFactory())
    own = PoolFactory()
    Blueprint.objects.filter(pk=product.pk).update(name="Wiki des Hauses", longest_days=3, pool=own)
    old = shipped.read("dokuwiki")["spec"]
    newer = copy.deepcopy(old)
    newer["components"][0]["image"] = "localhost/osk-dokuwiki:trixie"
    BlueprintVersion.objects.create(
        blueprint=product, number=2, spec=newer, published_at=clock.now(), published_by=operator
    )

    call_command("sandbox_products", "dokuwiki")

    product.refresh_from_db()
    assert (product.name, product.longest_days, product.pool) == ("Wiki des Hauses", 3, own)
    assert product.versions.count() == 2, "what they had once never comes back"

    changed = copy.deepcopy(old)
    changed["ready_timeout"] = 300
    _brings(monkeypatch, spec=changed, longest_days=90)
    for _time in range(2):
        call_command("sandbox_products", "dokuwiki")

    product.refresh_from_db()
    assert product.longest_days == 3
    draft = product.versions.get(number=3)
    assert (draft.spec, draft.is_published) == (changed, False)
    assert product.published_version().number == 2
    assert _kinds(product)[-1] == ("drafted", 3)
    assert "version 3 is a draft" in capsys.readouterr().out


def test_a_withdrawn_version_does_not_come_back() -> None:
    product = shipped.ensure("dokuwiki", PoolFactory())
    version = product.versions.get()
    withdraw_version(version_id=version.pk, actor=staff("operator"))

    call_command("sandbox_products", "dokuwiki", "--open")

    assert product.versions.count() == 1
    assert product.published_version() is None


def test_a_draft_of_an_operator_is_not_covered(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    product = shipped.ensure("dokuwiki", PoolFactory())
    old = shipped.read("dokuwiki")["spec"]
    own = save_draft(
        blueprint_id=product.pk,
        actor=staff("operator"),
        data={**old, "ready_timeout": 200},
        base=digest_of(old),
    )
    _brings(monkeypatch, spec={**old, "ready_timeout": 300})

    call_command("sandbox_products", "dokuwiki")

    assert product.versions.get(number=2) == own
    assert product.versions.count() == 2
    assert "waits until your draft" in capsys.readouterr().out


def test_our_own_untouched_draft_follows_the_portal(monkeypatch: pytest.MonkeyPatch) -> None:
    old = shipped.read("dokuwiki")["spec"]
    _brings(monkeypatch, is_tried=False)
    product = shipped.ensure("dokuwiki", PoolFactory())
    _brings(monkeypatch, is_tried=False, spec={**old, "ready_timeout": 300})

    shipped.ensure("dokuwiki", PoolFactory())

    assert [v.spec["ready_timeout"] for v in product.versions.all()] == [300]


def test_what_was_closed_is_opened_by_its_name_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(backends.BACKENDS, "container", FakeBackend)
    monkeypatch.setattr(shipped, "slugs", lambda engine="": ["dokuwiki"])
    product = shipped.ensure("dokuwiki", PoolFactory())

    call_command("sandbox_products", "--open")
    assert not Blueprint.objects.get(pk=product.pk).is_bookable
    call_command("sandbox_products", "dokuwiki", "--open")
    assert Blueprint.objects.get(pk=product.pk).is_bookable


def test_an_unknown_product_is_refused() -> None:
    with pytest.raises(CommandError, match="den-gibt-es-nicht"):
        call_command("sandbox_products", "den-gibt-es-nicht")
