"""The steps of the intake, who may choose which organisation, and what an anonymous visitor has typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID, uuid4

from django.contrib.sessions.backends.base import SessionBase
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from catalog.models import Solution
from consulting.enums import Visibility
from consulting.models import ConsultingRequest
from consulting.services.drafts import required_fields
from network.enums import MembershipState
from network.models import Membership, Organisation
from network.permissions import active_memberships
from network.querysets import OrganisationQuerySet
from osk_portal.accounts.models import User
from sandbox.models import Booking


def _always(case: ConsultingRequest | None) -> bool:
    return True


def _about_procurement(case: ConsultingRequest | None) -> bool:
    return case is not None and case.is_about_procurement


@dataclass(frozen=True)
class Step:
    slug: str
    url_name: str
    label: Any
    fields: tuple[str, ...]
    applies: Callable[[ConsultingRequest | None], bool] = _always
    """Is the step asked of this draft? None: there is no draft yet."""


KIND = Step("anliegen", "consulting:request_kind", pgettext_lazy("step", "Request"), ("kind",))
SUBJECT = Step(
    "thema",
    "consulting:request_subject",
    _("What is it about?"),
    ("title", "description", "topics", "phase", "wished_on"),
)
CONTEXT = Step(
    "umfeld",
    "consulting:request_context",
    _("Context"),
    ("organisation", "own_reference", "users_count", "software_in_use"),
)
PROCUREMENT = Step(
    "vergabe",
    "consulting:request_procurement",
    _("Procurement"),
    ("procedure_state",),
    _about_procurement,
)
FILES = Step("dateien", "consulting:request_files", _("Files"), ())
SHARING = Step("freigabe", "consulting:request_sharing", _("Who may read along?"), ("visibility",))
STEPS: Final = (
    KIND,
    SUBJECT,
    CONTEXT,
    PROCUREMENT,
    FILES,
    SHARING,
)
"""In their order. A further step is one line here, its address and its view."""
OPTIONAL: Final = (FILES, SHARING)
"""They lack nothing when they are left empty: done is what was looked at."""


def steps_of(case: ConsultingRequest | None) -> list[Step]:
    """The steps that are asked of ``case``."""
    return [step for step in STEPS if step.applies(case)]


def step_after(step: Step, case: ConsultingRequest) -> Step | None:
    """The next step that ``case`` needs; None after the last one: the check page."""
    return next((s for s in STEPS[STEPS.index(step) + 1 :] if s.applies(case)), None)


@dataclass(frozen=True)
class Place:
    """A step as the progress bar shows it; ``url`` only where one can go back to."""

    label: Any
    number: int
    is_current: bool
    is_done: bool
    url: str


def progress(current: Step, case: ConsultingRequest | None) -> list[Place]:
    steps = steps_of(case)
    here = steps.index(current)
    return [
        Place(
            step.label,
            number + 1,
            number == here,
            number < here,
            reverse(step.url_name, args=[case.public_id]) if case and number < here else "",
        )
        for number, step in enumerate(steps)
    ]


@dataclass(frozen=True)
class TaskEntry:
    """A step on the task list of a draft."""

    number: int
    label: Any
    url: str
    is_complete: bool
    is_unseen: bool
    """Nothing is required here, and the author has not been here: no tick for what was never looked at."""


def task_list(case: ConsultingRequest) -> list[TaskEntry]:
    missing = set(missing_fields(case))
    return [
        TaskEntry(
            number,
            step.label,
            reverse(step.url_name, args=[case.public_id]),
            missing.isdisjoint(step.fields),
            is_unseen(step, case),
        )
        for number, step in enumerate(steps_of(case), start=1)
    ]


def is_unseen(step: Step, case: ConsultingRequest) -> bool:
    if step not in OPTIONAL or step.slug in case.passed_steps:
        return False
    if step == FILES:
        return not case.files.exists()
    return case.visibility == Visibility.ONLY_ME and case.deputy_id is None


def step_of(field: str) -> Step:
    return next(step for step in STEPS if field in step.fields)


def missing_fields(case: ConsultingRequest) -> list[str]:
    return [name for name in required_fields(case) if not getattr(case, name)]


def first_open_step(case: ConsultingRequest) -> Step | None:
    """The first step that still lacks something; None when the draft can be checked."""
    missing = missing_fields(case)
    return step_of(missing[0]) if missing else None


@dataclass(frozen=True)
class Choice:
    """The organisations that a person may ask for.

    One entitled membership leaves nothing to choose. Without any active membership every entitled
    organisation can be named; it confirms the membership later (product.md, Belonging).
    """

    organisations: OrganisationQuerySet
    must_be_confirmed: bool
    fixed: Organisation | None = None

    @property
    def is_fixed(self) -> bool:
        return self.fixed is not None


def organisations_for(user: User) -> Choice:
    entitled = Organisation.objects.filter(is_entitled=True)
    mine = [m.organisation for m in active_memberships(user) if m.organisation.is_entitled]
    if len(mine) == 1:
        return Choice(entitled, False, mine[0])
    if mine:
        return Choice(entitled.filter(pk__in=[o.pk for o in mine]), False)
    return Choice(entitled, True)


def colleagues_of(user: User, organisation: Organisation | None) -> list[User]:
    """Whom ``user`` may name: active members of the organisation, for its active members only.

    Whoever merely claims to belong to an authority must not learn who works there.
    """
    if organisation is None:
        return []
    if all(m.organisation_id != organisation.pk for m in active_memberships(user)):
        return []
    return list(
        User.objects.filter(
            memberships__organisation=organisation,
            memberships__state=MembershipState.ACTIVE,
            is_active=True,
        )
        .exclude(pk=user.pk)
        .order_by("name", "email")
    )


def is_unconfirmed(user: User, organisation: Organisation | None) -> bool:
    """The organisation has not confirmed the membership; it is asked when the request is sent."""
    if organisation is None:
        return False
    return not Membership.objects.filter(
        user=user, organisation=organisation, state=MembershipState.ACTIVE
    ).exists()


_NO_VALUES: Final = ("draft_id", "solutions", "bookings")


class Visitor:
    """What somebody has typed before there is a draft, kept in the session.

    An anonymous visitor may fill in the first two steps. At the first save we ask for login or sign-up;
    the session lives on through both, and the draft is made of it afterwards.
    """

    KEY = "consulting_intake"
    MADE = "consulting_intake_made"
    """The draft that was made of it last: the form may come twice, or once more after going back."""

    def __init__(self, session: SessionBase) -> None:
        self._session = session
        kept = session.get(self.KEY)
        self._kept: dict[str, Any] = kept if isinstance(kept, dict) else {}

    @property
    def draft_id(self) -> UUID:
        """Address of the draft to come: made of the same words twice, it is one draft."""
        return UUID(self._kept["draft_id"]) if "draft_id" in self._kept else uuid4()

    def values(self) -> dict[str, Any]:
        """Content fields of a draft."""
        values = {k: v for k, v in self._kept.items() if k not in _NO_VALUES}
        if values.get("wished_on"):
            values["wished_on"] = date.fromisoformat(values["wished_on"])
        return values

    @property
    def has_words(self) -> bool:
        """More was typed than the choice of step 1."""
        return any(self._kept.get(name) for name in ("title", "description"))

    @property
    def made(self) -> UUID | None:
        made = self._session.get(self.MADE)
        return UUID(made) if made else None

    def solutions(self) -> list[Solution]:
        slugs = self._kept.get("solutions", [])
        return list(Solution.objects.published().filter(slug__in=slugs)) if slugs else []

    def bookings(self, user: User) -> list[Booking]:
        """Test environments that the request is about; only what ``user`` may read."""
        keys = self._kept.get("bookings", [])
        return (
            list(Booking.objects.looked_after_by(user).filter(public_id__in=keys)) if keys else []
        )

    def keep(
        self,
        values: Mapping[str, Any],
        *,
        solutions: list[str] | None = None,
        bookings: list[str] | None = None,
        draft_id: UUID | None = None,
    ) -> None:
        kept = {**self._kept, **values}
        if isinstance(kept.get("wished_on"), date):
            kept["wished_on"] = kept["wished_on"].isoformat()
        if solutions is not None:
            kept["solutions"] = solutions
        if bookings is not None:
            kept["bookings"] = bookings
        kept.setdefault("draft_id", str(draft_id or uuid4()))
        self._kept = self._session[self.KEY] = kept

    def became(self, draft_id: UUID) -> None:
        """All of it stands in a draft now."""
        self._session.pop(self.KEY, None)
        self._session[self.MADE] = str(draft_id)
        self._kept = {}
