"""How long cases are kept, for the OSK: the report of the Leitung, the periods, and the page of one case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from consulting import permissions, retention, services
from consulting.admin.common import case_frame, find_case, page
from consulting.enums import CaseState
from consulting.keeping_forms import AskForHoldForm, ContractEndForm, KeepingForm, SetHoldForm
from consulting.models import Anonymisation, ConsultingRequest, RetentionHold, RetentionRule
from consulting.services import keeping
from consulting.services.retention import contract_token, hold_token
from osk_portal.accounts.permissions import is_advisor, is_lead
from osk_portal.toolkit.access import AuthenticatedRequest, access, staff_user
from osk_portal.toolkit.admin import ModelAdmin, ReadOnlyAdmin
from osk_portal.toolkit.transitions import TransitionNotAllowed

Done = Callable[..., object]


@access(is_lead)
@require_safe
def retention_report(request: AuthenticatedRequest) -> HttpResponse:
    """What is due within 60 days and by which rule; while the switch is off, what would be."""
    due, lacking, told = keeping.report()
    context = {
        "due": [(plan, told.get(plan.case.pk)) for plan in due],
        "lacking": lacking,
        "holds": RetentionHold.objects.pending().select_related("case", "asked_by"),
        "done": keeping.done_lately(),
        "is_settled": settings.OSK_ARCHIVE_OFFER_SETTLED,
    }
    return page(request, "retention_report.html", context)


@access(is_advisor)
@require_safe
def case_keeping(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    return _show(request, find_case(request.user, public_id))


@access(is_advisor)
@require_POST
def hold_ask(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    return _act(
        request, public_id, AskForHoldForm(request.POST), services.ask_for_hold,
        _("The OSK-Leitung decides. We tell you."),
    )  # fmt: skip


@access(is_lead)
@require_POST
def hold_set(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    return _act(
        request, public_id, SetHoldForm(request.POST), services.set_hold,
        _("The hold is set. The authority has been told."),
    )  # fmt: skip


@access(is_lead)
@require_POST
def hold_lift(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    return _act(
        request, public_id, KeepingForm(request.POST), services.lift_hold,
        _("The hold has ended. The authority has been told."),
    )  # fmt: skip


@access(is_advisor)
@require_POST
def contract_end(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    return _act(
        request, public_id, ContractEndForm(request.POST), services.enter_contract_end,
        _("The end of the contract is entered."),
    )  # fmt: skip


def _act(
    request: AuthenticatedRequest, public_id: UUID, form: forms.Form, act: Done, done: str
) -> HttpResponse:
    """One service, once; what was typed stays where it says no."""
    case = find_case(request.user, public_id)
    if not form.is_valid():
        return _show(request, case, form, status=422)
    try:
        act(case_id=case.pk, actor=request.user, **form.cleaned_data)
    except TransitionNotAllowed as refusal:
        form.add_error(None, str(refusal))
        return _show(request, find_case(request.user, public_id), form, status=409)
    messages.success(request, done)
    return redirect("admin:consulting_consultingrequest_keeping", public_id)


def _show(
    request: AuthenticatedRequest,
    case: ConsultingRequest,
    form: forms.Form | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    plan = retention.plan_for(case)
    hold = case.holds.filter(ended_at=None).select_related("asked_by").last()
    kept = getattr(case, "retention", None)
    seen_contract = {"was_seen": contract_token(kept)}
    if hold is not None and not (hold.is_in_force or hold.is_pending):
        hold = None
    may_decide = permissions.can_decide_hold(request.user, case)
    # What somebody asked for was written for the Leitung alone; the reason of a hold is shown to the authority.
    seen_hold = {"was_seen": hold_token(hold)}
    initial = {"reason": hold.reason, "until": hold.until} if hold and hold.set_at else {}
    if status == 409 and form is not None:
        # What was typed can be sent again from this page, which shows what stands there now.
        seen = seen_contract if isinstance(form, ContractEndForm) else seen_hold
        form.data = request.POST.copy()
        form.data["was_seen"] = seen["was_seen"]

    def shown(kind: type[forms.Form], wanted: object, **options: Any) -> forms.Form | None:
        if isinstance(form, kind):
            return form
        return kind(**options) if wanted else None

    context = {
        "plan": plan,
        "kept": kept,
        "hold": hold,
        "may_decide": may_decide,
        "hold_form": shown(SetHoldForm, plan and may_decide, initial={**initial, **seen_hold}),
        "lift_form": KeepingForm(initial=seen_hold, auto_id=False),
        "ask_form": shown(AskForHoldForm, plan and not may_decide and hold is None),
        "end_form": shown(
            ContractEndForm,
            plan and case.needs_confidence and case.state == CaseState.CLOSED,
            initial=seen_contract,
        ),
        "faulty_form": form,
    }
    return page(request, "retention.html", {**case_frame(request, case), **context}, status=status)


@admin.register(RetentionRule)
class RetentionRuleAdmin(ModelAdmin):
    """Dated rows of the Leitung: ended and written anew, so that the reason of the past stays."""

    list_display = ["record_type", "years", "valid_from", "valid_until", "legal_reason"]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return staff_user(request).is_lead

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(
        self, request: HttpRequest, obj: RetentionRule | None = None
    ) -> list[str]:
        """What has counted is not rewritten: only its end is entered."""
        return ["record_type", "years", "legal_reason", "valid_from"] if obj else []


@admin.register(Anonymisation)
class AnonymisationAdmin(ReadOnlyAdmin):
    list_display = ["reference", "at", "record_type", "ended_on", "years", "legal_reason"]
    list_filter = ["record_type"]
    search_fields = ["reference"]
    exclude = ["case"]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return staff_user(request).is_lead
