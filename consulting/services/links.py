"""The signed link of a recorded request: made, renewed, and what the person says by it (product.md 1.2)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from consulting import permissions
from consulting.enums import CaseAction, CaseEventKind, CaseState
from consulting.models import CaseEvent, CaseLink, ConsultingRequest
from consulting.notifications import send_link
from consulting.services.appointments import cancel_appointment, pick_slot, refuse_slots
from consulting.services.common import is_said, locked, record
from consulting.services.conversation import add_message, reply
from consulting.services.ending import reopen
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed

TWICE: Final = timedelta(minutes=1)
"""A second press of the button within this time is the same one."""


class LinkDead(Exception):
    """The token opens nothing: over, replaced, or the person may no longer read the case."""


def make_link(case: ConsultingRequest, actor: User) -> CaseLink | None:
    """A new link for the author; the older ones are dead by it. None for a case that must have none."""
    if not permissions.may_have_link(case):
        return None
    return CaseLink.objects.create(
        case=case, person=case.author, made_by=actor, made_at=clock.now()
    )


@transaction.atomic
def renew_link(*, case_id: int, actor: User) -> CaseEvent | None:
    """Send the author a new link. None when one was sent just now.

    Raises PermissionDenied, and TransitionNotAllowed for a case that must have no link.
    """
    case = locked(case_id)
    if not permissions.may_record(actor):
        raise PermissionDenied("renew a link")
    newest = case.links.first()
    if newest is not None and newest.made_at > clock.now() - TWICE and newest.made_by == actor:
        return None
    link = make_link(case, actor)
    if link is None:
        raise TransitionNotAllowed(
            "renew_link", case.state, _("This request cannot be read by a link.")
        )
    event = record(case, CaseEventKind.LINK_SENT, actor)
    send_link(link, event, "case_link")
    return event


def open_link(token: str) -> CaseLink:
    """The link of ``token``, with what its person may read now. Raises LinkDead."""
    link = CaseLink.named_by(token)
    if link is None or link.is_over:
        raise LinkDead
    case = link.case
    newest = case.links.first()
    if newest != link or case.author_id != link.person_id or not permissions.may_have_link(case):
        raise LinkDead
    return link


@transaction.atomic
def say_by_link(
    *, token: str, text: str, message_id: UUID | None = None, was_seen: str | None = None
) -> CaseEvent | None:
    """A reply or a message of the link's person, with the files that came with its form; the event says that
    it came by the link.

    ``was_seen``: what the page showed (``seen.token``); with it a reply answers no other question, and a message
    becomes no reply. None when it was said already. Raises LinkDead and TransitionNotAllowed.
    """
    case, person, named = _speaker(token)
    say = reply if case.state == CaseState.WAITING_REQUESTER else add_message
    event = say(case_id=case.pk, actor=person, text=text, message_id=message_id, was_seen=was_seen)
    return _marked(event, named)


@transaction.atomic
def reopen_by_link(
    *, token: str, reason: str, message_id: UUID | None = None, was_seen: str | None = None
) -> CaseEvent | None:
    """The link's person opens a closed case again, within the time for it (product.md 1.3).

    A step of its own: a message that comes too late must not reopen anything. Returns and raises as
    ``say_by_link``.
    """
    case, person, named = _speaker(token)
    if is_said(case, person, message_id):
        return None
    if case.state != CaseState.CLOSED:
        raise TransitionNotAllowed(
            CaseAction.REOPEN, case.state, _("This request is not closed any more.")
        )
    event = reopen(
        case_id=case.pk, actor=person, reason=reason, message_id=message_id, was_seen=was_seen
    )
    return _marked(event, named)


@transaction.atomic
def pick_by_link(*, token: str, slot_id: UUID) -> CaseEvent | None:
    """The link's person chooses one of the offered appointments. Returns and raises as ``say_by_link``."""
    case, person, named = _speaker(token)
    return _marked(pick_slot(case_id=case.pk, actor=person, slot_id=slot_id), named)


@transaction.atomic
def refuse_by_link(
    *, token: str, appointment_id: UUID, text: str, message_id: UUID | None = None
) -> CaseEvent | None:
    """None of the offered appointments fits the link's person. Returns and raises as ``say_by_link``."""
    case, person, named = _speaker(token)
    event = refuse_slots(
        case_id=case.pk,
        actor=person,
        appointment_id=appointment_id,
        text=text,
        message_id=message_id,
    )
    return _marked(event, named)


@transaction.atomic
def cancel_by_link(
    *,
    token: str,
    appointment_id: UUID,
    reason: str,
    message_id: UUID | None = None,
    expected_sequence: int | None = None,
) -> CaseEvent | None:
    """The link's person cancels what is fixed. Returns and raises as ``say_by_link``."""
    case, person, named = _speaker(token)
    event = cancel_appointment(
        case_id=case.pk,
        actor=person,
        appointment_id=appointment_id,
        reason=reason,
        message_id=message_id,
        expected_sequence=expected_sequence,
    )
    return _marked(event, named)


def _speaker(token: str) -> tuple[ConsultingRequest, User, CaseLink]:
    """The locked case, and who speaks by the link, asked under the lock. Raises LinkDead."""
    named = CaseLink.named_by(token)
    if named is None:
        raise LinkDead
    case = locked(named.case_id)
    return case, open_link(token).person, named


def _marked(event: CaseEvent | None, link: CaseLink) -> CaseEvent | None:
    """The event says that it came by the link."""
    if event is not None:
        event.data["by_link"] = str(link.public_id)
        event.save(update_fields=["data"])
    return event
