"""Das OSK fragt Sie: the partner's page of a question. It shows the question, never the case."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from consulting import permissions, services
from consulting.confidential import is_company
from consulting.contacts import named_authority
from consulting.enums import PartnerQuestionState
from consulting.forms import TextForm
from consulting.models import FileState, PartnerQuestion
from consulting.partner_forms import answer_form, query_form, refusal_form
from consulting.views.start import crumbs
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access, no_store
from osk_portal.toolkit.downloads import download
from osk_portal.toolkit.transitions import TransitionNotAllowed


@access(LOGIN)
@require_safe
def question_detail(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    return _show(request, _find(request, public_id))


@access(LOGIN)
@require_POST
def question_answer(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    question = _find(request, public_id)
    form = answer_form(request.POST)

    def send() -> object:
        text = form.cleaned_data["text"]
        return services.answer_question(question_id=question.pk, actor=request.user, text=text)

    done = _("Thank you. The OSK has your answer.")
    return _send(request, question, form, "answer", send, done)


@access(LOGIN)
@require_POST
def question_refuse(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    question = _find(request, public_id)
    form = refusal_form(request.POST)

    def send() -> object:
        reason = form.cleaned_data["text"]
        return services.refuse_question(question_id=question.pk, actor=request.user, reason=reason)

    return _send(request, question, form, "refuse", send, _("The OSK has your reason."))


@access(LOGIN)
@require_POST
def question_ask_back(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """The partner needs to know more before it can answer."""
    question = _find(request, public_id)
    form = query_form(request.POST)

    def send() -> object:
        return services.ask_back_question(
            question_id=question.pk,
            actor=request.user,
            text=form.cleaned_data["text"],
            form_id=form.cleaned_data["message_id"],
        )

    done = _("The OSK has your query. You hear from it.")
    return _send(request, question, form, "ask_back", send, done)


@access(LOGIN)
@require_safe
def question_file(
    request: AuthenticatedRequest, public_id: UUID, file_id: UUID
) -> HttpResponseBase:
    """A file that was released with the question, while it takes an answer. That it was loaded is noted."""
    question = _find(request, public_id)
    kept = get_object_or_404(question.files.filter(state=FileState.CLEAN), public_id=file_id)
    with ExitStack() as stack:
        try:
            content = stack.enter_context(kept.content.open("rb"))
        except FileNotFoundError:
            raise Http404 from None  # taken away in the same moment
        try:
            services.note_partner_read(question_id=question.pk, actor=request.user, file=kept)
        except TransitionNotAllowed as error:
            messages.warning(request, str(error))
            return redirect(question)
        stack.pop_all()  # the response closes it
        return download(content, kept.name)


def _find(request: AuthenticatedRequest, public_id: UUID) -> PartnerQuestion:
    """404 for everybody outside the partner, 403 for its members without a role."""
    asked = PartnerQuestion.objects.of_members(request.user)
    # The authority is loaded because it may be shown; nothing else of the case is.
    question = get_object_or_404(
        asked.select_related("organisation", "case__organisation"), public_id=public_id
    )
    if not permissions.can_answer_question(request.user, question):
        raise PermissionDenied("answer for this organisation")
    return question


def _send(
    request: AuthenticatedRequest,
    question: PartnerQuestion,
    form: TextForm,
    which: str,
    send: Callable[[], object],
    done: str,
) -> HttpResponse:
    """Send a text. When the question has moved on the page says so, with the text kept."""
    if not form.is_valid():
        return _show(request, question, status=422, faulty=form, which=which)
    try:
        send()
    except TransitionNotAllowed as error:
        now = _find(request, question.public_id)
        text = form.cleaned_data["text"]
        if request.user.pk == now.answered_by_id and text in (now.answer, now.refusal):
            return redirect(now)  # the same form twice
        return _show(request, now, status=409, moved=str(error), unsent=text)
    messages.success(request, done)
    return redirect(question)


def _show(
    request: AuthenticatedRequest,
    question: PartnerQuestion,
    *,
    faulty: TextForm | None = None,
    which: str = "",
    moved: str = "",
    unsent: str = "",
    status: int = 200,
) -> HttpResponse:
    """``faulty``: the form with its errors, "answer", "refuse" or "ask_back" by ``which``."""
    takes_answer = question.takes_answer
    context = {
        "question": question,
        "talk": [row for row in question.contacts.all() if row.text],
        "files": question.files.filter(state=FileState.CLEAN) if takes_answer else [],
        "is_company": is_company(question.organisation),
        "authority": named_authority(question, question.case),
        "is_withdrawn": question.state == PartnerQuestionState.WITHDRAWN,
        "is_late": question.state == PartnerQuestionState.MISSED
        or (question.state == PartnerQuestionState.OPEN and not question.takes_answer),
        "answer": faulty if which == "answer" else answer_form(),
        "refuse": faulty if which == "refuse" else refusal_form(),
        "query": faulty if which == "ask_back" else query_form(),
        "faulty": faulty,
        "moved": moved,
        "unsent": unsent,
        "crumbs": crumbs((_("The OSK asks you a question"), None)),
    }
    page = render(request, "consulting/question_detail.html", context, status=status)
    return no_store(page)
