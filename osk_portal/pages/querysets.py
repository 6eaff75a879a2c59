from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Case, IntegerField, Value, When

if TYPE_CHECKING:
    from osk_portal.pages.models import BarrierReport, LegalPage  # named in the type parameters


class LegalPageQuerySet(models.QuerySet["LegalPage"]):
    def in_language(self, slug: str, language: str) -> LegalPage | None:
        """The text in ``language``, else in German, which is always there; None where nothing is."""
        return (
            self.filter(slug=slug, language__in=[language, "de"])
            .annotate(
                rank=Case(
                    When(language=language, then=Value(0)),
                    default=Value(1),
                    output_field=IntegerField(),
                )
            )
            .order_by("rank")
            .first()
        )

    def with_placeholders(self) -> LegalPageQuerySet:
        return self.filter(body__contains="[[")


class BarrierReportQuerySet(models.QuerySet["BarrierReport"]):
    def open(self) -> BarrierReportQuerySet:
        return self.filter(answered_at__isnull=True)
