"""Requests that were sent: the list, one request, and what the requester's side does with it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from consulting import (
    appointments,
    booked,
    case_rows,
    confidential,
    conversation,
    own_requests,
    permissions,
    releases,
    services,
)
from consulting.answer_forms import VersionForm
from consulting.appointment_forms import PickForm
from consulting.composing import is_aside, is_valid, receive
from consulting.contacts import (
    KNOWN,
    consents_of,
    contacts_with_companies,
)
from consulting.continuing import CONTINUED, continued, with_continued
from consulting.enums import CaseAction, CaseState
from consulting.file_forms import ATTACHMENTS, ComposerForm
from consulting.forms import TextForm, UptakeForm, reopen_form
from consulting.models import ConsultingRequest
from consulting.presentation import Standing
from consulting.summary import PROCUREMENT, procurement_rows
from consulting.views.start import crumbs
from consulting.views.synergy import SYNERGY, synergy_of
from network.permissions import active_memberships, is_public_sector
from osk_portal.toolkit import uploads
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access
from osk_portal.toolkit.transitions import TransitionNotAllowed


@access(LOGIN)
@require_safe
def request_list(request: AuthenticatedRequest) -> HttpResponse:
    """One's own and shared requests; for the Organisationsverwaltung the others' bare facts too."""
    page, cases = own_requests.page_of(request.user, request.GET.get("page"))
    managed = ConsultingRequest.objects.none()
    if any(membership.is_manager for membership in active_memberships(request.user)):
        mine = ConsultingRequest.objects.shared_with(request.user)
        others = ConsultingRequest.objects.of_managed_organisations(request.user)
        managed = others.exclude(pk__in=mine.order_by().values("pk"))
    managed_page = Paginator(managed.for_list(), own_requests.PAGE_SIZE).get_page(
        request.GET.get("managed")
    )
    context = {
        "page": page,
        "rows": [(case, Standing(case)) for case in cases],
        "managed_page": managed_page,
        "managed_rows": [(case, Standing(case)) for case in managed_page.object_list],
        "may_begin": permissions.may_begin_request(request.user),
        "is_inside": is_public_sector(request.user) or request.user.is_advisor,
        "crumbs": crumbs((_("My requests"), None)),
    }
    return render(request, "consulting/request_list.html", context)


@access(LOGIN)
@require_safe
def request_detail(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    case = find_case(request, public_id)
    if case.is_draft:
        return redirect(case)
    return detail_page(request, case)


@access(LOGIN)
def request_reply(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Reply to our question."""

    def send(case: ConsultingRequest, form: TextForm) -> bool:
        event = services.reply(
            case_id=case.pk,
            actor=request.user,
            text=form.cleaned_data["text"],
            message_id=form.cleaned_data["message_id"],
            was_seen=form.cleaned_data["seen"],
        )
        return event is not None

    form = ComposerForm.new(is_reply=True, data=request.POST or None, files=request.FILES)
    return _say(request, public_id, form, send, _("Your reply is sent."))


@access(LOGIN)
def request_message(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """A message at any time; to an answered request it is a follow-up question."""

    def send(case: ConsultingRequest, form: TextForm) -> bool:
        event = services.add_message(
            case_id=case.pk,
            actor=request.user,
            text=form.cleaned_data["text"],
            message_id=form.cleaned_data["message_id"],
            was_seen=form.cleaned_data["seen"],
        )
        return event is not None

    form = ComposerForm.new(is_reply=False, data=request.POST or None, files=request.FILES)
    return _say(request, public_id, form, send, _("Your message is sent."))


@access(LOGIN)
@require_POST
def request_close(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    case = find_case(request, public_id)
    return _act(
        request,
        case,
        lambda: services.close(
            case_id=case.pk, actor=request.user, expected_version=_seen_version(request)
        ),
        _("The consulting is finished. Thank you!"),
    )


@access(LOGIN)
def request_reopen(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    case = find_case(request, public_id)
    if not permissions.may(request.user, CaseAction.REOPEN, case):
        raise PermissionDenied
    form = reopen_form(request.POST if request.method == "POST" else None).about(case)
    if request.method == "POST" and form.is_valid():
        try:
            services.reopen(
                case_id=case.pk,
                actor=request.user,
                reason=form.cleaned_data["text"],
                message_id=form.cleaned_data["message_id"],
                was_seen=form.cleaned_data["seen"],
            )
        except TransitionNotAllowed as error:
            return detail_page(request, find_case(request, public_id), moved=error, unsent=form)
        messages.success(request, _("Your request is open again."))
        return redirect(case)
    if not case.can(CaseAction.REOPEN):
        messages.info(request, _("This request cannot be reopened now."))
        return redirect(case)
    return render(
        request,
        "consulting/request_reopen.html",
        {"case": case, "form": form, "crumbs": detail_crumbs(case, _("Reopen request"))},
    )


@access(LOGIN)
def request_withdraw(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    case = find_case(request, public_id)
    if not permissions.may(request.user, CaseAction.WITHDRAW, case):
        raise PermissionDenied
    if request.method == "POST":
        return _act(
            request,
            case,
            lambda: services.withdraw(
                case_id=case.pk, actor=request.user, expected_version=_seen_version(request)
            ),
            _("Your request is withdrawn."),
        )
    if not case.can(CaseAction.WITHDRAW):
        messages.info(request, _("This request cannot be withdrawn now."))
        return redirect(case)
    return render(
        request,
        "consulting/request_withdraw.html",
        {"case": case, "crumbs": detail_crumbs(case, _("Withdraw request"))},
    )


def edit_url(case: ConsultingRequest) -> Callable[[UUID], str]:
    return lambda message: reverse("consulting:message_edit", args=[case.public_id, message])


def find_case(request: AuthenticatedRequest, public_id: UUID) -> ConsultingRequest:
    """With what the page shows; a stranger gets 404."""
    case = get_object_or_404(
        ConsultingRequest.objects.visible_to(request.user)
        .select_related(
            "organisation",
            "author",
            "assignee__absence__deputy",
            "deputy",
            "duplicate_of",
            CONTINUED,
            *PROCUREMENT,
        )
        .annotate(**KNOWN, **with_continued(request.user))
        .annotate(**SYNERGY),
        public_id=public_id,
    )
    case_rows.load_public(case, request.user)
    return case


def _act(
    request: AuthenticatedRequest,
    case: ConsultingRequest,
    act: Callable[[], object],
    done: str,
) -> HttpResponse:
    """A button: done and said, or told what has changed."""
    try:
        act()
    except services.CaseChanged:
        messages.warning(
            request,
            _(
                "This request was changed in the meantime. Nothing was saved; please look at it again."
            ),
        )
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, done)
    return redirect("consulting:request_detail", case.public_id)


def _seen_version(request: AuthenticatedRequest) -> int:
    """The version that the page of a button showed; one that never was, where it says none."""
    form = VersionForm(request.POST)
    return form.cleaned_data["version"] if form.is_valid() else -1


def _say(
    request: AuthenticatedRequest,
    public_id: UUID,
    form: ComposerForm,
    send: Callable[[ConsultingRequest, TextForm], bool],
    done: str,
) -> HttpResponse:
    """Send a text. On a case that has moved on, the page is shown as it is now, with the text kept."""
    case = find_case(request, public_id)
    if not permissions.is_requester_side(request.user, case):
        raise PermissionDenied
    if request.method != "POST":
        return redirect(case)
    refusals = receive(form, case, request.user)
    if is_aside(form, refusals):
        return detail_page(request, case, form=form)
    if not is_valid(form, refusals):
        return detail_page(request, case, form=form, status=422)
    try:
        send(case, form)
    except uploads.Refused as error:
        form.add_error(ATTACHMENTS, str(error))
        return detail_page(request, case, form=form, status=422)
    except TransitionNotAllowed as error:
        return detail_page(request, find_case(request, public_id), moved=error, unsent=form)
    messages.success(request, done)
    return redirect(case)


def detail_page(
    request: AuthenticatedRequest,
    case: ConsultingRequest,
    *,
    form: TextForm | None = None,
    moved: TransitionNotAllowed | None = None,
    unsent: TextForm | None = None,
    unsaid: str = "",
    mark_form: UptakeForm | None = None,
    pick_form: PickForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """``form``: the composer with its errors. ``unsent``: a text that found the case in another state.
    ``unsaid``: one that is no message, and is only shown to be copied."""
    allowed = permissions.allowed_actions(request.user, case)
    is_side = permissions.is_requester_side(request.user, case)
    kept = str(unsent["text"].value() or "") if unsent else ""
    if form is None and is_side:
        form = _composer(case, allowed, unsent)
    timeline = conversation.timeline(case, internal=False)
    answers = [entry for entry in timeline if entry.what == "answer"]
    recommendations = answers[-1].recommendations if answers else []
    context = {
        "case": case,
        "bookings": booked.of_case(case, request.user),
        "standing": Standing(case),
        "actions": {action.value for action in allowed},
        "composer": form,
        "is_reply": CaseAction.REPLY in allowed,
        "moved": moved,
        "unsent": unsaid or (kept if form is None else ""),
        "recommendations": recommendations,
        "offers": answers[-1].offers if answers else None,
        "mark_form": mark_form,
        "absence": permissions.absence_of(case.assignee) if case.is_open else None,
        "may_mark": is_side and permissions.can_mark_recommendation(request.user, case),
        "timeline": conversation.with_edit_links(timeline, case, request.user, edit_url(case)),
        "history": conversation.history(case, internal=False),
        "files": [file for file in case.files.all() if not file.is_internal],
        "is_pending": permissions.is_membership_open(case),
        "is_side": is_side,
        "continue_url": _continue_url(request, case) if is_side else "",
        "may_take_over": not is_side and permissions.can_manage(request.user, case),
        "may_share": case.anonymised_at is None and permissions.can_share(request.user, case),
        "is_over": case.state in (CaseState.DECLINED, CaseState.DUPLICATE, CaseState.WITHDRAWN),
        "procurement": procurement_rows(case),
        "consents": [(consent, releases.of(consent)) for consent in consents_of(case)],
        "inquiry": confidential.inquiry_of(case),
        "contacts": contacts_with_companies(case),
        "may_tell_procedure": is_side and case.is_about_procurement and case.takes_messages,
        **_appointments(case, pick_form, is_side=is_side),
        "continued": continued(case),
        "crumbs": detail_crumbs(case),
        "synergy": synergy_of(case, is_side=is_side),
    }
    if moved is not None:
        status = 409
    return render(request, "consulting/request_detail.html", context, status=status)


def _appointments(
    case: ConsultingRequest, pick_form: PickForm | None, *, is_side: bool
) -> dict[str, object]:
    current = appointments.current_of(case)
    if current is not None and is_side and current.is_open_offer:
        pick_form = pick_form or PickForm(current)
    return {"current_appointment": current, "pick_form": pick_form}


def _continue_url(request: AuthenticatedRequest, case: ConsultingRequest) -> str:
    """Begins a request that quotes this one: when it has ended, or can be reopened no more."""
    is_past = case.state == CaseState.CLOSED and not case.can_be_reopened
    ended = case.state in (CaseState.DECLINED, CaseState.WITHDRAWN)
    if not (is_past or ended) or not permissions.may_begin_request(request.user):
        return ""
    return f"{reverse('consulting:request_start')}?continues={case.public_id}"


def _composer(
    case: ConsultingRequest, allowed: frozenset[CaseAction], unsent: TextForm | None
) -> TextForm | None:
    """The form for what the requester's side may say now, with a text and its files that were kept."""
    is_reply = CaseAction.REPLY in allowed
    if not is_reply and not case.takes_messages:
        return None
    form = ComposerForm.new(is_reply=is_reply).about(case)
    if unsent is not None:
        form.initial["text"] = str(unsent["text"].value() or "")
    if isinstance(unsent, ComposerForm) and unsent.form_id:
        form.initial["message_id"] = unsent.form_id
        form.staged = unsent.staged
    return form


def detail_crumbs(case: ConsultingRequest, *more: str) -> list[tuple[str, str | None]]:
    trail: list[tuple[str, str | None]] = [(_("My requests"), reverse("consulting:request_list"))]
    here = str(case.reference or _("Draft"))
    if not more:
        return crumbs(*trail, (here, None))
    return crumbs(*trail, (here, case.get_absolute_url()), (more[0], None))
