"""Both sides of an introduction, each on its own page. Until both agree nothing of the other is read."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST, require_safe

from consulting import permissions, services
from consulting.enums import IntroductionState
from consulting.models import ConsultingRequest, IntroductionSide
from consulting.synergy_forms import ConsentForm
from consulting.views.start import crumbs
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access, no_store
from osk_portal.toolkit.transitions import TransitionNotAllowed


@access(LOGIN)
@require_safe
def introduction(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    return _show(request, _find(request, public_id))


@access(LOGIN)
@require_POST
def introduction_agree(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    side = _find(request, public_id)
    form = ConsentForm(request.POST)
    if not form.is_valid():
        return _show(request, side, form=form, status=422)
    try:
        services.agree_to_introduction(
            side_id=side.pk, actor=request.user, released=form.cleaned_data["released"]
        )
    except TransitionNotAllowed as error:
        return _show(request, _find(request, public_id), form=form, moved=str(error), status=409)
    messages.success(request, _("You have agreed. You hear from us as soon as it is decided."))
    return redirect(side)


@access(LOGIN)
@require_POST
def introduction_refuse(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    return _press(
        request, public_id, services.refuse_introduction, _("We do not introduce you. Thank you.")
    )


@access(LOGIN)
@require_POST
def introduction_take_back(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    return _press(request, public_id, services.take_back_consent, _("Your consent is taken back."))


def _find(request: AuthenticatedRequest, public_id: UUID) -> IntroductionSide:
    """404 for who may not read the case, 403 for who may not decide for its authority."""
    mine = ConsultingRequest.objects.shared_with(request.user)
    side = get_object_or_404(
        IntroductionSide.objects.select_related("introduction", "case__organisation", "contact"),
        public_id=public_id,
        case__in=mine.order_by().values("pk"),
    )
    if not permissions.is_requester_side(request.user, side.case):
        raise PermissionDenied("decide for this authority")
    return side


def _press(
    request: AuthenticatedRequest, public_id: UUID, act: Callable[..., object], done: str
) -> HttpResponse:
    side = _find(request, public_id)
    try:
        act(side_id=side.pk, actor=request.user)
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, done)
    return redirect(side)


def _show(
    request: AuthenticatedRequest,
    side: IntroductionSide,
    *,
    form: ConsentForm | None = None,
    moved: str = "",
    status: int = 200,
) -> HttpResponse:
    """The other side is read from the database only once both have agreed."""
    other = None
    if side.introduction.state == IntroductionState.INTRODUCED:
        other = (
            IntroductionSide.objects.filter(introduction=side.introduction_id)
            .exclude(pk=side.pk)
            .select_related("contact", "case__organisation")
            .get()
        )
    kept = str(form["released"].value() or "") if form and moved else ""
    if form is None or moved:
        form = ConsentForm(initial={"released": kept or side.case.title})
    context = {
        "side": side,
        "case": side.case,
        "introduction": side.introduction,
        "other": other,
        "form": form if side.is_to_decide else None,
        "moved": moved,
        "unsent": "" if side.is_to_decide else kept,
        "crumbs": crumbs(
            (_("My requests"), reverse("consulting:request_list")),
            (str(side.case.reference), side.case.get_absolute_url()),
            (pgettext("synergy", "Introduction"), None),
        ),
    }
    page = render(request, "consulting/introduction.html", context, status=status)
    return no_store(page)
