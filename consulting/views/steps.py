"""What the steps of a draft have in common: finding it, saving it, and a draft changed elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from consulting import intake, services
from consulting.forms import StepForm, initial_of, message_form
from consulting.models import ConsultingRequest
from consulting.summary import sections
from consulting.views import hints
from consulting.views.requests import detail_page, find_case
from consulting.views.start import crumbs
from osk_portal.toolkit.access import AuthenticatedRequest
from osk_portal.toolkit.transitions import TransitionNotAllowed


def draft_of(
    request: AuthenticatedRequest, public_id: UUID
) -> tuple[ConsultingRequest, HttpResponse | None]:
    """The author's draft; a redirect when it was sent in the meantime."""
    case = get_object_or_404(
        ConsultingRequest.objects.visible_to(request.user), public_id=public_id, author=request.user
    )
    if case.is_draft:
        return case, None
    return case, was_sent(request, case)


def was_sent(request: AuthenticatedRequest, case: ConsultingRequest) -> HttpResponse:
    """Leads to the request; a text that would be lost stands there in the form for messages."""
    unsaved = [
        text
        for name in _TEXTS
        if (text := request.POST.get(name, "").replace("\r\n", "\n").strip())
        and text != getattr(case, name).strip()
    ]
    said = TransitionNotAllowed("save_draft", case.state, _("This request was sent already."))
    if unsaved:
        unsent = message_form(initial={"text": "\n\n".join(unsaved)})
        return detail_page(request, find_case(request, case.public_id), moved=said, unsent=unsent)
    messages.info(request, str(said))
    return redirect("consulting:request_detail", case.public_id)


def bound(
    request: AuthenticatedRequest, case: ConsultingRequest, step: intake.Step
) -> dict[str, Any]:
    return {
        "data": request.POST if request.method == "POST" else None,
        "initial": initial_of(case, step.fields),
        "as_draft": "save_draft" in request.POST or hints.is_wanted(request),
    }


def is_save(request: AuthenticatedRequest) -> bool:
    return request.method == "POST" and "search" not in request.POST


def typed(request: AuthenticatedRequest) -> dict[str, str]:
    """What stands in the form of step 3, unchecked, to be shown again beside what was found."""
    names = (*intake.CONTEXT.fields, "version")
    return {name: request.POST[name] for name in names if name in request.POST}


_TEXTS = ("title", "description", "own_reference", "software_in_use")


class Saved:
    """Where a saved step leads: on, back to the check page, or to the list for a draft put aside."""

    def __init__(self, request: AuthenticatedRequest, case: ConsultingRequest) -> None:
        self.request = request
        self.case = case

    def __call__(self, done: intake.Step) -> HttpResponse:
        if done in intake.OPTIONAL:
            services.pass_step(case_id=self.case.pk, actor=self.request.user, slug=done.slug)
        if hints.is_wanted(self.request):
            return hints.follow(
                self.request, self.case, reverse(done.url_name, args=[self.case.public_id])
            )
        if "save_draft" in self.request.POST:
            messages.success(self.request, _("Your draft is saved."))
            return redirect("consulting:request_list")
        following = intake.step_after(done, self.case)
        if "check" in self.request.GET:
            # A topic that was added may ask for a step that was never filled in.
            following = intake.first_open_step(self.case)
        if following is None:
            return redirect("consulting:request_check", self.case.public_id)
        return redirect(following.url_name, self.case.public_id)


def save_step(
    request: AuthenticatedRequest,
    case: ConsultingRequest,
    form: StepForm,
    service: Callable[..., ConsultingRequest] = services.save_draft,
    **more: Any,
) -> Callable[[intake.Step], HttpResponse] | None:
    """Save the step; None when the draft was changed elsewhere, which the page then shows."""
    try:
        saved = service(
            case_id=case.pk,
            actor=request.user,
            values=form.values(),
            expected_version=form.cleaned_data["version"],
            **more,
        )
    except services.CaseChanged as error:
        show_conflict(request, error, form)
        return None
    except TransitionNotAllowed:  # sent in the same moment
        sent = ConsultingRequest.objects.get(pk=case.pk)
        return lambda done: was_sent(request, sent)
    return Saved(request, saved)


def show_conflict(
    request: AuthenticatedRequest, error: services.CaseChanged, form: StepForm
) -> ConsultingRequest:
    """Keep what was typed, show what stands in the draft, and let the next save decide."""
    data = request.POST.copy()
    data["version"] = str(error.case.version)
    form.data = data
    form.conflict = _stored_values(error.case, form)
    return error.case


def _stored_values(case: ConsultingRequest, form: StepForm) -> list[tuple[str, str]]:
    """Label and value of each field of ``form`` as the draft holds it now."""
    return [
        (str(form.fields[name].label), value)
        for section in sections(case)
        for name, _label, value in section.rows
        if name in form.fields
    ]


def step_page(
    request: AuthenticatedRequest,
    case: ConsultingRequest,
    step: intake.Step,
    form: StepForm,
    template: str,
    *,
    status: int = 200,
    **more: object,
) -> HttpResponse:
    steps = intake.steps_of(case)
    number = steps.index(step) + 1
    back = steps[number - 2].url_name if number > 1 else None
    context = {
        "case": case,
        "form": form,
        "places": intake.progress(step, case),
        "number": number,
        "back_url": reverse(back, args=[case.public_id]) if back else reverse("consulting:home"),
        "returns_to_check": "check" in request.GET,
        "crumbs": crumbs(),
        **more,
    }
    return render(request, template, context, status=status)
