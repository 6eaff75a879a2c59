"""The page of a case, and the two things that are written on it: messages and internal notes."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from consulting import booked, case_rows, confidential, permissions, queues, releases, services
from consulting.admin.appointments import case_context
from consulting.admin.common import Conflict, case_frame, conflict, find_case, page, queue_of
from consulting.admin.market_steps import consent_url
from consulting.admin.rows import next_step
from consulting.admin.step import buttons
from consulting.admin.synergy import synergy_of
from consulting.composing import is_aside, is_valid, receive
from consulting.contacts import consents_of, contacts_with_companies, open_companies
from consulting.continuing import continued
from consulting.conversation import history, timeline, with_edit_links
from consulting.enums import PartnerQuestionState, Visibility
from consulting.file_forms import ATTACHMENTS
from consulting.matching import matching_solutions
from consulting.models import ConsultingRequest
from consulting.record import procured_in_words
from consulting.retention import is_ended
from consulting.services.published import may_be_published
from consulting.staff_forms import MessageForm, NoteForm
from consulting.summary import procurement_rows
from osk_portal.accounts.permissions import is_advisor
from osk_portal.toolkit import uploads
from osk_portal.toolkit.access import AuthenticatedRequest, access
from osk_portal.toolkit.transitions import TransitionNotAllowed

LATEST_EVENTS = 6
MOST_SOLUTIONS = 5


@access(is_advisor)
@require_safe
def case_page(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    return _show(request, find_case(request.user, public_id))


@access(is_advisor)
@require_POST
def message_add(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Say something to the authority."""
    case = find_case(request.user, public_id)
    form = MessageForm(case=case, data=request.POST, files=request.FILES)
    refusals = receive(form, case, request.user)
    if form.is_inserting:
        again = MessageForm(case=case, **form.options_with_module(request.user))
        again.staged = form.staged
        for refusal in refusals:
            messages.error(request, refusal)
        return _show(request, case, message_form=again)
    if is_aside(form, refusals) or not is_valid(form, refusals):
        return _show(request, case, message_form=form)
    try:
        services.add_message(
            case_id=case.pk,
            actor=request.user,
            text=form.cleaned_data["text"],
            message_id=form.cleaned_data["message_id"],
            expected_version=form.cleaned_data["version"],
        )
    except uploads.Refused as error:
        form.add_error(ATTACHMENTS, str(error))
        return _show(request, case, message_form=form)
    except TransitionNotAllowed:
        case = find_case(request.user, public_id)
        clash = conflict(case, form.cleaned_data["version"], can_send=case.takes_messages)
        form.renew(case)
        return _show(request, case, message_form=form, clash=clash, status=409)
    messages.success(request, _("Your message has been sent to the authority."))
    return redirect(queues.case_url(case, queue_of(request)))


@access(is_advisor)
@require_POST
def note_add(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Keep an internal note. It contradicts nothing, so it needs no version of the case."""
    case = find_case(request.user, public_id)
    form = NoteForm(case=case, data=request.POST, files=request.FILES)
    refusals = receive(form, case, request.user, is_internal=True)
    if is_aside(form, refusals) or not is_valid(form, refusals):
        return _show(request, case, note_form=form)
    try:
        services.add_note(
            case_id=case.pk,
            actor=request.user,
            text=form.cleaned_data["text"],
            message_id=form.cleaned_data["message_id"],
        )
    except uploads.Refused as error:
        form.add_error(ATTACHMENTS, str(error))
        return _show(request, case, note_form=form)
    except TransitionNotAllowed as refusal:
        form.add_error(None, str(refusal))
        return _show(request, find_case(request.user, public_id), note_form=form, status=409)
    messages.success(request, _("The internal note has been saved."))
    return redirect(queues.case_url(case, queue_of(request)))


def _show(
    request: AuthenticatedRequest,
    case: ConsultingRequest,
    *,
    message_form: MessageForm | None = None,
    note_form: NoteForm | None = None,
    clash: Conflict | None = None,
    status: int = 200,
) -> HttpResponse:
    queue = queue_of(request)
    offers = case_rows.load(case, request.user)
    events = history(case, internal=True)
    asked = list(case.partner_questions.all())
    still_asked = [q for q in asked if q.state == PartnerQuestionState.OPEN]
    entries = with_edit_links(
        timeline(case, internal=True),
        case,
        request.user,
        lambda message: queues.edit_url(case, message, queue),
    )
    context = {
        "buttons": buttons(request.user, case, queue),
        "entries": entries,
        "readers": _readers(case),
        "next_step": next_step(
            case,
            max((q.due_on for q in still_asked), default=None),
            has_query=any(q.waits_since for q in still_asked),
        ),
        "membership_open": permissions.is_membership_open(case),
        "membership": permissions.author_membership(case),
        "may_decide_membership": permissions.can_decide_membership(request.user, case),
        "is_ended": is_ended(case),
        "continued": continued(case),
        "procurement": procurement_rows(case),
        "solutions": list(case.solutions.all()),
        "bookings": booked.of_case(case, request.user),
        "matching": []
        if case.anonymised_at
        else matching_solutions(case.title, most=MOST_SOLUTIONS),
        "may_publish": may_be_published(case),
        **synergy_of(request.user, case, offers.introductions),
        "partner_questions": asked,
        "proposals": offers.partners,
        "ask_partner_url": consent_url(request.user, case, queue),
        "consents": [(consent, releases.of(consent)) for consent in consents_of(case)],
        "inquiry": confidential.inquiry_of(case),
        "contacts": contacts_with_companies(case),
        "companies_open": open_companies(case),
        "may_reply_to_partner": permissions.can_reply_to_partner(request.user, case),
        "open_partner_questions": still_asked,
        "files": case.files.all(),
        **case_context(request.user, case),
        "appointment_url": queues.step_url(case, "appointment", queue),
        "appointment_move_url": queues.step_url(case, "appointment-move", queue),
        "appointment_cancel_url": queues.step_url(case, "appointment-cancel", queue),
        "procured": procured_in_words(case),
        "latest_events": events[:LATEST_EVENTS],
        "earlier_events": events[LATEST_EVENTS:],
        "message_form": message_form or MessageForm(case=case, modules=offers.modules),
        "note_form": note_form or NoteForm(case=case),
        "message_url": queues.step_url(case, "message", queue),
        "note_url": queues.step_url(case, "note", queue),
        "can_renew_link": permissions.may_have_link(case),
        "call_url": queues.step_url(case, "call", queue),
        "link_url": queues.step_url(case, "link", queue),
        "tags": list(case.tags.all()),
        "known_tags": offers.tags,
        "absence": permissions.absence_of(case.assignee),
        "clash": clash,
        "faulty_form": message_form or note_form,
    }
    return page(request, "case.html", {**case_frame(request, case), **context}, status=status)


def _readers(case: ConsultingRequest) -> str:
    """Who reads a public message, in words: one must know before one writes."""
    if case.visibility == Visibility.ORGANISATION:
        return _("%(author)s and all members of the authority read along") % {"author": case.author}
    others = {p.user_id for p in case.participants.all()} | {case.deputy_id}
    count = len(others - {None, case.author_id})
    if not count:
        return _("%(author)s reads it") % {"author": case.author}
    return _("%(author)s and %(count)d more read along") % {"author": case.author, "count": count}
