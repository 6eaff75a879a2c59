"""What every service of a case begins with."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext as _

from consulting import permissions
from consulting.enums import CaseAction, CaseEventKind, MessageKind, PartnerQuestionState
from consulting.models import CaseEvent, CaseMessage, ConsultingRequest
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


def withdraw_partner_questions(case: ConsultingRequest) -> None:
    case.partner_questions.filter(state=PartnerQuestionState.OPEN).update(
        state=PartnerQuestionState.WITHDRAWN
    )


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
