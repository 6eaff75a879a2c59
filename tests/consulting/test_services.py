"""Services: event, message, who is told, rollback, repeated, two at once."""

from __future__ import annotations

import itertools
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction

from consulting import services
from consulting.enums import CaseAction, CaseState, PartnerQuestionState, Topic, Visibility
from consulting.models import CaseEvent, ConsultingRequest
from osk_portal.notifications.models import Notification, OutgoingMail
from osk_portal.toolkit import clock as portal_clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.catalog.factories import SolutionFactory
from tests.consulting.conftest import ROLES, World
from tests.consulting.factories import DraftFactory
from tests.consulting.test_models import TABLE
from tests.consulting.test_permissions import allowed_by_the_tables
from tests.factories import MembershipFactory, OrganisationFactory, UserFactory

A, S = CaseAction, CaseState


def call(action: CaseAction, world: World, case: ConsultingRequest, actor: Any) -> Any:
    """The service of ``action`` with plausible arguments."""
    more: dict[CaseAction, dict[str, Any]] = {
        A.ASSIGN: {"assignee": actor},
        A.RETURN_TO_QUEUE: {"reason": "Urlaub"},
        A.ANSWER: {"text": "So geht es."},
        A.ANSWER_AT_ONCE: {"text": "So geht es."},
        A.ASK_BACK: {"question": "Wie viele?", "reply_by": portal_clock.today()},
        A.REPLY: {"text": "Zwölf."},
        A.INVOLVE_PARTNER: {
            "organisation": world.stranger.memberships.get().organisation,
            "question": "Wie machen Sie das?",
            "due_on": portal_clock.today(),
            "consented_on": portal_clock.today(),
            "consent_source": "Mail der Behörde",
        },
        A.REOPEN: {"reason": "Noch eine Frage."},
        A.DECLINE: {"reason": "Nicht unsere Aufgabe.", "referral": "Rechtsamt"},
        A.UNDO: {"reason": "Doch."},
        A.SNOOZE: {"until": portal_clock.today() + timedelta(days=7), "note": "Nachfassen."},
    }
    if action == A.CLOSE_SILENT:
        raise PermissionDenied  # takes no actor: nobody calls it but the daily job
    if action == A.MARK_DUPLICATE:
        more[action] = {"target": world.case(S.IN_PROGRESS)}
    return getattr(services, action)(case_id=case.pk, actor=actor, **more.get(action, {}))


@pytest.mark.parametrize("action", CaseAction)
def test_each_role_may_only_what_the_tables_say(world: World, action: CaseAction) -> None:
    """Done, refused, or told that the case has moved on; refused and told change nothing.

    From one state that allows the action and one that does not: test_models and test_permissions walk
    through all of them.
    """
    states = [next(s for s in CaseState if (s in TABLE[action]) is fits) for fits in (True, False)]
    for role, state in itertools.product(ROLES, states):
        case = world.case(state)
        before = CaseEvent.objects.count()
        with transaction.atomic():
            point = transaction.savepoint()
            try:
                call(action, world, case, world.person(role))
                done = True
            except (PermissionDenied, TransitionNotAllowed):
                done = False
            assert done or CaseEvent.objects.count() == before
            transaction.savepoint_rollback(point)
        expected = action in allowed_by_the_tables(role, state)
        if action == A.SUBMIT and role == "requester":
            expected = True  # sent twice is sent once
        assert done == expected, (role, state)


def told(case: ConsultingRequest) -> dict[str, set[str]]:
    """Kind → names of those who got a mail about the case."""
    found: dict[str, set[str]] = {}
    for mail in OutgoingMail.objects.filter(subject_key=str(case.public_id)):
        assert mail.user is not None
        found.setdefault(mail.kind.removeprefix("consulting."), set()).add(mail.user.name)
    return found


SIDE = {"Alex Muster", "Toni Probe", "Robin Vertretung"}
OSK = {"Kim Beispiel", "Jo Berater", "Eike Leitung"}


def test_submit_gives_reference_promises_receipt_and_tells_all_advisors(
    world: World, clock: Any
) -> None:
    clock.move_to(datetime(2026, 11, 23, 9, tzinfo=UTC))
    case = world.case(S.DRAFT)

    sent = services.submit(case_id=case.pk, actor=world.requester)

    assert sent.reference == "OSK-2026-00001"
    assert sent.first_response_due_on == date(2026, 11, 25)
    assert sent.answer_due_on == date(2026, 12, 7)
    assert told(case)["staff_new"] == OSK
    receipt = OutgoingMail.objects.get(kind="consulting.request_received", user=world.requester)
    assert "OSK-2026-00001" in receipt.subject
    assert "Montag, 7. Dezember 2026" in receipt.body.replace("\xa0", " ")


def test_submit_twice_is_one_request(world: World) -> None:
    case = world.case(S.DRAFT)

    first = services.submit(case_id=case.pk, actor=world.requester)
    second = services.submit(case_id=case.pk, actor=world.requester)

    assert first.reference == second.reference
    assert case.events.count() == 1
    assert OutgoingMail.objects.filter(kind="consulting.request_received").count() == 2


@pytest.mark.parametrize("field", ["title", "description", "topics", "phase", "kind"])
def test_incomplete_draft_is_not_sent(world: World, field: str) -> None:
    case = world.case(S.DRAFT, **{field: [] if field == "topics" else ""})

    with pytest.raises(services.Incomplete) as error:
        services.submit(case_id=case.pk, actor=world.requester)

    assert error.value.fields == [field]


def test_submit_for_an_organisation_that_is_not_entitled_is_refused(world: World) -> None:
    case = world.case(S.DRAFT)
    world.authority.is_entitled = False
    world.authority.save()

    with pytest.raises(PermissionDenied):
        services.submit(case_id=case.pk, actor=world.requester)


def test_whole_path_tells_the_other_side_at_each_step(world: World) -> None:
    case = world.case(S.SUBMITTED)
    steps: list[tuple[Callable[[], Any], str, set[str]]] = [
        (
            lambda: services.take_up(case_id=case.pk, actor=world.other_advisor),
            "case_moved",
            SIDE,
        ),
        (
            lambda: services.assign(case_id=case.pk, actor=world.lead, assignee=world.advisor),
            "staff_assigned",
            {"Kim Beispiel"},
        ),
        (
            lambda: services.ask_back(
                case_id=case.pk,
                actor=world.advisor,
                question="Wie viele?",
                reply_by=portal_clock.today() + timedelta(days=5),
            ),
            "case_asked_back",
            SIDE,
        ),
        (
            lambda: services.reply(case_id=case.pk, actor=world.writer, text="Zwölf."),
            "staff_replied",
            {"Kim Beispiel"},
        ),
        (lambda: services.start(case_id=case.pk, actor=world.advisor), "case_moved", SIDE),
        (
            lambda: services.answer(
                case_id=case.pk,
                actor=world.advisor,
                text="Nehmen Sie das.",
                recommendations=[services.Advice("passt", solution=SolutionFactory())],
            ),
            "case_answered",
            SIDE,
        ),
        (
            lambda: services.close(case_id=case.pk, actor=world.requester),
            "staff_moved",
            {"Kim Beispiel"},
        ),
    ]
    for step, kind, names in steps:
        OutgoingMail.objects.all().delete()
        step()
        assert told(case)[kind] == names, kind
    case.refresh_from_db()
    assert case.state == S.CLOSED
    assert case.result is not None
    assert case.result.recommendations.count() == 1
    assert case.outcome == "settled"


def test_who_did_it_is_not_told(world: World) -> None:
    case = world.case(S.ANSWERED)

    services.close(case_id=case.pk, actor=world.writer)

    assert told(case)["case_closed"] == SIDE - {"Toni Probe"}


def test_mail_of_a_procurement_case_carries_no_title(world: World) -> None:
    case = world.case(S.SUBMITTED, topics=[Topic.PROCUREMENT], title="Geheimes Los 7")

    services.take_up(case_id=case.pk, actor=world.advisor)

    assert not OutgoingMail.objects.filter(body__contains="Geheimes Los 7").exists()
    assert not Notification.objects.filter(text__contains="Geheimes Los 7").exists()


@pytest.mark.parametrize("topics", [[Topic.REUSE], [Topic.PROCUREMENT]])
def test_mail_of_a_decline_says_that_but_not_what_was_written(
    world: World, topics: list[Topic]
) -> None:
    case = world.case(S.IN_PROGRESS, topics=topics)

    services.decline(
        case_id=case.pk, actor=world.lead, reason="Wert 500.000 Euro", referral="Stelle Z"
    )

    mail = OutgoingMail.objects.filter(kind="consulting.case_moved").first()
    assert mail is not None
    assert "Wir können diese Anfrage nicht übernehmen." in mail.body
    for written in ("500.000", "Stelle Z"):
        assert not OutgoingMail.objects.filter(body__contains=written).exists()
        assert not Notification.objects.filter(text__contains=written).exists()


def test_mail_of_a_procurement_case_names_no_partner(world: World) -> None:
    case = world.case(S.IN_PROGRESS, topics=[Topic.PROCUREMENT])

    partner = call(A.INVOLVE_PARTNER, world, case, world.advisor).case.partner_questions.get()

    assert OutgoingMail.objects.filter(kind="consulting.case_moved").exists()
    assert not OutgoingMail.objects.filter(body__contains=str(partner.organisation)).exists()


def test_failing_mail_rolls_everything_back(world: World, monkeypatch: Any) -> None:
    """The border of the app: a mail that cannot be written takes the step with it."""
    case = world.case(S.IN_PROGRESS)

    def broken(*args: Any, **options: Any) -> None:
        raise RuntimeError("no template")

    monkeypatch.setattr("osk_portal.notifications.rendering.render", broken)
    with pytest.raises(RuntimeError, match="no template"):
        services.answer(case_id=case.pk, actor=world.advisor, text="So.")

    case.refresh_from_db()
    assert case.state == S.IN_PROGRESS
    assert not case.results.exists()
    assert not case.events.exists()


def test_waiting_rests_the_clock_and_the_promise_moves(world: World, clock: Any) -> None:
    clock.move_to(datetime(2026, 11, 2, 9, tzinfo=UTC))
    case = world.case(S.IN_PROGRESS)
    assert case.answer_due_on == date(2026, 11, 16)
    clock.move_to(datetime(2026, 11, 4, 9, tzinfo=UTC))
    services.ask_back(
        case_id=case.pk, actor=world.advisor, question="?", reply_by=date(2026, 11, 11)
    )
    clock.move_to(datetime(2026, 11, 9, 9, tzinfo=UTC))

    services.reply(case_id=case.pk, actor=world.requester, text="!")

    case.refresh_from_db()
    assert case.paused_working_days == 3
    assert case.answer_due_on == date(2026, 11, 19)


def test_out_of_date_form_of_the_osk_changes_nothing(world: World) -> None:
    case = world.case(S.IN_PROGRESS)
    services.add_message(case_id=case.pk, actor=world.requester, text="Noch etwas.")

    with pytest.raises(services.CaseChanged):
        services.answer(
            case_id=case.pk, actor=world.advisor, text="So.", expected_version=case.version
        )

    assert not case.results.exists()


def test_note_makes_no_form_out_of_date_and_tells_nobody(world: World) -> None:
    case = world.case(S.IN_PROGRESS)

    services.add_note(case_id=case.pk, actor=world.other_advisor, text="Intern.")

    case.refresh_from_db()
    assert told(case) == {}
    services.answer(case_id=case.pk, actor=world.advisor, text="So.", expected_version=case.version)


def test_text_sent_twice_is_said_once(world: World) -> None:
    case = world.case(S.IN_PROGRESS)
    message_id = uuid.uuid4()

    for _ in range(2):
        services.add_message(
            case_id=case.pk, actor=world.requester, text="Hallo", message_id=message_id
        )
        services.add_note(case_id=case.pk, actor=world.advisor, text="x", message_id=case.public_id)

    assert case.messages.filter(is_internal=False).count() == 1
    assert case.messages.filter(is_internal=True).count() == 1


def test_message_to_an_answered_case_is_a_follow_up(world: World) -> None:
    case = world.case(S.ANSWERED)

    services.add_message(case_id=case.pk, actor=world.requester, text="Und wie weiter?")

    case.refresh_from_db()
    assert case.state == S.ANSWERED
    assert case.follow_up_at is not None
    assert case.messages.get().kind == "follow_up"


@pytest.mark.parametrize("state", [S.CLOSED, S.DECLINED, S.DUPLICATE, S.WITHDRAWN])
def test_ended_case_takes_no_messages(world: World, state: CaseState) -> None:
    case = world.case(state)

    with pytest.raises(TransitionNotAllowed):
        services.add_message(case_id=case.pk, actor=world.requester, text="Hallo")


def test_requester_replies_instead_of_writing_while_we_wait(world: World) -> None:
    case = world.case(S.WAITING_REQUESTER)

    with pytest.raises(TransitionNotAllowed):
        services.add_message(case_id=case.pk, actor=world.requester, text="Hallo")
    services.add_message(case_id=case.pk, actor=world.other_advisor, text="Noch ein Hinweis")


def test_reader_and_stranger_write_nothing(world: World) -> None:
    case = world.case(S.IN_PROGRESS)

    for role in ("reader", "colleague", "manager", "stranger", "operator"):
        with pytest.raises(PermissionDenied):
            services.add_message(case_id=case.pk, actor=world.person(role), text="Hallo")
        with pytest.raises(PermissionDenied):
            services.add_note(case_id=case.pk, actor=world.person(role), text="Hallo")


def test_answer_withdraws_open_questions_to_partners(world: World) -> None:
    case = world.case(S.IN_PROGRESS)
    call(A.INVOLVE_PARTNER, world, case, world.advisor)

    services.answer(case_id=case.pk, actor=world.advisor, text="Es geht auch so.")

    assert case.partner_questions.get().state == PartnerQuestionState.WITHDRAWN


def test_partner_with_an_open_question_is_not_asked_again(world: World) -> None:
    """T → W leads back to work with the partner's question still open."""
    case = world.case(S.IN_PROGRESS)
    call(A.INVOLVE_PARTNER, world, case, world.advisor)
    call(A.ASK_BACK, world, case, world.advisor)
    call(A.REPLY, world, case, world.requester)

    with pytest.raises(TransitionNotAllowed) as error:
        call(A.INVOLVE_PARTNER, world, case, world.advisor)

    assert "offene Frage" in str(error.value)
    assert case.partner_questions.count() == 1


def test_closing_without_a_reply_withdraws_open_questions_to_partners(world: World) -> None:
    case = world.case(S.IN_PROGRESS)
    call(A.INVOLVE_PARTNER, world, case, world.advisor)
    call(A.ASK_BACK, world, case, world.advisor)

    services.close_silent(case_id=case.pk)

    assert case.partner_questions.get().state == PartnerQuestionState.WITHDRAWN


def test_merging_makes_the_author_take_part_and_undo_ends_it(world: World) -> None:
    target = world.case(S.IN_PROGRESS, visibility=Visibility.ORGANISATION)
    case = world.case(S.TRIAGE, author=world.colleague)

    services.mark_duplicate(case_id=case.pk, actor=world.advisor, target=target)
    assert target.participants.get(user=world.colleague).may_write

    services.undo(case_id=case.pk, actor=world.lead, reason="Doch etwas anderes.")
    assert not target.participants.filter(user=world.colleague).exists()


def test_merging_is_refused_where_it_would_reveal_the_other_request(world: World) -> None:
    target = world.case(S.IN_PROGRESS)
    case = world.case(S.TRIAGE, author=world.colleague)
    foreign = world.case(
        S.IN_PROGRESS,
        author=world.stranger,
        organisation=world.stranger.memberships.get().organisation,
    )

    for other in (target, foreign, case, world.case(S.CLOSED)):
        with pytest.raises(TransitionNotAllowed):
            services.mark_duplicate(case_id=case.pk, actor=world.advisor, target=other)


def test_undo_keeps_what_was_said_as_a_note(world: World) -> None:
    case = world.case(S.IN_PROGRESS)
    services.decline(case_id=case.pk, actor=world.lead, reason="Grund", referral="Rechtsamt")

    services.undo(case_id=case.pk, actor=world.lead, reason="Irrtum")

    note = case.messages.get()
    assert note.is_internal
    assert note.body == "Irrtum\n\nGrund\n\nRechtsamt"


def test_lead_cannot_assign_to_somebody_outside_the_osk(world: World) -> None:
    case = world.case(S.TRIAGE)

    with pytest.raises(PermissionDenied):
        services.assign(case_id=case.pk, actor=world.lead, assignee=world.operator)


# Drafts


def test_draft_made_twice_from_the_same_form_is_one(world: World) -> None:
    draft_id = uuid.uuid4()

    for _ in range(2):
        services.create_draft(actor=world.requester, values={"kind": "idea"}, draft_id=draft_id)

    assert ConsultingRequest.objects.get().public_id == draft_id


def test_draft_changed_elsewhere_is_not_overwritten(world: World) -> None:
    case = world.case(S.DRAFT)
    services.save_draft(
        case_id=case.pk, actor=world.requester, values={"title": "Neu"}, expected_version=1
    )

    with pytest.raises(services.CaseChanged) as error:
        services.save_draft(
            case_id=case.pk, actor=world.requester, values={"title": "Alt"}, expected_version=1
        )

    assert error.value.case.title == "Neu"
    case.refresh_from_db()
    assert case.title == "Neu"


def test_sent_request_is_no_draft_any_more(world: World) -> None:
    case = world.case(S.SUBMITTED)

    with pytest.raises(TransitionNotAllowed):
        services.save_draft(case_id=case.pk, actor=world.requester, values={"title": "Neu"})


def test_draft_fields_are_a_closed_list(world: World) -> None:
    case = world.case(S.DRAFT)

    with pytest.raises(ValueError, match="state"):
        services.save_draft(case_id=case.pk, actor=world.requester, values={"state": S.CLOSED})


def test_another_organisation_ends_the_sharing(world: World) -> None:
    case = world.case(S.DRAFT, visibility=Visibility.SELECTED)
    other = OrganisationFactory(authority=True)
    MembershipFactory(user=world.requester, organisation=other)

    services.save_draft(case_id=case.pk, actor=world.requester, values={"organisation": other})

    case.refresh_from_db()
    assert case.visibility == Visibility.ONLY_ME
    assert not case.participants.exists()


def test_only_the_author_shares(world: World) -> None:
    case = world.case(S.IN_PROGRESS)

    services.share(
        case_id=case.pk,
        actor=world.requester,
        visibility=Visibility.SELECTED,
        readers=[world.colleague],
        writers=[world.reader],
        deputy=None,
    )
    taking_part = set(case.participants.values_list("user__name", "may_write"))
    assert taking_part == {("Sam Kollege", False), ("Luca Leserin", True)}
    with pytest.raises(PermissionDenied):
        services.share(case_id=case.pk, actor=world.deputy, visibility=Visibility.ONLY_ME)


def test_stranger_neither_writes_nor_deletes_a_draft(world: World) -> None:
    case = world.case(S.DRAFT)

    with pytest.raises(PermissionDenied):
        services.save_draft(case_id=case.pk, actor=world.stranger, values={"title": "x"})
    with pytest.raises(PermissionDenied):
        services.delete_draft(case_id=case.pk, actor=world.stranger)


# Two at once


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run ``calls`` in threads that start together; results or exceptions, in their order."""
    barrier = threading.Barrier(len(calls))
    results: list[Any] = [None] * len(calls)

    def run(number: int, function: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            results[number] = function()
        except (TransitionNotAllowed, PermissionDenied) as error:
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


@pytest.mark.django_db(transaction=True)
def test_two_answers_at_once_are_one() -> None:
    from tests.consulting.factories import case_in

    case = case_in(S.IN_PROGRESS)
    advisor = case.assignee

    results = at_once(
        *(lambda: services.answer(case_id=case.pk, actor=advisor, text="So.") for _ in range(2))
    )

    assert sum(isinstance(result, CaseEvent) for result in results) == 1
    assert case.events.filter(kind="answered").count() == 1
    assert case.results.count() == 1


@pytest.mark.django_db(transaction=True)
def test_draft_sent_by_two_windows_has_one_reference() -> None:
    case = DraftFactory()

    results = at_once(
        *(lambda: services.submit(case_id=case.pk, actor=case.author) for _ in range(3))
    )

    assert len({result.reference for result in results}) == 1
    assert case.events.count() == 1


@pytest.mark.django_db(transaction=True)
def test_fifty_submissions_at_once_get_fifty_references() -> None:
    """Each on a connection of its own; a draft takes none."""
    author = UserFactory()
    organisation = OrganisationFactory(authority=True)
    drafts = [DraftFactory(author=author, organisation=organisation) for _ in range(50)]
    kept = DraftFactory(author=author, organisation=organisation)

    def send(draft: ConsultingRequest) -> Callable[[], ConsultingRequest]:
        return lambda: services.submit(case_id=draft.pk, actor=author)

    results = at_once(*(send(draft) for draft in drafts))

    assert sorted(int(str(case.reference)[-5:]) for case in results) == list(range(1, 51))
    kept.refresh_from_db()
    assert kept.reference is None
