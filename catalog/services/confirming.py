"""The yearly question whether a reuse still holds, and what becomes of those that nobody answers."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import Final

from django.conf import settings
from django.db import transaction

from catalog.models import Reuse
from catalog.reuse_mails import ask_about_reuse
from osk_portal.toolkit import clock
from osk_portal.toolkit.working_days import is_office_hour

MOST_AT_ONCE: Final = 200


def ask() -> int:
    """Ask about what was confirmed OSK_REUSE_CONFIRM_MONTHS ago, each once. In office hours only. How many."""
    if not is_office_hour():
        return 0
    limit = months_before(clock.today(), settings.OSK_REUSE_CONFIRM_MONTHS)
    due = Reuse.objects.current().filter(
        confirmed_on__lte=limit, asked_on=None, unconfirmed_since=None
    )
    return sum(
        _ask(pk, limit) for pk in due.order_by("pk").values_list("pk", flat=True)[:MOST_AT_ONCE]
    )


def lapse() -> int:
    """Mark what nobody has answered for OSK_REUSE_LAPSE_MONTHS. How many."""
    limit = months_before(clock.today(), settings.OSK_REUSE_LAPSE_MONTHS)
    due = Reuse.objects.current().filter(asked_on__lte=limit, unconfirmed_since=None)
    return sum(
        _lapse(pk, limit) for pk in due.order_by("pk").values_list("pk", flat=True)[:MOST_AT_ONCE]
    )


def months_before(day: date, months: int) -> date:
    """The same day ``months`` calendar months earlier, or the last one of a shorter month."""
    count = day.year * 12 + day.month - 1 - months
    year, month = divmod(count, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@transaction.atomic
def _ask(pk: int, limit: date) -> bool:
    """Again under the lock: somebody may have answered, or another worker asked."""
    reuse = _locked(pk)
    is_due = reuse.is_current and reuse.asked_on is None and reuse.unconfirmed_since is None
    if not is_due or reuse.confirmed_on > limit:
        return False
    reuse.ask()
    ask_about_reuse(reuse)
    return True


@transaction.atomic
def _lapse(pk: int, limit: date) -> bool:
    reuse = _locked(pk)
    if (
        not reuse.is_current
        or reuse.unconfirmed_since
        or not reuse.asked_on
        or reuse.asked_on > limit
    ):
        return False
    reuse.lapse()
    return True


def _locked(pk: int) -> Reuse:
    return (
        Reuse.objects.select_for_update(of=("self",))
        .select_related("organisation", "solution", "contact", "declared_by")
        .get(pk=pk)
    )
