"""The promise to decide (product.md 2: 10 working days), in the same words on page, mail and in the admin."""

from __future__ import annotations

from datetime import date
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from catalog.enums import ProposalDeadline
from osk_portal.templatetags.osk import long_date
from osk_portal.toolkit import clock
from osk_portal.toolkit.working_days import add_working_days, days_left, working_days_between

DUE_SOON_DAYS: Final = 2


def promised_date() -> date:
    return add_working_days(clock.today(), settings.OSK_PROPOSAL_DAYS)


def soon_until() -> date:
    """What is promised up to this day is due soon."""
    return add_working_days(clock.today(), DUE_SOON_DAYS)


def decision_in_words(day: date) -> str:
    """``Entscheidung bis Donnerstag, 3. Dezember 2026 (noch 8 Arbeitstage)``"""
    return _("Decision by %(date)s (%(left)s)") % {"date": long_date(day), "left": days_left(day)}


def deadline_of(day: date) -> ProposalDeadline:
    return ProposalDeadline.OVERDUE if day < clock.today() else ProposalDeadline.DUE_SOON


def due_badge(day: date) -> tuple[str, str]:
    """How ``{% due %}`` shows a promise that runs: tone and words."""
    return tone(day), decision_in_words(day)


def tone(day: date) -> str:
    """For ``{% due %}``: over, soon or ok."""
    today = clock.today()
    if day < today:
        return "over"
    return "soon" if working_days_between(today, day) <= DUE_SOON_DAYS else "ok"
