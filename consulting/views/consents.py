"""The requester's side decides what partners may be told, and says where the procedure stands."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from consulting import confidential, permissions, releases, services
from consulting.enums import ConsentState, ProcedureState
from consulting.models import ConsultingRequest, PartnerConsent
from consulting.partner_forms import ConsentForm, ConsentRefusalForm, OwnProcedureForm
from consulting.services.consents import needs_warning, partners_of
from consulting.views.requests import find_case
from consulting.views.start import crumbs
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access, no_store
from osk_portal.toolkit.transitions import TransitionNotAllowed


@access(LOGIN)
@require_http_methods(["GET", "HEAD", "POST"])
def partner_consent(
    request: AuthenticatedRequest, public_id: UUID, consent_id: UUID
) -> HttpResponse:
    """Exactly what partners would be told. One button each: permit, refuse, later withdraw."""
    case = find_case(request, public_id)
    if not permissions.is_requester_side(request.user, case):
        raise PermissionDenied("decide about a consent")
    consent = get_object_or_404(case.consents.select_related("decided_by"), public_id=consent_id)
    if request.method != "POST":
        return _show(request, case, consent)
    if "withdraw" in request.POST:
        return _withdraw(request, case, consent)
    if "refuse" in request.POST:
        return _refuse(request, case, consent)
    return _give(request, case, consent)


def _give(
    request: AuthenticatedRequest, case: ConsultingRequest, consent: PartnerConsent
) -> HttpResponse:
    form = ConsentForm(request.POST, warns=needs_warning(case, partners_of(consent)))
    if not form.is_valid():
        return _show(request, case, consent, give=form, status=422)

    def give() -> object:
        return services.give_consent(
            consent_id=consent.pk,
            actor=request.user,
            seen_sha256=form.cleaned_data["sha256"],
            knows_prejudice=form.cleaned_data.get("knows_prejudice", False),
        )

    return _decide(
        request, case, consent, give, _("Thank you. The OSK may ask these partners now.")
    )


def _refuse(
    request: AuthenticatedRequest, case: ConsultingRequest, consent: PartnerConsent
) -> HttpResponse:
    form = ConsentRefusalForm(request.POST)
    if not form.is_valid():
        return _show(request, case, consent, refuse=form, status=422)

    def refuse() -> object:
        return services.refuse_consent(
            consent_id=consent.pk, actor=request.user, reason=form.cleaned_data["reason"]
        )

    done = _("Nothing is released. The OSK has been told.")
    return _decide(request, case, consent, refuse, done, refusal=form)


def _withdraw(
    request: AuthenticatedRequest, case: ConsultingRequest, consent: PartnerConsent
) -> HttpResponse:
    def withdraw() -> object:
        return services.withdraw_consent(consent_id=consent.pk, actor=request.user)

    return _decide(request, case, consent, withdraw, _("Your consent is withdrawn."))


def _decide(
    request: AuthenticatedRequest,
    case: ConsultingRequest,
    consent: PartnerConsent,
    act: Callable[[], object],
    done: str,
    *,
    refusal: ConsentRefusalForm | None = None,
) -> HttpResponse:
    """Done and said; on a consent that has moved on, the page as it is now with the text kept."""
    try:
        act()
    except TransitionNotAllowed as error:
        now = case.consents.select_related("decided_by").get(pk=consent.pk)
        return _show(request, case, now, refuse=refusal, moved=str(error), status=409)
    messages.success(request, done)
    return redirect(case)


def _show(
    request: AuthenticatedRequest,
    case: ConsultingRequest,
    consent: PartnerConsent,
    *,
    give: ConsentForm | None = None,
    refuse: ConsentRefusalForm | None = None,
    moved: str = "",
    status: int = 200,
) -> HttpResponse:
    partners = partners_of(consent)
    warns = needs_warning(case, partners)
    shown = releases.of(consent)
    was_asked = consent.questions.exists()
    is_open = consent.state == ConsentState.ASKED and case.is_open
    is_changed = releases.now(case, shown, partners).sha256 != consent.sha256
    files = releases.releasable_files(case).filter(public_id__in=shown.file_ids)
    context = {
        "case": case,
        "consent": consent,
        "shown": shown,
        "files": files,
        "companies": [p.name for p in partners if confidential.is_company(p)],
        "warns": warns,
        "inquiry": confidential.inquiry_of(case) if warns else None,
        "is_open": is_open and not is_changed,
        "is_changed": is_open and is_changed,
        "may_withdraw": consent.state == ConsentState.GIVEN and not was_asked,
        "was_asked": was_asked,
        "give": give or ConsentForm(warns=warns, initial={"sha256": consent.sha256}),
        "refuse": refuse or ConsentRefusalForm(),
        "faulty": give or refuse,
        "moved": moved,
        "crumbs": _crumbs(case, _("Your consent")),
    }
    return no_store(render(request, "consulting/partner_consent.html", context, status=status))


@access(LOGIN)
@require_http_methods(["GET", "HEAD", "POST"])
def own_procedure(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """The requester's side says where the procedure stands now: while it runs no company is asked."""
    case = find_case(request, public_id)
    if not permissions.is_requester_side(request.user, case):
        raise PermissionDenied("tell the state of the procedure")
    if not (case.is_about_procurement and case.takes_messages):
        messages.info(request, _("The state of the procedure cannot be changed any more."))
        return redirect(case)
    form = OwnProcedureForm(
        request.POST if request.method == "POST" else None,
        initial={"procedure_state": case.procedure_state},
    )
    status = 200
    if request.method == "POST":
        if form.is_valid():
            return _tell(request, case, ProcedureState(form.cleaned_data["procedure_state"]))
        status = 422
    context = {"case": case, "form": form, "crumbs": _crumbs(case, _("State of the procedure"))}
    return render(request, "consulting/own_procedure.html", context, status=status)


def _tell(
    request: AuthenticatedRequest, case: ConsultingRequest, state: ProcedureState
) -> HttpResponse:
    try:
        services.tell_procedure_state(case_id=case.pk, actor=request.user, procedure_state=state)
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("Thank you. The OSK knows where the procedure stands."))
    return redirect(case)


def _crumbs(case: ConsultingRequest, here: str) -> list[tuple[str, str | None]]:
    return crumbs(
        (_("My requests"), reverse("consulting:request_list")),
        (str(case.reference), case.get_absolute_url()),
        (here, None),
    )
