"""The signed link of a recorded request: what it opens, when it dies, what can be said by it."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from consulting import services
from consulting.enums import CaseEventKind, CaseState, Topic
from consulting.models import CaseLink, ConsultingRequest
from consulting.services.scanning import first_state
from consulting.views import links
from network.enums import MembershipState
from osk_portal.accounts.services import lock
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock as portal_clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.consulting.conftest import ROLES, World, shown
from tests.consulting.test_appointments import MONDAY, offered
from tests.consulting.test_recording import record


def url_in_mail(kind: str = "consulting.request_recorded") -> str:
    text = OutgoingMail.objects.filter(kind=kind).latest("pk").text
    found = re.search(r"https?://[^/\s]+(/beratung/link/\S+)", text)
    assert found, text
    return found.group(1)


def test_the_receipt_opens_the_public_part_without_an_account(world: World, client: Client) -> None:
    case = record(world)
    services.add_note(case_id=case.pk, actor=world.advisor, text="NUR INTERN")
    services.add_message(case_id=case.pk, actor=world.advisor, text="Das lesen **alle**.")

    mail = OutgoingMail.objects.get(kind="consulting.request_recorded")
    assert "/beratung/link/" not in mail.body  # encrypted at rest
    page = client.get(url_in_mail())

    assert page.status_code == 200
    assert case.title in page.text
    assert "<strong>alle</strong>" in page.text
    assert "NUR INTERN" not in page.text
    assert page["Referrer-Policy"] == "no-referrer"
    assert page["Cache-Control"] == "no-store"
    assert "noindex" in page["X-Robots-Tag"]
    assert client.get(case.get_absolute_url()).status_code == 302  # only the link's page
    assert client.put(url_in_mail()).status_code == 405


def test_a_message_by_the_link_is_the_persons(world: World) -> None:
    case = record(world)
    browser = Client(enforce_csrf_checks=True)
    data = {"text": "Noch etwas.", "message_id": str(uuid4()), **shown(case)}

    for _again in range(2):
        answer = browser.post(url_in_mail(), data, headers={"origin": "null"})
        assert answer["Location"] == url_in_mail()
        assert answer["Referrer-Policy"] == "no-referrer"

    message = case.messages.get()
    assert (message.author, message.by_osk, message.is_internal) == (case.author, False, False)
    event = case.events.get(kind=CaseEventKind.MESSAGE_ADDED)
    assert event.data["by_link"] == str(case.links.get().public_id)
    assert OutgoingMail.objects.filter(kind="consulting.staff_message").exists()


def test_a_question_is_replied_by_the_link(world: World, client: Client) -> None:
    case = record(world)
    services.take_up(case_id=case.pk, actor=world.advisor)
    services.ask_back(
        case_id=case.pk, actor=world.advisor, question="Wie viele?", reply_by=portal_clock.today()
    )

    assert "Antwort senden" in client.get(url_in_mail()).text
    client.post(url_in_mail(), {"text": "Zwölf.", "message_id": str(uuid4()), **shown(case)})

    case.refresh_from_db()
    assert case.state == CaseState.TRIAGE
    assert case.messages.last().kind == "reply"  # type: ignore[union-attr] # there are two


def test_what_is_said_by_the_link_means_what_its_page_showed(world: World, client: Client) -> None:
    case = record(world)
    services.take_up(case_id=case.pk, actor=world.advisor)
    message = {"text": "Eine Nachricht.", **shown(case)}
    for question in ("Erste?", "Zweite?"):
        old = {"text": "Alter Text", **shown(case)}
        services.ask_back(
            case_id=case.pk, actor=world.advisor, question=question, reply_by=portal_clock.today()
        )
        for form in (old, message, {"text": "Ohne"}):
            page = client.post(url_in_mail(), form)
            assert page.status_code == 409
            assert page.text.count(form["text"]) == 1
            assert page.text.count(f'name="seen" value="{shown(case)["seen"]}"') == 1
        reply = {"text": "Zwölf.", "message_id": str(uuid4()), **shown(case)}
        for _again in range(2):
            assert client.post(url_in_mail(), reply).status_code == 302
        case.refresh_from_db()
        assert case.state == CaseState.TRIAGE
    assert case.messages.filter(kind="reply").count() == 2


def test_an_empty_text_is_told_and_a_long_one_kept(
    world: World, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    case = record(world)

    assert client.post(url_in_mail(), {"text": ""}).status_code == 422
    page = client.post(url_in_mail(), {"text": "x" * 20_001})
    assert page.status_code == 422
    assert "xxxx" in page.text
    assert client.post(url_in_mail(), {"text": "mit\x00Null"}).status_code == 422
    assert not case.messages.exists()
    assert "/beratung/link/" not in caplog.text


def test_a_case_that_takes_no_messages_keeps_the_text(world: World, client: Client) -> None:
    case = record(world)
    services.withdraw(case_id=case.pk, actor=case.author)

    page = client.post(url_in_mail(), {"text": "Zu spät.", "message_id": str(uuid4())})

    assert page.status_code == 409
    assert "Zu spät." in page.text
    assert "nachricht" not in client.get(url_in_mail()).text


def dies(client: Client, url: str) -> None:
    page = client.get(url)
    assert page.status_code == 404
    assert "Dieser Link gilt nicht" in page.text
    assert page["Referrer-Policy"] == "no-referrer"
    assert client.post(url, {"text": "x"}).status_code == 404


def test_it_dies_after_14_days(world: World, client: Client, clock: Any) -> None:
    now = clock.move_to(portal_clock.now())
    case = record(world)
    clock.move_to(now + timedelta(days=14) - timedelta(seconds=1))
    assert client.get(url_in_mail()).status_code == 200
    clock.move_to(now + timedelta(days=14))

    dies(client, url_in_mail())
    assert case.title not in client.get(url_in_mail()).text


def test_a_newer_link_ends_the_older(world: World, client: Client, clock: Any) -> None:
    now = clock.move_to(portal_clock.now())
    case = record(world)
    old = url_in_mail()
    assert services.renew_link(case_id=case.pk, actor=world.advisor) is None  # just made
    clock.move_to(now + timedelta(minutes=2))

    event = services.renew_link(case_id=case.pk, actor=world.other_advisor)

    assert event is not None
    assert event.kind == CaseEventKind.LINK_SENT
    dies(client, old)
    assert client.get(url_in_mail("consulting.case_link")).status_code == 200
    assert CaseLink.objects.count() == 2


@pytest.mark.parametrize("change", ["suspended", "locked", "confidential", "author"])
def test_it_dies_with_the_right(world: World, client: Client, change: str) -> None:
    case = record(world)
    if change == "suspended":
        membership = case.author.memberships.get()
        membership.confirm(actor=world.lead)
        membership.suspend(actor=world.lead)
    elif change == "locked":
        lock(user_id=case.author.pk, actor=world.operator)
    elif change == "confidential":
        ConsultingRequest.objects.filter(pk=case.pk).update(is_confidential=True)
    else:
        ConsultingRequest.objects.filter(pk=case.pk).update(author=world.requester)

    dies(client, url_in_mail())


def test_a_confidential_case_never_gets_one(world: World) -> None:
    case = record(world, topics=[Topic.PROCUREMENT])

    assert not CaseLink.objects.exists()
    assert "/link/" not in OutgoingMail.objects.get(kind="consulting.request_recorded").text
    with pytest.raises(TransitionNotAllowed):
        services.renew_link(case_id=case.pk, actor=world.advisor)


def test_a_case_of_the_portal_has_none(world: World) -> None:
    with pytest.raises(TransitionNotAllowed):
        services.renew_link(case_id=world.case().pk, actor=world.advisor)


@pytest.mark.parametrize("role", ROLES)
def test_only_advisors_renew(world: World, role: str) -> None:
    case = record(world)
    CaseLink.objects.update(made_at=portal_clock.now() - timedelta(days=1))
    if role in ("advisor", "other_advisor", "lead"):
        assert services.renew_link(case_id=case.pk, actor=world.person(role))
        return
    with pytest.raises(PermissionDenied):
        services.renew_link(case_id=case.pk, actor=world.person(role))


def test_forged_tokens_and_too_many_of_them(world: World, client: Client) -> None:
    record(world)
    link = CaseLink.objects.get()
    for token in ("x", link.public_id.hex, f"{link.public_id.hex}.falsch", "ü" * 500):
        dies(client, reverse("consulting:case_by_link", args=[token]))
    statuses = {
        client.get(reverse("consulting:case_by_link", args=["x"])).status_code for _ in range(20)
    }
    assert statuses == {404, 429}
    assert (
        client.get(link.get_absolute_url()).status_code == 200
    )  # who has a link is not locked out


def test_the_guard_keeps_the_mail_when_the_right_has_ended(world: World) -> None:
    from osk_portal import portal

    case = record(world)
    mail = OutgoingMail.objects.get(kind="consulting.request_recorded")
    guard = portal.mail_guards.get("consulting")
    assert guard is not None
    assert guard.still_allowed(mail.user_id or 0, mail.kind, mail.subject_key)
    case.author.memberships.update(state=MembershipState.REFUSED, confirmed_at=portal_clock.now())
    assert not guard.still_allowed(mail.user_id or 0, mail.kind, mail.subject_key)


def test_an_appointment_is_chosen_by_the_link(world: World, clock: Any) -> None:
    clock.move_to(MONDAY)
    case = record(world)
    offered(world, case, actor=world.lead)
    link = url_in_mail()
    page = Client().get(link).text
    assert page.count('name="slot"') == 2
    assert "/beratung/termin/" not in page
    appointment = case.appointments.get()
    slot = appointment.slots.all()[1]
    browser = Client(enforce_csrf_checks=True)

    wrong = browser.post(link, {"slot": "x"}, headers={"origin": "null"})
    assert wrong.status_code == 422
    assert wrong.text.count("Wählen Sie einen der Termine.") == 2
    for _again in range(2):
        answer = browser.post(link, {"slot": str(slot.public_id)}, headers={"origin": "null"})
        assert answer["Location"] == link
    appointment.refresh_from_db()
    assert (appointment.starts_at, appointment.picked_by) == (slot.starts_at, case.author)
    event = case.events.get(kind=CaseEventKind.APPOINTMENT_FIXED)
    assert event.data["by_link"] == str(CaseLink.objects.get().public_id)
    assert "Ihr Termin" in browser.get(link).text

    CaseLink.objects.all().delete()
    assert browser.post(link, {"slot": str(slot.public_id)}).status_code == 404


def test_none_of_the_appointments_fits_by_the_link(world: World, clock: Any) -> None:
    clock.move_to(MONDAY)
    case = record(world)
    offered(world, case, actor=world.lead)
    appointment = case.appointments.get()
    link = url_in_mail()
    where = f"{link}?refuse={appointment.public_id}"
    browser = Client(enforce_csrf_checks=True)
    assert where in browser.get(link).text
    page = browser.get(where)
    assert page["Referrer-Policy"] == "no-referrer"
    assert f'href="{link}"' in page.text
    assert "/beratung/anfrage/" not in page.text
    assert browser.post(where, {"text": " "}, headers={"origin": "null"}).status_code == 422

    data = {"text": "Besser am Freitag.", "message_id": str(uuid4())}
    for _again in range(2):
        answer = browser.post(where, data, headers={"origin": "null"})
        assert answer["Location"] == link

    appointment.refresh_from_db()
    assert appointment.state == "refused"
    said = case.messages.get()
    assert (said.body, said.author, said.by_osk) == ("Besser am Freitag.", case.author, False)
    event = case.events.get(kind=CaseEventKind.APPOINTMENT_REFUSED)
    assert event.data["by_link"] == str(CaseLink.objects.get().public_id)
    # What is over, of nobody, or of another case is no longer offered.
    other = record(world, person_email="andere@bezirk.example")
    offered(world, other, actor=world.lead)
    foreign = other.appointments.get().public_id
    for named in (appointment.public_id, foreign, "x", "", uuid4()):
        for way in ("refuse", "cancel"):
            answer = browser.get(f"{link}?{way}={named}")
            assert answer["Location"] == link, (way, named)
    for way in ("refuse", "cancel"):
        late = browser.post(f"{link}?{way}={foreign}", {**data, "message_id": str(uuid4())})
        assert late["Location"] == link
    assert other.appointments.get().state == "offered"


def test_an_appointment_is_cancelled_by_the_link(world: World, clock: Any) -> None:
    clock.move_to(MONDAY)
    case = record(world)
    offered(world, case, actor=world.lead)
    link, browser = url_in_mail(), Client(enforce_csrf_checks=True)
    appointment = case.appointments.get()
    where = f"{link}?cancel={appointment.public_id}"
    # An offer is the OSK's: it can be refused, not cancelled.
    assert browser.get(where)["Location"] == link
    data = {"text": "Krank.", "message_id": str(uuid4()), "sequence": "0"}
    forged = browser.post(where, data, headers={"origin": "null"})
    assert forged.status_code == 404
    services.pick_slot(
        case_id=case.pk, actor=case.author, slot_id=appointment.slots.all()[0].public_id
    )
    assert where in browser.get(link).text
    assert 'name="sequence"' in browser.get(where).text
    moved = browser.post(where, {**data, "sequence": "7"}, headers={"origin": "null"})
    assert moved.status_code == 409
    assert "Krank." in moved.text
    for _again in range(2):
        assert browser.post(where, data, headers={"origin": "null"})["Location"] == link
    appointment.refresh_from_db()
    assert appointment.state == "cancelled"
    event = case.events.get(kind=CaseEventKind.APPOINTMENT_CANCELLED)
    assert event.data["by_link"] == str(CaseLink.objects.get().public_id)
    assert case.messages.count() == 1


def test_files_come_by_the_link(world: World, disk: Path) -> None:
    case = record(world)
    link, browser = url_in_mail(), Client(enforce_csrf_checks=True)

    def post(text: str, *files: SimpleUploadedFile, **more: str) -> Any:
        data = {"text": text, "message_id": form_id, "attachments": list(files), **more}
        return browser.post(link, data, headers={"origin": "null"})

    form_id = str(uuid4())
    good = SimpleUploadedFile("liste.txt", b"eins")
    bad = SimpleUploadedFile("rechnung.pdf", b"MZ no pdf")
    page = post("Mein Text", good, bad)
    assert page.status_code == 422
    assert "rechnung.pdf" in page.text
    assert "Mein Text" in page.text
    assert "liste.txt" in page.text  # the good one stays with the form
    assert not case.messages.exists()
    removed = post("Mein Text", unstage=str(case.staged_files.get().public_id))
    assert removed.status_code == 200
    assert not case.staged_files.exists()
    assert "Mein Text" in removed.text
    preview = post("Das ist **wichtig**", SimpleUploadedFile("liste.txt", b"eins"), preview="1")
    assert "<strong>wichtig</strong>" in preview.text
    assert not case.messages.exists()
    for _again in range(2):
        assert post("Mit Liste", **shown(case))["Location"] == link
    file = case.messages.get().files.get()
    assert (file.name, file.by_osk, file.uploaded_by) == ("liste.txt", False, case.author)
    page = browser.get(link).text
    assert "liste.txt" in page
    assert "/beratung/datei/" not in page
    # In quarantine until it is scanned, as every other file.
    assert file.state == first_state()

    CaseLink.objects.all().delete()
    form_id = str(uuid4())
    assert post("x", SimpleUploadedFile("neu.txt", b"zwei")).status_code == 404
    assert not case.staged_files.exists()


def test_files_by_the_link_are_counted(world: World, disk: Path) -> None:
    case = record(world)
    link = url_in_mail()
    statuses = [
        Client()
        .post(link, {"text": "", "attachments": [SimpleUploadedFile(f"{n}.txt", b"x")]})
        .status_code
        for n in range(12)
    ]
    assert set(statuses) == {422, 429}
    assert case.staged_files.count() <= 10


@pytest.mark.parametrize("what", ["files", "reopen", "refuse", "cancel", "pick"])
def test_what_is_sent_too_often_comes_back_with_its_text(
    world: World, disk: Path, clock: Any, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    clock.move_to(MONDAY)
    case = record(world)
    url = case.links.get().get_absolute_url()
    data: dict[str, Any] = {"text": "Lange <überlegt>.", "message_id": str(uuid4())}
    if what == "files":
        data["attachments"] = [SimpleUploadedFile("neu.txt", b"zwei")]
    elif what == "reopen":
        ConsultingRequest.objects.filter(pk=case.pk).update(
            state=CaseState.CLOSED, closed_at=portal_clock.now(), outcome="no_reply"
        )
        data["reopen"] = "1"
    else:
        offered(world, case, actor=world.lead)
        appointment = case.appointments.get()
        slot = appointment.slots.all()[0].public_id
        if what == "cancel":
            services.pick_slot(case_id=case.pk, actor=case.author, slot_id=slot)
        if what == "pick":
            data = {"slot": str(slot)}
        else:
            url = f"{url}?{what}={appointment.public_id}"
    monkeypatch.setattr(links, "within_limit", lambda *_a, **_k: False)

    answer = Client().post(url, data)

    assert answer.status_code == 429
    assert "Versuchen Sie es in 10 Minuten erneut." in answer.text
    if what != "pick":
        assert "Lange &lt;überlegt&gt;." in answer.text
    assert ("Wählen Sie sie noch einmal aus." in answer.text) is (what == "files")
    assert not case.staged_files.exists()


def test_a_closed_request_is_reopened_by_the_link_with_a_reason(world: World, clock: Any) -> None:
    case = record(world)
    link = case.links.get()
    ConsultingRequest.objects.filter(pk=case.pk).update(
        state=CaseState.CLOSED, closed_at=portal_clock.now(), outcome="no_reply"
    )
    browser = Client(enforce_csrf_checks=True)
    url = link.get_absolute_url()
    case.refresh_from_db()
    data = {"text": "Es geht weiter.", "message_id": str(uuid4()), **shown(case)}
    assert "Anfrage wieder öffnen" in browser.get(url).text

    assert (
        browser.post(url, data).status_code == 409
    )  # a message that comes too late reopens nothing
    assert browser.post(url, {**data, "text": " ", "reopen": "1"}).status_code == 422
    case.refresh_from_db()
    assert case.state == CaseState.CLOSED
    for _again in range(2):
        assert browser.post(url, {**data, "reopen": "1"})["Location"] == url
    case.refresh_from_db()
    assert case.state == CaseState.IN_PROGRESS
    event = case.events.get(kind=CaseEventKind.REOPENED)
    assert event.data["by_link"] == str(link.public_id)
    assert case.messages.get().body == "Es geht weiter."
    late = browser.post(url, {"text": "Noch etwas.", "message_id": str(uuid4()), "reopen": "1"})
    assert late.status_code == 409
    assert "Noch etwas." in late.text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"state": CaseState.WITHDRAWN, "withdrawn_at": "now"}, "Sie brauchen uns doch?"),
        ({"state": CaseState.DECLINED, "decline_reason": "Zu groß"}, "Sie sehen es anders"),
        (
            {"state": CaseState.CLOSED, "closed_at": "long ago", "outcome": "no_reply"},
            "Die Zeit zum Wiederöffnen ist vorbei",
        ),
    ],
)
def test_an_ended_request_names_the_way_on(
    world: World, client: Client, fields: dict[str, Any], words: str
) -> None:
    case = record(world)
    times = {"now": portal_clock.now(), "long ago": portal_clock.now() - timedelta(days=120)}
    values = {name: times.get(value, value) for name, value in fields.items()}
    ConsultingRequest.objects.filter(pk=case.pk).update(**values)
    url = case.links.get().get_absolute_url()

    page = client.get(url).text
    assert words in page
    assert "mailto:" in page
    assert "<textarea" not in page
    client.post(url, {"text": "Weiter!", "message_id": str(uuid4()), "reopen": "1"})
    case.refresh_from_db()
    assert case.state == fields["state"]
