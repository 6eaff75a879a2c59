"""What an outage of the database looks like from outside."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import translation

from osk_portal.pages import errors
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
