"""Wunschumgebungen: what is not there yet, who asked for it, and an organisation's own prototypes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Final

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed
from osk_portal.toolkit.logs import request_id
from osk_portal.toolkit.transitions import Event, check
from sandbox.enums import WishAction, WishEventKind, WishKind, WishState
from sandbox.models.blueprints import Blueprint
from sandbox.querysets import OPEN_WISHES, WishQuerySet

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

_S = WishState
_A = WishAction
_OPEN = frozenset({_S.ASKED, _S.CHECKING, _S.TRIAL})


class Wish(Addressed):
    """A test environment that somebody asks for.

    Several ask for the same *product*: ``key``, the folded name, is there once while it is open. A
    *prototype* belongs to ``organisation`` and is seen by its members only.
    """

    ALLOWED: ClassVar[Mapping[WishAction, frozenset[WishState]]] = {
        _A.CHECK: frozenset({_S.ASKED}),
        _A.TRY: frozenset({_S.ASKED, _S.CHECKING}),
        _A.OFFER: _OPEN | {_S.MANUAL},
        _A.BY_HAND: _OPEN,
        _A.REFUSE: _OPEN | {_S.MANUAL},
        _A.REOPEN: frozenset({_S.REFUSED, _S.MANUAL}),
        _A.MERGE: _OPEN,
        _A.WITHDRAW: _OPEN | {_S.MANUAL},
    }

    kind = models.CharField(
        _("kind"), max_length=10, choices=WishKind, default=WishKind.PRODUCT, editable=False
    )
    name = models.CharField(_("name"), max_length=100)
    key = models.CharField(max_length=100, editable=False)
    website = models.URLField(_("website"), max_length=300, blank=True)
    state = models.CharField(_("state"), max_length=20, choices=WishState, default=WishState.ASKED)
    answer = models.TextField(_("answer"), max_length=2000, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("decided by"),
    )
    blueprint = models.ForeignKey(
        Blueprint, on_delete=models.PROTECT, related_name="wishes", null=True, blank=True
    )
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="merged", null=True, blank=True
    )
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        related_name="sandbox_prototypes",
        null=True,
        blank=True,
    )
    image = models.CharField(_("image"), max_length=300, blank=True)
    port = models.PositiveIntegerField(
        _("port"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(65535)],
    )
    repository = models.URLField(_("repository"), max_length=300, blank=True)
    licence = models.CharField(_("licence"), max_length=100, blank=True)
    supporter = models.CharField(_("who supports it"), max_length=200, blank=True)
    data_statement = models.TextField(_("statement on data"), max_length=2000, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = WishQuerySet.as_manager()

    class Meta:
        verbose_name = _("wished test environment")
        verbose_name_plural = _("wished test environments")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["key"],
                condition=Q(kind="product", state__in=OPEN_WISHES),
                name="wish_product_once",
            ),
            models.UniqueConstraint(
                fields=["organisation", "key"],
                condition=Q(kind="prototype", state__in=OPEN_WISHES),
                name="wish_prototype_once",
            ),
            models.CheckConstraint(
                name="wish_prototype_has_source",
                condition=Q(kind="product", organisation=None, image="", repository="")
                | (
                    Q(kind="prototype", organisation__isnull=False)
                    & (~Q(image="") | ~Q(repository=""))
                ),
            ),
            models.CheckConstraint(
                name="wish_answered_has_text",
                condition=~Q(state__in=["refused", "manual"])
                | (~Q(answer="") & Q(decided_by__isnull=False)),
                violation_error_message=_("Enter the reason."),
            ),
            models.CheckConstraint(
                name="wish_bookable_has_product",
                condition=~Q(state="bookable") | Q(blueprint__isnull=False),
            ),
            models.CheckConstraint(
                name="wish_merged_has_target",
                condition=Q(state="merged", merged_into__isnull=False)
                | (~Q(state="merged") & Q(merged_into=None)),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("sandbox:wish_detail", args=[self.public_id])

    @property
    def is_prototype(self) -> bool:
        return self.kind == WishKind.PROTOTYPE

    @property
    def is_open(self) -> bool:
        """Somebody can still join, or take the wish back."""
        return self.state in OPEN_WISHES

    def can(self, action: WishAction) -> bool:
        return self.state in self.ALLOWED[action]

    def check_it(self, *, actor: User) -> WishEvent:
        return self._decide(_A.CHECK, _S.CHECKING, actor)

    def try_it(self, *, actor: User) -> WishEvent:
        return self._decide(_A.TRY, _S.TRIAL, actor)

    def offer(self, blueprint: Blueprint, *, actor: User) -> WishEvent:
        """It can be booked: ``blueprint`` is what came of it."""
        self.blueprint = blueprint
        return self._decide(_A.OFFER, _S.BOOKABLE, actor)

    def by_hand(self, *, actor: User, answer: str) -> WishEvent:
        """``answer``: how it goes, shown to those who asked."""
        return self._decide(_A.BY_HAND, _S.MANUAL, actor, answer)

    def refuse(self, *, actor: User, answer: str) -> WishEvent:
        """``answer``: the reason, shown to those who asked."""
        return self._decide(_A.REFUSE, _S.REFUSED, actor, answer)

    def reopen(self, *, actor: User) -> WishEvent:
        return self._decide(_A.REOPEN, _S.CHECKING, actor)

    def merge(self, target: Wish, *, actor: User) -> WishEvent:
        self.merged_into = target
        return self._decide(_A.MERGE, _S.MERGED, actor)

    def withdraw(self, *, actor: User) -> WishEvent:
        """Nobody asks for it any more."""
        return self._move(_A.WITHDRAW, _S.WITHDRAWN, actor)

    def _decide(
        self, action: WishAction, to: WishState, actor: User, answer: str = ""
    ) -> WishEvent:
        check(self.ALLOWED, action, self.state)
        self.decided_at, self.decided_by, self.answer = clock.now(), actor, answer
        return self._move(action, to, actor)

    def _move(self, action: WishAction, to: WishState, actor: User) -> WishEvent:
        check(self.ALLOWED, action, self.state)
        before, self.state = self.state, to
        self.save(
            update_fields=[
                "state", "answer", "decided_at", "decided_by", "blueprint", "merged_into",
            ]
        )  # fmt: skip
        return self.record(action, actor=actor, from_state=before)

    def record(
        self, kind: str, *, actor: User | None, from_state: str = "", **ids: str | int
    ) -> WishEvent:
        return WishEvent.objects.create(
            wish=self,
            kind=kind,
            from_state=from_state,
            to_state=self.state,
            actor=actor,
            data=ids,
            request_id=request_id.get(),
        )


_DONE: Final[Mapping[str, _StrPromise]] = {
    WishAction.CHECK: pgettext_lazy("wish", "Check begun"),
    WishAction.TRY: pgettext_lazy("wish", "Trial run begun"),
    WishAction.OFFER: pgettext_lazy("wish", "Released for booking"),
    WishAction.BY_HAND: pgettext_lazy("wish", "Is set up by hand"),
    WishAction.REFUSE: pgettext_lazy("wish", "Declined"),
    WishAction.REOPEN: pgettext_lazy("wish", "Taken up again"),
    WishAction.MERGE: pgettext_lazy("wish", "Merged"),
    WishAction.WITHDRAW: pgettext_lazy("wish", "Withdrawn"),
}
"""As lines of a log; on a button the action says what it does."""


class WishEvent(Event):
    wish = models.ForeignKey(Wish, on_delete=models.PROTECT, related_name="events")

    @property
    def words(self) -> str:
        """The line as a person reads it, in the present language."""
        kinds = dict(WishEventKind.choices)
        return str(_DONE.get(self.kind) or kinds.get(self.kind) or self.kind)


class WishAsk(models.Model):
    """One person of an organisation asks for it; deleted when taken back."""

    wish = models.ForeignKey(Wish, on_delete=models.PROTECT, related_name="asks")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="sandbox_wishes"
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="sandbox_wishes"
    )
    why = models.TextField(_("What do you test for?"), max_length=2000, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name = _("wish of a person")
        verbose_name_plural = _("wishes of people")
        ordering = ["created_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["wish", "organisation", "person"], name="wish_asked_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.wish_id} {self.person_id}"
