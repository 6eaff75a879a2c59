"""The record of a case, for everybody who may read the case: of the authority and of the OSK."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from consulting import booked, record, record_archive, services
from consulting.models import ConsultingRequest
from consulting.views.requests import find_case
from osk_portal.toolkit import clock
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access
from osk_portal.toolkit.transitions import TransitionNotAllowed


@access(LOGIN)
@require_safe
def request_record(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """The record as tagged PDF."""
    case = _sent_case(request, public_id)
    content = record.as_pdf(record.build(case, clock.now()))
    name = _("%(reference)s-record.pdf") % {"reference": case.reference}
    return HttpResponse(content, content_type="application/pdf", headers=_headers(name))


@access(LOGIN)
@require_POST
def request_full_record(request: AuthenticatedRequest, public_id: UUID) -> HttpResponseBase:
    """*Vollständige Akte*. By POST: that it was taken stands in the history of the case."""
    case = _sent_case(request, public_id)
    built = record.build(case, clock.now())
    content = record.as_pdf(built)
    try:
        services.take_record(case_id=case.pk, actor=request.user)
    except TransitionNotAllowed as refusal:
        messages.warning(request, str(refusal))
        return redirect(case)
    tested = booked.report_files(case, request.user)
    archive = record_archive.build(built, content, tested)
    name = _("%(reference)s-full-record.zip") % {"reference": case.reference}
    return FileResponse(archive, content_type="application/zip", headers=_headers(name))


def _sent_case(request: AuthenticatedRequest, public_id: UUID) -> ConsultingRequest:
    case = find_case(request, public_id)
    if case.is_draft:
        raise Http404
    return case


def _headers(name: str) -> dict[str, str]:
    """Names are made from the reference alone, so they need no quoting."""
    return {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
