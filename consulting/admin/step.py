"""What the OSK can do with a case: one table of steps, one view for all of them.

Who may and when is asked of ``permissions`` and the model's table; a step only says which service it
calls, with which form, and in which words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from consulting import composing, permissions, queues, services, staff_forms
from consulting.admin import market_steps
from consulting.admin.common import WITHOUT_VERSION, case_frame, conflict, find_case, page, queue_of
from consulting.admin.one_step import Step
from consulting.enums import CaseAction, CaseEventKind, Urgency
from consulting.file_forms import ATTACHMENTS, ComposerMixin
from consulting.models import ConsultingRequest
from consulting.queues import Queue
from consulting.staff_forms import AnswerForm, StaffForm
from consulting.text_modules import ModuleMixin
from osk_portal.accounts.models import User
from osk_portal.accounts.permissions import is_advisor
from osk_portal.toolkit import uploads
from osk_portal.toolkit.access import AuthenticatedRequest, access
from osk_portal.toolkit.transitions import TransitionNotAllowed

A = CaseAction


def _is_lead(user: User, case: ConsultingRequest) -> bool:
    return user.is_lead


def _is_not_mine(user: User, case: ConsultingRequest) -> bool:
    return case.assignee_id != user.pk


def _is_marked_urgent(user: User, case: ConsultingRequest) -> bool:
    return case.is_open and case.urgency == Urgency.WISHED


# In the order of the buttons: the first that is open is the main one.
STEPS: Final[tuple[Step, ...]] = (
    Step(
        "take-up", A.TAKE_UP, CaseEventKind.TAKEN_UP, services.take_up,
        gettext_lazy("The request is in triage now."),
    ),
    Step(
        "confirm-urgency", None, CaseEventKind.URGENCY_CONFIRMED, services.confirm_urgency,
        gettext_lazy("The request is handled as urgent. The authority has been told."),
        form=staff_forms.ConfirmUrgencyForm,
        label=gettext_lazy("Confirm the urgency"),
        intro=gettext_lazy("The authority is told the new day for the answer."),
        rule=permissions.can_decide_urgency,
        sense=_is_marked_urgent,
    ),
    Step(
        "answer-urgency", None, CaseEventKind.URGENCY_ANSWERED, services.answer_urgency,
        gettext_lazy("Your answer to the urgency has been sent. The promise stays as it is."),
        form=staff_forms.AnswerUrgencyForm,
        label=gettext_lazy("Answer the urgency"),
        intro=gettext_lazy("The authority reads your text with your name. The promise stays as it is."),
        rule=permissions.can_decide_urgency,
        sense=_is_marked_urgent,
    ),
    Step(
        "start", A.START, CaseEventKind.STARTED, services.start,
        gettext_lazy("The request is in progress now."),
    ),
    Step(
        "partner-done", A.PARTNER_DONE, CaseEventKind.PARTNER_DONE, services.partner_done,
        gettext_lazy("The request is in progress again. Open questions to partners are withdrawn."),
    ),
    Step(
        "answer", A.ANSWER, CaseEventKind.ANSWERED, services.answer,
        gettext_lazy("Your answer has been sent to the authority."),
        form=staff_forms.AnswerForm,
        label=gettext_lazy("Answer the request"),
        intro=gettext_lazy("The authority reads the answer and the recommendations with your name."),
        template="answer.html",
    ),
    Step(
        "assign-me", A.ASSIGN, CaseEventKind.ASSIGNED, services.assign,
        gettext_lazy("You are the contact person now."),
        label=gettext_lazy("Assign to me"),
        arguments=lambda form, user: {"assignee": user},
        sense=_is_not_mine,
    ),
    Step(
        "assign", A.ASSIGN, CaseEventKind.ASSIGNED, services.assign,
        gettext_lazy("The contact person has been named."),
        form=staff_forms.AssignForm,
        intro=gettext_lazy("The authority and the new contact person are told."),
        rule=_is_lead,
    ),
    Step(
        "answer-at-once", A.ANSWER_AT_ONCE, CaseEventKind.ANSWERED, services.answer_at_once,
        gettext_lazy("Your answer has been sent to the authority."),
        form=staff_forms.AnswerForm,
        intro=gettext_lazy(
            "You take the request up, become the contact person and answer it, all in one step."
            " The authority reads the answer and the recommendations with your name."
        ),
        template="answer.html",
    ),
    Step(
        "ask-back", A.ASK_BACK, CaseEventKind.ASKED_BACK, services.ask_back,
        gettext_lazy("Your question has been sent to the authority. Our time to answer rests."),
        form=staff_forms.AskBackForm,
        intro=gettext_lazy(
            "The authority reads the question with your name. Our time to answer rests until the reply."
        ),
    ),
    *market_steps.STEPS,
    Step(
        "reopen", A.REOPEN, CaseEventKind.REOPENED, services.reopen,
        gettext_lazy("The request is in progress again, with a new date for the answer."),
        form=staff_forms.ReopenForm,
        intro=gettext_lazy("The authority reads the reason and gets a new date for the answer."),
        is_aside=True,
    ),
    Step(
        "snooze", A.SNOOZE, CaseEventKind.SNOOZED, services.snooze,
        gettext_lazy("The follow-up date is set. The promise to the authority stays as it is."),
        form=staff_forms.SnoozeForm,
        intro=gettext_lazy(
            "Until that day the request leaves “Mine” and stands in “Follow-up”. The promise to the"
            " authority does not move. A message of the authority brings the request back at once."
        ),
        is_aside=True,
    ),
    Step(
        "wake", A.WAKE, CaseEventKind.WOKEN, services.wake,
        gettext_lazy("The follow-up date has been taken back."),
        is_aside=True,
    ),
    Step(
        "return", A.RETURN_TO_QUEUE, CaseEventKind.RETURNED, services.return_to_queue,
        gettext_lazy("The request is back in the queue."),
        form=staff_forms.ReturnForm,
        intro=gettext_lazy(
            "The request is in triage again, without a contact person. Only the OSK reads the reason."
        ),
        is_aside=True,
    ),
    Step(
        "merge", A.MARK_DUPLICATE, CaseEventKind.MARKED_DUPLICATE, services.mark_duplicate,
        gettext_lazy("The request has been merged."),
        form=staff_forms.MergeForm,
        intro=gettext_lazy(
            "This request ends and is continued as the other one. Its author takes part there and is told."
        ),
        is_aside=True,
    ),
    Step(
        "decline", A.DECLINE, CaseEventKind.DECLINED, services.decline,
        gettext_lazy("The request is not taken on. The authority has been told."),
        form=staff_forms.DeclineForm,
        intro=gettext_lazy("The authority reads both, the reason and where it gets help."),
        is_aside=True,
    ),
    Step(
        "undo", A.UNDO, CaseEventKind.UNDONE, services.undo,
        gettext_lazy("The decision has been taken back. The request is in triage again."),
        form=staff_forms.UndoForm,
        intro=gettext_lazy("The request is in triage again. Only the OSK reads the reason."),
        is_aside=True,
    ),
)  # fmt: skip
BY_NAME: Final[Mapping[str, Step]] = {step.name: step for step in STEPS}


@dataclass(frozen=True)
class Button:
    label: str
    url: str
    tone: str
    is_post: bool


def buttons(user: User, case: ConsultingRequest, queue: Queue | None) -> list[Button]:
    """What ``user`` may do with ``case`` now, and nothing else."""
    found: list[Button] = []
    for step in STEPS:
        if not step.is_open(user, case):
            continue
        tone = "secondary" if found else "primary"
        if step.is_aside:
            tone = "tertiary"
        url = queues.step_url(case, step.name, queue)
        found.append(Button(step.title, url, tone, not step.has_page))
    return found


@access(is_advisor)
@require_http_methods(["GET", "HEAD", "POST"])
def step_page(request: AuthenticatedRequest, public_id: UUID, name: str) -> HttpResponse:
    step = BY_NAME.get(name)
    if step is None:
        raise Http404
    case = find_case(request.user, public_id)
    if request.method == "POST":
        return _submitted(request, step, case)
    if not step.is_permitted(request.user, case):
        raise PermissionDenied(f"{step.name} on case {case.pk}")
    if not step.has_page:
        return HttpResponseNotAllowed(["POST"])
    if not step.is_open(request.user, case):
        messages.error(request, _("This is not possible any more: the request has moved on."))
        return _to_case(request, case)
    initial = step.form.prefilled(request.GET)
    return _show(request, step, case, step.form(case=case, user=request.user, initial=initial))


def _submitted(request: AuthenticatedRequest, step: Step, case: ConsultingRequest) -> HttpResponse:
    user = request.user
    form = step.form(case=case, user=user, data=request.POST, files=request.FILES)
    refusals: list[str] = []
    if step.is_open(user, case):
        if isinstance(form, ComposerMixin):
            refusals = composing.receive(form, case, user)
        again = _once_more(step, form, user)
        if again is not None:
            for refusal in refusals:
                messages.error(request, refusal)
            return _show(request, step, case, again)
        if isinstance(form, ComposerMixin) and composing.is_aside(form, refusals):
            return _show(request, step, case, form)
    is_valid = form.is_valid()
    for refusal in refusals:
        form.add_error(ATTACHMENTS, refusal)
    is_valid = is_valid and not refusals
    seen = form.seen_version
    if not step.is_permitted(user, case) and seen in (None, case.version):
        raise PermissionDenied(f"{step.name} on case {case.pk}")
    if not is_valid:
        if not step.has_page:
            messages.error(request, _("Please load the page again."))
            return _to_case(request, case)
        return _show(request, step, case, form)
    try:
        step.run(
            case_id=case.pk,
            actor=user,
            expected_version=seen,
            **step.arguments(form, user),
        )
    except uploads.Refused as error:
        form.add_error(ATTACHMENTS, str(error))
        return _show(request, step, case, form)
    except (TransitionNotAllowed, PermissionDenied) as refusal:
        return _refused(request, step, case, form, refusal)
    messages.success(request, str(step.done))
    return _to_case(request, case)


def _once_more(step: Step, form: StaffForm, user: User) -> StaffForm | None:
    """The form with a text module or with what a search found, when that was asked for."""
    again: object = None
    if isinstance(form, ModuleMixin) and form.is_inserting:
        again = step.form(case=form.case, user=user, **form.options_with_module(user))
    elif isinstance(form, AnswerForm) and form.is_searching:
        again = form.with_hits()
    if isinstance(form, ComposerMixin) and isinstance(again, ComposerMixin):
        again.staged = form.staged
    return again if isinstance(again, StaffForm) else None


def _refused(
    request: AuthenticatedRequest,
    step: Step,
    shown: ConsultingRequest,
    form: StaffForm,
    refusal: TransitionNotAllowed | PermissionDenied,
) -> HttpResponse:
    """Nothing was written. Say what changed meanwhile, and keep what was typed."""
    user = request.user
    case = find_case(user, shown.public_id)
    seen = form.seen_version or 0
    if seen == case.version:
        if isinstance(refusal, PermissionDenied):
            raise refusal
        if not step.has_page:
            messages.error(request, str(refusal))
            return _to_case(request, case)
        form.add_error(None, str(refusal))
        return _show(request, step, case, form)
    if _is_done(step, case, user, form):
        messages.info(request, _("This has been saved already."))
        return _to_case(request, case)
    if not step.has_page:
        messages.error(
            request,
            _(
                "This request was changed in the meantime. Nothing was saved; please look at it again."
            ),
        )
        return _to_case(request, case)
    clash = conflict(case, seen, can_send=step.is_open(user, case))
    form.renew(case)
    return _show(request, step, case, form, clash=clash, status=409)


def _is_done(step: Step, case: ConsultingRequest, user: User, form: StaffForm) -> bool:
    """The same form arrived twice (double click, reload): the last event is its own."""
    last = case.events.exclude(kind__in=WITHOUT_VERSION).last()
    if last is None or last.actor_id != user.pk or last.kind != step.event:
        return False
    return form.was_saved(case, user)


def _show(
    request: AuthenticatedRequest,
    step: Step,
    case: ConsultingRequest,
    form: StaffForm,
    *,
    clash: object = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "step": step,
        "form": form,
        "clash": clash,
        "can_send": step.is_open(request.user, case),
    }
    return page(request, step.template, {**case_frame(request, case), **context}, status=status)


def _to_case(request: AuthenticatedRequest, case: ConsultingRequest) -> HttpResponse:
    return redirect(queues.case_url(case, queue_of(request)))
