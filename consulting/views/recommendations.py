"""One click on a recommendation."""

from __future__ import annotations

import re
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from consulting import permissions, services
from consulting.enums import Uptake
from consulting.forms import UptakeForm
from consulting.models import Recommendation
from consulting.views.requests import detail_page, find_case
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access
from osk_portal.toolkit.transitions import TransitionNotAllowed

_ROW = re.compile(r"[0-9]{1,18}")


@access(LOGIN)
@require_POST
def recommendation_mark(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """The requester's side takes it up, refuses it, or takes that back."""
    case = find_case(request, public_id)
    if not permissions.can_mark_recommendation(request.user, case):
        raise PermissionDenied
    named = request.POST.get("recommendation", "")
    if not _ROW.fullmatch(named):
        raise Http404
    recommendation_id = int(named)
    form = UptakeForm(request.POST, recommendation_id=recommendation_id)
    if not form.is_valid():
        return detail_page(request, case, mark_form=form, status=422)
    try:
        services.mark_recommendation(
            case_id=case.pk,
            actor=request.user,
            recommendation_id=recommendation_id,
            uptake=Uptake(form.cleaned_data["uptake"]),
            reason=form.cleaned_data["reason"],
        )
    except Recommendation.DoesNotExist as error:
        raise Http404 from error
    except TransitionNotAllowed as error:
        if form.cleaned_data["reason"]:
            case = find_case(request, public_id)
            return detail_page(request, case, moved=error, unsaid=form.cleaned_data["reason"])
        messages.warning(request, str(error))
    else:
        messages.success(request, _("Thank you, we have noted it."))
    return redirect(case)
