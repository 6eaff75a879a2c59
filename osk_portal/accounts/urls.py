"""allauth's addresses below /konto/, each with its access declared for the resolver walk."""

from __future__ import annotations

from collections.abc import Sequence

from allauth.urls import urlpatterns as allauth_patterns
from django.urls import URLPattern, URLResolver, path

from osk_portal.accounts import views
from osk_portal.toolkit.access import LOGIN, PUBLIC, declare

# Shown to people who could not sign in, and yet not marked.
UNMARKED = frozenset(("socialaccount_login_error",))


def declare_as_marked(patterns: Sequence[URLPattern | URLResolver]) -> None:
    """allauth marks what works without a sign-in for Django's LoginRequiredMiddleware; read it."""
    for entry in patterns:
        if isinstance(entry, URLResolver):
            declare_as_marked(entry.url_patterns)
        else:
            marked = getattr(entry.callback, "login_required", True)
            needs_login = marked and entry.name not in UNMARKED
            declare([entry], LOGIN if needs_login else PUBLIC)


declare_as_marked(allauth_patterns)
urlpatterns = [
    path("confirm-email/", views.confirm_email, name="account_email_verification_sent"),
    *allauth_patterns,
]
