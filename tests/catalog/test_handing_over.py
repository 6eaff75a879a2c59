"""Who leaves an organisation leaves proposals and begun descriptions to colleagues."""

from __future__ import annotations

import pytest
from django.urls import reverse

from catalog import grants, services
from catalog.models import EntryDraft, Proposal
from catalog.services import drafts
from network import leaving
from osk_portal import portal
from tests.catalog.claiming import fresh
from tests.factories import MembershipFactory, OrganisationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def leaver(world):
    """Of the Redaktion, with a proposal and a begun description; and a colleague of the Redaktion."""
    membership = world.editor.memberships.get()
    MembershipFactory(organisation=world.company, manager=True)
    membership.successor = MembershipFactory(organisation=world.company, editor=True)
    membership.proposal = services.submit_proposal(
        solution_id=world.solution.pk, author=world.editor, organisation=world.company,
        changes={"software_version": "3.0"}, base_revision=1, wording=grants.CURRENT,
    )  # fmt: skip
    membership.draft = drafts.begin_draft(author=world.editor)
    drafts.save_draft(
        membership.draft.pk, author=world.editor, values={"name": "Geheimplan"}, seen_version=0
    )
    return membership


def rows(membership, viewer):
    return {offer.key: row.title for offer, row in leaving.rows_of(membership, viewer)}


def test_both_stand_on_the_hand_over_page_and_go_to_the_successor(world, leaver, client):
    own = rows(leaver, world.editor)
    assert own == {"catalog_proposals": "Terminplaner", "catalog_drafts": "Geheimplan"}
    manager = world.company.memberships.get(is_manager=True).user
    assert "Geheimplan" not in rows(leaver, manager)["catalog_drafts"]  # nobody else's to read yet

    settled = leaving.end_membership(
        membership_id=leaver.pk,
        actor=manager,
        choice=leaving.Choice({}, leaver.successor.public_id),
    )

    assert (settled.handed_over, settled.left) == (2, 0)
    successor = leaver.successor.user
    proposal = fresh(leaver.proposal)
    assert proposal.author == successor
    event = proposal.events.last()
    assert (event.kind, event.data["successor"]) == ("handed_over", successor.pk)
    client.force_login(successor)
    assert "An eine Kollegin oder einen Kollegen" in client.get(proposal.get_absolute_url()).text
    assert "Geheimplan" in client.get(leaver.draft.get_absolute_url()).text
    services.return_proposal(
        proposal.pk, actor=world.advisor, seen_revision=1, comment="Bitte belegen."
    )
    kinds = list(successor.notifications.values_list("kind", flat=True))
    assert kinds == ["catalog.proposal_returned"]
    client.force_login(world.editor)
    assert client.get(leaver.draft.get_absolute_url()).status_code == 403


def test_what_is_over_or_of_somebody_else_stays(world, leaver):
    given = {"person": world.editor, "successor": leaver.successor.user, "actor": world.editor}
    offers = portal.handovers
    proposals, begun = offers.get("catalog_proposals"), offers.get("catalog_drafts")
    member = MembershipFactory(organisation=world.company).user
    assert not begun.hand_over(public_id=leaver.draft.public_id, **{**given, "successor": member})
    assert not begun.hand_over(
        public_id=leaver.draft.public_id, **{**given, "person": world.colleague}
    )
    assert begun.hand_over(public_id=leaver.draft.public_id, **given)
    assert not begun.hand_over(public_id=leaver.draft.public_id, **given)
    assert proposals.hand_over(public_id=leaver.proposal.public_id, **given)
    assert not proposals.hand_over(public_id=leaver.proposal.public_id, **given)
    services.withdraw_proposal(leaver.proposal.pk, actor=leaver.successor.user)
    back = {**given, "person": leaver.successor.user, "successor": world.editor}
    assert not proposals.hand_over(public_id=leaver.proposal.public_id, **back)
    assert Proposal.objects.get().author == leaver.successor.user


def test_a_description_belongs_to_the_organisation_that_was_chosen(world, client):
    office = OrganisationFactory()
    MembershipFactory(user=world.editor, organisation=office, editor=True)
    draft = drafts.begin_draft(author=world.editor)
    assert draft.organisation is None
    client.force_login(world.editor)
    address = reverse("catalog:entry_form", args=[draft.public_id])
    client.post(address, {"action": "save", "version": 0, "organisation": str(office.pk)})

    assert EntryDraft.objects.to_hand_over(world.editor, office).get() == draft
    assert not EntryDraft.objects.to_hand_over(world.editor, world.company).exists()
    assert f'value="{office.pk}"' in client.get(address).text
