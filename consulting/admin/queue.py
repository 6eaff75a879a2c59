"""The queues, and the search over all requests."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from consulting import permissions, queue_filter, queues
from consulting.admin import listed
from consulting.admin.common import page
from consulting.admin.rows import Row, late_in_words
from consulting.models import Absence, SavedFilter, Tag
from consulting.queues import Queue
from consulting.staff_forms import BulkForm, SearchForm
from consulting.tools_forms import FilterForm, SaveFilterForm
from osk_portal.accounts.models import User
from osk_portal.accounts.permissions import is_advisor
from osk_portal.toolkit.access import AuthenticatedRequest, access
from osk_portal.toolkit.together import ANCHOR, Lists, Rows, hold_one

PAGE_SIZE: Final = 25


_OFFERS: Final = Lists(
    User,
    {},
    tags=Rows(Tag.objects.all()),
    filters=Rows(SavedFilter.objects.visible_to_advisor(ANCHOR)),
    absence=Rows(Absence.objects.filter(user=ANCHOR), ("deputy",)),
)
"""What an advisor chooses from."""


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
    user = request.user
    offers = _OFFERS.fetch(user.pk)
    if not user.is_lead:
        hold_one(user, "absence", next(iter(offers["absence"]), None))
        bulk.offer_only(user)
    chosen = queue_filter.read(request.GET.dict(), offers["tags"])
    total = queues.waiting_in(queue, request)
    number = request.GET.get("page")
    found: Page[int]
    if chosen:
        keys = chosen.of(queues.cases_in(queue, user)).values_list("pk", flat=True)
        found = Paginator(keys, PAGE_SIZE).get_page(number)
        cases = listed.read(list(found))
    else:
        found = Paginator(range(total), PAGE_SIZE).get_page(number)
        first = found.start_index() - 1 if total else 0
        cases = listed.read_queue(queue, user, range(first, found.end_index()))
    rows = [Row(case, queue, user) for case in cases]
    context = {
        "queue": queue,
        "page_obj": found,
        "rows": rows,
        # Read off the first page, where the next promise stands first: not so among the urgent ones.
        "late": late_in_words(rows, found)
        if queue.name != queues.URGENT or not found.has_next()
        else "",
        "chosen": chosen,
        "filter_form": FilterForm(tags=offers["tags"], initial=chosen.values),
        "save_form": SaveFilterForm(),
        "saved_filters": offers["filters"],
        "known_tags": offers["tags"],
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
    hits = queues.in_order(cases.matching(query)) if query else cases.none()
    found = Paginator(hits.values_list("pk", flat=True), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    return page(
        request,
        "search.html",
        {
            "form": form,
            "query": query,
            "page_obj": found,
            "rows": [Row(case) for case in listed.read(list(found))],
            "may_export": permissions.can_export(request.user),
        },
    )


def search_url(query: str = "") -> str:
    url = reverse("admin:consulting_consultingrequest_search")
    return f"{url}?{urlencode({'q': query})}" if query else url
