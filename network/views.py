"""The network: who is in it, what they know, which solutions they use and support."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from network.forms import OrganisationFilter
from network.models import Organisation, OrganisationExpertise
from osk_portal import portal
from osk_portal.toolkit.access import PUBLIC, access

PAGE_SIZE = 24


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
