"""Answers of the OSK that everybody may read (product.md 1.6): written anew, without names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchQuery, SearchVector, TrigramWordSimilarity
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from consulting.enums import AnswerAction, AnswerState, Topic
from osk_portal.toolkit import clock, logs
from osk_portal.toolkit.addressed import Addressed
from osk_portal.toolkit.prepared import Parameter
from osk_portal.toolkit.transitions import Event, check

if TYPE_CHECKING:
    from osk_portal.accounts.models import User

S = AnswerState

FRESH_YEARS: Final = 2
"""24 months: so long after its last review an answer stays in list and search (product.md 1.6)."""
SIMILAR: Final = 0.4
NEVER_FROM: Final = (Topic.PROCUREMENT, Topic.SECURITY)
"""Topics of requests from which nothing is ever published (product.md 1.6)."""

ANSWER_ALLOWED: Final[Mapping[AnswerAction, frozenset[AnswerState]]] = {
    AnswerAction.SAVE: frozenset({S.DRAFT}),
    AnswerAction.HAND_IN: frozenset({S.DRAFT}),
    AnswerAction.RETURN: frozenset({S.REVIEW}),
    AnswerAction.AGREE: frozenset({S.REVIEW}),
    AnswerAction.OBJECT: frozenset({S.OBJECTION}),
    AnswerAction.CONSENT: frozenset({S.OBJECTION}),
    AnswerAction.PUBLISH: frozenset({S.OBJECTION}),
    AnswerAction.CONFIRM: frozenset({S.PUBLISHED}),
    AnswerAction.WITHDRAW: frozenset({S.DRAFT, S.REVIEW, S.OBJECTION, S.PUBLISHED}),
}


class AnswerQuerySet(models.QuerySet["PublishedAnswer"]):
    def published(self) -> AnswerQuerySet:
        """What anybody may open. A request that became confidential takes its answer along."""
        return self.filter(state=S.PUBLISHED, case__is_confidential=False).exclude(
            case__topics__overlap=[str(topic) for topic in NEVER_FROM]
        )

    def listed(self) -> AnswerQuerySet:
        """Published, and reviewed within the last 24 months: for list and search."""
        return self.published().filter(reviewed_on__gte=_oldest())

    def to_check(self, oldest: date | Parameter | None = None) -> AnswerQuerySet:
        """Published, but out of the list until somebody has looked at it again; ``oldest``: the parameter
        of a prepared query."""
        return self.filter(state=S.PUBLISHED, reviewed_on__lt=oldest or _oldest())

    def found(self, words: str) -> AnswerQuerySet:
        """Those that fit ``words``, in any German form or nearly so, the best first.

        The vectors are made as it is asked: there are hundreds of answers, not millions.
        """
        return (
            self.annotate(
                near=TrigramWordSimilarity(words, "title"),
                document=SearchVector("title", "question", "answer", config="german"),
            )
            .filter(Q(document=SearchQuery(words, config="german")) | Q(near__gte=SIMILAR))
            .order_by("-near", "-reviewed_on", "pk")
        )


class PublishedAnswer(Addressed):
    """An answer on its way to everybody. Only these texts are shown, never a text of the case."""

    ALLOWED = ANSWER_ALLOWED

    case = models.ForeignKey(
        "consulting.ConsultingRequest", on_delete=models.PROTECT, related_name="published_answers"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("responsible"),
        on_delete=models.PROTECT,
        related_name="+",
    )
    state = models.CharField(_("state"), max_length=20, choices=S, default=S.DRAFT)
    title = models.CharField(_("title"), max_length=200, blank=True)
    question = models.TextField(_("question"), blank=True)
    answer = models.TextField(_("answer"), blank=True)
    topics: Any = ArrayField(
        models.CharField(max_length=30, choices=Topic),
        verbose_name=_("topics"),
        default=list,
        blank=True,
    )
    solutions = models.ManyToManyField(
        "catalog.Solution", verbose_name=_("solutions"), blank=True, related_name="+"
    )
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("second advisor"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    comment = models.TextField(_("comment of the second advisor"), blank=True)
    objection = models.TextField(_("objection"), blank=True)
    objection_until = models.DateField(_("objection possible until"), null=True, blank=True)
    reviewed_on = models.DateField(_("reviewed on"), null=True, blank=True)
    published_at = models.DateTimeField(_("published on"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = AnswerQuerySet.as_manager()

    class Meta:
        verbose_name = _("published answer")
        verbose_name_plural = _("published answers")
        ordering = ["-reviewed_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                condition=~Q(state=S.WITHDRAWN),
                name="answer_one_of_a_case",
                violation_error_message=_("There is an answer from this request already."),
            ),
            models.CheckConstraint(
                condition=Q(state__in=(S.DRAFT, S.WITHDRAWN))
                | (~Q(title="") & ~Q(question="") & ~Q(answer="")),
                name="answer_is_complete",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=(S.OBJECTION, S.PUBLISHED))
                | (
                    Q(reviewer__isnull=False, objection_until__isnull=False)
                    & ~Q(reviewer=models.F("owner"))
                ),
                name="answer_was_reviewed_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(state=S.PUBLISHED)
                | Q(reviewed_on__isnull=False, published_at__isnull=False),
                name="answer_published_has_dates",
            ),
        ]

    def __str__(self) -> str:
        return self.title or str(_("Answer without a title"))

    def get_absolute_url(self) -> str:
        return reverse("knowledge:answer", args=[self.public_id])

    @property
    def topic_labels(self) -> list[str]:
        return [str(Topic(t).label) for t in self.topics if t in Topic.values]

    @property
    def review_due_on(self) -> date | None:
        """Until then it must be looked at again."""
        return _years_on(self.reviewed_on, FRESH_YEARS) if self.reviewed_on else None

    def can(self, action: AnswerAction) -> bool:
        return self.state in self.ALLOWED[action]

    def move(
        self, action: AnswerAction, to: AnswerState, *, actor: User | None
    ) -> PublishedAnswerEvent:
        """Enter ``to`` with its event. Raises TransitionNotAllowed. The caller holds the row's lock."""
        check(self.ALLOWED, action, self.state)
        before, self.state = self.state, to
        self.version += 1
        self.save()
        return PublishedAnswerEvent.objects.create(
            answer=self,
            kind=action,
            from_state=before,
            to_state=to,
            actor=actor,
            at=clock.now(),
            request_id=logs.request_id.get(),
        )


class PublishedAnswerEvent(Event):
    answer = models.ForeignKey(PublishedAnswer, on_delete=models.PROTECT, related_name="events")

    class Meta(Event.Meta):
        abstract = False
        verbose_name = _("event of an answer")
        verbose_name_plural = _("events of answers")

    @property
    def label(self) -> str:
        return str(AnswerAction(self.kind).label)


def _oldest() -> date:
    return _years_on(clock.today(), -FRESH_YEARS)


OLDEST: Final = Parameter(_oldest, models.DateField())
"""For prepared queries: on that day or later an answer must have been reviewed."""


def _years_on(day: date, years: int) -> date:
    """The same day of another year; the last day of February for a leap day."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
