"""The list of a person's own and shared requests: its keys and their number in one query, read page by page."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from django.core.paginator import Page, Paginator
from django.db.models import Count, F, QuerySet, Window

from consulting.models import ConsultingRequest
from osk_portal.accounts.models import User
from osk_portal.toolkit.prepared import USER, Prepared

PAGE_SIZE: Final = 20
MOST_DIGITS: Final = 4
"""Nobody has so many pages, and PostgreSQL counts rows no further than 64 bits."""


def page_of(user: User, number: str | None) -> tuple[Page[int], list[ConsultingRequest]]:
    """One page of what ``user``, signed in and active, wrote or may read; the newest change first.

    ``number`` as the address says it: what is no page becomes the first, what is too high the last.
    """
    is_number = number is not None and number.isdecimal() and len(number) <= MOST_DIGITS
    wanted = max(int(number), 1) if number and is_number else 1
    found = _page(wanted).rows(user=user.pk)
    if not found and wanted > 1:
        found = _page(1).rows(user=user.pk)
    total = found[0][1] if found else 0
    page: Page[int] = Paginator(range(total), PAGE_SIZE).get_page(number)
    if page.number != wanted and page.number > 1:
        found = _page(page.number).rows(user=user.pk)
    # The keys first: else every request of the list is joined with what stands around it.
    rows = ConsultingRequest.objects.for_list().in_bulk([key for key, _total in found])
    return page, [rows[key] for key, _total in found if key in rows]


@lru_cache(maxsize=64)
def _page(number: int) -> Prepared:
    def query() -> QuerySet[ConsultingRequest, Any]:
        mine = ConsultingRequest.objects.shared_with_active(USER)
        counted = mine.annotate(total=Window(Count(F("pk")))).values_list("pk", "total")
        return counted[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]

    return Prepared(query)
