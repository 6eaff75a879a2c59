"""The gate as the reverse proxy asks it, and the portal's page that leads through it.

``gate_check`` and ``gate_change`` belong to the proxy: without its key they do not exist. They know neither a
session nor a cookie of the portal. ``gate_enter`` is a page of the portal.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Final
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_safe

from osk_portal.accounts.models import User
from osk_portal.toolkit.access import PUBLIC, access, no_store
from sandbox import addresses, permissions
from sandbox.models import Booking, TestParticipant
from sandbox.services import gate
from sandbox.services.participants import may_use

COOKIE: Final = "__Host-osk-gate"
KEY_HEADER: Final = "X-OSK-Gate-Key"
UPSTREAM: Final = "X-OSK-Upstream"
ENTER: Final = "X-OSK-Enter"
TICKET: Final = "X-OSK-Ticket"
_STATUS: Final = {gate.Refusal.UNKNOWN: 401, gate.Refusal.CLOSED: 403}

_View = Callable[[HttpRequest], HttpResponse]


def _of_the_proxy(view: _View) -> _View:
    """Only who knows the key gets an answer; to all others the address does not exist."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        key = settings.OSK_SANDBOX_GATE_KEY
        given = request.headers.get(KEY_HEADER, "")
        if not addresses.is_gated() or not key or not constant_time_compare(given, key):
            raise Http404
        answer = no_store(view(request))
        # A refusal is an answer like another: strangers who knock must not fill the log.
        answer._has_been_logged = True  # type: ignore[attr-defined] # noqa: SLF001 # Django's own mark
        return answer

    return guarded


@access(PUBLIC)
@require_safe
@_of_the_proxy
def gate_check(request: HttpRequest) -> HttpResponse:
    """204 with the address of the environment, or 401 or 403 with the address to go to.

    ``?proxy=traefik``: our answer is what a browser gets, so that who does not pass is redirected at once;
    and the cookies that the product may have are in the answer.
    """
    is_handed_on = request.GET.get("proxy") == "traefik"
    host = request.headers.get("X-Forwarded-Host", "")
    try:
        upstream = gate.upstream_for(request.COOKIES.get(COOKIE, ""), host)
    except gate.Refused as refused:
        target = gate.portal_url(host, request.headers.get("X-Forwarded-Uri", "/"))
        if is_handed_on and _is_navigation(request):
            return redirect(target)
        return HttpResponse(status=_STATUS[refused.why], headers={ENTER: target})
    answer = HttpResponse(status=204, headers={UPSTREAM: upstream})
    cookies = _of_the_product(request.headers.get("Cookie", "")) if is_handed_on else ""
    if cookies:
        answer["Cookie"] = cookies
    return answer


def _of_the_product(cookies: str) -> str:
    """All cookies but the gate's, as they were sent."""
    words = [word.strip() for word in cookies.split(";")]
    return "; ".join(w for w in words if w and w.partition("=")[0].strip() != COOKIE)


@access(PUBLIC)
@require_safe
@_of_the_proxy
def gate_routes(request: HttpRequest) -> HttpResponse:
    """What runs, as dynamic configuration of Traefik's HTTP provider (deploy/gate/traefik.yml)."""
    found = gate.upstreams()
    if not found:
        return JsonResponse({})
    routers = {
        _name(host): {
            "rule": f"Host(`{host.partition(':')[0]}`)",
            "entryPoints": ["websecure"],
            "middlewares": ["osk-gate@file"],
            "service": _name(host),
            "tls": {},
        }
        for host in found
    }
    services = {
        _name(host): {"loadBalancer": {"servers": [{"url": f"http://{upstream}"}]}}
        for host, upstream in found.items()
    }
    return JsonResponse({"http": {"routers": routers, "services": services}})


def _name(host: str) -> str:
    return f"osk-{host.partition('.')[0]}"


def _is_navigation(request: HttpRequest) -> bool:
    """Somebody opens a page; what a page fetches by itself has no use of another page."""
    return request.headers.get("X-Forwarded-Method", "GET") in ("GET", "HEAD") and (
        request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
    )


@access(PUBLIC)
@require_GET
@_of_the_proxy
def gate_change(request: HttpRequest) -> HttpResponse:
    """``/.osk/?ticket=…`` of an environment's host: sets the pass there and leads to the page that was wanted.

    Without a good ticket it leads to the beginning, where the check decides what comes next.
    """
    # In a header it stands in no log of the portal's web server.
    ticket = request.headers.get(TICKET) or request.GET.get("ticket", "")
    try:
        pass_, target = gate.change_ticket(ticket, request.headers.get("X-Forwarded-Host", ""))
    except gate.Refused:
        return _led_to("/")
    response = _led_to(target)
    response.set_cookie(
        COOKIE, pass_, max_age=gate.longest_pass(), secure=True, httponly=True, samesite="Lax"
    )
    return response


def _led_to(target: str) -> HttpResponse:
    """To a path of the host that was asked, or on to the next; the ticket in the address is told to nobody."""
    return HttpResponseRedirect(target, headers={"Referrer-Policy": "no-referrer"})


@access(PUBLIC)
@require_GET
def gate_enter(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Where the proxy sends who is not in: on with a ticket, to the booking's page, or a word what to do."""
    if not addresses.is_gated():
        raise Http404
    path, way = request.GET.get("path", "/"), request.GET.get("way", "")
    user = request.user
    if not isinstance(user, User):
        # Whether the booking exists is not said: there may be none.
        context = {"next": request.get_full_path(), "login_url": reverse(settings.LOGIN_URL)}
        return no_store(render(request, "sandbox/gate_sign_in.html", context))
    booking, page = _mine(user, public_id)
    ways = gate.ways_of(booking)
    if way not in ways:
        messages.info(request, _("The test environment cannot be opened at the moment."))
        return redirect(page)
    right = gate.Right.of_person(booking, user, request.session)
    return _entering(right, path, way, ways)


def _mine(user: User, public_id: UUID) -> tuple[Booking, Booking | TestParticipant]:
    """The booking, and the page on which this person reads about it. A stranger: 404."""
    along = TestParticipant.objects.visible_to(user).with_sheet()
    participant = along.filter(booking__public_id=public_id).first()
    if participant is not None and may_use(participant):
        return participant.booking, participant
    booking = Booking.objects.visible_to(user).with_details().filter(public_id=public_id).first()
    if booking is None:
        raise Http404
    if not permissions.can_see_credentials(user, booking):
        raise PermissionDenied
    return booking, booking


def guest_enters(guest: TestParticipant, path: str, way: str) -> HttpResponse:
    """For who has the guest's link."""
    ways = gate.ways_of(guest.booking)
    if way not in ways:
        return redirect(guest)
    return _entering(gate.Right.of_guest(guest), path, way, ways)


def _entering(right: gate.Right, path: str, way: str, ways: list[str]) -> HttpResponse:
    others = [other for other in ways if other != way]
    response = redirect(gate.entrance_url(right, path, way, others))
    response["Referrer-Policy"] = "no-referrer"
    return no_store(response)
