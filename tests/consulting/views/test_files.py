"""The step "Dateien", and the address that gives files out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from consulting import services
from consulting.enums import CaseEventKind, CaseState
from consulting.models import CaseFile, ConsultingRequest, FileState
from osk_portal.accounts.models import User
from tests.consulting.conftest import ROLES, World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("disk")]

Browser = Callable[[User], Client]
S = CaseState
READERS = {"requester", "writer", "reader", "deputy", "advisor", "other_advisor", "lead"}
OSK = {"advisor", "other_advisor", "lead"}


def step(case: ConsultingRequest) -> str:
    return reverse("consulting:request_files", args=[case.public_id])


def address(kept: CaseFile) -> str:
    return reverse("consulting:file_download", args=[kept.public_id])


def text(name: str = "notiz.txt", content: bytes = b"Hallo") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def add(case: ConsultingRequest, actor: User, **more: Any) -> CaseFile:
    return services.add_file(
        case_id=case.pk, actor=actor, **{"name": "notiz.txt", "data": b"Hallo", **more}
    )


def test_good_files_stay_and_bad_ones_say_why(world: World, signed_in: Browser) -> None:
    case = world.case(S.DRAFT)
    client = signed_in(world.requester)
    answer = client.post(step(case), {"chosen": [text(), text("boese.exe", b"MZ")], "add": "1"})
    assert answer.status_code == 422
    assert [kept.name for kept in case.files.all()] == ["notiz.txt"]
    page = answer.content.decode()
    assert page.count("boese.exe") >= 2  # in the summary and at the field
    assert "notiz.txt" in page


def test_on_to_the_next_step_and_sent_twice(world: World, signed_in: Browser) -> None:
    case = world.case(S.DRAFT)
    client = signed_in(world.requester)
    for _ in range(2):
        answer = client.post(step(case), {"chosen": [text()]})
        assert answer.url == reverse("consulting:request_sharing", args=[case.public_id])
    assert case.files.count() == 1
    assert client.post(step(case), {}).status_code == 302  # nothing is required


def test_remove(world: World, signed_in: Browser) -> None:
    case = world.case(S.DRAFT)
    kept = add(case, world.requester)
    client = signed_in(world.requester)
    for _ in range(2):
        assert client.post(step(case), {"remove": str(kept.public_id)}).status_code == 302
    assert not case.files.exists()
    assert client.post(step(case), {"remove": "nonsense\x00"}).status_code == 404


def test_remove_takes_no_file_of_another_case(world: World, signed_in: Browser) -> None:
    case, kept = world.case(S.DRAFT), add(world.case(), world.requester)
    signed_in(world.requester).post(step(case), {"remove": str(kept.public_id)})
    assert CaseFile.objects.filter(pk=kept.pk).exists()


@pytest.mark.parametrize("role", [role for role in ROLES if role != "requester"])
def test_a_draft_is_nobody_elses(world: World, signed_in: Browser, role: str) -> None:
    case = world.case(S.DRAFT)
    client = signed_in(world.person(role))
    assert client.get(step(case)).status_code == 404
    assert client.post(step(case), {"chosen": [text()]}).status_code == 404
    assert not case.files.exists()


def test_sent_case_leads_to_its_page(world: World, signed_in: Browser) -> None:
    case = world.case()
    answer = signed_in(world.requester).post(step(case), {"chosen": [text()]})
    assert answer.url == reverse("consulting:request_detail", args=[case.public_id])
    assert not case.files.exists()


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("is_internal", [False, True])
def test_who_may_download(world: World, signed_in: Browser, role: str, is_internal: bool) -> None:
    kept = add(world.case(), world.advisor, is_internal=is_internal)
    answer = signed_in(world.person(role)).get(address(kept))
    allowed = role in (OSK if is_internal else READERS)
    assert answer.status_code == (200 if allowed else 404)
    if allowed:
        assert b"".join(answer.streaming_content) == b"Hallo"


def test_anonymous_must_sign_in(world: World, client: Client) -> None:
    kept = add(world.case(), world.requester)
    assert client.get(address(kept)).status_code == 302
    assert client.get(step(kept.case)).status_code == 302


def test_a_download_is_never_a_page(world: World, signed_in: Browser) -> None:
    kept = add(world.case(), world.requester, name="Übersicht \u20ac.txt")
    client = signed_in(world.requester)
    answer = client.get(address(kept))
    assert b"".join(answer.streaming_content) == b"Hallo"
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == (
        "attachment; filename*=utf-8''%C3%9Cbersicht%20%E2%82%AC.txt"
    )
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert "no-store" in answer["Cache-Control"]
    assert client.post(address(kept)).status_code == 405


@pytest.mark.parametrize("state", [s for s in FileState if s != FileState.CLEAN])
def test_only_clean_files_are_given_out(world: World, signed_in: Browser, state: FileState) -> None:
    kept = add(world.case(), world.requester)
    content = kept.content.name if state == FileState.QUARANTINED else ""
    CaseFile.objects.filter(pk=kept.pk).update(state=state, content=content)
    for role in ("requester", "lead"):
        assert signed_in(world.person(role)).get(address(kept)).status_code == 404


@pytest.mark.parametrize("is_confidential", [False, True])
def test_reading_a_confidential_file_is_written_down(
    world: World, signed_in: Browser, is_confidential: bool
) -> None:
    case = world.case()
    ConsultingRequest.objects.filter(pk=case.pk).update(is_confidential=is_confidential)
    kept = add(case, world.requester)
    b"".join(signed_in(world.reader).get(address(kept)).streaming_content)
    events = case.events.filter(kind=CaseEventKind.FILE_READ)
    assert [event.actor for event in events] == ([world.reader] if is_confidential else [])


def test_pages_show_the_files_to_whom_they_concern(world: World, signed_in: Browser) -> None:
    case = world.case()
    add(case, world.requester, name="plan.txt")
    add(case, world.advisor, name="geheim.txt", is_internal=True)
    page = signed_in(world.reader).get(case.get_absolute_url()).content.decode()
    assert "plan.txt" in page
    assert "geheim.txt" not in page
    staff = reverse("admin:consulting_consultingrequest_case", args=[case.public_id])
    page = signed_in(world.advisor).get(staff).content.decode()
    assert "plan.txt" in page
    assert "geheim.txt" in page


def test_quarantined_file_keeps_the_draft(world: World, signed_in: Browser) -> None:
    case = world.case(S.DRAFT)
    kept = add(case, world.requester)
    CaseFile.objects.filter(pk=kept.pk).update(state=FileState.QUARANTINED)
    check = reverse("consulting:request_check", args=[case.public_id])
    client = signed_in(world.requester)
    assert "notiz.txt" in client.get(check).content.decode()
    assert client.post(check).url == step(case) + "?check&unready=1"
    page = client.get(step(case) + "?check&unready=1").content.decode()
    assert page.count("wird noch geprüft") >= 2  # in the summary and at the field
    case.refresh_from_db()
    assert case.is_draft
