"""New entries, withdrawals, corrections by others, objections, grants and promises: what the services do."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from catalog import grants, services
from catalog.differences import compare
from catalog.enums import ObjectionState, ProposalKind, ProposalState, SolutionState
from catalog.importing import import_publiccode
from catalog.models import Objection, Proposal, ProposalReminder, Solution, TextGrant
from catalog.services import intake, maintainers, proposal_deadlines, proposals
from catalog.word_differences import Change, excerpt, merged
from osk_portal.notifications.models import Notification, OutgoingMail
from osk_portal.pages import navigation
from osk_portal.toolkit import working_days
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.catalog.claiming import fresh
from tests.catalog.factories import SolutionFactory
from tests.catalog.files import publiccode_file
from tests.factories import MembershipFactory, OrganisationFactory, staff

MONDAY = datetime(2026, 11, 23, 12, tzinfo=ZoneInfo("Europe/Berlin"))
SHORT = "Termine vergeben und Wartende aufrufen."


def told(user):
    return list(
        Notification.objects.filter(user=user).order_by("pk").values_list("kind", flat=True)
    )


def propose(
    world, person=None, organisation=None, solution=None, wording=grants.CURRENT, **changes
):
    person = person or world.stranger
    return services.submit_proposal(
        solution_id=(solution or world.solution).pk,
        author=person,
        organisation=organisation or person.memberships.get().organisation,
        changes=changes or {"short_description": SHORT},
        base_revision=1,
        wording=wording,
    )


def suggest(world, person=None, **top):
    return intake.request_file(
        requester=person or world.editor,
        name="publiccode.yml",
        data=publiccode_file(**{"url": None, "name": "Neuland", **top}),
        wording=grants.CURRENT,
    )


@pytest.fixture
def lead(world):
    return staff("lead")


@pytest.fixture
def refused(world, lead):
    proposal = propose(world)
    services.refuse_proposal(proposal.pk, actor=world.advisor, comment="Werbung.")
    proposal.refresh_from_db()
    return proposal


# Corrections by others


def test_any_member_proposes_a_correction_and_the_maintainer_is_told_and_comments(world):
    proposal = propose(world)

    assert proposal.is_open
    assert told(world.editor) == ["catalog.proposal_by_others"]
    assert told(world.colleague) == []
    with pytest.raises(TransitionNotAllowed):
        services.comment_proposal(proposal.pk, actor=world.colleague, text="Nein.")
    with pytest.raises(TransitionNotAllowed):
        services.comment_proposal(proposal.pk, actor=world.stranger, text="Ja.")
    event = services.comment_proposal(proposal.pk, actor=world.editor, text="Stimmt so.")
    assert (event.kind, event.actor, event.data) == ("commented", world.editor, {})

    services.accept_proposal(proposal.pk, actor=world.advisor, seen_revision=1)
    assert told(world.editor)[1:] == ["catalog.proposal_of_others_accepted"]
    assert told(world.stranger) == ["catalog.proposal_accepted"]
    with pytest.raises(TransitionNotAllowed):
        services.comment_proposal(proposal.pk, actor=world.editor, text="Zu spät.")


def test_a_person_has_no_more_than_some_open_proposals_for_entries_of_others(world, monkeypatch):
    monkeypatch.setattr(proposals, "MOST_OPEN", 2)
    for _ in range(2):
        propose(world, solution=SolutionFactory(), name="Neu")

    with pytest.raises(TransitionNotAllowed, match="2 offene Vorschläge"):
        propose(world, name="Neu")
    own = SolutionFactory(maintainer=world.stranger.memberships.get().organisation)
    propose(world, solution=own, name="Neu")  # what one maintains is no burden on others


@pytest.mark.parametrize("state", [SolutionState.DRAFT, SolutionState.WITHDRAWN])
def test_nothing_is_proposed_for_what_is_not_published(world, state):
    Solution.objects.update(state=state)

    with pytest.raises(TransitionNotAllowed):
        propose(world)


def test_nobody_decides_their_own_proposal_and_only_advisors_decide(world):
    proposal = propose(world)
    for person in (world.stranger, world.editor, staff("operator")):
        with pytest.raises(TransitionNotAllowed):
            services.accept_proposal(proposal.pk, actor=person, seen_revision=1)
        with pytest.raises(TransitionNotAllowed):
            services.refuse_proposal(proposal.pk, actor=person, comment="Nein.")
    Proposal.objects.update(author=world.advisor)
    with pytest.raises(TransitionNotAllowed, match="eigenen"):
        services.accept_proposal(proposal.pk, actor=world.advisor, seen_revision=1)


# The grant


def test_texts_need_the_grant_and_it_is_kept_with_person_time_and_wording(world):
    for wording in ("", "1999-01"):
        with pytest.raises(TransitionNotAllowed, match="CC0"):
            propose(world, wording=wording)
    assert not Proposal.objects.exists()

    proposal = propose(world)
    grant = TextGrant.objects.get()
    assert (grant.proposal, grant.person, grant.wording) == (
        proposal,
        world.stranger,
        grants.CURRENT,
    )


def test_facts_and_what_is_left_out_need_no_grant(world):
    propose(world, wording="", software_version="2.0", features=None)

    assert not TextGrant.objects.exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        TextGrant.objects.create(person=world.stranger, wording="x")


# New entries


def test_a_new_entry_is_published_by_the_decision_with_its_promise(world, clock):
    clock.move_to(MONDAY)
    taken = suggest(world)

    proposal = Proposal.objects.get()
    assert (proposal.kind, proposal.solution) == (ProposalKind.NEW, taken.solution)
    assert proposal.promised_on == date(2026, 12, 7)
    assert proposal.changes["name"] == "Neuland"
    assert taken.grants.get().proposal == proposal
    services.accept_proposal(proposal.pk, actor=world.advisor, seen_revision=1, comment="Gern.")

    taken.solution.refresh_from_db()
    assert taken.solution.state == SolutionState.PUBLISHED
    assert taken.solution.revision == 1  # the draft said so already
    assert told(world.editor) == ["catalog.proposal_accepted_new"]


def test_a_new_entry_is_returned_revised_and_taken_with_its_corrections(world):
    taken = suggest(world)
    proposal = Proposal.objects.get()
    services.return_proposal(proposal.pk, actor=world.advisor, seen_revision=1, comment="Kürzer.")
    taken.solution.refresh_from_db()
    assert taken.solution.state == SolutionState.DRAFT
    proposal.refresh_from_db()
    services.revise_proposal(
        proposal.pk,
        actor=world.editor,
        changes={**proposal.changes, "short_description": SHORT},
        base_revision=1,
        wording=grants.CURRENT,
    )
    services.decide_proposal(
        proposal.pk, actor=world.advisor, accepted=["short_description"], seen_revision=1
    )

    taken.solution.refresh_from_db()
    assert taken.solution.is_published
    assert taken.solution.document["description"]["de"]["shortDescription"] == SHORT


def test_a_refused_new_entry_stays_a_draft_and_may_be_suggested_again(world):
    taken = suggest(world)
    services.refuse_proposal(
        Proposal.objects.get().pk, actor=world.advisor, comment="Keine freie Software."
    )

    assert told(world.editor) == ["catalog.proposal_refused"]
    assert Solution.objects.get(pk=taken.solution_id).state == SolutionState.DRAFT
    suggest(world)
    assert Proposal.objects.filter(kind=ProposalKind.NEW).count() == 2


def test_two_organisations_suggest_the_same_and_neither_file_is_lost_or_shown(world):
    first, second = suggest(world), suggest(world, world.stranger, developmentStatus="beta")

    assert first.solution == second.solution
    mine, theirs = Proposal.objects.order_by("pk")
    assert theirs.changes["development_status"] == "beta"
    assert services.base_document(theirs) == {}
    services.accept_proposal(mine.pk, actor=world.advisor, seen_revision=1)
    with pytest.raises(services.ProposalConflict):  # its file says something else than stands there
        services.accept_proposal(theirs.pk, actor=world.advisor, seen_revision=1)
    services.decide_proposal(
        theirs.pk, actor=world.advisor, accepted=["development_status"], seen_revision=1
    )
    assert Solution.objects.get(pk=first.solution_id).document["developmentStatus"] == "beta"


# Withdrawals


def withdrawal(world, person=None, organisation=None):
    return services.submit_withdrawal(
        solution_id=world.solution.pk,
        author=person or world.editor,
        organisation=organisation or world.company,
        reason="Wird nicht mehr entwickelt.",
        base_revision=1,
    )


@pytest.mark.parametrize("who", ["colleague", "stranger", "visitor"])
def test_only_the_redaktion_of_the_maintainer_withdraws(world, who):
    with pytest.raises(TransitionNotAllowed):
        withdrawal(world, getattr(world, who))
    with pytest.raises(TransitionNotAllowed):
        withdrawal(world, world.stranger, world.stranger.memberships.get().organisation)


def test_an_accepted_withdrawal_takes_the_entry_out_and_leaves_its_text(world):
    proposal = withdrawal(world)
    services.follow_solution(solution_id=world.solution.pk, user=world.visitor)
    assert Solution.objects.get().is_published
    with pytest.raises(TransitionNotAllowed):
        propose(world, world.editor, world.company)  # one open proposal an organisation

    services.accept_proposal(proposal.pk, actor=world.advisor, seen_revision=1)

    entry = Solution.objects.get()
    assert (entry.state, entry.revision) == (SolutionState.WITHDRAWN, 1)
    assert told(world.editor) == ["catalog.proposal_accepted_withdrawal"]
    assert told(world.visitor) == ["catalog.entry_withdrawn"]


def test_a_withdrawal_is_decided_on_what_was_seen(world):
    proposal = withdrawal(world)
    import_publiccode(publiccode_file(name="Anders"))

    with pytest.raises(services.ProposalConflict):
        services.accept_proposal(proposal.pk, actor=world.advisor, seen_revision=1)
    services.withdraw_solution(world.solution.pk, actor=world.advisor)
    with pytest.raises(services.ProposalConflict, match="nicht mehr"):
        services.accept_proposal(proposal.pk, actor=world.advisor, seen_revision=2)
    assert Proposal.objects.get().is_open


def test_the_database_knows_what_a_proposal_is(world):
    proposal = propose(world)
    for wrong in (
        {"kind": ProposalKind.WITHDRAWAL},
        {"kind": ProposalKind.WITHDRAWAL, "reason": "Grund"},
        {"kind": ProposalKind.NEW, "author": None, "organisation": None},
        {"maintainer_comment": "Ohne Zeit"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Proposal.objects.filter(pk=proposal.pk).update(**wrong)


# Objections


def test_one_objection_goes_to_the_leitung_and_is_granted(world, lead, refused, clock):
    clock.move_to(MONDAY)
    with pytest.raises(TransitionNotAllowed):
        services.object_to_refusal(refused.pk, actor=world.editor, reason="Fremd.")
    objection = services.object_to_refusal(
        refused.pk, actor=world.stranger, reason="Keine Werbung."
    )
    with pytest.raises(TransitionNotAllowed):
        services.object_to_refusal(refused.pk, actor=world.stranger, reason="Noch einmal.")

    assert objection.promised_on == date(2026, 12, 7)
    assert told(lead)[-1] == "catalog.proposal_objected"
    assert "catalog.proposal_objected" not in told(world.advisor)
    with pytest.raises(services.ProposalConflict):
        services.grant_objection(refused.pk, actor=lead, answer=" ", seen_revision=1, accepted=None)
    services.grant_objection(
        refused.pk, actor=lead, answer="Sachlich.", seen_revision=1, accepted=None
    )

    refused.refresh_from_db()
    assert refused.state == ProposalState.ACCEPTED
    assert (refused.decided_by, refused.comment) == (world.advisor, "Werbung.")  # stays as said
    assert Solution.objects.get().document["description"]["de"]["shortDescription"] == SHORT
    assert told(world.stranger)[-1] == "catalog.proposal_objection_granted"
    assert list(refused.events.order_by("pk").values_list("kind", flat=True)) == [
        "submitted",
        "refused",
        "objected",
        "objection_granted",
    ]
    with pytest.raises(TransitionNotAllowed):
        services.reject_objection(refused.pk, actor=lead, answer="Doch nicht.")


def test_an_objection_is_rejected_with_a_reason_and_nothing_changes(world, lead, refused):
    services.object_to_refusal(refused.pk, actor=world.stranger, reason="Keine Werbung.")

    with pytest.raises(services.ProposalConflict):
        services.reject_objection(refused.pk, actor=lead, answer="")
    services.reject_objection(refused.pk, actor=lead, answer="Bleibt Werbung.")

    assert Objection.objects.get().state == ObjectionState.REJECTED
    assert Proposal.objects.get().state == ProposalState.REFUSED
    assert Solution.objects.get().revision == 1
    assert told(world.stranger)[-1] == "catalog.proposal_objection_rejected"


def test_neither_who_has_refused_nor_an_advisor_decides_the_objection(world, lead):
    other = staff("lead")
    proposal = propose(world)
    services.refuse_proposal(proposal.pk, actor=lead, comment="Nein.")
    services.object_to_refusal(proposal.pk, actor=world.stranger, reason="Doch.")
    assert "catalog.proposal_objected" not in told(lead)

    for person in (lead, world.advisor, world.stranger):
        with pytest.raises(TransitionNotAllowed):
            services.grant_objection(
                proposal.pk, actor=person, answer="Ja.", seen_revision=1, accepted=None
            )
        with pytest.raises(TransitionNotAllowed):
            services.reject_objection(proposal.pk, actor=person, answer="Nein.")
    services.reject_objection(proposal.pk, actor=other, answer="Nein.")


def test_where_the_only_leitung_has_refused_another_advisor_decides(world, client):
    lead = staff("lead")
    proposal = propose(world)
    services.refuse_proposal(proposal.pk, actor=lead, comment="Nein.")
    services.object_to_refusal(proposal.pk, actor=world.stranger, reason="Doch.")
    assert told(world.advisor)[-1] == told(world.second_advisor)[-1] == "catalog.proposal_objected"
    assert "catalog.proposal_objected" not in told(lead)
    mail = OutgoingMail.objects.filter(kind="catalog.proposal_objected").first()
    assert "weder abgelehnt noch selbst gemacht" in mail.body

    page = reverse("admin:catalog_proposal_review", args=[proposal.public_id])
    client.force_login(world.advisor)
    shown = client.get(page).content.decode()
    assert "Niemand aus der Leitung darf" in shown
    assert 'value="grant"' in shown
    client.force_login(lead)
    assert 'value="grant"' not in client.get(page).content.decode()
    with pytest.raises(TransitionNotAllowed):
        services.reject_objection(proposal.pk, actor=lead, answer="Nein.")

    services.grant_objection(
        proposal.pk, actor=world.second_advisor, answer="Ja.", seen_revision=1, accepted=None
    )
    assert fresh(proposal).state == ProposalState.ACCEPTED


def test_the_side_list_counts_for_advisors_the_objections_that_no_leitung_may_decide(world, rf):
    def waiting(person):
        request = rf.get("/")
        request.user = person
        sections = {section.key: section for section in navigation.work(request)}
        return {entry.label: entry.count for entry in sections["catalog"].entries}["Widersprüche"]

    first = staff("lead")
    proposal = propose(world)
    services.refuse_proposal(proposal.pk, actor=first, comment="Nein.")
    services.object_to_refusal(proposal.pk, actor=world.stranger, reason="Doch.")
    assert waiting(world.advisor) == waiting(first) == 1

    staff("lead")
    assert (waiting(world.advisor), waiting(first)) == (0, 1)


def test_an_advisor_who_has_refused_does_not_stand_in_for_nobody(world):
    proposal = propose(world)
    services.refuse_proposal(proposal.pk, actor=world.advisor, comment="Nein.")
    services.object_to_refusal(proposal.pk, actor=world.stranger, reason="Doch.")

    assert "catalog.proposal_objected" not in told(world.advisor)
    with pytest.raises(TransitionNotAllowed):
        services.reject_objection(proposal.pk, actor=world.advisor, answer="Nein.")
    services.reject_objection(proposal.pk, actor=world.second_advisor, answer="Nein.")


def test_an_overturned_refusal_overwrites_nothing_unseen(world, lead, refused):
    services.object_to_refusal(refused.pk, actor=world.stranger, reason="Doch.")
    import_publiccode(publiccode_file(("description.de.shortDescription", "Vom OSK geändert.")))

    for revision, accepted in ((1, None), (2, None), (2, [])):
        with pytest.raises(services.ProposalConflict):
            services.grant_objection(
                refused.pk, actor=lead, answer="Ja.", seen_revision=revision, accepted=accepted
            )
    assert Objection.objects.get().is_open
    services.grant_objection(
        refused.pk, actor=lead, answer="Ja.", seen_revision=2, accepted=["short_description"]
    )
    assert Solution.objects.get().document["description"]["de"]["shortDescription"] == SHORT


def test_an_objection_is_taken_back_and_there_is_no_second(world, refused):
    services.object_to_refusal(refused.pk, actor=world.stranger, reason="Doch.")
    with pytest.raises(TransitionNotAllowed):
        services.withdraw_objection(refused.pk, actor=world.editor)
    services.withdraw_objection(refused.pk, actor=world.stranger)

    for again in (services.withdraw_objection, services.object_to_refusal):
        words = {"reason": "Doch."} if again is services.object_to_refusal else {}
        with pytest.raises(TransitionNotAllowed):
            again(refused.pk, actor=world.stranger, **words)


def test_an_objection_against_the_refusal_of_a_withdrawal_or_a_new_entry(world, lead):
    suggest(world, world.stranger)
    for proposal in (withdrawal(world), Proposal.objects.get(kind=ProposalKind.NEW)):
        services.refuse_proposal(proposal.pk, actor=world.advisor, comment="Nein.")
        services.object_to_refusal(proposal.pk, actor=proposal.author, reason="Doch.")
        services.grant_objection(
            proposal.pk, actor=lead, answer="Ja.", seen_revision=1, accepted=None
        )

    assert dict(Solution.objects.values_list("name", "state")) == {
        "Terminplaner": SolutionState.WITHDRAWN,
        "Neuland": SolutionState.PUBLISHED,
    }


def test_who_has_lost_the_entry_does_not_get_it_withdrawn_by_an_objection(world, lead):
    proposal = withdrawal(world)
    services.refuse_proposal(proposal.pk, actor=world.advisor, comment="Nein.")
    services.object_to_refusal(proposal.pk, actor=world.editor, reason="Doch.")
    maintainers.give_back(world.maintainership.pk, actor=world.editor)

    with pytest.raises(services.ProposalConflict, match="betreut den Eintrag nicht mehr"):
        services.grant_objection(
            proposal.pk, actor=lead, answer="Ja.", seen_revision=1, accepted=None
        )

    assert Solution.objects.get().is_published
    services.reject_objection(proposal.pk, actor=lead, answer="Sie betreuen ihn nicht mehr.")


def test_a_correction_of_an_entry_that_has_left_the_catalog_is_not_taken_over(world):
    proposal = propose(world)
    services.withdraw_solution(world.solution.pk, actor=world.advisor)

    with pytest.raises(services.ProposalConflict, match="nicht mehr"):
        services.accept_proposal(proposal.pk, actor=world.advisor, seen_revision=1)

    assert Solution.objects.get().revision == 1
    services.refuse_proposal(proposal.pk, actor=world.advisor, comment="Der Eintrag ist weg.")


@pytest.mark.parametrize("is_new", [True, False])
def test_who_is_of_the_redaktion_no_more_does_not_go_on_with_what_needs_it(world, is_new):
    if is_new:
        suggest(world)
        proposal = Proposal.objects.get(kind=ProposalKind.NEW)
    else:
        proposal = withdrawal(world)
    services.return_proposal(proposal.pk, actor=world.advisor, seen_revision=1, comment="Warum?")
    assert Proposal.objects.returned_to(world.editor).exists()
    world.editor.memberships.update(is_editor=False)

    with pytest.raises(TransitionNotAllowed):
        services.revise_proposal(
            proposal.pk, actor=fresh(world.editor), changes={}, base_revision=1, reason="Darum."
        )
    assert not Proposal.objects.returned_to(world.editor).exists()


def test_a_colleague_goes_on_with_what_somebody_has_left_behind(world):
    office = OrganisationFactory(authority=True)
    author, colleague = (MembershipFactory(organisation=office).user for _ in range(2))
    proposal = propose(world, author, office)
    services.return_proposal(proposal.pk, actor=world.advisor, seen_revision=1, comment="Warum?")
    assert not Proposal.objects.returned_to(colleague).exists()
    with pytest.raises(TransitionNotAllowed):
        services.withdraw_proposal(proposal.pk, actor=colleague)

    author.memberships.all().delete()

    assert Proposal.objects.returned_to(colleague).get() == proposal
    assert not Proposal.objects.returned_to(world.stranger).exists()
    for person in (fresh(author), world.stranger):
        with pytest.raises(TransitionNotAllowed):
            services.withdraw_proposal(proposal.pk, actor=person)
    services.withdraw_proposal(proposal.pk, actor=colleague)
    assert propose(world, colleague, office).is_open  # nothing stands in the way any more


# Promises


def test_promises_are_told_once_each_and_in_office_hours_only(world, clock):
    clock.move_to(MONDAY)
    proposal = propose(world)
    words = proposal.promise.replace("\N{NO-BREAK SPACE}", " ")
    assert words == "Entscheidung bis Montag, 7. Dezember 2026 (noch 10 Arbeitstage)"
    before = told(world.advisor)

    assert proposal_deadlines.remind() == 0
    clock.move_to(MONDAY + timedelta(days=10, hours=11))  # three days before, at night
    assert proposal_deadlines.remind() == 0
    clock.move_to(MONDAY + timedelta(days=11))
    assert proposal_deadlines.remind() == 1
    assert proposal_deadlines.remind() == 0
    clock.move_to(MONDAY + timedelta(days=15))
    assert working_days.days_left(proposal.promised_on) == "seit 1 Arbeitstag überfällig"
    assert proposal_deadlines.remind() == 1
    assert proposal_deadlines.remind() == 0
    assert told(world.advisor)[len(before) :] == [
        "catalog.proposal_due_soon",
        "catalog.proposal_overdue",
    ]
    services.refuse_proposal(proposal.pk, actor=world.advisor, comment="Nein.")
    assert proposal_deadlines.remind() == 0
    assert ProposalReminder.objects.count() == 2


def test_the_promise_about_an_objection_is_told_to_the_leitung(world, lead, refused, clock):
    clock.move_to(MONDAY)
    services.object_to_refusal(refused.pk, actor=world.stranger, reason="Doch.")
    clock.move_to(MONDAY + timedelta(days=15))

    assert proposal_deadlines.remind() == 1
    assert proposal_deadlines.remind() == 0
    assert told(lead)[-1] == "catalog.proposal_overdue"
    assert "catalog.proposal_overdue" not in told(world.advisor)


# Differences


def test_a_long_text_is_shown_as_one_with_its_changes_inside():
    old = "Der Anfang bleibt. " + "Ein Satz steht hier. " * 40 + "Das Ende auch."
    new = old.replace("Das Ende", "Der Schluss")

    parts = merged(old, new)
    shown = excerpt(parts)

    assert [(p.text, p.change) for p in parts[1:]] == [
        ("Das Ende", Change.REMOVED),
        ("Der Schluss", Change.ADDED),
        (" auch.", Change.SAME),
    ]
    assert shown[0].change == Change.GAP
    assert sum(len(p.text) for p in shown) < 200


def test_lists_say_what_comes_and_what_goes():
    [found] = compare(
        {"features": ["A", "C", "D"]},
        base={},
        published={"description": {"de": {"features": ["A", "B", "C"]}}},
    )

    assert [(p.text, p.change) for p in found.parts] == [
        ("A", Change.SAME),
        ("B", Change.REMOVED),
        ("C", Change.SAME),
        ("D", Change.ADDED),
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a " * 50_000, "a " * 49_000 + "b"),
        ("a b " * 25_000, "b a c " * 17_000),
        ("x\n" * 50_000, "y\nx\n" * 25_000),
        (" " * 100_000, "\n" * 100_000),
        ("ab" * 50_000, "ba" * 50_000),
        ("a, b. " * 400, "b. a, " * 400),
    ],
)
def test_huge_and_repeating_texts_are_compared_fast_and_lose_nothing(old, new):
    started = time.process_time()
    parts = merged(old, new)

    assert time.process_time() - started < 2
    assert "".join(p.text for p in parts if p.change != Change.ADDED) == old
    assert "".join(p.text for p in parts if p.change != Change.REMOVED) == new
