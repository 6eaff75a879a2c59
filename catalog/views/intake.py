"""Suggest a solution from its repository or its file, and follow what becomes of it."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from catalog import presentation
from catalog.enums import IntakeState, ProposalKind
from catalog.grants import CURRENT
from catalog.intake_form import IntakeForm
from catalog.models import Intake, Proposal, Solution
from catalog.permissions import can_take_in, edited_organisations
from catalog.services import intake as service
from catalog.variants import bases
from osk_portal.accounts.models import User
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access, no_store
from osk_portal.toolkit.transitions import TransitionNotAllowed

MOST_SHOWN = 10


@access(can_take_in)
def intake_create(request: AuthenticatedRequest) -> HttpResponse:
    """Enter an address or choose a file; beneath it what the person has suggested last."""
    is_sent = request.method == "POST"
    sent = (request.POST, request.FILES) if is_sent else ()
    form = IntakeForm(*sent, organisations=edited_organisations(request.user))
    if is_sent and form.is_valid():
        try:
            intake = _start(request.user, form)
        except TransitionNotAllowed as error:
            form.add_error(None, str(error))
        else:
            return redirect(intake)
    context = {
        "form": form,
        "intakes": Intake.objects.filter(requester=request.user)[:MOST_SHOWN],
        "crumbs": [
            (_("Solutions"), reverse("catalog:solution_list")),
            (_("Suggest a solution"), None),
        ],
    }
    status = 422 if form.errors else 200
    return no_store(render(request, "catalog/intake_form.html", context, status=status))


def _start(user: User, form: IntakeForm) -> Intake:
    if form.place is not None:
        return service.request_repository(
            requester=user, place=form.place, wording=CURRENT, organisation=form.organisation
        )
    return service.request_file(
        requester=user,
        name=form.file_name,
        data=form.data_of_file,
        wording=CURRENT,
        organisation=form.organisation,
    )


@access(LOGIN)
def intake_detail(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Still being fetched, or what came out of it."""
    intake = get_object_or_404(Intake.objects.visible_to(request.user), public_id=public_id)
    visible = Solution.objects.visible_to(request.user)
    context = {
        "intake": intake,
        "solution": visible.filter(intakes=intake).first(),
        "findings": presentation.errors_of(intake.findings),
        "bases": bases(intake.based_on, among=visible),
        "proposal": Proposal.objects.visible_to(request.user)
        .filter(kind=ProposalKind.NEW, solution__intakes=intake)
        .order_by("-submitted_at")
        .first(),
        "is_taken": intake.state == IntakeState.TAKEN,
        "is_known": intake.state == IntakeState.KNOWN,
        "crumbs": [
            (_("Solutions"), reverse("catalog:solution_list")),
            (_("Suggest a solution"), reverse("catalog:intake_create")),
            (str(intake), None),
        ],
    }
    return no_store(render(request, "catalog/intake_detail.html", context))
