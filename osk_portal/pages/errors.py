"""Error pages: complete pages without a single query, so that they work when little else does.

What was typed into the form that led to one stands on it (``kept_texts.py``).
"""

from __future__ import annotations

import logging
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from osk_portal.toolkit import logs
from osk_portal.toolkit.problems import is_for_program, problem

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

logger = logging.getLogger(__name__)

# PostgreSQL's classes of errors that say "not reachable" (appendix A of its manual): connection
# exceptions, shutting down or starting up, too many connections. A dead connection has no code at all.
_UNREACHABLE = ("08", "57P", "53300")
RETRY_AFTER_SECONDS = 30
MOST_DRAINED_BYTES = 64 * 1024 * 1024
KNOWN_SECONDS = 3
_known_until = 0.0


def _page(
    request: HttpRequest,
    status: int,
    heading: _StrPromise,
    lead: _StrPromise,
    number: str = "",
    *,
    sign_in_url: str = "",
) -> HttpResponse:
    if is_for_program(request):
        return problem(request, status, title=str(heading), detail=str(lead), request_id=number)
    context = {
        "code": status,
        "heading": heading,
        "lead": lead,
        "request_id": number,
        "is_not_found": status == 404,
        "sign_in_url": sign_in_url,
    }
    return render(request, "error.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return too_big(request)
    return _page(
        request,
        400,
        _("We cannot read this request"),
        _("Go back, check what you have typed, and send it again."),
    )


def too_big(request: HttpRequest) -> HttpResponse:
    """More text than a form takes (DATA_UPLOAD_MAX_MEMORY_SIZE).

    The body is read to its end first, within bounds: a server that answers and closes while a browser
    still sends makes the browser show a broken connection instead of this page.
    """
    left = MOST_DRAINED_BYTES
    with suppress(UnreadablePostError):  # the sender has gone: nobody is left to read the page
        while left > 0 and (chunk := request.read(min(left, 64 * 1024))):
            left -= len(chunk)
    return _page(
        request,
        400,
        _("This is too much text at once"),
        _(
            "Nothing has been saved. Go back: your text is still there. Make it shorter and send it again."
        ),
    )


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(
        request,
        403,
        _("You have no access to this page"),
        _("Sign in with another account, or ask the person who sent you the address."),
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _page(
        request,
        403,
        _("The form was open for too long"),
        _(
            "Nothing has been saved. Go back, load the page again and send the form once more. "
            "Your browser must accept cookies for this."
        ),
    )


def signed_out(request: HttpRequest, sign_in_url: str) -> HttpResponse:
    """For who has typed a text meanwhile (LoginRequiredMiddleware)."""
    return _page(
        request,
        403,
        _("You are no longer signed in"),
        _("Nothing has been saved. Copy your text, sign in and send the form once more."),
        sign_in_url=sign_in_url,
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(
        request,
        404,
        _("This page does not exist"),
        _("We may have moved or deleted the page. Check the address or search the portal."),
    )


def unavailable(request: HttpRequest) -> HttpResponse:
    response = _page(
        request,
        503,
        _("The portal cannot be reached at the moment"),
        _("Please try again in a few minutes. What you have just sent is not saved."),
    )
    response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    # Django would log an ERROR for every visitor of the outage; the line of server_error says it once.
    response._has_been_logged = True  # type: ignore[attr-defined] # noqa: SLF001 # read by django.utils.log
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's last resort for every exception that nobody caught: views, middleware, templates."""
    error = sys.exc_info()[1]
    if is_database_down(error):
        logger.warning("database unreachable", extra={"path": request.path})
        note_outage()
        # Middleware on the way out looks at the user, and would wait for the database once more.
        request.user = AnonymousUser()
        return unavailable(request)
    return _page(
        request,
        500,
        _("Something went wrong on our side"),
        _("Your last entries may not be saved. We have been told about the error."),
        logs.request_id.get() or "",
    )


def note_outage() -> None:
    """From now on, for a moment, requests are answered without asking the database."""
    global _known_until
    _known_until = time.monotonic() + KNOWN_SECONDS


def is_outage_known() -> bool:
    return time.monotonic() < _known_until


def is_database_down(error: BaseException | None) -> bool:
    """Whether the database cannot be reached, as opposed to a statement that is wrong or too slow."""
    if not isinstance(error, (OperationalError, InterfaceError)):
        return False
    code = getattr(error.__cause__, "sqlstate", None)
    return code is None or code.startswith(_UNREACHABLE)
