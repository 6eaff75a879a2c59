"""Quarantine: what waits is given to nobody, a finding removes the content, a daemon that is down costs time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from consulting import queues, services
from consulting.enums import CaseEventKind, CaseState
from consulting.models import CaseFile, ConsultingRequest, FileState
from consulting.services import scanning
from osk_portal.accounts.models import User
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.consulting.conftest import ROLES, World
from tests.consulting.staff.conftest import BACKEND
from tests.toolkit.fake_clamd import FakeClamd

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("disk")]

S = CaseState
NAME = "gehalt-muster.txt"


@pytest.fixture
def clamd(settings: Any) -> Iterator[FakeClamd]:
    daemon = FakeClamd()
    settings.OSK_CLAMAV = daemon.address
    yield daemon
    daemon.stop()


def add(case: ConsultingRequest, actor: User, **more: Any) -> CaseFile:
    values = {"name": NAME, "data": b"Hallo", **more}
    return services.add_file(case_id=case.pk, actor=actor, **values)


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def state_of(file: CaseFile) -> str:
    return CaseFile.objects.get(pk=file.pk).state


def make_due(file: CaseFile) -> None:
    CaseFile.objects.filter(pk=file.pk).update(next_attempt_at=clock.now() - timedelta(days=1))


def test_a_new_file_waits_and_nobody_gets_it(world: World, clamd: FakeClamd) -> None:
    case = world.case()
    kept = add(case, world.requester)
    assert kept.state == FileState.QUARANTINED
    address = reverse("consulting:file_download", args=[kept.public_id])
    for role in ROLES:
        assert browser(world.person(role)).get(address).status_code == 404, role
    page = browser(world.requester).get(case.get_absolute_url()).content.decode()
    assert "wird geprüft" in page
    assert address not in page
    assert scanning.scan(kept.pk)
    assert (state_of(kept), clamd.received) == (FileState.CLEAN, [b"Hallo"])
    given = browser(world.requester).get(address)
    assert b"".join(given.streaming_content) == b"Hallo"
    assert not scanning.scan(kept.pk)  # twice changes nothing
    assert len(clamd.received) == 1


@pytest.mark.parametrize("is_confidential", [False, True])
def test_a_finding_removes_the_content_and_tells(
    world: World,
    clamd: FakeClamd,
    disk: Path,
    django_capture_on_commit_callbacks: Any,
    is_confidential: bool,
) -> None:
    case = world.case()
    ConsultingRequest.objects.filter(pk=case.pk).update(
        is_confidential=is_confidential, title="Geheimer Titel"
    )
    kept = add(case, world.requester)
    clamd.reply = b"stream: Win.Test.Evil FOUND\0"
    with django_capture_on_commit_callbacks(execute=True):
        assert scanning.scan(kept.pk)
    kept.refresh_from_db()
    assert (kept.state, kept.content.name, kept.finding) == ("infected", "", "Win.Test.Evil")
    assert not [path for path in disk.rglob("*") if path.is_file()]
    event = case.events.get(kind=CaseEventKind.FILE_INFECTED)
    assert NAME not in str(event.data)
    mails = OutgoingMail.objects.filter(kind="consulting.file_infected")
    told = {mail.user for mail in mails}
    assert told == {world.requester, world.writer, world.deputy}
    for mail in mails:
        assert NAME not in mail.subject + mail.body
        assert "Evil" not in mail.subject + mail.body
        assert ("Geheimer Titel" in mail.body) != is_confidential
    page = browser(world.requester).get(case.get_absolute_url()).content.decode()
    assert "Schadsoftware" in page
    assert "Win.Test.Evil" not in page
    staff = reverse("admin:consulting_consultingrequest_case", args=[case.public_id])
    assert "Win.Test.Evil" in browser(world.advisor).get(staff).content.decode()
    with pytest.raises(TransitionNotAllowed):  # the row stays for the OSK
        services.remove_file(case_id=case.pk, actor=world.requester, file_id=kept.pk)


def test_an_internal_finding_is_told_to_its_advisor_only(world: World, clamd: FakeClamd) -> None:
    kept = add(world.case(), world.other_advisor, is_internal=True)
    clamd.reply = b"stream: Evil FOUND\0"
    scanning.scan(kept.pk)
    mails = OutgoingMail.objects.filter(kind="consulting.file_infected")
    assert [mail.user for mail in mails] == [world.other_advisor]


def test_a_draft_is_sent_with_clean_files_only(world: World, clamd: FakeClamd) -> None:
    case = world.case(S.DRAFT)
    kept = add(case, world.requester)
    check = reverse("consulting:request_check", args=[case.public_id])
    client = browser(world.requester)
    assert "wird geprüft" in client.get(check).content.decode()
    said = client.post(check, follow=True).content.decode()
    assert said.count("Eine Datei wird noch geprüft") == 2  # summary and field
    clamd.reply = b"stream: Evil FOUND\0"
    scanning.scan(kept.pk)
    mail = OutgoingMail.objects.get(kind="consulting.file_infected")
    assert (mail.user, case.title in mail.body) == (world.requester, True)
    said = client.post(check, follow=True).content.decode()
    assert said.count("Wir haben in einer Datei Schadsoftware gefunden") == 2
    services.remove_file(case_id=case.pk, actor=world.requester, file_id=kept.pk)
    client.post(check)
    case.refresh_from_db()
    assert not case.is_draft


def test_the_daemon_is_away_and_comes_back(
    world: World, clamd: FakeClamd, settings: Any, bells: Any, client: Client
) -> None:
    case = world.case()
    kept = add(case, world.requester)
    there, settings.OSK_CLAMAV = settings.OSK_CLAMAV, "unix:/nowhere/clamd.ctl"
    assert not scanning.scan(kept.pk)
    kept.refresh_from_db()
    assert (kept.state, kept.attempts, kept.leased_until) == (FileState.QUARANTINED, 1, None)
    assert kept.next_attempt_at > clock.now()
    page = browser(world.requester).get(case.get_absolute_url()).content.decode()
    assert "Die Prüfung ist zurzeit nicht möglich." in page
    answer = client.get("/readyz").json()
    assert (answer["status"], answer["checks"]["scanner"]) == ("degraded", "down")
    assert scanning.sweep() == 0  # not before the pause is over
    make_due(kept)
    assert scanning.sweep() == 1
    settings.OSK_CLAMAV = there
    assert client.get("/readyz").json()["checks"]["scanner"] == "ok"
    assert scanning.scan(kept.pk)
    kept.refresh_from_db()
    assert (kept.state, kept.last_error, kept.attempts) == (FileState.CLEAN, "", 2)


@pytest.mark.usefixtures("expect_errors")
def test_what_is_no_verdict_leaves_it_in_quarantine(world: World, clamd: FakeClamd) -> None:
    kept = add(world.case(), world.requester)
    for attempt, reply in enumerate(
        (b"INSTREAM size limit exceeded. ERROR\0", b"Out of memory ERROR\0", b"hello\0", b""), 1
    ):
        clamd.reply = reply
        make_due(kept)
        assert not scanning.scan(kept.pk)
        kept.refresh_from_db()
        assert (kept.state, kept.attempts) == (FileState.QUARANTINED, attempt)
        assert kept.last_error
    Path(kept.content.path).unlink()  # our own disk fails
    make_due(kept)
    assert not scanning.scan(kept.pk)
    assert state_of(kept) == FileState.QUARANTINED


def test_a_lost_lease_writes_nothing(
    world: World, clamd: FakeClamd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that was too slow: another one has the file, or its author took it away."""
    case = world.case()
    kept = add(case, world.requester)
    told = scanning.QUEUE.claim(kept.pk)  # the first worker, which then hangs
    assert told is not None
    assert scanning.QUEUE.claim(kept.pk) is None  # nobody else while the lease runs
    CaseFile.objects.filter(pk=kept.pk).update(leased_until=clock.now() - timedelta(seconds=1))
    assert scanning.scan(kept.pk)
    assert not scanning._remove(told, "Late.Finding")
    assert (state_of(kept), case.events.filter(kind="file_infected").count()) == ("clean", 0)
    gone = add(case, world.requester, data=b"anders")
    services.remove_file(case_id=case.pk, actor=world.requester, file_id=gone.pk)
    assert not scanning.scan(gone.pk)


def test_without_a_scanner(world: World, clamd: FakeClamd, settings: Any) -> None:
    """Fails closed: a process without the setting frees nothing, only the operator's own word does."""
    waiting = add(world.case(), world.requester)
    with pytest.raises(CommandError, match="OSK_CLAMAV is set"):
        call_command("scan_files", "--release-unscanned")
    settings.OSK_CLAMAV = ""
    assert (scanning.sweep(), scanning.scan(waiting.pk)) == (0, False)
    unscanned = add(world.case(), world.requester)
    assert unscanned.state == FileState.CLEAN
    # Nobody is told that it was checked.
    for role, url in (
        ("requester", unscanned.case.get_absolute_url()),
        ("advisor", queues.case_url(unscanned.case)),
    ):
        browser = Client()
        browser.force_login(world.person(role), backend=BACKEND)
        page = browser.get(url).text
        assert "nicht auf Schadsoftware geprüft" in page, role
        assert "· geprüft" not in page
    assert state_of(waiting) == FileState.QUARANTINED
    with pytest.raises(CommandError, match="no scanner"):
        call_command("scan_files")
    call_command("scan_files", "--release-unscanned")
    assert state_of(waiting) == FileState.CLEAN


def test_the_command_scans_without_a_broker(
    world: World, clamd: FakeClamd, capsys: pytest.CaptureFixture[str]
) -> None:
    add(world.case(), world.requester)
    call_command("scan_files")
    assert re.search("1 files handled, 1 with an outcome", capsys.readouterr().out)
