"""Who uses a solution (Nachnutzung): its stages with their days, and what others may read of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar, Final

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from catalog.enums import STAGES_IN_USE, ReuseHosting, ReuseStage
from catalog.models.solutions import Solution
from catalog.querysets import ReuseQuerySet
from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed
from osk_portal.toolkit.transitions import Event, TransitionNotAllowed

ORDER: Final = tuple(ReuseStage)
"""A reuse goes forward only, and may skip stages; a correction mends what was entered wrongly."""


class Reuse(Addressed):
    """That an organisation uses a solution, or means to.

    Everybody reads kind of organisation, stage and since, the name where ``show_name``. Members of
    administrations also read version, scale, hosting, and the contact where it agrees. The IT procedure is read
    by the own organisation and the OSK (product.md 2, Reuse).
    """

    solution = models.ForeignKey(Solution, on_delete=models.CASCADE, related_name="reuses")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="reuses")
    stage = models.CharField(_("stage"), max_length=20, choices=ReuseStage)
    since = models.DateField(_("since"), null=True, blank=True)
    show_name = models.BooleanField(_("show the name to everybody"), default=False)
    version = models.CharField(pgettext_lazy("software", "version"), max_length=60, blank=True)
    users = models.PositiveIntegerField(_("number of users or workplaces"), null=True, blank=True)
    hosting = models.CharField(
        pgettext_lazy("reuse", "hosting"), max_length=20, choices=ReuseHosting, blank=True
    )
    contact = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="reuse_contacts",
        verbose_name=pgettext_lazy("reuse", "contact"),
    )
    contact_address = models.EmailField(_("function address"), blank=True)
    contact_agrees = models.BooleanField(_("others may ask the contact"), default=False)
    procedure_name = models.CharField(_("name of the IT procedure"), max_length=200, blank=True)
    procedure_number = models.CharField(_("number of the IT procedure"), max_length=60, blank=True)
    replaced_by = models.ForeignKey(
        Solution,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("replaced by"),
    )
    replaced_by_name = models.CharField(_("replaced by"), max_length=200, blank=True)
    declared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="reuses",
        verbose_name=_("declared by"),
    )
    declared_at = models.DateTimeField(_("declared at"), default=clock.now)
    confirmed_on = models.DateField(_("confirmed on"), default=clock.today)
    asked_on = models.DateField(_("asked on"), null=True, blank=True)
    unconfirmed_since = models.DateField(_("not confirmed since"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)
    withdrawal_reason = models.TextField(_("reason of the withdrawal"), blank=True)
    revision = models.PositiveIntegerField(default=1)
    """Goes up with every change: a form that was opened before it is not saved over it."""

    objects = ReuseQuerySet.as_manager()

    DETAILS: ClassVar[tuple[str, ...]] = (
        "version", "users", "hosting", "contact", "contact_address", "contact_agrees", "procedure_name",
        "procedure_number", "show_name",
    )  # fmt: skip

    class Meta:
        verbose_name = _("reuse")
        verbose_name_plural = _("reuses")
        ordering = ["-since", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["solution", "organisation"],
                condition=Q(withdrawn_at=None) & ~Q(stage="replaced"),
                name="reuse_unique",
                violation_error_message=_("This organisation has declared its reuse already."),
            ),
            models.CheckConstraint(
                condition=Q(stage="replaced") | Q(replaced_by=None, replaced_by_name=""),
                name="reuse_replaced_by_only_when_replaced",
            ),
            models.CheckConstraint(
                condition=Q(contact_agrees=False)
                | Q(contact__isnull=False)
                | ~Q(contact_address=""),
                name="reuse_agreement_has_contact",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id} reuses {self.solution_id}"

    def get_absolute_url(self) -> str:
        return reverse("catalog:reuse_detail", args=[self.public_id])

    @property
    def is_withdrawn(self) -> bool:
        return self.withdrawn_at is not None

    @property
    def is_current(self) -> bool:
        return not self.is_withdrawn and self.stage != ReuseStage.REPLACED

    @property
    def is_counted(self) -> bool:
        """The twin of ``querysets.counted_reuse``."""
        return self.is_current and self.unconfirmed_since is None and self.stage in STAGES_IN_USE

    @property
    def next_stages(self) -> list[ReuseStage]:
        return list(ORDER[ORDER.index(ReuseStage(self.stage)) + 1 :]) if self.is_current else []

    @property
    def successor(self) -> str:
        return self.replaced_by.name if self.replaced_by else self.replaced_by_name

    def declared(self) -> ReuseEvent:
        """The first event and step."""
        self._step(self.declared_by)
        return self._event("declared", "", actor=self.declared_by)

    def move(
        self,
        *,
        actor: User,
        stage: ReuseStage,
        since: date,
        replaced_by: Solution | None = None,
        replaced_by_name: str = "",
    ) -> ReuseEvent:
        """On to a later stage; that says as well that the reuse still holds."""
        if stage not in self.next_stages:
            raise TransitionNotAllowed("move", self.stage)
        before, self.stage, self.since = self.stage, stage, since
        self.replaced_by, self.replaced_by_name = replaced_by, replaced_by_name
        self._hold()
        self._save("stage", "since", "replaced_by", "replaced_by_name", *_HELD)
        self._step(actor)
        return self._event("moved", before, actor=actor, data={"on": since.isoformat()})

    def correct(self, *, actor: User, stage: ReuseStage, since: date, reason: str) -> ReuseEvent:
        """The last step was entered wrongly: it stays in the history, struck, with the reason."""
        if self.is_withdrawn:
            raise TransitionNotAllowed("correct", self.stage)
        before, self.stage, self.since = self.stage, stage, since
        fields = ["stage", "since"]
        if stage != ReuseStage.REPLACED:
            self.replaced_by, self.replaced_by_name = None, ""
            fields += ["replaced_by", "replaced_by_name"]
        self._hold()
        self._save(*fields, *_HELD)
        last = self.steps.filter(struck_at=None).order_by("-pk").first()
        if last is not None:
            last.struck_at, last.reason = clock.now(), reason
            last.save(update_fields=["struck_at", "reason"])
        self._step(actor)
        return self._event("corrected", before, actor=actor, data={"on": since.isoformat()})

    def change(self, *, actor: User, details: Mapping[str, Any]) -> ReuseEvent | None:
        """What else is known; None where nothing has changed."""
        if self.is_withdrawn:
            raise TransitionNotAllowed("change", self.stage)
        changed = [name for name in self.DETAILS if getattr(self, name) != details[name]]
        if not changed:
            return None
        for name in changed:
            setattr(self, name, details[name])
        self._save(*changed)
        return self._event("changed", self.stage, actor=actor, data={"fields": sorted(changed)})

    def confirm(self, *, actor: User) -> ReuseEvent:
        """It is still so; what was not confirmed any more counts again."""
        if not self.is_current:
            raise TransitionNotAllowed("confirm", self.stage)
        self._hold()
        self._save(*_HELD)
        return self._event("confirmed", self.stage, actor=actor)

    def ask(self) -> ReuseEvent:
        self.asked_on = clock.today()
        self._save("asked_on")
        return self._event("asked", self.stage, actor=None)

    def lapse(self) -> ReuseEvent:
        """Nobody has answered: it is marked, and no longer counted."""
        self.unconfirmed_since = self.confirmed_on
        self._save("unconfirmed_since")
        return self._event("lapsed", self.stage, actor=None)

    def withdraw(self, *, actor: User, reason: str) -> ReuseEvent:
        """It should never have been declared; what has ended is moved to "replaced" instead."""
        if self.is_withdrawn:
            raise TransitionNotAllowed("withdraw", self.stage)
        self.withdrawn_at, self.withdrawal_reason, self.asked_on = clock.now(), reason, None
        self._save("withdrawn_at", "withdrawal_reason", "asked_on")
        return self._event("withdrawn", self.stage, actor=actor)

    def hand_over(self, *, actor: User | None, successor: User | None) -> ReuseEvent:
        """Another contact. Whether others may ask is the new one's own decision."""
        self.contact, self.contact_agrees = successor, False
        self._save("contact", "contact_agrees")
        return self._event("handed_over", self.stage, actor=actor)

    def _hold(self) -> None:
        self.confirmed_on, self.asked_on, self.unconfirmed_since = clock.today(), None, None

    def _save(self, *fields: str) -> None:
        self.revision += 1
        self.save(update_fields=[*fields, "revision"])

    def _step(self, actor: User | None) -> None:
        ReuseStep.objects.create(reuse=self, stage=self.stage, since=self.since, recorded_by=actor)

    def _event(
        self, kind: str, before: str, *, actor: User | None, data: dict[str, Any] | None = None
    ) -> ReuseEvent:
        return ReuseEvent.objects.create(
            reuse=self,
            kind=kind,
            from_state=before,
            to_state=self.stage,
            actor=actor,
            data=data or {},
        )


_HELD: Final = ("confirmed_on", "asked_on", "unconfirmed_since")


class ReuseStep(models.Model):
    """One stage with the day on which it began; ``struck_at``: it was corrected, for ``reason``."""

    reuse = models.ForeignKey(Reuse, on_delete=models.CASCADE, related_name="steps")
    stage = models.CharField(_("stage"), max_length=20, choices=ReuseStage)
    since = models.DateField(_("since"), null=True, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    recorded_at = models.DateTimeField(_("recorded at"), default=clock.now)
    struck_at = models.DateTimeField(_("corrected at"), null=True, blank=True)
    reason = models.TextField(_("reason"), blank=True)

    class Meta:
        verbose_name = _("stage of a reuse")
        verbose_name_plural = _("stages of reuses")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.reuse_id} {self.stage}"


class ReuseEvent(Event):
    reuse = models.ForeignKey(Reuse, on_delete=models.CASCADE, related_name="events")
