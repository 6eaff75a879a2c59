from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models

from network.enums import MembershipState, OrganisationKind

if TYPE_CHECKING:
    from network.models import Membership, Organisation  # noqa: F401 # named in the type parameters


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    def published(self) -> OrganisationQuerySet:
        return self.filter(is_published=True)

    def public_administrations(self) -> OrganisationQuerySet:
        return self.filter(
            kind__in=(
                OrganisationKind.BERLIN_ADMINISTRATION,
                OrganisationKind.OTHER_PUBLIC_ADMINISTRATION,
            )
        )


class MembershipQuerySet(models.QuerySet["Membership"]):
    def active(self) -> MembershipQuerySet:
        return self.filter(state=MembershipState.ACTIVE)

    def of(self, user: Any) -> MembershipQuerySet:
        return self.filter(user=user).select_related("organisation")
