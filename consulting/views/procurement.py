"""The step "Vergabe" of a draft: asked when procurement is a topic."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect

from consulting import intake, services
from consulting.models import ProcurementBlock
from consulting.procurement_form import ProcurementForm, initial_of_block
from consulting.views.steps import bound, draft_of, is_save, save_step, step_page
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access


@access(LOGIN)
def request_procurement(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    case, gone = draft_of(request, public_id)
    if gone:
        return gone
    if not case.is_about_procurement:
        # The topic was taken back in another window: there is nothing to ask any more.
        return redirect("consulting:request_draft", case.public_id)
    block = ProcurementBlock.objects.filter(case=case).first()
    arguments = {
        **bound(request, case, intake.PROCUREMENT),
        "initial": initial_of_block(case, block),
    }
    form = ProcurementForm(**arguments, block=block)
    if is_save(request) and form.is_valid():
        saved = save_step(request, case, form, service=services.save_procurement)
        if saved:
            return saved(intake.PROCUREMENT)
    return step_page(request, case, intake.PROCUREMENT, form, "consulting/request_procurement.html")
