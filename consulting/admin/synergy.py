"""Similar requests on the page of a case, and introducing two authorities to each other."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from consulting import queues, services
from consulting.admin.common import case_frame, find_case, page, queue_of
from consulting.models import ConsultingRequest, Introduction, IntroductionSide
from consulting.services.introductions import may_be_introduced
from consulting.similar_cases import similar_cases
from consulting.synergy_forms import ProposeIntroductionForm
from osk_portal.accounts.models import User
from osk_portal.accounts.permissions import is_advisor
from osk_portal.toolkit.access import AuthenticatedRequest, access
from osk_portal.toolkit.transitions import TransitionNotAllowed


def synergy_of(
    user: User, case: ConsultingRequest, sides: list[IntroductionSide]
) -> dict[str, object]:
    """For the page of a case: similar requests (one query) and introductions. ``sides``: the other one of each,
    as ``case_rows`` reads them."""
    alike = similar_cases(case, user)
    busy = {side.case_id for side in sides if side.introduction.is_open}
    is_possible = may_be_introduced(case)
    return {
        "similar_cases": alike,
        "may_introduce": {
            row.case.pk
            for row in alike
            if is_possible and not (row.case.is_confidential or row.is_own_authority)
        }
        - busy,
        "introductions": sides,
    }


@access(is_advisor)
@require_http_methods(["GET", "HEAD", "POST"])
def introduce(request: AuthenticatedRequest, public_id: UUID, other_id: UUID) -> HttpResponse:
    """Ask both whether they want to meet; the text names neither."""
    case = find_case(request.user, public_id)
    other = find_case(request.user, other_id)
    if case.pk == other.pk:
        raise Http404
    form = ProposeIntroductionForm(request.POST if request.method == "POST" else None)
    status, places, problem = 200, [], ""
    if request.method == "POST" and form.is_valid():
        try:
            services.propose_introduction(
                case_id=case.pk, other_id=other.pk, actor=request.user, **form.cleaned_data
            )
        except services.TextNamesSomebody as error:
            places, problem, status = error.places, str(error), 422
        except TransitionNotAllowed as error:
            problem, status = str(error), 409
        else:
            messages.success(request, _("Both authorities are asked separately."))
            return redirect(queues.case_url(case, queue_of(request)))
    elif request.method == "POST":
        status = 422
    if not any(not place.is_certain for place in places):
        del form.fields["is_checked"]
    context = {"other": other, "form": form, "places": places, "problem": problem}
    return page(request, "introduce.html", {**case_frame(request, case), **context}, status=status)


@access(is_advisor)
@require_POST
def introduction_call_off(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    introduction = get_object_or_404(Introduction, public_id=public_id)
    try:
        services.call_off_introduction(introduction_id=introduction.pk, actor=request.user)
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("The introduction is called off."))
    side = introduction.sides.select_related("case").order_by("pk")[0]
    return redirect(queues.case_url(side.case))
