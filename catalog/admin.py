"""The OSK's side of the catalog: entries (read-mostly); what else it keeps registers itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from catalog import aliases_admin, claims_admin, fields_admin  # noqa: F401 # they register themselves
from catalog.assessments_admin import AssessmentAdmin  # noqa: F401 # registers itself
from catalog.models import Solution
from catalog.notices_admin import NoticeAdmin  # noqa: F401 # registers itself
from catalog.proposals_admin import ProposalAdmin  # noqa: F401 # registers itself
from catalog.reports_admin import EntryReportAdmin  # noqa: F401 # registers itself
from catalog.services import publish_solution, withdraw_solution
from catalog.services.refresh import set_trusted
from catalog.statements_admin import StatementAdmin  # noqa: F401 # registers itself
from catalog.support_admin import SupportAdmin  # noqa: F401 # registers itself
from catalog.synonyms_admin import SynonymGroupAdmin  # noqa: F401 # registers itself
from osk_portal.toolkit.access import staff_user
from osk_portal.toolkit.admin import AdvisorsRead
from osk_portal.toolkit.transitions import Event, TransitionNotAllowed


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
        moved = 0
        refused: dict[str, list[str]] = {}
        for solution in chosen:
            try:
                service(solution.pk, actor=staff_user(request))
                moved += 1
            except TransitionNotAllowed as error:
                refused.setdefault(str(error), []).append(solution.name)
        if moved:
            text = ngettext("%(n)s entry changed.", "%(n)s entries changed.", moved)
            self.message_user(request, text % {"n": moved}, messages.SUCCESS)
        for why, names in refused.items():
            self.message_user(request, f"{', '.join(names)}: {why}", messages.WARNING)
