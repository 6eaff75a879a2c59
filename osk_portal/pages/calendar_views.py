"""Mein Bereich, Kalender: the page of the secret address, and what stands behind that address."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from osk_portal.pages import my_area, own_calendar
from osk_portal.pages.limits import within_limit
from osk_portal.toolkit.access import LOGIN, PUBLIC, AuthenticatedRequest, access


@access(LOGIN)
@require_safe
def calendar_page(request: AuthenticatedRequest) -> HttpResponse:
    context = {
        "address": own_calendar.address_of(request.user),
        "account_navigation": my_area.navigation(request),
        "crumbs": [(_("My area"), reverse("pages:my_area")), (_("Calendar"), "")],
    }
    return render(request, "pages/calendar.html", context)


@access(LOGIN)
@require_POST
def calendar_renew(request: AuthenticatedRequest) -> HttpResponse:
    own_calendar.renew_address(user=request.user)
    messages.success(
        request, _("You have a new calendar address. An older one no longer opens anything.")
    )
    return redirect("pages:calendar")


@access(LOGIN)
@require_POST
def calendar_delete(request: AuthenticatedRequest) -> HttpResponse:
    if own_calendar.delete_address(user=request.user):
        messages.success(request, _("Your calendar address is deleted. It opens nothing any more."))
    return redirect("pages:calendar")


@access(PUBLIC)
@require_safe
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """The calendar behind its secret address, for programs: no cookie, no session, no sign-in."""
    return _untold(_answer(request, token))


def _answer(request: HttpRequest, token: str) -> HttpResponse:
    owner = own_calendar.owner_of(token)
    if owner is None:
        if not within_limit(request, "calendar_feed_dead"):
            return _plain("429", status=429)
        # The same bytes whether it never was, was renewed, or its person has left.
        return HttpResponseNotFound("404", content_type="text/plain; charset=utf-8")
    if not within_limit(request, "calendar_feed", key=str(owner.public_id)):
        return _plain("429", status=429)
    response = HttpResponse(
        own_calendar.feed_of(owner), content_type="text/calendar; charset=utf-8"
    )
    response["Content-Disposition"] = 'inline; filename="osk.ics"'
    return response


def _plain(text: str, *, status: int) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")


def _untold(response: HttpResponse) -> HttpResponse:
    """The address is the right: no cache, no search engine, no other site and no log learns it."""
    # Django writes the path of each answer from 400 up into its log, unless it is marked so.
    response._has_been_logged = True  # type: ignore[attr-defined] # noqa: SLF001 # Django's own mark
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Cache-Control"] = "private, no-store"
    return response
