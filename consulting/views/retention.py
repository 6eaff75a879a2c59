"""How long a case is kept, for its authority: the day, the e-file, and the wish for a hold."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from consulting import permissions, retention, services
from consulting.keeping_forms import AskForHoldForm
from consulting.models import ConsultingRequest
from consulting.presentation import Standing
from consulting.views.start import crumbs
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access
from osk_portal.toolkit.transitions import TransitionNotAllowed


@access(LOGIN)
@require_safe
def request_retention(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    return _show(request, _find(request, public_id))


@access(LOGIN)
@require_POST
def request_filed(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """*In unsere E-Akte übernommen.*"""
    case = _find(request, public_id)
    try:
        services.confirm_filed(case_id=case.pk, actor=request.user)
    except TransitionNotAllowed as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("Noted: the request is in your e-file."))
    return redirect("consulting:request_retention", case.public_id)


@access(LOGIN)
@require_POST
def request_hold(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Ask for a Sperrvermerk."""
    case = _find(request, public_id)
    if not permissions.can_ask_for_hold(request.user, case):
        raise PermissionDenied
    form = AskForHoldForm(request.POST)
    if not form.is_valid():
        return _show(request, case, form, status=422)
    try:
        services.ask_for_hold(
            case_id=case.pk, actor=request.user, reason=form.cleaned_data["reason"]
        )
    except TransitionNotAllowed as refusal:
        form.add_error(None, str(refusal))
        return _show(request, _find(request, public_id), form, status=409)
    messages.success(request, _("The OSK-Leitung decides. We tell you."))
    return redirect("consulting:request_retention", case.public_id)


def _find(request: AuthenticatedRequest, public_id: UUID) -> ConsultingRequest:
    """For those who read the case, and for the Organisationsverwaltung with the bare facts."""
    for cases in (
        ConsultingRequest.objects.visible_to(request.user).sent(),
        ConsultingRequest.objects.of_managed_organisations(request.user),
    ):
        case = cases.for_list().select_related("retention").filter(public_id=public_id).first()
        if case is not None:
            return case
    raise Http404


def _show(
    request: AuthenticatedRequest,
    case: ConsultingRequest,
    form: AskForHoldForm | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    user = request.user
    may_speak = permissions.can_speak_for_file(user, case)
    may_read = permissions.may_read(user, case)
    is_ended = retention.is_ended(case) and case.anonymised_at is None
    hold = case.holds.filter(ended_at=None).last()
    if hold is not None and not (hold.is_in_force or hold.is_pending):
        hold = None
    context = {
        "case": case,
        "standing": Standing(case),
        "plan": retention.plan_for(case) if is_ended else None,
        "kept": getattr(case, "retention", None),
        "hold": hold,
        "may_read": may_read,
        "may_confirm": may_speak and is_ended,
        "may_take_over": not may_read and permissions.can_manage(user, case),
        "form": form or (AskForHoldForm() if is_ended and may_speak and hold is None else None),
        "crumbs": crumbs(
            (_("My requests"), reverse("consulting:request_list")),
            (str(case.reference), case.get_absolute_url() if may_read else None),
            (_("Retention"), None),
        ),
    }
    return render(request, "consulting/request_retention.html", context, status=status)
