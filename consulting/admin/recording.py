"""Anfrage für jemanden erfassen: an advisor writes down a call, a mail or a talk."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from consulting import queues, services
from consulting.admin.common import case_frame, conflict, find_case, page, queue_of
from consulting.models import ConsultingRequest
from consulting.recording_forms import CallForm, RecordForm
from osk_portal.accounts.permissions import is_advisor
from osk_portal.toolkit.access import AuthenticatedRequest, access
from osk_portal.toolkit.transitions import TransitionNotAllowed


@access(is_advisor)
@require_http_methods(["GET", "HEAD", "POST"])
def record_page(request: AuthenticatedRequest) -> HttpResponse:
    form = RecordForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            case = services.record_request(actor=request.user, **form.facts)
        except services.NotRecordable as refusal:
            form.add_error(refusal.field, str(refusal.text))
        else:
            messages.success(
                request,
                _("The request is recorded as %(reference)s. The receipt goes to %(name)s.")
                % {"reference": case.reference, "name": case.author},
            )
            return redirect(queues.case_url(case))
    return page(request, "record.html", {"form": form})


@access(is_advisor)
@require_http_methods(["GET", "HEAD", "POST"])
def call_add(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Telefonnotiz in a running case, for the authority or for the OSK only."""
    case = find_case(request.user, public_id)
    if request.method != "POST":
        return _call_page(request, case, CallForm(case=case))
    form = CallForm(case=case, data=request.POST)
    if not form.is_valid():
        return _call_page(request, case, form)
    try:
        services.add_call(
            case_id=case.pk,
            actor=request.user,
            text=form.cleaned_data["text"],
            spoken_with=form.cleaned_data["spoken_with"],
            spoken_at=form.cleaned_data["spoken_at"],
            is_internal=form.is_internal,
            message_id=form.cleaned_data["message_id"],
            expected_version=form.cleaned_data["version"],
        )
    except TransitionNotAllowed:
        case = find_case(request.user, public_id)
        clash = conflict(case, form.cleaned_data["version"], can_send=True)
        form.renew(case)
        return _call_page(request, case, form, clash=clash, status=409)
    done = (
        _("The internal note has been saved.")
        if form.is_internal
        else _("The note is saved and the authority is told.")
    )
    messages.success(request, done)
    return redirect(queues.case_url(case, queue_of(request)))


def _call_page(
    request: AuthenticatedRequest,
    case: ConsultingRequest,
    form: CallForm,
    *,
    clash: object = None,
    status: int = 200,
) -> HttpResponse:
    context = {"form": form, "clash": clash}
    return page(request, "call.html", {**case_frame(request, case), **context}, status=status)


@access(is_advisor)
@require_POST
def link_renew(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Send the person a new link; the old one no longer opens anything."""
    case = find_case(request.user, public_id)
    try:
        services.renew_link(case_id=case.pk, actor=request.user)
    except TransitionNotAllowed as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("A new link goes to %(name)s.") % {"name": case.author.email})
    return redirect(queues.case_url(case, queue_of(request)))
