"""Statistik: every table with its bars, and each as CSV."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from osk_portal import portal
from osk_portal.pages import statistics
from osk_portal.toolkit import clock, disclosure, tables
from osk_portal.toolkit.access import PUBLIC, access

PERIOD = "zeitraum"


@access(PUBLIC)
@require_safe
def statistics_page(request: HttpRequest) -> HttpResponse:
    among, period = _chosen(request)
    found = [statistics.shown(statistic, period) for statistic in portal.statistics]
    context = {
        "over_time": [table for table in found if table.rows and not table.statistic.is_today],
        "of_today": [table for table in found if table.rows and table.statistic.is_today],
        "headlines": [table.headline for table in found if table.headline is not None],
        "periods": among,
        "period": period,
        "few": disclosure.FEW,
        "today": clock.today(),
        "crumbs": [(_("Statistics"), "")],
    }
    return render(request, "pages/statistics.html", context)


@access(PUBLIC)
@require_safe
def statistics_csv(request: HttpRequest, key: str) -> HttpResponse:
    """One table as it is shown on the page: what is hidden there is hidden here."""
    statistic = portal.statistics.get(key)
    if statistic is None:
        raise Http404(key)
    _among, period = _chosen(request)
    shown = statistics.shown(statistic, period)
    when = _("As of") if period is None or statistic.is_today else pgettext("statistics", "Period")
    day = f"{clock.today():%Y-%m-%d}"
    told = day if period is None or statistic.is_today else period.label
    content = tables.as_file(
        tables.CSV,
        str(statistic.title),
        [str(statistic.head), _("Count"), when],
        [(row.label, _cell(row.number), told) for row in shown.rows],
    )
    response = HttpResponse(content, content_type=tables.TYPES[tables.CSV])
    period_key = "" if period is None or statistic.is_today else f"-{period.key}"
    response["Content-Disposition"] = f'attachment; filename="{key}{period_key}.csv"'
    return response


def _chosen(
    request: HttpRequest,
) -> tuple[list[statistics.Period], statistics.Period | None]:
    """The periods and the one that the address names. Raises Http404 for one that is not told."""
    among = statistics.periods()
    key = request.GET.get(PERIOD, "")
    period = statistics.period_of(key, among)
    if key and period is None:
        raise Http404(key)
    return among, period


def _cell(number: int | None) -> str | int:
    return statistics.in_words(number) if number is None else number
