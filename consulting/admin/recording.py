"""Anfrage für jemanden erfassen: an advisor writes down a call, a mail or a talk."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from consulting import queues, services
from consulting.admin.common import page
from consulting.recording_forms import RecordForm
from osk_portal.accounts.permissions import is_advisor
from osk_portal.toolkit.access import AuthenticatedRequest, access


@access(is_advisor)
@require_http_methods(["GET", "HEAD", "POST"])
def record_page(request: AuthenticatedRequest) -> HttpResponse:
    form = RecordForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            case = services.record_request(actor=request.user, **form.cleaned_data)
        except services.NotRecordable as refusal:
            form.add_error(refusal.field, str(refusal.text))
        else:
            messages.success(
                request,
                _("The request is recorded as %(reference)s. The receipt goes to %(name)s.")
                % {"reference": case.reference, "name": case.author},
            )
            return redirect(queues.case_url(case))
    return page(request, "record.html", {"form": form})
