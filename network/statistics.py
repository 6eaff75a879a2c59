"""The network's table of the public statistics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.utils.translation import gettext_lazy as _

from network.enums import OrganisationKind
from network.models import Organisation
from osk_portal import portal
from osk_portal.pages.counting import counted_today


def _by_kind(spans: Sequence[portal.Span]) -> list[portal.Part]:
    return counted_today(Organisation.objects.published(), "kind", OrganisationKind.choices)


ORGANISATIONS: Final = portal.Statistic(
    "organisationen",
    50,
    _("Organisations in the network by kind"),
    _("Organisations that are shown in the network today."),
    _("Kind"),
    _by_kind,
    is_today=True,
)
