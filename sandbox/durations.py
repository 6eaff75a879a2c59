"""How long a set-up takes, from what earlier ones of the product took; told in words."""

from __future__ import annotations

from datetime import timedelta
from math import ceil
from typing import Final

from django.db.models import Min, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sandbox.enums import EnvironmentEventKind
from sandbox.models import Blueprint, BlueprintVersion, Booking, Environment
from sandbox.spec import EnvSpec

NEWEST: Final = 50
FEWEST: Final = 5
"""Below that a median says nothing."""
LATE: Final = timedelta(minutes=5)
"""What comes so much after the booked begin says so."""


def usual(blueprint: Blueprint) -> tuple[timedelta, timedelta] | None:
    """Median and 90th percentile from the begin of the set-up to the first answer; one query.

    None where too few were set up yet. How long a booking waited for its begin does not count.
    """
    rows = (
        Environment.objects.filter(
            booking__blueprint_version__blueprint=blueprint, ready_at__isnull=False
        )
        .annotate(
            begun_at=Min("events__at", filter=Q(events__kind=EnvironmentEventKind.SECRETS_MADE))
        )
        .filter(begun_at__isnull=False)
        .order_by("-ready_at")
        .values_list("begun_at", "ready_at")[:NEWEST]
    )
    took = sorted(ready_at - begun_at for begun_at, ready_at in rows if ready_at is not None)
    if len(took) < FEWEST:
        return None
    return percentile(took, 50), percentile(took, 90)


def in_words(blueprint: Blueprint, *, version: BlueprintVersion | None) -> str:
    """A sentence about ``version``; where too few are known, the time after which it is given up."""
    if version is None:
        return ""
    if version.is_by_hand:
        return _("A person sets up this environment. That can take some days.")
    known = usual(blueprint)
    if known is None:
        longest = timedelta(seconds=version.spec.get("ready_timeout", EnvSpec.ready_timeout))
        return _("That can take up to %(span)s.") % {"span": _span(longest)}
    half, most = (_span(span) for span in known)
    if half == most:
        return _("That usually takes less than %(span)s.") % {"span": most}
    return _("Half of the environments of this product were ready within %(half)s, nine of ten within %(most)s.") % {
        "half": half,
        "most": most,
    }  # fmt: skip


def lateness_in_words(booking: Booking, environment: Environment | None) -> str:
    """By how much the first hand-over came after the booked begin; empty where that is no matter."""
    if environment is None or environment.ready_at is None or environment.generation > 1:
        return ""
    late = environment.ready_at - booking.starts_at
    if late < LATE:
        return ""
    return _("%(span)s after the booked begin") % {"span": _span(late)}


def percentile(ordered: list[timedelta], percent: int) -> timedelta:
    """The smallest value that so many percent do not exceed (nearest rank)."""
    return ordered[ceil(len(ordered) * percent / 100) - 1]


def _span(span: timedelta) -> str:
    """In whole minutes, of a day and more in hours; never less than it took."""
    if span >= timedelta(days=1):
        hours = ceil(span.total_seconds() / 3600)
        return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
    minutes = max(1, ceil(span.total_seconds() / 60))
    return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
