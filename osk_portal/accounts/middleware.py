"""Ends logins that are too old and keeps staff without a second factor out."""

from __future__ import annotations

import logging
from datetime import timedelta

from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from osk_portal.accounts import second_factor
from osk_portal.toolkit import clock
from osk_portal.toolkit.middleware import GetResponse

logger = logging.getLogger(__name__)

STARTED = "signed_in_at"
SEEN = "last_seen_at"
# Written to the session at most this often: a page with ten fragments is one visit.
PRECISION = timedelta(minutes=1).total_seconds()


class SessionAgeMiddleware:
    """Ends a login that rested too long or lasts too long (ASVS v5.0.0-7.3.1 and 7.3.2).

    Django's cookie age alone cannot tell the two apart. It keeps the list of one's sign-ins up to date as
    well: allauth's own middleware would write a row, with six queries, at every request.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            self._check(request)
        return self.get_response(request)

    def _check(self, request: HttpRequest) -> None:
        now = clock.now().timestamp()
        started = request.session.setdefault(STARTED, now)
        seen = request.session.get(SEEN, 0.0)
        idle = timedelta(minutes=settings.OSK_SESSION_IDLE_MINUTES).total_seconds()
        absolute = timedelta(hours=settings.OSK_SESSION_ABSOLUTE_HOURS).total_seconds()
        if (seen and now - seen > idle) or now - started > absolute:
            logger.info("login ended by its age", extra={"user": request.user.pk})
            logout(request)
            messages.info(request, _("Your sign-in has ended. Please sign in again."))
        elif now - seen >= PRECISION:
            request.session[SEEN] = now
            UserSession.objects.create_from_request(request)


class StaffSecondFactorMiddleware:
    """Leads staff who have not proved a second factor to the page where they set one up or prove it.

    What they need for that stays open; static files never come this far. Who has a factor proves it first:
    the pages that replace it would take the password alone.
    """

    OPEN_NAMES = frozenset(
        ("account_logout", "set_language", "mfa_reauthenticate", "mfa_reauthenticate_webauthn")
    )
    SET_UP_NAMES = frozenset(("account_reauthenticate",))
    SET_UP_PREFIX = "mfa_"

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponse | None:
        user = request.user
        if not (user.is_authenticated and user.is_staff) or second_factor.is_proved(request):
            return None
        match = request.resolver_match
        name = (match.url_name if match and not match.namespaces else None) or ""
        if name in self.OPEN_NAMES:
            return None
        if is_mfa_enabled(user):
            messages.info(request, _("Please prove your second factor. OSK staff need it."))
            target = request.get_full_path() if request.method == "GET" else ""
            return redirect_to_login(target, reverse("mfa_reauthenticate"))
        if name in self.SET_UP_NAMES or name.startswith(self.SET_UP_PREFIX):
            return None
        messages.info(request, _("Please set up a second factor first. OSK staff need one."))
        return HttpResponseRedirect(reverse("mfa_index"))
