"""One step for the ticked requests of a queue, with a report of what was not possible."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from consulting import queue_filter, queues
from consulting.admin.queue import show_queue
from consulting.models import Tag
from consulting.services import bulk
from consulting.staff_forms import BulkForm
from osk_portal.accounts.permissions import is_advisor
from osk_portal.toolkit.access import AuthenticatedRequest, access

if TYPE_CHECKING:
    from consulting.services.bulk import Report


@access(is_advisor)
@require_POST
def queue_bulk(request: AuthenticatedRequest, name: str) -> HttpResponse:
    """Each row says which version it showed: what somebody did meanwhile is not undone, nor done twice."""
    queue = queues.BY_NAME.get(name)
    if queue is None:
        raise Http404
    form = BulkForm(user=request.user, data=request.POST)
    if not form.is_valid():
        return show_queue(request, queue, form, status=422)
    chosen = queue_filter.read(request.GET.dict(), Tag.objects.all())
    if form.is_tagging:
        report = bulk.tag_all(cases=form.cases, actor=request.user, name=form.cleaned_data["tag"])
    elif form.is_returning:
        report = bulk.return_all(
            cases=form.cases, actor=request.user, reason=form.cleaned_data["reason"], seen=form.seen
        )
    elif form.is_snoozing:
        report = bulk.snooze_all(
            cases=form.cases,
            actor=request.user,
            until=form.cleaned_data["until"],
            note=form.cleaned_data["note"],
        )
    else:
        assignee = request.user if form.is_taking else form.cleaned_data["assignee"]
        report = bulk.assign_all(
            cases=form.cases, actor=request.user, assignee=assignee, seen=form.seen
        )
    say(request, report)
    return redirect(queue_filter.url_of(queue, chosen))


def say(request: AuthenticatedRequest, report: Report) -> None:
    if report.done:
        done = ngettext(
            "%(count)d request has been changed.",
            "%(count)d requests have been changed.",
            report.done,
        )
        messages.success(request, done % {"count": report.done})
    for refusal in report.refusals:
        text = _("%(reference)s was not changed: %(reason)s")
        messages.warning(
            request, text % {"reference": refusal.case.reference, "reason": refusal.reason}
        )
