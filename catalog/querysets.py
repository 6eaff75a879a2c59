from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q, Value

from catalog.enums import (
    STAGES_IN_USE,
    AssessmentState,
    NoticeState,
    ObjectionState,
    ProposalKind,
    ProposalState,
    ReportState,
    ReuseStage,
    SolutionState,
    StatementOrigin,
    StatementState,
    SupportState,
)
from network.enums import MembershipState, OrganisationKind

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from catalog.models import (  # named in the type parameters
        Assessment,
        CodeRelease,
        EntryDraft,
        EntryReport,
        Intake,
        Link,
        Notice,
        NoticeReceipt,
        Picture,
        Proposal,
        Reuse,
        SavedComparison,
        Solution,
        Statement,
        Support,
    )
    from osk_portal.accounts.models import User


_EVER_PUBLIC = (StatementState.STANDING, StatementState.SUPERSEDED, StatementState.RETRACTED)


class _IsAnyOf(models.Func):
    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    output_field = models.BooleanField()


def key_in(keys: Sequence[int]) -> _IsAnyOf:
    """As ``pk__in``, with all keys as one parameter: thousands of them take long to write down one by one."""
    return _IsAnyOf(F("pk"), Value(list(keys), output_field=ArrayField(models.BigIntegerField())))


class SolutionQuerySet(models.QuerySet["Solution"]):
    def with_keys(self, keys: Sequence[int]) -> SolutionQuerySet:
        """Those that have one of these primary keys, however many they are."""
        return self.filter(key_in(keys))

    def published(self) -> SolutionQuerySet:
        return self.filter(state=SolutionState.PUBLISHED)

    def visible_to(self, user: User | AnonymousUser) -> SolutionQuerySet:
        """What stands in the catalog; advisors see drafts and withdrawn entries too."""
        return self if user.is_authenticated and user.is_advisor else self.published()

    def maintained_by(self, organisation_ids: list[int]) -> SolutionQuerySet:
        return self.filter(maintainer__in=organisation_ids)

    def used_in_berlin(self) -> SolutionQuerySet:
        return self._having(
            counted_reuse("reuses__"),
            reuses__organisation__kind=OrganisationKind.BERLIN_ADMINISTRATION,
        )

    def used_anywhere(self) -> SolutionQuerySet:
        return self._having(counted_reuse("reuses__"))

    def published_by_berlin(self) -> SolutionQuerySet:
        return self.filter(berlin_body__isnull=False)

    def supported(self) -> SolutionQuerySet:
        """Some organisation of the network offers support."""
        return self._having(
            supports__state=SupportState.SHOWN, supports__organisation__is_published=True
        )

    def testable(self) -> SolutionQuerySet:
        """Has a test product; those belong to the floor above and are reached by the reverse name."""
        return self._having(
            blueprints__is_bookable=True,
            blueprints__blocked_at=None,
            blueprints__organisation=None,
            blueprints__versions__published_at__isnull=False,
            blueprints__versions__withdrawn_at=None,
        )

    def with_test(self) -> SolutionQuerySet:
        """``has_test``: a test product can be booked."""
        return self.annotate(
            has_test=Exists(self.model.objects.filter(pk=OuterRef("pk")).testable())
        )

    def for_comparison(self) -> SolutionQuerySet:
        """With all that a column of a comparison says; in three queries, however many they are."""
        counted = self.published().with_reuse_counts().with_test()
        return counted.prefetch_related("supports__organisation")

    def _having(self, *wanted: Q, **conditions: Any) -> SolutionQuerySet:
        """By subquery, so that no join multiplies the rows that are counted."""
        return self.filter(pk__in=self.model.objects.filter(*wanted, **conditions).values("pk"))

    def with_reuse_counts(self) -> SolutionQuerySet:
        """``berlin_count`` and ``elsewhere_count``: how many organisations use it."""
        in_use = counted_reuse("reuses__")
        berlin = Q(reuses__organisation__kind=OrganisationKind.BERLIN_ADMINISTRATION)
        return self.annotate(
            berlin_count=Count("reuses", filter=in_use & berlin, distinct=True),
            elsewhere_count=Count("reuses", filter=in_use & ~berlin, distinct=True),
        )


class ReuseQuerySet(models.QuerySet["Reuse"]):
    def in_use(self) -> ReuseQuerySet:
        """What counts as use, everywhere: pages, API, files."""
        return self.filter(counted_reuse())

    def current(self) -> ReuseQuerySet:
        """Neither withdrawn nor replaced; also what is not confirmed any more."""
        return self.filter(withdrawn_at=None).exclude(stage=ReuseStage.REPLACED)

    def visible_to(self, user: User | AnonymousUser) -> ReuseQuerySet:
        """Whole, with the IT procedure: the members of its organisation, and the OSK."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_advisor else self.of_member(user)

    def of_member(self, user: User) -> ReuseQuerySet:
        return self.filter(
            organisation__memberships__user=user,
            organisation__memberships__state=MembershipState.ACTIVE,
        )

    def waiting_for(self, user: User) -> ReuseQuerySet:
        """Asked whether it still holds, and this person is to answer: as the contact, the one who declared it,
        or one who speaks for the organisation."""
        asked = self.of_member(user).current().filter(asked_on__isnull=False)
        # By keys: a second condition on memberships would be met by those of others.
        spoken_for = user.memberships.active().answering().values("organisation")
        speaks = Q(organisation__in=spoken_for)
        return asked.filter(Q(contact=user) | Q(declared_by=user) | speaks)

    def to_hand_over(self, contact: Any, organisation: Any) -> ReuseQuerySet:
        """What needs a new contact when ``contact`` leaves ``organisation``; keys or outer references."""
        return self.current().filter(contact=contact, organisation=organisation)


def counted_reuse(prefix: str = "") -> Q:
    """In use, and confirmed within its time: the one rule of what is counted. ``prefix``: the way to the rows."""
    return Q(
        **{
            f"{prefix}stage__in": STAGES_IN_USE,
            f"{prefix}withdrawn_at__isnull": True,
            f"{prefix}unconfirmed_since__isnull": True,
        }
    )


class SupportQuerySet(models.QuerySet["Support"]):
    def shown(self) -> SupportQuerySet:
        return self.filter(state=SupportState.SHOWN)

    def waiting(self) -> SupportQuerySet:
        return self.filter(state=SupportState.WAITING)

    def visible_to(self, user: User | AnonymousUser) -> SupportQuerySet:
        """In every state: the Redaktion of the organisation, and advisors."""
        if not user.is_authenticated:
            return self.none()
        if user.is_advisor:
            return self
        return self.filter(
            organisation__memberships__user=user,
            organisation__memberships__state=MembershipState.ACTIVE,
            organisation__memberships__is_editor=True,
        )


class NoticeQuerySet(models.QuerySet["Notice"]):
    def published(self) -> NoticeQuerySet:
        """Those of entries that stand in the catalog, also withdrawn ones: they stay readable."""
        return self.filter(solution__state=SolutionState.PUBLISHED)

    def visible_to(self, user: User | AnonymousUser) -> NoticeQuerySet:
        return self if user.is_authenticated and user.is_advisor else self.published()

    def standing(self) -> NoticeQuerySet:
        return self.filter(state=NoticeState.STANDING)

    def newest_first(self) -> NoticeQuerySet:
        return self.select_related("solution", "successor").order_by("-issued_at", "-pk")


class NoticeReceiptQuerySet(models.QuerySet["NoticeReceipt"]):
    def unconfirmed(self) -> NoticeReceiptQuerySet:
        """Still to be confirmed: what was withdrawn needs no more reading."""
        return self.filter(
            confirmed_at=None,
            notice__state=NoticeState.STANDING,
            notice__solution__state=SolutionState.PUBLISHED,
        )


class EntryReportQuerySet(models.QuerySet["EntryReport"]):
    def undecided(self) -> EntryReportQuerySet:
        return self.filter(state__in=(ReportState.OPEN, ReportState.CHECKING))

    def visible_to(self, user: User | AnonymousUser) -> EntryReportQuerySet:
        """Advisors all; members of the organisation that maintains the entry those of its entries."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_advisor else self.of_maintainer(user)

    def of_maintainer(self, user: User) -> EntryReportQuerySet:
        return self.filter(
            solution__state=SolutionState.PUBLISHED,
            solution__maintainer__memberships__user=user,
            solution__maintainer__memberships__state=MembershipState.ACTIVE,
        )


class PictureQuerySet(models.QuerySet["Picture"]):
    def fetched(self) -> PictureQuerySet:
        """Those that are looked after: not of withdrawn entries, and not the blocked ones."""
        return self.filter(is_blocked=False).exclude(solution__state=SolutionState.WITHDRAWN)


class LinkQuerySet(models.QuerySet["Link"]):
    def checked(self) -> LinkQuerySet:
        """Those of entries that stand in the catalog."""
        return self.filter(solution__state=SolutionState.PUBLISHED)


class ProposalQuerySet(models.QuerySet["Proposal"]):
    def open(self) -> ProposalQuerySet:
        return self.filter(state=ProposalState.OPEN)

    def undecided(self) -> ProposalQuerySet:
        """Open, or given back and not yet submitted again."""
        return self.filter(state__in=(ProposalState.OPEN, ProposalState.RETURNED))

    def to_hand_over(self, author: Any, organisation: Any) -> ProposalQuerySet:
        """What needs somebody else when ``author`` leaves ``organisation``; keys or outer references."""
        return self.undecided().filter(author=author, organisation=organisation)

    def objected(self) -> ProposalQuerySet:
        """Refused, with an objection that the Leitung has not decided."""
        return self.filter(objection__state=ObjectionState.OPEN)

    def of_others(self) -> ProposalQuerySet:
        """Made by another organisation than the one that maintains the entry."""
        return self.exclude(solution__maintainer=F("organisation"))

    def visible_to(self, user: User | AnonymousUser) -> ProposalQuerySet:
        """Members see their organisations' proposals, the Redaktion those for entries that it maintains.

        Advisors see all, everybody else none.
        """
        if not user.is_authenticated:
            return self.none()
        if user.is_advisor:
            return self
        own = self.model.objects.of_member(user)
        return self.filter(Q(pk__in=own.values("pk")) | self._for_maintainer(user))

    def for_maintainer(self, user: User) -> ProposalQuerySet:
        """What others propose for entries that the person's Redaktion maintains."""
        return self.filter(self._for_maintainer(user))

    def _for_maintainer(self, user: User) -> Q:
        edited = user.memberships.filter(state=MembershipState.ACTIVE, is_editor=True)
        return Q(
            kind=ProposalKind.CHANGE,
            organisation__isnull=False,
            solution__maintainer__in=edited.values("organisation"),
        )

    def of_member(self, user: User) -> ProposalQuerySet:
        return self.filter(
            organisation__memberships__user=user,
            organisation__memberships__state=MembershipState.ACTIVE,
        )

    def returned_to(self, user: User) -> ProposalQuerySet:
        """Given back, and the person may submit them again (``permissions.can_edit_proposal``)."""
        authors_own = self.model.objects.filter(
            pk=OuterRef("pk"),
            author__memberships__organisation=F("organisation"),
            author__memberships__state=MembershipState.ACTIVE,
        )
        is_theirs = Q(author=user) | ~Exists(authors_own)
        return self.filter(
            Q(organisation__memberships__is_editor=True) | Q(kind=ProposalKind.CHANGE) & is_theirs,
            state=ProposalState.RETURNED,
            organisation__memberships__user=user,
            organisation__memberships__state=MembershipState.ACTIVE,
        ).select_related("solution")


class EntryDraftQuerySet(models.QuerySet["EntryDraft"]):
    def to_hand_over(self, author: Any, organisation: Any) -> EntryDraftQuerySet:
        """Begun for ``organisation`` and not handed in; keys or outer references."""
        return self.filter(author=author, organisation=organisation, intake=None)


class IntakeQuerySet(models.QuerySet["Intake"]):
    def visible_to(self, user: User | AnonymousUser) -> IntakeQuerySet:
        """Who asked for it, and advisors."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_advisor else self.filter(requester=user)


class StatementQuerySet(models.QuerySet["Statement"]):
    def standing(self) -> StatementQuerySet:
        return self.filter(state=StatementState.STANDING)

    def proposed(self) -> StatementQuerySet:
        return self.filter(state=StatementState.PROPOSED)

    def to_hand_over(self, author: Any, organisation: Any) -> StatementQuerySet:
        """Proposed and not decided, for ``organisation``; keys or outer references."""
        return self.proposed().filter(author=author, organisation=organisation)

    def ever_public(self) -> StatementQuerySet:
        """In force now or once: the public history."""
        return self.filter(state__in=_EVER_PUBLIC)

    def never_public(self) -> StatementQuerySet:
        """Being checked, refused, withdrawn."""
        return self.exclude(state__in=_EVER_PUBLIC)

    def visible_to(self, user: User | AnonymousUser) -> StatementQuerySet:
        """What was public once everybody sees with its entry; the rest the organisation and advisors."""
        if user.is_authenticated and user.is_advisor:
            return self
        public = Q(state__in=_EVER_PUBLIC, solution__state=SolutionState.PUBLISHED)
        if not user.is_authenticated:
            return self.filter(public)
        mine = Q(
            organisation__in=user.memberships.active().values("organisation"),
            origin=StatementOrigin.MAINTAINER,
        )
        return self.filter(public | mine)


class SavedComparisonQuerySet(models.QuerySet["SavedComparison"]):
    def visible_to(self, user: User | AnonymousUser) -> SavedComparisonQuerySet:
        """One's own; and what the organisation shares, for its active members. Nobody else, the OSK neither."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(
            Q(author=user, organisation=None)
            | Q(
                organisation__memberships__user=user,
                organisation__memberships__state=MembershipState.ACTIVE,
            )
        )


class AssessmentQuerySet(models.QuerySet["Assessment"]):
    def published(self) -> AssessmentQuerySet:
        return self.filter(state=AssessmentState.PUBLISHED)

    def with_open_correction(self) -> AssessmentQuerySet:
        """The maintainer has asked for one that nobody has decided."""
        asked = self.filter(state__in=(AssessmentState.SENT, AssessmentState.PUBLISHED))
        return asked.filter(correction_answer="").exclude(correction="")

    def with_maintainer(self) -> AssessmentQuerySet:
        return self.filter(state=AssessmentState.SENT)

    def visible_to(self, user: User | AnonymousUser) -> AssessmentQuerySet:
        """What was published, with its entry; what is with the maintainer, for its members; advisors all."""
        if user.is_authenticated and user.is_advisor:
            return self
        public = Q(
            state__in=(AssessmentState.PUBLISHED, AssessmentState.SUPERSEDED),
            published_at__isnull=False,
            solution__state=SolutionState.PUBLISHED,
        )
        if not user.is_authenticated:
            return self.filter(public)
        mine = Q(
            state=AssessmentState.SENT,
            sent_to=F("solution__maintainer"),
            sent_to__in=user.memberships.active().values("organisation"),
        )
        return self.filter(public | mine)


class CodeReleaseQuerySet(models.QuerySet["CodeRelease"]):
    def visible_to(self, user: User | AnonymousUser) -> CodeReleaseQuerySet:
        """Active members of the organisation. The OSK is asked with an Anfrage, it reads nobody's list."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(
            organisation__memberships__user=user,
            organisation__memberships__state=MembershipState.ACTIVE,
        )
