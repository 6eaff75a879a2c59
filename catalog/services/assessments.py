"""Einschätzung des OSK: written by advisors, shown to the maintainer before it is published, replied to.

All raise ``PermissionDenied`` when the actor may not, and ``TransitionNotAllowed`` (its text is for people)
when the entry or the assessment has moved on. Source: product.md 2.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from catalog.enums import AssessmentAction, AssessmentState, CriterionAnswer
from catalog.models import (
    Assessment,
    AssessmentEvent,
    CriteriaList,
    CriteriaListEvent,
    Criterion,
    CriterionFinding,
    Solution,
)
from catalog.notifications import (
    tell_advisors_of_assessment,
    tell_maintainer_of_assessment,
    tell_of_published_assessment,
)
from catalog.permissions import can_decide, can_propose
from catalog.promises import promised_date
from catalog.services.following import tell_followers
from catalog.services.grants import grant_texts, need_grant
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from osk_portal.toolkit.working_days import add_working_days

_IN_WORK: Final = (AssessmentState.DRAFT, AssessmentState.SENT)


@dataclass(frozen=True)
class CriterionWords:
    title: str
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class FindingWords:
    """``position``: of the criterion in the assessment's list."""

    position: int
    answer: str = CriterionAnswer.NOT_CHECKED
    text: str = ""
    evidence: str = ""
    checked_on: date | None = None


@transaction.atomic
def save_criteria_list(
    *,
    actor: User | None,
    key: str,
    name: str,
    publisher: str,
    version_name: str,
    issued_on: date,
    source: str,
    criteria: Sequence[CriterionWords],
    seen_number: int = 0,
) -> CriteriaList:
    """A new version of the list ``key``; the versions before stay as they are, used or not.

    ``seen_number``: of the version that the form started from, 0 for a new list. ``actor`` None: shipped.
    The same words as the newest version make nothing new.
    """
    if actor is not None and not can_decide(actor):
        raise PermissionDenied("lists of criteria are kept by advisors")
    versions = CriteriaList.objects.select_for_update().filter(key=key).order_by("-number")
    newest = versions.first()
    words = {
        "name": name,
        "publisher": publisher,
        "version_name": version_name,
        "issued_on": issued_on,
        "source": source,
    }
    if newest is not None and all(getattr(newest, n) == v for n, v in words.items()):
        there = [CriterionWords(c.title, c.text) for c in newest.criteria.all()]
        if there == list(criteria):
            return newest
    number = newest.number if newest else 0
    if number != seen_number:
        raise TransitionNotAllowed("criteria", "")
    made = CriteriaList.objects.create(
        key=key, number=number + 1, is_shipped=actor is None, **words
    )
    Criterion.objects.bulk_create(
        Criterion(criteria_list=made, position=position, title=c.title, text=c.text)
        for position, c in enumerate(criteria, 1)
    )
    CriteriaListEvent.objects.create(
        criteria_list=made, kind="created", actor=actor, data={"number": made.number}
    )
    return made


@transaction.atomic
def begin_assessment(*, solution_id: int, criteria_list_id: int, actor: User) -> Assessment:
    """A new version; what the published one said by the same list is taken over as a start.

    One in work an entry: a second time the one that is there, when it uses the same list.
    """
    _advisors_only(actor)
    solution = _locked_solution(solution_id)
    there = Assessment.objects.filter(solution=solution, state__in=_IN_WORK).first()
    if there is not None:
        if there.criteria_list_id == criteria_list_id and there.author_id == actor.pk:
            return there
        raise TransitionNotAllowed(
            AssessmentAction.BEGIN,
            there.state,
            _("An assessment of this entry is in work already."),
        )
    last = solution.assessments.aggregate(last=Max("number"))["last"] or 0
    made = Assessment.objects.create(
        solution=solution, number=last + 1, criteria_list_id=criteria_list_id, author=actor
    )
    before = Assessment.objects.published().filter(
        solution=solution, criteria_list_id=criteria_list_id
    )
    old = before.first()
    known = {f.criterion_id: f for f in old.findings.all()} if old else {}
    findings = []
    for criterion in made.criteria_list.criteria.all():
        found = known.get(criterion.pk)
        start = CriterionFinding(assessment=made, criterion=criterion)
        if found is not None:
            start.answer, start.text = found.answer, found.text
            start.evidence, start.checked_on = found.evidence, found.checked_on
        findings.append(start)
    CriterionFinding.objects.bulk_create(findings)
    if old is not None:
        made.summary = old.summary
        made.save(update_fields=["summary"])
    made.note(AssessmentAction.BEGIN, actor=actor, before="")
    return made


@transaction.atomic
def write_assessment(
    *,
    assessment_id: int,
    actor: User,
    expected_version: int,
    summary: str,
    software_version: str,
    findings: Iterable[FindingWords],
) -> AssessmentEvent:
    """The draft as it stands now."""
    assessment = _begin(assessment_id, actor, AssessmentAction.WRITE)
    if assessment.version != expected_version:
        raise TransitionNotAllowed(AssessmentAction.WRITE, assessment.state)
    rows = {row.criterion.position: row for row in _findings(assessment)}
    for words in findings:
        row = rows.get(words.position)
        if row is not None:
            row.answer, row.text = words.answer, words.text
            row.evidence, row.checked_on = words.evidence, words.checked_on
            row.save()
    assessment.summary, assessment.software_version = summary, software_version
    return assessment.act(AssessmentAction.WRITE, actor=actor)


@transaction.atomic
def send_assessment(*, assessment_id: int, actor: User) -> AssessmentEvent:
    """The maintainer reads it, and has 10 working days before it may be published."""
    assessment = _begin(assessment_id, actor, AssessmentAction.SEND)
    maintainer = assessment.solution.maintainer
    if maintainer is None:
        raise TransitionNotAllowed(
            AssessmentAction.SEND,
            assessment.state,
            _("The OSK looks after the entry: it can be published at once."),
        )
    _check_complete(assessment, AssessmentAction.SEND)
    assessment.sent_at = clock.now()
    assessment.sent_to = maintainer
    assessment.publish_from = add_working_days(clock.today(), settings.OSK_ASSESSMENT_DAYS)
    event = assessment.act(AssessmentAction.SEND, actor=actor, state=AssessmentState.SENT)
    tell_maintainer_of_assessment(event)
    return event


@transaction.atomic
def take_back_assessment(*, assessment_id: int, actor: User) -> AssessmentEvent:
    """To revise it; sent again it gives the maintainer the whole time anew. A correction asked for is met so."""
    assessment = _begin(assessment_id, actor, AssessmentAction.TAKE_BACK)
    if assessment.waits_for_answer:
        assessment.correction_answer = _("The OSK revises the assessment.")
    assessment.publish_from = None
    event = assessment.act(AssessmentAction.TAKE_BACK, actor=actor, state=AssessmentState.DRAFT)
    tell_maintainer_of_assessment(event)
    return event


@transaction.atomic
def publish_assessment(*, assessment_id: int, actor: User) -> AssessmentEvent:
    """Everybody sees it; the one before stays readable. At once where the OSK looks after the entry."""
    assessment = _begin(assessment_id, actor, AssessmentAction.PUBLISH)
    problem = problem_of_publishing(assessment)
    if problem:
        raise TransitionNotAllowed(AssessmentAction.PUBLISH, assessment.state, problem)
    _check_complete(assessment, AssessmentAction.PUBLISH)
    before = Assessment.objects.published().filter(solution=assessment.solution_id)
    for old in before.select_for_update(of=("self",)):
        old.act(AssessmentAction.SUPERSEDE, actor=actor, state=AssessmentState.SUPERSEDED)
    assessment.published_at = clock.now()
    event = assessment.act(AssessmentAction.PUBLISH, actor=actor, state=AssessmentState.PUBLISHED)
    _changed(assessment.solution, actor)
    tell_of_published_assessment(event)
    return event


def problem_of_publishing(assessment: Assessment) -> str:
    """Why it may not be published yet, in words; "" when it may. For an entry with a maintainer."""
    maintainer = assessment.solution.maintainer_id
    if not assessment.solution.is_published:
        return _("The entry is not published.")
    if maintainer is None:
        return ""
    if not assessment.is_sent or assessment.sent_to_id != maintainer:
        return _("The maintainer has to see it first.")
    if assessment.waits_for_answer:
        return _("The maintainer has asked for a correction. Decide that first.")
    if assessment.publish_from is None or assessment.publish_from > clock.today():
        return _("The maintainer's time is not over yet.")
    return ""


@transaction.atomic
def discard_assessment(*, assessment_id: int, actor: User) -> AssessmentEvent:
    """A draft that nobody needs; its number is not used again."""
    assessment = _begin(assessment_id, actor, AssessmentAction.DISCARD)
    return assessment.act(AssessmentAction.DISCARD, actor=actor, state=AssessmentState.DISCARDED)


@transaction.atomic
def reply_to_assessment(
    *, assessment_id: int, actor: User, text: str, wording: str = ""
) -> AssessmentEvent | None:
    """The maintainer's Redaktion writes what stands beside the assessment, or writes it anew.

    ``wording``: the version of the words by which the author has put the reply under CC0: it is given out with
    the assessment, whose other side it is. None where it says that already. A reply that was taken off may be
    written anew.
    """
    assessment = _begin_for_maintainer(assessment_id, actor, AssessmentAction.REPLY)
    if assessment.reply == text:
        return None
    need_grant(wording)
    assessment.reply, assessment.hidden_reason = text, ""
    assessment.reply_of_id = assessment.solution.maintainer_id
    assessment.replied_by, assessment.replied_at = actor, clock.now()
    event = assessment.act(AssessmentAction.REPLY, actor=actor)
    grant_texts(person=actor, wording=wording, assessment=assessment)
    if assessment.is_published:
        _changed(assessment.solution, actor)
    tell_advisors_of_assessment(event)
    return event


@transaction.atomic
def ask_for_correction(*, assessment_id: int, actor: User, text: str) -> AssessmentEvent | None:
    """The maintainer's Redaktion says what is wrong; nothing is published until the OSK has decided that.

    None where the same was asked already and is not decided.
    """
    assessment = _begin_for_maintainer(assessment_id, actor, AssessmentAction.ASK)
    if assessment.waits_for_answer:
        if assessment.correction == text:
            return None
        raise TransitionNotAllowed(
            AssessmentAction.ASK, assessment.state, _("You have asked for a correction already.")
        )
    assessment.correction, assessment.correction_answer = text, ""
    assessment.correction_at, assessment.correction_by = clock.now(), actor
    assessment.correction_until = promised_date()
    event = assessment.act(AssessmentAction.ASK, actor=actor)
    tell_advisors_of_assessment(event)
    return event


@transaction.atomic
def answer_correction(*, assessment_id: int, actor: User, text: str) -> AssessmentEvent:
    """The OSK does not correct it, and says why. Whoever corrects takes it back, or makes a new version."""
    assessment = _begin(assessment_id, actor, AssessmentAction.ANSWER)
    if not assessment.waits_for_answer:
        raise TransitionNotAllowed(AssessmentAction.ANSWER, assessment.state)
    assessment.correction_answer = text
    event = assessment.act(AssessmentAction.ANSWER, actor=actor)
    tell_maintainer_of_assessment(event)
    return event


@transaction.atomic
def hide_reply(*, assessment_id: int, actor: User, reason: str) -> AssessmentEvent:
    """Only where the law asks for it; the maintainer reads the reason."""
    assessment = _begin(assessment_id, actor, AssessmentAction.HIDE)
    if not assessment.public_reply:
        raise TransitionNotAllowed(AssessmentAction.HIDE, assessment.state)
    assessment.hidden_reason = reason
    event = assessment.act(AssessmentAction.HIDE, actor=actor)
    if assessment.is_published:
        _changed(assessment.solution, actor)
    tell_maintainer_of_assessment(event)
    return event


def _check_complete(assessment: Assessment, action: AssessmentAction) -> None:
    if not assessment.summary.strip():
        raise TransitionNotAllowed(action, assessment.state, _("Write the summary first."))
    if all(row.answer == CriterionAnswer.NOT_CHECKED for row in _findings(assessment)):
        raise TransitionNotAllowed(
            action, assessment.state, _("Check at least one criterion first.")
        )


def _findings(assessment: Assessment) -> list[CriterionFinding]:
    return list(assessment.findings.select_related("criterion"))


def _changed(solution: Solution, actor: User) -> None:
    solution.updated_at = clock.now()
    solution.save(update_fields=["updated_at"])
    if solution.is_published:
        tell_followers(solution, "entry_changed", actor=actor)


def _begin(assessment_id: int, actor: User, action: AssessmentAction) -> Assessment:
    _advisors_only(actor)
    return _locked(assessment_id, action)


def _begin_for_maintainer(assessment_id: int, actor: User, action: AssessmentAction) -> Assessment:
    assessment = _locked(assessment_id)
    is_theirs = can_propose(actor, assessment.solution)
    if not is_theirs or (
        assessment.is_sent and assessment.sent_to_id != assessment.solution.maintainer_id
    ):
        raise PermissionDenied("only the maintainer's Redaktion")
    if not assessment.can(action):
        raise TransitionNotAllowed(action, assessment.state)
    return assessment


def _locked(assessment_id: int, action: AssessmentAction | None = None) -> Assessment:
    """The entry's row first, as everywhere, then the assessment's."""
    pk = Assessment.objects.values_list("solution_id", flat=True).get(pk=assessment_id)
    solution = _locked_solution(pk)
    assessment = Assessment.objects.select_for_update(of=("self",)).get(pk=assessment_id)
    assessment.solution = solution
    if action is not None and not assessment.can(action):
        raise TransitionNotAllowed(action, assessment.state)
    return assessment


def _locked_solution(solution_id: int) -> Solution:
    return Solution.objects.select_for_update(of=("self",)).get(pk=solution_id)


def _advisors_only(actor: User) -> None:
    if not can_decide(actor):
        raise PermissionDenied("assessments are written by advisors")
