"""Files that come with a text: with which form, by whom, seen by whom, and what is kept when something is wrong."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils.datastructures import MultiValueDict

from consulting import composing, queues, record, services
from consulting.enums import CaseEventKind, CaseState
from consulting.file_forms import ComposerForm
from consulting.models import CaseFile, CaseMessage, ConsultingRequest, StagedFile
from consulting.services.attachments import forget_staged
from osk_portal.accounts.models import User
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock, uploads
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.consulting.conftest import ROLES, World, shown

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("disk")]

S = CaseState
SPEAKERS = {"requester", "writer", "deputy", "advisor", "other_advisor", "lead"}
OSK = {"advisor", "other_advisor", "lead"}


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def upload(name: str = "plan.txt", data: bytes = b"Hallo") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def say_url(case: ConsultingRequest, what: str = "message") -> str:
    return reverse(f"consulting:request_{what}", args=[case.public_id])


def stage(case: ConsultingRequest, actor: User, **more: Any) -> StagedFile | None:
    values: dict[str, Any] = {"form_id": uuid4(), "name": "plan.txt", "data": b"Hallo", **more}
    return services.stage_file(case_id=case.pk, actor=actor, **values)


def contents(disk: Path) -> int:
    return sum(path.is_file() for path in disk.rglob("*"))


def test_who_may_bring_a_file_in_which_state(world: World, disk: Path) -> None:
    for state in (S.DRAFT, S.IN_PROGRESS, S.ANSWERED, S.WITHDRAWN):
        case = world.case(state)
        for role in ROLES:
            for internal in (False, True):
                may = role in (OSK if internal else SPEAKERS) and state != S.DRAFT
                said = f"{role} {state} {internal}"
                if not may:
                    with pytest.raises(PermissionDenied):
                        stage(case, world.person(role), is_internal=internal)
                elif state == S.WITHDRAWN and not internal:
                    with pytest.raises(TransitionNotAllowed):
                        stage(case, world.person(role))
                else:
                    assert stage(case, world.person(role), is_internal=internal), said


def test_a_message_takes_its_files_along_once(world: World) -> None:
    case = world.case(S.IN_PROGRESS)
    client = browser(world.requester)
    form = {"text": "Im Anhang.", "message_id": str(uuid4()), **shown(case)}
    for _ in range(2):
        answer = client.post(say_url(case), {**form, "attachments": [upload(), upload("b.md")]})
        assert answer.status_code == 302
    said = CaseMessage.objects.get(case=case)
    assert [file.name for file in said.files.all()] == ["plan.txt", "b.md"]
    assert {file.uploaded_by for file in said.files.all()} == {world.requester}
    assert not StagedFile.objects.exists()
    assert case.events.filter(kind=CaseEventKind.FILE_ADDED).count() == 2
    for role in ("reader", "advisor"):
        url = case.get_absolute_url() if role == "reader" else queues.case_url(case)
        page = browser(world.person(role)).get(url).content.decode()
        assert page.count("plan.txt") == 2  # at the message and in the list
    for mail in OutgoingMail.objects.all():
        assert "plan.txt" not in mail.subject + mail.body


def test_good_files_and_the_text_stay_when_one_is_refused(world: World) -> None:
    case = world.case(S.WAITING_REQUESTER)
    client = browser(world.requester)
    form = {"text": "Mein langer Text", "message_id": str(uuid4()), **shown(case)}
    bad = upload("boese.exe", b"MZ")
    answer = client.post(say_url(case, "reply"), {**form, "attachments": [upload(), bad]})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert page.count("„boese.exe“") == 2  # summary and field
    assert "Mein langer Text" in page
    assert not CaseMessage.objects.exists()
    staged = StagedFile.objects.get()
    assert str(staged.public_id) in page
    colleague = browser(world.writer).get(case.get_absolute_url()).content.decode()
    assert "plan.txt" not in colleague  # not sent: nobody else sees it
    # Once more without files: the good one goes along.
    assert client.post(say_url(case, "reply"), form).status_code == 302
    assert [file.name for file in CaseMessage.objects.get().files.all()] == ["plan.txt"]


def test_preview_keeps_text_and_files_and_sends_nothing(world: World) -> None:
    case = world.case(S.IN_PROGRESS)
    mine, osk = browser(world.requester), browser(world.advisor)
    version = case.version
    text = "Das ist **wichtig** <script>alert(1)</script>"
    for client, url in (
        (mine, say_url(case)),
        (osk, queues.step_url(case, "message")),
        (osk, queues.step_url(case, "note")),
        (osk, queues.step_url(case, "ask-back")),
        (osk, queues.step_url(case, "answer")),
    ):
        form = {
            "text": text, "question": text, "message_id": str(uuid4()), "version": version,
            "preview": "1", "attachments": [upload()], "is_internal": "1",
        }  # fmt: skip
        answer = client.post(url, form)
        page = answer.content.decode()
        assert answer.status_code == 200, url
        assert "<strong>wichtig</strong>" in page, url
        assert "<script>alert" not in page
        assert "Das ist **wichtig** &lt;script&gt;" in page, url
        assert form["message_id"] in page, url
        assert str(StagedFile.objects.get(form_id=form["message_id"]).public_id) in page, url
        assert "Fehler:" not in page, url
    case.refresh_from_db()
    assert (case.version, CaseMessage.objects.count(), CaseFile.objects.count()) == (version, 0, 0)
    empty = mine.post(say_url(case), {"text": "", "message_id": str(uuid4()), "preview": "1"})
    assert "Fehler:" in empty.content.decode()


def test_a_file_is_taken_out_again(world: World, disk: Path, settings: Any) -> None:
    case = world.case(S.IN_PROGRESS)
    form_id = uuid4()
    staged = stage(case, world.requester, form_id=form_id)
    assert staged is not None
    wrong = {"text": "a", "message_id": str(form_id), "unstage": str(staged.public_id)}
    browser(world.writer).post(say_url(case), wrong)
    assert StagedFile.objects.exists()  # only one's own
    page = browser(world.requester).post(say_url(case), {**wrong, "text": ""}).content.decode()
    assert "Fehler:" not in page
    assert (StagedFile.objects.count(), CaseMessage.objects.count()) == (0, 0)


def test_internal_files_never_reach_the_authority(world: World, client: Client) -> None:
    case = world.case(S.IN_PROGRESS)
    osk = browser(world.advisor)
    secret = {"text": "Notiz", "message_id": str(uuid4()), "version": case.version}
    osk.post(queues.step_url(case, "note"), {**secret, "attachments": [upload("geheim.txt")]})
    note = CaseMessage.objects.get()
    file = note.files.get()
    assert (note.is_internal, file.is_internal, file.by_osk) == (True, True, True)
    # The id of an internal form never takes its files into a public text.
    form_id = uuid4()
    stage(case, world.advisor, form_id=form_id, is_internal=True, name="geheim2.txt")
    public = {"text": "Hallo", "message_id": str(form_id), "version": case.version}
    assert osk.post(queues.step_url(case, "message"), public).status_code == 302
    assert CaseFile.objects.count() == 1
    address = reverse("consulting:file_download", args=[file.public_id])
    for role in ROLES:
        given = browser(world.person(role)).get(address)
        assert given.status_code == (200 if role in OSK else 404), role
        if role in OSK:
            assert b"".join(given.streaming_content) == b"Hallo"
    page = browser(world.requester).get(case.get_absolute_url()).content.decode()
    assert "geheim" not in page
    fresh = ConsultingRequest.objects.get(pk=case.pk)
    assert not record.build(fresh, clock.now()).files
    assert "geheim" not in str([entry.files for entry in record.build(fresh, clock.now()).said])
    assert "geheim.txt" in osk.get(queues.case_url(case)).content.decode()


def test_question_and_answer_carry_files(world: World) -> None:
    case = world.case(S.IN_PROGRESS)
    osk = browser(world.advisor)
    osk.post(
        queues.step_url(case, "ask-back"),
        {"question": "Wie viele?", "reply_by": (clock.today() + timedelta(days=9)).isoformat(),
         "version": case.version, "message_id": str(uuid4()), "attachments": [upload("frage.txt")]},
    )  # fmt: skip
    assert CaseMessage.objects.get().files.get().name == "frage.txt"
    case = world.case(S.IN_PROGRESS)
    bad = {"text": "", "version": case.version, "message_id": str(uuid4())}
    answer = osk.post(queues.step_url(case, "answer"), {**bad, "attachments": [upload("a.txt")]})
    assert "a.txt" in answer.content.decode()  # kept with the form
    osk.post(queues.step_url(case, "answer"), {**bad, "text": "So geht es."})
    case.refresh_from_db()
    assert case.result is not None
    file = case.result.files.get()
    assert (file.name, file.is_internal, file.message) == ("a.txt", False, None)
    page = browser(world.reader).get(case.get_absolute_url()).content.decode()
    assert page.count(">a.txt<") == 2


def test_a_moved_case_keeps_text_and_files(world: World) -> None:
    case = world.case(S.WAITING_REQUESTER)
    form = {"text": "Antwort", "message_id": str(uuid4()), **shown(case), "attachments": [upload()]}
    services.reply(case_id=case.pk, actor=world.writer, text="Ich war schneller.")
    answer = browser(world.requester).post(say_url(case, "reply"), form)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Antwort" in page
    assert str(StagedFile.objects.get().public_id) in page
    assert form["message_id"] in page


def test_each_side_has_its_own_room(world: World, settings: Any) -> None:
    settings.OSK_FILES_MOST = 1
    case = world.case(S.IN_PROGRESS)
    services.add_file(case_id=case.pk, actor=world.advisor, name="a.txt", data=b"a")
    services.add_file(case_id=case.pk, actor=world.requester, name="b.txt", data=b"b")
    with pytest.raises(uploads.Refused):
        stage(case, world.requester)
    other, form_id = world.case(S.IN_PROGRESS), uuid4()
    stage(other, world.requester, form_id=form_id)
    with pytest.raises(uploads.Refused):
        stage(other, world.requester, form_id=form_id, data=b"zwei")
    # Others have used up the room meanwhile: nothing is sent, nothing is lost.
    services.add_file(case_id=other.pk, actor=world.writer, name="c.txt", data=b"c")
    form = {"text": "Hier", "message_id": str(form_id), **shown(other)}
    answer = browser(world.requester).post(say_url(other), form)
    assert (answer.status_code, other.messages.count()) == (422, 0)
    assert StagedFile.objects.filter(form_id=form_id).exists()


def test_an_upload_in_the_moment_of_sending(world: World, disk: Path) -> None:
    case = world.case(S.DRAFT)
    step = reverse("consulting:request_files", args=[case.public_id])
    kept = services.add_file(case_id=case.pk, actor=world.requester, name="a.txt", data=b"a")
    services.submit(case_id=case.pk, actor=world.requester)
    with pytest.raises(TransitionNotAllowed):
        services.add_file(
            case_id=case.pk, actor=world.requester, name="b.txt", data=b"b", is_for_draft=True
        )
    with pytest.raises(TransitionNotAllowed):
        services.remove_file(
            case_id=case.pk, actor=world.requester, file_id=kept.pk, is_for_draft=True
        )
    assert browser(world.requester).post(step, {"chosen": [upload()]}).status_code == 302
    assert (case.files.count(), contents(disk)) == (1, 1)


def test_what_was_sent_cannot_be_taken_away_later(world: World) -> None:
    case = world.case(S.IN_PROGRESS)
    kept = services.add_file(case_id=case.pk, actor=world.requester, name="a.txt", data=b"a")
    CaseFile.objects.filter(pk=kept.pk).update(created_at=clock.now() - timedelta(minutes=6))
    with pytest.raises(TransitionNotAllowed):
        services.remove_file(case_id=case.pk, actor=world.requester, file_id=kept.pk)
    fresh = services.add_file(case_id=case.pk, actor=world.requester, name="b.txt", data=b"b")
    services.withdraw(case_id=case.pk, actor=world.requester)
    with pytest.raises(TransitionNotAllowed):
        services.remove_file(case_id=case.pk, actor=world.requester, file_id=fresh.pk)
    assert case.files.count() == 2


def test_what_nobody_sends_is_forgotten(
    world: World, disk: Path, django_capture_on_commit_callbacks: Any
) -> None:
    case = world.case(S.IN_PROGRESS)
    old, young = stage(case, world.requester), stage(case, world.writer)
    assert old
    assert young
    StagedFile.objects.filter(pk=old.pk).update(created_at=clock.now() - timedelta(days=2))
    with django_capture_on_commit_callbacks(execute=True):
        assert (forget_staged(), forget_staged()) == (1, 0)
    assert (StagedFile.objects.get(), contents(disk)) == (young, 1)


def test_an_older_form_loses_its_files_only_when_there_is_no_room(
    world: World, settings: Any
) -> None:
    settings.OSK_FILES_MOST = 2
    case = world.case(S.IN_PROGRESS)
    older = stage(case, world.requester)
    assert older
    StagedFile.objects.filter(pk=older.pk).update(created_at=clock.now() - timedelta(hours=2))
    form_id = uuid4()
    first = stage(case, world.requester, form_id=form_id)
    assert set(StagedFile.objects.all()) == {older, first}
    second = stage(case, world.requester, form_id=form_id, data=b"zwei")
    assert set(StagedFile.objects.all()) == {first, second}
    # Nothing more to make room with; and a refused file costs the older form nothing.
    with pytest.raises(uploads.Refused):
        stage(case, world.requester, form_id=form_id, data=b"drei")
    settings.OSK_FILES_MOST = 0
    StagedFile.objects.update(created_at=clock.now() - timedelta(hours=2))
    with pytest.raises(uploads.Refused):
        stage(case, world.requester)
    assert StagedFile.objects.count() == 2


def test_taking_a_file_out_of_a_request_anonymised_meanwhile_says_why_not(world: World) -> None:
    case = world.case(S.CLOSED)
    ConsultingRequest.objects.filter(pk=case.pk).update(anonymised_at=clock.now())
    data = {"text": "Hallo", "message_id": str(uuid4()), "unstage": str(uuid4())}
    form = ComposerForm.new(is_reply=False, data=data, files=MultiValueDict())

    refusals = composing.receive(form, case, world.requester)

    assert len(refusals) == 1
    assert "anonymisiert" in refusals[0]
    assert composing.is_aside(form, refusals)
    assert form.errors["attachments"] == refusals


@pytest.mark.parametrize("form_id", ["", "nonsense", "\x00", str(UUID(int=0))])
def test_a_broken_form_loses_no_text(world: World, form_id: str) -> None:
    case = world.case(S.IN_PROGRESS)
    form = {"text": "Hallo", "message_id": form_id, "unstage": "\x00x"}
    answer = browser(world.requester).post(say_url(case), {**form, "attachments": [upload()]})
    assert answer.status_code == 200
    assert "Hallo" in answer.content.decode()
