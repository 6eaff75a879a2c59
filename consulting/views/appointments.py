"""Termine on the requester's side: choose one, say that none fits, cancel, take it into a calendar."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from consulting import appointments, permissions, services
from consulting.appointment_forms import PickForm, cancel_form, refuse_form
from consulting.appointments import Arranged
from consulting.forms import TextForm
from consulting.models import CaseEvent, ConsultingRequest
from consulting.views.requests import detail_crumbs, detail_page, find_case
from osk_portal.notifications.rendering import absolute_url
from osk_portal.toolkit import clock, ics
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access
from osk_portal.toolkit.transitions import TransitionNotAllowed

SEQUENCE: Final = re.compile(r"[0-9]{1,6}")


@access(LOGIN)
@require_POST
def appointment_pick(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    case, arranged = _find(request, public_id)
    form = PickForm(arranged, request.POST)
    if not form.is_valid():
        named = _named_slot(arranged, request.POST.get("slot", ""))
        if arranged.is_open_offer and named is None:
            return detail_page(request, case, pick_form=form, status=422)
        if named is None:
            return _moved_on(request, case)
        slot_id = named
    else:
        slot_id = form.slot_id
    try:
        services.pick_slot(case_id=case.pk, actor=request.user, slot_id=slot_id)
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
    else:
        messages.success(
            request, _("The appointment is fixed. A mail for your calendar is on its way.")
        )
    return redirect(case)


@access(LOGIN)
def appointment_refuse(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """None of the offered ones fits."""
    case, arranged = _find(request, public_id)
    form = refuse_form(request.POST if request.method == "POST" else None)

    def send() -> CaseEvent | None:
        return services.refuse_slots(
            case_id=case.pk,
            actor=request.user,
            appointment_id=arranged.appointment.public_id,
            text=form.cleaned_data["text"],
            message_id=form.cleaned_data["message_id"],
        )

    return _with_text(
        request,
        case,
        form,
        send,
        is_open=arranged.is_open_offer,
        title=_("None of them fits"),
        intro=_("We then offer you other appointments."),
        done=_("Thank you. We have your answer and offer other appointments."),
    )


@access(LOGIN)
def appointment_cancel(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    case, arranged = _find(request, public_id)
    form = cancel_form(request.POST if request.method == "POST" else None)
    seen = request.POST.get("sequence", "")

    def send() -> CaseEvent | None:
        return services.cancel_appointment(
            case_id=case.pk,
            actor=request.user,
            appointment_id=arranged.appointment.public_id,
            reason=form.cleaned_data["text"],
            message_id=form.cleaned_data["message_id"],
            expected_sequence=int(seen) if SEQUENCE.fullmatch(seen) else None,
        )

    return _with_text(
        request,
        case,
        form,
        send,
        sequence=arranged.appointment.sequence,
        is_open=arranged.appointment.is_upcoming,
        title=_("Cancel the appointment"),
        intro=_("Everybody who takes part is told by mail."),
        done=_("The appointment is cancelled."),
    )


@access(LOGIN)
@require_safe
def appointment_file(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """The fixed appointment as a file for a calendar."""
    case, arranged = _find(request, public_id, only_side=False)
    if not arranged.appointment.is_upcoming:
        raise Http404
    entry = appointments.entry_of(arranged.appointment, absolute_url(case.get_absolute_url()))
    response = HttpResponse(
        ics.published([entry], at=clock.now()), content_type="text/calendar; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="termin.ics"'
    return response


def _find(
    request: AuthenticatedRequest, public_id: UUID, *, only_side: bool = True
) -> tuple[ConsultingRequest, Arranged]:
    """The appointment with its case. A stranger gets 404; who only reads along may choose nothing."""
    case_id = appointments.case_of(public_id)
    if case_id is None:
        raise Http404
    case = find_case(request, case_id)
    if only_side and not permissions.can_choose_appointment(request.user, case):
        raise PermissionDenied
    arranged = next(
        (a for a in appointments.of_case(case) if a.appointment.public_id == public_id), None
    )
    if arranged is None:
        raise Http404
    arranged.appointment.case = case
    return case, arranged


def _named_slot(arranged: Arranged, named: str) -> UUID | None:
    """A slot of this offer, free or not: of one that is gone the service says what has become of it."""
    found = [slot.public_id for slot in arranged.slots if str(slot.public_id) == named]
    return found[0] if found else None


def _with_text(
    request: AuthenticatedRequest,
    case: ConsultingRequest,
    form: TextForm,
    send: Callable[[], CaseEvent | None],
    *,
    is_open: bool,
    sequence: int | None = None,
    title: str,
    intro: str,
    done: str,
) -> HttpResponse:
    """A page with one text. On a case that has moved on the page of the case shows it, with the text."""
    if request.method == "POST" and form.is_valid():
        try:
            send()
        except TransitionNotAllowed as error:
            return detail_page(
                request, find_case(request, case.public_id), moved=error, unsent=form
            )
        messages.success(request, done)
        return redirect(case)
    if not is_open:
        return _moved_on(request, case)
    context = {
        "case": case,
        "form": form,
        "sequence": sequence,
        "title": title,
        "intro": intro,
        "back_url": case.get_absolute_url(),
        "crumbs": detail_crumbs(case, title),
    }
    status = 422 if form.is_bound else 200
    return render(request, "consulting/appointment_text.html", context, status=status)


def _moved_on(request: AuthenticatedRequest, case: ConsultingRequest) -> HttpResponse:
    messages.info(
        request, _("These appointments are no longer offered. Please look at the current state.")
    )
    return redirect(case)
