"""Walks over every address of the portal: each says who may reach it, and keeps to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from osk_portal.toolkit.access import LOGIN, PUBLIC
from tests.factories import UserFactory

BACKEND = "django.contrib.auth.backends.ModelBackend"
ADMIN = "admin/"
# A value for each kind of argument; nothing has this id, so a page that is reached answers 404.
ARGUMENTS = {
    "uuid": "00000000-0000-4000-8000-000000000000",
    "int": "0",
    "slug": "gibt-es-nicht",
    "str": "gibt-es-nicht",
    "path": "gibt-es-nicht",
}
ARGUMENT = re.compile(r"<(?:(\w+):)?\w+>")


@dataclass(frozen=True)
class Address:
    route: str
    access: object
    where: str

    @property
    def path(self) -> str:
        """An address of this pattern; a regular expression's anchors and escapes are taken off."""
        plain = ARGUMENT.sub(lambda found: ARGUMENTS[found[1] or "str"], self.route)
        plain = re.sub(r"\(\?P<\w+>(?:[^()]|\([^()]*\))*\)", "0-0", plain)
        return "/" + plain.replace("^", "").replace("$", "").replace("\\Z", "").replace("\\", "")


def walk(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[Address]:
    for entry in patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from walk(entry.url_patterns, route)
        else:
            view = entry.callback
            yield Address(
                route, getattr(view, "access", None), f"{view.__module__}.{view.__name__}"
            )


ADDRESSES = list(walk(get_resolver().url_patterns))
OURS = [address for address in ADDRESSES if not address.route.startswith(ADMIN)]
# These hold nothing: the way in, the way out, and the words of Django's scripts.
OPEN_TO_ALL = {"/admin/login/", "/admin/jsi18n/", "/admin/logout/"}
STAFF = [a for a in ADDRESSES if a.route.startswith(ADMIN) and a.path not in OPEN_TO_ALL]
OF_SOMEBODY = [a for a in OURS if a.access == LOGIN and ARGUMENT.search(a.route)]


def ids(address: Address) -> str:
    return address.route or "home"


@pytest.mark.parametrize("address", OURS, ids=ids)
def test_every_address_declares_its_access(address: Address) -> None:
    assert address.access is not None, f"{address.where}: decorate it with @access(…)"


@pytest.mark.django_db
@pytest.mark.parametrize("address", [a for a in OURS if a.access not in (None, PUBLIC)], ids=ids)
def test_who_is_not_signed_in_is_sent_to_the_login(client: Client, address: Address) -> None:
    for response in (client.get(address.path), client.post(address.path)):
        assert response.status_code in (302, 401), address.where
        assert "/konto/" in response["Location"]


@pytest.mark.django_db
@pytest.mark.parametrize("address", [a for a in OURS if a.access == PUBLIC], ids=ids)
def test_what_is_public_asks_for_no_login(client: Client, address: Address) -> None:
    response = client.get(address.path)

    assert response.status_code < 500
    if response.status_code in (301, 302) and not address.path.startswith("/konto/"):
        assert reverse("account_login") not in response["Location"]


@pytest.mark.django_db
def test_a_member_without_the_role_is_turned_away(client: Client) -> None:
    client.force_login(UserFactory(), backend=BACKEND)

    for address in OURS:
        if callable(address.access):
            assert client.get(address.path).status_code in (403, 404, 405), address.where


@pytest.mark.django_db
@pytest.mark.parametrize("address", OF_SOMEBODY, ids=ids)
def test_a_stranger_finds_nothing_of_others(client: Client, address: Address) -> None:
    """Addresses with an id that is not theirs: not found, or the wrong method; never a fault."""
    client.force_login(UserFactory(), backend=BACKEND)

    assert client.get(address.path).status_code in (302, 403, 404, 405)


@pytest.mark.django_db
@pytest.mark.parametrize("address", STAFF, ids=ids)
def test_the_work_area_is_closed_to_visitors_and_members(client: Client, address: Address) -> None:
    assert client.get(address.path).status_code in (302, 403, 404, 405)

    client.force_login(UserFactory(), backend=BACKEND)

    assert client.get(address.path).status_code in (302, 403, 404, 405)


def test_ids_in_addresses_are_not_row_numbers() -> None:
    ours = [a.route for a in OURS if not a.where.startswith("allauth.")]

    assert not [route for route in ours if "<int:" in route]
