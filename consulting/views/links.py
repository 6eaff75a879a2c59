"""A case by its signed link: no account, the public part only."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from consulting import appointments, conversation
from consulting.appointment_forms import PickForm
from consulting.enums import CaseState
from consulting.forms import TextForm, message_form, reopen_form, reply_form
from consulting.models import CaseLink, ConsultingRequest
from consulting.presentation import Standing
from consulting.services.links import (
    LinkDead,
    open_link,
    pick_by_link,
    reopen_by_link,
    say_by_link,
)
from osk_portal.pages.limits import within_limit
from osk_portal.toolkit.access import PUBLIC, access, no_store
from osk_portal.toolkit.transitions import TransitionNotAllowed


# The address itself is the right: nothing here rests on a cookie that another site could borrow. With
# "no-referrer" browsers send the origin "null", which Django's check would refuse.
@csrf_exempt
@access(PUBLIC)
@require_http_methods(["GET", "HEAD", "POST"])
def case_by_link(request: HttpRequest, token: str) -> HttpResponse:
    return _untold(_answer(request, token))


def _answer(request: HttpRequest, token: str) -> HttpResponse:
    try:
        link = open_link(token)
        if request.method != "POST":
            return _page(request, link)
        if "slot" in request.POST:
            return _pick(request, link)
        return _reopen(request, link) if "reopen" in request.POST else _say(request, link)
    except LinkDead:
        if not within_limit(request, "case_link_dead"):
            return render(request, "429.html", status=429)
        return render(request, "consulting/link_dead.html", status=404)


def _say(request: HttpRequest, link: CaseLink) -> HttpResponse:
    is_reply = link.case.state == CaseState.WAITING_REQUESTER
    form = reply_form(request.POST) if is_reply else message_form(request.POST)
    if not form.is_valid():
        return _page(request, link, form=form, status=422)
    if not within_limit(request, "case_link_message", key=str(link.pk)):
        return render(request, "429.html", status=429)
    try:
        say_by_link(
            token=link.token,
            text=form.cleaned_data["text"],
            message_id=form.cleaned_data["message_id"],
        )
    except TransitionNotAllowed as error:
        return _page(request, open_link(link.token), form=form, moved=error, status=409)
    messages.success(request, _("Your message is sent."))
    return redirect(link)


def _reopen(request: HttpRequest, link: CaseLink) -> HttpResponse:
    form = reopen_form(request.POST)
    if not form.is_valid():
        return _page(request, link, form=form, status=422)
    if not within_limit(request, "case_link_message", key=str(link.pk)):
        return render(request, "429.html", status=429)
    try:
        reopen_by_link(
            token=link.token,
            reason=form.cleaned_data["text"],
            message_id=form.cleaned_data["message_id"],
        )
    except TransitionNotAllowed as error:
        link = open_link(link.token)
        kept = message_form(request.POST) if link.case.takes_messages else form
        return _page(request, link, form=kept, moved=error, status=409)
    messages.success(request, _("The request is open again."))
    return redirect(link)


def _pick(request: HttpRequest, link: CaseLink) -> HttpResponse:
    """Choose an appointment; who wants another one writes a message."""
    current = appointments.current_of(link.case)
    if current is None or not current.is_open_offer:
        messages.info(
            request,
            _("These appointments are no longer offered. Please look at the current state."),
        )
        return redirect(link)
    form = PickForm(current, request.POST)
    if not form.is_valid():
        return _page(request, link, pick_form=form, status=422)
    if not within_limit(request, "case_link_message", key=str(link.pk)):
        return render(request, "429.html", status=429)
    try:
        pick_by_link(token=link.token, slot_id=form.slot_id)
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
    else:
        messages.success(
            request, _("The appointment is fixed. A mail for your calendar is on its way.")
        )
    return redirect(link)


def _page(
    request: HttpRequest,
    link: CaseLink,
    *,
    form: TextForm | None = None,
    pick_form: PickForm | None = None,
    moved: TransitionNotAllowed | None = None,
    status: int = 200,
) -> HttpResponse:
    case = link.case
    is_reply = case.state == CaseState.WAITING_REQUESTER
    may_reopen = case.state == CaseState.CLOSED and case.can_be_reopened
    if form is None and may_reopen:
        form = reopen_form()
    if form is None:
        form = reply_form() if is_reply else message_form()
    current = appointments.current_of(case)
    if current is not None and current.is_open_offer and pick_form is None:
        pick_form = PickForm(current)
    context = {
        "case": case,
        "link": link,
        "current_appointment": current,
        "pick_form": pick_form,
        "standing": Standing(case),
        "timeline": conversation.timeline(case, internal=False),
        "composer": form if case.takes_messages or may_reopen or moved else None,
        "may_reopen": may_reopen,
        "way_on": "" if may_reopen else _way_on(case),
        "is_reply": is_reply,
        "moved": moved,
    }
    return render(request, "consulting/case_by_link.html", context, status=status)


def _way_on(case: ConsultingRequest) -> str:
    """What is left when the request takes no words any more; the page names the addresses beside it."""
    if case.state == CaseState.CLOSED:
        return _("The time for reopening is over. Call us or write to us, and we begin anew.")
    if case.state == CaseState.DECLINED:
        return _("You see it differently, or something has changed? Call us or write to us.")
    if case.state == CaseState.DUPLICATE:
        return _("Sign up to read on in the other request. Or call us or write to us.")
    if case.state == CaseState.WITHDRAWN:
        return _("You need us after all? Call us or write to us, and we begin anew.")
    return ""


def _untold(response: HttpResponse) -> HttpResponse:
    """The address opens the case: no cache, no search engine, no other site and no log learns it."""
    # Django writes the path of each answer from 400 up into its log, unless it is marked so.
    response._has_been_logged = True  # type: ignore[attr-defined] # noqa: SLF001 # Django's own mark
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return no_store(response)
