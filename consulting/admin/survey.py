"""The results of the survey, for the OSK-Leitung."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from consulting import survey_results
from consulting.admin.common import page
from consulting.feedback_forms import GRADES
from osk_portal.accounts.permissions import is_lead
from osk_portal.toolkit import clock
from osk_portal.toolkit.access import AuthenticatedRequest, access


@access(is_lead)
@require_safe
def survey_page(request: AuthenticatedRequest) -> HttpResponse:
    """One year, by default the latest with answers; 404 for another one."""
    years = survey_results.years() or [clock.today().year]
    wanted = request.GET.get("year", str(years[0]))
    if wanted not in map(str, years):
        raise Http404
    context = {
        "year": int(wanted),
        "years": years,
        "results": survey_results.results(int(wanted)),
        "grades": [label for _grade, label in GRADES],
        "fewest": survey_results.FEWEST,
    }
    return page(request, "survey.html", context)
