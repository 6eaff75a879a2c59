"""The requester's side reads the exact text before it is published, and may object."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from consulting import permissions, services
from consulting.answer_forms import ReasonForm, VersionForm
from consulting.enums import AnswerState
from consulting.models import ConsultingRequest, PublishedAnswer
from consulting.views.requests import detail_page, find_case
from consulting.views.start import crumbs
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access
from osk_portal.toolkit.transitions import TransitionNotAllowed


@access(LOGIN)
def answer_objection(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Agree at once, object with a reason, or do nothing: then it is published after the date."""
    case = find_case(request, public_id)
    if not permissions.is_requester_side(request.user, case):
        raise PermissionDenied
    answer = PublishedAnswer.objects.filter(
        case=case, state__in=(AnswerState.OBJECTION, AnswerState.PUBLISHED)
    ).first()
    if answer is None:
        if case.published_answers.exists():
            return _over(request, case)
        raise Http404
    form = ReasonForm(initial={"version": answer.version})
    status = 200
    if request.method == "POST":
        agrees = "agree" in request.POST
        sent = VersionForm(request.POST) if agrees else ReasonForm(request.POST)
        if sent.is_valid():
            seen = sent.cleaned_data["version"]
            try:
                if agrees:
                    services.consent_to_answer(
                        answer_id=answer.pk, actor=request.user, expected_version=seen
                    )
                    messages.success(request, _("Thank you. The answer is published now."))
                else:
                    services.object_to_answer(
                        answer_id=answer.pk,
                        actor=request.user,
                        expected_version=seen,
                        reason=sent.cleaned_data["text"],
                    )
                    messages.success(request, _("Your objection is noted. We do not publish it."))
            except TransitionNotAllowed as error:
                if agrees:
                    messages.warning(request, str(error))
                    return redirect("consulting:answer_objection", case.public_id)
                answer.refresh_from_db()
                if answer.state not in (AnswerState.OBJECTION, AnswerState.PUBLISHED):
                    return _over(request, case)
                messages.warning(request, str(error))
                form, status = ReasonForm({**request.POST.dict(), "version": answer.version}), 409
            else:
                return redirect(case)
        elif isinstance(sent, ReasonForm):
            form, status = sent, 422
        else:
            status = 422
    context = {
        "case": case,
        "answer": answer,
        "form": form,
        "is_open": answer.state == AnswerState.OBJECTION,
        "crumbs": crumbs(
            (_("My requests"), reverse("consulting:request_list")),
            (str(case.reference), case.get_absolute_url()),
            (_("Publication"), None),
        ),
    }
    return render(request, "consulting/answer_objection.html", context, status=status)


def _over(request: AuthenticatedRequest, case: ConsultingRequest) -> HttpResponse:
    """The OSK has taken it back meanwhile. A reason that was typed is shown."""
    told = _("There is nothing to decide at the moment.")
    reason = request.POST.get("text", "").strip()
    if reason and "agree" not in request.POST:
        moved = TransitionNotAllowed("object_to_answer", case.state, told)
        return detail_page(request, case, moved=moved, unsaid=reason)
    messages.info(request, told)
    return redirect(case)
