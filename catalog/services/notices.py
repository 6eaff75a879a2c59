"""Notices on entries: issued, corrected, withdrawn by an advisor; read by those whom they concern.

All raise ``PermissionDenied`` when the actor may not, and ``TransitionNotAllowed`` (its text is for people)
when the entry or the notice has moved on. Telling is a job (services.telling): the row is written here.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from catalog.enums import NoticeAction, NoticeKind, NoticeNews, NoticeState
from catalog.models import (
    Notice,
    NoticeEvent,
    NoticeReceipt,
    NoticeTelling,
    NoticeVersion,
    Solution,
)
from catalog.models.notices import words_from
from catalog.permissions import can_issue_notices
from osk_portal.accounts.models import User
from osk_portal.notifications.doorbell import ring
from osk_portal.notifications.models import Notification
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed

TELL: Final = "catalog.tasks.tell_notice"


@transaction.atomic
def issue_notice(
    *,
    solution_id: int,
    actor: User,
    kind: str,
    text_de: str,
    text_en: str = "",
    evidence: str = "",
    valid_from: date,
    successor: Solution | None = None,
) -> Notice:
    """Put a notice on a published entry, and have everybody told. The same form a second time: the one that
    stands."""
    _advisors_only(actor)
    solution = _locked_solution(solution_id)
    if not solution.is_published:
        raise TransitionNotAllowed(
            "notice", solution.state, _("Only an entry of the catalog can get a notice.")
        )
    words = words_from(
        kind=kind,
        text_de=text_de,
        text_en=text_en,
        evidence=evidence,
        valid_from=valid_from,
        successor=successor,
    )
    there = Notice.objects.standing().filter(solution=solution, **words).first()
    if there is not None:
        return there
    _check_successor(solution, words)
    notice = Notice.objects.create(solution=solution, issued_by=actor, **words)
    notice.issued()
    _repeat(solution)
    start_telling(notice, NoticeNews.ISSUED, notice.version)
    return notice


@transaction.atomic
def correct_notice(
    *,
    notice_id: int,
    actor: User,
    expected_version: int,
    reason: str,
    tell_again: bool,
    kind: str,
    text_de: str,
    text_en: str = "",
    evidence: str = "",
    valid_from: date,
    successor: Solution | None = None,
) -> NoticeEvent | None:
    """Write it anew; what stood before stays readable with ``reason``. None where nothing has changed.

    ``tell_again``: everybody hears of it, and is asked to confirm the reading anew.
    """
    _advisors_only(actor)
    solution, notice = _begin(notice_id)
    words = words_from(
        kind=kind,
        text_de=text_de,
        text_en=text_en,
        evidence=evidence,
        valid_from=valid_from,
        successor=successor,
    )
    if notice.is_standing and words == notice.words:
        return None
    if notice.version != expected_version:
        raise TransitionNotAllowed(NoticeAction.CORRECT, notice.state)
    _check_successor(solution, words)
    before = notice.words
    event = notice.correct(actor=actor, words=words)
    NoticeVersion.objects.create(notice=notice, number=notice.version - 1, reason=reason, **before)
    _repeat(solution)
    if tell_again:
        notice.told_on, notice.told_version = clock.today(), notice.version
        notice.save(update_fields=["told_on", "told_version"])
        start_telling(notice, NoticeNews.CORRECTED, notice.version)
    return event


@transaction.atomic
def withdraw_notice(
    *, notice_id: int, actor: User, expected_version: int, reason: str
) -> NoticeEvent:
    """Strike it, with the reason. Everybody who was told of it hears that it no longer holds."""
    _advisors_only(actor)
    solution, notice = _begin(notice_id)
    if notice.version != expected_version:
        raise TransitionNotAllowed(NoticeAction.WITHDRAW, notice.state)
    event = notice.withdraw(actor=actor, reason=reason)
    _repeat(solution)
    start_telling(notice, NoticeNews.WITHDRAWN, notice.version)
    return event


@transaction.atomic
def confirm_notice(*, notice: Notice, user: User) -> bool:
    """The person says to have read it; the time of the first word stays. False for who was not told.

    It leaves no event: who read what when is counted, and otherwise the person's own business.
    """
    mine = NoticeReceipt.objects.filter(notice=notice, user=user)
    mine.filter(confirmed_at=None).update(confirmed_at=clock.now())
    unread = Notification.objects.visible_to(user).unread()
    unread.filter(url=notice.get_absolute_url()).update(read_at=clock.now())
    return mine.exists()


def start_telling(notice: Notice, news: NoticeNews, version: int) -> None:
    """A row that waits for a worker; the same news of the same version once."""
    telling, is_new = NoticeTelling.objects.get_or_create(notice=notice, news=news, version=version)
    if is_new:
        ring(TELL, telling_id=telling.pk)


def _begin(notice_id: int) -> tuple[Solution, Notice]:
    """The entry's row first, as everywhere, then the notice's."""
    solution = _locked_solution(
        Notice.objects.values_list("solution_id", flat=True).get(pk=notice_id)
    )
    notice = Notice.objects.select_for_update(of=("self",)).get(pk=notice_id)
    notice.solution = solution
    return solution, notice


def _locked_solution(solution_id: int) -> Solution:
    return Solution.objects.select_for_update(of=("self",)).get(pk=solution_id)


def _advisors_only(actor: User) -> None:
    if not can_issue_notices(actor):
        raise PermissionDenied("notices are issued by advisors")


def _check_successor(solution: Solution, words: dict[str, Any]) -> None:
    successor: Solution | None = words["successor"]
    if (words["kind"] == NoticeKind.SUCCESSOR) != (successor is not None):
        raise TransitionNotAllowed(
            "notice", NoticeState.STANDING, _("Name the successor, in a notice of that kind only.")
        )
    if successor is not None and (successor.pk == solution.pk or not successor.is_published):
        raise TransitionNotAllowed(
            "notice", NoticeState.STANDING, _("The successor must be another entry of the catalog.")
        )


def _repeat(solution: Solution) -> None:
    """What lists, feeds and files need of the notices, in the entry's own row."""
    kinds = Notice.objects.standing().filter(solution=solution).order_by()
    found = set(kinds.values_list("kind", flat=True))
    solution.notice_kinds = [str(kind) for kind in NoticeKind if kind in found]
    solution.updated_at = clock.now()
    solution.save(update_fields=["notice_kinds", "updated_at"])
