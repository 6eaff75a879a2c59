"""Signing in as people do: forms, codes from the outbox, codes of an app."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import allauth
import pytest
import time_machine
from allauth.mfa.totp.internal import auth as totp
from django.test import Client
from django.test.signals import template_rendered

from osk_portal.accounts.models import User
from osk_portal.accounts.services import create_person

PASSWORD = "vier-lange-Woerter-hier"
PACKAGE = Path(allauth.__file__).parent


@pytest.fixture(autouse=True)
def _only_our_templates() -> Iterator[None]:
    """A template of the package would say Du where we say Sie, and break the CSP."""
    foreign: set[str] = set()

    def receive(sender: Any, template: Any, **kwargs: Any) -> None:
        origin = getattr(getattr(template, "origin", None), "name", "") or ""
        if origin and Path(origin).is_relative_to(PACKAGE):
            foreign.add(origin)

    template_rendered.connect(receive)
    yield
    template_rendered.disconnect(receive)
    assert not foreign


@pytest.fixture
def person(db: None) -> User:
    return create_person(email="mina@amt.example", name="Mina Muster", password=PASSWORD)


@pytest.fixture
def app_code() -> Callable[[str], str]:
    """What a code app with this key shows now."""

    def show(secret: str) -> str:
        return totp.format_hotp_value(
            totp.hotp_value(secret, next(iter(totp.yield_hotp_counters_from_time())))
        )

    return show


@pytest.fixture
def still() -> Iterator[Any]:
    """Python's clock, at a moment when a code of an app has just begun."""
    with time_machine.travel("2026-11-23T09:00:00+00:00", tick=False) as traveller:
        yield traveller


def sign_in(client: Client, email: str = "mina@amt.example", password: str = PASSWORD) -> Any:
    return client.post("/konto/login/", {"login": email, "password": password})


@pytest.fixture
def set_up_app(
    app_code: Callable[[str], str], commits: Callable[[], Any], still: Any
) -> Callable[[Client], str]:
    """Sets a code app up for who is signed in; gives its key. No code runs out on the way."""

    def set_up(client: Client) -> str:
        page = client.get("/konto/2fa/totp/activate/")
        if page.status_code == 302:
            client.post(page["Location"], {"password": PASSWORD})
            page = client.get("/konto/2fa/totp/activate/")
        secret: str = page.context["form"].secret
        with commits():
            answer = client.post("/konto/2fa/totp/activate/", {"code": app_code(secret)})
        assert answer.status_code == 302, answer.text
        return secret

    return set_up
