"""Errors that programs read: application/problem+json (RFC 9457)."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse

CONTENT_TYPE: Final = "application/problem+json"
PROGRAMS: Final = "/api/"
"""Below this, every error is a problem, also one that no view has answered."""


def is_for_program(request: HttpRequest) -> bool:
    return request.path.startswith(PROGRAMS)


def problem(
    request: HttpRequest, status: int, *, title: str, detail: str, **more: Any
) -> HttpResponse:
    """The answer with ``title`` and ``detail`` in the reader's language; ``more``: further members."""
    members = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": request.path,
        **{name: value for name, value in more.items() if value},
    }
    response = JsonResponse(
        members, status=status, content_type=CONTENT_TYPE, json_dumps_params={"ensure_ascii": False}
    )
    # Anybody's page may read it: it says nothing of who asks.
    response["Access-Control-Allow-Origin"] = "*"
    response["Cache-Control"] = "no-store"
    return response
