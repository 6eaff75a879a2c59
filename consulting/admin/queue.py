"""The queues, and the search over all requests."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from consulting import permissions, queues
from consulting.admin.common import page
from consulting.admin.rows import Row
from consulting.querysets import CaseQuerySet
from consulting.queues import Queue
from consulting.staff_forms import BulkForm, SearchForm
from osk_portal.accounts.permissions import is_advisor
from osk_portal.toolkit.access import AuthenticatedRequest, access

PAGE_SIZE: Final = 25
MOST_WORDS: Final = 8


@access(is_advisor)
@require_safe
def queue_page(request: AuthenticatedRequest, name: str) -> HttpResponse:
    queue = queues.BY_NAME.get(name)
    if queue is None:
        raise Http404
    return show_queue(request, queue, BulkForm(user=request.user))


def show_queue(
    request: AuthenticatedRequest, queue: Queue, bulk: BulkForm, *, status: int = 200
) -> HttpResponse:
    """One page of the queue; ``bulk``: the form for ticked requests, perhaps with its errors."""
    cases = queues.cases_in(queue, request.user)
    found = Paginator(cases, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "queue": queue,
        "page_obj": found,
        "rows": [Row(case, queue) for case in found],
        "may_export": queue.is_exportable and permissions.can_export(request.user),
        "bulk": bulk,
        "ticked": bulk.ticked,
    }
    return page(request, "queue.html", context, status=status)


@access(is_advisor)
@require_safe
def search_page(request: AuthenticatedRequest) -> HttpResponse:
    """A reference leads to its case; anything else is searched for in titles, references, authorities."""
    form = SearchForm(data=request.GET)
    query = form.cleaned_data["q"] if form.is_valid() else ""
    cases = queues.all_cases(request.user)
    case = queues.case_named(request.user, query)
    if case is not None:
        return redirect(queues.case_url(case))
    hits = queues.in_order(matching(cases, query)) if query else cases.none()
    found = Paginator(hits, PAGE_SIZE).get_page(request.GET.get("page"))
    return page(
        request,
        "search.html",
        {
            "form": form,
            "query": query,
            "page_obj": found,
            "rows": [Row(case) for case in found],
            "may_export": permissions.can_export(request.user),
        },
    )


def search_url(query: str = "") -> str:
    url = reverse("admin:consulting_consultingrequest_search")
    return f"{url}?{urlencode({'q': query})}" if query else url


def matching(cases: CaseQuerySet, query: str) -> CaseQuerySet:
    """Each word in the title (in any German form), in a reference, or in the authority's name."""
    for word in query.split()[:MOST_WORDS]:
        cases = cases.filter(
            Q(title__search=word)
            | Q(title__icontains=word)
            | Q(reference__icontains=word)
            | Q(own_reference__icontains=word)
            | Q(organisation__name__icontains=word)
            | Q(organisation__short_name__icontains=word)
        )
    return cases
