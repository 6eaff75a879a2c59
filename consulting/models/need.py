"""Wer hat dasselbe Problem? A need that an authority shows to the rest of the administration (1.6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchQuery, SearchVector, TrigramWordSimilarity
from django.db import models
from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from consulting.enums import NeedAction, NeedState, Topic
from network.enums import MembershipState, OrganisationKind
from network.models import Membership
from osk_portal.toolkit import clock, logs
from osk_portal.toolkit.addressed import Addressed
from osk_portal.toolkit.transitions import Event, check

if TYPE_CHECKING:
    from osk_portal.accounts.models import User

S = NeedState

JOINT_STEP_FROM: Final = 3
"""So many organisations that join make the OSK propose a joint step (product.md 1.6)."""
SIMILAR: Final = 0.4
INSIDE: Final = (
    OrganisationKind.BERLIN_ADMINISTRATION,
    OrganisationKind.OTHER_PUBLIC_ADMINISTRATION,
)
"""Kinds of organisations whose members read needs: "inside the administration"."""

NEED_ALLOWED: Final[Mapping[NeedAction, frozenset[NeedState]]] = {
    NeedAction.EDIT: frozenset({S.PUBLISHED}),
    NeedAction.JOIN: frozenset({S.PUBLISHED}),
    NeedAction.LEAVE: frozenset({S.PUBLISHED}),
    NeedAction.PROPOSE: frozenset({S.PUBLISHED}),
    NeedAction.HAND_OVER: frozenset({S.PUBLISHED, S.TAKEN_DOWN}),
    NeedAction.END: frozenset({S.PUBLISHED}),
    NeedAction.TAKE_DOWN: frozenset({S.PUBLISHED}),
    NeedAction.RESTORE: frozenset({S.TAKEN_DOWN}),
}

_COUNTED: Final = {"joined": Count("supports")}
_ENOUGH: Final = Q(("joined__gte", JOINT_STEP_FROM))


class NeedQuerySet(models.QuerySet["Need"]):
    def published(self) -> NeedQuerySet:
        """A request that became confidential takes its need along."""
        return self.filter(state=S.PUBLISHED, case__is_confidential=False)

    def visible_to(self, user: User) -> NeedQuerySet:
        """Published ones for active members of the administration; all for advisors."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.is_advisor:
            return self.all()
        inside = Membership.objects.filter(
            user=user, state=MembershipState.ACTIVE, organisation__kind__in=INSIDE
        )
        # The publisher's organisation sees what became of its own need.
        mine = Q(organisation__in=inside.values("organisation"))
        is_inside = models.Exists(inside)
        return self.filter(is_inside, Q(state=S.PUBLISHED, case__is_confidential=False) | mine)

    def to_hand_over(self, author: Any, organisation: Any) -> NeedQuerySet:
        """What needs a successor when ``author`` leaves ``organisation``; keys or outer references."""
        return self.filter(author=author, organisation=organisation).exclude(state=S.ENDED)

    def counted(self) -> NeedQuerySet:
        """With ``joined``: how many organisations have clicked "Wir auch"."""
        return self.annotate(**_COUNTED).order_by("-created_at", "-pk")

    def awaiting_step(self) -> NeedQuerySet:
        """Enough have joined, and the OSK has proposed nothing yet."""
        return self.published().counted().filter(_ENOUGH, proposed_at=None)

    def found(self, words: str) -> NeedQuerySet:
        """Those that fit ``words``, in any German form or nearly so, the best first."""
        return (
            self.annotate(
                near=TrigramWordSimilarity(words, "title"),
                document=SearchVector("title", "text", config="german"),
            )
            .filter(Q(document=SearchQuery(words, config="german")) | Q(near__gte=SIMILAR))
            .order_by("-near", "-created_at", "pk")
        )


class Need(Addressed):
    """What an authority needs, written anew for its colleagues elsewhere; never a text of the case."""

    case = models.ForeignKey(
        "consulting.ConsultingRequest", on_delete=models.PROTECT, related_name="needs"
    )
    organisation = models.ForeignKey(
        "network.Organisation", on_delete=models.PROTECT, related_name="needs"
    )
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(_("state"), max_length=20, choices=S, default=S.PUBLISHED)
    title = models.CharField(_("title"), max_length=200)
    text = models.TextField(_("text"))
    topics: Any = ArrayField(
        models.CharField(max_length=30, choices=Topic),
        verbose_name=_("topics"),
        default=list,
        blank=True,
    )
    shows_organisation = models.BooleanField(_("names the organisation"), default=False)
    reason = models.TextField(_("reason of the OSK"), blank=True)
    announced_at = models.DateTimeField(null=True, editable=False)
    """When the advisors were told that enough have joined."""
    joint_step = models.TextField(_("joint step"), blank=True)
    joint_link = models.URLField(_("link"), max_length=500, blank=True)
    proposed_at = models.DateTimeField(_("proposed"), null=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("published on"), default=clock.now, editable=False)

    joined: int
    """Of ``counted()`` only."""

    objects = NeedQuerySet.as_manager()

    class Meta:
        verbose_name = _("need")
        verbose_name_plural = _("needs")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                condition=~Q(state=S.ENDED),
                name="need_one_of_a_case",
                violation_error_message=_("There is a need from this request already."),
            ),
            models.CheckConstraint(condition=~Q(title="") & ~Q(text=""), name="need_is_complete"),
            models.CheckConstraint(
                condition=Q(joint_step="", joint_link="", proposed_at=None)
                | (~Q(joint_step="") & Q(proposed_at__isnull=False)),
                name="need_proposed_has_step",
            ),
            models.CheckConstraint(
                condition=~Q(state=S.TAKEN_DOWN) | ~Q(reason=""), name="need_taken_down_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("consulting:need", args=[self.public_id])

    @property
    def topic_labels(self) -> list[str]:
        return [str(Topic(t).label) for t in self.topics if t in Topic.values]

    @property
    def published_by(self) -> str:
        """Who has the need, as colleagues elsewhere may know it."""
        if self.shows_organisation:
            return str(self.organisation)
        return str(self.organisation.get_kind_display())

    def can(self, action: NeedAction) -> bool:
        return self.state in NEED_ALLOWED[action]

    def act(
        self, action: NeedAction, to: NeedState, *, actor: User | None, **data: object
    ) -> NeedEvent:
        """Enter ``to`` with its event. Raises TransitionNotAllowed. The caller holds the row's lock."""
        check(NEED_ALLOWED, action, self.state)
        before, self.state = self.state, to
        self.version += 1
        self.save()
        return self.note(action, actor=actor, before=before, **data)

    def note(
        self, action: NeedAction, *, actor: User | None, before: str, **data: object
    ) -> NeedEvent:
        return NeedEvent.objects.create(
            need=self,
            kind=action,
            from_state=before,
            to_state=self.state,
            actor=actor,
            at=clock.now(),
            data=data,
            request_id=logs.request_id.get(),
        )


class NeedSupport(models.Model):
    """Wir auch: one organisation joins, by one of its people."""

    need = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="supports")
    organisation = models.ForeignKey(
        "network.Organisation", on_delete=models.PROTECT, related_name="+"
    )
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    shows_contact = models.BooleanField(_("shows the contact"), default=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name = _("“we too”")
        verbose_name_plural = _("“we too”")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["need", "organisation"],
                name="need_joined_once",
                violation_error_message=_("Your organisation has joined already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id} {self.need_id}"


class NeedEvent(Event):
    need = models.ForeignKey(Need, on_delete=models.PROTECT, related_name="events")

    class Meta(Event.Meta):
        abstract = False
        verbose_name = _("event of a need")
        verbose_name_plural = _("events of needs")

    @property
    def label(self) -> str:
        return str(NeedAction(self.kind).label)
