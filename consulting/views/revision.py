"""Pages of the Revision: named cases or a period, with notes and history, to read and nothing else.

A right of the Revision opens these addresses only: ``visible_to`` and ``may_read`` know nothing of it, so
no other page, search, mail or export gives more. Without a right that counts today: 404. Each access is
written down before anything is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.db.models import Prefetch, Q
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from consulting import confidential, record, releases, services
from consulting.contacts import PARTNERS, consents_of, contacts_with_companies
from consulting.conversation import history, timeline
from consulting.enums import Accessed
from consulting.models import (
    Anonymisation,
    CaseEvent,
    CaseFile,
    ConsultingRequest,
    FileState,
    Participant,
    RetentionHold,
    RevisionGrant,
)
from consulting.presentation import Standing
from consulting.querysets import CaseQuerySet
from consulting.services import keeping
from consulting.summary import PROCUREMENT, procurement_rows
from consulting.views.start import crumbs
from osk_portal.accounts import second_factor
from osk_portal.toolkit import clock
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access, no_store
from sandbox.models import RemovalProof

PAGE_SIZE = 50


@access(LOGIN)
@require_safe
def case_list(request: AuthenticatedRequest) -> HttpResponse:
    cases = _readable(request)
    if refusal := _without_factor(request):
        return refusal
    _note(request, Accessed.LIST)
    page = Paginator(cases.for_list().order_by("-submitted_at", "-pk"), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    context = {
        "page_obj": page,
        "rows": [(case, Standing(case)) for case in page],
        "grants": RevisionGrant.objects.of(request.user),
    }
    return _page(request, "list", context, None)


@access(LOGIN)
@require_safe
def case_detail(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """The case with internal notes, all files by name, partners, and its whole history."""
    case = _find(request, public_id)
    if refusal := _without_factor(request):
        return refusal
    _note(request, Accessed.CASE, case)
    context = {
        "case": case,
        "standing": Standing(case),
        "entries": timeline(case, internal=True),
        "events": history(case, internal=True),
        "facts": record.build(case, clock.now()).facts,
        "procurement": procurement_rows(case),
        "partner_questions": list(case.partner_questions.all()),
        "consents": [(consent, releases.of(consent)) for consent in consents_of(case)],
        "inquiry": confidential.inquiry_of(case),
        "contacts": contacts_with_companies(case),
        "may_reply_to_partner": False,
        "files": case.files.all(),
        "kept": getattr(case, "retention", None),
        "done": getattr(case, "anonymisation", None),
        "holds": RetentionHold.objects.filter(case=case).select_related("asked_by", "set_by"),
        "procured": record.procured_in_words(case),
    }
    return _page(request, "detail", context, str(case.reference))


@access(LOGIN)
@require_safe
def case_record(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """The record as PDF, as the authority gets it."""
    case = _find(request, public_id)
    if refusal := _without_factor(request):
        return refusal
    content = record.as_pdf(record.build(case, clock.now()))
    _note(request, Accessed.RECORD, case)
    name = _("%(reference)s-record.pdf") % {"reference": case.reference}
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return no_store(response)


@access(LOGIN)
@require_safe
def case_file(request: AuthenticatedRequest, public_id: UUID, file_id: UUID) -> HttpResponseBase:
    """A checked file of the case, internal ones too; always as a download."""
    case = _find(request, public_id)
    if refusal := _without_factor(request):
        return refusal
    kept = get_object_or_404(
        CaseFile.objects.filter(case=case, state=FileState.CLEAN), public_id=file_id
    )
    _note(request, Accessed.FILE, case, kept.public_id)
    try:
        content = kept.content.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    response = FileResponse(
        content, as_attachment=True, filename=kept.name, content_type="application/octet-stream"
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response


@access(LOGIN)
@require_safe
def proof_list(request: AuthenticatedRequest) -> HttpResponse:
    """Proofs of deletion of the test environments of the authorities whose cases are inspected, and
    what was anonymised."""
    cases = _readable(request)
    if refusal := _without_factor(request):
        return refusal
    _note(request, Accessed.PROOFS)
    proofs = RemovalProof.objects.filter(
        environment__booking__organisation__in=cases.order_by().values("organisation")
    ).select_related("environment__booking__organisation")
    context = {
        "page_obj": Paginator(proofs, PAGE_SIZE).get_page(request.GET.get("page")),
        "anonymised": Anonymisation.objects.filter(case__in=cases.order_by().values("pk")),
    }
    return _page(request, "proofs", context, _("Proofs"))


@access(LOGIN)
@require_safe
def retention_report(request: AuthenticatedRequest) -> HttpResponse:
    """What would be anonymised, by which rule: of the cases that this person may read only."""
    readable = set(_readable(request).values_list("pk", flat=True))
    if refusal := _without_factor(request):
        return refusal
    _note(request, Accessed.REPORT)
    due, lacking, told = keeping.report()
    context = {
        "due": [(p, told.get(p.case.pk)) for p in due if p.case.pk in readable],
        "lacking": [p for p in lacking if p.case.pk in readable],
    }
    return _page(request, "report", context, _("Report on retention"))


def _readable(request: AuthenticatedRequest) -> CaseQuerySet:
    """The cases that a right of the Revision opens today. 404 for everybody without one."""
    grants = list(RevisionGrant.objects.of(request.user))
    if not grants:
        raise Http404
    wanted = Q()
    for grant in grants:
        wanted |= grant.condition()
    return ConsultingRequest.objects.filter(wanted)


def _find(request: AuthenticatedRequest, public_id: UUID) -> ConsultingRequest:
    cases = (
        _readable(request)
        .select_related(
            "organisation", "author", "assignee", "deputy", "duplicate_of", "retention__filed_by",
            "anonymisation", *PROCUREMENT,
        )
        .prefetch_related(
            Prefetch("events", CaseEvent.objects.select_related("actor")),
            "solutions",
            Prefetch("participants", Participant.objects.select_related("user")),
            PARTNERS,
        )
    )  # fmt: skip
    return get_object_or_404(cases, public_id=public_id)


def _note(
    request: AuthenticatedRequest,
    what: Accessed,
    case: ConsultingRequest | None = None,
    file: UUID | None = None,
) -> None:
    try:
        services.open_as_revision(actor=request.user, what=what, case=case, file=file)
    except RevisionGrant.DoesNotExist:
        raise Http404 from None  # ended in the same moment


def _without_factor(request: AuthenticatedRequest) -> HttpResponse | None:
    """Who inspects proves a second factor, as OSK staff do (product.md, People)."""
    if second_factor.is_proved(request):
        return None
    if is_mfa_enabled(request.user):
        messages.info(request, _("Please prove your second factor. The Revision needs it."))
        return redirect_to_login(request.get_full_path(), reverse("mfa_reauthenticate"))
    messages.info(request, _("Please set up a second factor first. The Revision needs one."))
    return redirect("mfa_index")


def _page(
    request: AuthenticatedRequest, name: str, context: Mapping[str, object], here: str | None
) -> HttpResponse:
    home = reverse("revision:case_list")
    trail = crumbs((_("Revision"), home if here else None), *([(here, None)] if here else []))
    return no_store(
        render(request, f"consulting/revision_{name}.html", {**context, "crumbs": trail})
    )
