"""The month table: on which days a place is free. Links only, no script."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from osk_portal.toolkit import clock
from osk_portal.toolkit.access import PUBLIC, access
from sandbox import deadlines, quotas
from sandbox.models import Blueprint
from sandbox.timetable import Timetable, opening
from sandbox.views.blueprints import visible_blueprint
from sandbox.windows import end_after

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

WEEKDAYS: tuple[_StrPromise, ...] = (
    gettext_lazy("Monday"),
    gettext_lazy("Tuesday"),
    gettext_lazy("Wednesday"),
    gettext_lazy("Thursday"),
    gettext_lazy("Friday"),
    gettext_lazy("Saturday"),
    gettext_lazy("Sunday"),
)


@dataclass(frozen=True)
class Day:
    """A cell. ``free``: places that can be had from that day on for a day; None where nobody can book."""

    day: date
    weekday: _StrPromise
    free: int | None = None
    is_maintained: bool = False
    url: str = ""


@require_GET
@access(PUBLIC)
def month_table(request: HttpRequest, slug: str) -> HttpResponse:
    """``?monat=2026-12``: from the present month up to the last one that can be booked."""
    blueprint = visible_blueprint(request.user, slug)
    today, last = clock.today(), quotas.usual_last_day()
    month = _month(request.GET.get("monat", ""), today)
    if not today.replace(day=1) <= month <= last:
        raise Http404
    after = _following(month)
    before = (month - timedelta(days=1)).replace(day=1)
    table = Timetable(blueprint.pool, max(opening(month), clock.now()))
    address = reverse("sandbox:month_table", args=[blueprint.slug])
    context = {
        "blueprint": blueprint,
        "weekdays": WEEKDAYS,
        "weeks": _weeks(blueprint, table, month, last),
        "places": table.places,
        "maintenance": sorted(table.reasons(opening(month), opening(after))),
        "month_name": date_format(month, "F Y"),
        "before": _link(address, before) if before >= today.replace(day=1) else None,
        "after": _link(address, after) if after <= last else None,
        "crumbs": [
            (_("Test environment"), reverse("sandbox:blueprint_list")),
            (blueprint.name, blueprint.get_absolute_url()),
            (_("Free places by month"), None),
        ],
    }
    return render(request, "sandbox/month_table.html", context)


def _month(text: str, today: date) -> date:
    if not text:
        return today.replace(day=1)
    try:
        return datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 # a month, no moment
    except ValueError:
        raise Http404 from None


def _following(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def _link(address: str, month: date) -> dict[str, str]:
    return {"url": f"{address}?monat={month:%Y-%m}", "name": date_format(month, "F Y")}


def _weeks(
    blueprint: Blueprint, table: Timetable, month: date, last: date
) -> list[list[Day | None]]:
    """Monday to Sunday; None where the month has no such day."""
    now = clock.now()
    version = blueprint.published_version()
    first = deadlines.first_start(blueprint, version, now, needs_approval=blueprint.needs_approval)
    book = reverse("sandbox:booking_create", args=[blueprint.slug])
    weeks: list[list[Day | None]] = []
    for week in calendar.Calendar().monthdatescalendar(month.year, month.month):
        days: list[Day | None] = []
        for day in week:
            if day.month != month.month:
                days.append(None)
                continue
            weekday = WEEKDAYS[day.weekday()]
            start = opening(day)
            if day == clock.today() and first == now:
                start = now
            if start < first or day > last or not blueprint.is_open:
                days.append(Day(day, weekday))
                continue
            end = end_after(start, 1)
            free = table.free_places(start, end)
            days.append(
                Day(
                    day,
                    weekday,
                    free,
                    is_maintained=bool(table.reasons(start, end)),
                    url=f"{book}?tag={day:%Y-%m-%d}" if free else "",
                )
            )
        weeks.append(days)
    return weeks
