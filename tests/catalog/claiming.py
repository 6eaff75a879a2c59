"""What the tests of claims and maintained entries have in common."""

from __future__ import annotations

import pytest

from catalog.enums import Proof
from catalog.models import Claim, Maintainership, Solution
from catalog.services import claims, maintainers
from osk_portal.notifications.models import Notification
from tests.factories import MembershipFactory, OrganisationFactory

WHY = "Wir entwickeln die Lösung."


class Claiming:
    """The world, with an authority that claims: its Redaktion, a manager without it, a plain member."""

    def __init__(self, world):
        self.world = world
        self.office = OrganisationFactory(authority=True, name="Landesamt für Beispiele")
        self.office.domains.create(domain="lfb.example.org")
        self.editor = MembershipFactory(organisation=self.office, editor=True).user
        self.manager = MembershipFactory(organisation=self.office, manager=True).user
        self.member = MembershipFactory(organisation=self.office).user
        self.company_manager = MembershipFactory(organisation=world.company, manager=True).user

    def free(self):
        """Nobody maintains the entry."""
        Maintainership.objects.all().delete()
        Solution.objects.update(maintainer=None)
        self.world.solution.refresh_from_db()
        return self

    def claim(self, proof=Proof.CODE, **fields):
        given = {
            "solution_id": self.world.solution.pk,
            "organisation": self.office,
            "author": self.editor,
            "proof": proof,
            "statement": WHY,
            **fields,
        }
        return claims.submit_claim(**given)

    def ready(self, **fields):
        """With a letter on paper, so that there is something to decide on."""
        claim = self.claim(Proof.LETTER, **fields)
        claims.note_letter(
            claim.pk, actor=self.world.advisor, received_on=claim.submitted_at.date()
        )
        return fresh(claim)

    def accept(self, claim, reason="Belegt."):
        return claims.accept_claim(claim.pk, actor=self.world.advisor, reason=reason)

    def offer(self):
        maintainers.offer_maintainership(
            self.world.maintainership.pk, to=self.office, actor=self.world.editor
        )
        return fresh(self.world.maintainership)


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def told(user):
    return list(
        Notification.objects.filter(user=user).order_by("pk").values_list("kind", flat=True)
    )


def agrees(solution):
    """The column says what the rows say."""
    column = Solution.objects.values_list("maintainer", flat=True).get(pk=solution.pk)
    rows = Maintainership.objects.running().filter(solution=solution)
    return [column] == (list(rows.values_list("organisation", flat=True)) or [None])


def kinds(row):
    return list(row.events.values_list("kind", flat=True))


@pytest.fixture
def claiming(world):
    return Claiming(world)


__all__ = ["WHY", "Claim", "Claiming", "agrees", "claiming", "fresh", "kinds", "told"]
