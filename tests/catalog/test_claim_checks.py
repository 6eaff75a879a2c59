"""The code is looked for in the repository, by a real TLS server; the letter is scanned and kept."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from catalog import forges
from catalog.enums import ClaimState, LetterState, Proof
from catalog.models import Claim
from catalog.models.claims import private_storage
from catalog.services import claim_checks, claim_letters, claims, fetching
from osk_portal.toolkit import clamav, uploads
from osk_portal.toolkit.clamav import Outcome, Verdict
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.catalog.claiming import fresh, kinds, told
from tests.catalog.fetching import PATH, REPOSITORY

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 23, 12, tzinfo=ZoneInfo("Europe/Berlin"))
CODE_PATH = PATH.replace("publiccode.yml", "osk-portal.txt")
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


@pytest.fixture
def claim(claiming, forge, monkeypatch, clock):
    """With a code; the forge serves what the tests put under the code's path."""
    clock.move_to(NOON)
    claiming.free()
    claiming.world.solution.document["url"] = REPOSITORY
    claiming.world.solution.save()
    monkeypatch.setattr("tests.catalog.fetching.PATH", CODE_PATH)
    return claiming.claim()


def look(claim, person):
    claims.look_again(claim.pk, actor=person)
    claim_checks.run(claim.pk)
    return fresh(claim)


def test_the_code_is_found_and_the_promise_starts(
    world, claiming, claim, forge, bells, django_capture_on_commit_callbacks
):
    forge.body = f"# für das Portal\r\n  {claim.code} \r\nosk-portal=anderes\n".encode()
    assert not claim_checks.run(claim.pk)  # nobody has had time yet
    with django_capture_on_commit_callbacks(execute=True):
        claims.look_again(claim.pk, actor=claiming.editor)
        claims.look_again(claim.pk, actor=claiming.editor)  # twice is once
    assert bells.of(fetching.FETCH_CLAIM) == [{"claim_id": claim.pk}]
    assert fresh(claim).is_being_checked

    assert claim_checks.run(claim.pk)

    claim = fresh(claim)
    assert (claim.found_at, claim.found_in, claim.checked_at) == (NOON, REPOSITORY, NOON)
    assert claim.is_ready
    assert forge.asked == [CODE_PATH]
    assert told(claiming.editor) == ["catalog.claim_code_found"]
    assert told(world.advisor) == ["catalog.claim_submitted"]
    assert not claim_checks.run(claim.pk)
    assert forge.asked == [CODE_PATH]
    with pytest.raises(TransitionNotAllowed):
        claims.look_again(claim.pk, actor=claiming.editor)


@pytest.mark.parametrize(
    "body", [None, b"", b"osk-portal=", b"x" * 5000, b"\xff\xfe\x00" * 90, b"\n" * 300]
)
def test_no_file_and_no_code_are_one_answer(claim, claiming, forge, body):
    forge.body = body

    claim = look(claim, claiming.editor)

    assert (claim.found_at, claim.checked_at, claim.last_error) == (None, NOON, "")
    assert not claim.is_ready
    assert claim.next_attempt_at.date() == NOON.date() + timedelta(days=1)


def test_what_is_not_asked_looks_like_what_is_not_there(claim, claiming, forge):
    solution = claim.solution
    seen = set()
    for url in (
        "https://intern.example/a/b",
        "https://10.0.0.1/a/b",
        "kein Repository",
        REPOSITORY,
    ):
        solution.document["url"] = url
        solution.save()
        Claim.objects.filter(pk=claim.pk).update(checked_at=None)
        found = look(claim, claiming.editor)
        seen.add(
            (found.state, found.found_at, found.checked_at, found.last_error, kinds(found)[-1])
        )
    assert len(seen) == 1
    assert len(forge.asked) == 1


def test_the_code_of_another_claim_proves_nothing(claim, claiming, forge):
    forge.body = claim.code.encode()
    claims.withdraw_claim(claim.pk, actor=claiming.editor)
    second = claiming.claim()
    assert second.code != claim.code

    assert look(second, claiming.editor).found_at is None
    assert not claim_checks.run(claim.pk)  # over


def test_a_failing_server_is_asked_again_and_then_at_night(claim, claiming, forge, clock):
    forge.status = 503
    claims.look_again(claim.pk, actor=claiming.editor)
    for minutes in (1, 5):
        assert not claim_checks.run(claim.pk)
        assert fresh(claim).checked_at is None
        clock.move_to(NOON + timedelta(minutes=minutes, seconds=30))
    assert claim_checks.run(claim.pk)
    assert fresh(claim).checked_at is not None
    assert len(forge.asked) == 3
    clock.move_to(NOON + timedelta(days=1))
    assert (fetching.FETCH_CLAIM, {"claim_id": claim.pk}) in fetching.waiting_ids(10)
    forge.status, forge.body = 200, claim.code.encode()
    assert claim_checks.run(claim.pk)
    assert fresh(claim).is_ready


def test_it_is_looked_at_most_once_a_minute(claim, claiming, clock):
    look(claim, claiming.editor)
    with pytest.raises(TransitionNotAllowed, match="einer Minute"):
        look(claim, claiming.editor)
    clock.move_to(NOON + timedelta(seconds=61))
    look(claim, claiming.world.advisor)


def test_a_repository_that_was_exchanged_meanwhile_proves_nothing(
    claim, claiming, forge, monkeypatch
):
    forge.body = claim.code.encode()
    ask = fetching.fetch_beside

    def exchanged(repository, name):
        fetched = ask(repository, name)
        claim.solution.document["url"] = "https://gitlab.opencode.de/andere/sache"
        claim.solution.save()
        return fetched

    monkeypatch.setattr(fetching, "fetch_beside", exchanged)

    assert look(claim, claiming.editor).found_at is None


def test_an_outcome_of_a_lost_lease_is_dropped(claim, claiming, forge):
    forge.body = claim.code.encode()
    claims.look_again(claim.pk, actor=claiming.editor)
    claimed = fetching.claim(Claim.objects.to_check(), claim.pk)
    Claim.objects.filter(pk=claim.pk).update(lease_token=None)

    assert not claim_checks._look(claimed)  # a worker that comes too late

    assert not fresh(claim).is_ready


@pytest.mark.parametrize(
    ("forge_url", "file"),
    [
        ("https://github.com/a/b", "https://raw.githubusercontent.com/a/b/HEAD/osk-portal.txt"),
        ("https://codeberg.org/a/b", "https://codeberg.org/api/v1/repos/a/b/raw/osk-portal.txt"),
    ],
)
def test_the_file_lies_beside_the_publiccode_yml(forge_url, file):
    assert forges.beside(forges.find(forge_url), "osk-portal.txt")[0] == file


def test_a_letter_is_kept_and_forgotten(world, claiming, clock, settings):
    clock.move_to(NOON)
    claiming.free()
    claim = claiming.claim(Proof.LETTER, letter=("Brief.pdf", PDF))

    assert (claim.letter_state, claim.is_ready) == (LetterState.CLEAN, True)
    path = claim.letter.name
    assert "Brief" not in path
    assert claim.letter.read() == PDF
    claim.letter.close()
    claiming.accept(claim)
    clock.move_to(NOON + timedelta(days=settings.OSK_CLAIM_LETTER_DAYS))
    assert claim_letters.forget_letters() == 0
    clock.move_to(NOON + timedelta(days=settings.OSK_CLAIM_LETTER_DAYS, minutes=1))
    from django.test import TestCase

    with TestCase.captureOnCommitCallbacks(execute=True):
        assert claim_letters.forget_letters() == 1
    assert (fresh(claim).letter, fresh(claim).letter_name) == ("", "")
    assert not private_storage().exists(path)


@pytest.mark.parametrize(
    ("name", "data"),
    [("Brief.pdf", b"MZ"), ("../Brief.pdf", PDF), ("Brief.odt", PDF), ("Brief.txt", b"Hallo"), ("B.pdf", b"")],
)  # fmt: skip
def test_a_bad_letter_leaves_nothing(world, claiming, name, data):
    with pytest.raises(uploads.Refused):
        claiming.claim(Proof.LETTER, letter=(name, data))
    assert not Claim.objects.exists()


def test_a_refused_claim_leaves_no_letter_on_the_disk(world, claiming):
    claiming.claim()
    folder = private_storage()
    before = (
        set(folder.listdir(claim_letters.FOLDER)[1])
        if folder.exists(claim_letters.FOLDER)
        else set()
    )
    with pytest.raises(TransitionNotAllowed):
        claiming.claim(Proof.LETTER, letter=("Brief.pdf", PDF), statement="Anders")
    after = (
        set(folder.listdir(claim_letters.FOLDER)[1])
        if folder.exists(claim_letters.FOLDER)
        else set()
    )
    assert after == before


@pytest.mark.parametrize(
    ("outcome", "state", "is_ready"),
    [
        (Outcome.CLEAN, LetterState.CLEAN, True),
        (Outcome.FOUND, LetterState.INFECTED, False),
        (Outcome.ERROR, LetterState.QUARANTINED, False),
    ],
)
def test_a_letter_waits_for_the_scanner(
    world, claiming, settings, monkeypatch, commits, outcome, state, is_ready
):
    settings.OSK_CLAMAV = "tcp://clamav.example:3310"
    monkeypatch.setattr(clamav, "scan", lambda *args: Verdict(outcome, "x"))
    claiming.free()
    claim = claiming.claim(Proof.LETTER, letter=("Brief.pdf", PDF))
    assert (claim.letter_state, claim.is_ready) == (LetterState.QUARANTINED, False)
    path = claim.letter.name

    with commits():
        claim_checks.run(claim.pk)

    claim = fresh(claim)
    assert (claim.letter_state, claim.is_ready) == (state, is_ready)
    assert private_storage().exists(path) == (outcome is not Outcome.FOUND)
    assert (kinds(claim)[-1] == "letter_infected") == (outcome is Outcome.FOUND)
    assert claim.state == ClaimState.OPEN
