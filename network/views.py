"""The network: who is in it, what they know, which solutions they use and support."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from network.enums import MembershipAction
from network.forms import OrganisationFilter
from network.models import Membership, Organisation, OrganisationExpertise
from network.services import confirm_membership, refuse_membership
from osk_portal import portal
from osk_portal.toolkit.access import LOGIN, PUBLIC, AuthenticatedRequest, access
from osk_portal.toolkit.transitions import TransitionNotAllowed

PAGE_SIZE = 24
_DECISIONS = {"confirm": confirm_membership, "refuse": refuse_membership}


@access(PUBLIC)
def organisation_list(request: HttpRequest) -> HttpResponse:
    wanted = OrganisationFilter.from_query(request.GET)
    published = Organisation.objects.published()
    rows = OrganisationExpertise.objects.select_related("expertise").order_by("expertise__name_de")
    found = wanted.apply(published).with_expertise(rows)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "wanted": wanted,
        "facets": wanted.facets(published),
        "crumbs": [(_("Home"), reverse("pages:home")), (_("Network"), None)],
    }
    return render(request, "network/organisation_list.html", context)


@access(PUBLIC)
def organisation_detail(request: HttpRequest, slug: str) -> HttpResponse:
    organisation = get_object_or_404(Organisation.objects.published(), slug=slug)
    context = {
        "organisation": organisation,
        "expertise": organisation.expertise.select_related("expertise"),
        "panels": portal.panels_for("network.organisation", organisation, request),
        "crumbs": [
            (_("Home"), reverse("pages:home")),
            (_("Network"), reverse("network:organisation_list")),
            (organisation.name, None),
        ],
    }
    return render(request, "network/organisation_detail.html", context)


@access(LOGIN)
def membership_decide(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """A manager or an advisor confirms or refuses that somebody belongs to the organisation."""
    membership = get_object_or_404(
        Membership.objects.decidable_by(request.user), public_id=public_id
    )
    # Only a button decides: a form that was sent without one shows the page again.
    pressed = [name for name in _DECISIONS if name in request.POST]
    if len(pressed) == 1:
        try:
            _DECISIONS[pressed[0]](membership_id=membership.pk, actor=request.user)
        except TransitionNotAllowed as error:
            messages.warning(request, str(error))
        else:
            messages.success(request, _("Saved. We have told the person."))
        return redirect("network:membership_decide", public_id=public_id)
    context = {
        "membership": membership,
        "is_open": membership.state in Membership.ALLOWED[MembershipAction.CONFIRM],
        "crumbs": [(_("My area"), reverse("pages:my_area")), (_("Confirm a membership"), "")],
    }
    return render(request, "network/membership_decide.html", context)
