from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Count, Exists, OuterRef, Prefetch, Q

from network.enums import MembershipState
from osk_portal import portal
from osk_portal.toolkit.search_text import fold

if TYPE_CHECKING:
    from network.models import Membership, Organisation, OrganisationExpertise
    from osk_portal.accounts.models import User
    from osk_portal.toolkit.prepared import Parameter

MOST_WORDS = 8


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    def published(self) -> OrganisationQuerySet:
        return self.filter(is_published=True)

    def matching(self, query: str) -> OrganisationQuerySet:
        """Every word stands in the name, the place or a field of expertise; spelling is folded."""
        found = self
        for word in fold(query).split()[:MOST_WORDS]:
            found = found.filter(
                Q(folded__contains=word)
                | Q(pk__in=self.model.objects.filter(expertise__expertise__folded__contains=word))
            )
        return found

    def with_expertise(self, rows: models.QuerySet[OrganisationExpertise]) -> OrganisationQuerySet:
        """Loads the fields of expertise in one query; ``rows`` decides order and joins."""
        return self.prefetch_related(Prefetch("expertise", queryset=rows))

    def counts_by(self, field: str) -> dict[str, int]:
        """How many organisations have each value of ``field``; a relation counts each once."""
        rows = self.order_by().values(field).annotate(number=Count("pk", distinct=True))
        return {str(row[field]): row["number"] for row in rows if row[field] not in (None, "")}


class MembershipQuerySet(models.QuerySet["Membership"]):
    def active(self) -> MembershipQuerySet:
        return self.filter(state=MembershipState.ACTIVE)

    def answering(self) -> MembershipQuerySet:
        """Who speaks for the organisation to the OSK: Redaktion and Organisationsverwaltung."""
        return self.filter(Q(is_editor=True) | Q(is_manager=True))

    def of(self, user: User) -> MembershipQuerySet:
        return self.filter(user=user).select_related("organisation")

    def pending(self) -> MembershipQuerySet:
        return self.filter(state=MembershipState.PENDING)

    def decidable_by(self, user: User) -> MembershipQuerySet:
        """What this person has a say in: as a manager, or all as an advisor (permissions.py is the twin)."""
        others = self.exclude(user=user).select_related("organisation", "user")
        if user.is_advisor:
            return others
        managed = self.model.objects.active().filter(user=user, is_manager=True)
        return others.filter(organisation__in=managed.values("organisation"))

    def managing(self) -> MembershipQuerySet:
        return self.active().filter(is_manager=True)

    def unsettled(self) -> MembershipQuerySet:
        """Ended, and something of the person's still waits for a successor in the organisation.

        Not for who has come back: then it is that person's again, or told as part of the later end.
        """
        left = Q(pk__in=[])
        for offer in portal.handovers:
            left |= Q(Exists(offer.objects(OuterRef("user"), OuterRef("organisation"))))
        later = self.model.objects.filter(
            user=OuterRef("user"),
            organisation=OuterRef("organisation"),
            pk__gt=OuterRef("pk"),
            state__in=(MembershipState.ACTIVE, MembershipState.SUSPENDED, MembershipState.ENDED),
        )
        ended = self.filter(left, state=MembershipState.ENDED).exclude(Exists(later))
        return ended.select_related("organisation", "user")

    def unsettled_for(self, user: User) -> MembershipQuerySet:
        """What ``user`` has to settle: the managers theirs, the OSK where there is no manager."""
        return self.unsettled_for_osk(user) if user.is_advisor else self._unsettled_with(user, Q())

    def unsettled_for_osk(self, advisor: User | Parameter) -> MembershipQuerySet:
        """As ``unsettled_for`` for an advisor, who settles what has no manager too."""
        managing = self.model.objects.managing().order_by()
        nobody = ~Q(Exists(managing.filter(organisation=OuterRef("organisation"))))
        return self._unsettled_with(advisor, nobody)

    def _unsettled_with(self, user: User | Parameter, further: Q) -> MembershipQuerySet:
        managing = self.model.objects.managing().order_by()
        waits = Q(organisation__in=managing.filter(user=user).values("organisation"))
        return self.unsettled().filter(waits | further).exclude(user=user)
