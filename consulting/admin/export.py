"""A queue or a search as a file, for the OSK lead; and who took which."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from consulting import queue_filter, queues, services
from consulting.admin.queue import search_url
from consulting.models import Tag
from consulting.querysets import CaseQuerySet
from consulting.services.exports import MOST_ROWS, TooManyRows
from consulting.staff_forms import SearchForm
from osk_portal.accounts.permissions import is_lead
from osk_portal.toolkit import clock
from osk_portal.toolkit.access import AuthenticatedRequest, access, no_store, staff_user
from osk_portal.toolkit.admin import ReadOnlyAdmin
from osk_portal.toolkit.tables import TYPES


@access(is_lead)
@require_POST
def queue_export(request: AuthenticatedRequest, name: str) -> HttpResponse:
    queue = queues.BY_NAME.get(name)
    if queue is None or not queue.is_exportable:
        raise Http404
    chosen = queue_filter.read(request.GET.dict(), Tag.objects.all())
    cases = chosen.of(queues.cases_in(queue, request.user))
    back = queue_filter.url_of(queue, chosen)
    return _file(request, cases, name, str(queue.heading), back=back, words=chosen.label)


@access(is_lead)
@require_POST
def search_export(request: AuthenticatedRequest) -> HttpResponse:
    form = SearchForm(data=request.POST)
    query = form.cleaned_data["q"] if form.is_valid() else ""
    if not query:
        return redirect(search_url())
    cases = queues.in_order(queues.all_cases(request.user).matching(query))
    back = search_url(query)
    return _file(request, cases, "search", _("Search requests"), words=query, back=back)


def _file(
    request: AuthenticatedRequest,
    cases: CaseQuerySet,
    source: str,
    title: str,
    *,
    back: str,
    words: str = "",
) -> HttpResponse:
    kind = request.POST.get("format", "")
    if kind not in TYPES:
        raise Http404
    try:
        content = services.export_list(
            actor=request.user,
            cases=cases,
            source=source,
            title=title,
            file_kind=kind,
            words=words,
        )
    except TooManyRows:
        messages.error(
            request,
            _("A file holds at most %(most)d requests. Please choose a shorter list.")
            % {"most": MOST_ROWS},
        )
        return redirect(back)
    response = HttpResponse(content, content_type=TYPES[kind])
    name = f"osk-{source}-{clock.today().isoformat()}.{kind}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return no_store(response)


class ListExportAdmin(ReadOnlyAdmin):
    list_display = ["at", "source", "words", "file_kind", "count", "actor"]
    list_select_related = ["actor"]

    def has_module_permission(self, request: HttpRequest) -> bool:
        user = staff_user(request)
        return user.is_authenticated and user.is_lead

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)
