"""A partner has asked back: the OSK replies on a page of its own."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from consulting import permissions, queues, services
from consulting.admin.common import case_frame, find_case, page, queue_of
from consulting.models import ConsultingRequest, PartnerQuestion
from consulting.partner_forms import PartnerReplyForm
from osk_portal.accounts.permissions import is_advisor
from osk_portal.toolkit.access import AuthenticatedRequest, access
from osk_portal.toolkit.transitions import TransitionNotAllowed


@access(is_advisor)
@require_http_methods(["GET", "HEAD", "POST"])
def partner_reply(
    request: AuthenticatedRequest, public_id: UUID, question_id: UUID
) -> HttpResponse:
    case = find_case(request.user, public_id)
    question = _find(case, question_id)
    if not permissions.can_reply_to_partner(request.user, case):
        raise PermissionDenied(f"reply to partner {question.pk}")
    back = queues.case_url(case, queue_of(request))
    if request.method != "POST":
        if question.waits_since is None:
            messages.info(request, _("This partner does not wait for a reply."))
            return redirect(back)
        return _show(request, case, question, PartnerReplyForm(question=question))
    form = PartnerReplyForm(request.POST, question=question)
    if not form.is_valid():
        return _show(request, case, question, form, status=422)
    try:
        services.reply_to_partner(
            question_id=question.pk,
            actor=request.user,
            text=form.cleaned_data["text"],
            due_on=form.cleaned_data["due_on"],
            is_released=form.cleaned_data["is_released"],
            form_id=form.cleaned_data["form_id"],
            query_id=form.cleaned_data["query"],
        )
    except TransitionNotAllowed as error:
        form.add_error(None, str(error))
        question = _find(case, question_id)
        form.renew(question)
        return _show(request, case, question, form, status=409)
    messages.success(request, _("Your reply has been sent to the partner."))
    return redirect(back)


def _find(case: ConsultingRequest, question_id: UUID) -> PartnerQuestion:
    asked = case.partner_questions.select_related("organisation").prefetch_related("contacts")
    return get_object_or_404(asked, public_id=question_id)


def _show(
    request: AuthenticatedRequest,
    case: ConsultingRequest,
    question: PartnerQuestion,
    form: PartnerReplyForm,
    *,
    status: int = 200,
) -> HttpResponse:
    context = {
        "question": question,
        "form": form,
        "talk": [row for row in question.contacts.all() if row.text],
        "can_send": question.is_open and question.waits_since is not None,
    }
    frame = case_frame(request, case)
    return page(request, "partner_reply.html", {**frame, **context}, status=status)
