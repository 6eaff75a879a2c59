"""The OSK asks partners, and what they say to it. They see the question, never the case (product.md 1.5)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from consulting import confidential, permissions, releases
from consulting.deadlines import berlin_day
from consulting.enums import (
    CaseAction,
    CaseEventKind,
    ConsentState,
    ContactKind,
    PartnerQuestionState,
)
from consulting.models import (
    CaseEvent,
    CaseFile,
    ConsultingRequest,
    FileState,
    PartnerConsent,
    PartnerContact,
    PartnerQuestion,
)
from consulting.notifications import tell, tell_partner, tell_partner_reply
from consulting.services.common import begin, locked, note_contact, record
from consulting.services.consents import (
    needs_warning,
    partners_of,
    refuse_changed,
    refuse_unsuitable,
)
from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed


@transaction.atomic
def involve_partner(
    *,
    case_id: int,
    actor: User,
    organisation: Organisation,
    question: str,
    due_on: date,
    consented_on: date,
    consent_source: str,
    names_authority: bool = False,
    files: Sequence[CaseFile] = (),
    document: CaseFile | None = None,
    expected_version: int | None = None,
) -> CaseEvent:
    """Ask a partner on a consent that was given elsewhere: ``consented_on`` and ``consent_source``.

    The event keeps the hash of the text that was released, so that a later change of the record shows.
    ``names_authority``: the requester also permitted to say which authority asks. For a company the consent
    is written: ``document`` is a file of the case that holds it.
    """
    case = begin(case_id, CaseAction.INVOLVE_PARTNER, actor, expected_version)
    refuse_unsuitable(case, [organisation], CaseAction.INVOLVE_PARTNER)
    if not consent_source.strip() or consented_on > clock.today():
        raise _refused(case, _("Say when and where the authority has permitted it."))
    if document is not None and not _is_document(case, document):
        raise _refused(case, _("Choose a file of this request."))
    if confidential.is_company(organisation) and document is None:
        raise _refused(
            case,
            _("A company is asked only with written consent: on the page, or with its document."),
        )
    if not set(files) <= set(releases.releasable_files(case)):
        raise _refused(case, _("One of the files cannot be released."))
    asked = _ask(
        case,
        actor,
        organisation,
        PartnerQuestion(
            question=question,
            due_on=due_on,
            consented_on=consented_on,
            consent_source=consent_source,
            names_authority=names_authority,
            consent_document=document,
        ),
        files,
    )
    event = case.involve_partner(
        actor=actor,
        question=asked.pk,
        text_sha256=sha256(question.encode()).hexdigest(),
        files=[file.sha256 for file in files],
        names_authority=names_authority,
        consented_on=consented_on.isoformat(),
        consent_source=consent_source,
        document_sha256=document.sha256 if document else "",
    )
    tell(event)
    tell_partner(asked)
    return event


@transaction.atomic
def involve_consented(
    *,
    case_id: int,
    actor: User,
    consent_id: int,
    due_on: date,
    expected_version: int | None = None,
) -> CaseEvent:
    """Ask all partners of a consent that was given on the page, each alone, exactly what was shown there.

    Raises TransitionNotAllowed when it was withdrawn or used, when a file or name has changed since, or
    when a company may not be asked any more.
    """
    case = begin(case_id, CaseAction.INVOLVE_PARTNER, actor, expected_version)
    consent = PartnerConsent.objects.select_for_update(of=("self",)).get(pk=consent_id, case=case)
    if consent.state != ConsentState.GIVEN or consent.decided_at is None:
        raise _refused(case, _("The authority does not permit this any more."))
    if consent.questions.exists():
        raise _refused(case, _("The partners of this consent were asked already."))
    partners = partners_of(consent)
    refuse_changed(case, consent, partners, CaseAction.INVOLVE_PARTNER)
    refuse_unsuitable(case, partners, CaseAction.INVOLVE_PARTNER)
    if needs_warning(case, partners) and not consent.knows_prejudice:
        raise _refused(case, _("The authority was not shown the note on Vorbefassung. Ask again."))
    shown = releases.of(consent)
    files = list(releases.releasable_files(case).filter(public_id__in=shown.file_ids))
    asked = [
        _ask(
            case,
            actor,
            partner,
            PartnerQuestion(
                question=shown.question,
                due_on=due_on,
                consented_on=berlin_day(consent.decided_at),
                names_authority=bool(shown.authority),
                consent=consent,
            ),
            files,
        )
        for partner in partners
    ]
    event = case.involve_partner(
        actor=actor,
        questions=[question.pk for question in asked],
        consent=consent.pk,
        sha256=consent.sha256,
    )
    tell(event)
    for question in asked:
        tell_partner(question)
    return event


@transaction.atomic
def answer_question(*, question_id: int, actor: User, text: str) -> PartnerQuestion:
    """The partner answers the OSK. The requester sees it only when the OSK passes it on.

    Raises PermissionDenied, TransitionNotAllowed (answered, withdrawn or too late).
    """
    case, question = _begin("answer_question", question_id, actor)
    question.state = PartnerQuestionState.ANSWERED
    question.answer = text
    note_contact(question, ContactKind.ANSWERED, actor)
    _finish(case, question, actor, CaseEventKind.PARTNER_ANSWERED)
    return question


@transaction.atomic
def refuse_question(*, question_id: int, actor: User, reason: str) -> PartnerQuestion:
    """The partner says why it does not answer. Raises as ``answer_question``."""
    case, question = _begin("refuse_question", question_id, actor)
    question.state = PartnerQuestionState.REFUSED
    question.refusal = reason
    note_contact(question, ContactKind.REFUSED, actor)
    _finish(case, question, actor, CaseEventKind.PARTNER_REFUSED)
    return question


@transaction.atomic
def ask_back_question(
    *, question_id: int, actor: User, text: str, form_id: UUID | None = None
) -> PartnerContact | None:
    """The partner asks the OSK before it answers; its date does not pass until the OSK has replied.

    None when the form was sent twice. Raises as ``answer_question``.
    """
    case, question = _begin("ask_back_question", question_id, actor, form_id)
    if _is_said(question, actor, form_id):
        return None
    query = note_contact(question, ContactKind.ASKED_BACK, actor, text=text, form_id=form_id)
    question.waits_since = question.waits_since or clock.now()
    question.save(update_fields=["waits_since"])
    tell(record(case, CaseEventKind.PARTNER_ASKED_BACK, actor, question=question.pk))
    return query


@transaction.atomic
def reply_to_partner(
    *,
    question_id: int,
    actor: User,
    text: str,
    due_on: date,
    is_released: bool = False,
    form_id: UUID | None = None,
    query_id: int | None = None,
) -> PartnerContact | None:
    """The OSK replies to a partner's query and names the day to answer by. None: sent twice.

    ``query_id``: the latest query that the page showed; a later one is not answered by that.
    ``is_released``: it holds nothing that the authority has not released; a company gets no reply without.
    """
    action = "reply_to_partner"
    case = locked(PartnerQuestion.objects.values_list("case_id", flat=True).get(pk=question_id))
    question = (
        PartnerQuestion.objects.select_related("organisation")
        .select_for_update(of=("self",))
        .get(pk=question_id)
    )
    if not permissions.can_reply_to_partner(actor, case):
        raise PermissionDenied(f"{action} {question.pk}")
    if _is_said(question, actor, form_id):
        return None
    if question.state != PartnerQuestionState.OPEN or not question.waits_since:
        raise TransitionNotAllowed(
            action, question.state, _("This partner does not wait for a reply.")
        )
    if (
        query_id is not None
        and query_id
        != question.contacts.filter(kind=ContactKind.ASKED_BACK).values_list("pk", flat=True).last()
    ):
        raise TransitionNotAllowed(
            action,
            question.state,
            _("The partner has asked again in the meantime. Your text is still here."),
        )
    if confidential.is_company(question.organisation):
        refusal = confidential.refusal_of_companies(case)
        if refusal:
            raise TransitionNotAllowed(action, question.state, refusal)
        if not is_released:
            raise TransitionNotAllowed(
                action,
                question.state,
                _("Confirm that you write nothing that the authority has not released."),
            )
    if due_on < clock.today():
        raise TransitionNotAllowed(
            action, question.state, _("Choose a date that is not in the past.")
        )
    reply = note_contact(question, ContactKind.REPLIED, actor, text=text, form_id=form_id)
    question.waits_since = None
    question.due_on = due_on
    question.save(update_fields=["waits_since", "due_on"])
    record(case, CaseEventKind.PARTNER_REPLIED, actor, question=question.pk)
    tell_partner_reply(reply)
    return reply


@transaction.atomic
def note_partner_read(*, question_id: int, actor: User, file: CaseFile) -> None:
    """A partner loads a released file: that is written down. Raises as ``answer_question``."""
    case, question = _begin("read_file", question_id, actor)
    if not question.files.filter(pk=file.pk, state=FileState.CLEAN, case=case).exists():
        raise PermissionDenied(f"read_file {question.pk}")
    if confidential.is_company(question.organisation) and not confidential.takes_companies(case):
        raise TransitionNotAllowed(
            "read_file", question.state, _("This file is not given out any more.")
        )
    note_contact(question, ContactKind.FILE_READ, actor, files=[file])
    if case.is_confidential:
        record(case, CaseEventKind.FILE_READ, actor, file=str(file.public_id))


def _ask(
    case: ConsultingRequest,
    actor: User,
    organisation: Organisation,
    asked: PartnerQuestion,
    files: Sequence[CaseFile],
) -> PartnerQuestion:
    # The date may have passed since the daily work looked.
    asked_before = case.partner_questions.filter(
        state=PartnerQuestionState.OPEN, organisation=organisation
    ).first()
    if asked_before is not None and asked_before.takes_answer:
        raise _refused(case, _("This partner has an open question already."))
    if asked_before is not None:
        asked_before.state = PartnerQuestionState.MISSED
        asked_before.save(update_fields=["state"])
    asked.case = case
    asked.organisation = organisation
    asked.asked_by = actor
    asked.asked_at = clock.now()
    asked.save()
    asked.files.set(files)
    note_contact(asked, ContactKind.ASKED, actor, files=files)
    return asked


def _is_document(case: ConsultingRequest, document: CaseFile) -> bool:
    return case.files.filter(pk=document.pk, state=FileState.CLEAN).exists()


def _refused(case: ConsultingRequest, why: str) -> TransitionNotAllowed:
    return TransitionNotAllowed(CaseAction.INVOLVE_PARTNER, case.state, why)


def _is_said(question: PartnerQuestion, actor: User, form_id: UUID | None) -> bool:
    """Sent twice by double click or reload."""
    if form_id is None:
        return False
    return question.contacts.filter(actor=actor, form_id=form_id).exists()


def _begin(
    action: str, question_id: int, actor: User, form_id: UUID | None = None
) -> tuple[ConsultingRequest, PartnerQuestion]:
    """The case's row first, as everywhere: an answer of the OSK at the same moment withdraws the question.

    ``form_id``: what was said by this form already is let through, whatever happened since.
    """
    case = locked(PartnerQuestion.objects.values_list("case_id", flat=True).get(pk=question_id))
    question = (
        PartnerQuestion.objects.select_related("organisation")
        .select_for_update(of=("self",))
        .get(pk=question_id)
    )
    if not permissions.can_answer_question(actor, question):
        raise PermissionDenied(f"{action} {question.pk}")
    if not question.takes_answer and not _is_said(question, actor, form_id):
        raise TransitionNotAllowed(
            action, question.state, _("This question takes no answer any more.")
        )
    return case, question


def _finish(
    case: ConsultingRequest, question: PartnerQuestion, actor: User, kind: CaseEventKind
) -> None:
    """Keep it; with the last answer work on the case goes on by itself (product.md 1.3)."""
    question.answered_at = clock.now()
    question.answered_by = actor
    question.waits_since = None
    question.save(
        update_fields=["state", "answer", "refusal", "answered_at", "answered_by", "waits_since"]
    )
    event = record(case, kind, actor, question=question.pk)
    open_questions = case.partner_questions.filter(state=PartnerQuestionState.OPEN)
    if case.can(CaseAction.PARTNER_DONE) and not open_questions.exists():
        event = case.partner_done(actor=None)
    tell(event)
