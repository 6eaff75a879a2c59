"""Who: organisations, their people, what they know and offer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from network.enums import (
    MailboxKind,
    MembershipAction,
    MembershipState,
    OrganisationKind,
    PresenceOutcome,
    PresenceReason,
)
from network.querysets import MembershipQuerySet, OrganisationQuerySet, PresenceQuestionQuerySet
from osk_portal.toolkit import clock, logs
from osk_portal.toolkit.addressed import Addressed
from osk_portal.toolkit.transitions import Event, check

if TYPE_CHECKING:
    from osk_portal.accounts.models import User


class Organisation(Addressed):
    """An authority, another administration, a university, a company or an association.

    ``is_entitled`` (beratungsberechtigt) is set by an advisor and independent of the kind (product.md).
    """

    slug = models.SlugField(_("address"), max_length=80, unique=True)
    name = models.CharField(_("name"), max_length=200)
    short_name = models.CharField(_("short name"), max_length=60, blank=True)
    sort_key = models.CharField(max_length=200, editable=False, db_index=True)
    folded = models.TextField(editable=False)
    kind = models.CharField(_("kind"), max_length=40, choices=OrganisationKind)
    subkind = models.CharField(_("kind in detail"), max_length=60, blank=True)
    is_entitled = models.BooleanField(_("entitled to advice"), default=False)
    is_published = models.BooleanField(_("shown in the network"), default=True)
    is_invented = models.BooleanField(_("invented for the demo"), default=False)
    land = models.CharField(_("Land"), max_length=60, blank=True)
    city = models.CharField(_("place"), max_length=80, blank=True)
    district = models.CharField(_("district"), max_length=80, blank=True)
    description = models.TextField(_("description"), blank=True)
    description_en = models.TextField(_("description in English"), blank=True)
    website = models.URLField(_("website"), blank=True)
    languages = models.JSONField(_("languages"), default=list, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ["sort_key", "pk"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("network:organisation_detail", args=[self.slug])

    @property
    def label(self) -> str:
        """What the organisation is in the network: a body of the administration, or a provider."""
        if self.kind == OrganisationKind.BUSINESS:
            return gettext("Provider")
        return gettext("Network member")

    @property
    def place(self) -> str:
        parts = [self.district, self.city, self.land if self.land != self.city else ""]
        return ", ".join(part for part in parts if part)

    @property
    def localised_description(self) -> str:
        if (get_language() or "de").startswith("en") and self.description_en:
            return self.description_en
        return self.description

    @property
    def is_public_administration(self) -> bool:
        return self.kind in (
            OrganisationKind.BERLIN_ADMINISTRATION,
            OrganisationKind.OTHER_PUBLIC_ADMINISTRATION,
        )


class OrganisationEvent(Event):
    """A change of an organisation's profile; ``data["fields"]`` names what changed."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="events")


class OrganisationDomain(models.Model):
    """A mail domain that proves membership."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="domains")
    domain = models.CharField(_("mail domain"), max_length=253)

    class Meta:
        verbose_name = _("mail domain")
        verbose_name_plural = _("mail domains")
        ordering = ["domain"]
        constraints = [
            models.UniqueConstraint(
                Lower("domain"),
                name="organisation_domain_unique",
                violation_error_message=_("This domain belongs to an organisation already."),
            )
        ]

    def __str__(self) -> str:
        return self.domain


class SharedMailbox(Addressed):
    """The Funktionspostfach of an organisation: gets copies of ``kinds`` once its address is confirmed."""

    organisation = models.OneToOneField(
        Organisation, on_delete=models.PROTECT, related_name="shared_mailbox"
    )
    address = models.EmailField(_("address"), max_length=254)
    kinds: Any = ArrayField(
        models.CharField(max_length=20, choices=MailboxKind),
        verbose_name=_("copies of"),
        default=list,
        blank=True,
    )
    asked_at = models.DateTimeField(_("link sent at"), default=clock.now)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("shared mailbox")
        verbose_name_plural = _("shared mailboxes")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.address


class Expertise(models.Model):
    """A topic of the controlled list."""

    slug = models.SlugField(_("key"), max_length=60, unique=True)
    name_de = models.CharField(_("German name"), max_length=100)
    name_en = models.CharField(_("English name"), max_length=100)
    folded = models.TextField(editable=False)

    class Meta:
        verbose_name = _("field of expertise")
        verbose_name_plural = _("fields of expertise")
        ordering = ["name_de"]

    def __str__(self) -> str:
        return self.name_en if (get_language() or "de").startswith("en") else self.name_de


class OrganisationExpertise(models.Model):
    """That an organisation knows a topic, and what shows it."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="expertise"
    )
    expertise = models.ForeignKey(Expertise, on_delete=models.PROTECT, related_name="holders")
    evidence = models.TextField(_("evidence"), blank=True)

    class Meta:
        verbose_name = _("expertise")
        verbose_name_plural = _("expertise")
        ordering = ["expertise__name_de"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "expertise"], name="organisation_expertise_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id} {self.expertise_id}"


class Membership(Addressed):
    """A person belongs to an organisation. Rights end with the state ACTIVE."""

    OPEN: ClassVar[tuple[MembershipState, ...]] = (
        MembershipState.PENDING,
        MembershipState.ACTIVE,
        MembershipState.SUSPENDED,
    )
    ALLOWED: ClassVar[Mapping[MembershipAction, frozenset[MembershipState]]] = {
        MembershipAction.PROVE: frozenset({MembershipState.PENDING, MembershipState.SUSPENDED}),
        MembershipAction.CONFIRM: frozenset({MembershipState.PENDING, MembershipState.SUSPENDED}),
        MembershipAction.REFUSE: frozenset({MembershipState.PENDING, MembershipState.SUSPENDED}),
        MembershipAction.SUSPEND: frozenset({MembershipState.ACTIVE}),
        # One that was never confirmed is refused: an end says that somebody did belong there.
        MembershipAction.END: frozenset({MembershipState.ACTIVE, MembershipState.SUSPENDED}),
    }

    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        related_name="memberships",
        verbose_name=_("organisation"),
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="memberships",
        verbose_name=_("person"),
    )
    state = models.CharField(
        _("state"), max_length=20, choices=MembershipState, default=MembershipState.PENDING
    )
    is_editor = models.BooleanField(_("Redaktion"), default=False)
    is_manager = models.BooleanField(_("Organisationsverwaltung"), default=False)
    created_at = models.DateTimeField(_("applied at"), default=clock.now, editable=False)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        ordering = ["organisation__sort_key", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "user"],
                condition=Q(state__in=["pending", "active", "suspended"]),
                name="membership_one_open_per_organisation",
                violation_error_message=_("This person is a member already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.organisation_id}"

    def prove(self, *, actor: User) -> MembershipEvent:
        """The domain of a verified address belongs to the organisation."""
        return self._move(MembershipAction.PROVE, MembershipState.ACTIVE, actor)

    def confirm(self, *, actor: User) -> MembershipEvent:
        return self._move(MembershipAction.CONFIRM, MembershipState.ACTIVE, actor)

    def refuse(self, *, actor: User) -> MembershipEvent:
        return self._move(MembershipAction.REFUSE, MembershipState.REFUSED, actor)

    def suspend(self, *, actor: User | None) -> MembershipEvent:
        return self._move(MembershipAction.SUSPEND, MembershipState.SUSPENDED, actor)

    def end(self, *, actor: User | None) -> MembershipEvent:
        """The person has left. Its rights end with it; coming back is a new membership."""
        return self._move(MembershipAction.END, MembershipState.ENDED, actor)

    def record(
        self,
        kind: str,
        *,
        actor: User | None,
        before: str = "",
        data: dict[str, object] | None = None,
    ) -> MembershipEvent:
        """The event row of what has just happened to the present state."""
        return MembershipEvent.objects.create(
            membership=self,
            kind=kind,
            from_state=before,
            to_state=self.state,
            actor=actor,
            data=data or {},
            request_id=logs.request_id.get(),
        )

    def _move(
        self, action: MembershipAction, to: MembershipState, actor: User | None
    ) -> MembershipEvent:
        check(self.ALLOWED, action, self.state)
        before, self.state = self.state, to
        if to == MembershipState.ACTIVE:
            self.confirmed_at = clock.now()
        self.save(update_fields=["state", "confirmed_at"])
        return self.record(action, actor=actor, before=before)


class MembershipEvent(Event):
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="events")


class PresenceQuestion(models.Model):
    """Noch da? Asked about a member whose mails come back, or who has not signed in for long."""

    membership = models.ForeignKey(
        Membership, on_delete=models.PROTECT, related_name="presence_questions"
    )
    reason = models.CharField(_("reason"), max_length=20, choices=PresenceReason)
    asked_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=20, choices=PresenceOutcome, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    objects = PresenceQuestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("question “Still there?”")
        verbose_name_plural = _("questions “Still there?”")
        ordering = ["asked_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["membership"],
                condition=Q(ended_at=None),
                name="presence_one_open_question",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, outcome="", answered_by=None)
                | (Q(ended_at__isnull=False) & ~Q(outcome="")),
                name="presence_ended_has_outcome",
            ),
            models.CheckConstraint(
                condition=~Q(outcome=PresenceOutcome.STILL_THERE) | Q(answered_by__isnull=False),
                name="presence_confirmed_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.membership_id} {self.reason}"

    @property
    def is_open(self) -> bool:
        return self.ended_at is None
