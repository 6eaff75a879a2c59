"""The OSK at work: people sign in to the staff area, and forms are sent as their pages show them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client

from consulting import queues
from consulting.models import ConsultingRequest
from osk_portal.accounts.models import User
from tests.consulting.conftest import World

BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def sign_in(world: World) -> Callable[[str], Client]:
    """A browser of the person with that role in the world; "visitor" is nobody."""

    def open_browser(role: str) -> Client:
        browser = Client()
        if role != "visitor":
            browser.force_login(User.objects.get(pk=getattr(world, role).pk), backend=BACKEND)
        return browser

    return open_browser


@pytest.fixture
def send() -> Callable[..., HttpResponse]:
    """Sends the form of a step as shown: with the case's version, unless another is given."""

    def post(client: Client, case: ConsultingRequest, name: str, **typed: Any) -> HttpResponse:
        case.refresh_from_db(fields=["version"])
        hidden: dict[str, Any] = {"version": case.version}
        if name in ("message", "note"):
            hidden["message_id"] = str(uuid4())
        return client.post(queues.step_url(case, name), {**hidden, **typed})

    return post
