"""What the pages on which something is booked have in common: the free times, and the words of a refusal."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from osk_portal.templatetags.osk import berlin_datetime
from osk_portal.toolkit import clock
from sandbox import capacity, deadlines, durations, quotas
from sandbox.forms import BookingForm, WhenForm, later_at, value_of
from sandbox.models import Blueprint, BlueprintVersion
from sandbox.timetable import Timetable, opening
from sandbox.windows import end_after


def offer_times(
    form: WhenForm,
    blueprint: Blueprint,
    *,
    is_approved: bool = False,
    version: BlueprintVersion | None = None,
    asked_at: datetime | None = None,
) -> dict[str, Any]:
    """Put the free begins into the form; what the page says of them.

    ``is_approved``: by somebody, or nobody has to. ``version``: what is set up, if not the newest one.
    ``asked_at``: when the OSK was asked, if not now; the time that it has to decide runs since then.
    """
    now = clock.now()
    needs_approval = blueprint.needs_approval and not is_approved
    version = version or blueprint.published_version()
    begin = max(
        now,
        deadlines.first_start(blueprint, version, asked_at or now, needs_approval=needs_approval),
    )
    first = begin if begin > now else None
    form.needs_approval = needs_approval
    table = Timetable(blueprint.pool, begin)
    free = table.next_free(begin, end_after(begin, 1) - begin)
    is_free_now = free == begin
    horizon = quotas.usual_last_day()
    choices = table.choices(blueprint.longest_days, first=begin, horizon=horizon)
    days_now = table.most_days(begin, blueprint.longest_days) if first is None else 0
    form.offer(choices, days_now=days_now, first=first)
    return {
        "choices": choices,
        "next_free": None if is_free_now or first else free,
        "has_place": free is not None,
        "first": first,
        "first_words": form.first_words if first else "",
        "duration": durations.in_words(blueprint, version=version),
    }


def first_choice(day: str, times: dict[str, Any]) -> dict[str, Any]:
    """A day of the month table, else now, else the next free begin."""
    try:
        chosen = parse_date(day)
    except ValueError:
        chosen = None
    if chosen is not None:
        begins = {choice.start: choice for choice in times["choices"]}
        start = opening(chosen)
        return {"when": value_of(start)} if start in begins else later_at(start)
    if times["first"] is not None and times["choices"]:
        return {"when": value_of(times["choices"][0].start)}
    if times["next_free"] is not None:
        return later_at(times["next_free"])
    return {"when": BookingForm.NOW}


def show_error(form: WhenForm, error: capacity.CannotBook) -> None:
    """At its field, where the form has it, with the next free begin."""
    field = error.field if error.field in form.fields else None
    form.add_error(field, error_text(error))


def error_text(error: Exception) -> str:
    if isinstance(error, capacity.TooLong) and error.latest_end is not None:
        return _("It can run until %(end)s at the latest.") % {
            "end": berlin_datetime(error.latest_end)
        }
    if not isinstance(error, capacity.NoFreeSlot):
        return str(error)
    if error.next_free is None:
        return _("This time is no longer free. Choose another one.")
    return _(
        "This time is no longer free. Choose another one. The next one that is free for so long begins on %(next)s."
    ) % {"next": berlin_datetime(error.next_free)}
