"""All mails of a case are one thread; the requester's side can answer them, nobody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from consulting import services
from consulting.enums import AppointmentKind, CaseEventKind, CaseState, ProcedureState, Topic
from consulting.keeping_mails import tell_organisation_corrected, tell_retention
from consulting.models import AppointmentSlot, CaseFile, ConsultingRequest, SurveyInvitation
from consulting.notifications import tell_infected, tell_survey
from consulting.permissions import is_requester_side
from consulting.reply_address import ReplyTo, read_reply_address
from consulting.services.common import record as record_event
from network.enums import MembershipState
from network.models import Membership
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock
from tests.consulting.conftest import World
from tests.consulting.factories import case_in
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


def test_mails_about_what_belongs_to_a_case_are_in_its_thread(world: World) -> None:
    case = world.case(CaseState.IN_PROGRESS)
    other = case_in(
        CaseState.IN_PROGRESS, assignee=world.advisor, author=world.stranger,
        organisation=world.stranger.memberships.get().organisation,
    )  # fmt: skip
    start = clock.now() + timedelta(days=2)
    services.offer_appointment(
        case_id=case.pk,
        actor=world.advisor,
        slots=[(each, each + timedelta(hours=1)) for each in (start, start + timedelta(days=1))],
        kind=AppointmentKind.PHONE,
        place="030 0000",
    )
    slot = AppointmentSlot.objects.earliest("starts_at")
    services.pick_slot(case_id=case.pk, actor=world.requester, slot_id=slot.public_id)
    services.propose_introduction(
        case_id=case.pk, other_id=other.pk, actor=world.other_advisor, text="Beide planen es."
    )
    event = case.events.latest("pk")
    tell_retention(event, clock.today())
    tell_organisation_corrected(event)
    file = CaseFile.objects.create(
        case=case, name="x.pdf", content="x", kind="pdf", size=1, sha256="0" * 64
    )
    tell_infected(case, file)

    mails = [*sent_about(case), *sent_about(other)]
    about = {str(each.public_id): each for each in (case, other)}
    assert {mail.kind.partition(".")[2] for mail in mails} == {
        "appointment_offered", "appointment_fixed", "introduction_asked", "retention_due",
        "organisation_corrected", "file_infected",
    }  # fmt: skip
    for mail in mails:
        about_case = about[mail.thread_key]
        assert mail.user is not None
        if is_requester_side(mail.user, about_case):
            said = ReplyTo(about_case.public_id, mail.user.pk)
            assert read_reply_address(mail.reply_to) == said, mail.kind
        else:
            assert (mail.user, mail.reply_to) == (world.advisor, ""), mail.kind


def test_whoever_is_told_for_the_authority_alone_gets_no_reply_address(world: World) -> None:
    case = world.case(CaseState.CLOSED)
    Membership.objects.exclude(user=world.manager).update(state=MembershipState.ENDED)
    OutgoingMail.objects.all().delete()
    tell_retention(record_event(case, CaseEventKind.RECORD_TAKEN, None), clock.today())
    [mail] = sent_about(case)
    assert (mail.user, mail.thread_key, mail.reply_to) == (world.manager, "", "")
