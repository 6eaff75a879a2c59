"""The products that come with the portal, brought in by a command."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from sandbox import backends
from sandbox.models import Blueprint, Slot
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


def test_an_unknown_product_is_refused() -> None:
    with pytest.raises(CommandError, match="den-gibt-es-nicht"):
        call_command("sandbox_products", "den-gibt-es-nicht")
