"""Hand-over, giving back, taking away, and the end of an organisation."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from catalog import services
from catalog.enums import (
    ClaimState,
    MaintainershipAction,
    MaintainershipEnd,
    MaintainershipState,
    ProposalState,
)
from catalog.models import Maintainership, Source
from catalog.services import claims, maintainers
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.catalog.claiming import agrees, fresh, kinds, told
from tests.factories import MembershipFactory, OrganisationFactory

pytestmark = pytest.mark.django_db


def test_one_maintainer_at_most_by_the_database(world, claiming):
    with pytest.raises(IntegrityError), transaction.atomic():
        Maintainership.objects.create(solution=world.solution, organisation=claiming.office)
    with pytest.raises(IntegrityError), transaction.atomic():
        Maintainership.objects.filter(pk=world.maintainership.pk).update(state="lost")
    with pytest.raises(IntegrityError), transaction.atomic():
        Maintainership.objects.filter(pk=world.maintainership.pk).update(offered_to=world.company)


@pytest.mark.parametrize("state", MaintainershipState)
@pytest.mark.parametrize("action", MaintainershipAction)
def test_the_table_says_what_is_allowed(state, action):
    row = Maintainership(state=state)

    running = state in (MaintainershipState.ACTIVE, MaintainershipState.CONTESTED)
    only_active = (MaintainershipAction.OFFER, MaintainershipAction.HAND_OVER)
    expected = state == MaintainershipState.ACTIVE if action in only_active else running
    if action is MaintainershipAction.SETTLE:
        expected = state == MaintainershipState.CONTESTED
    assert row.can(action) == expected


def test_an_entry_is_handed_over_when_the_other_accepts(world, claiming):
    proposal = services.submit_proposal(
        solution_id=world.solution.pk, author=world.editor, organisation=world.company,
        changes={"name": "TP"}, base_revision=1,
    )  # fmt: skip
    offered = claiming.offer()
    assert agrees(world.solution)
    assert fresh(world.solution).maintainer == world.company
    assert told(claiming.editor) == told(claiming.manager) == ["catalog.maintainership_offered"]
    assert told(claiming.member) == []

    successor = maintainers.accept_offer(offered.pk, actor=claiming.manager)

    assert agrees(world.solution)
    assert fresh(world.solution).maintainer == claiming.office
    former = fresh(offered)
    assert (former.state, former.offered_to, former.end) == ("handed_over", None, "")
    assert former.ended_at is not None
    assert kinds(former) == ["offered", "handed_over"]
    assert successor.events.get().data == {"handed_over": former.pk}
    assert fresh(proposal).state == ProposalState.WITHDRAWN
    assert told(world.editor) == ["catalog.maintainership_handed_over"]
    assert "catalog.maintainership_handed_over" in told(world.advisor)
    with pytest.raises(TransitionNotAllowed):
        maintainers.accept_offer(offered.pk, actor=claiming.manager)
    assert Maintainership.objects.count() == 2


def test_whoever_was_offered_an_entry_hears_that_it_is_gone(world, claiming):
    offered = claiming.offer()

    maintainers.give_back(offered.pk, actor=world.editor)

    assert told(claiming.editor)[1:] == ["catalog.maintainership_offer_withdrawn"]
    assert kinds(fresh(offered)) == ["offered", "offer_withdrawn", "lost"]


@pytest.mark.parametrize("how", ["handed over", "given back"])
def test_trust_in_the_file_ends_with_its_maintainer(world, claiming, how):
    source = Source.objects.create(
        solution=world.solution, repository=world.solution.document["url"], is_trusted=True
    )
    if how == "handed over":
        maintainers.accept_offer(claiming.offer().pk, actor=claiming.manager)
    else:
        maintainers.give_back(world.maintainership.pk, actor=world.editor)

    assert not fresh(source).is_trusted
    assert world.solution.events.filter(kind="source_untrusted").count() == 1


def test_an_offer_is_declined_or_taken_back(world, claiming):
    offered = claiming.offer()
    offer = {"to": claiming.office, "actor": world.editor}
    assert maintainers.offer_maintainership(offered.pk, **offer) is None  # twice
    with pytest.raises(TransitionNotAllowed):
        maintainers.offer_maintainership(
            offered.pk, to=world.stranger.memberships.get().organisation, actor=world.editor
        )

    maintainers.decline_offer(offered.pk, actor=claiming.editor)

    assert fresh(offered).offered_to is None
    assert told(world.editor) == ["catalog.maintainership_declined"]
    with pytest.raises(TransitionNotAllowed):
        maintainers.decline_offer(offered.pk, actor=claiming.editor)
    maintainers.offer_maintainership(offered.pk, **offer)
    maintainers.withdraw_offer(offered.pk, actor=claiming.company_manager)
    assert maintainers.withdraw_offer(offered.pk, actor=world.editor) is None
    assert told(claiming.editor)[-1] == "catalog.maintainership_offer_withdrawn"
    with pytest.raises(TransitionNotAllowed):
        maintainers.accept_offer(offered.pk, actor=claiming.editor)
    assert agrees(world.solution)
    assert kinds(offered) == ["offered", "declined", "offered", "offer_withdrawn"]


@pytest.mark.parametrize("who", ["colleague", "stranger", "visitor"])
def test_only_who_speaks_for_the_organisation_gives_away(world, claiming, who):
    person = getattr(world, who)
    with pytest.raises(PermissionDenied):
        maintainers.offer_maintainership(world.maintainership.pk, to=claiming.office, actor=person)
    for act in (maintainers.give_back, maintainers.withdraw_offer):
        with pytest.raises(PermissionDenied):
            act(world.maintainership.pk, actor=person)
    claiming.offer()
    for act in (maintainers.accept_offer, maintainers.decline_offer):
        with pytest.raises(PermissionDenied):
            act(world.maintainership.pk, actor=person)
        with pytest.raises(PermissionDenied):
            act(world.maintainership.pk, actor=claiming.member)
    with pytest.raises(PermissionDenied):
        maintainers.take_away(
            world.maintainership.pk, why=MaintainershipEnd.OTHER, reason="x", actor=world.editor
        )
    assert agrees(world.solution)


def test_nobody_is_offered_who_cannot_accept(world, claiming):
    empty = OrganisationFactory()
    for to in (empty, world.company):
        with pytest.raises(TransitionNotAllowed):
            maintainers.offer_maintainership(world.maintainership.pk, to=to, actor=world.editor)


def test_while_it_is_contested_it_is_not_handed_over(world, claiming):
    third = MembershipFactory(editor=True)
    maintainers.offer_maintainership(
        world.maintainership.pk, to=third.organisation, actor=world.editor
    )
    claiming.ready()

    with pytest.raises(TransitionNotAllowed, match="entschieden"):
        maintainers.accept_offer(world.maintainership.pk, actor=third.user)
    maintainers.decline_offer(world.maintainership.pk, actor=third.user)
    with pytest.raises(TransitionNotAllowed):
        claiming.offer()


def test_a_handed_over_entry_settles_the_claim_of_who_gets_it(world, claiming):
    claim = claiming.claim()
    claiming.offer()
    maintainers.accept_offer(world.maintainership.pk, actor=claiming.editor)

    assert (fresh(claim).state, kinds(claim)[-1]) == (ClaimState.WITHDRAWN, "settled")


def test_giving_back_leaves_the_entry_to_the_osk(world, claiming):
    contest = claiming.ready()

    maintainers.give_back(world.maintainership.pk, actor=claiming.company_manager)

    assert maintainers.give_back(world.maintainership.pk, actor=world.editor) is None
    assert agrees(world.solution)
    assert fresh(world.solution).maintainer is None
    assert told(world.editor)[-1] == "catalog.maintainership_lost"
    assert told(world.advisor)[-1] == "catalog.maintainership_given_back"
    contest = fresh(contest)
    assert contest.against is None  # nobody is left to answer
    claiming.accept(contest)
    assert agrees(world.solution)


def test_an_advisor_takes_away_with_a_reason(world, claiming):
    event = maintainers.take_away(
        world.maintainership.pk,
        why=MaintainershipEnd.UNREACHABLE,
        reason="Seit Monaten keine Antwort.",
        actor=world.advisor,
    )

    assert (event.actor, event.data) == (world.advisor, {"because": "unreachable"})
    lost = fresh(world.maintainership)
    assert (lost.state, lost.end, lost.reason) == (
        "lost",
        "unreachable",
        "Seit Monaten keine Antwort.",
    )
    assert told(world.editor) == ["catalog.maintainership_lost"]
    assert told(world.advisor) == []
    assert agrees(world.solution)


def test_the_end_of_an_organisation_ends_all_that_it_had(world, claiming):
    own = claiming.claim()
    claiming.offer()
    services.set_additions(world.solution.pk, alternatives=["X"])
    assert maintainers.release_organisation(claiming.office.pk, actor=world.advisor) == 0

    assert (fresh(own).state, kinds(own)[-1]) == (ClaimState.WITHDRAWN, "closed")
    assert fresh(world.maintainership).offered_to is None
    maintainers.take_away(
        world.maintainership.pk, why=MaintainershipEnd.CLOSED, reason="Aufgelöst.", actor=world.advisor
    )  # fmt: skip
    assert agrees(world.solution)
    assert claims.lapse_claims() == 0


def test_additions_lock_what_was_proposed_before_the_entry(world, claiming):
    """As every other way to another maintainer: two of them at once wait, and never for each other."""
    proposal = services.submit_proposal(
        solution_id=world.solution.pk, author=world.editor, organisation=world.company,
        changes={"software_version": "3.0"}, base_revision=1,
    )  # fmt: skip
    with CaptureQueriesContext(connection) as asked:
        services.set_additions(world.solution.pk, maintainer=claiming.office)

    locks = [q["sql"] for q in asked if "FOR UPDATE" in q["sql"]]
    assert "catalog_proposal" in locks[0].split("FROM")[1]
    assert agrees(world.solution)
    assert fresh(proposal).state == ProposalState.WITHDRAWN
    assert fresh(world.solution).maintainer == claiming.office
