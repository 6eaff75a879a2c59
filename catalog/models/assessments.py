"""Einschätzung des OSK: lists of criteria in versions, and what the OSK says of a solution by one of them.

In words, with evidence and date. There is no total and no rank, and nothing here is a number to add up.
Source: product.md 2, Einschätzung des OSK.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from catalog.age import is_old
from catalog.enums import AssessmentAction, AssessmentState, CriterionAnswer
from catalog.models.solutions import Solution
from catalog.querysets import AssessmentQuerySet
from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed
from osk_portal.toolkit.transitions import Event, check

LONGEST_TEXT: Final = 5_000
_A: Final = AssessmentAction
_S: Final = AssessmentState


class CriteriaList(Addressed):
    """One version of somebody's list of criteria. Never changed: to change it is to make a new version.

    ``key`` holds the versions together; ``publisher``, ``version_name`` and ``issued_on`` are the source's own.
    """

    key = models.SlugField(_("key"), max_length=40)
    number = models.PositiveSmallIntegerField(_("number of the version"), default=1)
    name = models.CharField(_("name"), max_length=200)
    publisher = models.CharField(_("publisher"), max_length=200)
    version_name = models.CharField(_("name of the version"), max_length=60)
    issued_on = models.DateField(pgettext_lazy("list", "issued on"))
    source = models.URLField(_("source"), max_length=500, blank=True)
    is_shipped = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(_("created at"), default=clock.now)

    class Meta:
        verbose_name = _("list of criteria")
        verbose_name_plural = _("lists of criteria")
        ordering = ["name", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["key", "number"], name="criteria_list_version_unique")
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.version_name}"


class CriteriaListEvent(Event):
    criteria_list = models.ForeignKey(CriteriaList, on_delete=models.CASCADE, related_name="events")


class Criterion(models.Model):
    criteria_list = models.ForeignKey(
        CriteriaList, on_delete=models.CASCADE, related_name="criteria"
    )
    position = models.PositiveSmallIntegerField()
    title = models.CharField(_("criterion"), max_length=200)
    text = models.TextField(_("explanation"), max_length=LONGEST_TEXT, blank=True)

    class Meta:
        verbose_name = _("criterion")
        verbose_name_plural = _("criteria")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["criteria_list", "position"], name="criterion_position_unique"
            )
        ]

    def __str__(self) -> str:
        return self.title


class Assessment(Addressed):
    """One version of what the OSK says of a solution. A published one is never changed; a new one replaces it.

    ``publish_from``: until then the maintainer has time. A reply stands beside the assessment as it was written;
    it is taken off only where the law asks for it, with ``hidden_reason``. ``version`` is of the row: a form that
    saw an older one is refused.
    """

    ALLOWED: ClassVar[Mapping[AssessmentAction, frozenset[AssessmentState]]] = {
        _A.WRITE: frozenset({_S.DRAFT}),
        _A.SEND: frozenset({_S.DRAFT}),
        _A.TAKE_BACK: frozenset({_S.SENT}),
        _A.PUBLISH: frozenset({_S.DRAFT, _S.SENT}),
        _A.SUPERSEDE: frozenset({_S.PUBLISHED}),
        _A.DISCARD: frozenset({_S.DRAFT}),
        _A.REPLY: frozenset({_S.SENT, _S.PUBLISHED}),
        _A.ASK: frozenset({_S.SENT, _S.PUBLISHED}),
        _A.ANSWER: frozenset({_S.SENT, _S.PUBLISHED}),
        _A.HIDE: frozenset({_S.SENT, _S.PUBLISHED, _S.SUPERSEDED}),
    }

    solution = models.ForeignKey(Solution, on_delete=models.CASCADE, related_name="assessments")
    number = models.PositiveIntegerField(pgettext_lazy("assessment", "version"))
    criteria_list = models.ForeignKey(
        CriteriaList, on_delete=models.PROTECT, related_name="assessments"
    )
    state = models.CharField(
        _("state"), max_length=20, choices=AssessmentState, default=AssessmentState.DRAFT
    )
    version = models.PositiveIntegerField(default=1)
    summary = models.TextField(_("summary"), max_length=LONGEST_TEXT, blank=True)
    software_version = models.CharField(_("version of the software"), max_length=60, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("created at"), default=clock.now)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    sent_to = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    publish_from = models.DateField(_("published at the earliest on"), null=True, blank=True)
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)
    reply = models.TextField(_("reply of the maintainer"), max_length=LONGEST_TEXT, blank=True)
    reply_of = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    replied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    replied_at = models.DateTimeField(_("replied at"), null=True, blank=True)
    hidden_reason = models.TextField(_("why the reply was taken off"), blank=True)
    correction = models.TextField(_("correction asked for"), max_length=LONGEST_TEXT, blank=True)
    correction_at = models.DateTimeField(_("asked at"), null=True, blank=True)
    correction_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    correction_until = models.DateField(_("answer promised by"), null=True, blank=True)
    correction_answer = models.TextField(_("answer of the OSK"), blank=True)

    objects = AssessmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("assessment of the OSK")
        verbose_name_plural = _("assessments of the OSK")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["solution", "number"], name="assessment_number_unique"),
            models.UniqueConstraint(
                fields=["solution"],
                condition=Q(state="published"),
                name="assessment_one_published",
            ),
            models.UniqueConstraint(
                fields=["solution"],
                condition=Q(state__in=["draft", "sent"]),
                name="assessment_one_in_work",
            ),
            models.CheckConstraint(
                condition=~Q(state="sent")
                | Q(sent_to__isnull=False, publish_from__isnull=False, sent_at__isnull=False),
                name="assessment_sent_has_date",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["published", "superseded"]) | Q(published_at__isnull=False),
                name="assessment_published_has_date",
            ),
        ]
        indexes = [
            models.Index(F("publish_from"), condition=Q(state="sent"), name="assessment_waiting")
        ]

    def __str__(self) -> str:
        return f"{self.solution_id} {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("catalog:assessment_detail", args=[self.solution.slug, self.public_id])

    @property
    def is_published(self) -> bool:
        return self.state == AssessmentState.PUBLISHED

    @property
    def is_sent(self) -> bool:
        return self.state == AssessmentState.SENT

    @property
    def is_old(self) -> bool:
        return self.published_at is not None and is_old(
            self.published_at.astimezone(clock.BERLIN).date()
        )

    @property
    def public_reply(self) -> str:
        return "" if self.hidden_reason else self.reply

    @property
    def waits_for_answer(self) -> bool:
        """The maintainer has asked for a correction that nobody has decided."""
        return bool(self.correction) and not self.correction_answer

    def can(self, action: AssessmentAction) -> bool:
        return self.state in self.ALLOWED[action]

    def act(
        self,
        action: AssessmentAction,
        *,
        actor: User | None,
        state: AssessmentState | None = None,
        data: dict[str, Any] | None = None,
    ) -> AssessmentEvent:
        """One passage: checked, saved as the caller has changed the row, and noted."""
        check(self.ALLOWED, action, self.state)
        before = self.state
        self.state = state or AssessmentState(self.state)
        self.version += 1
        self.save()
        return self.note(action, actor=actor, before=before, data=data)

    def note(
        self,
        action: AssessmentAction,
        *,
        actor: User | None,
        before: str,
        data: dict[str, Any] | None = None,
    ) -> AssessmentEvent:
        return AssessmentEvent.objects.create(
            assessment=self,
            kind=action,
            from_state=before,
            to_state=self.state,
            actor=actor,
            data=data or {},
        )


class CriterionFinding(models.Model):
    """What one assessment says of one criterion."""

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="findings")
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="+")
    answer = models.CharField(
        _("answer"),
        max_length=20,
        choices=CriterionAnswer,
        default=CriterionAnswer.NOT_CHECKED,
    )
    text = models.TextField(_("in words"), max_length=LONGEST_TEXT, blank=True)
    evidence = models.CharField(_("evidence"), max_length=500, blank=True)
    checked_on = models.DateField(_("checked on"), null=True, blank=True)

    class Meta:
        verbose_name = _("finding")
        verbose_name_plural = _("findings")
        ordering = ["criterion__position"]
        constraints = [
            models.UniqueConstraint(
                fields=["assessment", "criterion"], name="criterion_finding_unique"
            ),
            models.CheckConstraint(
                condition=Q(answer="not_checked") | Q(checked_on__isnull=False) & ~Q(text=""),
                name="criterion_finding_is_founded",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.assessment_id} {self.criterion_id} {self.answer}"

    @property
    def is_old(self) -> bool:
        return is_old(self.checked_on)


class AssessmentEvent(Event):
    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="events")

    @property
    def label(self) -> str:
        return str(AssessmentAction(self.kind).label)
