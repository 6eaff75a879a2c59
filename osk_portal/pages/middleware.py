"""Turns an outage into a page that says so."""

from __future__ import annotations

import logging

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse

from osk_portal.pages.errors import unavailable
from osk_portal.toolkit.middleware import GetResponse

logger = logging.getLogger(__name__)


class DatabaseDownMiddleware:
    """A database that cannot be reached is a 503 page, not a 500 (quality.md 2.6, fault 6).

    Views raise through ``process_exception``; the middleware below (sessions, login) raise through
    ``get_response``. A broken statement stays a 500 and an ERROR line: that is our mistake.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, (OperationalError, InterfaceError)):
            return None
        logger.warning("database unreachable", extra={"path": request.path})
        return unavailable(request)
