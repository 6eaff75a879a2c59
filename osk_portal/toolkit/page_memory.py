"""Pages that visitors ask for again and again, kept in the memory of a process for some seconds.

Only for who brings neither a session nor a message, and only pages that are the same for all of them. The one thing on
a page that belongs to one visitor is the token of its forms: a remembered page has a gap there, filled for each anew.
"""

from __future__ import annotations

import secrets
import threading
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.utils.translation import get_language

LONGEST_ADDRESS: Final = 400
MOST_SECONDS_TO_WAIT: Final = 5
_CONTENT_TYPE: Final = "text/html; charset=utf-8"

Make = Callable[[dict[str, Any]], HttpResponse]


@dataclass(frozen=True)
class _Page:
    packed: bytes
    state: Hashable
    made_at: float


class PageMemory:
    """At most ``most`` pages, those asked for last. ``seconds``: how old one may be; 0 switches it off."""

    def __init__(self, seconds: Callable[[], float], *, most: int = 1_000) -> None:
        self._seconds = seconds
        self._most = most
        self._pages: OrderedDict[Hashable, _Page] = OrderedDict()
        self._making: dict[Hashable, threading.Event] = {}
        self._lock = threading.Lock()
        # Nothing that anybody writes can hold it.
        self._gap = secrets.token_hex(32)

    def page(self, request: HttpRequest, state: Callable[[], Hashable], make: Make) -> HttpResponse:
        """What ``make`` answers, or what it answered before.

        ``make`` is given what it must add to the context of its template. ``state``: what the page depends on beside
        its address and language; a page of another state is not shown.
        """
        seconds = self._seconds()
        if seconds <= 0 or not _is_anybody(request):
            return make({})
        key = (
            request.scheme,
            request.get_host(),
            request.get_full_path(),
            get_language(),
            request.headers.get("HX-Request") == "true",
        )
        now = state()
        if (known := self._find(key, now, seconds)) is None and not self._begin(key):
            # Somebody else makes it at this moment: twice the work for the same would help nobody.
            known = self._find(key, now, seconds)
        if known is not None:
            return self._filled(request, known)
        try:
            response = make({"csrf_token": self._gap})
            if response.status_code != 200 or dict(response.items()) != {
                "Content-Type": _CONTENT_TYPE
            }:
                response.content = response.content.replace(
                    self._gap.encode(), get_token(request).encode()
                )
                return response
            page = _Page(zlib.compress(response.content, 1), now, time.monotonic())
            with self._lock:
                self._pages[key] = page
                self._pages.move_to_end(key)
                while len(self._pages) > self._most:
                    self._pages.popitem(last=False)
            return self._filled(request, page)
        finally:
            self._end(key)

    def clear(self) -> None:
        with self._lock:
            self._pages.clear()

    def _find(self, key: Hashable, state: Hashable, seconds: float) -> _Page | None:
        with self._lock:
            page = self._pages.get(key)
            if page is None or page.state != state or time.monotonic() - page.made_at > seconds:
                return None
            self._pages.move_to_end(key)
            return page

    def _begin(self, key: Hashable) -> bool:
        """Is it ours to make? Else another thread has made it meanwhile, or is slow."""
        with self._lock:
            if (made := self._making.get(key)) is None:
                self._making[key] = threading.Event()
                return True
        made.wait(MOST_SECONDS_TO_WAIT)
        return False

    def _end(self, key: Hashable) -> None:
        with self._lock:
            made = self._making.pop(key, None)
        if made is not None:
            made.set()

    def _filled(self, request: HttpRequest, page: _Page) -> HttpResponse:
        body = zlib.decompress(page.packed)
        if (gap := self._gap.encode()) in body:
            body = body.replace(gap, get_token(request).encode())
        return HttpResponse(body, content_type=_CONTENT_TYPE)


def _is_anybody(request: HttpRequest) -> bool:
    """A visitor of whom nothing is known, who asks for an address of a usual length."""
    return (
        request.method == "GET"
        and settings.SESSION_COOKIE_NAME not in request.COOKIES
        and "messages" not in request.COOKIES
        and "Authorization" not in request.headers
        and not request.user.is_authenticated
        and len(request.get_full_path()) <= LONGEST_ADDRESS
    )
