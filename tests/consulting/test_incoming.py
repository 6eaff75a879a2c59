"""Mail that comes in: kept in any case, and put where it belongs."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from allauth.account.models import EmailAddress
from django.core.management import call_command
from django.db import OperationalError, connection
from django.db.models import QuerySet
from django.urls import get_resolver, reverse

from consulting import demo_mails, own_links, services, signed_links
from consulting.enums import CaseEventKind, CaseState, MessageKind
from consulting.management.commands import receive_mail as command
from consulting.models import (
    CaseLink,
    CaseMessage,
    ConsultingRequest,
    IncomingMail,
    IncomingMailContent,
)
from consulting.models.incoming import MailAction, MailFlag, MailHint, MailState
from consulting.own_links import REMOVED
from consulting.reply_address import reply_address
from consulting.services import incoming
from network.enums import MembershipState
from network.models import Membership
from osk_portal.accounts.models import User
from osk_portal.notifications.models import OutgoingMail
from tests.consulting.conftest import World
from tests.consulting.mails import PROGRAM, QUOTE, TEXT_FILE, a_mail, raw

S = CaseState
EMAIL = "alex@bezirk.example"


@pytest.fixture(autouse=True)
def _address(settings: Any) -> None:
    settings.OSK_REPLY_ADDRESS = "antwort@osk.example"


@pytest.fixture
def requester(world: World) -> User:
    """With a confirmed address, and with another one that is not."""
    world.requester.email = EMAIL
    world.requester.save()
    EmailAddress.objects.create(user=world.requester, email=EMAIL, verified=True)
    EmailAddress.objects.create(user=world.requester, email="neu@privat.example", verified=False)
    return world.requester


def reply_to(case: ConsultingRequest, user: User, **changes: Any) -> bytes:
    values: dict[str, Any] = {"message_id": f"<{case.pk}@bezirk.example>", "text": "Ja.\n" + QUOTE}
    return a_mail(to=reply_address(case, user), **{**values, **changes})


def answers() -> QuerySet[OutgoingMail]:
    """Mails but those that tell the OSK of a waiting one."""
    return OutgoingMail.objects.exclude(kind="consulting.staff_mail_waits")


# Into the request


STATES = [
    (S.SUBMITTED, MessageKind.MESSAGE, ""),
    (S.TRIAGE, MessageKind.MESSAGE, ""),
    (S.ASSIGNED, MessageKind.MESSAGE, ""),
    (S.IN_PROGRESS, MessageKind.MESSAGE, ""),
    (S.WAITING_THIRD, MessageKind.MESSAGE, ""),
    (S.WAITING_REQUESTER, MessageKind.REPLY, ""),
    (S.ANSWERED, MessageKind.FOLLOW_UP, ""),
    (S.CLOSED, None, MailHint.CLOSED),
    (S.DECLINED, None, MailHint.ENDED),
    (S.DUPLICATE, None, MailHint.ENDED),
    (S.WITHDRAWN, None, MailHint.ENDED),
]


def test_a_reply_address_leads_into_the_case_as_its_state_allows(
    world: World, requester: User
) -> None:
    for state, kind, hint in STATES:
        case = world.case(state)
        before = answers().count()

        row = services.receive_mail(reply_to(case, requester))

        case.refresh_from_db()
        if kind is None:
            assert (row.state, row.hint, row.suggested_case) == (MailState.NEW, hint, case), state
            assert case.state == state
            assert not case.messages.exists()
            assert answers().count() == before
            continue
        assert (row.state, row.case, row.decided_by) == (MailState.JOINED, case, None), state
        message = case.messages.get()
        assert row.message == message
        assert (message.kind, message.author, message.by_osk) == (kind, requester, False)
        assert (message.is_internal, message.body) == (False, "Ja.")
        assert "Was haben Sie gefragt?" in message.quoted_text
        event = case.events.get(kind__in=(CaseEventKind.MESSAGE_ADDED, CaseEventKind.REPLIED))
        assert event.actor == requester
        assert event.data["by_mail"] == str(row.public_id)
        assert OutgoingMail.objects.filter(user=world.advisor).exists() or not case.assignee
        if state == S.WAITING_REQUESTER:
            assert (case.state, case.paused_at) == (S.IN_PROGRESS, None)
        else:
            assert case.state == state
    assert IncomingMail.objects.count() == len(STATES)


def test_who_may_speak_by_a_reply_address(world: World, requester: User) -> None:
    """(whose address, who sends, what was done before, what becomes of it)."""

    def ended(case: ConsultingRequest) -> None:
        Membership.objects.filter(user=world.writer).update(state=MembershipState.ENDED)

    def locked_out(case: ConsultingRequest) -> None:
        User.objects.filter(pk=world.deputy.pk).update(is_active=False)

    def nothing(case: ConsultingRequest) -> None:
        pass

    rows: list[tuple[User, str, Callable[[ConsultingRequest], None], str]] = [
        (requester, EMAIL, nothing, ""),
        (requester, EMAIL.upper(), nothing, ""),
        (world.writer, world.writer.email, nothing, ""),
        (world.deputy, world.deputy.email, nothing, ""),
        (requester, "neu@privat.example", nothing, MailHint.OTHER_SENDER),  # not confirmed
        (requester, world.writer.email, nothing, MailHint.OTHER_SENDER),
        (requester, "fremd@evil.example", nothing, MailHint.OTHER_SENDER),
        (world.reader, world.reader.email, nothing, MailHint.NOT_ALLOWED),
        (world.colleague, world.colleague.email, nothing, MailHint.NOT_ALLOWED),
        (world.stranger, world.stranger.email, nothing, MailHint.NOT_ALLOWED),
        # Whoever works for the OSK would make an internal word public by a mere answer.
        (world.advisor, world.advisor.email, nothing, MailHint.NOT_ALLOWED),
        (world.writer, world.writer.email, ended, MailHint.NOT_ALLOWED),
        (world.deputy, world.deputy.email, locked_out, MailHint.NOT_ALLOWED),
    ]
    for number, (person, sender, before, hint) in enumerate(rows):
        case = world.case(S.IN_PROGRESS)
        before(case)

        row = services.receive_mail(reply_to(case, person, sender=f"X <{sender}>"))

        assert row.hint == hint, number
        assert row.suggested_case == case
        assert (row.state == MailState.JOINED) is (hint == ""), number
        assert case.messages.exists() is (hint == ""), number


def test_a_recorded_person_without_an_account_answers_too(world: World) -> None:
    from tests.consulting.test_recording import record

    case = record(world)
    assert not EmailAddress.objects.filter(user=case.author).exists()

    row = services.receive_mail(reply_to(case, case.author, sender=case.author.email))

    assert (row.state, row.case) == (MailState.JOINED, case)


def test_mails_that_no_machine_puts_into_the_case(world: World, requester: User) -> None:
    case = world.case(S.WAITING_REQUESTER)
    good = reply_address(case, requester)
    for mail, hint in [
        (reply_to(case, requester, text="\n"), MailHint.NO_TEXT),
        (reply_to(case, requester, text=QUOTE), MailHint.NO_TEXT),
        (a_mail(to=good[:20] + "aaaa" + good[24:]), MailHint.BROKEN),
        (a_mail(to="antwort+@osk.example"), MailHint.BROKEN),
        (a_mail(to="antwort+%00'@osk.example"), MailHint.BROKEN),
        (
            raw(
                f"From: {EMAIL}\nTo: {good}\nContent-Type: multipart/encrypted; boundary=b\n\n"
                "--b\nContent-Type: text/plain\n\nx\n--b--\n"
            ),
            MailHint.UNREADABLE,
        ),
        (a_mail(subject=f"AW: {case.reference} Frage"), MailHint.REFERENCE),
        (a_mail(subject="OSK-2019-99999"), ""),
        (a_mail(), ""),
        (b"", ""),
        (b"\x00\xff\xfe", ""),
    ]:
        row = services.receive_mail(mail)
        assert (row.state, row.hint) == (MailState.NEW, hint), mail[:200]
    case.refresh_from_db()
    assert (case.state, case.messages.count()) == (S.WAITING_REQUESTER, 0)
    assert case.paused_at is not None
    # Somebody who writes first gets no mail from a machine.
    assert not answers().exists()


def test_our_message_id_only_suggests(world: World, requester: User) -> None:
    case = world.case(S.IN_PROGRESS)
    services.add_message(case_id=case.pk, actor=world.advisor, text="Eine Frage")
    ours = OutgoingMail.objects.filter(subject_key=str(case.public_id)).first()
    assert ours is not None

    for name, value in (
        ("In_Reply_To", ours.message_id),
        ("References", f"<a@b.example> {ours.message_id} <{'0' * 36}@osk.example>"),
        ("References", ours.thread_id),
    ):
        row = services.receive_mail(a_mail(sender=EMAIL, **{name: value}))
        assert (row.state, row.hint, row.suggested_case) == (MailState.NEW, MailHint.NAMED, case)
    assert case.messages.count() == 1


AUTOMATIC = [
    {"Auto_Submitted": "auto-replied"},
    {"subject": "Abwesenheitsnotiz: Ihre Frage"},
    {"Precedence": "bulk"},
    {"List_Id": "<a.example>"},
    {"sender": "portal@osk.example"},
    {"sender": "antwort@osk.example"},
    {"X_Loop": "portal@osk.example"},
]


def test_automatic_mails_are_kept_and_never_said(world: World, requester: User) -> None:
    case = world.case(S.WAITING_REQUESTER)
    services.add_note(case_id=case.pk, actor=world.advisor, text="x")
    mails = [
        reply_to(case, requester, message_id=f"<{number}@b.example>", **headers)
        for number, headers in enumerate(AUTOMATIC)
    ]
    mails.append(
        raw(
            f"From: MAILER-DAEMON@mx.example\nTo: {reply_address(case, requester)}\nReturn-Path: <>\n"
            "Subject: Undelivered\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
            "--b\nContent-Type: text/plain\n\nnein\n--b\nContent-Type: message/delivery-status\n\n"
            f"Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; {EMAIL}\nAction: failed\nStatus: 5.1.1\n--b--\n"
        )
    )
    before = OutgoingMail.objects.count()
    for mail in mails:
        row = services.receive_mail(mail)
        assert row.state == MailState.AUTOMATIC, mail
        assert row.suggested_case == case
        assert row.flags
    case.refresh_from_db()
    assert (case.state, case.version) == (S.WAITING_REQUESTER, 1)
    assert case.paused_at is not None
    assert not case.messages.filter(is_internal=False).exists()
    assert OutgoingMail.objects.count() == before
    assert IncomingMail.objects.count() == len(mails)


def test_a_bounce_is_noted_for_the_mail_that_it_is_about(world: World, requester: User) -> None:
    case = world.case(S.IN_PROGRESS)
    services.add_message(case_id=case.pk, actor=world.advisor, text="Eine Frage")
    ours = OutgoingMail.objects.filter(user=requester).get()
    OutgoingMail.objects.filter(pk=ours.pk).update(state="sent", sent_at=case.submitted_at)

    row = services.receive_mail(
        raw(
            "From: MAILER-DAEMON@mx.example\nReturn-Path: <>\nSubject: Undelivered\n"
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
            "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\n"
            f"Final-Recipient: rfc822; {EMAIL}\nAction: failed\nStatus: 5.1.1\n"
            f"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {ours.message_id}\n--b--\n"
        )
    )

    ours.refresh_from_db()
    assert (row.state, ours.bounce_status) == (MailState.AUTOMATIC, "5.1.1")
    assert ours.bounced_at is not None


def test_our_own_mail_that_comes_back_is_a_loop(world: World, requester: User) -> None:
    case = world.case(S.IN_PROGRESS)
    services.add_message(case_id=case.pk, actor=world.advisor, text="Eine Frage")
    ours = OutgoingMail.objects.filter(user=requester).get()

    row = services.receive_mail(reply_to(case, requester, message_id=ours.message_id))

    assert row.state == MailState.AUTOMATIC


def test_every_mail_of_the_corpus_is_kept_and_answered_by_nobody(
    world: World, requester: User
) -> None:
    """Also when each of them is sent to a reply address: none comes from the person it was made for."""
    case = world.case(S.WAITING_REQUESTER)
    address = reply_address(case, requester)
    files = sorted((Path(__file__).parents[1] / "mail" / "corpus").glob("*.eml"))
    assert len(files) >= 60

    for file in files:
        row = services.receive_mail(file.read_bytes(), recipient=address)
        assert row.state in (MailState.NEW, MailState.AUTOMATIC), file.name
        assert row.suggested_case == case
        assert bytes(row.content.raw) == file.read_bytes()

    assert IncomingMail.objects.count() == len({file.read_bytes() for file in files})
    case.refresh_from_db()
    assert (case.state, case.version) == (S.WAITING_REQUESTER, 1)
    assert not case.messages.exists()
    assert not answers().exists()


# Personal links


def test_the_personal_links_of_our_mails_are_not_quoted_into_the_request(
    world: World, requester: User, settings: Any
) -> None:
    settings.OSK_BASE_URL = "https://osk.example"
    case = world.case(S.IN_PROGRESS)
    link = CaseLink.objects.create(case=case, person=requester, made_by=world.advisor)
    secrets = [
        link.token,
        signed_links.make("survey", case.public_id),
        signed_links.make("outcome", case.public_id),
        "Kalender-Geheimnis_123",
    ]
    paths = [
        link.get_absolute_url(),
        reverse("consulting:survey", args=[secrets[1]]),
        reverse("consulting:outcome", args=[secrets[2]]),
        reverse("pages:calendar_feed", args=[secrets[3]]),
    ]
    urls = [f"https://osk.example{path}" for path in paths]
    filtered = f"https://filter.example/?url={quote(urls[0], safe='')}&data=1"
    page = f"https://osk.example{case.get_absolute_url()}"
    new = f"Ich nutze {urls[0]}, siehe <{urls[1]}>.\n{filtered}\n{page}"
    quoted = "".join(f"> Bitte: {url}\n> Danke/\n" for url in urls)
    quoted += f"> {urls[2][:70]}\n> {urls[2][70:]}\n> https://osk.example/mein/kalender/neu/\n"
    quoted = QUOTE.replace("> Kim\n", quoted)

    row = services.receive_mail(reply_to(case, requester, text=f"{new}\n{quoted}"))

    message = case.messages.get()
    assert (message.body, message.quoted_text) == (row.new_text.strip(), row.quoted_text)
    shown = f"{message.body}\n{message.quoted_text}"
    assert not [part for secret in secrets for part in (secret, secret[-15:]) if part in shown]
    assert f"Ich nutze {REMOVED}, siehe <{REMOVED}>." in message.body
    assert page in message.body
    assert message.quoted_text.count(f"Bitte: {REMOVED}") == len(urls)
    assert message.quoted_text.count("Danke/") == len(urls)
    assert "/mein/kalender/neu/" in message.quoted_text


def test_no_route_with_a_secret_is_forgotten() -> None:
    def routes(patterns: list[Any], space: str = "") -> Iterator[str]:
        for each in patterns:
            if hasattr(each, "url_patterns"):
                yield from routes(each.url_patterns, each.namespace or space)
            elif "token" in each.pattern.converters:
                yield f"{space}:{each.name}"

    assert set(routes(get_resolver().url_patterns)) == set(own_links._ROUTES)


# Once


def test_the_same_mail_twice_is_one_row_and_said_once(world: World, requester: User) -> None:
    case, other = world.case(S.IN_PROGRESS), world.case(S.IN_PROGRESS)
    mail = reply_to(case, requester)

    first, again = services.receive_mail(mail), services.receive_mail(mail)
    # On another way: the head is another one, Message-ID and text are the same.
    elsewhere = services.receive_mail(b"Delivered-To: x@osk.example\r\n" + mail)

    assert first == again
    assert elsewhere != first
    assert (elsewhere.state, elsewhere.message) == (MailState.JOINED, first.message)
    assert case.messages.count() == 1
    assert case.events.filter(kind=CaseEventKind.MESSAGE_ADDED).count() == 1
    # Whoever repeats a Message-ID with other words cannot make them vanish.
    services.receive_mail(reply_to(case, requester, text="Etwas anderes."))
    assert case.messages.count() == 2
    # The same bytes to another reply address are for the other case.
    services.receive_mail(mail, recipient=reply_address(other, requester))
    assert other.messages.count() == 1
    assert bytes(IncomingMailContent.objects.get(mail=first).raw) == mail


@pytest.mark.django_db(transaction=True)
def test_the_same_mail_at_the_same_moment(world: World, requester: User) -> None:
    case = world.case(S.WAITING_REQUESTER)
    mail = reply_to(case, requester)
    start = threading.Barrier(3)
    found: list[int] = []

    def run() -> None:
        start.wait(timeout=10)
        found.append(services.receive_mail(mail).pk)
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    assert len(found) == 3
    assert len(set(found)) == 1
    assert case.messages.count() == 1


def test_a_mail_that_a_person_decided_first_is_not_routed(world: World, requester: User) -> None:
    case = world.case(S.IN_PROGRESS)
    row = services.store_mail(reply_to(case, requester))
    services.discard_mail(
        mail_id=row.pk, actor=world.advisor, expected_version=row.version, reason="doppelt"
    )

    services.route_mail(mail_id=row.pk)

    row.refresh_from_db()
    assert (row.state, row.discard_reason) == (MailState.DISCARDED, "doppelt")
    assert not case.messages.exists()


# Attachments


def test_attachments_pass_the_checks_of_an_upload_or_stay(
    world: World, requester: User, disk: Path
) -> None:
    case = world.case(S.IN_PROGRESS)
    files = (
        TEXT_FILE,
        PROGRAM,
        ("../../etc/passwd.txt", "octet-stream", b"x"),
        ("image001.png", "octet-stream", b"\x89PNG"),
        ("smime.p7s", "pkcs7-signature", b"x"),
        ("virus.exe", "octet-stream", b"MZ"),
    )

    row = services.receive_mail(reply_to(case, requester, files=files))

    kept = case.files.order_by("name")
    assert [file.name for file in kept] == ["liste.txt", "passwd.txt"]
    assert all(file.message == row.message and not file.by_osk for file in kept)
    assert row.files_refused == 2
    assert [each["name"] for each in row.attachments][3:5] == ["image001.png", "smime.p7s"]


def test_hostile_heads(world: World) -> None:
    row = services.receive_mail(
        raw(
            "From: =?utf-8?q?Boss=0D=0ABcc:_x=40y.example?= <a@b.example>\n"
            "Reply-To: =?utf-8?q?c=40d.example=0AX:_1?= <c@d.example>\n"
            "Subject: =?utf-8?q?Hallo=0D=0ABcc:_victim=40x.example=E2=80=AE?=\n\nText \x00\x1b[31m\n"
        )
    )
    assert row.reply_to == "c@d.example"
    for value in (row.subject, row.sender_name, row.sender_email, row.reply_to):
        assert not set(value) & set("\r\n\x00\u202e")
    services.answer_mail(
        mail_id=row.pk, actor=world.advisor, expected_version=row.version, text="Guten Tag"
    )
    sent = OutgoingMail.objects.get(kind="consulting.mail_answer")
    assert sent.address == "c@d.example"
    assert sent.subject.startswith("Re: Hallo")
    assert "\n" not in sent.subject
    assert "\r" not in sent.subject


# The command


class Stdin:
    def __init__(self, content: bytes) -> None:
        self.buffer = io.BytesIO(content)


def run(monkeypatch: pytest.MonkeyPatch, content: bytes, **options: Any) -> tuple[int, str]:
    monkeypatch.setattr(command.sys, "stdin", Stdin(content))
    out = io.StringIO()
    try:
        call_command("receive_mail", stdout=out, **options)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_the_command_takes_a_mail(
    world: World, requester: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = world.case(S.IN_PROGRESS)
    address = reply_address(case, requester)
    assert run(monkeypatch, a_mail(sender=EMAIL), recipient=address.upper()) == (0, "")
    monkeypatch.setenv("ORIGINAL_RECIPIENT", address)
    assert run(monkeypatch, a_mail(sender=EMAIL, text="Noch etwas")) == (0, "")
    assert case.messages.count() == 2
    assert IncomingMail.objects.filter(recipient__iexact=address).count() == 2


def test_a_mail_too_large_goes_back_to_its_sender(
    db: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OSK_MAIL_MOST_MB = 1
    code, said = run(monkeypatch, a_mail(text="x" * 76 + "\n") + b"x" * 1024 * 1024)
    assert (code, said[:6]) == (65, "5.3.4 ")
    assert not IncomingMail.objects.exists()


@pytest.mark.usefixtures("expect_errors")
def test_nothing_is_lost_when_something_fails(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(error: Exception) -> Callable[..., Any]:
        def failing(*args: Any, **options: Any) -> Any:
            raise error

        return failing

    with monkeypatch.context() as broken:
        broken.setattr(command.services, "store_mail", fail(OperationalError("away")))
        assert run(monkeypatch, a_mail())[0] == 75
        broken.setattr(command.services, "store_mail", fail(KeyError("a fault of ours")))
        assert run(monkeypatch, a_mail())[0] == 75
    assert not IncomingMail.objects.exists()
    with monkeypatch.context() as broken:
        broken.setattr(incoming, "_suggest", fail(KeyError("a fault of ours")))
        assert run(monkeypatch, a_mail())[0] == 0
    row = IncomingMail.objects.get()
    assert (row.state, row.routed_at) == (MailState.NEW, None)
    assert row.events.get().kind == MailAction.RECEIVE
    # The worker comes back to it.
    assert services.route_mail(mail_id=row.pk).routed_at is not None


def test_a_cut_mail_says_so(db: None) -> None:
    row = services.store_mail(a_mail(), is_cut=True)
    assert row.flags == [MailFlag.INCOMPLETE]
    assert CaseMessage.objects.count() == 0


def test_the_demo_world_has_mails_once(world: World) -> None:
    world.requester.email = "behoerde@demo.osk.example"
    world.requester.save()
    world.case()
    assert demo_mails.load() == "4 new mails"
    assert demo_mails.load() == "0 new mails"
    states = IncomingMail.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["new", "new", "new", "automatic"]
    assert IncomingMail.objects.filter(hint=MailHint.REFERENCE).count() == 1
