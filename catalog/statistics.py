"""The catalog's table of the public statistics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.utils.translation import gettext_lazy as _

from catalog.enums import LicenceFamily
from catalog.models import Solution
from osk_portal import portal
from osk_portal.pages.counting import counted_today


def _by_licence(spans: Sequence[portal.Span]) -> list[portal.Part]:
    labels = [*LicenceFamily.choices, ("", _("Not stated"))]
    return counted_today(Solution.objects.published(), "licence_family", labels)


SOLUTIONS: Final = portal.Statistic(
    "loesungen-lizenz",
    40,
    _("Solutions by licence"),
    _("Solutions that stand in the catalog today."),
    _("Licence"),
    _by_licence,
    is_today=True,
)
