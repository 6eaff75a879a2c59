"""Termine on the OSK's side: offer, move, cancel. One page each, reached from the page of the case."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from consulting import appointments, permissions, queues, services
from consulting.admin.common import case_frame, conflict, find_case, page, queue_of
from consulting.appointment_forms import EndForm, MoveForm, OfferForm
from consulting.models import Appointment, ConsultingRequest
from consulting.staff_forms import CaseForm
from osk_portal.accounts.models import User
from osk_portal.accounts.permissions import is_advisor
from osk_portal.toolkit.access import AuthenticatedRequest, access
from osk_portal.toolkit.transitions import TransitionNotAllowed

if TYPE_CHECKING:
    from consulting.models import CaseEvent

Words = dict[str, str]


@access(is_advisor)
@require_http_methods(["GET", "HEAD", "POST"])
def appointment_offer(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    case = _find(request, public_id)
    words = {
        "title": _("Offer appointments"),
        "intro": _(
            "The authority is told by mail and chooses one of them on the page of the request."
        ),
    }
    current = appointments.current_of(case)
    if request.method != "POST":
        if current is not None or not case.takes_messages:
            return _nothing_to_do(request, case)
        return _show(request, case, OfferForm(case=case), words)
    form = OfferForm(case=case, data=request.POST)
    return _submitted(
        request,
        case,
        form,
        words,
        lambda: services.offer_appointment(
            case_id=case.pk, actor=request.user, expected_version=form.seen_version, **form.values()
        ),
        _("The appointments are offered. The authority has been told."),
    )


@access(is_advisor)
@require_http_methods(["GET", "HEAD", "POST"])
def appointment_move(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    case = _find(request, public_id)
    appointment = _meant(request, case)
    if appointment is None or appointment.starts_at is None:
        return _nothing_to_do(request, case)
    words = {
        "title": _("Move the appointment"),
        "intro": _("Everybody who takes part is told by mail. Calendars put it in the new place."),
    }
    if request.method != "POST":
        return _show(request, case, MoveForm(case=case, appointment=appointment), words)
    form = MoveForm(case=case, appointment=appointment, data=request.POST)
    return _submitted(
        request,
        case,
        form,
        words,
        lambda: services.move_appointment(
            case_id=case.pk,
            actor=request.user,
            appointment_id=appointment.public_id,
            reason=form.cleaned_data["text"],
            message_id=form.cleaned_data["message_id"],
            expected_version=form.seen_version,
            **form.values(),
        ),
        _("The appointment is moved. Everybody who takes part has been told."),
    )


@access(is_advisor)
@require_http_methods(["GET", "HEAD", "POST"])
def appointment_cancel(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    case = _find(request, public_id)
    appointment = _meant(request, case)
    if appointment is None:
        return _nothing_to_do(request, case)
    words = _words_of_the_end(appointment)
    if request.method != "POST":
        return _show(request, case, EndForm(case=case), words)
    form = EndForm(case=case, data=request.POST)
    return _submitted(
        request,
        case,
        form,
        words,
        lambda: services.cancel_appointment(
            case_id=case.pk,
            actor=request.user,
            appointment_id=appointment.public_id,
            reason=form.cleaned_data["text"],
            message_id=form.cleaned_data["message_id"],
            expected_version=form.seen_version,
        ),
        words["done"],
    )


def case_context(user: User, case: ConsultingRequest) -> dict[str, Any]:
    """For the page of a case: what stands in the box, and which of the three pages ``user`` may open."""
    arranged = appointments.of_case(case)
    current = next((one for one in arranged if one.is_current), None)
    return {
        "arranged": arranged[:3],
        "current_appointment": current,
        "can_arrange": case.takes_messages and permissions.can_arrange(user, case),
    }


def _words_of_the_end(appointment: Appointment) -> Words:
    if appointment.is_offered:
        return {
            "title": _("Take the offer back"),
            "intro": _("The authority can no longer choose. It is told by mail."),
            "done": _("The offer is taken back. The authority has been told."),
        }
    return {
        "title": _("Cancel the appointment"),
        "intro": _("Everybody who takes part is told by mail. Calendars take it out."),
        "done": _("The appointment is cancelled. Everybody who takes part has been told."),
    }


def _find(request: AuthenticatedRequest, public_id: UUID) -> ConsultingRequest:
    case = find_case(request.user, public_id)
    if not permissions.can_arrange(request.user, case):
        raise PermissionDenied("appointments")
    return case


def _meant(request: AuthenticatedRequest, case: ConsultingRequest) -> Appointment | None:
    """The current appointment. For a form that comes late also the last one, which it can only be about:
    the service then says what has become of it, and what was typed is kept."""
    arranged = appointments.of_case(case)
    current = next((one for one in arranged if one.is_current), None)
    if current is None and request.method == "POST" and arranged:
        current = arranged[0]
    return current.appointment if current else None


def _submitted(
    request: AuthenticatedRequest,
    case: ConsultingRequest,
    form: CaseForm,
    words: Words,
    act: Callable[[], CaseEvent | None],
    done: str,
) -> HttpResponse:
    if not form.is_valid():
        return _show(request, case, form, words)
    try:
        act()
    except TransitionNotAllowed as refusal:
        seen = form.seen_version or 0
        case = _find(request, case.public_id)
        if seen == case.version:
            form.add_error(None, str(refusal))
            return _show(request, case, form, words)
        clash = conflict(case, seen, can_send=case.takes_messages)
        form.renew(case)
        return _show(request, case, form, words, clash=clash, status=409)
    messages.success(request, done)
    return redirect(queues.case_url(case, queue_of(request)))


def _nothing_to_do(request: AuthenticatedRequest, case: ConsultingRequest) -> HttpResponse:
    messages.info(
        request, _("This is not possible any more. Please look at the current appointment.")
    )
    return redirect(queues.case_url(case, queue_of(request)))


def _show(
    request: AuthenticatedRequest,
    case: ConsultingRequest,
    form: CaseForm,
    words: Words,
    *,
    clash: object = None,
    status: int = 200,
) -> HttpResponse:
    context = {"form": form, "clash": clash, **words}
    return page(
        request, "appointment.html", {**case_frame(request, case), **context}, status=status
    )
