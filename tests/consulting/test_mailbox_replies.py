"""What the Funktionspostfach answers counts as from the organisation, and nobody else can speak for it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from consulting import queues, record, services, shared_copies
from consulting.conversation import history, timeline
from consulting.enums import CaseEventKind, CaseState, MessageKind, Topic, Visibility
from consulting.models import CaseMessage, ConsultingRequest, IncomingMail
from consulting.models.incoming import MailHint, MailState
from consulting.reply_address import mailbox_reply_address, reply_address
from network.models import Membership, SharedMailbox
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock
from tests.consulting.conftest import World
from tests.consulting.mails import QUOTE, TEXT_FILE, a_mail
from tests.consulting.test_services import at_once
from tests.consulting.test_shared_mailbox import ADDRESS, ask, confirmed, copies
from tests.consulting.views.conftest import signed_in  # noqa: F401 # a fixture
from tests.factories import OrganisationFactory

pytestmark = pytest.mark.django_db
S = CaseState
VOICE = "Funktionspostfach Bezirksamt Musterbezirk"


@pytest.fixture(autouse=True)
def _address(settings: Any) -> None:
    settings.OSK_REPLY_ADDRESS = "antwort@osk.example"


@pytest.fixture
def mailbox(world: World) -> SharedMailbox:
    return confirmed(world)


def case_for_all(world: World, state: CaseState, **fields: Any) -> ConsultingRequest:
    return world.case(state, **{"visibility": Visibility.ORGANISATION, **fields})


def answer(case: ConsultingRequest, mailbox: SharedMailbox, **changes: Any) -> bytes:
    values = {
        "sender": f"Poststelle <{ADDRESS}>",
        "to": mailbox_reply_address(case, mailbox),
        "text": "Ja.\n" + QUOTE,
        "message_id": f"<{case.pk}@amt.example>",
    }
    return a_mail(**{**values, **changes})


def test_the_copy_can_be_answered(world: World, mailbox: SharedMailbox, signed_in, disk) -> None:  # noqa: F811 # a fixture
    case = case_for_all(world, S.IN_PROGRESS)
    ask(case, world)
    [copy] = copies()
    assert copy.reply_to == mailbox_reply_address(case, mailbox)
    assert "Ihre Antwort" in copy.body
    before = OutgoingMail.objects.count()

    raw = answer(case, mailbox, to=copy.reply_to, files=(TEXT_FILE,))
    rows = [services.receive_mail(raw) for _ in range(2)]

    assert rows[0] == rows[1]
    case.refresh_from_db()
    assert (case.state, case.paused_at) == (S.IN_PROGRESS, None)
    message = case.messages.get(kind=MessageKind.REPLY)
    assert (message.author, message.mailbox_of) == (None, world.authority)
    assert (message.by_osk, message.is_internal, message.body) == (False, False, "Ja.")
    assert "Was haben Sie gefragt?" in message.quoted_text
    assert (rows[0].state, rows[0].message) == (MailState.JOINED, message)
    assert message.files.get().uploaded_by is None
    event = case.events.get(kind=CaseEventKind.REPLIED)
    assert (event.actor, event.from_state) == (None, S.WAITING_REQUESTER)
    assert event.label == "Antwort der Behörde (Funktionspostfach)"
    told = OutgoingMail.objects.order_by("pk")[before:]
    assert {mail.user for mail in told} == {
        world.requester, world.writer, world.deputy, world.advisor,
    }  # fmt: skip
    for internal in (False, True):
        assert VOICE in [entry.voice for entry in timeline(case, internal=internal)]
        assert event in history(case, internal=internal)
    for person, url in (
        (world.colleague, case.get_absolute_url()),
        (world.advisor, queues.case_url(case)),
    ):
        page = signed_in(person).get(url).content.decode()
        assert VOICE in page, url
        assert "None" not in page
    document = record.build(ConsultingRequest.objects.get(pk=case.pk), clock.now())
    assert VOICE in [record.speaker(entry, case) for entry in document.said][-1]


@pytest.mark.parametrize(
    ("state", "kind", "hint"),
    [
        (S.SUBMITTED, MessageKind.MESSAGE, ""),
        (S.ANSWERED, MessageKind.FOLLOW_UP, ""),
        (S.CLOSED, None, MailHint.CLOSED),
        (S.WITHDRAWN, None, MailHint.ENDED),
    ],
)
def test_as_the_state_allows(world: World, mailbox: SharedMailbox, state, kind, hint) -> None:
    case = case_for_all(world, state)

    row = services.receive_mail(answer(case, mailbox))

    assert (row.hint, row.suggested_case) == (hint, case)
    if kind is None:
        assert row.state == MailState.NEW
        assert not case.messages.exists()
        return
    assert case.messages.get().kind == kind
    mails = OutgoingMail.objects.filter(kind="consulting.case_message")
    assert {mail.user for mail in mails} == {world.requester, world.writer, world.deputy}
    assert all(VOICE in mail.body for mail in mails)


def test_nobody_else_speaks_for_it(world: World, mailbox: SharedMailbox) -> None:
    """Whoever makes up, borrows or keeps a token gets no further than the Posteingang."""
    other = SharedMailbox.objects.create(
        organisation=OrganisationFactory(authority=True),
        address=ADDRESS,
        confirmed_at=clock.now(),
    )

    def gone() -> None:
        SharedMailbox.objects.all().delete()

    def renamed() -> None:
        SharedMailbox.objects.filter(pk=mailbox.pk).update(address="neu@amt.example")

    def unconfirmed() -> None:
        SharedMailbox.objects.update(confirmed_at=None)

    def hidden() -> None:
        ConsultingRequest.objects.update(visibility=Visibility.SELECTED)

    def confidential() -> None:
        ConsultingRequest.objects.update(topics=[Topic.PROCUREMENT], is_confidential=True)

    def not_confirmed() -> None:
        Membership.objects.filter(user=world.requester).update(state="pending", confirmed_at=None)

    def moved() -> None:
        ConsultingRequest.objects.update(organisation=other.organisation)

    def nothing() -> None:
        pass

    stranger = f"X <{world.stranger.email}>"
    case = case_for_all(world, S.WAITING_REQUESTER)
    second = case_for_all(world, S.WAITING_REQUESTER)
    good = mailbox_reply_address(case, mailbox)
    rows: list[tuple[Any, dict[str, Any], str]] = [
        (nothing, {"sender": stranger}, MailHint.OTHER_SENDER),
        (nothing, {"sender": f"{ADDRESS} <x@evil.example>"}, MailHint.OTHER_SENDER),
        (nothing, {"sender": world.requester.email}, MailHint.OTHER_SENDER),
        (nothing, {"to": mailbox_reply_address(case, other)}, MailHint.MAILBOX),
        (nothing, {"to": good[:12] + "aaaa" + good[16:]}, MailHint.BROKEN),
        (nothing, {"to": "antwort+" + "a" * 48 + "@osk.example"}, MailHint.BROKEN),
        # A person's token is no mailbox's, and the other way round.
        (nothing, {"to": reply_address(case, world.requester)}, MailHint.OTHER_SENDER),
        (nothing, {"text": QUOTE}, MailHint.NO_TEXT),
        (gone, {}, MailHint.MAILBOX),
        (renamed, {}, MailHint.MAILBOX),
        (renamed, {"sender": "neu@amt.example"}, MailHint.MAILBOX),
        (unconfirmed, {}, MailHint.MAILBOX),
        (hidden, {}, MailHint.MAILBOX),
        (confidential, {}, MailHint.MAILBOX),
        (not_confirmed, {}, MailHint.MAILBOX),
        (moved, {}, MailHint.MAILBOX),
    ]
    for number, (before, changes, hint) in enumerate(rows):
        point = transaction.savepoint()
        raw = answer(case, mailbox, **changes)
        before()
        row = services.receive_mail(raw)
        assert (row.state, row.hint) == (MailState.NEW, hint), number
        assert not CaseMessage.objects.exists(), number
        transaction.savepoint_rollback(point)
    assert shared_copies.mailbox_that_answers(second, b"") is None
    services.receive_mail(answer(case, mailbox, Auto_Submitted="auto-replied"))
    assert IncomingMail.objects.get().state == MailState.AUTOMATIC
    case.refresh_from_db()
    assert case.state == S.WAITING_REQUESTER


def test_the_database_invents_no_person(world: World) -> None:
    case = world.case(S.TRIAGE)
    for wrong in ({"author": world.requester}, {"by_osk": True}):
        with pytest.raises(IntegrityError), transaction.atomic():
            CaseMessage.objects.create(case=case, mailbox_of=world.authority, body="x", **wrong)


@pytest.mark.django_db(transaction=True)
def test_the_same_on_two_ways_at_once_is_said_once(world: World, mailbox: SharedMailbox) -> None:
    case = case_for_all(world, S.WAITING_REQUESTER)
    raws = [answer(case, mailbox), answer(case, mailbox) + b"\r\n"]

    outcomes = at_once(*(lambda raw=raw: services.receive_mail(raw).state for raw in raws))

    assert outcomes == [MailState.JOINED, MailState.JOINED]
    assert case.messages.count() == 1
