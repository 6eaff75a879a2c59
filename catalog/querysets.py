from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Count, Q

from catalog.enums import STAGES_IN_USE, ProposalState, SolutionState
from network.enums import MembershipState, OrganisationKind

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from catalog.models import Proposal, Reuse, Solution  # named in the type parameters
    from osk_portal.accounts.models import User

IN_BERLIN = Q(organisation__kind=OrganisationKind.BERLIN_ADMINISTRATION)


class SolutionQuerySet(models.QuerySet["Solution"]):
    def published(self) -> SolutionQuerySet:
        return self.filter(state=SolutionState.PUBLISHED)

    def visible_to(self, user: User | AnonymousUser) -> SolutionQuerySet:
        """What stands in the catalog; advisors see drafts and withdrawn entries too."""
        return self if user.is_authenticated and user.is_advisor else self.published()

    def maintained_by(self, organisation_ids: list[int]) -> SolutionQuerySet:
        return self.filter(maintainer__in=organisation_ids)

    def with_reuse_counts(self) -> SolutionQuerySet:
        """``berlin_count`` and ``elsewhere_count``: how many organisations use it."""
        in_use = Q(reuses__stage__in=STAGES_IN_USE)
        berlin = Q(reuses__organisation__kind=OrganisationKind.BERLIN_ADMINISTRATION)
        return self.annotate(
            berlin_count=Count("reuses", filter=in_use & berlin, distinct=True),
            elsewhere_count=Count("reuses", filter=in_use & ~berlin, distinct=True),
        )


class ReuseQuerySet(models.QuerySet["Reuse"]):
    def in_use(self) -> ReuseQuerySet:
        return self.filter(stage__in=STAGES_IN_USE)

    def in_berlin(self) -> ReuseQuerySet:
        return self.filter(IN_BERLIN)

    def elsewhere(self) -> ReuseQuerySet:
        return self.exclude(IN_BERLIN)


class ProposalQuerySet(models.QuerySet["Proposal"]):
    def open(self) -> ProposalQuerySet:
        return self.filter(state=ProposalState.OPEN)

    def visible_to(self, user: User | AnonymousUser) -> ProposalQuerySet:
        """Members see their organisations' proposals, advisors all, everybody else none."""
        if not user.is_authenticated:
            return self.none()
        if user.is_advisor:
            return self
        return self.filter(
            organisation__memberships__user=user,
            organisation__memberships__state=MembershipState.ACTIVE,
        )
