"""The identity provider: people by its subject, a second factor by its acr."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.core.context import request_context
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import complete_social_login
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.sessions.backends.db import SessionStore

from osk_portal.accounts import second_factor
from osk_portal.accounts.models import User, normalise_name
from osk_portal.accounts.services import create_person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def provider(settings):
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                {
                    "provider_id": "landesdienst",
                    "name": "Landesdienst",
                    "client_id": "portal",
                    "secret": "geheim",
                    "settings": {"server_url": "https://idp.example", "uid_field": "sub"},
                }
            ],
        }
    }
    settings.OIDC_STAFF_ACR = ["urn:zwei"]


@pytest.fixture
def request_(rf: Any):
    request = rf.get("/konto/oidc/landesdienst/login/callback/")
    request.session = SessionStore()
    request._messages = FallbackStorage(request)
    request.user = AnonymousUser()
    request.allauth = SimpleNamespace()
    with request_context(request):
        yield request


def login_as(request, sub: str, email: str, acr: str = "", verified: bool = True):
    """What allauth makes of the provider's answer, as its callback does."""
    app = SocialApp(provider="openid_connect", provider_id="landesdienst", name="Landesdienst")
    app.settings = {"server_url": "https://idp.example", "uid_field": "sub"}
    data = {
        "userinfo": {
            "sub": sub,
            "email": email,
            "email_verified": verified,
            "name": "Ada  Rat",
            "acr": "urn:zwei",
        },
        "id_token": {"sub": sub, "acr": acr},
    }
    provider = app.get_provider(request)
    login: SocialLogin = provider.sociallogin_from_response(request, data)
    return complete_social_login(request, login)


def test_a_new_person_gets_an_account(request_):
    login_as(request_, "sub-1", "Ada@Amt.Example")

    user = User.objects.get()
    assert (user.email, user.name) == ("ada@amt.example", "Ada Rat")
    assert request_.user == user


def test_the_same_address_is_not_the_same_person(request_):
    """An address at the provider must not open an account that somebody made here."""
    mine = create_person(email="ada@amt.example", name="Ada", password="vier-lange-Woerter-hier")

    login_as(request_, "sub-1", "ada@amt.example")

    assert not request_.user.is_authenticated
    assert not SocialAccount.objects.filter(user=mine).exists()


@pytest.mark.parametrize(("acr", "proved"), [("urn:zwei", True), ("urn:eins", False), ("", False)])
def test_the_providers_second_factor_counts_by_its_token(request_, acr, proved):
    """Only the signed token's acr: userinfo, which says the same in each case, is not asked."""
    login_as(request_, "sub-1", "ada@amt.example")
    user = User.objects.get()
    user.is_staff = True
    user.save()
    request_.session = SessionStore()
    request_.user = AnonymousUser()

    login_as(request_, "sub-1", "ada@amt.example", acr)

    assert request_.user == user
    assert second_factor.is_proved(request_) is proved


def test_sign_up_by_the_provider_can_be_closed(request_, settings):
    settings.OSK_SIGNUP_OPEN = False

    login_as(request_, "sub-1", "ada@amt.example")

    assert not User.objects.exists()


def test_no_redirects_towards_the_provider(request_):
    assert get_adapter(request_).get_requests_session().max_redirects == 0


def test_sign_in_pages_offer_the_provider(client):
    for path in ("/konto/login/", "/konto/signup/"):
        page = client.get(path)
        assert "Mit Landesdienst anmelden" in page.text
        assert 'action="/konto/oidc/landesdienst/login/' in page.text


def test_the_other_pages_of_the_provider(client):
    assert client.get("/konto/oidc/landesdienst/login/").status_code == 200
    assert client.get("/konto/3rdparty/login/cancelled/").status_code == 200
    assert "nicht geklappt" in client.get("/konto/3rdparty/login/error/").text
    user = create_person(email="ada@amt.example", name="", password=None)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/konto/3rdparty/").status_code == 200
    assert client.get("/konto/password/set/").status_code == 200
    assert EmailAddress.objects.get().verified


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("  Ada\tRat\n", "Ada Rat"), ("Zoe\u0308", "Zoë"), ("\x00", ""), ("ẞ" * 300, "ẞ" * 200)],
)
def test_names_keep_every_accent_and_no_control(typed, kept):
    assert normalise_name(typed) == kept
