"""What the network offers to the shared pages."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from network import demo_world
from network.models import Organisation
from osk_portal import portal

MOST_HITS = 10


def _search(query: str, request: HttpRequest) -> Iterable[portal.Hit]:
    for organisation in Organisation.objects.published().matching(query)[:MOST_HITS]:
        yield portal.Hit(
            organisation.name,
            organisation.get_absolute_url(),
            organisation.localised_description or str(organisation.get_kind_display()),
        )


portal.figures.register(
    portal.Figure(
        "network",
        30,
        _("Organisations in the network"),
        lambda: Organisation.objects.published().count(),
        "network:organisation_list",
    )
)
portal.search_sources.register(portal.SearchSource("network", 30, _("Network"), _search))
portal.demo_steps.register(portal.DemoStep("network", 10, demo_world.load))
