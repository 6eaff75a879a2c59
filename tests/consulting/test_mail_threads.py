"""All mails of a case are one thread; the requester's side can answer them, nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from consulting import services
from consulting.enums import CaseState, ProcedureState, Topic
from consulting.models import ConsultingRequest, SurveyInvitation
from consulting.notifications import tell_survey
from consulting.reply_address import ReplyTo, read_reply_address
from osk_portal.notifications.models import OutgoingMail
from tests.consulting.conftest import World
from tests.consulting.test_recording import record

CAN_REPLY = "Ihre Antwort erscheint im Portal."
CANNOT_REPLY = "Antworten auf diese Mail kommen nicht im Portal an."


@pytest.fixture(autouse=True)
def address_set_up(settings: Any) -> None:
    settings.OSK_REPLY_ADDRESS = "antwort@osk.berlin.example"


def sent_about(case: ConsultingRequest) -> list[OutgoingMail]:
    return list(OutgoingMail.objects.filter(subject_key=str(case.public_id)).select_related("user"))


def test_each_person_of_the_requester_side_has_an_address_of_its_own(world: World) -> None:
    case = world.case(CaseState.IN_PROGRESS)
    services.add_message(case_id=case.pk, actor=world.advisor, text="Eine Nachricht des OSK.")
    services.add_message(case_id=case.pk, actor=world.requester, text="Eine Antwort.")
    mails = sent_about(case)

    assert {mail.thread_key for mail in mails} == {str(case.public_id)}
    to_requester = [mail for mail in mails if mail.kind == "consulting.case_message"]
    assert {mail.user_id for mail in to_requester} >= {world.requester.pk, world.deputy.pk}
    for mail in to_requester:
        assert read_reply_address(mail.reply_to) == ReplyTo(case.public_id, mail.user_id)
        assert CAN_REPLY in mail.text
        assert CANNOT_REPLY not in mail.text
    [to_osk] = [mail for mail in mails if mail.kind == "consulting.staff_message"]
    assert to_osk.reply_to == ""
    assert CANNOT_REPLY in to_osk.text


def test_without_an_address_the_mail_names_the_portal(world: World, settings: Any) -> None:
    settings.OSK_REPLY_ADDRESS = ""
    case = world.case(CaseState.IN_PROGRESS)
    services.add_message(case_id=case.pk, actor=world.advisor, text="Eine Nachricht des OSK.")

    for mail in sent_about(case):
        assert mail.reply_to == ""
        assert mail.thread_key == str(case.public_id)
        assert CANNOT_REPLY in mail.text
        assert CAN_REPLY not in mail.text


def test_a_recorded_person_answers_by_mail_too(world: World) -> None:
    case = record(world)
    [mail] = [m for m in sent_about(case) if m.kind == "consulting.request_recorded"]

    assert read_reply_address(mail.reply_to) == ReplyTo(case.public_id, case.author_id)
    assert mail.thread_key == str(case.public_id)
    assert CAN_REPLY in mail.text
    assert CAN_REPLY not in mail.body  # encrypted at rest


def test_a_case_that_takes_no_words_takes_none_by_mail(world: World) -> None:
    case = world.case(CaseState.SUBMITTED)
    services.withdraw(case_id=case.pk, actor=world.requester)

    mails = [m for m in sent_about(case) if m.user_id == world.deputy.pk]
    assert mails
    assert all(mail.reply_to == "" for mail in mails)


def test_the_address_of_a_confidential_case_says_no_more_than_its_link(world: World) -> None:
    case = world.case(
        CaseState.IN_PROGRESS,
        title="Geheime Vergabe",
        topics=[Topic.PROCUREMENT],
        procedure_state=ProcedureState.PLANNED,
    )
    assert case.is_confidential
    services.add_message(case_id=case.pk, actor=world.advisor, text="Eine Nachricht des OSK.")

    for mail in sent_about(case):
        assert "Geheime" not in f"{mail.subject} {mail.text} {mail.reply_to} {mail.thread_id}"
        said = read_reply_address(mail.reply_to)
        assert said is None or said.case_id == case.public_id
        assert str(case.public_id) in mail.text


def test_nobody_replies_to_a_question_that_is_answered_by_a_link(world: World) -> None:
    case = world.case(CaseState.CLOSED)
    asked = SurveyInvitation.objects.create(case=case)
    tell_survey(asked)

    mails = sent_about(case)
    assert mails
    for mail in mails:
        assert mail.reply_to == ""
        assert CANNOT_REPLY in mail.text
