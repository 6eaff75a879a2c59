"""Administration statements: entered by advisors, proposed by the maintainer's Redaktion, read from the file.

All raise ``PermissionDenied`` when the actor may not, and ``TransitionNotAllowed`` (its text is for people)
when the entry or the statement has moved on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from catalog.enums import StatementAction, StatementOrigin, StatementState
from catalog.models import Solution, Statement, StatementEvent
from catalog.models.statements import ANSWERS
from catalog.notifications import tell_author_of_statement, tell_of_proposed_statement
from catalog.permissions import can_decide, can_propose
from catalog.promises import promised_date
from catalog.services.following import tell_followers
from catalog.services.grants import grant_texts, need_grant
from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed


@dataclass(frozen=True, kw_only=True)
class StatementWords:
    """What a statement says; the form checks its shape."""

    topic: str
    stated_on: date
    answer: str = ""
    value: str = ""
    said_by: str = ""
    evidence: str = ""


class WordsRefused(ValueError):
    """``field``: where the form shows the text."""

    def __init__(self, field: str, text: str) -> None:
        self.field = field
        super().__init__(text)


def check_words(words: StatementWords) -> None:
    """What the database would refuse, said at its field. Raises WordsRefused."""
    if words.answer not in ANSWERS.get(words.topic, ("",)):
        raise WordsRefused("answer", _("Choose an answer."))
    if not words.answer and not words.value:
        raise WordsRefused("value", _("Say something."))


@transaction.atomic
def enter_statement(
    *,
    solution_id: int,
    actor: User,
    words: StatementWords,
    origin: StatementOrigin = StatementOrigin.OSK,
    organisation: Organisation | None = None,
    seen: str = "",
) -> Statement:
    """An advisor puts a statement in force. The same words a second time: the one that stands.

    ``seen``: public id of the statement that the form showed as the present one, "" for none.
    Raises WordsRefused, with the field.
    """
    if not can_decide(actor):
        raise PermissionDenied("statements are entered by advisors")
    check_words(words)
    solution = _locked_solution(solution_id)
    there = _standing(solution, words.topic)
    if there is not None and _says(there, words, origin, organisation):
        return there
    if (str(there.public_id) if there else "") != seen:
        raise TransitionNotAllowed(StatementAction.SUPERSEDE, there.state if there else "")
    if there is not None:
        there.supersede(actor=actor)
    made = Statement.objects.create(
        solution=solution,
        origin=origin,
        organisation=organisation,
        state=StatementState.STANDING,
        author=actor,
        **asdict(words),
    )
    made.born()
    _changed(solution, actor=actor)
    return made


@transaction.atomic
def propose_statement(
    *,
    solution_id: int,
    author: User,
    organisation: Organisation,
    words: StatementWords,
    wording: str = "",
) -> Statement:
    """The Redaktion of the maintaining organisation says something; an advisor decides within the promise.

    ``wording``: the version of the words by which the author has put the text under CC0, where there is one (an
    advisor's own, and what a file says, need none: they are the OSK's to give, and the file's). One open proposal
    a topic. The same form twice: the proposal that is there.
    """
    solution = _locked_solution(solution_id)
    if solution.maintainer_id != organisation.pk or not can_propose(author, solution):
        raise PermissionDenied("statements are proposed by the maintainer's Redaktion")
    if words.value:
        need_grant(wording)
    if not solution.is_published:
        raise TransitionNotAllowed("propose", solution.state)
    origin = StatementOrigin.MAINTAINER
    standing = _standing(solution, words.topic)
    if standing is not None and _says(standing, words, origin, organisation):
        raise TransitionNotAllowed(
            "propose", standing.state, _("The entry says exactly that already.")
        )
    waiting = Statement.objects.proposed().filter(
        solution=solution, topic=words.topic, organisation=organisation
    )
    there = waiting.first()
    if there is not None:
        if there.author_id == author.pk and _says(there, words, origin, organisation):
            return there
        raise TransitionNotAllowed(
            "propose", there.state, _("A statement on this topic is being checked already.")
        )
    made = Statement.objects.create(
        solution=solution,
        origin=origin,
        organisation=organisation,
        state=StatementState.PROPOSED,
        author=author,
        promised_on=promised_date(),
        **asdict(words),
    )
    if words.value:
        grant_texts(person=author, wording=wording, statement=made)
    tell_of_proposed_statement(made.born())
    return made


@transaction.atomic
def accept_statement(*, statement_id: int, actor: User) -> StatementEvent:
    """It comes into force; what stood before stays in the history. The author hears it."""
    solution, statement = _for_decision(statement_id, actor)
    there = _standing(solution, statement.topic)
    if not statement.can(StatementAction.ACCEPT):
        raise TransitionNotAllowed(StatementAction.ACCEPT, statement.state)
    if not statement.is_of_file and solution.maintainer_id != statement.organisation_id:
        raise TransitionNotAllowed(
            StatementAction.ACCEPT,
            statement.state,
            _(
                "The organisation no longer maintains the entry. Refuse the statement with a reason."
            ),
        )
    if statement.is_of_file and there is not None and not there.is_of_file:
        raise TransitionNotAllowed(
            StatementAction.ACCEPT,
            statement.state,
            _(
                "Somebody has stated this meanwhile, and a file never takes the place of that. "
                "Refuse the statement with a reason."
            ),
        )
    if there is not None:
        there.supersede(actor=actor)
    event = statement.accept(actor=actor)
    tell_author_of_statement(event)
    _changed(solution, actor=actor)
    return event


@transaction.atomic
def refuse_statement(*, statement_id: int, actor: User, comment: str) -> StatementEvent:
    """With a reason, which the author reads."""
    _solution, statement = _for_decision(statement_id, actor)
    event = statement.refuse(actor=actor, comment=comment)
    tell_author_of_statement(event)
    return event


@transaction.atomic
def withdraw_statement(*, statement_id: int, actor: User) -> StatementEvent | None:
    """The organisation's Redaktion takes its proposal back. None when that has happened already."""
    statement = _locked(statement_id)
    organisation = statement.organisation
    if (
        organisation is None
        or not organisation.memberships.active().filter(user=actor, is_editor=True).exists()
    ):
        raise PermissionDenied("only the organisation's Redaktion withdraws")
    if statement.state == StatementState.WITHDRAWN:
        return None
    return statement.withdraw(actor=actor)


@transaction.atomic
def take_back_statements_of(user: User) -> None:
    """Whose account ends cannot be asked any more."""
    waiting = Statement.objects.proposed().filter(author=user)
    for statement in waiting.select_for_update(of=("self",)).order_by("pk"):
        statement.withdraw(actor=user)


@transaction.atomic
def retract_statement(*, statement_id: int, actor: User, comment: str) -> StatementEvent:
    """The topic is unknown again; the reason stands in the public history."""
    solution, statement = _for_decision(statement_id, actor)
    event = statement.retract(actor=actor, comment=comment)
    _changed(solution, actor=actor)
    return event


@transaction.atomic
def take_statements_of_file(
    solution: Solution, said: Mapping[str, str], *, is_trusted: bool = True
) -> None:
    """What the file in the repository says, by topic; the caller has locked ``solution``.

    It never takes the place of what a person has stated. What the file no longer says ends. What the OSK has
    taken off or refused with a reason stays away until the file says something else. Of a published entry whose
    source is not ``is_trusted`` something new waits for an advisor, and what stands stays so long.
    """
    of_all = Statement.objects.filter(solution=solution).select_for_update(of=("self",))
    standing = {statement.topic: statement for statement in of_all.standing()}
    waiting = {s.topic: s for s in of_all.proposed().filter(origin=StatementOrigin.FILE)}
    waits = solution.is_published and not is_trusted
    for topic, statement in waiting.items():
        if not waits or statement.value != said.get(topic):
            statement.withdraw(actor=None)
    is_new = False
    for topic, statement in standing.items():
        value = said.get(topic, "")
        if statement.is_of_file and statement.value != value and not (waits and value):
            statement.supersede(actor=None)
            is_new = True
    for topic, value in said.items():
        if _is_settled(standing.get(topic), value) or _is_settled(waiting.get(topic), value):
            continue
        if _is_taken_off(solution, topic, value):
            continue
        made = Statement.objects.create(
            solution=solution,
            topic=topic,
            value=value,
            stated_on=clock.today(),
            origin=StatementOrigin.FILE,
            state=StatementState.PROPOSED if waits else StatementState.STANDING,
            promised_on=promised_date() if waits else None,
        )
        event = made.born()
        if waits:
            tell_of_proposed_statement(event)
        else:
            is_new = True
    if is_new:
        _changed(solution, actor=None)


def _is_settled(there: Statement | None, value: str) -> bool:
    """Whether a person has stated something on the topic, or the file the same."""
    return (
        there is not None
        and there.state in (StatementState.STANDING, StatementState.PROPOSED)
        and (not there.is_of_file or there.value == value)
    )


def _is_taken_off(solution: Solution, topic: str, value: str) -> bool:
    """Whether an advisor has decided against what the file said last on a topic, which was ``value``."""
    said = Statement.objects.filter(solution=solution, topic=topic, origin=StatementOrigin.FILE)
    decided = said.exclude(state=StatementState.WITHDRAWN)
    last = decided.order_by("-created_at", "-pk").first()
    against = (StatementState.RETRACTED, StatementState.REFUSED)
    return last is not None and last.state in against and last.value == value


def _changed(solution: Solution, *, actor: User | None) -> None:
    """The page, its feeds and formats are new, and followers hear it."""
    solution.updated_at = clock.now()
    solution.save(update_fields=["updated_at"])
    if solution.is_published:
        tell_followers(solution, "entry_changed", actor=actor)


def _says(
    statement: Statement,
    words: StatementWords,
    origin: StatementOrigin,
    organisation: Organisation | None,
) -> bool:
    same = all(getattr(statement, name) == value for name, value in asdict(words).items())
    by = organisation.pk if organisation else None
    return same and statement.origin == origin and statement.organisation_id == by


def _standing(solution: Solution, topic: str) -> Statement | None:
    rows = Statement.objects.standing().filter(solution=solution, topic=topic)
    return rows.select_for_update(of=("self",)).first()


def _for_decision(statement_id: int, actor: User) -> tuple[Solution, Statement]:
    """The entry's row first, then the statement's, as everywhere."""
    if not can_decide(actor):
        raise PermissionDenied("statements are decided by advisors")
    pk = Statement.objects.values_list("solution_id", flat=True).get(pk=statement_id)
    solution = _locked_solution(pk)
    statement = _locked(statement_id)
    statement.solution = solution
    return solution, statement


def _locked_solution(solution_id: int) -> Solution:
    return Solution.objects.select_for_update(of=("self",)).get(pk=solution_id)


def _locked(statement_id: int) -> Statement:
    return Statement.objects.select_for_update(of=("self",)).get(pk=statement_id)
