"""Meine Daten, consulting's part: what the copy holds, and what the end of an account does to cases."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from consulting import services
from consulting.anonymising import TEXT
from consulting.enums import CaseState, ProcedureState, SideState, Topic, Visibility
from consulting.models import (
    CaseEvent,
    CaseLink,
    CaseMessage,
    ConsultingRequest,
    NeedSupport,
    RevisionGrant,
    SavedFilter,
)
from network.enums import MembershipState
from network.models import Membership
from osk_portal.accounts.models import User
from osk_portal.accounts.own_data import FORMER
from osk_portal.notifications.models import OutgoingMail
from osk_portal.pages import own_data
from osk_portal.toolkit import clock
from tests.consulting.conftest import World
from tests.consulting.factories import DraftFactory
from tests.consulting.test_introductions import other, propose  # noqa: F401 # a fixture
from tests.factories import MembershipFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("disk")]


def lists_of(user: User) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for area in own_data.areas_of(User.objects.get(pk=user.pk)):
        for listed in area.lists:
            found.setdefault(listed.of.removeprefix("consulting."), []).extend(listed.rows)
    return found


def words_of(user: User) -> str:
    areas = own_data.areas_of(User.objects.get(pk=user.pk))
    return json.dumps(
        [[listed.rows, listed.shown] for area in areas for listed in area.lists],
        default=str,
        ensure_ascii=False,
    )


def spoken(world: World) -> ConsultingRequest:
    """A case with words of everybody in it."""
    case = world.case(
        CaseState.IN_PROGRESS,
        title="Titel der Behörde",
        topics=[Topic.PROCUREMENT],
        procedure_state=ProcedureState.RUNNING,
        snooze_note="Merkzettel des OSK",
    )
    for author, body, by_osk, is_internal in (
        (world.requester, "Wort der Autorin", False, False),
        (world.writer, "Wort der Kollegin", False, False),
        (world.advisor, "Wort des OSK", True, False),
        (world.advisor, "Internes des OSK", True, True),
    ):
        CaseMessage.objects.create(
            case=case, author=author, body=body, by_osk=by_osk, is_internal=is_internal,
            kind="note" if is_internal else "message", form_id=uuid4(),
        )  # fmt: skip
    return case


def test_each_person_gets_the_own_words_and_nothing_internal(world: World) -> None:
    case = spoken(world)
    SavedFilter.objects.create(owner=world.advisor, name="Meins", queue="open", values={})
    draft = DraftFactory(author=world.requester, title="Mein Entwurf", organisation=None)

    mine = lists_of(world.requester)
    titles = {row.get("title") for row in mine["ConsultingRequest.author"]}
    assert titles == {"Titel der Behörde", "Mein Entwurf"}
    assert [row["body"] for row in mine["CaseMessage.author"]] == ["Wort der Autorin"]
    shown = words_of(world.requester)
    for hidden in (
        "Wort der Kollegin", "Wort des OSK", "Internes", "Merkzettel", "Kim Beispiel",
        "Toni Probe", world.writer.email,
    ):  # fmt: skip
        assert hidden not in shown, hidden
    assert "Vergabe" in shown  # words beside the stored keys

    assert lists_of(world.reader)["Participant.user"][0]["case__reference"] == case.reference
    assert lists_of(world.deputy)["ConsultingRequest.deputy"][0]["title"] == "Titel der Behörde"
    for person in (world.stranger, world.colleague, world.manager):
        assert str(case.reference) not in words_of(person)
    # What advisors write is the OSK's record, not a list about them.
    at_work = words_of(world.advisor)
    for hidden in ("Wort des OSK", "Internes", str(case.reference)):
        assert hidden not in at_work
    assert lists_of(world.advisor)["SavedFilter.owner"][0]["name"] == "Meins"
    assert draft.title not in words_of(world.deputy)


def test_mails_count_for_who_has_proved_the_address(world: World) -> None:
    from allauth.account.models import EmailAddress

    from consulting.models import IncomingMail

    case = spoken(world)
    for number, (mail_case, text) in enumerate(((None, "Lose Mail"), (case, "Mail zur Sache"))):
        IncomingMail.objects.create(
            sha256=f"{number:064d}", received_at=clock.now(), size=1, case=mail_case,
            state="joined" if mail_case else "new",
            sender_email=world.stranger.email, subject="Betreff", new_text=text,
        )  # fmt: skip
    assert lists_of(world.stranger)["IncomingMail.sender_email"] == []
    EmailAddress.objects.create(
        user=world.stranger, email=world.stranger.email, verified=True, primary=True
    )
    mine = lists_of(world.stranger)["IncomingMail.sender_email"]
    assert [row["new_text"] for row in mine] == ["Lose Mail"]


def test_who_has_left_gets_references_only(world: World) -> None:
    case = spoken(world)
    Membership.objects.filter(user=world.requester).update(state=MembershipState.ENDED)
    mine = lists_of(world.requester)
    assert mine["ConsultingRequest.author"] == [
        {"reference": case.reference, "submitted_at": case.submitted_at}
    ]
    for name in ("CaseMessage.author", "CaseFile.uploaded_by", "CaseEvent.actor"):
        assert mine[name] == []
    assert "Titel der Behörde" not in words_of(world.requester)
    Membership.objects.filter(user=world.deputy).update(state=MembershipState.ENDED)
    assert str(case.reference) not in words_of(world.deputy)


def test_requests_stay_with_the_organisation_and_the_name_goes(world: World) -> None:
    case = spoken(world)
    taking_part = world.case(author=world.writer)
    ConsultingRequest.objects.filter(pk=taking_part.pk).update(deputy=world.requester)
    taking_part.participants.create(user=world.requester, may_write=True)
    draft = DraftFactory(author=world.requester)
    CaseLink.objects.create(case=case, person=world.requester, made_by=world.advisor)

    assert own_data.end_account(user_id=world.requester.pk)
    case.refresh_from_db()
    assert (case.state, case.title) == (CaseState.IN_PROGRESS, "Titel der Behörde")
    assert str(case.author) == FORMER
    assert case.messages.filter(body="Wort der Autorin").exists()
    assert not ConsultingRequest.objects.filter(pk=draft.pk).exists()
    assert not CaseLink.objects.exists()
    taking_part = ConsultingRequest.objects.get(pk=taking_part.pk)
    assert taking_part.deputy is None
    assert not taking_part.participants.filter(user=world.requester).exists()
    assert CaseEvent.objects.filter(
        case=taking_part, kind__in=("deputy_left", "colleague_left")
    ).exists()
    # Somebody has to go on: the managers are told and find it.
    assert Membership.objects.unsettled_for(world.person("manager")).count() == 1
    told = OutgoingMail.objects.filter(user=world.manager)
    assert told.exists()
    for mail in told:
        assert "Titel der Behörde" not in f"{mail.subject} {mail.text}"
    assert own_data.end_account(user_id=world.requester.pk) is False


def test_what_was_handed_over_before_is_the_successors(world: World) -> None:
    from network import leaving

    case = spoken(world)
    mine = Membership.objects.get(user=world.requester)
    successor = Membership.objects.get(user=world.writer)
    leaving.end_membership(
        membership_id=mine.pk,
        actor=world.person("requester"),
        choice=leaving.Choice(everything=successor.public_id),
    )
    assert own_data.end_account(user_id=world.requester.pk)
    case.refresh_from_db()
    assert case.author == world.writer
    assert not Membership.objects.unsettled().exists()


def test_a_request_for_an_organisation_that_never_confirmed_is_withdrawn(world: World) -> None:
    newcomer = MembershipFactory(organisation=world.authority, state=MembershipState.PENDING).user
    case = world.case(author=newcomer, deputy=None)
    confirmed = world.case()
    assert own_data.end_account(user_id=newcomer.pk)
    case.refresh_from_db()
    confirmed.refresh_from_db()
    assert case.state == CaseState.WITHDRAWN
    assert confirmed.state == CaseState.SUBMITTED
    assert not Membership.objects.filter(user=newcomer, state=MembershipState.PENDING).exists()


def test_contact_details_that_were_released_go(world: World, other: ConsultingRequest) -> None:  # noqa: F811 # the fixture
    mine, theirs = propose(world, other)
    services.agree_to_introduction(
        side_id=mine.pk, actor=world.person("requester"), released="Meine Nummer 123"
    )
    assert own_data.end_account(user_id=world.requester.pk)
    mine.refresh_from_db()
    assert (mine.state, mine.contact, mine.released) == (SideState.ASKED, None, "")

    done, theirs = propose(world, other, author=world.writer)
    for side, person in ((done, world.person("writer")), (theirs, other.author)):
        services.agree_to_introduction(side_id=side.pk, actor=person, released="Nummer 456")
    assert own_data.end_account(user_id=world.writer.pk)
    done.refresh_from_db()
    theirs.refresh_from_db()
    assert (done.state, done.released) == (SideState.AGREED, TEXT)
    assert theirs.released == "Nummer 456"


def test_a_contact_of_a_need_is_no_longer_shown_and_a_revision_stays_until_it_ends(
    world: World,
) -> None:
    from consulting.models import Need

    need = Need.objects.create(
        case=world.case(visibility=Visibility.ORGANISATION), organisation=world.authority,
        author=world.requester, title="Gesucht", text="Text", topics=[Topic.REUSE],
    )  # fmt: skip
    support = NeedSupport.objects.create(
        need=need, organisation=MembershipFactory().organisation, person=world.stranger,
        shows_contact=True,
    )  # fmt: skip
    assert lists_of(world.stranger)["NeedSupport.person"][0]["need__title"] == "Gesucht"
    today = clock.today()
    grant = RevisionGrant.objects.create(
        person=world.stranger, valid_from=today, valid_until=today + timedelta(days=3),
        period_of="submitted", period_from=today, period_until=today, reason="Prüfung",
        proposed_by=world.lead, confirmed_by=world.operator, confirmed_at=clock.now(),
    )  # fmt: skip
    with pytest.raises(own_data.NotYet, match="Revision"):
        own_data.end_account(user_id=world.stranger.pk)
    support.refresh_from_db()
    assert support.shows_contact
    grant.ended_at, grant.ended_by = clock.now(), world.lead
    grant.save()
    assert own_data.end_account(user_id=world.stranger.pk)
    support.refresh_from_db()
    assert not support.shows_contact
