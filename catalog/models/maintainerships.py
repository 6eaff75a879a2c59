"""Which organisation looks after an entry, and since when: one at a time, and everyone before it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from catalog.enums import MaintainershipAction, MaintainershipEnd, MaintainershipState
from catalog.models.solutions import Solution
from network.enums import MembershipState
from network.models import Membership, Organisation
from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed
from osk_portal.toolkit.transitions import Event, check

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from osk_portal.accounts.models import User

RUNNING = (MaintainershipState.ACTIVE, MaintainershipState.CONTESTED)


class MaintainershipQuerySet(models.QuerySet["Maintainership"]):
    def running(self) -> MaintainershipQuerySet:
        return self.filter(state__in=RUNNING)

    def of_people(self, user: User) -> MaintainershipQuerySet:
        """Of organisations for whose entries the person speaks."""
        return self.filter(organisation__in=spoken_for(user))

    def offered_to(self, user: User) -> MaintainershipQuerySet:
        """A hand-over that waits for the answer of one of the person's organisations."""
        return self.running().filter(offered_to__in=spoken_for(user))

    def visible_to(self, user: User | AnonymousUser) -> MaintainershipQuerySet:
        """Who speaks for the organisation, or for the one that it is offered to; advisors all."""
        if not user.is_authenticated:
            return self.none()
        if user.is_advisor:
            return self
        mine = spoken_for(user)
        return self.filter(
            Q(organisation__in=mine) | Q(offered_to__in=mine, state__in=RUNNING)
        ).distinct()


def spoken_for(user: User) -> models.QuerySet[Membership, Any]:
    """Keys of the organisations in which the person has the role Redaktion or Organisationsverwaltung."""
    mine = Membership.objects.filter(user=user, state=MembershipState.ACTIVE)
    return mine.filter(Q(is_editor=True) | Q(is_manager=True)).order_by().values("organisation")


class Maintainership(Addressed):
    """That an organisation looks after an entry ("Betreuung").

    ``Solution.maintainer`` repeats the organisation of the one that runs; ``services.maintainers`` writes both.
    A hand-over is offered on the row itself: there is one offer at a time.
    """

    ALLOWED: ClassVar[Mapping[MaintainershipAction, frozenset[MaintainershipState]]] = {
        MaintainershipAction.CONTEST: frozenset(RUNNING),
        MaintainershipAction.SETTLE: frozenset({MaintainershipState.CONTESTED}),
        MaintainershipAction.OFFER: frozenset({MaintainershipState.ACTIVE}),
        MaintainershipAction.WITHDRAW_OFFER: frozenset(RUNNING),
        MaintainershipAction.DECLINE: frozenset(RUNNING),
        # While it is contested nobody gets out of the decision by passing it on.
        MaintainershipAction.HAND_OVER: frozenset({MaintainershipState.ACTIVE}),
        MaintainershipAction.LOSE: frozenset(RUNNING),
    }

    solution = models.ForeignKey(Solution, on_delete=models.CASCADE, related_name="maintainerships")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="maintainerships"
    )
    state = models.CharField(
        _("state"), max_length=20, choices=MaintainershipState, default=MaintainershipState.ACTIVE
    )
    started_at = models.DateTimeField(_("since"), default=clock.now)
    ended_at = models.DateTimeField(_("until"), null=True, blank=True)
    end = models.CharField(_("end"), max_length=20, choices=MaintainershipEnd, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    offered_to = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("offered to"),
    )
    offered_at = models.DateTimeField(_("offered at"), null=True, blank=True)
    offered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = MaintainershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("maintained entry")
        verbose_name_plural = _("maintained entries")
        ordering = ["-started_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["solution"],
                condition=Q(state__in=["active", "contested"]),
                name="maintainership_one_per_entry",
                violation_error_message=_("This entry has a maintainer already."),
            ),
            models.CheckConstraint(
                condition=Q(state__in=["active", "contested"], ended_at=None, end="")
                | Q(state="handed_over", ended_at__isnull=False, end="")
                | (Q(state="lost", ended_at__isnull=False) & ~Q(end="")),
                name="maintainership_end_is_dated",
            ),
            models.CheckConstraint(
                condition=Q(offered_to=None, offered_at=None, offered_by=None)
                | Q(
                    state__in=["active", "contested"],
                    offered_to__isnull=False,
                    offered_at__isnull=False,
                    offered_by__isnull=False,
                ),
                name="maintainership_offer_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id} maintains {self.solution_id}"

    def get_absolute_url(self) -> str:
        return reverse("catalog:maintainership_detail", args=[self.public_id])

    @property
    def is_running(self) -> bool:
        return self.state in RUNNING

    @property
    def is_contested(self) -> bool:
        return self.state == MaintainershipState.CONTESTED

    def can(self, action: MaintainershipAction) -> bool:
        return self.state in self.ALLOWED[action]

    def started(self, *, actor: User | None, **data: Any) -> MaintainershipEvent:
        """The first event; ``data``: the claim or the maintainership that it came from."""
        return self._event("started", "", actor, data)

    def contest(self, *, actor: User | None, claim: int) -> MaintainershipEvent:
        return self._move(
            MaintainershipAction.CONTEST, MaintainershipState.CONTESTED, actor, {"claim": claim}
        )

    def settle(self, *, actor: User | None) -> MaintainershipEvent:
        """Nobody contests it any more."""
        return self._move(MaintainershipAction.SETTLE, MaintainershipState.ACTIVE, actor, {})

    def offer(self, to: Organisation, *, actor: User) -> MaintainershipEvent:
        check(self.ALLOWED, MaintainershipAction.OFFER, self.state)
        self.offered_to, self.offered_by, self.offered_at = to, actor, clock.now()
        self._save()
        return self._event("offered", self.state, actor, {"organisation": to.pk})

    def end_offer(self, action: MaintainershipAction, *, actor: User | None) -> MaintainershipEvent:
        """``action``: WITHDRAW_OFFER or DECLINE."""
        check(self.ALLOWED, action, self.state)
        offered_to = self.offered_to_id
        self._forget_offer()
        self._save()
        kind = "declined" if action is MaintainershipAction.DECLINE else "offer_withdrawn"
        return self._event(kind, self.state, actor, {"organisation": offered_to})

    def hand_over(self, *, actor: User) -> MaintainershipEvent:
        check(self.ALLOWED, MaintainershipAction.HAND_OVER, self.state)
        data = {"organisation": self.offered_to_id}
        self._forget_offer()
        self.ended_at = clock.now()
        return self._move(
            MaintainershipAction.HAND_OVER, MaintainershipState.HANDED_OVER, actor, data
        )

    def lose(
        self, why: MaintainershipEnd, *, actor: User | None, reason: str = ""
    ) -> MaintainershipEvent:
        check(self.ALLOWED, MaintainershipAction.LOSE, self.state)
        self._forget_offer()
        self.end, self.reason, self.ended_at = why, reason, clock.now()
        return self._move(
            MaintainershipAction.LOSE, MaintainershipState.LOST, actor, {"because": str(why)}
        )

    def _move(
        self,
        action: MaintainershipAction,
        to: MaintainershipState,
        actor: User | None,
        data: dict[str, Any],
    ) -> MaintainershipEvent:
        check(self.ALLOWED, action, self.state)
        before, self.state = self.state, to
        self._save()
        return self._event(to, before, actor, data)

    def _forget_offer(self) -> None:
        self.offered_to = self.offered_by = self.offered_at = None

    def _save(self) -> None:
        self.save(
            update_fields=[
                "state", "ended_at", "end", "reason", "offered_to", "offered_at", "offered_by",
            ]
        )  # fmt: skip

    def _event(
        self, kind: str, before: str, actor: User | None, data: dict[str, Any]
    ) -> MaintainershipEvent:
        return MaintainershipEvent.objects.create(
            maintainership=self,
            kind=kind,
            from_state=before,
            to_state=self.state,
            actor=actor,
            data=data,
        )


class MaintainershipEvent(Event):
    maintainership = models.ForeignKey(
        Maintainership, on_delete=models.CASCADE, related_name="events"
    )
