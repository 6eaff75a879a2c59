"""What an outage of the database looks like from outside, and what becomes of a text whose login has ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth import middleware as auth_middleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import translation

from osk_portal.pages import errors
from osk_portal.pages.kept_texts import typed_texts
from osk_portal.toolkit.middleware import GetResponse

# They ask for themselves how the database is, or do not need it.
_PROBES = frozenset(("/healthz", "/readyz"))


class DatabaseDownMiddleware:
    """Answers at once for a moment after a request has found the database away (quality.md 2.6, fault 6).

    Without it each request waits for a connection until the pool gives up, and every thread is soon
    taken by somebody who waits. The finding itself is made in ``errors.server_error``, because what
    fails in other middleware never reaches ``process_exception``.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if errors.is_outage_known() and request.path not in _PROBES:
            # LocaleMiddleware stands further in.
            translation.activate(translation.get_language_from_request(request))
            return errors.unavailable(request)
        return self.get_response(request)


class LoginRequiredMiddleware(auth_middleware.LoginRequiredMiddleware):
    """Leads to the login; whose login has ended while writing gets the text back first."""

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., Any],
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        to_login = super().process_view(request, view_func, view_args, view_kwargs)
        if to_login is None or request.headers.get("HX-Request") or not typed_texts(request):
            return to_login
        # The form's own page: many addresses take a POST only.
        page = urlsplit(request.headers.get("Referer", ""))
        target = page.path if page.netloc == request.get_host() else request.path
        login = redirect_to_login(target, self.get_login_url(view_func))
        return errors.signed_out(request, login.url)
