"""Confirm, correct or refuse in the case where its author belongs (product.md, Belonging)."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from consulting import permissions, queues, services
from consulting.admin.common import case_frame, conflict, find_case, page
from consulting.keeping_forms import CorrectAuthorForm
from consulting.models import CaseEvent, ConsultingRequest
from consulting.staff_forms import StaffForm
from osk_portal.accounts.permissions import is_advisor
from osk_portal.toolkit.access import AuthenticatedRequest, access
from osk_portal.toolkit.transitions import TransitionNotAllowed


@access(is_advisor)
@require_POST
def author_confirm(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    done = _("The membership is confirmed. The person has been told.")
    return _decide(request, public_id, services.confirm_author, done)


@access(is_advisor)
@require_POST
def author_refuse(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    done = _("The membership is refused. The person has been told.")
    return _decide(request, public_id, services.refuse_author, done)


@access(is_advisor)
@require_http_methods(["GET", "HEAD", "POST"])
def author_correct(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """The case moves to the right authority."""
    case = _find(request, public_id)
    form = CorrectAuthorForm(
        case=case, user=request.user, data=request.POST if request.method == "POST" else None
    )
    if request.method != "POST":
        if not permissions.is_membership_open(case):
            messages.info(request, _("The membership was confirmed already."))
            return redirect(queues.case_url(case))
        return _show(request, case, form)
    if not form.is_valid():
        return _show(request, case, form, status=422)
    try:
        services.correct_author(
            case_id=case.pk,
            actor=request.user,
            organisation=form.cleaned_data["organisation"],
            expected_version=form.seen_version,
        )
    except services.CaseChanged:
        case = find_case(request.user, public_id)
        clash = conflict(case, form.seen_version or 0, can_send=True)
        form.renew(case)
        return _show(request, case, form, clash=clash, status=409)
    except TransitionNotAllowed as refusal:
        form.add_error(None, str(refusal))
        return _show(request, case, form, status=409)
    messages.success(request, _("The request stands for the right authority now."))
    return redirect(queues.case_url(case))


def _decide(
    request: AuthenticatedRequest, public_id: UUID, service: Callable[..., CaseEvent], done: str
) -> HttpResponse:
    case = _find(request, public_id)
    form = StaffForm(case=case, user=request.user, data=request.POST)
    if not form.is_valid():
        messages.error(request, _("Please load the page again."))
        return redirect(queues.case_url(case))
    try:
        service(case_id=case.pk, actor=request.user, expected_version=form.seen_version)
    except TransitionNotAllowed as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, done)
    return redirect(queues.case_url(case))


def _find(request: AuthenticatedRequest, public_id: UUID) -> ConsultingRequest:
    case = find_case(request.user, public_id)
    if not permissions.can_decide_membership(request.user, case):
        raise PermissionDenied
    return case


def _show(
    request: AuthenticatedRequest,
    case: ConsultingRequest,
    form: CorrectAuthorForm,
    *,
    clash: object = None,
    status: int = 200,
) -> HttpResponse:
    context = {**case_frame(request, case), "form": form, "clash": clash}
    return page(request, "author_correct.html", context, status=status)
