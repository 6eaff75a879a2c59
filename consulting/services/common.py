"""What every service of a case begins with."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.utils.translation import gettext as _

from consulting import confidential, permissions, seen
from consulting.enums import (
    CaseAction,
    CaseEventKind,
    ContactKind,
    MessageKind,
    PartnerQuestionState,
)
from consulting.models import (
    CaseEvent,
    CaseFile,
    CaseMessage,
    ConsultingRequest,
    PartnerContact,
    PartnerQuestion,
)
from consulting.notifications import tell_partner_withdrawn
from network.enums import OrganisationKind
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock, logs
from osk_portal.toolkit.transitions import TransitionNotAllowed


class CaseChanged(TransitionNotAllowed):
    """Somebody changed the case since the form was shown; nothing was written."""

    def __init__(self, action: str, case: ConsultingRequest) -> None:
        self.case = case
        super().__init__(
            action,
            case.state,
            _("This request was changed in the meantime. Your text is still here."),
        )


def locked(case_id: int, *, also_anonymised: bool = False) -> ConsultingRequest:
    """The case with its row locked. Raises DoesNotExist for a deleted draft, and TransitionNotAllowed
    for an anonymised case: nothing is ever written to it again.

    ``also_anonymised``: for what outlives its texts, an answer that was published from it.
    """
    case = ConsultingRequest.objects.select_for_update(of=("self",)).get(pk=case_id)
    if case.anonymised_at is not None and not also_anonymised:
        raise TransitionNotAllowed(
            "write", case.state, _("This request is anonymised. Nothing can be changed any more.")
        )
    return case


def begin(
    case_id: int, action: CaseAction, actor: User | None, expected_version: int | None = None
) -> ConsultingRequest:
    """Lock the case, ask whether ``actor`` may, and whether the form was up to date."""
    case = locked(case_id)
    permissions.authorise(actor, action, case)
    check_version(case, action, expected_version)
    return case


def check_version(case: ConsultingRequest, action: str, expected_version: int | None) -> None:
    if expected_version is not None and case.version != expected_version:
        raise CaseChanged(action, case)


def check_seen(case: ConsultingRequest, action: str, was_seen: str | None) -> None:
    """``was_seen``: the token of the form (``seen.token``); None where no page was shown, as with a mail."""
    if was_seen is not None and was_seen != seen.token(case):
        raise CaseChanged(action, case)


def write_message(
    case: ConsultingRequest,
    *,
    actor: User,
    body: str,
    kind: MessageKind,
    by_osk: bool,
    is_internal: bool = False,
    message_id: UUID | None = None,
) -> CaseMessage:
    return CaseMessage.objects.create(
        form_id=message_id,
        case=case,
        author=actor,
        by_osk=by_osk,
        kind=kind,
        is_internal=is_internal,
        body=body,
        created_at=clock.now(),
    )


def is_said(case: ConsultingRequest, actor: User, message_id: UUID | None) -> bool:
    """The form's id is in the case already: sent twice by double click or reload."""
    if message_id is None:
        return False
    return CaseMessage.objects.filter(form_id=message_id, case=case, author=actor).exists()


def withdraw_partner_questions(
    case: ConsultingRequest, actor: User | None, *, companies_only: bool = False
) -> int:
    """Take back what is still open, note it with each partner, and tell those who could still answer. How many."""
    open_questions = case.partner_questions.filter(state=PartnerQuestionState.OPEN)
    if companies_only:
        open_questions = open_questions.filter(organisation__kind=OrganisationKind.BUSINESS)
    withdrawn = list(open_questions.select_related("organisation").select_for_update(of=("self",)))
    for question in withdrawn:
        was_waiting = question.takes_answer
        question.state = PartnerQuestionState.WITHDRAWN
        question.waits_since = None
        question.save(update_fields=["state", "waits_since"])
        note_contact(question, ContactKind.WITHDRAWN, actor)
        if was_waiting:
            tell_partner_withdrawn(question)
    return len(withdrawn)


def note_contact(
    question: PartnerQuestion,
    kind: ContactKind,
    actor: User | None,
    *,
    text: str = "",
    files: Sequence[CaseFile] = (),
    form_id: UUID | None = None,
) -> PartnerContact:
    """Who learnt what, when (product.md 1.5)."""
    return PartnerContact.objects.create(
        question=question,
        kind=kind,
        is_company=confidential.is_company(question.organisation),
        actor=actor,
        at=clock.now(),
        text=text,
        files=[[file.name, file.sha256] for file in files],
        form_id=form_id,
    )


def touch(case: ConsultingRequest, *fields: str) -> None:
    """Save ``fields``; forms that were shown before are out of date now."""
    case.version += 1
    case.updated_at = clock.now()
    case.save(update_fields=[*fields, "version", "updated_at"])


def record(
    case: ConsultingRequest, kind: CaseEventKind, actor: User | None, **data: object
) -> CaseEvent:
    """An event that changes no state."""
    return CaseEvent.objects.create(
        case=case,
        kind=kind,
        from_state=case.state,
        to_state=case.state,
        actor=actor,
        at=clock.now(),
        data=data,
        request_id=logs.request_id.get(),
    )
