"""The OSK's side of the catalog: entries (read-mostly) and the queue of proposals."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from catalog import aliases_admin, claims_admin, differences, fields, fields_admin, locks  # noqa: F401 # they register themselves
from catalog.enums import ProposalState
from catalog.forms import DecisionForm
from catalog.models import Proposal, Solution
from catalog.notices_admin import NoticeAdmin  # noqa: F401 # registers itself
from catalog.permissions import can_decide
from catalog.services import (
    ProposalConflict,
    accept_proposal,
    base_document,
    decide_proposal,
    publish_solution,
    refuse_proposal,
    return_proposal,
    withdraw_solution,
)
from catalog.services.refresh import set_trusted
from catalog.statements_admin import StatementAdmin  # noqa: F401 # registers itself
from catalog.support_admin import SupportAdmin  # noqa: F401 # registers itself
from catalog.synonyms_admin import SynonymGroupAdmin  # noqa: F401 # registers itself
from osk_portal.accounts.models import User
from osk_portal.toolkit.access import staff_user
from osk_portal.toolkit.transitions import Event, TransitionNotAllowed


class AdvisorsRead(admin.ModelAdmin[Any]):
    """Advisors look; every change goes through a service."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return staff_user(request).is_advisor

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return staff_user(request).is_advisor

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Solution)
class SolutionAdmin(AdvisorsRead):
    list_display = ["name", "state", "completeness", "licence", "maintainer"]
    list_filter = ["state", "is_incomplete", "development_status", "licence_family"]
    list_select_related = ["maintainer"]
    search_fields = ["name", "slug", "repository_url"]
    actions = ["publish", "withdraw", "trust", "distrust"]
    fields = [
        "name", "slug", "state", "is_incomplete", "revision", "repository_url", "licence",
        "development_status", "maintenance_type", "maintainer", "berlin_body", "alternatives",
        "keywords", "findings", "document", "updated_at", "published_at", "refreshing",
        "statements",
    ]  # fmt: skip
    readonly_fields = ["refreshing", "statements"]

    def get_urls(self) -> list[URLPattern]:
        return [*fields_admin.urls(self.admin_site), *super().get_urls()]

    @admin.display(description=gettext_lazy("Statements and their origin"))
    def statements(self, solution: Solution) -> str:
        return fields_admin.link(solution)

    @admin.display(description=gettext_lazy("Entry"), ordering="is_incomplete")
    def completeness(self, solution: Solution) -> str:
        return _("Incomplete") if solution.is_incomplete else _("Complete")

    @admin.action(description=gettext_lazy("Publish"), permissions=["view"])
    def publish(self, request: HttpRequest, chosen: QuerySet[Solution]) -> None:
        self._move(request, chosen, publish_solution)

    @admin.action(description=gettext_lazy("Withdraw"), permissions=["view"])
    def withdraw(self, request: HttpRequest, chosen: QuerySet[Solution]) -> None:
        self._move(request, chosen, withdraw_solution)

    @admin.display(description=gettext_lazy("Repository's file"))
    def refreshing(self, solution: Solution) -> str:
        source = getattr(solution, "source", None)
        if source is None:
            return _("is not fetched")
        return _("is taken over at once") if source.is_trusted else _("becomes a proposal")

    @admin.action(
        description=gettext_lazy("Take over changes of the repository's file at once"),
        permissions=["view"],
    )
    def trust(self, request: HttpRequest, chosen: QuerySet[Solution]) -> None:
        self._move(request, chosen, partial(set_trusted, is_trusted=True))

    @admin.action(
        description=gettext_lazy("Ask before changes of the repository's file are taken over"),
        permissions=["view"],
    )
    def distrust(self, request: HttpRequest, chosen: QuerySet[Solution]) -> None:
        self._move(request, chosen, partial(set_trusted, is_trusted=False))

    def _move(
        self, request: HttpRequest, chosen: QuerySet[Solution], service: Callable[..., Event]
    ) -> None:
        moved, refused = 0, 0
        for solution in chosen:
            try:
                service(solution.pk, actor=staff_user(request))
                moved += 1
            except TransitionNotAllowed:
                refused += 1
        if moved:
            text = ngettext("%(n)s entry changed.", "%(n)s entries changed.", moved)
            self.message_user(request, text % {"n": moved}, messages.SUCCESS)
        if refused:
            text = ngettext(
                "%(n)s entry was in that state already.",
                "%(n)s entries were in that state already.",
                refused,
            )
            self.message_user(request, text % {"n": refused}, messages.WARNING)


@admin.register(Proposal)
class ProposalAdmin(AdvisorsRead):
    list_display = ["entry", "organisation", "state", "promised_on"]
    list_display_links = None
    list_filter = ["state"]
    list_select_related = ["solution", "organisation"]
    search_fields = ["solution__name", "organisation__name"]

    @admin.display(description=gettext_lazy("Solution"), ordering="solution__sort_key")
    def entry(self, proposal: Proposal) -> str:
        return format_html('<a href="{}">{}</a>', review_url(proposal), proposal.solution.name)

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
        """Compare field by field, then accept, return or refuse."""
        advisor = staff_user(request)
        if not can_decide(advisor):
            raise PermissionDenied
        found = Proposal.objects.select_related("solution", "organisation", "author", "decided_by")
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
                messages.success(request, _done(event, is_of_file=proposal.is_of_file))
                return redirect(request.path)
        elif form is not None:
            problem = _("Please choose a decision.")
        return self._review_page(request, proposal, form, problem)

    def _review_page(
        self, request: HttpRequest, proposal: Proposal, form: DecisionForm | None, problem: str
    ) -> HttpResponse:
        solution = Solution.objects.get(pk=proposal.solution_id)
        compared = differences.compare(
            proposal.changes, base=base_document(proposal), published=solution.document
        )
        chosen = form.data if form is not None else {}
        context = {
            **self.admin_site.each_context(request),
            "title": solution.name,
            "proposal": proposal,
            "solution": solution,
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


def _decide(proposal: Proposal, form: DecisionForm, advisor: User) -> Event:
    seen: int = form.cleaned_data["seen_revision"]
    comment: str = form.cleaned_data["comment"]
    match form.cleaned_data["decision"]:
        case "all":
            return accept_proposal(proposal.pk, actor=advisor, seen_revision=seen, comment=comment)
        case "none":
            return return_proposal(proposal.pk, actor=advisor, seen_revision=seen, comment=comment)
        case "refuse":
            return refuse_proposal(proposal.pk, actor=advisor, comment=comment)
        case _:
            return decide_proposal(
                proposal.pk,
                actor=advisor,
                accepted=form.accepted,
                seen_revision=seen,
                comment=comment,
            )


def _done(event: Event, *, is_of_file: bool) -> str:
    texts = {
        ProposalState.ACCEPTED: _("Accepted. The public page shows the changes now."),
        ProposalState.RETURNED: _("Returned. The author has been told."),
        ProposalState.REFUSED: _("Refused. The author has been told."),
    }
    if event.to_state == ProposalState.REFUSED and is_of_file:
        return _("Refused. The entry stays as it is.")
    return texts[ProposalState(event.to_state)]
