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
from consulting.forms import TextForm, message_form, reply_form
from consulting.models import CaseLink
from consulting.presentation import Standing
from consulting.services.links import LinkDead, open_link, pick_by_link, say_by_link
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
        return _pick(request, link) if "slot" in request.POST else _say(request, link)
    except LinkDead:
        kept = {"unsent": request.POST.get("text", "").strip()}
        is_within = within_limit(request, "case_link_dead")
        if not is_within and not kept["unsent"]:
            return render(request, "429.html", status=429)
        status = 404 if is_within else 429
        return render(request, "consulting/link_dead.html", kept, status=status)


def _say(request: HttpRequest, link: CaseLink) -> HttpResponse:
    is_reply = link.case.state == CaseState.WAITING_REQUESTER
    form = reply_form(request.POST) if is_reply else message_form(request.POST)
    if not form.is_valid():
        return _page(request, link, form=form, status=422)
    if not within_limit(request, "case_link_message", key=str(link.pk)):
        form.add_error(
            "text", _("You have sent the form very often. Please try again in 10 minutes.")
        )
        return _page(request, link, form=form, status=429)
    try:
        say_by_link(
            token=link.token,
            text=form.cleaned_data["text"],
            message_id=form.cleaned_data["message_id"],
            was_seen=form.cleaned_data["seen"],
        )
    except TransitionNotAllowed as error:
        return _page(request, open_link(link.token), unsent=form, moved=error, status=409)
    messages.success(request, _("Your message is sent."))
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
    unsent: TextForm | None = None,
    pick_form: PickForm | None = None,
    moved: TransitionNotAllowed | None = None,
    status: int = 200,
) -> HttpResponse:
    case = link.case
    is_reply = case.state == CaseState.WAITING_REQUESTER
    if form is None:
        form = (reply_form() if is_reply else message_form()).about(case)
    if unsent is not None:
        form.initial["text"] = unsent.cleaned_data["text"]
        form.initial["message_id"] = unsent.cleaned_data["message_id"]
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
        "composer": form if case.takes_messages or moved else None,
        "is_reply": is_reply,
        "moved": moved,
    }
    return render(request, "consulting/case_by_link.html", context, status=status)


def _untold(response: HttpResponse) -> HttpResponse:
    """The address opens the case: no cache, no search engine, no other site and no log learns it."""
    # Django writes the path of each answer from 400 up into its log, unless it is marked so.
    response._has_been_logged = True  # type: ignore[attr-defined] # noqa: SLF001 # Django's own mark
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return no_store(response)
