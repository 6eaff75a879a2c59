"""A wanted repository is fetched from a real TLS server and becomes a draft, or a clear refusal."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from catalog import forges
from catalog.enums import IntakeProblem, IntakeState, SolutionState
from catalog.grants import CURRENT
from catalog.importing import import_publiccode
from catalog.models import Intake, RepositoryAlias, Solution, Source
from catalog.services import (
    accept_proposal,
    fetching,
    intake,
    publish_solution,
    withdraw_solution,
)
from osk_portal.notifications.models import Notification
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.catalog.fetching import PATH, REPOSITORY
from tests.catalog.files import publiccode_file

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 23, 12, tzinfo=ZoneInfo("Europe/Berlin"))


def want(person, address=REPOSITORY):
    return intake.request_repository(requester=person, place=forges.find(address), wording=CURRENT)


def outcome(wanted):
    intake.run(wanted.pk)
    wanted.refresh_from_db()
    return wanted


def file(**top):
    return publiccode_file(**{"url": REPOSITORY, "name": "Termine", **top})


def told(user):
    return list(Notification.objects.filter(user=user).values_list("kind", flat=True))


def test_an_advisor_gets_a_draft_and_it_is_fetched_again(
    world, forge, bells, django_capture_on_commit_callbacks
):
    forge.body, forge.etag = file(), '"1"'

    with django_capture_on_commit_callbacks(execute=True):
        wanted = want(world.advisor, f"{REPOSITORY}.git")
    assert bells.of(fetching.FETCH_INTAKE) == [{"intake_id": wanted.pk}]
    assert outcome(wanted).state == IntakeState.TAKEN

    draft = wanted.solution
    assert (draft.state, draft.name, draft.is_incomplete) == ("draft", "Termine", False)
    assert draft.revisions.get().author == world.advisor
    assert (draft.source.etag, draft.source.repository) == ('"1"', REPOSITORY)
    assert forge.asked == [PATH]
    assert told(world.second_advisor) == []
    assert not intake.run(wanted.pk)  # twice changes nothing
    assert forge.asked == [PATH]


def test_a_suggestion_of_a_redaktion_is_told_to_the_advisors(world, forge):
    forge.body = file()

    wanted = outcome(want(world.editor))

    assert wanted.state == IntakeState.TAKEN
    assert wanted.solution.state == SolutionState.DRAFT
    assert told(world.advisor) == ["catalog.proposal_of_new"]
    assert told(world.editor) == []
    proposal = wanted.solution.proposals.get()
    assert (proposal.kind, proposal.author, proposal.organisation) == (
        "new",
        world.editor,
        world.company,
    )
    assert wanted.grants.get().proposal == proposal
    with pytest.raises(TransitionNotAllowed, match="Vorschlag"):
        publish_solution(wanted.solution_id, actor=world.advisor)
    accept_proposal(proposal.pk, actor=world.advisor, seen_revision=1)
    withdraw_solution(wanted.solution_id, actor=world.advisor)
    publish_solution(wanted.solution_id, actor=world.advisor)
    assert sorted(told(world.editor)) == [
        "catalog.intake_published",
        "catalog.proposal_accepted_new",
    ]


@pytest.mark.parametrize("who", ["visitor", "colleague"])
def test_nobody_else_suggests(world, who):
    with pytest.raises(TransitionNotAllowed):
        want(getattr(world, who))
    with pytest.raises(TransitionNotAllowed):
        intake.request_file(
            requester=getattr(world, who), name="publiccode.yml", data=file(), wording=CURRENT
        )
    assert not Intake.objects.exists()


def test_a_file_with_errors_is_taken_with_each_error_and_its_line(world, forge):
    forge.body = b'publiccodeYmlVersion: "0"\nname: Termine\nurl: ' + REPOSITORY.encode()
    forge.body += b"\ndevelopmentStatus: fertig\nlegal:\n  license: Frei\n"

    wanted = outcome(want(world.advisor))

    assert wanted.state == IntakeState.TAKEN
    assert wanted.solution.is_incomplete
    lines = {f["key"]: f["line"] for f in wanted.findings if f["type"] == "error"}
    assert (lines["developmentStatus"], lines["legal.license"]) == (4, 6)


def test_not_found_not_allowed_and_not_public_are_one_answer(world, forge):
    answers = []
    for status, addresses, address in (
        (404, ["1.1.1.1"], REPOSITORY),
        (403, ["1.1.1.1"], REPOSITORY),
        (302, ["1.1.1.1"], REPOSITORY),
        (200, ["127.0.0.1"], REPOSITORY),
        (200, ["1.1.1.1", "10.0.0.1"], REPOSITORY),
        (200, ["1.1.1.1"], "https://intern.example.org/a/b"),
    ):
        forge.status, forge.addresses, forge.body = status, addresses, file()
        wanted = outcome(want(world.advisor, address))
        answers.append((wanted.state, wanted.problem, wanted.last_error, wanted.findings))

    assert set(map(str, answers)) == {str(("refused", "not_found", "", []))}
    assert not Solution.objects.filter(name="Termine").exists()


def test_a_server_that_is_down_is_asked_again_and_then_it_is_not_found(world, forge, clock):
    forge.status = 503
    now = clock.move_to(NOON)
    wanted = want(world.advisor)

    assert outcome(wanted).is_waiting
    assert not intake.run(wanted.pk)  # not due yet
    clock.move_to(now + timedelta(minutes=2))
    assert outcome(wanted).is_waiting
    clock.move_to(now + timedelta(minutes=20))
    assert outcome(wanted).problem == IntakeProblem.NOT_FOUND
    assert len(forge.asked) == 3


def test_a_file_that_is_too_large_or_no_yaml_is_refused(world, forge):
    forge.body = b"x" * (512 * 1024 + 1)
    assert outcome(want(world.advisor)).problem == IntakeProblem.TOO_LARGE
    forge.body = b"<!doctype html><title>Anmelden</title>"
    assert outcome(want(world.advisor)).problem == IntakeProblem.UNREADABLE


def test_a_technical_fork_is_refused_and_the_entry_of_the_original_is_named(world, forge):
    forge.body = publiccode_file()

    wanted = outcome(want(world.editor))

    assert (wanted.state, wanted.problem) == (IntakeState.REFUSED, IntakeProblem.FORK)
    assert wanted.named_repository == "https://github.com/Muster/Terminplaner"
    assert wanted.solution == world.solution


def test_a_variant_is_taken_and_remembers_its_base(world, forge):
    forge.body = file(isBasedOn="https://github.com/Muster/Terminplaner.git")

    wanted = outcome(want(world.editor))

    assert wanted.state == IntakeState.TAKEN
    assert wanted.based_on == ["https://github.com/Muster/Terminplaner.git"]


def test_what_is_in_the_catalog_is_named_and_stays_as_it_is(world, forge):
    present = import_publiccode(file(name="Alt"), publish=True).solution
    forge.body = file(name="Neu")

    wanted = outcome(want(world.editor, REPOSITORY.upper().replace("HTTPS", "https")))
    assert (wanted.problem, wanted.solution) == (IntakeProblem.NOT_FOUND, None)  # paths have a case
    wanted = outcome(want(world.editor))

    assert (wanted.state, wanted.solution) == (IntakeState.KNOWN, present)
    present.refresh_from_db()
    assert (present.name, present.revision) == ("Alt", 1)


def test_a_former_address_leads_to_the_entry(world, forge):
    RepositoryAlias.objects.create(
        solution=world.solution, repository_url=forges.find(REPOSITORY).identity
    )
    forge.body = publiccode_file()

    wanted = outcome(want(world.editor))

    assert (wanted.state, wanted.solution) == (IntakeState.KNOWN, world.solution)


def test_a_foreign_draft_is_neither_named_nor_overwritten(world, forge):
    draft = import_publiccode(file(name="Geheim")).solution
    forge.body = file(name="Neu")

    wanted = outcome(want(world.editor))

    assert (wanted.state, wanted.name) == (IntakeState.TAKEN, "Neu")
    assert told(world.advisor) == ["catalog.proposal_of_new"]
    draft.refresh_from_db()
    assert (draft.name, draft.revision) == ("Geheim", 1)
    assert outcome(want(world.advisor)).state == IntakeState.KNOWN


def test_a_file_without_an_address_has_the_one_where_it_lies(world, forge):
    forge.body = publiccode_file(url=None, name=None)

    first = outcome(want(world.advisor))
    second = outcome(want(world.advisor))

    assert (first.state, first.name) == (IntakeState.TAKEN, "termine")
    assert first.solution.aliases.get().repository_url == REPOSITORY
    assert (second.state, second.solution) == (IntakeState.KNOWN, first.solution)


def test_an_upload_is_read_at_once_and_overwrites_nothing(world):
    def upload(data):
        return intake.request_file(
            requester=world.editor, name="publiccode.yml", data=data, wording=CURRENT
        )

    taken = upload(publiccode_file(url=None, name="Ohne Adresse"))
    assert taken.state == IntakeState.TAKEN
    again = upload(publiccode_file(url=None, name="Ohne Adresse", usedBy=["Wer anders"]))
    assert again.state == IntakeState.TAKEN  # somebody's draft is not shown
    assert Solution.objects.get(name="Ohne Adresse").revision == 1
    assert upload(publiccode_file(name="X")).state == IntakeState.KNOWN
    assert upload(b"\x00\xff").problem == IntakeProblem.UNREADABLE
    assert upload(b"a" * 600_000).problem == IntakeProblem.TOO_LARGE


@pytest.mark.parametrize(
    "data",
    [
        b'{"name": "a\\u0000b", "developmentStatus": "x\\u0000y"}',
        b'{"name": "\\ud800", "url": "\\udfff", "isBasedOn": ["\\ud800"]}',
        b"name: " + b"n" * 100_000,
        b'{"name": "N", "url": "https://github.com/' + b"a" * 5000 + b'"}',
        b'{"name": "N", "isBasedOn": ["' + b"b" * 5000 + b'", 7, {"a": 1}, null]}',
        b'{"name": "N", "isBasedOn": {"a": 1}, "url": ["x"]}',
        b'{"name": "N", "platforms": ["' + b'","'.join([b"p"] * 10_000) + b'"]}',
        b"name: &a [*a]",
        b"a: &a [1]\nb: &b [*a,*a]\nname: [*b,*b]",
        b'{"name": "\\u202eGnurhekmu", "description": {"de": {"shortDescription": 7}}}',
        b"- " * 5_000,
        b"{" * 5_000,
    ],
)
def test_hostile_files_are_taken_or_refused_and_break_nothing(world, data):
    wanted = intake.request_file(
        requester=world.editor, name="publiccode.yml", data=data, wording=CURRENT
    )

    wanted.refresh_from_db()
    assert wanted.state in (IntakeState.TAKEN, IntakeState.REFUSED)
    assert "\u202e" not in wanted.name


def test_the_same_address_twice_is_one_wish_and_a_day_has_an_end(world, monkeypatch):
    monkeypatch.setattr(intake, "MOST_A_DAY", 2)
    first = want(world.editor)

    assert want(world.editor) == first
    want(world.editor, "https://gitlab.opencode.de/land/anderes")
    with pytest.raises(TransitionNotAllowed, match="2 Lösungen am Tag"):
        want(world.editor, "https://gitlab.opencode.de/land/drittes")
    assert Intake.objects.count() == 2


def test_a_dead_worker_holds_the_row_until_its_lease_ends(world, forge, clock):
    now = clock.move_to(NOON)
    forge.body = file()
    wanted = want(world.advisor)
    dead = fetching.claim(Intake.objects.all(), wanted.pk)

    assert not intake.run(wanted.pk)
    clock.move_to(now + fetching.LEASE + timedelta(seconds=1))
    assert outcome(wanted).state == IntakeState.TAKEN
    assert fetching.mine(Intake.objects.all(), dead) is None  # what it says late is not heard


def test_what_kills_its_workers_is_given_up(world, forge, clock):
    now = clock.move_to(NOON)
    wanted = want(world.advisor)
    for died in range(intake.MOST_TRIES):
        clock.move_to(now + died * timedelta(hours=1))
        assert fetching.claim(Intake.objects.all(), wanted.pk)
    clock.move_to(now + timedelta(days=1))

    assert outcome(wanted).problem == IntakeProblem.NOT_FOUND
    assert forge.asked == []


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_fetch_once(world, forge):
    forge.body = file()
    wanted = want(world.advisor)
    start = threading.Barrier(2)
    done: list[bool] = []

    def work():
        try:
            start.wait(timeout=10)
            done.append(intake.run(wanted.pk))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert sorted(done) == [False, True]
    assert forge.asked == [PATH]
    assert Source.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_people_who_want_the_same_at_once_make_one_entry(world, forge):
    forge.body = file()
    wishes = [want(world.advisor), want(world.second_advisor)]
    start = threading.Barrier(2)

    def work(wish):
        try:
            start.wait(timeout=10)
            intake.run(wish.pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(wish,)) for wish in wishes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert Solution.objects.filter(name="Termine").count() == 1
    assert sorted(Intake.objects.values_list("state", flat=True)) == ["known", "taken"]
