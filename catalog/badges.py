"""Fetched badges in the words of the entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject
from django.utils.translation import gettext_lazy as _

from catalog.models import Badge

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

_NAMES: Final[Mapping[str, _StrPromise]] = {
    "MAINTENANCE": _("Maintenance (openCode)"),
    "REUSED": _("Reuse (openCode)"),
    "SECURITY": _("Security (openCode)"),
    "OPENSOURCE": _("Open source (openCode)"),
}


@dataclass(frozen=True)
class ShownBadge:
    label: str
    level: str
    url: str
    fetched_at: datetime


def name_of(badge: str) -> str:
    return str(_NAMES.get(badge, badge))


def fetched() -> ArraySubquery:
    """For a query of solutions, as ``badged``: it costs the page no query of its own."""
    rows = Badge.objects.filter(solution=OuterRef("pk")).order_by("badge")
    columns = ("badge", "level", "url", "fetched_at")
    return ArraySubquery(rows.values(found=JSONObject(**{name: name for name in columns})))


def of(solution: Any) -> list[ShownBadge]:
    """``solution``: annotated with ``badged=fetched()``."""
    return [
        ShownBadge(
            name_of(values["badge"]),
            values["level"],
            values["url"],
            datetime.fromisoformat(values["fetched_at"]),
        )
        for values in solution.badged
    ]
