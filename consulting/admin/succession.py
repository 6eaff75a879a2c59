"""The hand-over page of an advisor: for the person, and for the Leitung (product.md, Leaving)."""

from __future__ import annotations

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from consulting import permissions, queues
from consulting.admin.bulk import say
from consulting.admin.common import page
from consulting.deadlines import moment_in_words, short_date
from consulting.enums import AppointmentState, CaseAction
from consulting.models import Appointment, ConsultingRequest
from consulting.presentation import Standing
from consulting.services import succession
from consulting.succession_forms import SuccessionForm, WorkRow
from osk_portal.accounts.models import User
from osk_portal.accounts.permissions import is_advisor
from osk_portal.toolkit.access import AuthenticatedRequest, access


@access(is_advisor)
@require_safe
def succession_list(request: AuthenticatedRequest) -> HttpResponse:
    """Whose work can be handed over: names without numbers (product.md, Staff data). Advisors come to their own."""
    if not request.user.is_lead:
        return redirect("admin:consulting_succession", public_id=request.user.public_id)
    return page(
        request,
        "succession_list.html",
        {"people": succession.people_with_work().order_by("name", "email")},
    )


@access(is_advisor)
@require_http_methods(["GET", "HEAD", "POST"])
def succession_page(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """All that somebody has to do, with a successor to choose. What changed meanwhile is reported, not lost."""
    person = get_object_or_404(User, public_id=public_id)
    if not permissions.can_pass_on(request.user, person):
        raise PermissionDenied
    if not person.is_advisor and not succession.people_with_work().filter(pk=person.pk).exists():
        raise Http404
    advisors = User.objects.advisors().exclude(pk=person.pk).select_related("absence__deputy")
    form = SuccessionForm(
        rows=_rows(person),
        advisors=list(advisors.order_by("name", "email")),
        may_keep=person.is_advisor,
        data=request.POST if request.method == "POST" else None,
    )
    if form.is_valid():
        report = succession.hand_over_work(
            person=person,
            actor=request.user,
            choice=form.choice,
            reason=form.cleaned_data["reason"],
        )
        say(request, report)
        return redirect(
            "admin:consulting_handover" if request.user.is_lead else queues.BY_NAME["mine"].url
        )
    context = {"form": form, "person": person, "is_own": person.pk == request.user.pk}
    return page(request, "succession.html", context, status=422 if form.errors else 200)


def _rows(person: User) -> list[WorkRow]:
    to_come = Appointment.objects.filter(
        state__in=(AppointmentState.OFFERED, AppointmentState.FIXED)
    )
    cases = succession.cases_of(person).in_order_of_promise().for_list()
    rows = [
        WorkRow(
            case.public_id,
            f"{case.reference} · {case.title}",
            " · ".join(_details(case)),
            case.can(CaseAction.RETURN_TO_QUEUE),
        )
        for case in cases.prefetch_related(Prefetch("appointments", to_come, to_attr="to_come"))
    ]
    rows += [
        WorkRow(
            answer.public_id,
            _("Published answer: %(title)s") % {"title": answer},
            str(answer.get_state_display()),
            False,
        )
        for answer in succession.answers_of(person)
    ]
    return rows


def _details(case: ConsultingRequest) -> list[str]:
    """State, follow-up date, and what is agreed on or offered."""
    details = [str(case.organisation), str(Standing(case).staff_badge)]
    if case.snoozed_until is not None:
        details.append(_("Follow-up date: %(date)s") % {"date": short_date(case.snoozed_until)})
    for appointment in case.to_come:  # type: ignore[attr-defined] # as the prefetch names it
        if appointment.is_offered:
            details.append(_("Appointments offered"))
        elif appointment.is_upcoming and appointment.starts_at is not None:
            when = moment_in_words(appointment.starts_at)
            details.append(_("Appointment: %(when)s") % {"when": when})
    return details
