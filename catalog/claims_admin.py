"""Claims and maintained entries, as the OSK decides and looks after them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from catalog import claim_history, named
from catalog.claim_forms import DecideForm, LetterForm, TakeAwayForm
from catalog.enums import ClaimAction, LetterState, MaintainershipAction, MaintainershipEnd, Proof
from catalog.models import Claim, Maintainership
from catalog.promises import due_badge
from catalog.services import claims, maintainers
from osk_portal.accounts.permissions import is_advisor
from osk_portal.toolkit.access import AuthenticatedRequest, access
from osk_portal.toolkit.admin import OwnPagesAdmin, column
from osk_portal.toolkit.transitions import TransitionNotAllowed


def review_url(claim: Claim) -> str:
    return reverse("admin:catalog_claim_review", args=[claim.public_id])


def page_url(maintainership: Maintainership) -> str:
    return reverse("admin:catalog_maintainership_page", args=[maintainership.public_id])


@access(is_advisor)
@require_safe
def claim_review(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Who claims what, what the portal has found of the proof, what the other side says."""
    return _claim_page(request, _claim(public_id))


@access(is_advisor)
@require_POST
def claim_decide(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    claim = _claim(public_id)
    form = DecideForm(request.POST)
    if not form.is_valid():
        return _claim_page(request, claim, decide=form, status=422)
    is_accepted = form.cleaned_data["decision"] == "accept"
    service = claims.accept_claim if is_accepted else claims.refuse_claim
    try:
        service(claim.pk, actor=request.user, reason=form.cleaned_data["reason"])
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
        return _claim_page(request, _claim(public_id), decide=form, status=409)
    text = _("Accepted. The organisation maintains the entry now.")
    messages.success(
        request, text if is_accepted else _("Refused. The organisation has been told.")
    )
    return redirect(review_url(claim))


@access(is_advisor)
@require_POST
def claim_letter_received(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    claim = _claim(public_id)
    form = LetterForm(request.POST)
    if not form.is_valid():
        return _claim_page(request, claim, letter=form, status=422)
    try:
        claims.note_letter(
            claim.pk, actor=request.user, received_on=form.cleaned_data["received_on"]
        )
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
        return _claim_page(request, _claim(public_id), letter=form, status=409)
    messages.success(request, _("The letter is noted."))
    return redirect(review_url(claim))


@access(is_advisor)
@require_POST
def claim_look(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    claim = _claim(public_id)
    try:
        claims.look_again(claim.pk, actor=request.user)
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
    else:
        messages.info(request, _("We are looking for the code. That takes a few seconds."))
    return redirect(review_url(claim))


@access(is_advisor)
@require_safe
def maintainership_page(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    return _maintainership_page(request, _maintainership(public_id))


@access(is_advisor)
@require_POST
def maintainership_end(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Take the entry away from its maintainer, with a reason."""
    maintainership = _maintainership(public_id)
    form = TakeAwayForm(request.POST)
    if not form.is_valid():
        return _maintainership_page(request, maintainership, form, status=422)
    try:
        event = maintainers.take_away(
            maintainership.pk,
            why=MaintainershipEnd(form.cleaned_data["why"]),
            reason=form.cleaned_data["reason"],
            actor=request.user,
        )
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
        return _maintainership_page(request, _maintainership(public_id), form, status=409)
    if event is None:
        messages.info(request, _("That has ended already."))
    else:
        messages.success(request, _("The OSK looks after the entry from now on."))
    return redirect(page_url(maintainership))


def _claim(public_id: UUID) -> Claim:
    rows = Claim.objects.select_related(
        "solution__maintainer", "organisation", "author", "decided_by", "answered_by",
        "against__organisation",
    ).prefetch_related("organisation__domains")  # fmt: skip
    return get_object_or_404(rows, public_id=public_id)


def _maintainership(public_id: UUID) -> Maintainership:
    rows = Maintainership.objects.select_related("solution", "organisation", "offered_to")
    return get_object_or_404(rows, public_id=public_id)


def _claim_page(
    request: AuthenticatedRequest,
    claim: Claim,
    *,
    decide: DecideForm | None = None,
    letter: LetterForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """``decide``, ``letter``: forms with their errors, or with a text that found the claim changed."""
    may_note = claim.is_open and claim.letter_received_on is None
    others = Claim.objects.open().filter(solution=claim.solution).exclude(pk=claim.pk)
    context = {
        "title": claim.solution.name,
        "claim": claim,
        "due": due_badge(claim.promised_on) if claim.is_open and claim.promised_on else None,
        "decide": decide or (DecideForm() if claim.can(ClaimAction.ACCEPT) else None),
        "may_decide": claim.can(ClaimAction.ACCEPT) and claim.author_id != request.user.pk,
        "missing": claims.missing(claim) if claim.is_open else "",
        "letter": letter or (LetterForm() if may_note else None),
        "may_note": may_note,
        "can_look": claim.is_open and claim.proof == Proof.CODE and claim.found_at is None,
        "can_read_letter": claim.letter_state == LetterState.CLEAN,
        "named": named.places(claim.solution.document, claim.organisation),
        "repository": claim.solution.document.get("url", ""),
        "others": others.select_related("organisation"),
        "domains": [domain.domain for domain in claim.organisation.domains.all()],
        "events": claim_history.of_claim(claim),
        "code_file": claims.CODE_FILE,
    }
    return _render(request, "claim_review.html", context, status)


def _maintainership_page(
    request: AuthenticatedRequest,
    maintainership: Maintainership,
    form: TakeAwayForm | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    may_end = maintainership.can(MaintainershipAction.LOSE)
    context = {
        "title": maintainership.solution.name,
        "maintainership": maintainership,
        "form": form or (TakeAwayForm() if may_end else None),
        "may_end": may_end,
        "contests": maintainership.contests.select_related("organisation"),
        "events": claim_history.of_entry(maintainership.solution),
    }
    return _render(request, "maintainership_page.html", context, status)


def _render(
    request: HttpRequest, template: str, context: dict[str, Any], status: int
) -> HttpResponse:
    whole = {**admin.site.each_context(request), **context}
    return render(request, f"admin/catalog/{template}", whole, status=status)


class ReadyFilter(admin.SimpleListFilter):
    """What waits for a decision, and what waits for its proof."""

    title = gettext_lazy("Proof")
    parameter_name = "bereit"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("ja", gettext_lazy("is there")), ("nein", gettext_lazy("is still missing"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() in ("ja", "nein"):
            return queryset.filter(promised_on__isnull=self.value() == "nein")
        return queryset


@admin.register(Claim)
class ClaimAdmin(OwnPagesAdmin):
    url_of = staticmethod(review_url)
    list_display = [
        "entry",
        column("organisation", gettext_lazy("organisation")),
        "proof",
        "contest",
        "state",
        "promised_on",
    ]
    list_filter = ["state", ReadyFilter, "proof"]
    list_select_related = ["solution", "organisation"]
    search_fields = ["solution__name", "organisation__name"]
    ordering = ["promised_on", "pk"]

    @admin.display(description=gettext_lazy("Solution"), ordering="solution__sort_key")
    def entry(self, claim: Claim) -> str:
        return claim.solution.name

    @admin.display(description=gettext_lazy("Contest"), boolean=True)
    def contest(self, claim: Claim) -> bool:
        return claim.is_contest

    def get_urls(self) -> list[URLPattern]:
        prefix, wrap = "catalog_claim", self.admin_site.admin_view
        return [
            path("<uuid:public_id>/pruefen/", wrap(claim_review), name=f"{prefix}_review"),
            path("<uuid:public_id>/entscheiden/", wrap(claim_decide), name=f"{prefix}_decide"),
            path("<uuid:public_id>/brief/", wrap(claim_letter_received), name=f"{prefix}_letter"),
            path("<uuid:public_id>/nachsehen/", wrap(claim_look), name=f"{prefix}_look"),
            *super().get_urls(),
        ]


@admin.register(Maintainership)
class MaintainershipAdmin(OwnPagesAdmin):
    url_of = staticmethod(page_url)
    list_display = [
        "entry",
        column("organisation", gettext_lazy("organisation")),
        "state",
        "started_at",
        "ended_at",
    ]
    list_filter = ["state", "end"]
    list_select_related = ["solution", "organisation"]
    search_fields = ["solution__name", "organisation__name"]
    ordering = ["-started_at"]

    @admin.display(description=gettext_lazy("Solution"), ordering="solution__sort_key")
    def entry(self, maintainership: Maintainership) -> str:
        return maintainership.solution.name

    def get_urls(self) -> list[URLPattern]:
        prefix, wrap = "catalog_maintainership", self.admin_site.admin_view
        return [
            path("<uuid:public_id>/seite/", wrap(maintainership_page), name=f"{prefix}_page"),
            path("<uuid:public_id>/beenden/", wrap(maintainership_end), name=f"{prefix}_end"),
            *super().get_urls(),
        ]
