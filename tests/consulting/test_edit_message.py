"""A text of one's own, changed within five minutes; what stood there before stays readable."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from consulting import queues, services
from consulting.enums import CaseEventKind, CaseState
from consulting.models import CaseMessage, ConsultingRequest, MessageVersion
from osk_portal.accounts.models import User
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.consulting.conftest import ROLES, World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("disk")]

S = CaseState


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def said(case: ConsultingRequest, actor: User, text: str = "Erste Fassung") -> CaseMessage:
    services.add_message(case_id=case.pk, actor=actor, text=text)
    return case.messages.latest("pk")


def noted(case: ConsultingRequest, actor: User) -> CaseMessage:
    services.add_note(case_id=case.pk, actor=actor, text="Geheime Fassung")
    return case.messages.latest("pk")


def edit(case: ConsultingRequest, actor: User, message: CaseMessage, text: str = "Neu") -> object:
    return services.edit_message(case_id=case.pk, actor=actor, message_id=message.pk, text=text)


def url(case: ConsultingRequest, message: CaseMessage) -> str:
    return reverse("consulting:message_edit", args=[case.public_id, message.public_id])


def test_only_the_author(world: World) -> None:
    case = world.case(S.IN_PROGRESS)
    for author, message in (
        ("requester", said(case, world.requester)),
        ("advisor", said(case, world.advisor)),
        ("advisor", noted(case, world.advisor)),
    ):
        for role in ROLES:
            if role == author:
                continue
            with pytest.raises(PermissionDenied):
                edit(case, world.person(role), message)
        assert edit(case, world.person(author), message)
    assert MessageVersion.objects.count() == 3


def test_old_version_event_and_no_mail(world: World) -> None:
    case = world.case(S.IN_PROGRESS)
    message = said(case, world.requester)
    case.refresh_from_db()
    version, mails = case.version, OutgoingMail.objects.count()
    for _ in range(2):  # sent twice
        edit(case, world.requester, message, "Zweite **Fassung**")
    edit(case, world.requester, message, "Dritte Fassung")
    message.refresh_from_db()
    assert (message.body, OutgoingMail.objects.count()) == ("Dritte Fassung", mails)
    assert [v.body for v in message.versions.all()] == ["Erste Fassung", "Zweite **Fassung**"]
    events = case.events.filter(kind=CaseEventKind.MESSAGE_EDITED)
    assert [event.data for event in events] == [{"message": str(message.public_id)}] * 2
    case.refresh_from_db()
    assert case.version == version + 2  # a form that answers the old text is told
    for role, address in (("reader", case.get_absolute_url()), ("advisor", queues.case_url(case))):
        page = browser(world.person(role)).get(address).content.decode()
        assert "bearbeitet" in page
        assert "Zweite <strong>Fassung</strong>" in page
        assert "Text ändern" not in page


def test_an_internal_note_stays_internal(world: World) -> None:
    case = world.case(S.IN_PROGRESS)
    note = noted(case, world.advisor)
    version = ConsultingRequest.objects.get(pk=case.pk).version
    staff = queues.edit_url(case, note.public_id)
    flags = {"text": "Neue Notiz", "is_internal": "", "kind": "message"}
    page = browser(world.advisor).get(staff).content.decode()
    assert "Intern, nur OSK" in page
    assert browser(world.advisor).post(staff, flags).status_code == 302
    note.refresh_from_db()
    assert (note.body, note.is_internal, note.kind) == ("Neue Notiz", True, "note")
    assert ConsultingRequest.objects.get(pk=case.pk).version == version
    page = browser(world.requester).get(case.get_absolute_url()).content.decode()
    assert "Neue Notiz" not in page
    assert "Geheime Fassung" not in page
    # Neither by the public address, whoever asks.
    for role in ("requester", "advisor"):
        assert browser(world.person(role)).get(url(case, note)).status_code == 404


def test_five_minutes(world: World) -> None:
    case = world.case(S.IN_PROGRESS)
    message = said(case, world.requester)
    client = browser(world.requester)
    page = client.get(case.get_absolute_url()).content.decode()
    assert url(case, message) in page
    CaseMessage.objects.filter(pk=message.pk).update(created_at=clock.now() - timedelta(minutes=5))
    assert url(case, message) not in client.get(case.get_absolute_url()).content.decode()
    with pytest.raises(TransitionNotAllowed):
        edit(case, world.requester, message)
    assert client.get(url(case, message)).status_code == 302
    answer = client.post(url(case, message), {"text": "Zu spät getippt"})
    assert answer.status_code == 409
    assert "Zu spät getippt" in answer.content.decode()
    assert not MessageVersion.objects.exists()


def test_a_case_that_is_over_and_reasons_stay_as_they_are(world: World) -> None:
    case = world.case(S.IN_PROGRESS)
    message = said(case, world.requester)
    services.withdraw(case_id=case.pk, actor=world.requester)
    with pytest.raises(TransitionNotAllowed):
        edit(case, world.requester, message)
    case = world.case(S.IN_PROGRESS)
    services.return_to_queue(case_id=case.pk, actor=world.advisor, reason="Urlaub")
    with pytest.raises(PermissionDenied):
        edit(case, world.advisor, case.messages.get())


def test_ladder_of_the_pages(world: World) -> None:
    case, other = world.case(S.IN_PROGRESS), world.case(S.IN_PROGRESS)
    message = said(case, world.requester)
    ours = said(case, world.advisor)
    assert Client().get(url(case, message)).status_code == 302
    for role in ("stranger", "colleague", "manager", "operator"):
        assert browser(world.person(role)).get(url(case, message)).status_code == 404, role
    for role in ("reader", "writer", "advisor"):
        answer = browser(world.person(role)).post(url(case, message), {"text": "Fremd"})
        assert answer.status_code == 403, role
    mine = browser(world.requester)
    assert mine.get(url(other, message)).status_code == 404
    assert mine.post(url(case, message), {"text": "x\x00"}).status_code == 422
    assert mine.put(url(case, message)).status_code == 405
    staff = queues.edit_url(case, ours.public_id)
    assert browser(world.requester).get(staff).status_code in (302, 403)
    assert browser(world.other_advisor).post(staff, {"text": "Fremd"}).status_code == 403
    assert browser(world.advisor).post(staff, {"text": "Besser"}).status_code == 302
    assert mine.post(url(case, message), {"text": "Auch besser"}).status_code == 302
    assert {m.body for m in case.messages.all()} == {"Besser", "Auch besser"}


def test_its_files_can_be_taken_off(world: World) -> None:
    case = world.case(S.IN_PROGRESS)
    form_id = uuid4()
    services.stage_file(
        case_id=case.pk, actor=world.requester, form_id=form_id, name="a.txt", data=b"a"
    )
    services.add_message(case_id=case.pk, actor=world.requester, text="Hier", message_id=form_id)
    message = case.messages.get()
    file = message.files.get()
    mine = browser(world.requester)
    assert "a.txt" in mine.get(url(case, message)).content.decode()
    for _ in range(2):
        answer = mine.post(url(case, message), {"remove": str(file.public_id), "text": "Hier"})
        assert answer.status_code == 302
    assert mine.post(url(case, message), {"remove": "\x00"}).status_code == 404
    assert not message.files.exists()
    assert not MessageVersion.objects.exists()


def test_a_changed_public_text_cites_only_what_may_be_cited(world: World) -> None:
    case = world.case(S.IN_PROGRESS)
    client = browser(world.advisor)
    wrong = {"text": "Siehe [RA-2019-999]."}
    for message, status in (
        (said(case, world.advisor), 422),
        (noted(case, world.advisor), 302),  # read by the OSK only
    ):
        answer = client.post(queues.edit_url(case, message.public_id), wrong)
        assert answer.status_code == status
        message.refresh_from_db()
        assert ("RA-2019-999" in message.body) is (status == 302)
        if status == 422:
            page = answer.content.decode()
            assert page.count("RA-2019-999 ") >= 2  # summary and field
            assert "Siehe [RA-2019-999]." in page
