"""Every address declares who may reach it. The resolver walk in tests fails on one that does not.

``@access(PUBLIC)``: anyone. ``@access(LOGIN)``: any signed-in person. ``@access(predicate)``: signed in,
and ``predicate(user)`` holds, else 403. *Which* objects a person sees is decided by
``visible_to(user)`` in the view (404), never here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver

if TYPE_CHECKING:
    from osk_portal.accounts.models import User

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]

PUBLIC: Final = "public"
LOGIN: Final = "login"


class AuthenticatedRequest(HttpRequest):
    """A request behind LOGIN or a predicate: its user is a person, never anonymous."""

    user: User


if TYPE_CHECKING:
    AuthenticatedView = Callable[Concatenate[AuthenticatedRequest, P], HttpResponseBase]


def access(who: str | Callable[[User], bool]) -> Callable[[Callable[..., HttpResponseBase]], Any]:
    """Declare who may reach a view: PUBLIC, LOGIN, or a predicate over the user."""

    def decorate(view: Callable[..., HttpResponseBase]) -> Any:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if callable(who) and not who(cast("User", request.user)):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.access = who  # type: ignore[attr-defined] # read by the resolver walk
        # Read by Django's LoginRequiredMiddleware.
        guarded.login_required = who != PUBLIC  # type: ignore[attr-defined] # as above
        return guarded

    return decorate


def public(urls: Sequence[URLPattern | URLResolver]) -> list[URLPattern | URLResolver]:
    """Mark the views of foreign patterns (feeds, sitemaps, set_language) as PUBLIC."""
    return declare(urls, PUBLIC)


def declare(urls: Sequence[URLPattern | URLResolver], who: str) -> list[URLPattern | URLResolver]:
    """Declare an access for the views of foreign patterns, which are not ours to decorate."""
    for entry in urls:
        if isinstance(entry, URLResolver):
            declare(entry.url_patterns, who)
        else:
            entry.callback = access(who)(entry.callback)
    return list(urls)


def no_store(response: HttpResponse) -> HttpResponse:
    """Mark a page as personal: no cache keeps it (ASVS v5.0.0-14.3.2)."""
    response["Cache-Control"] = "no-store"
    return response


def staff_user(request: HttpRequest) -> User:
    """The signed-in person of an admin request: the admin site has checked that it is staff."""
    return cast("User", request.user)
