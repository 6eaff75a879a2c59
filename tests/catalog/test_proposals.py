from __future__ import annotations

import threading
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, transaction

from catalog import services
from catalog.enums import ProposalAction, ProposalState
from catalog.grants import CURRENT
from catalog.importing import import_publiccode
from catalog.models import Proposal, ProposalEvent, Solution
from osk_portal.notifications.models import Notification
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.catalog.conftest import World
from tests.catalog.files import publiccode_file

SHORT = "Termine vergeben und Wartende aufrufen."


def submit(world, **changes):
    return services.submit_proposal(
        solution_id=world.solution.pk,
        author=world.editor,
        organisation=world.company,
        changes=changes or {"short_description": SHORT},
        base_revision=world.solution.revision,
        reason="Version 2 ist da.",
        wording=CURRENT,
    )


def short(solution):
    solution.refresh_from_db()
    return solution.document["description"]["de"]["shortDescription"]


def told(user):
    return list(Notification.objects.filter(user=user).values_list("kind", flat=True))


def test_submitting_promises_a_decision_and_tells_the_advisors(world, clock):
    clock.move_to(datetime(2026, 11, 23, 12, tzinfo=ZoneInfo("Europe/Berlin")))

    proposal = submit(world)

    assert proposal.state == ProposalState.OPEN
    assert proposal.promised_on == date(2026, 12, 7)
    assert proposal.events.get().kind == "submitted"
    assert told(world.advisor) == ["catalog.proposal_submitted"]
    assert told(world.second_advisor) == ["catalog.proposal_submitted"]
    assert told(world.editor) == []
    assert short(world.solution) != SHORT


def test_a_second_open_proposal_is_refused_by_service_and_database(world):
    submit(world)

    with pytest.raises(TransitionNotAllowed):
        submit(world)
    with pytest.raises(IntegrityError), transaction.atomic():
        Proposal.objects.create(
            solution=world.solution,
            organisation=world.company,
            author=world.editor,
            changes={},
            base_revision=1,
            promised_on=date(2026, 12, 1),
        )


def test_only_members_propose_for_their_organisation(world):
    with pytest.raises(TransitionNotAllowed):
        services.submit_proposal(
            solution_id=world.solution.pk,
            author=world.stranger,
            organisation=world.company,
            changes={"name": "X"},
            base_revision=1,
        )


def test_accepting_changes_entry_revision_and_search_at_once(world):
    proposal = submit(world, short_description=SHORT, alternatives_none=None)
    proposal.changes = {"short_description": SHORT, "features": ["Rückruf anbieten"]}
    proposal.save()

    event = services.accept_proposal(
        proposal.pk, actor=world.advisor, seen_revision=world.solution.revision
    )

    assert short(world.solution) == SHORT
    assert world.solution.revision == 2
    assert "rueckruf" in world.solution.search_document.folded
    revision = world.solution.revisions.first()
    assert (revision.origin, revision.author, revision.organisation) == (
        "proposal",
        world.editor,
        world.company,
    )
    assert (event.kind, event.from_state, event.actor) == ("accepted", "open", world.advisor)
    assert event.data == {"fields": ["features", "short_description"]}
    assert told(world.editor) == ["catalog.proposal_accepted"]


def test_part_is_accepted_and_the_rest_returned_with_a_comment(world):
    proposal = submit(world, short_description=SHORT, name="Terminplaner 2")

    with pytest.raises(services.ProposalConflict):
        services.decide_proposal(
            proposal.pk, actor=world.advisor, accepted=["name"], seen_revision=1, comment=" "
        )
    services.decide_proposal(
        proposal.pk,
        actor=world.advisor,
        accepted=["name", "unknown"],
        seen_revision=1,
        comment="Bitte kürzer.",
    )

    proposal.refresh_from_db()
    world.solution.refresh_from_db()
    assert world.solution.name == "Terminplaner 2"
    assert short(world.solution) != SHORT
    assert proposal.state == ProposalState.RETURNED
    assert proposal.accepted_fields == ["name"]
    assert list(proposal.changes) == ["short_description"]
    assert told(world.editor) == ["catalog.proposal_returned"]


def test_returning_and_refusing_need_words_and_change_nothing(world):
    proposal = submit(world)

    with pytest.raises(services.ProposalConflict):
        services.return_proposal(proposal.pk, actor=world.advisor, seen_revision=1, comment="")
    with pytest.raises(services.ProposalConflict):
        services.refuse_proposal(proposal.pk, actor=world.advisor, comment="  ")
    services.refuse_proposal(proposal.pk, actor=world.advisor, comment="Werbung.")

    proposal.refresh_from_db()
    assert proposal.state == ProposalState.REFUSED
    assert short(world.solution) != SHORT
    assert told(world.editor) == ["catalog.proposal_refused"]


def test_a_returned_proposal_is_submitted_again_with_a_new_promise(world, clock):
    clock.move_to(datetime(2026, 11, 23, 12, tzinfo=ZoneInfo("Europe/Berlin")))
    proposal = submit(world)
    services.return_proposal(proposal.pk, actor=world.advisor, seen_revision=1, comment="Kürzer.")
    clock.move_to(datetime(2026, 12, 1, 12, tzinfo=ZoneInfo("Europe/Berlin")))

    services.revise_proposal(
        proposal.pk, actor=world.editor, changes={"name": "TP"}, base_revision=1, reason=""
    )

    proposal.refresh_from_db()
    assert proposal.state == ProposalState.OPEN
    assert proposal.promised_on == date(2026, 12, 15)
    assert proposal.changes == {"name": "TP"}
    assert told(world.advisor).count("catalog.proposal_submitted") == 2


def test_a_conflict_overwrites_nothing_until_it_is_decided_field_by_field(world):
    proposal = submit(world, short_description=SHORT, name="Terminplaner 2")
    import_publiccode(publiccode_file(("description.de.shortDescription", "Vom OSK geändert.")))

    with pytest.raises(services.ProposalConflict, match=r".+"):  # the advisor saw revision 1
        services.accept_proposal(proposal.pk, actor=world.advisor, seen_revision=1)
    with pytest.raises(services.ProposalConflict):  # saw it, but did not choose
        services.accept_proposal(proposal.pk, actor=world.advisor, seen_revision=2)
    assert short(world.solution) == "Vom OSK geändert."
    assert Proposal.objects.get().is_open

    services.decide_proposal(
        proposal.pk,
        actor=world.advisor,
        accepted=["name", "short_description"],
        seen_revision=2,
    )
    assert short(world.solution) == SHORT


def test_a_change_elsewhere_is_no_conflict(world):
    proposal = submit(world)
    import_publiccode(publiccode_file(landingURL="https://termine.example/"))

    services.accept_proposal(proposal.pk, actor=world.advisor, seen_revision=2)

    world.solution.refresh_from_db()
    assert short(world.solution) == SHORT
    assert world.solution.document["landingURL"] == "https://termine.example/"


def test_what_would_break_the_entry_is_not_accepted(world):
    proposal = submit(world, licence="Frei")

    with pytest.raises(services.ProposalConflict, match=r"legal\.license"):
        services.accept_proposal(proposal.pk, actor=world.advisor, seen_revision=1)

    assert Proposal.objects.get().is_open


ACTIONS = {
    ProposalAction.ACCEPT: lambda p, w: services.accept_proposal(
        p.pk, actor=w.advisor, seen_revision=1
    ),
    ProposalAction.RETURN: lambda p, w: services.return_proposal(
        p.pk, actor=w.advisor, seen_revision=1, comment="Nein."
    ),
    ProposalAction.REFUSE: lambda p, w: services.refuse_proposal(
        p.pk, actor=w.advisor, comment="Nein."
    ),
    ProposalAction.WITHDRAW: lambda p, w: services.withdraw_proposal(p.pk, actor=w.editor),
    ProposalAction.OVERTURN: lambda p, w: services.object_to_refusal(
        p.pk, actor=w.editor, reason="Doch."
    ),
    ProposalAction.REVISE: lambda p, w: services.revise_proposal(
        p.pk, actor=w.editor, changes={"name": "N"}, base_revision=1
    ),
}


@pytest.mark.parametrize("state", ProposalState)
@pytest.mark.parametrize("action", ProposalAction)
def test_every_transition_over_every_state(world, action, state):
    proposal = submit(world)
    Proposal.objects.filter(pk=proposal.pk).update(
        state=state,
        decided_by=world.advisor,
        decided_at=proposal.submitted_at,
        comment="Schon entschieden.",
    )
    if state in Proposal.ALLOWED[action]:
        ACTIONS[action](proposal, world)
        assert proposal.events.last().from_state == state
    else:
        with pytest.raises(TransitionNotAllowed):
            ACTIONS[action](proposal, world)
        proposal.refresh_from_db()
        assert proposal.state == state
        assert proposal.events.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_advisors_at_once_decide_once():
    world = World()
    proposal = submit(world)
    start = threading.Barrier(2)
    results: list[str] = []

    def decide(advisor):
        try:
            start.wait(timeout=10)
            services.accept_proposal(proposal.pk, actor=advisor, seen_revision=1)
            results.append("done")
        except TransitionNotAllowed:
            results.append("too late")
        finally:
            connection.close()

    threads = [
        threading.Thread(target=decide, args=(advisor,))
        for advisor in (world.advisor, world.second_advisor)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert sorted(results) == ["done", "too late"]
    assert ProposalEvent.objects.filter(kind="accepted").count() == 1
    assert Solution.objects.get().revision == 2
    assert told(world.editor) == ["catalog.proposal_accepted"]
