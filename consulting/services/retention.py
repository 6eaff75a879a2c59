"""What the authority and the OSK say about how long a case is kept: e-file, hold, end of a contract."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from consulting import permissions
from consulting.enums import CaseEventKind, CaseState, RecordType
from consulting.keeping_mails import tell_hold_asked, tell_hold_decided
from consulting.models import (
    CaseEvent,
    CaseRetention,
    ConsultingRequest,
    RetentionHold,
    RetentionRule,
)
from consulting.retention import REASON, RULES_BEGIN, YEARS, is_ended
from consulting.services.common import locked, record
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed


@transaction.atomic
def confirm_filed(*, case_id: int, actor: User) -> CaseEvent | None:
    """*In unsere E-Akte übernommen.* None when it was said already: the first word stays.

    Raises PermissionDenied, and TransitionNotAllowed while the case is open. Nothing goes sooner by it.
    """
    case = locked(case_id)
    if not permissions.can_speak_for_file(actor, case):
        raise PermissionDenied("confirm the e-file")
    _require_end(case, "confirm_filed")
    retention, _created = CaseRetention.objects.get_or_create(case=case)
    if retention.filed_at is not None:
        return None
    retention.filed_by, retention.filed_at = actor, clock.now()
    retention.save(update_fields=["filed_by", "filed_at"])
    return record(case, CaseEventKind.FILED, actor)


@transaction.atomic
def ask_for_hold(*, case_id: int, actor: User, reason: str) -> RetentionHold | None:
    """Ask the Leitung to keep a case out. None for the same form a second time.

    Raises TransitionNotAllowed where somebody else has asked, or a hold is set already.
    """
    case = locked(case_id)
    if not permissions.can_ask_for_hold(actor, case):
        raise PermissionDenied("ask for a hold")
    _require_end(case, "ask_for_hold")
    _end_expired(case)
    there = case.holds.filter(ended_at=None).first()
    if (
        there is not None
        and there.is_pending
        and (there.asked_by_id, there.reason) == (actor.pk, reason)
    ):
        return None
    if there is not None:
        said = (
            _("Somebody has asked for a hold already. Your text was not sent.")
            if there.is_pending
            else _("A hold is set already. Your text was not sent.")
        )
        raise TransitionNotAllowed("ask_for_hold", case.state, said)
    hold = RetentionHold.objects.create(case=case, asked_by=actor, reason=reason)
    record(case, CaseEventKind.HOLD_ASKED, actor)
    tell_hold_asked(hold)
    return hold


@transaction.atomic
def set_hold(
    *,
    case_id: int,
    actor: User,
    reason: str,
    until: date | None = None,
    was_seen: str | None = None,
) -> RetentionHold:
    """*Sperrvermerk*, by the Leitung: on a request for one, by itself, or with another date.

    ``was_seen``: ``hold_token`` of the page; nothing that came after it is overwritten.

    What was announced counts no more: after the hold the authority is told anew, 60 and 14 days ahead.
    """
    case = locked(case_id)
    if not permissions.can_decide_hold(actor, case):
        raise PermissionDenied("set a hold")
    _require_end(case, "set_hold")
    if until is not None and until < clock.today():
        raise TransitionNotAllowed(
            "set_hold", case.state, _("Choose a date that is not in the past.")
        )
    _end_expired(case)
    there = case.holds.filter(ended_at=None).first()
    hold = there or RetentionHold(case=case, asked_by=actor)
    if hold.set_at is not None and (hold.reason, hold.until) == (reason, until):
        return hold  # the same form, sent twice
    _check_hold(case, hold, "set_hold", was_seen)
    hold.reason, hold.until = reason, until
    hold.set_by, hold.set_at = actor, clock.now()
    hold.save()
    CaseRetention.objects.filter(case=case).update(
        due_on=None, first_told_at=None, second_told_at=None
    )
    record(case, CaseEventKind.HOLD_SET, actor, until=until.isoformat() if until else None)
    tell_hold_decided(hold)
    return hold


@transaction.atomic
def lift_hold(*, case_id: int, actor: User, was_seen: str | None = None) -> RetentionHold | None:
    """Take a hold back, or refuse one that was asked for, the one of the page (``hold_token``).

    None where there is none any more.
    """
    case = locked(case_id)
    if not permissions.can_decide_hold(actor, case):
        raise PermissionDenied("lift a hold")
    hold = case.holds.filter(ended_at=None).first()
    if hold is None:
        return None
    _check_hold(case, hold, "lift_hold", was_seen)
    hold.ended_by, hold.ended_at = actor, clock.now()
    hold.save(update_fields=["ended_by", "ended_at"])
    record(case, CaseEventKind.HOLD_LIFTED, actor)
    tell_hold_decided(hold)
    return hold


@transaction.atomic
def enter_contract_end(
    *, case_id: int, actor: User, ends_on: date, was_seen: str | None = None
) -> CaseEvent | None:
    """The end of the contract of a procurement case, which the authority has told by another way.

    None when it stands there already. The later one counts, of this and of what the authority told.
    ``was_seen``: the day that the page showed, in ISO form or empty.
    """
    case = locked(case_id)
    if not permissions.can_enter_contract_end(actor, case):
        raise PermissionDenied("enter the end of a contract")
    if case.state != CaseState.CLOSED or not case.needs_confidence:
        raise TransitionNotAllowed(
            "enter_contract_end", case.state, _("Only closed procurement requests have one.")
        )
    retention, _created = CaseRetention.objects.get_or_create(case=case)
    if retention.contract_ends_on == ends_on:
        return None
    if was_seen is not None and was_seen != contract_token(retention):
        raise TransitionNotAllowed("enter_contract_end", case.state)
    retention.contract_ends_on = ends_on
    retention.save(update_fields=["contract_ends_on"])
    return record(case, CaseEventKind.CONTRACT_END_ENTERED, actor, ends_on=ends_on.isoformat())


def hold_token(hold: RetentionHold | None) -> str:
    """For a form: of the hold that its page shows, None for no hold."""
    if hold is None:
        return "none"
    return f"{hold.pk}:{hold.set_at.timestamp() if hold.set_at else ''}"


def contract_token(retention: CaseRetention | None) -> str:
    """For a form: the end of the contract that its page shows."""
    day = retention.contract_ends_on if retention else None
    return day.isoformat() if day else "none"


def ensure_retention_rules() -> None:
    """A first rule a record type. What the Leitung keeps in the admin stays as it is."""
    known = set(RetentionRule.objects.values_list("record_type", flat=True))
    RetentionRule.objects.bulk_create(
        RetentionRule(
            record_type=record_type,
            years=YEARS[record_type],
            legal_reason=REASON,
            valid_from=RULES_BEGIN,
        )
        for record_type in RecordType
        if record_type not in known
    )


def _require_end(case: ConsultingRequest, action: str) -> None:
    if not is_ended(case):
        raise TransitionNotAllowed(
            action, case.state, _("This request has not ended. Nothing of it goes meanwhile.")
        )


def _check_hold(
    case: ConsultingRequest, hold: RetentionHold, action: str, was_seen: str | None
) -> None:
    if was_seen is not None and was_seen != hold_token(hold if hold.pk else None):
        raise TransitionNotAllowed(action, case.state)


def _end_expired(case: ConsultingRequest) -> None:
    """A hold whose day is over makes room for a new one."""
    case.holds.filter(ended_at=None, set_at__isnull=False, until__lt=clock.today()).update(
        ended_at=clock.now()
    )
