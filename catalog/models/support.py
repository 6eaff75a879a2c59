"""Who offers support for a solution."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from catalog.enums import SupportAction, SupportKind, SupportState
from catalog.models.solutions import Solution
from catalog.querysets import SupportQuerySet
from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import Event, check


class Support(models.Model):
    """That an organisation offers support for a solution. What a company offers is shown after a check."""

    ALLOWED: ClassVar[Mapping[SupportAction, frozenset[SupportState]]] = {
        SupportAction.OFFER: frozenset(SupportState),
        SupportAction.SHOW: frozenset({SupportState.WAITING, SupportState.REFUSED}),
        SupportAction.REFUSE: frozenset({SupportState.WAITING, SupportState.SHOWN}),
        SupportAction.WITHDRAW: frozenset(
            {SupportState.WAITING, SupportState.SHOWN, SupportState.REFUSED}
        ),
    }

    solution = models.ForeignKey(Solution, on_delete=models.CASCADE, related_name="supports")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="supports"
    )
    text = models.CharField(_("what is offered"), max_length=300, blank=True)
    kinds = ArrayField(
        models.CharField(max_length=20, choices=SupportKind),
        verbose_name=_("kinds of support"),
        default=list,
        blank=True,
    )
    link = models.URLField(_("page of the offer"), max_length=500, blank=True)
    state = models.CharField(
        _("state"), max_length=20, choices=SupportState, default=SupportState.SHOWN
    )
    offered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="support_offers",
        verbose_name=_("offered by"),
    )
    offered_at = models.DateTimeField(_("offered at"), default=clock.now)
    comment = models.TextField(_("comment of the OSK"), blank=True)
    revision = models.PositiveIntegerField(default=1)
    """Goes up with every change: nobody decides on words that are not there any more."""

    objects = SupportQuerySet.as_manager()

    class Meta:
        verbose_name = _("support offer")
        verbose_name_plural = _("support offers")
        ordering = ["organisation__sort_key"]
        constraints = [
            models.UniqueConstraint(fields=["solution", "organisation"], name="support_unique"),
            models.CheckConstraint(
                condition=~Q(state="refused") | ~Q(comment=""), name="support_refusal_has_comment"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id} supports {self.solution_id}"

    def get_absolute_url(self) -> str:
        return reverse("catalog:support_detail", args=[self.solution.slug, self.organisation.slug])

    @property
    def is_shown(self) -> bool:
        return self.state == SupportState.SHOWN

    @property
    def kind_labels(self) -> list[str]:
        return [str(kind.label) for kind in SupportKind if kind in self.kinds]

    def can(self, action: SupportAction) -> bool:
        return self.state in self.ALLOWED[action]

    def offer(
        self, *, actor: User, state: SupportState, text: str, kinds: Iterable[str], link: str
    ) -> SupportEvent:
        """New words; ``state``: whether they wait for a check."""
        check(self.ALLOWED, SupportAction.OFFER, self.state)
        self.text, self.kinds, self.link = text, list(kinds), link
        self.offered_by, self.offered_at = actor, clock.now()
        return self._become(state, "offered", actor)

    def show(self, *, actor: User) -> SupportEvent:
        check(self.ALLOWED, SupportAction.SHOW, self.state)
        return self._become(SupportState.SHOWN, "shown", actor)

    def refuse(self, *, actor: User, comment: str) -> SupportEvent:
        check(self.ALLOWED, SupportAction.REFUSE, self.state)
        return self._become(SupportState.REFUSED, "refused", actor, comment)

    def withdraw(self, *, actor: User) -> SupportEvent:
        check(self.ALLOWED, SupportAction.WITHDRAW, self.state)
        return self._become(SupportState.WITHDRAWN, "withdrawn", actor)

    def _become(
        self, state: SupportState, kind: str, actor: User, comment: str = ""
    ) -> SupportEvent:
        before, self.state = "" if self._state.adding else self.state, state
        self.comment = comment
        self.revision += 1
        self.save()
        return SupportEvent.objects.create(
            support=self, kind=kind, from_state=before, to_state=state, actor=actor
        )


class SupportEvent(Event):
    support = models.ForeignKey(Support, on_delete=models.CASCADE, related_name="events")
