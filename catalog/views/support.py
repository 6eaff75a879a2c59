"""Offering support for a solution, and the check of what companies offer."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from catalog import services
from catalog.enums import SupportAction
from catalog.models import Solution, Support
from catalog.permissions import (
    can_decide,
    can_offer_support,
    can_offer_support_for,
    edited_organisations,
)
from catalog.reuse_forms import LONGEST_REASON, SupportForm
from network.enums import OrganisationKind
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access, no_store
from osk_portal.toolkit.transitions import TransitionNotAllowed


@access(can_offer_support)
def support_offer(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """A new offer, or new words of the one that is there. ``?organisation=``: for which of several."""
    solution = get_object_or_404(Solution.objects.published(), slug=slug)
    mine = edited_organisations(request.user)
    wanted = request.GET.get("organisation", "")
    chosen = [found for found in mine if found.slug == wanted] or mine
    there = None
    if len(chosen) == 1:
        there = Support.objects.filter(solution=solution, organisation=chosen[0]).first()
    data = request.POST if request.method == "POST" else None
    form = SupportForm(organisations=chosen, support=there, data=data)
    if request.method == "POST" and form.is_valid():
        try:
            support = services.offer_support(
                solution_id=solution.pk,
                organisation=form.organisation,
                actor=request.user,
                text=form.cleaned_data["text"],
                kinds=form.cleaned_data["kinds"],
                wording=form.wording,
                link=form.cleaned_data["link"],
                seen=form.cleaned_data["seen"],
            )
        except TransitionNotAllowed as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request,
                _("The offer is shown now.")
                if support.is_shown
                else _("Thank you. The OSK checks the offer before it is shown."),
            )
            return redirect(support)
    context = {
        "form": form,
        "title": _("Offer support"),
        "solution": solution,
        "lead": _("Offers stand in one alphabetical list. Nobody can pay for a place."),
        "submit": _("Save the offer"),
        "is_checked": any(found.kind == OrganisationKind.BUSINESS for found in chosen),
        "cancel_url": there.get_absolute_url() if there else solution.get_absolute_url(),
        "crumbs": [
            (_("Solutions"), reverse("catalog:solution_list")),
            (solution.name, solution.get_absolute_url()),
            (_("Offer support"), None),
        ],
    }
    status = 422 if form.errors else 200
    return no_store(render(request, "catalog/support_form.html", context, status=status))


@require_safe
@access(LOGIN)
def support_detail(request: AuthenticatedRequest, slug: str, organisation: str) -> HttpResponse:
    return _page(request, _support(request, slug, organisation))


@require_POST
@access(LOGIN)
def support_withdraw(request: AuthenticatedRequest, slug: str, organisation: str) -> HttpResponse:
    support = _support(request, slug, organisation)
    if not can_offer_support_for(request.user, support.organisation):
        raise PermissionDenied
    try:
        services.withdraw_support(support.pk, actor=request.user)
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("The offer is withdrawn."))
    return redirect(support)


@require_POST
@access(can_decide)
def support_decide(request: AuthenticatedRequest, slug: str, organisation: str) -> HttpResponse:
    """Two buttons, ``show`` and ``refuse``; a refusal says why."""
    support = _support(request, slug, organisation)
    comment = request.POST.get("comment", "").strip()[:LONGEST_REASON]
    seen = request.POST.get("seen", "")
    try:
        services.decide_support(
            support.pk,
            actor=request.user,
            seen=int(seen) if seen.isdecimal() and len(seen) < 10 else -1,
            is_shown=request.POST.get("decision") == "show",
            comment=comment,
        )
    except TransitionNotAllowed as error:
        support.refresh_from_db()
        return _page(request, support, comment=comment, problem=str(error))
    messages.success(request, _("Saved."))
    return redirect(support)


def _support(request: AuthenticatedRequest, slug: str, organisation: str) -> Support:
    found = Support.objects.visible_to(request.user).select_related("solution", "organisation")
    return get_object_or_404(found, solution__slug=slug, organisation__slug=organisation)


def _page(
    request: AuthenticatedRequest, support: Support, *, comment: str = "", problem: str = ""
) -> HttpResponse:
    may_offer = can_offer_support_for(request.user, support.organisation)
    context = {
        "support": support,
        "comment": comment,
        "problem": problem,
        "may_offer": may_offer,
        "may_withdraw": may_offer and support.can(SupportAction.WITHDRAW),
        "may_show": can_decide(request.user) and support.can(SupportAction.SHOW),
        "may_refuse": can_decide(request.user) and support.can(SupportAction.REFUSE),
        "crumbs": [
            (_("Solutions"), reverse("catalog:solution_list")),
            (support.solution.name, support.solution.get_absolute_url()),
            (_("Support offer"), None),
        ],
    }
    status = 409 if problem else 200
    return no_store(render(request, "catalog/support_detail.html", context, status=status))
