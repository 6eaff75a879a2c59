"""Administration statements: who may say what, what stands, what was said before, and the file's own."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from catalog import country_section, own_data, services
from catalog.enums import StatementAction, StatementOrigin, StatementState, StatementTopic
from catalog.grants import CURRENT
from catalog.importing import import_publiccode
from catalog.models import Follow, Statement, TextGrant
from catalog.proposal_portal import give_statement, statement_rows
from catalog.services import StatementWords
from catalog.services.statements import WordsRefused
from osk_portal.notifications.models import Notification, OutgoingMail
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.catalog.conftest import World
from tests.catalog.files import publiccode_file
from tests.consulting.test_services import at_once
from tests.factories import OrganisationFactory

pytestmark = pytest.mark.django_db
WORDS = StatementWords(
    topic=StatementTopic.EFA,
    answer="yes",
    value="Hamburg bietet die Leistung an.",
    stated_on=date(2026, 3, 1),
    evidence="https://example.org/efa",
)
KEY = "99108001000000"


def enter(world, words=WORDS, **options):
    return services.enter_statement(
        solution_id=world.solution.pk, actor=world.advisor, words=words, **options
    )


def propose(world, words=WORDS, author=None, wording=CURRENT):
    return services.propose_statement(
        solution_id=world.solution.pk,
        author=author or world.editor,
        organisation=world.company,
        words=words,
        wording=wording,
    )


def told(user):
    return list(Notification.objects.filter(user=user).values_list("kind", flat=True))


def test_an_advisor_puts_a_statement_in_force_and_followers_hear_it(world):
    Follow.objects.create(solution=world.solution, user=world.visitor)
    before = world.solution.updated_at

    made = enter(world)

    assert (made.state, made.origin, made.organisation) == ("standing", "osk", None)
    assert (made.events.get().kind, made.events.get().actor) == ("standing", world.advisor)
    assert made.events.get().data == {"topic": "efa", "origin": "osk"}
    world.solution.refresh_from_db()
    assert world.solution.updated_at > before
    assert told(world.visitor) == ["catalog.entry_changed"]
    assert enter(world) == made  # the form sent twice
    assert Statement.objects.count() == 1


def test_a_newer_statement_takes_its_place_and_the_old_one_stays_in_the_history(world):
    old = enter(world)
    with pytest.raises(TransitionNotAllowed):  # made without having seen the one that stands
        enter(world, replace(WORDS, answer="no"))

    new = enter(world, replace(WORDS, answer="planned"), seen=str(old.public_id))

    old.refresh_from_db()
    assert (old.state, old.ended_at is not None) == ("superseded", True)
    assert [e.kind for e in old.events.all()] == ["standing", "superseded"]
    assert list(Statement.objects.standing()) == [new]
    with pytest.raises(IntegrityError), transaction.atomic():
        Statement.objects.filter(pk=old.pk).update(state="standing")


@pytest.mark.parametrize("who", ["editor", "colleague", "stranger", "visitor"])
def test_only_advisors_enter_decide_and_take_off(world, who):
    actor = getattr(world, who)
    proposed = propose(world)
    for call in (
        lambda: services.enter_statement(solution_id=world.solution.pk, actor=actor, words=WORDS),
        lambda: services.accept_statement(statement_id=proposed.pk, actor=actor),
        lambda: services.refuse_statement(statement_id=proposed.pk, actor=actor, comment="x"),
        lambda: services.retract_statement(statement_id=proposed.pk, actor=actor, comment="x"),
    ):
        with pytest.raises(PermissionDenied):
            call()
    assert proposed.events.count() == 1


def test_the_redaktion_proposes_and_an_advisor_accepts(world, clock):
    clock.move_to(datetime(2026, 11, 23, 12, tzinfo=ZoneInfo("Europe/Berlin")))
    old = enter(world, replace(WORDS, answer="no", value=""))

    made = propose(world)

    assert (made.state, made.promised_on) == ("proposed", date(2026, 12, 7))
    assert told(world.advisor) == told(world.second_advisor) == ["catalog.statement_proposed"]
    assert list(Statement.objects.standing()) == [old]
    assert propose(world) == made  # a click too many
    with pytest.raises(TransitionNotAllowed):
        propose(world, replace(WORDS, answer="planned"))

    event = services.accept_statement(statement_id=made.pk, actor=world.advisor)

    assert (event.from_state, event.to_state, event.actor) == (
        "proposed",
        "standing",
        world.advisor,
    )
    old.refresh_from_db()
    assert old.state == StatementState.SUPERSEDED
    standing = Statement.objects.standing().get()
    assert (standing.origin, standing.organisation) == ("maintainer", world.company)
    assert told(world.editor) == ["catalog.statement_accepted"]
    with pytest.raises(TransitionNotAllowed):  # says so already
        propose(world)


def test_a_refusal_needs_its_reason_and_the_author_reads_it(world):
    made = propose(world)
    with pytest.raises(IntegrityError), transaction.atomic():
        services.refuse_statement(statement_id=made.pk, actor=world.advisor, comment="")

    services.refuse_statement(
        statement_id=made.pk, actor=world.advisor, comment="Ohne Beleg & alt."
    )

    assert told(world.editor) == ["catalog.statement_refused"]
    mail = OutgoingMail.objects.filter(user=world.editor).get()
    assert "Ohne Beleg & alt." in mail.body
    assert not Statement.objects.standing().exists()
    assert propose(world).is_proposed  # and may try again


def test_a_text_needs_the_grant_and_an_answer_alone_does_not(world):
    with pytest.raises(TransitionNotAllowed, match="CC0"):
        propose(world, wording="")
    made = propose(world)
    grant = TextGrant.objects.get(statement=made)
    assert (grant.person, grant.wording) == (world.editor, CURRENT)
    services.withdraw_statement(statement_id=made.pk, actor=world.editor)
    propose(world, replace(WORDS, value=""), wording="")
    enter(world, replace(WORDS, topic="itdz", answer="open"))
    assert TextGrant.objects.count() == 1


def test_strangers_and_members_without_the_role_do_not_propose(world):
    for person in (world.colleague, world.stranger, world.visitor):
        with pytest.raises(PermissionDenied):
            propose(world, author=person)
    other = OrganisationFactory()
    with pytest.raises(PermissionDenied):
        services.propose_statement(
            solution_id=world.solution.pk, author=world.editor, organisation=other, words=WORDS
        )


def test_who_lost_the_entry_cannot_have_a_statement_accepted_any_more(world):
    made = propose(world)
    world.solution.maintainer = None
    world.solution.save(update_fields=["maintainer"])

    with pytest.raises(TransitionNotAllowed, match=r".+"):
        services.accept_statement(statement_id=made.pk, actor=world.advisor)
    services.refuse_statement(statement_id=made.pk, actor=world.advisor, comment="Abgegeben.")


def test_the_author_takes_it_back_once_and_the_account_s_end_does_too(world):
    made = propose(world)
    with pytest.raises(PermissionDenied):
        services.withdraw_statement(statement_id=made.pk, actor=world.colleague)

    assert services.withdraw_statement(statement_id=made.pk, actor=world.editor)
    assert services.withdraw_statement(statement_id=made.pk, actor=world.editor) is None
    second = propose(world)
    own_data.erase(world.editor)
    second.refresh_from_db()
    assert second.state == StatementState.WITHDRAWN


def test_what_is_taken_off_is_unknown_again(world):
    made = enter(world)

    services.retract_statement(statement_id=made.pk, actor=world.advisor, comment="War falsch.")

    made.refresh_from_db()
    assert (made.state, made.comment) == ("retracted", "War falsch.")
    assert not Statement.objects.standing().exists()


ACTIONS = {
    StatementAction.ACCEPT: lambda s, w: services.accept_statement(
        statement_id=s.pk, actor=w.advisor
    ),
    StatementAction.REFUSE: lambda s, w: services.refuse_statement(
        statement_id=s.pk, actor=w.advisor, comment="Nein."
    ),
    StatementAction.WITHDRAW: lambda s, w: services.withdraw_statement(
        statement_id=s.pk, actor=w.editor
    ),
    StatementAction.RETRACT: lambda s, w: services.retract_statement(
        statement_id=s.pk, actor=w.advisor, comment="Falsch."
    ),
}


@pytest.mark.parametrize("state", StatementState)
@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_over_every_state(world, action, state):
    made = propose(world)
    Statement.objects.filter(pk=made.pk).update(state=state, comment="Schon entschieden.")
    if state in Statement.ALLOWED[action]:
        assert ACTIONS[action](made, world).from_state == state
    elif action == StatementAction.WITHDRAW and state == StatementState.WITHDRAWN:
        assert ACTIONS[action](made, world) is None
    else:
        with pytest.raises(TransitionNotAllowed):
            ACTIONS[action](made, world)
        made.refresh_from_db()
        assert made.state == state


@pytest.mark.django_db(transaction=True)
def test_two_advisors_at_once_decide_once():
    world = World()
    made = propose(world)

    results = at_once(
        lambda: services.accept_statement(statement_id=made.pk, actor=world.advisor),
        lambda: services.refuse_statement(
            statement_id=made.pk, actor=world.second_advisor, comment="Nein."
        ),
    )

    assert sum(isinstance(result, TransitionNotAllowed) for result in results) == 1
    assert made.events.count() == 2
    assert len(told(world.editor)) == 1


# What the file says


def test_the_german_section_of_a_file_becomes_statements_of_the_file(world):
    section = {"leika": [{"leika-id": KEY, "ozg-id": "10278"}, {"leika-id": KEY}, {"leika-id": 7}]}
    found = import_publiccode(publiccode_file(name="Neu", url="https://a.example/b", de=section))
    solution = found.solution

    said = {s.topic: s for s in Statement.objects.standing().filter(solution=solution)}
    assert {topic: s.value for topic, s in said.items()} == {
        "leika": KEY,
        "ozg": "OZG-ID 10278",
    }
    assert {s.origin for s in said.values()} == {StatementOrigin.FILE}
    assert "de" not in solution.document

    import_publiccode(publiccode_file(name="Neu", url="https://a.example/b"))
    assert not Statement.objects.standing().filter(solution=solution).exists()


def test_the_file_does_not_take_the_place_of_what_a_person_states(world):
    words = StatementWords(topic=StatementTopic.LEIKA, value=KEY, stated_on=date(2026, 1, 1))
    ours = enter(world, words)

    import_publiccode(publiccode_file(de={"leika": {"leika-id": "99000000000000"}}))

    assert list(Statement.objects.standing()) == [ours]


def test_what_was_taken_off_with_a_reason_stays_away_until_the_file_says_something_else(world):
    def say(key):
        services.take_statements_of_file(world.solution, {"leika": key})
        return list(Statement.objects.standing().values_list("value", flat=True))

    assert say(KEY) == [KEY]
    services.retract_statement(
        statement_id=Statement.objects.standing().get().pk, actor=world.advisor, comment="Falsch."
    )

    assert say(KEY) == []
    services.take_statements_of_file(world.solution, {})
    assert say(KEY) == []
    assert say("99000000000000") == ["99000000000000"]
    assert say(KEY) == [KEY]  # the file has thought about it


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff\xfe",
        b"de: 1",
        b"de: {leika: [1, [2], {leika-id: [1, {a: b}]}]}",
        b"de: {leika: {leika-id: '99108001000000\\n'}}\nde: x",
        b"de: {leika: [" + b"{leika-id: 1}," * 500 + b"]}",
    ],
)
def test_a_hostile_section_says_nothing_and_raises_nothing(text):
    assert country_section.said_in(text) == {}


def test_what_the_database_would_refuse_is_said_at_its_field(world):
    for words, field in (
        (replace(WORDS, answer="vielleicht"), "answer"),
        (replace(WORDS, topic=StatementTopic.OZG, answer="yes"), "answer"),
        (replace(WORDS, topic=StatementTopic.OZG, answer="", value=""), "value"),
    ):
        with pytest.raises(WordsRefused) as caught:
            enter(world, words)
        assert caught.value.field == field
    assert not Statement.objects.exists()


def test_a_proposed_statement_is_handed_over_until_it_is_decided(world):
    statement = propose(world)
    [row] = statement_rows(world.editor, world.company, world.editor)
    assert row.public_id == statement.public_id
    args = {"public_id": row.public_id, "successor": world.visitor, "actor": world.editor}

    assert give_statement(person=world.editor, **args)
    assert not give_statement(person=world.editor, **args)

    statement.refresh_from_db()
    assert statement.author == world.visitor
    assert statement.events.last().label == "An eine Kollegin oder einen Kollegen übergeben"
    services.accept_statement(statement_id=statement.pk, actor=world.advisor)
    assert not list(statement_rows(world.visitor, world.company, world.editor))
