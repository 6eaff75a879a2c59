"""Linking two cases that may not be merged, and taking the link back."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from consulting import queues, services
from consulting.admin.common import find_case, queue_of
from consulting.enums import RelationState
from consulting.models import CaseRelation
from osk_portal.accounts.permissions import is_advisor
from osk_portal.toolkit.access import AuthenticatedRequest, access
from osk_portal.toolkit.transitions import TransitionNotAllowed


@access(is_advisor)
@require_POST
def relate(request: AuthenticatedRequest, public_id: UUID, other_id: UUID) -> HttpResponse:
    """Link two cases; both sides are asked where that can lead to merging."""
    case = find_case(request.user, public_id)
    other = find_case(request.user, other_id)
    if case.pk == other.pk:
        raise Http404
    try:
        relation = services.relate_cases(case_id=case.pk, other_id=other.pk, actor=request.user)
    except TransitionNotAllowed as error:
        messages.error(request, str(error))
    else:
        is_asking = relation.state != RelationState.LINKED
        messages.success(
            request,
            _("The requests are linked. Both sides are asked.")
            if is_asking
            else _("The requests are linked. Nobody is asked."),
        )
    return redirect(queues.case_url(case, queue_of(request)))


@access(is_advisor)
@require_POST
def relation_end(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    relation = get_object_or_404(CaseRelation.objects.select_related("case"), public_id=public_id)
    services.end_relation(relation_id=relation.pk, actor=request.user)
    messages.success(request, _("The requests are linked no more."))
    return redirect(queues.case_url(relation.case))
