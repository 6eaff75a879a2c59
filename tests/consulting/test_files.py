"""Files of a case: who may add and take away, limits, and that disk and database agree."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.storage import FileSystemStorage
from django.db import connection

from consulting import services
from consulting.enums import CaseEventKind, CaseState
from consulting.models import CaseFile, CaseMessage, FileState
from consulting.services.files import sweep_files
from osk_portal.toolkit import uploads
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.consulting.conftest import ROLES, World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("disk")]

S = CaseState
MAY_SPEAK = {"requester", "writer", "deputy", "advisor", "other_advisor", "lead"}
OSK = {"advisor", "other_advisor", "lead"}


def contents(disk: Path) -> int:
    return sum(path.is_file() for path in disk.rglob("*"))


def add(case: Any, actor: Any, **more: Any) -> CaseFile:
    values = {"name": "notiz.txt", "data": b"Hallo", **more}
    return services.add_file(case_id=case.pk, actor=actor, **values)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("state", [S.DRAFT, S.IN_PROGRESS])
@pytest.mark.parametrize("is_internal", [False, True])
def test_who_may_add(
    world: World, disk: Path, role: str, state: CaseState, is_internal: bool
) -> None:
    case = world.case(state)
    allowed = {"requester"} if state == S.DRAFT else MAY_SPEAK
    if is_internal:
        allowed = set() if state == S.DRAFT else OSK
    if role not in allowed:
        with pytest.raises(PermissionDenied):
            add(case, world.person(role), is_internal=is_internal)
        assert (case.files.count(), contents(disk)) == (0, 0)
        return
    kept = add(case, world.person(role), is_internal=is_internal)
    assert (kept.state, kept.by_osk) == (FileState.CLEAN, role in OSK)
    assert Path(kept.content.path).read_bytes() == b"Hallo"
    events = case.events.filter(kind=CaseEventKind.FILE_ADDED)
    assert events.count() == (state != S.DRAFT)


def test_the_same_file_twice_is_one(world: World, disk: Path) -> None:
    case = world.case(S.DRAFT)
    assert add(case, world.requester) == add(case, world.requester)
    assert (case.files.count(), contents(disk)) == (1, 1)


def test_a_refused_file_leaves_nothing(world: World, disk: Path) -> None:
    case = world.case(S.DRAFT)
    with pytest.raises(uploads.Refused):
        add(case, world.requester, name="boese.exe", data=b"MZ")
    assert (case.files.count(), contents(disk)) == (0, 0)


def test_limits(world: World, disk: Path, settings: Any) -> None:
    case = world.case(S.DRAFT)
    settings.OSK_FILES_MOST_MB = 1
    add(case, world.requester, data=b"a" * 1024 * 1024)
    with pytest.raises(uploads.Refused, match="1 MB"):
        add(case, world.requester, data=b"b")
    settings.OSK_FILES_MOST_MB, settings.OSK_FILES_MOST = 100, 1
    with pytest.raises(uploads.Refused, match="1"):
        add(case, world.requester, data=b"b")
    assert (case.files.count(), contents(disk)) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_never_pass_the_limit(world: World, disk: Path, settings: Any) -> None:
    case = world.case(S.DRAFT)
    settings.OSK_FILES_MOST = 1
    refused = []

    def send(data: bytes) -> None:
        try:
            add(case, world.requester, data=data)
        except uploads.Refused as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=(data,)) for data in (b"a", b"b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (case.files.count(), contents(disk), len(refused)) == (1, 1, 1)


@pytest.mark.usefixtures("expect_errors")
def test_full_disk_leaves_no_row(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case = world.case(S.DRAFT)

    def full(*args: object, **kwargs: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(FileSystemStorage, "save", full)
    with pytest.raises(uploads.Refused):
        add(case, world.requester)
    assert not case.files.exists()


def test_rollback_leaves_no_content(
    world: World, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = world.case()

    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("consulting.services.files.record", broken)
    with pytest.raises(RuntimeError):
        add(case, world.requester)
    assert (case.files.count(), contents(disk)) == (0, 0)


def test_remove(world: World, disk: Path, django_capture_on_commit_callbacks: Any) -> None:
    case = world.case()
    kept = add(case, world.requester)
    for role in ("reader", "colleague", "stranger", "writer", "advisor"):
        with pytest.raises(PermissionDenied):
            services.remove_file(case_id=case.pk, actor=world.person(role), file_id=kept.pk)
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            services.remove_file(case_id=case.pk, actor=world.requester, file_id=kept.pk)
    assert (case.files.count(), contents(disk)) == (0, 0)
    assert case.events.filter(kind=CaseEventKind.FILE_REMOVED).count() == 1


def test_deleted_draft_takes_its_files_along(
    world: World, disk: Path, django_capture_on_commit_callbacks: Any
) -> None:
    case = world.case(S.DRAFT)
    add(case, world.requester)
    with django_capture_on_commit_callbacks(execute=True):
        services.delete_draft(case_id=case.pk, actor=world.requester)
    assert (CaseFile.objects.count(), contents(disk)) == (0, 0)


def test_attach_only_to_ones_own_message_of_this_case(world: World) -> None:
    case, other = world.case(), world.case()
    services.add_message(case_id=case.pk, actor=world.requester, text="Hier.")
    said = CaseMessage.objects.get(case=case)
    assert add(case, world.requester, message=said).message == said
    for where, who, internal in (
        (other, world.requester, False),
        (case, world.writer, False),
        (case, world.advisor, True),
    ):
        with pytest.raises(PermissionDenied):
            add(where, who, message=said, data=b"x", is_internal=internal)


def test_over_is_over(world: World) -> None:
    case = world.case(S.WITHDRAWN)
    with pytest.raises(TransitionNotAllowed):
        add(case, world.requester)


@pytest.mark.parametrize("state", [FileState.QUARANTINED, FileState.INFECTED])
def test_submit_needs_clean_files(world: World, state: FileState) -> None:
    case = world.case(S.DRAFT)
    kept = add(case, world.requester)
    content = "" if state == FileState.INFECTED else kept.content.name
    CaseFile.objects.filter(pk=kept.pk).update(state=state, content=content)
    with pytest.raises(services.FilesNotReady):
        services.submit(case_id=case.pk, actor=world.requester)


def test_sweep_removes_old_contents_without_a_row(world: World, disk: Path) -> None:
    kept = add(world.case(), world.requester)
    orphan, young = disk / "consulting" / "orphan", disk / "consulting" / "young"
    for path in (orphan, young):
        path.write_bytes(b"x")
    for path in (orphan, Path(kept.content.path)):
        os.utime(path, (0, 0))
    assert (sweep_files(), sweep_files()) == (1, 0)
    assert young.exists()
    assert Path(kept.content.path).exists()
