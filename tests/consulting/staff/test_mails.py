"""Posteingang: who may see it, and what an advisor does with a mail."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from consulting import queues, services
from consulting.enums import CaseEventKind, CaseState, MessageKind
from consulting.models import ConsultingRequest, IncomingMail, TextModule
from consulting.models.incoming import MAIL_ALLOWED, MailAction, MailState
from consulting.reply_address import reply_address
from network.models import OrganisationDomain
from osk_portal.accounts.models import User
from osk_portal.notifications.models import OutgoingMail
from tests.consulting.conftest import World
from tests.consulting.mails import PROGRAM, QUOTE, TEXT_FILE, a_mail
from tests.toolkit.fake_clamd import FakeClamd

S = CaseState
LIST = "admin:consulting_incomingmail_changelist"
STEPS = ("make", "join", "answer", "discard")


def received(**changes: Any) -> IncomingMail:
    return services.receive_mail(a_mail(**{"message_id": f"<{uuid4()}@b.example>", **changes}))


def url(mail: IncomingMail, name: str = "page", *more: str) -> str:
    return reverse(f"admin:consulting_incomingmail_{name}", args=[mail.public_id, *more])


def typed(world: World, mail: IncomingMail, name: str, **changes: Any) -> dict[str, Any]:
    """The form of a step, filled in as it should be."""
    values: dict[str, dict[str, Any]] = {
        "make": {
            "said_at": "2026-01-05T10:00",
            "person_name": "Alex Muster",
            "person_email": "alex@bezirk.example",
            "organisation": world.authority.slug,
            "kind": "question",
            "title": "Nextcloud",
            "description": "Welche Fassung?",
            "topics": ["reuse"],
            "phase": "planning",
            "own_reference": "",
        },
        "join": {"reference": "", "readers": "public"},
        "answer": {"text": "Schauen Sie hier."},
        "discard": {"reason": "Werbung"},
    }
    return {"version": mail.version, **values[name], **changes}


@pytest.fixture(autouse=True)
def _that_day(clock: Any) -> None:
    from datetime import datetime

    from osk_portal.toolkit.clock import BERLIN

    clock.move_to(datetime(2026, 1, 5, 11, 0, tzinfo=BERLIN))


def test_ladder(world: World, sign_in: Callable[[str], Client]) -> None:
    mail = received(files=(TEXT_FILE,))
    read = [
        reverse(LIST),
        reverse("admin:consulting_incomingmail_tab", args=["automatic"]),
        url(mail),
    ]
    read += [url(mail, "file", "0"), *(url(mail, "step", name) for name in STEPS)]
    write = [*(url(mail, "step", name) for name in STEPS), url(mail, "restore")]
    for role in ("visitor", "requester", "manager", "stranger", "operator"):
        browser = sign_in(role)
        for address in read:
            assert browser.get(address).status_code in (302, 403, 404), (role, address)
        for address in write:
            assert browser.post(address, {"version": 1}).status_code in (302, 403, 404)
        if role == "visitor":
            continue
        for service, values in (
            (services.join_mail, {"case_id": world.case().pk, "is_internal": True}),
            (services.answer_mail, {"text": "x"}),
            (services.discard_mail, {"reason": "x"}),
            (services.restore_mail, {}),
            (services.record_from_mail, {}),
        ):
            with pytest.raises(PermissionDenied):
                service(
                    mail_id=mail.pk,
                    actor=world.person(role),
                    expected_version=mail.version,
                    **values,
                )
    mail.refresh_from_db()
    assert (mail.state, mail.version) == (MailState.NEW, 1)
    for role in ("advisor", "lead"):
        for address in read:
            assert sign_in(role).get(address).status_code == 200, address
    browser = sign_in("advisor")
    assert browser.post(url(mail)).status_code == 405
    assert browser.get(url(mail, "restore")).status_code == 405
    for lost in (
        url(mail, "step", "nichts"),
        url(mail, "file", "1"),
        url(mail, "file", "x"),
        url(mail).replace(str(mail.public_id), str(uuid4())),
        reverse("admin:consulting_incomingmail_tab", args=["nichts"]),
    ):
        assert browser.get(lost).status_code == 404, lost


def test_lists_and_their_count(world: World, sign_in: Callable[[str], Client]) -> None:
    received(subject="Erste <b>Frage</b>", text="<script>alert(1)</script>")
    received(subject="Weg", Auto_Submitted="auto-replied")
    received(subject="")
    browser = sign_in("advisor")

    page = browser.get(reverse(LIST))
    assert page.text.index("Erste &lt;b&gt;") < page.text.index("Ohne Betreff")  # the oldest first
    assert "Weg" not in page.text
    assert (
        "Weg" in browser.get(reverse("admin:consulting_incomingmail_tab", args=["automatic"])).text
    )
    side = browser.get(reverse("admin:consulting_consultingrequest_queue", args=["new"])).text
    entry = side[side.index(f'href="{reverse(LIST)}"') :]
    assert "<b>2<" in entry[: entry.index("</a>")]
    shown = browser.get(url(IncomingMail.objects.get(subject__startswith="Erste"))).text
    assert "<script>alert(1)" not in shown
    assert "&lt;script&gt;alert(1)" in shown


def test_queries_do_not_grow(world: World, sign_in: Callable[[str], Client]) -> None:
    browser = sign_in("advisor")
    case = world.case(S.IN_PROGRESS)

    def queries(address: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert browser.get(address).status_code == 200
        return len(seen)

    first = received(subject=case.reference, sender=world.requester.email)
    queries(reverse(LIST))
    one = queries(reverse(LIST)), queries(url(first))
    join(world, first, case)
    with_one = queries(queues.case_url(case))
    for _ in range(2):
        join(world, received(subject=case.reference, sender=world.requester.email), case)
    for _ in range(3):
        last = received(subject=case.reference, files=(TEXT_FILE, PROGRAM))
    assert (queries(reverse(LIST)), queries(url(last))) == one
    assert max(one) <= 12, one
    assert queries(queues.case_url(case)) == with_one


def join(world: World, mail: IncomingMail, case: ConsultingRequest, **changes: Any) -> Any:
    values: dict[str, Any] = {
        "actor": world.advisor,
        "is_internal": False,
        "expected_version": mail.version,
        "case_id": case.pk,
    }
    return services.join_mail(mail_id=mail.pk, **{**values, **changes})


# Anfrage daraus machen


def test_a_mail_becomes_a_request(
    world: World, sign_in: Callable[[str], Client], disk: Path
) -> None:
    OrganisationDomain.objects.create(organisation=world.authority, domain="bezirk.example")
    mail = received(subject="AW: WG: Nextcloud", files=(TEXT_FILE, PROGRAM))
    browser = sign_in("advisor")
    form = browser.get(url(mail, "step", "make"))
    for value in ('value="Nextcloud"', 'value="Alex Muster"', 'value="alex@bezirk.example"'):
        assert value in form.text
    assert f'value="{world.authority.slug}" selected' in form.text
    assert "welche Fassung sollen wir nehmen?" in form.text

    data = typed(world, mail, "make", attachments=["0", "1"])
    first, again = (browser.post(url(mail, "step", "make"), data) for _ in range(2))

    case = ConsultingRequest.objects.get()
    assert first["Location"] == again["Location"] == queues.case_url(case)
    assert (case.channel, case.author.email, case.state) == (
        "mail",
        "alex@bezirk.example",
        S.SUBMITTED,
    )
    assert [file.name for file in case.files.all()] == ["liste.txt"]
    mail.refresh_from_db()
    assert (mail.state, mail.case, mail.decided_by) == (MailState.MADE, case, world.advisor)
    assert mail.files_refused == 1
    assert OutgoingMail.objects.filter(kind="consulting.request_recorded").count() == 1
    assert mail.events.filter(kind=MailAction.MAKE).count() == 1


def test_errors_keep_what_was_typed(world: World, sign_in: Callable[[str], Client]) -> None:
    mail = received()
    browser = sign_in("advisor")
    User.objects.filter(pk=world.stranger.pk).update(is_active=False)
    for name, changes, text in (
        ("make", {"title": ""}, "Geben Sie einen Titel ein"),
        ("make", {"person_email": world.stranger.email}, "gesperrt"),
        ("join", {"reference": "OSK-2019-00001"}, "Es gibt keine Anfrage"),
        ("join", {"reference": world.case().reference, "readers": ""}, "wer die E-Mail liest"),
        ("answer", {"text": ""}, "Schreiben Sie eine Antwort"),
        ("discard", {"reason": " "}, "einen Grund"),
        ("discard", {"reason": "x" * 5001}, "5000 Zeichen"),
        ("answer", {"text": "a\x00b"}, "Steuerzeichen"),
    ):
        page = browser.post(url(mail, "step", name), typed(world, mail, name, **changes))
        assert page.status_code == 422, (name, changes)
        assert text in page.text
        assert "<title>Fehler: " in page.text
    # Nonsense in hidden and ticked fields.
    for name, changes in (
        ("discard", {"version": "x"}),
        ("discard", {"version": ""}),
        ("join", {"reference": world.case().reference, "attachments": ["7"]}),
    ):
        page = browser.post(url(mail, "step", name), typed(world, mail, name, **changes))
        assert page.status_code in (302, 422)
    assert browser.post(url(mail, "restore"), {"version": "x"}).status_code == 302
    mail.refresh_from_db()
    assert not OutgoingMail.objects.filter(kind="consulting.mail_answer").exists()


# Zu einer Anfrage hinzufügen


def test_a_mail_of_somebody_in_the_case_counts_as_said(
    world: World, sign_in: Callable[[str], Client], disk: Path
) -> None:
    case = world.case(S.WAITING_REQUESTER)
    mail = received(
        subject=f"Re: {case.reference}",
        sender=world.requester.email,
        text="Ja.\n" + QUOTE,
        files=(TEXT_FILE,),
    )
    browser = sign_in("other_advisor")
    assert f'value="{case.reference}"' in browser.get(url(mail, "step", "join")).text

    data = typed(world, mail, "join", reference=case.reference.replace("-", " "), attachments=["0"])
    answer = browser.post(url(mail, "step", "join"), data)

    assert answer["Location"] == queues.case_url(case)
    case.refresh_from_db()
    assert case.state == S.IN_PROGRESS
    message = case.messages.get()
    assert (message.kind, message.author, message.by_osk) == (
        MessageKind.REPLY,
        world.requester,
        False,
    )
    assert message.files.get().uploaded_by == world.requester
    page = browser.get(queues.case_url(case)).text
    assert "Zitierter Text" in page
    assert url(mail) in page
    theirs = sign_in("requester").get(case.get_absolute_url()).text
    assert "Zitierter Text" in theirs
    assert url(mail) not in theirs


def test_a_mail_to_a_reply_address_counts_as_said_by_its_person(
    world: World, sign_in: Callable[[str], Client], settings: Any
) -> None:
    settings.OSK_REPLY_ADDRESS = "antwort@osk.berlin.example"
    waiting, others = world.case(S.WAITING_REQUESTER), world.case(S.WAITING_REQUESTER)

    def privately(person: User) -> IncomingMail:
        mail = received(sender="privat@heim.example", to=reply_address(waiting, person), text="Ja.")
        assert mail.state == MailState.NEW
        return mail

    mail = privately(world.writer)
    shown = sign_in("advisor").get(url(mail, "step", "join")).text
    assert "gilt sie als von dieser Person gesagt" in shown
    join(world, mail, waiting)
    waiting.refresh_from_db()
    said = waiting.messages.get()
    assert (waiting.state, said.author, said.by_osk) == (S.IN_PROGRESS, world.writer, False)

    # Not for another request, for whom may no longer write, or for a note.
    join(world, privately(world.writer), others)
    join(world, privately(world.stranger), waiting)
    join(world, privately(world.requester), waiting, is_internal=True)
    others.refresh_from_db()
    assert (others.state, others.messages.get().by_osk) == (S.WAITING_REQUESTER, True)
    assert waiting.messages.filter(by_osk=True).count() == 2


def test_other_mails_are_marked_as_added_by_the_osk(
    world: World, sign_in: Callable[[str], Client]
) -> None:
    case = world.case(S.WAITING_REQUESTER)
    public = received(sender="Firma <a@firma.example>", text="Unser *Angebot*")
    internal = received(sender=world.requester.email, text="Bitte vertraulich: GEHEIM")

    join(world, public, case, actor=world.other_advisor)
    join(world, internal, case, actor=world.other_advisor, is_internal=True)

    case.refresh_from_db()
    assert (case.state, case.version) == (S.WAITING_REQUESTER, 1)
    assert case.paused_at is not None
    assert case.first_responded_at is None  # nobody has answered anything
    kinds = list(case.events.order_by("pk").values_list("kind", flat=True))
    assert kinds[-2:] == [CaseEventKind.MAIL_ADDED, CaseEventKind.MAIL_NOTED]
    told = OutgoingMail.objects.filter(user=world.requester)
    assert told.count() == 1
    assert "Angebot" not in told.get().text
    theirs = sign_in("requester").get(case.get_absolute_url()).text
    assert "E-Mail von Firma &lt;a@firma.example&gt;" in theirs
    assert "Unser *Angebot*" in theirs  # text, no Markdown
    assert "GEHEIM" not in theirs
    staff = sign_in("advisor").get(queues.case_url(case)).text
    assert "GEHEIM" in staff


def test_a_case_that_takes_no_messages_takes_a_note(
    world: World, sign_in: Callable[[str], Client]
) -> None:
    for state in (S.CLOSED, S.DECLINED, S.WITHDRAWN, S.DUPLICATE):
        case = world.case(state)
        mail = received(sender=world.requester.email)
        data = typed(world, mail, "join", reference=case.reference)
        page = sign_in("advisor").post(url(mail, "step", "join"), data)
        assert (page.status_code, "keine Nachrichten mehr" in page.text) == (409, True), state
        assert not case.messages.exists()
        join(world, mail, case, is_internal=True)
        assert case.messages.get().is_internal
        case.refresh_from_db()
        assert case.state == state


def test_a_draft_is_found_by_nobody(world: World, sign_in: Callable[[str], Client]) -> None:
    draft = world.case(S.DRAFT)
    mail = received()
    with pytest.raises(PermissionDenied):
        join(world, mail, draft, is_internal=True)
    page = sign_in("advisor").post(
        url(mail, "step", "join"), typed(world, mail, "join", reference=str(draft.public_id))
    )
    assert page.status_code == 422


# Antworten, verwerfen, zurücklegen


def test_an_answer_goes_to_the_sender(world: World, sign_in: Callable[[str], Client]) -> None:
    TextModule.objects.create(
        name="Gruß", text="{anrede}\n\n{frist} {ansprechperson} {aktenzeichen}"
    )
    mail = received(
        subject="Re: AW: Frage",
        text="x",
        message_id="<3@b.example>",
        References="<1@b.example> <2@b.example>",
    )
    browser = sign_in("advisor")
    module = TextModule.objects.get()
    inserted = browser.post(
        url(mail, "step", "answer"),
        typed(world, mail, "answer", text="Vorab.", insert="1", module=str(module.public_id)),
    )
    assert "Vorab.\n\nGuten Tag Alex Muster,\n\n– Kim Beispiel –" in inserted.text
    assert not OutgoingMail.objects.exists()

    data = typed(world, mail, "answer", text="Siehe {frist} & <b>hier</b>.")
    for _ in range(2):
        assert browser.post(url(mail, "step", "answer"), data).status_code == 302

    sent = OutgoingMail.objects.get()
    assert (sent.address, sent.user, sent.subject) == ("alex@bezirk.example", None, "Re: Frage")
    assert sent.answers == ["<1@b.example>", "<2@b.example>", "<3@b.example>"]
    assert "Siehe {frist} & <b>hier</b>." in sent.text
    assert "http://localhost:8000/beratung" in sent.text
    from osk_portal.notifications import delivery

    delivery.deliver(sent.pk)
    sent.refresh_from_db()
    assert sent.state == "sent"
    mail.refresh_from_db()
    assert (mail.state, mail.answer) == (MailState.ANSWERED, data["text"])
    # It can still become a request.
    assert MailState.ANSWERED in MAIL_ALLOWED[MailAction.MAKE]
    assert MailState.ANSWERED in MAIL_ALLOWED[MailAction.JOIN]


def test_a_mail_without_a_sender_is_not_answered(
    world: World, sign_in: Callable[[str], Client]
) -> None:
    browser = sign_in("advisor")
    for head in (b"", b"From: a@" + b"b." * 125 + b"example\r\n"):
        mail = services.receive_mail(head + b"Subject: x\r\n\r\nHallo\r\n")
        assert url(mail, "step", "answer") not in browser.get(url(mail)).text
        page = browser.post(url(mail, "step", "answer"), typed(world, mail, "answer"))
        assert page.status_code == 409
        assert "Schauen Sie hier." in page.text
    assert not OutgoingMail.objects.exists()


def test_discarded_with_a_reason_and_put_back(
    world: World, sign_in: Callable[[str], Client]
) -> None:
    mail = received()
    browser = sign_in("advisor")
    data = typed(world, mail, "discard")
    for _ in range(2):
        assert browser.post(url(mail, "step", "discard"), data)["Location"] == reverse(LIST)
    mail.refresh_from_db()
    assert (mail.state, mail.discard_reason) == (MailState.DISCARDED, "Werbung")
    assert mail.events.filter(kind=MailAction.DISCARD).count() == 1
    assert "Werbung" in browser.get(url(mail)).text

    browser.post(url(mail, "restore"), {"version": mail.version})

    mail.refresh_from_db()
    assert (mail.state, mail.discard_reason) == (MailState.NEW, "")
    automatic = received(Precedence="bulk")
    for name in STEPS:
        assert browser.get(url(automatic, "step", name))["Location"] == url(automatic)
        page = browser.post(url(automatic, "step", name), typed(world, automatic, name))
        assert page.status_code in (409, 422)
    assert not OutgoingMail.objects.exists()
    browser.post(url(automatic, "restore"), {"version": automatic.version})
    automatic.refresh_from_db()
    assert automatic.state == MailState.NEW


def test_who_comes_second_keeps_the_text(world: World, sign_in: Callable[[str], Client]) -> None:
    mail = received()
    case = world.case(S.IN_PROGRESS)
    forms = {name: typed(world, mail, name) for name in STEPS}
    forms["join"]["reference"] = case.reference
    join(world, mail, case, actor=world.advisor)

    browser = sign_in("other_advisor")
    for name in STEPS:
        page = browser.post(url(mail, "step", name), forms[name])
        assert page.status_code == 409, name
        assert "wurde inzwischen bearbeitet" in page.text
    assert "Schauen Sie hier." in browser.post(url(mail, "step", "answer"), forms["answer"]).text
    assert browser.post(url(mail, "restore"), {"version": 1}).status_code == 302
    assert case.messages.count() == 1
    assert ConsultingRequest.objects.count() == 1
    assert not OutgoingMail.objects.filter(kind="consulting.mail_answer").exists()


@pytest.mark.django_db(transaction=True)
def test_two_at_once_decide_once(world: World) -> None:
    mail = received()
    case = world.case(S.IN_PROGRESS)
    start = threading.Barrier(2)
    ends: list[str] = []

    def run(decide: Callable[[], object]) -> None:
        start.wait(timeout=10)
        try:
            decide()
            ends.append("done")
        except services.MailMoved:
            ends.append("second")
        finally:
            connection.close()

    both = [
        lambda: join(world, mail, case, actor=world.advisor),
        lambda: services.answer_mail(
            mail_id=mail.pk, actor=world.other_advisor, expected_version=1, text="x"
        ),
    ]
    threads = [threading.Thread(target=run, args=[each]) for each in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    assert sorted(ends) == ["done", "second"]
    assert mail.events.count() == 2


# Attachments


def test_an_attachment_is_saved_only_after_its_check(
    world: World, sign_in: Callable[[str], Client]
) -> None:
    mail = received(files=(TEXT_FILE, PROGRAM, ("ü" * 20 + ".txt", "octet-stream", b"x")))
    browser = sign_in("advisor")

    good = browser.get(url(mail, "file", "0"))
    assert good.content == TEXT_FILE[2]
    assert good["Content-Disposition"].startswith("attachment")
    assert good["Content-Type"] == "application/octet-stream"
    assert good["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in good["Cache-Control"]
    bad = browser.get(url(mail, "file", "1"), follow=True)
    assert "passt nicht zum Dateinamen" in bad.text
    assert b"MZ" not in bad.content[:2]
    assert browser.get(url(mail, "file", "2")).status_code == 200


def test_an_attachment_is_given_out_only_when_the_scanner_finds_it_clean(
    world: World, sign_in: Callable[[str], Client], settings: Any
) -> None:
    mail = received(files=(TEXT_FILE,))
    browser = sign_in("advisor")
    clamd = FakeClamd()
    settings.OSK_CLAMAV = clamd.address
    try:
        assert browser.get(url(mail, "file", "0")).content == TEXT_FILE[2]
        assert clamd.received == [TEXT_FILE[2]]
        clamd.reply = b"stream: Eicar-Test-Signature FOUND\0"
        infected = browser.get(url(mail, "file", "0"), follow=True)
        assert "Schadsoftware" in infected.content.decode()
    finally:
        clamd.stop()
    away = browser.get(url(mail, "file", "0"), follow=True)
    assert away.redirect_chain == [(mail.get_absolute_url(), 302)]
    assert "später noch einmal" in away.content.decode()


def test_who_saves_an_attachment_of_a_confidential_request_is_written_down(
    world: World, sign_in: Callable[[str], Client]
) -> None:
    case = world.case(S.IN_PROGRESS)
    mail = received(files=(TEXT_FILE,))
    services.join_mail(
        mail_id=mail.pk,
        actor=world.advisor,
        expected_version=mail.version,
        case_id=case.pk,
        is_internal=True,
    )
    browser = sign_in("other_advisor")
    read = case.events.filter(kind=CaseEventKind.FILE_READ)
    browser.get(url(mail, "file", "0"))
    assert not read.exists()
    ConsultingRequest.objects.filter(pk=case.pk).update(is_confidential=True)
    browser.head(url(mail, "file", "0"))
    assert browser.get(url(mail, "file", "0")).status_code == 200
    event = read.get()
    assert (event.actor, event.data) == (
        world.other_advisor,
        {"mail": str(mail.public_id), "attachment": 0},
    )
