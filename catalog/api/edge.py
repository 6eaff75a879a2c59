"""What surrounds every address of the API: methods, limit, conditional answers, headers for other pages."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from hashlib import blake2b
from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.cache import get_conditional_response
from django.utils.http import parse_http_date

from catalog.api import problems
from catalog.services import Budget, count_api_use

View = Callable[..., HttpResponse]
READING = ("GET", "HEAD")
EXPOSED = (
    "ETag, Last-Modified, Link, Retry-After, RateLimit, RateLimit-Policy, "
    "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-ID"
)


def guard(patterns: list[URLPattern]) -> list[URLPattern]:
    """Put ``edge`` around the views of ``patterns``."""
    for pattern in patterns:
        pattern.callback = edge(pattern.callback)
    return patterns


def edge(view: View) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "OPTIONS":
            return _for_other_pages(HttpResponse(status=204))
        if request.method not in READING:
            return _for_other_pages(problems.not_allowed(request))
        budget = count_api_use(get_adapter().get_client_ip(request))
        if budget.is_spent:
            refused = _for_other_pages(problems.too_many(request, budget.reset))
            return _with_budget(refused, budget)
        method, request.method = request.method, "GET"  # the server leaves out the body of HEAD
        response = view(request, *args, **kwargs)
        request.method = method
        if response.status_code == 200:
            response = _conditional(request, response)
        return _with_budget(_for_other_pages(response), budget)

    guarded.csrf_exempt = True  # type: ignore[attr-defined] # read by Django; other methods are refused above
    return guarded


def _conditional(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The answer with its ETag, or 304 where the reader has it already (RFC 9110, 13.2)."""
    etag = f'"{blake2b(response.content, digest_size=16).hexdigest()}"'
    response["ETag"] = etag
    response["Cache-Control"] = "no-cache"  # keep it, ask whether it is still right
    response["Link"] = ", ".join(
        filter(None, [response.get("Link"), f'<{settings.OSK_DATA_LICENCE_URL}>; rel="license"'])
    )
    changed = response.get("Last-Modified")
    found = get_conditional_response(
        request, etag, parse_http_date(changed) if changed else None, response
    )
    if found is None or found.status_code == 412:
        return problems.precondition_failed(request)
    found.setdefault("Link", response["Link"])
    return HttpResponse(status=304, headers=dict(found.items())) if found is not response else found


def _for_other_pages(response: HttpResponse) -> HttpResponse:
    """Scripts of any page may read: nothing here depends on who is signed in."""
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Allow-Methods"] = "GET, HEAD, OPTIONS"
    response["Access-Control-Allow-Headers"] = (
        "Accept, Accept-Language, If-None-Match, If-Modified-Since"
    )
    response["Access-Control-Expose-Headers"] = EXPOSED
    response["Access-Control-Max-Age"] = "86400"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _with_budget(response: HttpResponse, budget: Budget) -> HttpResponse:
    """As draft-ietf-httpapi-ratelimit-headers has it, and under the older names that libraries know."""
    response["RateLimit-Policy"] = f'"minute";q={budget.limit};w=60'
    response["RateLimit"] = f'"minute";r={budget.remaining};t={budget.reset}'
    response["X-RateLimit-Limit"] = str(budget.limit)
    response["X-RateLimit-Remaining"] = str(budget.remaining)
    response["X-RateLimit-Reset"] = str(budget.reset)
    return response
