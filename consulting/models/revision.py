"""The Revision: a named person who may inspect cases for a time, and what was opened (product.md, People)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from consulting.enums import Accessed, CaseState, GrantPeriod
from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed

if TYPE_CHECKING:
    from consulting.querysets import CaseQuerySet
    from osk_portal.accounts.models import User


class GrantQuerySet(models.QuerySet["RevisionGrant"]):
    def in_force(self) -> GrantQuerySet:
        today = clock.today()
        return self.filter(
            confirmed_at__isnull=False,
            ended_at=None,
            valid_from__lte=today,
            valid_until__gte=today,
        )

    def of(self, user: User) -> GrantQuerySet:
        """What counts for ``user`` today; nothing for people who are locked out."""
        if not user.is_authenticated or not user.is_active or user.staff_roles:
            return self.none()  # who works for the OSK meanwhile does not inspect the own work
        return self.in_force().filter(person=user)

    def waiting(self) -> GrantQuerySet:
        """Proposed, and neither confirmed nor ended."""
        return self.filter(confirmed_at=None, ended_at=None, valid_until__gte=clock.today())


class RevisionGrant(Addressed):
    """One person may read these cases from one day to another. It ends by itself.

    Proposed by the OSK-Leitung and confirmed by the operator, or the other way round.
    """

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        on_delete=models.PROTECT,
        related_name="revision_grants",
    )
    cases = models.ManyToManyField(
        "consulting.ConsultingRequest",
        verbose_name=_("requests"),
        blank=True,
        related_name="revision_grants",
    )
    period_of = models.CharField(_("period of"), max_length=20, choices=GrantPeriod, blank=True)
    period_from = models.DateField(_("from"), null=True, blank=True)
    period_until = models.DateField(_("until"), null=True, blank=True)
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("valid until"))
    reason = models.TextField(_("reason"))
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField(default=clock.now)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    confirmed_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True)

    objects = GrantQuerySet.as_manager()

    class Meta:
        verbose_name = _("right of the Revision")
        verbose_name_plural = _("rights of the Revision")
        ordering = ["-proposed_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__gte=F("valid_from")),
                name="grant_dates",
                violation_error_message=_("It ends after it begins."),
            ),
            models.CheckConstraint(
                condition=Q(period_of="", period_from=None, period_until=None)
                | (
                    ~Q(period_of="")
                    & Q(period_from__isnull=False, period_until__gte=F("period_from"))
                ),
                name="grant_period",
                violation_error_message=_("A period has a first and a last day."),
            ),
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="grant_has_reason",
                violation_error_message=_("Write a reason."),
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at=None, confirmed_by=None)
                | (
                    Q(confirmed_at__isnull=False, confirmed_by__isnull=False)
                    & ~Q(confirmed_by=F("proposed_by"))
                    & ~Q(confirmed_by=F("person"))
                ),
                name="grant_confirmed_by_another",
                violation_error_message=_("Another person confirms it."),
            ),
            models.CheckConstraint(
                condition=~Q(proposed_by=F("person")),
                name="grant_not_to_oneself",
                violation_error_message=_("Nobody proposes this for himself or herself."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.valid_from:%d.%m.%Y}–{self.valid_until:%d.%m.%Y}"

    def get_absolute_url(self) -> str:
        return reverse("admin:consulting_revisiongrant_page", args=[self.public_id])

    @property
    def is_over(self) -> bool:
        return self.ended_at is not None or self.valid_until < clock.today()

    @property
    def is_waiting(self) -> bool:
        return self.confirmed_at is None and not self.is_over

    @property
    def state_in_words(self) -> str:
        """Where it stands, for lists and pages."""
        if self.ended_at is not None:
            return str(_("Ended early") if self.confirmed_at else _("Withdrawn"))
        if self.valid_until < clock.today():
            return str(_("Expired"))
        if self.confirmed_at is None:
            return str(_("Waits for confirmation"))
        return str(_("Counts from later on") if self.valid_from > clock.today() else _("Counts"))

    def condition(self) -> Q:
        """Which cases it is about; never a draft."""
        wanted = Q(pk__in=self.cases.order_by().values("pk"))
        if self.period_of == GrantPeriod.SUBMITTED:
            wanted |= Q(submitted_at__date__range=(self.period_from, self.period_until))
        elif self.period_of == GrantPeriod.CLOSED:
            wanted |= Q(closed_at__date__range=(self.period_from, self.period_until))
        return wanted & ~Q(state=CaseState.DRAFT)

    def readable(self, cases: CaseQuerySet) -> CaseQuerySet:
        return cases.filter(self.condition())


class AccessRecord(models.Model):
    """That the Revision has opened something: who, what, when. Written before it is shown."""

    grant = models.ForeignKey(
        RevisionGrant, verbose_name=_("right"), on_delete=models.PROTECT, related_name="accesses"
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        on_delete=models.PROTECT,
        related_name="+",
    )
    case = models.ForeignKey(
        "consulting.ConsultingRequest",
        verbose_name=_("request"),
        on_delete=models.PROTECT,
        null=True,
        related_name="accesses",
    )
    what = models.CharField(_("what"), max_length=20, choices=Accessed)
    file = models.UUIDField(_("file"), null=True)
    at = models.DateTimeField(_("at"), default=clock.now)

    class Meta:
        verbose_name = _("access of the Revision")
        verbose_name_plural = _("accesses of the Revision")
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["case", "at"], name="access_of_case")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.what} {self.at:%Y-%m-%d %H:%M}"
