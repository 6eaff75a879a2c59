"""A maintained entry as its organisation sees it, and the one that it is offered to."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from catalog.claim_forms import OfferForm
from catalog.enums import MaintainershipAction
from catalog.models import Maintainership
from catalog.permissions import can_give_away, can_take_offer
from catalog.services import maintainers as service
from osk_portal.accounts.models import User
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access, no_store
from osk_portal.toolkit.transitions import TransitionNotAllowed


@access(LOGIN)
@require_safe
def maintainership_detail(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    return _page(request, _get(request, public_id))


@access(LOGIN)
@require_POST
def maintainership_offer(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    maintainership = _get(request, public_id)
    if not can_give_away(request.user, maintainership):
        raise PermissionDenied
    form = OfferForm(request.POST, own=maintainership.organisation_id)
    if not form.is_valid():
        return _page(request, maintainership, form, status=422)
    to = form.cleaned_data["organisation"]
    try:
        service.offer_maintainership(maintainership.pk, to=to, actor=request.user)
    except TransitionNotAllowed as error:
        form.add_error(None, str(error))
        return _page(request, _get(request, public_id), form, status=409)
    messages.success(request, _("The entry is offered to %(name)s.") % {"name": to})
    return redirect(maintainership)


@access(LOGIN)
@require_POST
def maintainership_withdraw_offer(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    return _do(
        request, public_id, can_give_away, service.withdraw_offer, _("The offer is taken back.")
    )


@access(LOGIN)
@require_POST
def maintainership_give_back(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    return _do(
        request,
        public_id,
        can_give_away,
        service.give_back,
        _("The OSK looks after the entry from now on."),
    )


@access(LOGIN)
@require_POST
def maintainership_accept(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    return _do(
        request,
        public_id,
        can_take_offer,
        service.accept_offer,
        _("Your organisation maintains the entry from now on."),
    )


@access(LOGIN)
@require_POST
def maintainership_decline(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    return _do(
        request, public_id, can_take_offer, service.decline_offer, _("You have declined the entry.")
    )


def _do(
    request: AuthenticatedRequest,
    public_id: UUID,
    may: Callable[[User, Maintainership], bool],
    step: Callable[..., object],
    done: str,
) -> HttpResponse:
    maintainership = _get(request, public_id)
    if not may(request.user, maintainership):
        raise PermissionDenied
    try:
        step(maintainership.pk, actor=request.user)
    except TransitionNotAllowed as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    if Maintainership.objects.visible_to(request.user).filter(pk=maintainership.pk).exists():
        return redirect(maintainership)
    return redirect("catalog:claim_list")


def _get(request: AuthenticatedRequest, public_id: UUID) -> Maintainership:
    found = Maintainership.objects.visible_to(request.user).select_related(
        "solution", "organisation", "offered_to"
    )
    return get_object_or_404(found, public_id=public_id)


def _page(
    request: AuthenticatedRequest,
    maintainership: Maintainership,
    form: OfferForm | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    is_own = can_give_away(request.user, maintainership)
    is_offered = maintainership.offered_to_id is not None
    may_offer = is_own and maintainership.can(MaintainershipAction.OFFER) and not is_offered
    if form is None and may_offer:
        form = OfferForm(own=maintainership.organisation_id)
    context = {
        "maintainership": maintainership,
        "form": form,
        "may_offer": may_offer,
        "may_withdraw_offer": is_own and is_offered,
        "may_answer": can_take_offer(request.user, maintainership),
        "may_give_back": is_own and maintainership.can(MaintainershipAction.LOSE),
        "contests": maintainership.contests.open().select_related("organisation") if is_own else (),
        "crumbs": [
            (_("Solutions"), reverse("catalog:solution_list")),
            (_("Maintained entries"), reverse("catalog:claim_list")),
            (maintainership.solution.name, None),
        ],
    }
    return no_store(render(request, "catalog/maintainership_detail.html", context, status=status))
