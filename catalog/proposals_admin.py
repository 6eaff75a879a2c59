"""The queue of proposals, and the page on which one is compared and decided."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from catalog import differences, fields, locks
from catalog.enums import ProposalState
from catalog.forms import DecisionForm
from catalog.models import Proposal, ProposalEvent, Solution
from catalog.permissions import can_decide, can_decide_objection, stands_in
from catalog.promises import tone
from catalog.proposal_history import history
from catalog.services import (
    ProposalConflict,
    accept_proposal,
    base_document,
    decide_proposal,
    grant_objection,
    refuse_proposal,
    reject_objection,
    return_proposal,
)
from osk_portal.accounts.models import User
from osk_portal.templatetags.osk import berlin_date, due
from osk_portal.toolkit import clock
from osk_portal.toolkit.access import staff_user
from osk_portal.toolkit.admin import AdvisorsRead, column
from osk_portal.toolkit.transitions import TransitionNotAllowed
from osk_portal.toolkit.working_days import days_left


class ModerationFilter(admin.SimpleListFilter):
    """What is late, and what the Leitung decides."""

    title = gettext_lazy("Promise")
    parameter_name = "moderation"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return [
            ("late", gettext_lazy("Overdue")),
            ("objected", pgettext("proposals", "With an open objection")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Proposal]:
        match self.value():
            case "late":
                found: QuerySet[Proposal] = queryset.open().filter(promised_on__lt=clock.today())
            case "objected":
                found = queryset.objected()
            case _:
                found = queryset
        return found


@admin.register(Proposal)
class ProposalAdmin(AdvisorsRead):
    list_display = [
        "entry",
        "kind",
        column("organisation", gettext_lazy("organisation")),
        "state",
        "promised",
    ]
    list_display_links = None
    list_filter = ["state", "kind", ModerationFilter]
    list_select_related = ["solution", "organisation"]
    search_fields = ["solution__name", "organisation__name"]

    @admin.display(description=gettext_lazy("Solution"), ordering="solution__sort_key")
    def entry(self, proposal: Proposal) -> str:
        return format_html('<a href="{}">{}</a>', review_url(proposal), proposal.solution.name)

    @admin.display(description=gettext_lazy("decision promised by"), ordering="promised_on")
    def promised(self, proposal: Proposal) -> str:
        if not proposal.is_open:
            return "–"
        day = proposal.promised_on
        return due(tone(day), f"{berlin_date(day)} ({days_left(day)})")

    def get_urls(self) -> list[URLPattern]:
        review = path(
            "<uuid:public_id>/pruefen/",
            self.admin_site.admin_view(self.review),
            name="catalog_proposal_review",
        )
        return [review, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Django's own address of a proposal leads to the page that decides it."""
        proposal = self.get_object(request, object_id)
        if proposal is None or not self.has_view_permission(request, proposal):
            raise PermissionDenied
        return redirect(review_url(proposal))

    def review(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        """Compare field by field, then accept, return or refuse; or decide the objection."""
        advisor = staff_user(request)
        if not can_decide(advisor):
            raise PermissionDenied
        found = Proposal.objects.select_related(
            "solution__maintainer", "organisation", "author", "decided_by", "objection__author"
        )
        proposal = get_object_or_404(found, public_id=public_id)
        form = DecisionForm(proposal=proposal, data=request.POST) if request.POST else None
        problem = ""
        if form is not None and form.is_valid():
            try:
                event = _decide(proposal, form, advisor)
            except ProposalConflict as error:
                problem = str(error)
            except TransitionNotAllowed as error:
                messages.error(request, str(error))
                return redirect(request.path)
            else:
                messages.success(request, _done(event, proposal))
                return redirect(request.path)
        elif form is not None:
            problem = _("Please choose a decision.")
        return self._review_page(request, proposal, form, problem)

    def _review_page(
        self, request: HttpRequest, proposal: Proposal, form: DecisionForm | None, problem: str
    ) -> HttpResponse:
        advisor = staff_user(request)
        solution = Solution.objects.get(pk=proposal.solution_id)
        compared = differences.compare(
            proposal.changes, base=base_document(proposal), published=solution.document
        )
        chosen = form.data if form is not None else {}
        objection = getattr(proposal, "objection", None)
        is_objected = objection is not None and objection.is_open
        can_grant = is_objected and can_decide_objection(advisor, proposal)
        is_own = proposal.author_id == advisor.pk
        waits = objection if objection is not None and objection.is_open else proposal
        context = {
            **self.admin_site.each_context(request),
            "title": solution.name,
            "proposal": proposal,
            "solution": solution,
            "objection": objection,
            "is_objected": is_objected,
            "can_grant": can_grant,
            "stands_in": is_objected and stands_in(proposal),
            "can_decide": proposal.is_open and not is_own,
            "is_own": proposal.is_open and is_own,
            "due": (tone(waits.promised_on), waits.promise) if waits.is_open else None,
            "grants": proposal.grants.select_related("person"),
            "events": history(proposal),
            "rows": [
                (d, chosen.get(f"field-{d.field.name}", _first_choice(d, solution)))
                for d in compared
            ],
            "locks": solution.locks,
            "file_differs": locks.labels(locks.differing_in_file(solution)),
            "same": [f.label for f in fields.FIELDS if f.name not in proposal.changes],
            "has_conflict": any(d.is_conflict or d.field.name in solution.locks for d in compared),
            "comment": chosen.get("comment", ""),
            "problem": problem,
        }
        status = 422 if problem else 200
        return render(request, "admin/catalog/proposal_review.html", context, status=status)


def review_url(proposal: Proposal) -> str:
    return reverse("admin:catalog_proposal_review", args=[proposal.public_id])


def _first_choice(found: differences.FieldDifference, solution: Solution) -> str:
    return "return" if found.is_conflict or found.field.name in solution.locks else "accept"


def _decide(proposal: Proposal, form: DecisionForm, advisor: User) -> ProposalEvent:
    seen: int = form.cleaned_data["seen_revision"]
    comment: str = form.cleaned_data["comment"]
    match form.cleaned_data["decision"]:
        case "all":
            return accept_proposal(proposal.pk, actor=advisor, seen_revision=seen, comment=comment)
        case "none":
            return return_proposal(proposal.pk, actor=advisor, seen_revision=seen, comment=comment)
        case "refuse":
            return refuse_proposal(proposal.pk, actor=advisor, comment=comment)
        case "reject":
            return reject_objection(proposal.pk, actor=advisor, answer=comment)
        case "grant":
            return grant_objection(
                proposal.pk,
                actor=advisor,
                answer=comment,
                seen_revision=seen,
                accepted=form.accepted,
            )
        case _:
            return decide_proposal(
                proposal.pk,
                actor=advisor,
                accepted=form.accepted,
                seen_revision=seen,
                comment=comment,
            )


def _done(event: ProposalEvent, proposal: Proposal) -> str:
    if event.kind == "objection_granted":
        return _("The objection is granted, and the proposal taken over. The author has been told.")
    if event.kind == "objection_rejected":
        return _("The objection is rejected. The author has been told.")
    if event.to_state == ProposalState.REFUSED and proposal.is_of_file:
        return _("Refused. The entry stays as it is.")
    if event.to_state == ProposalState.ACCEPTED and proposal.is_withdrawal:
        return _("Accepted. The entry does not stand in the catalog any more.")
    if event.to_state == ProposalState.ACCEPTED and proposal.is_new:
        return _("Accepted. The entry is published.")
    return {
        ProposalState.ACCEPTED: _("Accepted. The public page shows the changes now."),
        ProposalState.RETURNED: _("Returned. The author has been told."),
        ProposalState.REFUSED: _("Refused. The author has been told."),
    }[ProposalState(event.to_state)]
