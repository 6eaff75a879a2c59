"""Claims from the proof to the decision, and contests."""

from __future__ import annotations

import threading
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction

from catalog import named, services
from catalog.enums import ClaimState, MaintainershipState, Proof, ProposalState
from catalog.importing import import_publiccode
from catalog.models import Claim, Maintainership
from catalog.permissions import can_propose, can_propose_corrections
from catalog.services import claims, maintainers, withdraw_solution
from catalog.services.correcting import correct_entry
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.catalog.claiming import WHY, Claiming, agrees, fresh, kinds, told
from tests.catalog.conftest import World
from tests.catalog.files import publiccode_file
from tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 11, 23, 12, tzinfo=ZoneInfo("Europe/Berlin"))


def test_a_claim_with_a_code_waits_for_its_proof_and_nobody_is_told(world, claiming):
    claim = claiming.claim()

    assert (claim.state, claim.is_ready, claim.against) == (ClaimState.OPEN, False, None)
    assert claim.code.startswith("osk-portal=")
    assert len(claim.code) > 40
    assert kinds(claim) == ["submitted"]
    assert told(world.advisor) == told(world.editor) == []
    assert fresh(world.maintainership).state == MaintainershipState.ACTIVE


def test_a_name_in_the_file_is_a_proof_and_starts_the_promise(world, claiming, clock):
    clock.move_to(MONDAY)
    claiming.free()
    world.solution.document["maintenance"] = {
        "contractors": [{"name": "Landesamt fuer Beispiele, Berlin", "until": "2030-01-01"}]
    }
    world.solution.save()

    claim = claiming.claim(Proof.NAMED)

    assert claim.promised_on == date(2026, 12, 7)
    assert told(world.advisor) == told(world.second_advisor) == ["catalog.claim_submitted"]
    claiming.accept(claim)
    assert agrees(world.solution)
    assert fresh(world.solution).maintainer == claiming.office
    assert kinds(fresh(claim)) == ["submitted", "ready", "accepted"]
    assert world.solution.events.filter(data={"fields": ["maintainer"]}).count() == 1
    assert told(claiming.editor) == ["catalog.claim_accepted"]
    assert told(claiming.member) == []


@pytest.mark.parametrize(
    ("maintenance", "keys"),
    [
        ({"contacts": [{"name": "A", "email": "a@it.lfb.example.org"}]}, ["contacts[0].email"]),
        ({"contacts": [{"name": "A", "affiliation": "LfB"}]}, ["contacts[0].affiliation"]),
        ({"contractors": [{"name": "X", "website": "https://www.lfb.example.org/x"}]}, ["contractors[0].website"]),
        ({"contacts": [{"name": "A", "email": "a@notlfb.example.org"}]}, []),
        ({"contacts": [{"name": "A", "affiliation": "LfBX und Co"}]}, []),
        ({"contacts": "LfB", "contractors": [None, 3, {"name": 7}]}, []),
        ({"contacts": [{"email": "@"}, {"email": "http://[", "affiliation": ""}]}, []),
    ],
)  # fmt: skip
def test_who_is_named_under_maintenance(claiming, maintenance, keys):
    claiming.office.short_name = "LfB"

    found = named.places({"maintenance": maintenance}, claiming.office)

    assert found == [f"maintenance.{key}" for key in keys]


@pytest.mark.parametrize("who", ["manager", "member"])
def test_only_the_redaktion_claims_and_withdraws(claiming, who):
    person = getattr(claiming, who)
    with pytest.raises(PermissionDenied):
        claiming.claim(author=person)
    claim = claiming.claim()
    for act in (claims.withdraw_claim, claims.look_again):
        with pytest.raises(PermissionDenied):
            act(claim.pk, actor=person)


def test_rights_are_asked_under_the_lock(world, claiming):
    membership = claiming.editor.memberships.get()
    membership.suspend(actor=None)

    with pytest.raises(PermissionDenied):
        claiming.claim()


def test_one_open_claim_and_none_for_the_own_entry_or_a_withdrawn_one(world, claiming):
    claim = claiming.claim()
    assert claiming.claim() == claim  # sent twice
    with pytest.raises(TransitionNotAllowed, match="schon beantragt"):
        claiming.claim(statement="Anders")
    with pytest.raises(IntegrityError), transaction.atomic():
        Claim.objects.create(
            solution=world.solution, organisation=claiming.office, author=claiming.editor,
            proof=Proof.NAMED, statement="x", lapses_on=date(2026, 12, 1),
        )  # fmt: skip
    with pytest.raises(TransitionNotAllowed):
        claiming.claim(organisation=world.company, author=world.editor)
    claims.withdraw_claim(claim.pk, actor=claiming.editor)
    withdraw_solution(world.solution.pk, actor=world.advisor)
    with pytest.raises(TransitionNotAllowed):
        claiming.claim()


def test_without_proof_or_reason_nothing_is_accepted(world, claiming):
    claiming.free()
    claim = claiming.claim(Proof.NAMED)
    assert not claim.is_ready

    with pytest.raises(TransitionNotAllowed) as refused:
        claiming.accept(claim)
    assert "keinen Nachweis" in str(refused.value)
    claim = fresh(claim)
    claims.note_letter(claim.pk, actor=world.advisor, received_on=date(2026, 11, 1))
    with pytest.raises(TransitionNotAllowed):
        claiming.accept(claim, reason="  ")
    for person in (claiming.editor, world.editor):
        with pytest.raises(PermissionDenied):
            claims.accept_claim(claim.pk, actor=person, reason="x")
        with pytest.raises(PermissionDenied):
            claims.note_letter(claim.pk, actor=person, received_on=date(2026, 11, 1))
    assert agrees(world.solution)
    claiming.accept(claim)
    for decide in (claims.accept_claim, claims.refuse_claim):
        with pytest.raises(TransitionNotAllowed):
            decide(claim.pk, actor=world.advisor, reason="Noch einmal.")
    assert kinds(fresh(claim)).count("accepted") == 1


def test_an_advisor_decides_no_claim_of_the_own(world, claiming):
    claiming.free()
    MembershipFactory(organisation=claiming.office, user=world.advisor, editor=True)
    claim = claiming.ready(author=world.advisor)

    with pytest.raises(PermissionDenied):
        claiming.accept(claim)
    claims.accept_claim(claim.pk, actor=world.second_advisor, reason="Belegt.")


def test_a_contest_asks_the_maintainer_and_waits_for_the_answer(world, claiming, clock):
    clock.move_to(MONDAY)
    claim = claiming.ready()

    assert claim.against == world.maintainership
    assert (claim.answer_by, claim.promised_on) == (date(2026, 12, 7), date(2026, 12, 21))
    assert fresh(world.maintainership).state == MaintainershipState.CONTESTED
    assert told(world.editor) == told(claiming.company_manager) == ["catalog.claim_contested"]
    assert told(world.colleague) == []
    with pytest.raises(TransitionNotAllowed):
        claiming.accept(claim)
    for person in (world.colleague, world.stranger, claiming.editor):
        with pytest.raises(PermissionDenied):
            claims.answer_claim(claim.pk, actor=person, text="Nein")

    claims.answer_claim(claim.pk, actor=claiming.company_manager, text="Das war früher so.")

    claim = fresh(claim)
    assert claim.promised_on == date(2026, 12, 7)  # sooner
    assert claims.answer_claim(claim.pk, actor=claiming.company_manager, text=claim.answer) is None
    with pytest.raises(TransitionNotAllowed):
        claims.answer_claim(claim.pk, actor=world.editor, text="Noch etwas")
    assert told(world.advisor) == ["catalog.claim_submitted", "catalog.claim_answered"]
    claiming.accept(claim)
    assert agrees(world.solution)
    former = fresh(world.maintainership)
    assert (former.state, former.end, former.reason) == ("lost", "contest", "Belegt.")
    assert told(world.editor)[-1] == "catalog.maintainership_lost"
    assert told(claiming.editor) == ["catalog.claim_accepted"]


def test_without_an_answer_the_advisor_decides_after_the_term(world, claiming, clock):
    clock.move_to(MONDAY)
    claim = claiming.ready()
    clock.move_to(MONDAY + timedelta(days=14, hours=11))  # the last day, late
    with pytest.raises(TransitionNotAllowed):
        claiming.accept(claim)
    clock.move_to(MONDAY + timedelta(days=15))

    claiming.accept(claim)

    assert agrees(world.solution)


def test_a_refused_contest_leaves_everything_and_tells_both(world, claiming):
    claim = claiming.ready()
    other = MembershipFactory(editor=True)
    second = claiming.ready(organisation=other.organisation, author=other.user)

    claims.refuse_claim(claim.pk, actor=world.advisor, reason="Kein Auftrag.")

    assert fresh(world.maintainership).is_contested  # by the second
    assert told(claiming.editor) == ["catalog.claim_refused"]
    assert told(world.editor)[-1] == "catalog.claim_kept"
    claims.withdraw_claim(second.pk, actor=other.user)
    assert claims.withdraw_claim(second.pk, actor=other.user) is None
    assert fresh(world.maintainership).state == MaintainershipState.ACTIVE
    assert kinds(fresh(world.maintainership)) == ["contested", "contested", "active"]
    assert agrees(world.solution)


def test_of_two_claims_the_second_contests_who_has_won(world, claiming):
    claiming.free()
    first = claiming.ready()
    other = MembershipFactory(editor=True)
    second = claiming.ready(organisation=other.organisation, author=other.user)

    claiming.accept(first)

    second = fresh(second)
    assert second.against.organisation == claiming.office
    assert second.against.is_contested
    assert told(claiming.manager) == ["catalog.claim_contested"]
    with pytest.raises(TransitionNotAllowed):
        claiming.accept(second)


def test_the_rights_of_who_loses_end_at_once(world, claiming, clock):
    clock.move_to(MONDAY)
    proposal = services.submit_proposal(
        solution_id=world.solution.pk, author=world.editor, organisation=world.company,
        changes={"name": "TP"}, base_revision=1,
    )  # fmt: skip
    claim = claiming.ready()
    claims.answer_claim(claim.pk, actor=world.editor, text="Nein")

    claiming.accept(fresh(claim))

    assert fresh(proposal).state == ProposalState.WITHDRAWN
    lost = fresh(world.solution)
    assert not can_propose(fresh(world.editor), lost)
    assert can_propose_corrections(fresh(world.editor))  # as any member of an organisation


def test_a_claim_without_proof_lapses(world, claiming, clock):
    clock.move_to(MONDAY)
    claim, ready = claiming.claim(), None
    other = MembershipFactory(editor=True)
    ready = claiming.ready(organisation=other.organisation, author=other.user)
    clock.move_to(MONDAY + timedelta(days=30))
    assert claims.lapse_claims() == 0
    clock.move_to(MONDAY + timedelta(days=31))

    assert claims.lapse_claims() == 1
    assert claims.lapse_claims() == 0

    assert (fresh(claim).state, kinds(claim)[-1]) == (ClaimState.WITHDRAWN, "lapsed")
    assert fresh(ready).is_open
    assert told(claiming.editor) == ["catalog.claim_lapsed"]


def test_too_many_open_claims(world, claiming, monkeypatch):
    monkeypatch.setattr(claims, "MOST_OPEN", 1)
    claiming.claim()
    second = import_publiccode(
        publiccode_file(name="Zwei", url="https://forge.example/zwei"), publish=True
    ).solution

    with pytest.raises(TransitionNotAllowed):
        claiming.claim(solution_id=second.pk)


def test_the_author_leaves(world, claiming):
    claim = claiming.claim()
    colleague = MembershipFactory(organisation=claiming.office, editor=True).user

    def give(person, to):
        return claims.hand_over_claim(claim.pk, person=person, successor=to, actor=claiming.manager)

    assert give(claiming.editor, colleague)
    assert not give(claiming.editor, colleague)  # no longer that person's
    claims.leave_claim(claim.pk, person=colleague)
    assert fresh(claim).author == claiming.editor
    claims.leave_claim(claim.pk, person=colleague)
    assert fresh(claim).is_open
    colleague.memberships.get().end(actor=None)
    claims.leave_claim(claim.pk, person=claiming.editor)
    assert fresh(claim).state == ClaimState.WITHDRAWN


@pytest.mark.django_db(transaction=True)
def test_two_advisors_accept_two_claims_at_once():
    world = World()
    claiming = Claiming(world).free()
    other = MembershipFactory(editor=True)
    both = [
        claiming.ready(),
        claiming.ready(organisation=other.organisation, author=other.user),
    ]
    start, failed = threading.Barrier(2, timeout=10), []

    def accept(claim):
        try:
            start.wait()
            claims.accept_claim(claim.pk, actor=world.advisor, reason=WHY)
        except TransitionNotAllowed as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=accept, args=(claim,)) for claim in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(failed) == 1
    assert Maintainership.objects.running().count() == 1
    assert agrees(world.solution)
    assert Claim.objects.open().get().against == Maintainership.objects.running().get()


def test_the_column_and_the_rows_agree_after_the_import_of_ties(world, claiming):
    services.set_additions(world.solution.pk, maintainer=claiming.office)
    services.set_additions(world.solution.pk, maintainer=claiming.office)

    assert agrees(world.solution)
    assert fresh(world.maintainership).end == "other"
    assert maintainers.release_organisation(claiming.office.pk, actor=None) == 1
    assert maintainers.release_organisation(claiming.office.pk, actor=None) == 0
    assert agrees(world.solution)


def test_a_code_that_was_found_proves_nothing_of_another_repository(world, claiming, clock):
    claiming.free()
    claim = claiming.claim()
    Claim.objects.filter(pk=claim.pk).update(
        found_at=MONDAY, found_in=world.solution.repository_url
    )
    assert services.claims.missing(fresh(claim)) == ""

    moved = {"url": "https://gitlab.example.org/anderswo/terminplaner"}
    correct_entry(
        world.solution.pk,
        actor=world.advisor,
        changes=moved,
        base_revision=fresh(world.solution).revision,
        reason="Umgezogen",
    )

    claim = fresh(claim)
    assert (claim.found_at, claim.found_in) == (None, "")
    with pytest.raises(TransitionNotAllowed, match="Nachweis"):
        claiming.accept(claim)
