"""A case by its signed link: no account, the public part only."""

from __future__ import annotations

from typing import Final, TypeVar

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from consulting import appointments, composing, conversation
from consulting.appointment_forms import PickForm, cancel_form, refuse_form
from consulting.appointments import Arranged
from consulting.enums import CaseState
from consulting.file_forms import ATTACHMENTS, ComposerForm
from consulting.forms import TextForm, reopen_form
from consulting.models import CaseEvent, CaseLink, ConsultingRequest
from consulting.presentation import Standing
from consulting.services.links import (
    LinkDead,
    cancel_by_link,
    open_link,
    pick_by_link,
    refuse_by_link,
    reopen_by_link,
    say_by_link,
)
from consulting.views.appointments import SEQUENCE
from osk_portal.pages.limits import within_limit
from osk_portal.toolkit import uploads
from osk_portal.toolkit.access import PUBLIC, access, no_store
from osk_portal.toolkit.transitions import TransitionNotAllowed

F = TypeVar("F", bound=forms.Form)

REFUSE: Final = "refuse"
CANCEL: Final = "cancel"


# The address itself is the right: nothing here rests on a cookie that another site could borrow. With
# "no-referrer" browsers send the origin "null", which Django's check would refuse.
@csrf_exempt
@access(PUBLIC)
@require_http_methods(["GET", "HEAD", "POST"])
def case_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """The page of the case. ``?refuse=`` and ``?cancel=`` name an appointment: a page with one text about it."""
    return _untold(_answer(request, token))


def _answer(request: HttpRequest, token: str) -> HttpResponse:
    try:
        link = open_link(token)
        if REFUSE in request.GET or CANCEL in request.GET:
            return _decline(request, link)
        if request.method != "POST":
            return _page(request, link)
        if "pick" in request.POST or "slot" in request.POST:
            return _pick(request, link)
        return _reopen(request, link) if "reopen" in request.POST else _say(request, link)
    # The right that the link rests on may end while the page is made.
    except (LinkDead, PermissionDenied):
        kept = {"unsent": request.POST.get("text", "").strip()}
        is_within = within_limit(request, "case_link_dead")
        if not is_within and not kept["unsent"]:
            return render(request, "429.html", status=429)
        status = 404 if is_within else 429
        return render(request, "consulting/link_dead.html", kept, status=status)


def _say(request: HttpRequest, link: CaseLink) -> HttpResponse:
    """A message or a reply, with files; both are counted, for nobody has signed in."""
    form = _composer(link, request)
    has_files = bool(request.FILES.getlist(ATTACHMENTS))
    if has_files and not _may_send(request, link):
        form.add_error(ATTACHMENTS, _("The files were not taken. Please choose them once more."))
        return _page(request, link, form=_too_often(form), status=429)
    refusals = composing.receive(form, link.case, link.person)
    if composing.is_aside(form, refusals):
        return _page(request, link, form=form, status=422 if form.errors else 200)
    if not composing.is_valid(form, refusals):
        return _page(request, link, form=form, status=422)
    if not has_files and not _may_send(request, link):
        return _page(request, link, form=_too_often(form), status=429)
    try:
        say_by_link(
            token=link.token,
            text=form.cleaned_data["text"],
            message_id=form.cleaned_data["message_id"],
            was_seen=form.cleaned_data["seen"],
        )
    except uploads.Refused as refusal:  # the room was used up meanwhile
        form.add_error(ATTACHMENTS, str(refusal))
        return _page(request, link, form=form, status=422)
    except TransitionNotAllowed as error:
        return _page(request, open_link(link.token), unsent=form, moved=error, status=409)
    messages.success(request, _("Your message is sent."))
    return redirect(link)


def _reopen(request: HttpRequest, link: CaseLink) -> HttpResponse:
    form = reopen_form(request.POST)
    if not form.is_valid():
        return _page(request, link, form=form, status=422)
    if not _may_send(request, link):
        return _page(request, link, form=_too_often(form), status=429)
    try:
        reopen_by_link(
            token=link.token,
            reason=form.cleaned_data["text"],
            message_id=form.cleaned_data["message_id"],
            was_seen=form.cleaned_data["seen"],
        )
    except TransitionNotAllowed as error:
        return _page(request, open_link(link.token), unsent=form, moved=error, status=409)
    messages.success(request, _("The request is open again."))
    return redirect(link)


def _pick(request: HttpRequest, link: CaseLink) -> HttpResponse:
    current = appointments.current_of(link.case)
    if current is None or not current.is_open_offer:
        return _moved_on(request, link)
    form = PickForm(current, request.POST)
    if not form.is_valid():
        return _page(request, link, pick_form=form, status=422)
    if not _may_send(request, link):
        return _page(request, link, pick_form=_too_often(form, "slot"), status=429)
    try:
        pick_by_link(token=link.token, slot_id=form.slot_id)
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
    else:
        messages.success(
            request, _("The appointment is fixed. A mail for your calendar is on its way.")
        )
    return redirect(link)


def _decline(request: HttpRequest, link: CaseLink) -> HttpResponse:
    """None of the offered ones fits, or a fixed one is cancelled: with a text, once."""
    refuses = REFUSE in request.GET
    arranged = _named(link, request.GET[REFUSE if refuses else CANCEL])
    if arranged is None:
        return _moved_on(request, link)
    form = (refuse_form if refuses else cancel_form)(
        request.POST if request.method == "POST" else None
    )
    status = 422 if form.is_bound else 200
    if form.is_valid() and not _may_send(request, link):
        form, status = _too_often(form), 429
    elif form.is_valid():
        try:
            _send_decline(link, arranged, form, refuses, request.POST.get("sequence", ""))
        except TransitionNotAllowed as error:
            return _page(request, open_link(link.token), unsent=form, moved=error, status=409)
        messages.success(
            request,
            _("Thank you. We have your answer and offer other appointments.")
            if refuses
            else _("The appointment is cancelled."),
        )
        return redirect(link)
    if status != 429 and not (
        arranged.is_open_offer if refuses else arranged.appointment.is_upcoming
    ):
        return _moved_on(request, link)
    context = {
        "case": link.case,
        "form": form,
        "sequence": None if refuses else arranged.appointment.sequence,
        "title": _("None of them fits") if refuses else _("Cancel the appointment"),
        "intro": _("We then offer you other appointments.")
        if refuses
        else _("Everybody who takes part is told by mail."),
        "back_url": link.get_absolute_url(),
    }
    return render(request, "consulting/appointment_text.html", context, status=status)


def _send_decline(
    link: CaseLink, arranged: Arranged, form: TextForm, refuses: bool, seen: str
) -> CaseEvent | None:
    """``seen``: which time of a fixed one the page has shown."""
    appointment_id = arranged.appointment.public_id
    text, message_id = form.cleaned_data["text"], form.cleaned_data["message_id"]
    if refuses:
        return refuse_by_link(
            token=link.token, appointment_id=appointment_id, text=text, message_id=message_id
        )
    return cancel_by_link(
        token=link.token,
        appointment_id=appointment_id,
        reason=text,
        message_id=message_id,
        expected_sequence=int(seen) if SEQUENCE.fullmatch(seen) else None,
    )


def _named(link: CaseLink, named: str) -> Arranged | None:
    """The appointment of this case with that public id."""
    found = (
        each for each in appointments.of_case(link.case) if str(each.appointment.public_id) == named
    )
    return next(found, None)


def _moved_on(request: HttpRequest, link: CaseLink) -> HttpResponse:
    messages.info(
        request, _("These appointments are no longer offered. Please look at the current state.")
    )
    return redirect(link)


def _may_send(request: HttpRequest, link: CaseLink) -> bool:
    return within_limit(request, "case_link_message", key=str(link.pk))


def _too_often(form: F, field: str = "text") -> F:
    """The form with the reason; what was typed stands in it."""
    form.add_error(field, _("You have sent the form very often. Please try again in 10 minutes."))
    return form


def _is_reply(link: CaseLink) -> bool:
    return link.case.state == CaseState.WAITING_REQUESTER


def _composer(link: CaseLink, request: HttpRequest | None = None) -> ComposerForm:
    if request is None:
        return ComposerForm.new(is_reply=_is_reply(link))
    return ComposerForm.new(is_reply=_is_reply(link), data=request.POST, files=request.FILES)


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
    may_reopen = case.state == CaseState.CLOSED and case.can_be_reopened
    if form is None:
        form = (reopen_form() if may_reopen else _composer(link)).about(case)
    if unsent is not None:
        form.initial["text"] = unsent.cleaned_data["text"]
        form.initial["message_id"] = unsent.cleaned_data["message_id"]
        if isinstance(form, ComposerForm) and isinstance(unsent, ComposerForm):
            form.staged = unsent.staged
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
        "takes_files": isinstance(form, ComposerForm),
        "is_reply": _is_reply(link),
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
