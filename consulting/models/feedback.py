from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from consulting.enums import ContractType, Occasion, Procured, Topic
from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed


class ProcurementOutcome(Addressed):
    """*Was wurde daraus?* of a procurement case: asked at closing and after six months, told once each."""

    case = models.ForeignKey(
        "consulting.ConsultingRequest", on_delete=models.PROTECT, related_name="procured"
    )
    occasion = models.CharField(_("asked"), max_length=20, choices=Occasion)
    asked_at = models.DateTimeField(default=clock.now)
    reminded_at = models.DateTimeField(null=True)
    what = models.CharField(_("what was procured"), max_length=20, choices=Procured, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    contract_type = models.CharField(
        _("type of contract"), max_length=20, choices=ContractType, blank=True
    )
    contract_ends_on = models.DateField(_("end of the contract"), null=True, blank=True)
    told_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("outcome of a procurement")
        verbose_name_plural = _("outcomes of procurements")
        ordering = ["asked_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["case", "occasion"], name="outcome_once_an_occasion"),
            models.CheckConstraint(
                condition=Q(what="", told_at=None) | (~Q(what="") & Q(told_at__isnull=False)),
                name="outcome_told_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.occasion}"

    @property
    def has_more(self) -> bool:
        """The second step was taken: a reason, or the contract."""
        return bool(self.reason or self.contract_type or self.contract_ends_on)


class SurveyInvitation(Addressed):
    """That a case was asked how the advice was, and whether the link is used up. Never the answer."""

    case = models.OneToOneField(
        "consulting.ConsultingRequest", on_delete=models.PROTECT, related_name="survey"
    )
    is_used = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("invitation to the survey")
        verbose_name_plural = _("invitations to the survey")

    def __str__(self) -> str:
        return str(self.case_id)


def this_month() -> date:
    return clock.today().replace(day=1)


class SurveyAnswer(models.Model):
    """What somebody thought of the advice: without person, case, organisation and advisor (product.md,
    "Staff data"). A random key and the month only, so that neither order nor time leads to a case."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    month = models.DateField(default=this_month)
    topics: Any = ArrayField(models.CharField(max_length=30, choices=Topic), default=list)
    helped = models.PositiveSmallIntegerField(_("did it help"))
    clear = models.PositiveSmallIntegerField(_("was it clear"))
    comment = models.TextField(_("comment"), blank=True)

    class Meta:
        verbose_name = _("answer to the survey")
        verbose_name_plural = _("answers to the survey")
        constraints = [
            models.CheckConstraint(
                condition=Q(helped__range=(1, 4), clear__range=(1, 4)), name="survey_in_range"
            )
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"
