"""What the system does by itself, once a day. Each job twice on a day changes nothing more."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef

from consulting import deadlines
from consulting.appointments import has_to_come
from consulting.enums import CaseAction, CaseEventKind, CaseState, PartnerQuestionState
from consulting.models import ConsultingRequest, IncomingMail
from consulting.notifications import tell, tell_draft_expires
from consulting.querysets import CaseQuerySet
from consulting.services import feedback
from consulting.services.absence import forget_absences
from consulting.services.attachments import forget_staged
from consulting.services.common import locked, record
from consulting.services.drafts import delete_draft
from consulting.services.ending import close, close_silent
from consulting.services.files import sweep_files
from consulting.services.introductions import end_introductions
from consulting.services.keeping import keep_or_anonymise
from consulting.services.published import publish_due
from osk_portal.toolkit import clock

logger = logging.getLogger(__name__)

_MAIL_WAITS = Exists(IncomingMail.objects.about(OuterRef("pk")).order_by())
"""Perhaps the reply that is missing, or a further question: nothing ends before somebody has read it."""


def close_answered() -> int:
    """Close answered requests when the time for questions is over. How many."""
    over = ConsultingRequest.objects.filter(state=CaseState.ANSWERED, closes_on__lt=clock.today())
    over = over.exclude(_MAIL_WAITS)
    return _each(over, _close)


def remind_silent() -> int:
    """Remind once, after 10 working days without a reply."""
    waiting = ConsultingRequest.objects.filter(state=CaseState.WAITING_REQUESTER, reminded_at=None)
    return _each(waiting.exclude(_MAIL_WAITS), _remind)


def close_silent_ones() -> int:
    """Close requests that got no reply for 20 working days, not before the date that we named."""
    silent = ConsultingRequest.objects.filter(
        state=CaseState.WAITING_REQUESTER, closes_on__lt=clock.today(), reminded_at__isnull=False
    )
    return _each(silent.exclude(_MAIL_WAITS), _close)


def go_on_without_partners() -> int:
    """Partners who missed their date, in every open state; where only they were awaited, work goes on."""
    late = (
        ConsultingRequest.objects.open()
        .filter(
            partner_questions__state=PartnerQuestionState.OPEN,
            partner_questions__due_on__lt=clock.today(),
            partner_questions__waits_since=None,
        )
        .distinct()
    )
    return _each(late, _partners_missed)


def announce_draft_expiry() -> int:
    """Tell authors 14 days before a draft goes."""
    limit = clock.now() - timedelta(days=settings.OSK_DRAFT_DAYS - deadlines.DRAFT_NOTICE_DAYS)
    old = ConsultingRequest.objects.drafts().filter(updated_at__lt=limit, expiry_announced_at=None)
    return _each(old, _announce)


def delete_expired_drafts() -> int:
    """Delete drafts that nobody has touched for 60 days, never without the notice 14 days before."""
    noticed = clock.now() - timedelta(days=deadlines.DRAFT_NOTICE_DAYS)
    expired = ConsultingRequest.objects.drafts().filter(expiry_announced_at__lt=noticed)
    return _each(expired, _expire)


def run() -> None:
    """All of it, in an order in which nothing is closed on the day of its reminder."""
    done = {
        "closed": close_answered(),
        "closed_silent": close_silent_ones(),
        "reminded": remind_silent(),
        "partners_missed": go_on_without_partners(),
        "drafts_deleted": delete_expired_drafts(),
        "drafts_announced": announce_draft_expiry(),
        "staged_forgotten": forget_staged(),
        "files_swept": sweep_files(),
        "outcomes_asked": feedback.ask_outcomes(),
        "outcomes_reminded": feedback.remind_outcomes(),
        "surveys_sent": feedback.invite_to_survey(),
        "answers_published": publish_due(),
        "introductions_ended": end_introductions(),
        "retention": keep_or_anonymise(),
        "absences_forgotten": forget_absences(),
    }
    logger.info("consulting: daily work done", extra=done)


def _each(cases: CaseQuerySet, act: Callable[[int], bool]) -> int:
    """Act on each in a transaction of its own. Each ``act`` looks again under the row's lock: somebody
    may have written since the list was read."""
    count = 0
    for case_id in list(cases.order_by("pk").values_list("pk", flat=True)):
        try:
            count += act(case_id)
        except ConsultingRequest.DoesNotExist:
            logger.info("draft is gone", extra={"case": case_id})
    return count


@transaction.atomic
def _close(case_id: int) -> bool:
    case = locked(case_id)
    if case.closes_on is None or case.closes_on >= clock.today():
        return False
    # Closing would cancel what both sides have agreed on; the day after it the case is looked at again.
    if has_to_come(case) or _mail_waits(case):
        return False
    if case.state == CaseState.WAITING_REQUESTER:
        close_silent(case_id=case_id)
    else:
        close(case_id=case_id, actor=None)
    return True


@transaction.atomic
def _expire(case_id: int) -> bool:
    case = locked(case_id)
    if not case.is_draft or case.expiry_announced_at is None or case.expires_on >= clock.today():
        return False
    delete_draft(case_id=case_id, actor=None)
    return True


@transaction.atomic
def _remind(case_id: int) -> bool:
    case = locked(case_id)
    if case.state != CaseState.WAITING_REQUESTER or case.reminded_at or case.paused_at is None:
        return False
    if clock.today() < deadlines.silent_reminder_on(deadlines.berlin_day(case.paused_at)):
        return False
    if _mail_waits(case):
        return False
    case.reminded_at = clock.now()
    case.save(update_fields=["reminded_at"])
    tell(record(case, CaseEventKind.REMINDED, None))
    return True


@transaction.atomic
def _announce(case_id: int) -> bool:
    case = locked(case_id)
    if not case.is_draft or case.expiry_announced_at:
        return False
    case.expiry_announced_at = clock.now()
    case.save(update_fields=["expiry_announced_at"])
    tell_draft_expires(case)
    return True


@transaction.atomic
def _partners_missed(case_id: int) -> bool:
    case = locked(case_id)
    if not case.is_open:
        return False
    open_questions = case.partner_questions.filter(state=PartnerQuestionState.OPEN)
    # Whoever asked back and has no reply yet has missed nothing.
    late = open_questions.filter(due_on__lt=clock.today(), waits_since=None)
    if not late.update(state=PartnerQuestionState.MISSED):
        return False
    if case.can(CaseAction.PARTNER_DONE) and not open_questions.exists():
        tell(case.partner_done(actor=None))
    return True


def _mail_waits(case: ConsultingRequest) -> bool:
    return IncomingMail.objects.about(case.pk).exists()
