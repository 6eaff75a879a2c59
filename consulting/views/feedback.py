"""Forms behind signed links: nobody needs to sign in, and the pages tell nothing but a reference."""

from __future__ import annotations

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from consulting import services, signed_links
from consulting.enums import ContractType, Procured
from consulting.feedback_forms import OutcomeDetailsForm, OutcomeForm, SurveyForm
from consulting.models import ProcurementOutcome, SurveyInvitation
from osk_portal.toolkit.access import PUBLIC, access
from osk_portal.toolkit.transitions import TransitionNotAllowed

_methods = require_http_methods(["GET", "HEAD", "POST"])


@access(PUBLIC)
@_methods
def outcome(request: HttpRequest, token: str) -> HttpResponse:
    """*Was wurde daraus?* One click; then, for who likes, why and which contract."""
    asked = get_object_or_404(
        ProcurementOutcome.objects.select_related("case"),
        public_id=signed_links.read("outcome", token) or _gone(),
    )
    title, reference = _("What became of it?"), asked.case.reference
    if request.method == "POST" and ("what" in request.POST or asked.told_at is None):
        form = OutcomeForm(request.POST)
        if not form.is_valid():
            return _page(request, title, reference, form, is_done=False, kind="outcome")
        try:
            services.tell_outcome(outcome_id=asked.pk, what=Procured(form.cleaned_data["what"]))
        except TransitionNotAllowed:
            return _page(request, title, reference, is_done=True, status=409)
        return _back(request)
    if asked.told_at is None:
        return _page(request, title, reference, OutcomeForm(), is_done=False, kind="outcome")
    details = OutcomeDetailsForm(
        request.POST if request.method == "POST" else None, what=asked.what
    )
    if request.method == "POST" and details.is_valid():
        contract = details.cleaned_data.get("contract_type")
        try:
            services.add_to_outcome(
                outcome_id=asked.pk,
                reason=details.cleaned_data["reason"],
                contract_type=ContractType(contract) if contract else None,
                contract_ends_on=details.cleaned_data.get("contract_ends_on"),
            )
        except TransitionNotAllowed as error:
            details.add_error(None, str(error))
            return _page(
                request, title, reference, details, is_done=True, kind="details", status=409
            )
        return _back(request)
    if request.method != "POST" and asked.has_more:
        return _page(request, title, reference, is_done=True)
    return _page(request, title, reference, details, is_done=True, kind="details")


@access(PUBLIC)
@_methods
def survey(request: HttpRequest, token: str) -> HttpResponse:
    invitation = get_object_or_404(
        SurveyInvitation.objects.select_related("case"),
        public_id=signed_links.read("survey", token) or _gone(),
    )
    title, reference = _("How was our advice?"), invitation.case.reference
    form = SurveyForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            services.answer_survey(
                invitation_id=invitation.pk,
                helped=int(form.cleaned_data["helped"]),
                clear=int(form.cleaned_data["clear"]),
                comment=form.cleaned_data["comment"],
            )
        except (
            TransitionNotAllowed
        ):  # answered already, perhaps by somebody else with the same mail
            unsent = form.cleaned_data["comment"]
            return _page(request, title, reference, is_done=True, status=409, unsent=unsent)
        return _page(request, title, reference, is_done=True)
    return _page(request, title, reference, form, is_done=invitation.is_used, kind="survey")


def _gone() -> str:
    raise Http404


def _page(
    request: HttpRequest,
    title: str,
    reference: str | None,
    form: forms.Form | None = None,
    *,
    is_done: bool,
    kind: str = "",
    status: int = 200,
    unsent: str = "",
) -> HttpResponse:
    """``kind``: which form stands there: outcome, details or survey. ``is_done``: thank for an answer.

    ``unsent``: a text that came too late.
    """
    context = {
        "title": title,
        "reference": reference,
        "form": form,
        "is_done": is_done,
        "kind": kind,
        "unsent": unsent,
    }
    if form is not None and form.is_bound and status == 200 and not (is_done and kind == "survey"):
        status = 422
    return _secret(render(request, "consulting/feedback.html", context, status=status))


def _back(request: HttpRequest) -> HttpResponse:
    return _secret(redirect(request.path))


def _secret(response: HttpResponse) -> HttpResponse:
    # The address is a key: no cache keeps the page, no other site learns where one came from.
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "same-origin"
    return response
