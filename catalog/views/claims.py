"""Claims as the Redaktion of an organisation sees them, and as the present maintainer does."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST, require_safe

from catalog.claim_forms import AnswerForm, ClaimForm
from catalog.enums import LetterState, Proof
from catalog.models import Claim, Maintainership, Solution
from catalog.permissions import (
    can_act_for_claim,
    can_answer_claim,
    can_take_in,
    claiming_organisations,
)
from catalog.services import claims as service
from network.models import Organisation
from osk_portal.toolkit import uploads
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access, no_store
from osk_portal.toolkit.transitions import TransitionNotAllowed

PAGE_SIZE = 20


@access(LOGIN)
def claim_create(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """Claim an entry, or contest that another organisation maintains it."""
    solution = get_object_or_404(
        Solution.objects.published().select_related("maintainer"), slug=slug
    )
    organisations = claiming_organisations(request.user, solution)
    if not organisations:
        raise PermissionDenied
    is_sent = request.method == "POST"
    present = Claim.objects.open().filter(solution=solution, organisation__in=organisations)
    if len(organisations) == 1 and not is_sent and (claim := present.first()):
        messages.info(request, _("Your organisation has claimed this entry already."))
        return redirect(claim)
    form = ClaimForm(
        request.POST if is_sent else None,
        request.FILES if is_sent else None,
        organisations=organisations,
    )
    if is_sent and form.is_valid():
        try:
            claim = service.submit_claim(
                solution_id=solution.pk,
                organisation=form.cleaned_data["organisation"],
                author=request.user,
                proof=Proof(form.cleaned_data["proof"]),
                statement=form.cleaned_data["statement"],
                letter=form.letter_of_form,
            )
        except TransitionNotAllowed as error:
            form.add_error(None, str(error))
        except uploads.Refused as error:  # no room on the disk
            form.add_error("letter", str(error))
        else:
            messages.success(request, _("Thank you. The OSK has received your claim."))
            return redirect(claim)
    context = {
        "solution": solution,
        "maintainer": _shown_name(solution.maintainer),
        "form": form,
        "crumbs": [
            (_("Solutions"), reverse("catalog:solution_list")),
            (solution.name, solution.get_absolute_url()),
            (_("Contest the maintainer") if solution.maintainer else _("Take on the entry"), None),
        ],
    }
    status = 422 if form.errors else 200
    return no_store(render(request, "catalog/claim_form.html", context, status=status))


@access(LOGIN)
@require_safe
def claim_list(request: AuthenticatedRequest) -> HttpResponse:
    """What one's organisations maintain, are offered, have claimed, and what is claimed from them."""
    claims = Claim.objects.visible_to(request.user)
    if request.user.is_advisor:  # theirs is the list in the work area
        claims = Claim.objects.of_member(request.user)
    shown = claims.select_related("solution", "organisation", "against__organisation")
    maintained = Maintainership.objects.running().select_related(
        "solution", "organisation", "offered_to"
    )
    context = {
        "page": Paginator(shown.order_by("-submitted_at", "pk"), PAGE_SIZE).get_page(
            request.GET.get("page")
        ),
        "maintained": maintained.of_people(request.user).order_by("solution__sort_key"),
        "offered": maintained.offered_to(request.user).order_by("solution__sort_key"),
        "can_claim": can_take_in(request.user),
        "crumbs": [
            (_("Solutions"), reverse("catalog:solution_list")),
            (_("Maintained entries"), None),
        ],
    }
    return no_store(render(request, "catalog/claim_list.html", context))


@access(LOGIN)
@require_safe
def claim_detail(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    return _page(request, _get(request, public_id))


@access(LOGIN)
@require_POST
def claim_answer(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    claim = _get(request, public_id)
    if not can_answer_claim(request.user, claim):
        raise PermissionDenied
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _page(request, claim, form, status=422)
    try:
        service.answer_claim(claim.pk, actor=request.user, text=form.cleaned_data["text"])
    except TransitionNotAllowed as error:
        form.add_error(None, str(error))
        return _page(request, _get(request, public_id), form, status=409)
    messages.success(request, _("Thank you. The OSK has received your answer."))
    return redirect(claim)


@access(LOGIN)
@require_POST
def claim_look(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Look for the code now."""
    claim = _get(request, public_id)
    if not can_act_for_claim(request.user, claim):
        raise PermissionDenied
    try:
        service.look_again(claim.pk, actor=request.user)
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
    else:
        messages.info(request, _("We are looking for the code. That takes a few seconds."))
    return redirect(claim)


@access(LOGIN)
@require_POST
def claim_withdraw(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    claim = _get(request, public_id)
    if not can_act_for_claim(request.user, claim):
        raise PermissionDenied
    try:
        service.withdraw_claim(claim.pk, actor=request.user)
    except TransitionNotAllowed as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("You have withdrawn the claim."))
    return redirect(claim)


@access(LOGIN)
@require_safe
def claim_letter(request: AuthenticatedRequest, public_id: UUID) -> HttpResponseBase:
    """The uploaded letter: for the Redaktion that has sent it and for advisors. Never shown, always saved."""
    claim = _get(request, public_id)
    if not (request.user.is_advisor or can_act_for_claim(request.user, claim)):
        raise PermissionDenied
    if claim.letter_state != LetterState.CLEAN:
        raise Http404
    try:
        content = claim.letter.open("rb")
    except FileNotFoundError:
        raise Http404 from None  # forgotten in the same moment
    response = FileResponse(
        content,
        as_attachment=True,
        filename=claim.letter_name,
        content_type="application/octet-stream",
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response


def _get(request: AuthenticatedRequest, public_id: UUID) -> Claim:
    found = Claim.objects.visible_to(request.user).select_related(
        "solution", "organisation", "author", "against__organisation"
    )
    return get_object_or_404(found, public_id=public_id)


def _page(
    request: AuthenticatedRequest,
    claim: Claim,
    form: AnswerForm | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    is_other_side = can_answer_claim(request.user, claim)
    is_own = can_act_for_claim(request.user, claim)
    if form is None and is_other_side and claim.is_answerable:
        form = AnswerForm()
    context: dict[str, Any] = {
        "claim": claim,
        "other_side": _other_side(claim, is_told=is_other_side or request.user.is_advisor),
        "form": form,
        # The other side reads who claims and why; the proof is a matter of the claimant and the OSK.
        "shows_proof": not is_other_side or is_own or request.user.is_advisor,
        "can_answer": is_other_side and claim.is_answerable,
        "can_look": is_own and claim.is_open and claim.proof == Proof.CODE and not claim.found_at,
        "can_withdraw": is_own and claim.is_open,
        "can_read_letter": (is_own or request.user.is_advisor)
        and claim.letter_state == LetterState.CLEAN,
        "is_named": claim.proof == Proof.NAMED and service.is_named(claim),
        "code_file": service.CODE_FILE,
        "crumbs": [
            (_("Solutions"), reverse("catalog:solution_list")),
            (_("Maintained entries"), reverse("catalog:claim_list")),
            (claim.solution.name, None),
        ],
    }
    return no_store(render(request, "catalog/claim_detail.html", context, status=status))


def _other_side(claim: Claim, *, is_told: bool) -> str:
    """Who maintains the entry; to the claimant by name only where it stands in the network."""
    if claim.against is None:
        return ""
    organisation = claim.against.organisation
    return capfirst(organisation.name if is_told else _shown_name(organisation))


def _shown_name(organisation: Organisation | None) -> str:
    if organisation is None:
        return ""
    if organisation.is_published:
        return organisation.name
    return pgettext("who maintains the entry", "an organisation")
