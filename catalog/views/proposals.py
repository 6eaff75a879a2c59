"""Proposals as the Redaktion of an organisation sees them: propose, follow, revise, withdraw."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from catalog import differences
from catalog.enums import ProposalAction
from catalog.forms import ProposalForm
from catalog.models import Proposal, Solution
from catalog.permissions import (
    belongs_to_maintainer,
    can_edit_proposal,
    can_propose,
    edited_organisations,
)
from catalog.services import (
    base_document,
    revise_proposal,
    submit_proposal,
    withdraw_proposal,
)
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access, no_store
from osk_portal.toolkit.transitions import TransitionNotAllowed

PAGE_SIZE = 20


@access(LOGIN)
def proposal_create(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """Propose changes to an entry that the person's organisation maintains."""
    solution = get_object_or_404(
        Solution.objects.published().select_related("maintainer"), slug=slug
    )
    organisation = solution.maintainer
    if organisation is None or not belongs_to_maintainer(request.user, solution):
        raise Http404
    if not can_propose(request.user, solution):
        raise PermissionDenied
    waiting = Proposal.objects.undecided().filter(solution=solution, organisation=organisation)
    present = waiting.first()
    # Of two colleagues who wrote at the same time, the second keeps the text; a click too many does not ask.
    if present is not None and (request.method != "POST" or present.author_id == request.user.pk):
        messages.info(request, _("There is an open proposal for this entry already."))
        return redirect(present)
    form = ProposalForm(solution=solution, data=request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            proposal = submit_proposal(
                solution_id=solution.pk,
                author=request.user,
                organisation=organisation,
                changes=form.changes,
                base_revision=form.cleaned_data["base_revision"],
                reason=form.cleaned_data["reason"],
            )
        except TransitionNotAllowed as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Thank you. The OSK has received your proposal."))
            return redirect(proposal)
    return _form_page(request, solution, form)


@access(LOGIN)
def proposal_list(request: AuthenticatedRequest) -> HttpResponse:
    """The proposals of one's organisations, and the entries that they maintain."""
    proposals = Proposal.objects.of_member(request.user).select_related(
        "solution", "organisation", "author"
    )
    edited = [organisation.pk for organisation in edited_organisations(request.user)]
    context = {
        "page": Paginator(proposals.order_by("-submitted_at", "pk"), PAGE_SIZE).get_page(
            request.GET.get("page")
        ),
        "can_take_in": bool(edited),
        "maintained": Solution.objects.published().maintained_by(edited),
        "crumbs": [
            (_("Solutions"), reverse("catalog:solution_list")),
            (_("My proposals"), None),
        ],
    }
    return no_store(render(request, "catalog/proposal_list.html", context))


@access(LOGIN)
def proposal_detail(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    proposal = _get(request, public_id)
    is_editor = can_edit_proposal(request.user, proposal)
    context = {
        "proposal": proposal,
        "differences": differences.compare(
            proposal.changes,
            base=base_document(proposal),
            published=proposal.solution.document,
        ),
        "can_revise": is_editor and proposal.can(ProposalAction.REVISE),
        "can_withdraw": is_editor and proposal.can(ProposalAction.WITHDRAW),
        "crumbs": [
            (_("Solutions"), reverse("catalog:solution_list")),
            (_("My proposals"), reverse("catalog:proposal_list")),
            (proposal.solution.name, None),
        ],
    }
    return no_store(render(request, "catalog/proposal_detail.html", context))


@access(LOGIN)
def proposal_revise(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    proposal = _get(request, public_id)
    if not can_edit_proposal(request.user, proposal):
        raise PermissionDenied
    is_repeated = request.method != "POST" or proposal.author_id == request.user.pk
    if not proposal.can(ProposalAction.REVISE) and is_repeated:
        messages.info(request, _("This proposal cannot be changed any more."))
        return redirect(proposal)
    form = ProposalForm(
        solution=proposal.solution,
        proposal=proposal,
        data=request.POST if request.method == "POST" else None,
    )
    if form.is_valid():
        try:
            revise_proposal(
                proposal.pk,
                actor=request.user,
                changes=form.changes,
                base_revision=form.cleaned_data["base_revision"],
                reason=form.cleaned_data["reason"],
            )
        except TransitionNotAllowed as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Thank you. The OSK has received your proposal."))
            return redirect(proposal)
    return _form_page(request, proposal.solution, form, proposal)


@require_POST
@access(LOGIN)
def proposal_withdraw(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    proposal = _get(request, public_id)
    if not can_edit_proposal(request.user, proposal):
        raise PermissionDenied
    try:
        withdraw_proposal(proposal.pk, actor=request.user)
    except TransitionNotAllowed as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("You have withdrawn the proposal."))
    return redirect(proposal)


def _get(request: AuthenticatedRequest, public_id: UUID) -> Proposal:
    found = Proposal.objects.visible_to(request.user).select_related(
        "solution", "organisation", "author"
    )
    return get_object_or_404(found, public_id=public_id)


def _form_page(
    request: AuthenticatedRequest,
    solution: Solution,
    form: ProposalForm,
    proposal: Proposal | None = None,
) -> HttpResponse:
    context = {
        "solution": solution,
        "proposal": proposal,
        "form": form,
        "crumbs": [
            (_("Solutions"), reverse("catalog:solution_list")),
            (solution.name, solution.get_absolute_url()),
            (_("Propose a change"), None),
        ],
    }
    status = 422 if form.errors else 200
    return no_store(render(request, "catalog/proposal_form.html", context, status=status))
