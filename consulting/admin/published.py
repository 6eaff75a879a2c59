"""Answers for everybody, as the OSK writes, reviews and keeps them."""

from __future__ import annotations

from uuid import UUID

from django.contrib import admin, messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from consulting import queues, services
from consulting.admin.common import find_case, page
from consulting.answer_forms import PublishedAnswerForm, ReasonForm, VersionForm
from consulting.enums import AnswerAction, AnswerState
from consulting.models import PublishedAnswer
from consulting.services.published import places_of
from osk_portal.accounts.permissions import is_advisor
from osk_portal.toolkit.access import AuthenticatedRequest, access
from osk_portal.toolkit.admin import OwnPagesAdmin
from osk_portal.toolkit.transitions import TransitionNotAllowed

_SIMPLE = {
    "agree": services.agree_to_answer,
    "confirm": services.confirm_answer,
    "withdraw": services.withdraw_answer,
}


def page_url(answer: PublishedAnswer) -> str:
    return reverse("admin:consulting_publishedanswer_page", args=[answer.public_id])


@access(is_advisor)
@require_POST
def answer_create(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Begin an answer from a case, or open the one that was begun."""
    case = find_case(request.user, public_id)
    try:
        answer = services.create_answer(case_id=case.pk, actor=request.user)
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
        return redirect(queues.case_url(case))
    return redirect(page_url(answer))


@access(is_advisor)
def answer_page(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Its texts, where it stands, and the one form or button that is next."""
    answer = _find(public_id)
    if request.method != "POST":
        return _show(request, answer)
    form = PublishedAnswerForm(request.POST, row=answer)
    if not form.is_valid():
        return _show(request, answer, form=form, status=422)
    values = dict(form.cleaned_data)
    version = values.pop("version")
    try:
        event = services.save_answer(
            answer_id=answer.pk, actor=request.user, expected_version=version, **values
        )
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
        return _show(request, _find(public_id), form=form, status=409)
    if "hand_in" not in request.POST:
        messages.success(request, _("Saved."))
        return redirect(page_url(answer))
    try:
        services.hand_in_answer(
            answer_id=answer.pk,
            actor=request.user,
            expected_version=event.answer.version,
            is_checked="is_checked" in request.POST,
        )
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("Handed in. A second advisor has to agree."))
    return redirect(page_url(answer))


@access(is_advisor)
@require_POST
def answer_step(request: AuthenticatedRequest, public_id: UUID, step: str) -> HttpResponse:
    answer = _find(public_id)
    form = ReasonForm(request.POST) if step == "return" else VersionForm(request.POST)
    if step != "return" and step not in _SIMPLE:
        raise Http404
    if not form.is_valid():
        reason = form if isinstance(form, ReasonForm) else None
        return _show(request, answer, reason=reason, status=422)
    seen = form.cleaned_data["version"]
    try:
        if step == "return":
            services.return_answer(
                answer_id=answer.pk,
                actor=request.user,
                expected_version=seen,
                comment=form.cleaned_data["text"],
            )
        else:
            _SIMPLE[step](answer_id=answer.pk, actor=request.user, expected_version=seen)
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
        if isinstance(form, ReasonForm):
            return _show(request, _find(public_id), reason=form, status=409)
    else:
        messages.success(request, _("Saved."))
    return redirect(page_url(answer))


def _find(public_id: UUID) -> PublishedAnswer:
    return get_object_or_404(
        PublishedAnswer.objects.select_related("case__organisation", "owner", "reviewer"),
        public_id=public_id,
    )


def _show(
    request: AuthenticatedRequest,
    answer: PublishedAnswer,
    *,
    form: PublishedAnswerForm | None = None,
    reason: ReasonForm | None = None,
    status: int = 200,
) -> HttpResponse:
    may_review = answer.state == AnswerState.REVIEW and answer.owner_id != request.user.pk
    places = places_of(answer)
    context = {
        "answer": answer,
        "case_url": queues.case_url(answer.case),
        "form": form
        or (PublishedAnswerForm(row=answer) if answer.can(AnswerAction.SAVE) else None),
        "reason": reason
        or (ReasonForm(initial={"version": answer.version}) if may_review else None),
        "may_review": may_review,
        "may_confirm": answer.can(AnswerAction.CONFIRM),
        "may_withdraw": answer.can(AnswerAction.WITHDRAW),
        "places": places,
        "is_uncertain": bool(places) and not any(place.is_certain for place in places),
        "events": answer.events.select_related("actor"),
    }
    return page(request, "published.html", context, status=status)


@admin.register(PublishedAnswer)
class PublishedAnswerAdmin(OwnPagesAdmin):
    list_display = ["__str__", "state", "owner", "reviewed_on"]
    list_filter = ["state"]
    list_select_related = ["owner"]
    search_fields = ["title", "question", "answer"]
    ordering = ["-pk"]
    url_of = staticmethod(page_url)

    def get_urls(self) -> list[URLPattern]:
        prefix, wrap = "consulting_publishedanswer", self.admin_site.admin_view
        return [
            path("new/<uuid:public_id>/", wrap(answer_create), name=f"{prefix}_create"),
            path("<uuid:public_id>/", wrap(answer_page), name=f"{prefix}_page"),
            path("<uuid:public_id>/<slug:step>/", wrap(answer_step), name=f"{prefix}_step"),
            *super().get_urls(),
        ]
