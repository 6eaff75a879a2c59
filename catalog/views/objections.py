"""What is said to a proposal beside it: by who maintains the entry, and against a refusal."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from catalog.enums import ProposalAction
from catalog.forms import CommentForm, ObjectionForm
from catalog.models import Objection
from catalog.permissions import can_comment_proposal, can_edit_proposal
from catalog.services import comment_proposal, object_to_refusal, withdraw_objection
from catalog.views.proposals import detail_page, get_proposal
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access, no_store
from osk_portal.toolkit.transitions import TransitionNotAllowed


@require_POST
@access(LOGIN)
def proposal_comment(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """The Redaktion of who maintains the entry says what it thinks of somebody else's proposal."""
    proposal = get_proposal(request, public_id)
    if not can_comment_proposal(request.user, proposal, proposal.solution):
        raise PermissionDenied
    form = CommentForm(request.POST)
    if not form.is_valid():
        return detail_page(request, proposal, form, status=422)
    try:
        comment_proposal(proposal.pk, actor=request.user, text=form.cleaned_data["text"])
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
        return detail_page(request, proposal, form, status=409)
    messages.success(request, _("Thank you. The OSK reads it before it decides."))
    return redirect(proposal)


@access(LOGIN)
def proposal_object(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Object to a refusal, once."""
    proposal = get_proposal(request, public_id)
    if not can_edit_proposal(request.user, proposal):
        raise PermissionDenied
    present = Objection.objects.filter(proposal=proposal).first()
    is_sent = request.method == "POST"
    is_repeated = present is not None and present.author_id == request.user.pk
    if (present is not None or not proposal.can(ProposalAction.OVERTURN)) and (
        not is_sent or is_repeated
    ):
        messages.info(request, _("An objection is possible once, when a proposal is refused."))
        return redirect(proposal)
    form = ObjectionForm(request.POST if is_sent else None)
    if form.is_valid():
        try:
            object_to_refusal(proposal.pk, actor=request.user, reason=form.cleaned_data["reason"])
        except TransitionNotAllowed as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Thank you. The Leitung of the OSK has your objection."))
            return redirect(proposal)
    context = {
        "proposal": proposal,
        "form": form,
        "crumbs": [
            (_("Solutions"), reverse("catalog:solution_list")),
            (_("My proposals"), reverse("catalog:proposal_list")),
            (proposal.solution.name, proposal.get_absolute_url()),
            (_("Objection"), None),
        ],
    }
    status = 422 if form.errors else 200
    return no_store(render(request, "catalog/objection_form.html", context, status=status))


@require_POST
@access(LOGIN)
def objection_withdraw(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    proposal = get_proposal(request, public_id)
    if not can_edit_proposal(request.user, proposal):
        raise PermissionDenied
    try:
        withdraw_objection(proposal.pk, actor=request.user)
    except TransitionNotAllowed as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("You have taken back the objection."))
    return redirect(proposal)
