"""One side of two linked requests says whether they may be merged. Nothing of the other is read here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from consulting import permissions, services
from consulting.models import ConsultingRequest, RelationSide
from consulting.views.start import crumbs
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access, no_store
from osk_portal.toolkit.transitions import TransitionNotAllowed

_ANSWERS: Final[Mapping[str, tuple[Callable[..., object], object]]] = {
    "agree": (services.agree_to_merging, gettext_lazy("You have agreed. Thank you.")),
    "refuse": (services.refuse_merging, gettext_lazy("We do not merge the requests. Thank you.")),
    "take-back": (services.take_back_merging, gettext_lazy("Your consent is taken back.")),
}


@access(LOGIN)
@require_safe
def merge_question(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    side = _find(request, public_id)
    context = {
        "side": side,
        "case": side.case,
        "is_open": side.relation.takes_answers,
        "crumbs": crumbs(
            (_("My requests"), reverse("consulting:request_list")),
            (str(side.case.reference), side.case.get_absolute_url()),
            (_("Merging"), None),
        ),
    }
    return no_store(render(request, "consulting/merge_question.html", context))


@access(LOGIN)
@require_POST
def merge_answer(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    side = _find(request, public_id)
    if request.POST.get("answer") not in _ANSWERS:
        return HttpResponseBadRequest()
    act, done = _ANSWERS[request.POST["answer"]]
    try:
        act(side_id=side.pk, actor=request.user)
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, str(done))
    return redirect(side)


def _find(request: AuthenticatedRequest, public_id: UUID) -> RelationSide:
    """404 for who may not read the case, or was asked nothing; 403 for who may not decide in it."""
    mine = ConsultingRequest.objects.shared_with(request.user)
    side = get_object_or_404(
        RelationSide.objects.asked().select_related(
            "relation__case", "relation__other", "case__author"
        ),
        public_id=public_id,
        case__in=mine.order_by().values("pk"),
    )
    if not permissions.is_requester_side(request.user, side.case):
        raise PermissionDenied("decide for this authority")
    return side
