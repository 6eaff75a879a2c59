"""Two cases about the same, for advisors; merged only when both sides have agreed (product.md 1.3)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from consulting.enums import MergeConsent, RelationState
from consulting.querysets import NEEDS_SOMEBODY
from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed


class CaseRelation(Addressed):
    """``case`` would be continued as ``other``. Read by the OSK alone; each side has an address of its own."""

    case = models.ForeignKey(
        "consulting.ConsultingRequest", on_delete=models.PROTECT, related_name="relations"
    )
    other = models.ForeignKey(
        "consulting.ConsultingRequest", on_delete=models.PROTECT, related_name="relations_to"
    )
    state = models.CharField(
        _("state"), max_length=20, choices=RelationState, default=RelationState.LINKED
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("linked by"),
        on_delete=models.PROTECT,
        related_name="+",
    )
    at = models.DateTimeField(default=clock.now, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("linked requests")
        verbose_name_plural = _("linked requests")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(case=F("other")), name="case_relation_of_two"),
            models.UniqueConstraint(
                fields=["case", "other"],
                condition=Q(ended_at=None),
                name="case_relation_once",
                violation_error_message=_("These requests are linked already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.other_id} {self.state}"

    @property
    def takes_answers(self) -> bool:
        """Both were asked, nobody has refused, and both requests go on. Read with both cases."""
        return (
            self.ended_at is None
            and self.state in RelationState.asking()
            and self.case.takes_messages
            and self.other.takes_messages
        )


class RelationSideQuerySet(models.QuerySet["RelationSide"]):
    def asked(self) -> RelationSideQuerySet:
        """Where nobody was asked, a side knows nothing of it."""
        return self.exclude(state=MergeConsent.NOT_ASKED)

    def to_decide(self) -> RelationSideQuerySet:
        """Asked, and still of use: as ``RelationSide.is_to_decide``."""
        return self.filter(
            state=MergeConsent.ASKED,
            relation__ended_at=None,
            relation__state__in=RelationState.asking(),
            relation__case__state__in=NEEDS_SOMEBODY,
            relation__other__state__in=NEEDS_SOMEBODY,
        )


class RelationSide(Addressed):
    """What one of the two was asked and has said. Nothing leads from it to the other."""

    relation = models.ForeignKey(CaseRelation, on_delete=models.CASCADE, related_name="sides")
    case = models.ForeignKey(
        "consulting.ConsultingRequest", on_delete=models.PROTECT, related_name="relation_sides"
    )
    state = models.CharField(
        _("state"), max_length=20, choices=MergeConsent, default=MergeConsent.NOT_ASKED
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("decided by"),
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
    )
    decided_at = models.DateTimeField(null=True)

    objects = RelationSideQuerySet.as_manager()

    class Meta:
        verbose_name = _("side of linked requests")
        verbose_name_plural = _("sides of linked requests")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["relation", "case"], name="relation_side_once"),
            models.CheckConstraint(
                condition=Q(state__in=MergeConsent.decided(), decided_at__isnull=False)
                | (~Q(state__in=MergeConsent.decided()) & Q(decided_at=None, decided_by=None)),
                name="relation_side_decided_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.relation_id} {self.case_id} {self.state}"

    def get_absolute_url(self) -> str:
        return reverse("consulting:merge_question", args=[self.public_id])

    @property
    def is_to_decide(self) -> bool:
        return self.state == MergeConsent.ASKED and self.relation.takes_answers

    @property
    def goes_over(self) -> bool:
        """Its request would be continued as the other one; else the other one as it."""
        return bool(self.relation.case_id == self.case_id)
