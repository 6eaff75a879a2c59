"""The buttons of the hints beside the intake. Each saves what was typed first; none stands in the way.

``hints=look|hide|show`` stays on the page, ``open_hint=<kind>:<key>`` leads to what was found, in the same
window. Without JavaScript they are buttons of the step's own form.
"""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from consulting import hints, services
from consulting.models import ConsultingRequest
from osk_portal.accounts.models import User

_HIDDEN: Final = "consulting_hints_hidden"
"""In the session, as long as there is no draft that could remember it."""


def is_wanted(request: HttpRequest) -> bool:
    """One of the hints' buttons was pressed."""
    return request.method == "POST" and ("hints" in request.POST or "open_hint" in request.POST)


def shown(
    user: User | AnonymousUser, title: str, description: str, *, is_hidden: bool
) -> dict[str, Any]:
    """What the panel shows of the saved words; nothing is looked for while it is hidden."""
    found = [] if is_hidden else hints.hints(title, description, user)
    return {"hints": found, "hints_hidden": is_hidden, "hints_asked": bool(title)}


def follow(request: HttpRequest, case: ConsultingRequest | None, here: str) -> HttpResponse:
    """Do what the button says; the caller has saved the form. ``here``: the page it stands on."""
    wish = request.POST.get("hints", "")
    if wish in ("hide", "show"):
        if case is None:
            request.session[_HIDDEN] = wish == "hide"
        else:
            services.set_hints_hidden(case_id=case.pk, actor=case.author, hidden=wish == "hide")
    query = "?check" if "check" in request.GET else ""
    wanted = request.POST.get("open_hint")
    if wanted is None:
        return redirect(f"{here}{query}#similar")
    address = hints.address_of(wanted, request.user)
    if address is None:
        messages.info(request, _("This is not there any more."))
        return redirect(f"{here}{query}")
    if case is None:
        messages.success(
            request,
            _("Your entries are kept. You find them under “Consulting”, “Begin a request”."),
        )
    else:
        messages.success(request, _("Your draft is saved. You find it under “My requests”."))
    return redirect(address)


def are_hidden_here(session: SessionBase) -> bool:
    return bool(session.get(_HIDDEN))


def remember(session: SessionBase, case: ConsultingRequest) -> None:
    """A draft was made of what a visitor has typed: it takes the choice over."""
    if session.pop(_HIDDEN, False):
        services.set_hints_hidden(case_id=case.pk, actor=case.author, hidden=True)
