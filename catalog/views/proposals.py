"""Proposals as members of organisations see them: propose, follow, revise, withdraw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from catalog import differences
from catalog.change_form import ChangeForm
from catalog.enums import ProposalAction
from catalog.fields import BY_NAME
from catalog.forms import CommentForm, ProposalForm, WithdrawalForm
from catalog.models import Proposal, Solution
from catalog.permissions import (
    can_comment_proposal,
    can_edit_proposal,
    can_propose,
    can_propose_corrections,
    edited_organisations,
    is_member_of,
    proposing_organisations,
)
from catalog.proposal_history import history
from catalog.publiccode.licenses import spdx_ids
from catalog.services import (
    base_document,
    revise_proposal,
    submit_proposal,
    submit_withdrawal,
    withdraw_proposal,
)
from network.models import Organisation
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access, no_store
from osk_portal.toolkit.transitions import TransitionNotAllowed

PAGE_SIZE = 20


@access(LOGIN)
def proposal_create(
    request: AuthenticatedRequest, slug: str, *, every: bool = False
) -> HttpResponse:
    """Propose changes to an entry: any member of an organisation. ``every``: on the page with all fields."""
    solution = get_object_or_404(
        Solution.objects.published().select_related("maintainer"), slug=slug
    )
    if not can_propose_corrections(request.user):
        raise PermissionDenied
    organisations = proposing_organisations(request.user, solution)
    waiting = Proposal.objects.undecided().filter(
        solution=solution, organisation__in=[o.pk for o in organisations]
    )
    present = waiting.order_by("-submitted_at").first()
    # Of two colleagues who wrote at the same time, the second keeps the text; a click too many does not ask.
    is_repeated = present is not None and present.author_id == request.user.pk
    is_only = len(organisations) == 1 and request.method != "POST"
    if present is not None and (is_only or is_repeated):
        messages.info(request, _("There is an open proposal for this entry already."))
        return redirect(present)
    form = _form(request, solution, organisations=organisations, every=every)
    if form.is_bound and form.is_valid() and form.organisation is not None:
        try:
            proposal = submit_proposal(
                solution_id=solution.pk,
                author=request.user,
                organisation=form.organisation,
                changes=form.changes,
                base_revision=form.cleaned_data["base_revision"],
                reason=form.cleaned_data["reason"],
                wording=form.wording,
            )
        except TransitionNotAllowed as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Thank you. The OSK has received your proposal."))
            return redirect(proposal)
    return _form_page(request, solution, form)


@access(LOGIN)
def withdrawal_create(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """Propose that an entry leaves the catalog: the Redaktion of who maintains it."""
    solution = get_object_or_404(
        Solution.objects.published().select_related("maintainer"), slug=slug
    )
    organisation = solution.maintainer
    if organisation is None or not can_propose(request.user, solution):
        raise PermissionDenied
    waiting = Proposal.objects.undecided().filter(solution=solution, organisation=organisation)
    present = waiting.first()
    is_repeated = present is not None and present.author_id == request.user.pk
    if present is not None and (request.method != "POST" or is_repeated):
        messages.info(request, _("There is an open proposal for this entry already."))
        return redirect(present)
    form = WithdrawalForm(
        request.POST if request.method == "POST" else None,
        initial={"base_revision": solution.revision},
    )
    if form.is_valid():
        try:
            proposal = submit_withdrawal(
                solution_id=solution.pk,
                author=request.user,
                organisation=organisation,
                reason=form.cleaned_data["reason"],
                base_revision=form.cleaned_data["base_revision"],
            )
        except TransitionNotAllowed as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Thank you. The OSK has received your proposal."))
            return redirect(proposal)
    return _withdrawal_page(request, solution, form)


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
        "of_others": Proposal.objects.for_maintainer(request.user)
        .of_others()
        .open()
        .select_related("solution", "organisation")[:PAGE_SIZE],
        "maintained": Solution.objects.published().maintained_by(edited),
        "crumbs": [
            (_("Solutions"), reverse("catalog:solution_list")),
            (_("My proposals"), None),
        ],
    }
    return no_store(render(request, "catalog/proposal_list.html", context))


@access(LOGIN)
def proposal_detail(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    return detail_page(request, get_proposal(request, public_id))


def detail_page(
    request: AuthenticatedRequest,
    proposal: Proposal,
    comment_form: CommentForm | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    """A proposal with its difference, history, objection; ``comment_form`` with what was wrong in it."""
    user = request.user
    is_own = user.is_advisor or is_member_of(user, proposal.organisation_id)
    is_editor = can_edit_proposal(user, proposal)
    can_comment = proposal.is_open and can_comment_proposal(user, proposal, proposal.solution)
    objection = getattr(proposal, "objection", None)
    context = {
        "proposal": proposal,
        # Who maintains the entry reads what is proposed and for what reason, not who has written it.
        "is_own": is_own,
        "objection": objection if is_own else None,
        "differences": differences.compare(
            proposal.changes,
            base=base_document(proposal),
            published={} if proposal.is_new else proposal.solution.document,
        ),
        "grants": proposal.grants.select_related("person") if is_own else [],
        "events": history(proposal) if is_own else [],
        "comment_form": (comment_form or CommentForm()) if can_comment else None,
        "can_revise": is_editor and proposal.can(ProposalAction.REVISE),
        "can_withdraw": is_editor and proposal.can(ProposalAction.WITHDRAW),
        "can_object": is_editor and objection is None and proposal.can(ProposalAction.OVERTURN),
        "can_withdraw_objection": is_editor and objection is not None and objection.is_open,
        "shows_entry": proposal.solution.is_published,
        "crumbs": [
            (_("Solutions"), reverse("catalog:solution_list")),
            (_("My proposals"), reverse("catalog:proposal_list")),
            (proposal.solution.name, None),
        ],
    }
    return no_store(render(request, "catalog/proposal_detail.html", context, status=status))


@access(LOGIN)
def proposal_revise(
    request: AuthenticatedRequest, public_id: UUID, *, every: bool = False
) -> HttpResponse:
    """Submit a returned proposal again; what goes beyond the short form is revised on the page with all fields."""
    proposal = get_proposal(request, public_id)
    if not can_edit_proposal(request.user, proposal):
        raise PermissionDenied
    is_repeated = request.method != "POST" or proposal.author_id == request.user.pk
    if not proposal.can(ProposalAction.REVISE) and is_repeated:
        messages.info(request, _("This proposal cannot be changed any more."))
        return redirect(proposal)
    form: ProposalForm | ChangeForm | WithdrawalForm
    every = every or not proposal.changes.keys() <= BY_NAME.keys()
    if proposal.is_withdrawal:
        initial = {"reason": proposal.reason, "base_revision": proposal.solution.revision}
        form = WithdrawalForm(request.POST if request.method == "POST" else None, initial=initial)
    else:
        form = _form(request, proposal.solution, proposal=proposal, every=every)
    if form.is_bound and form.is_valid():
        try:
            revise_proposal(
                proposal.pk,
                actor=request.user,
                changes={} if isinstance(form, WithdrawalForm) else form.changes,
                base_revision=form.cleaned_data["base_revision"],
                reason=form.cleaned_data["reason"],
                wording="" if isinstance(form, WithdrawalForm) else form.wording,
            )
        except TransitionNotAllowed as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Thank you. The OSK has received your proposal."))
            return redirect(proposal)
    if isinstance(form, WithdrawalForm):
        return _withdrawal_page(request, proposal.solution, form, proposal)
    return _form_page(request, proposal.solution, form, proposal)


@require_POST
@access(LOGIN)
def proposal_withdraw(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    proposal = get_proposal(request, public_id)
    if not can_edit_proposal(request.user, proposal):
        raise PermissionDenied
    try:
        withdraw_proposal(proposal.pk, actor=request.user)
    except TransitionNotAllowed as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("You have withdrawn the proposal."))
    return redirect(proposal)


def get_proposal(request: AuthenticatedRequest, public_id: UUID) -> Proposal:
    found = Proposal.objects.visible_to(request.user).select_related(
        "solution", "organisation", "author", "objection__author"
    )
    return get_object_or_404(found, public_id=public_id)


def _form(
    request: AuthenticatedRequest,
    solution: Solution,
    *,
    proposal: Proposal | None = None,
    organisations: Sequence[Organisation] = (),
    every: bool,
) -> ProposalForm | ChangeForm:
    """The short form, or the one with every field; that one unbound with the typed text where it gets a row more."""
    data = request.POST if request.method == "POST" else None
    given: dict[str, Any] = {
        "solution": solution,
        "proposal": proposal,
        "organisations": organisations,
    }
    if not every:
        return ProposalForm(**given, data=data)
    form = ChangeForm(**given, data=data)
    action = request.POST.get("action", "")
    if action.startswith("add:"):
        return ChangeForm(**given, typed=form, add=action.removeprefix("add:"))
    return form


def _form_page(
    request: AuthenticatedRequest,
    solution: Solution,
    form: ProposalForm | ChangeForm,
    proposal: Proposal | None = None,
) -> HttpResponse:
    every = isinstance(form, ChangeForm)
    context = {
        "other": _other(solution, proposal, every=every),
        "solution": solution,
        "proposal": proposal,
        "form": form,
        "spdx": spdx_ids() if every else (),
        "crumbs": [
            (_("Solutions"), reverse("catalog:solution_list")),
            (solution.name, solution.get_absolute_url()),
            (_("Propose a change"), None),
        ],
    }
    status = 422 if form.errors else 200
    name = "catalog/proposal_form_all.html" if every else "catalog/proposal_form.html"
    return no_store(render(request, name, context, status=status))


def _other(solution: Solution, proposal: Proposal | None, *, every: bool) -> str:
    """The address of the same form with all fields, or with the short list; "" where only this one fits."""
    if proposal is not None and not proposal.changes.keys() <= BY_NAME.keys():
        return ""
    end = "" if every else "_all"
    if proposal is not None:
        return reverse(f"catalog:proposal_revise{end}", args=[proposal.public_id])
    return reverse(f"catalog:proposal_create{end}", args=[solution.slug])


def _withdrawal_page(
    request: AuthenticatedRequest,
    solution: Solution,
    form: WithdrawalForm,
    proposal: Proposal | None = None,
) -> HttpResponse:
    context = {
        "solution": solution,
        "proposal": proposal,
        "form": form,
        "crumbs": [
            (_("Solutions"), reverse("catalog:solution_list")),
            (solution.name, solution.get_absolute_url()),
            (_("Withdraw the entry"), None),
        ],
    }
    status = 422 if form.errors else 200
    return no_store(render(request, "catalog/withdrawal_form.html", context, status=status))
