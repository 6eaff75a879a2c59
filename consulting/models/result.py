from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from consulting.enums import PartnerQuestionState, Uptake
from consulting.querysets import PartnerQuestionQuerySet
from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed


class CaseResult(models.Model):
    """An answer of the OSK. A case that was reopened can get another one; the last one counts."""

    case = models.ForeignKey(
        "consulting.ConsultingRequest", on_delete=models.PROTECT, related_name="results"
    )
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(_("answer"))
    created_at = models.DateTimeField(default=clock.now)
    offers: Any = models.JSONField(_("support offers"), null=True, editable=False)
    """What was listed beside the answer (``consulting.offers``); None where nothing was."""

    class Meta:
        verbose_name = _("result")
        verbose_name_plural = _("results")
        ordering = ["created_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(text=""),
                name="result_has_text",
                violation_error_message=_("Write an answer."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.created_at:%Y-%m-%d}"


class Recommendation(models.Model):
    """One thing that an answer recommends, with the reason."""

    result = models.ForeignKey(CaseResult, on_delete=models.CASCADE, related_name="recommendations")
    position = models.PositiveSmallIntegerField(default=0)
    solution = models.ForeignKey(
        "catalog.Solution", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    blueprint = models.ForeignKey(
        "sandbox.Blueprint", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    organisation = models.ForeignKey(
        "network.Organisation", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.TextField(_("reason"), blank=True)
    uptake = models.CharField(
        _("what becomes of it"), max_length=20, choices=Uptake, default=Uptake.OPEN
    )
    uptake_reason = models.TextField(_("why not"), blank=True)
    uptake_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("recommendation")
        verbose_name_plural = _("recommendations")
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(solution__isnull=False, blueprint=None, organisation=None)
                | Q(solution=None, blueprint__isnull=False, organisation=None)
                | Q(solution=None, blueprint=None, organisation__isnull=False),
                name="recommendation_one_target",
                violation_error_message=_(
                    "Recommend exactly one: a solution, a test environment or a partner."
                ),
            ),
            models.CheckConstraint(
                condition=Q(uptake=Uptake.OPEN, uptake_at=None)
                | (~Q(uptake=Uptake.OPEN) & Q(uptake_at__isnull=False)),
                name="recommendation_uptake_has_time",
            ),
            models.CheckConstraint(
                condition=Q(uptake=Uptake.NOT_FOR_US) | Q(uptake_reason=""),
                name="recommendation_reason_of_refusal",
            ),
        ]

    def __str__(self) -> str:
        return str(self.target)

    @property
    def target(self) -> models.Model:
        target = self.solution or self.blueprint or self.organisation
        if target is None:
            raise ValueError("a recommendation without a target")  # the constraint forbids it
        return target


class PartnerQuestion(Addressed):
    """What the OSK asks a partner in a case. The partner sees the question, never the case."""

    case = models.ForeignKey(
        "consulting.ConsultingRequest", on_delete=models.PROTECT, related_name="partner_questions"
    )
    organisation = models.ForeignKey(
        "network.Organisation", on_delete=models.PROTECT, related_name="+"
    )
    question = models.TextField(_("question"))
    due_on = models.DateField(_("answer by"))
    consented_on = models.DateField(_("permitted by the requester on"))
    consent_source = models.CharField(
        _("where the requester permitted it"), max_length=200, blank=True
    )
    """Empty only for questions asked before this was recorded."""
    state = models.CharField(
        max_length=20, choices=PartnerQuestionState, default=PartnerQuestionState.OPEN
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(default=clock.now)
    answer = models.TextField(_("answer"), blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    refusal = models.TextField(_("reason"), blank=True)
    names_authority = models.BooleanField(_("the partner may know the authority"), default=False)
    consent = models.ForeignKey(
        "consulting.PartnerConsent",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="questions",
    )
    """Given on the page; without one the consent was typed in."""
    consent_document = models.ForeignKey(
        "consulting.CaseFile",
        verbose_name=_("document of the consent"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="proves",
    )
    files = models.ManyToManyField(
        "consulting.CaseFile", verbose_name=_("released files"), blank=True, related_name="+"
    )
    waits_since = models.DateTimeField(
        _("the partner waits for the OSK since"), null=True, blank=True
    )
    """The partner asked back. Its date does not pass before the OSK has replied."""

    objects = PartnerQuestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("question to a partner")
        verbose_name_plural = _("questions to partners")
        ordering = ["asked_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(waits_since=None) | Q(state=PartnerQuestionState.OPEN),
                name="partner_waits_while_open",
            ),
            models.UniqueConstraint(
                fields=["case", "organisation"],
                condition=Q(state=PartnerQuestionState.OPEN),
                name="partner_one_open_question",
                violation_error_message=_("This partner has an open question already."),
            ),
            models.CheckConstraint(
                condition=~Q(state=PartnerQuestionState.ANSWERED)
                | (Q(answered_at__isnull=False) & ~Q(answer="")),
                name="partner_answered_has_answer",
                violation_error_message=_("An answered question has an answer."),
            ),
            models.CheckConstraint(
                condition=~Q(state=PartnerQuestionState.REFUSED)
                | (Q(answered_at__isnull=False) & ~Q(refusal="")),
                name="partner_refused_has_reason",
                violation_error_message=_("A refused question has a reason."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id} {self.state}"

    def get_absolute_url(self) -> str:
        """The partner's page; the OSK reads the answer on the page of the case."""
        return reverse("consulting:question_detail", args=[self.public_id])

    @property
    def is_open(self) -> bool:
        return self.state == PartnerQuestionState.OPEN

    @property
    def takes_answer(self) -> bool:
        """Open, and its day is not over or the OSK owes a reply."""
        in_time = self.waits_since is not None or clock.today() <= self.due_on
        return self.state == PartnerQuestionState.OPEN and in_time
