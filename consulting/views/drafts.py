"""The steps of a draft, its check page, and what follows when it is sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from catalog.models import Solution
from consulting import deadlines, intake, permissions, services
from consulting.enums import Phase, RequestKind, Visibility
from consulting.forms import (
    ContextForm,
    KindForm,
    SharingForm,
    StepForm,
    SubjectForm,
    initial_of,
    message_form,
)
from consulting.matching import find_solutions, similar_solutions
from consulting.models import ConsultingRequest
from consulting.views.requests import detail_page, find_case
from consulting.views.start import crumbs, refused
from network import services as network_services
from osk_portal.toolkit import clock
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access
from osk_portal.toolkit.transitions import TransitionNotAllowed


@access(LOGIN)
def request_kind(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    case, gone = find_draft(request, public_id)
    if gone:
        return gone
    form = KindForm(**_bound(request, case, intake.KIND))
    if _is_save(request) and form.is_valid():
        saved = _save(request, case, form)
        if saved:
            return saved(intake.SUBJECT)
    return step_page(request, case, intake.KIND, form, "consulting/request_kind.html")


@access(LOGIN)
def request_subject(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    case, gone = find_draft(request, public_id)
    if gone:
        return gone
    form = SubjectForm(**_bound(request, case, intake.SUBJECT))
    if _is_save(request) and form.is_valid():
        saved = _save(request, case, form)
        if saved:
            return saved(intake.CONTEXT)
    similar = similar_solutions(str(form["title"].value() or ""))
    return step_page(
        request, case, intake.SUBJECT, form, "consulting/request_subject.html", similar=similar
    )


@access(LOGIN)
def request_context(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Step 3. Its button "Suchen" shows solutions to choose; it saves nothing and loses nothing."""
    case, gone = find_draft(request, public_id)
    if gone:
        return gone
    chosen = list(case.solutions.all())
    if request.method == "POST":
        wanted = [slug for slug in request.POST.getlist("solutions") if "\x00" not in slug]
        chosen = list(Solution.objects.published().filter(slug__in=wanted))
    words = request.POST.get("words", "")
    found = find_solutions(words) if words else []
    arguments = _bound(request, case, intake.CONTEXT)
    arguments["initial"]["solutions"] = [s.slug for s in chosen]
    choice = intake.organisations_for(request.user)
    if "search" in request.POST:
        del arguments["data"]
        arguments["initial"] |= _typed(request)
    form = ContextForm(
        **arguments,
        organisations=choice,
        offered=[*chosen, *(s for s in found if s not in chosen)],
    )
    if _is_save(request) and form.is_valid():
        organisation = form.values().get("organisation")
        if organisation is not None and choice.must_be_confirmed:
            network_services.request_membership(user=request.user, organisation=organisation)
        saved = _save(request, case, form, solutions=form.cleaned_data["solutions"])
        if saved:
            return saved(intake.FILES)
    return step_page(
        request,
        case,
        intake.CONTEXT,
        form,
        "consulting/request_context.html",
        choice=choice,
        words=words,
        has_searched="search" in request.POST,
        found=found,
    )


@access(LOGIN)
def request_sharing(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Step 5 of the intake; later the page "Freigabe ändern" of the author."""
    case = get_object_or_404(
        ConsultingRequest.objects.visible_to(request.user), public_id=public_id
    )
    if not permissions.can_share(request.user, case):
        raise PermissionDenied
    form = SharingForm(
        data=request.POST if request.method == "POST" else None,
        initial=_sharing_of(case),
        as_draft="save_draft" in request.POST,
        colleagues=intake.colleagues_of(request.user, case.organisation),
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.share(
                case_id=case.pk,
                actor=request.user,
                expected_version=form.cleaned_data["version"],
                **form.sharing(),
            )
        except services.CaseChanged as error:
            case = _show_conflict(request, error, form)
        else:
            if not case.is_draft:
                messages.success(request, _("The sharing is changed."))
                return redirect(case)
            return _Saved(request, case)(None)
    return step_page(
        request,
        case,
        intake.SHARING,
        form,
        "consulting/request_sharing.html",
        is_pending=intake.pending_membership(request.user, case.organisation),
    )


@access(LOGIN)
def request_check(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Everything at a glance; sends the draft. What was sent already leads to its confirmation."""
    case = get_object_or_404(
        ConsultingRequest.objects.visible_to(request.user).select_related("organisation", "deputy"),
        public_id=public_id,
        author=request.user,
    )
    if case.is_draft and case.organisation is not None:
        refusal = _cannot_ask(request, case)
        if refusal:
            return refusal
    if request.method == "POST":
        try:
            services.submit(
                case_id=case.pk,
                actor=request.user,
                expected_version=_number(request.POST.get("version")),
            )
        except services.Incomplete as error:
            return redirect(intake.step_of(error.fields[0]).url_name, case.public_id)
        except services.FilesNotReady:
            messages.warning(
                request,
                _("A file is still being checked or was refused. Wait a moment, or remove it."),
            )
            return redirect("consulting:request_files", case.public_id)
        except services.CaseChanged as error:
            messages.warning(request, str(error))
            return redirect("consulting:request_check", case.public_id)
        return redirect("consulting:request_sent", case.public_id)
    if not case.is_draft:
        return redirect("consulting:request_sent", case.public_id)
    step = intake.first_open_step(case)
    if step:
        messages.info(request, _("Please complete this step first."))
        return redirect(step.url_name, case.public_id)
    today = clock.today()
    answer_on = deadlines.answer_due(today)
    context = {
        "case": case,
        "sections": _sections(case),
        "first_response_on": deadlines.first_response_due(today),
        "answer_on": answer_on,
        "is_wished_earlier": case.wished_on is not None and case.wished_on < answer_on,
        "is_pending": intake.pending_membership(request.user, case.organisation),
        "similar": similar_solutions(case.title),
        "back_url": reverse("consulting:request_sharing", args=[case.public_id]),
        "crumbs": crumbs((_("Check your entries"), None)),
    }
    return render(request, "consulting/request_check.html", context)


@access(LOGIN)
@require_safe
def request_sent(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """The confirmation: a page of its own, so that reload and bookmark show it again."""
    case = get_object_or_404(
        ConsultingRequest.objects.visible_to(request.user).sent(), public_id=public_id
    )
    context = {
        "case": case,
        "is_author": case.author_id == request.user.pk,
        "is_pending": permissions.is_membership_open(case),
        "may_withdraw": "withdraw" in permissions.allowed_actions(request.user, case),
        "sharing": _sharing_words(case),
        "question_days": settings.OSK_CLOSE_AFTER_DAYS,
        "crumbs": crumbs(
            (_("My requests"), reverse("consulting:request_list")), (str(case.reference), None)
        ),
    }
    return render(request, "consulting/request_sent.html", context)


@access(LOGIN)
def draft_delete(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    case, gone = find_draft(request, public_id)
    if gone:
        return gone
    if request.method == "POST":
        try:
            services.delete_draft(case_id=case.pk, actor=request.user)
        except ConsultingRequest.DoesNotExist:
            pass  # deleted in another window: what was asked for is done
        except TransitionNotAllowed as error:
            messages.warning(request, str(error))
            return redirect("consulting:request_detail", case.public_id)
        messages.success(request, _("The draft is deleted."))
        return redirect("consulting:request_list")
    context = {"case": case, "crumbs": crumbs((_("Delete draft"), None))}
    return render(request, "consulting/draft_delete.html", context)


def _cannot_ask(request: AuthenticatedRequest, case: ConsultingRequest) -> HttpResponse | None:
    """The membership or the entitlement has ended since the organisation was chosen."""
    if permissions.may_request_for(request.user, case.organisation):
        return None
    refusal = refused(request)
    if refusal:
        return refusal
    messages.warning(
        request,
        _("You cannot ask for %(organisation)s any more. Please choose your authority again.")
        % {"organisation": case.organisation},
    )
    return redirect("consulting:request_context", case.public_id)


def find_draft(
    request: AuthenticatedRequest, public_id: UUID
) -> tuple[ConsultingRequest, HttpResponse | None]:
    """The author's draft; a redirect when it was sent in the meantime."""
    case = get_object_or_404(
        ConsultingRequest.objects.visible_to(request.user), public_id=public_id, author=request.user
    )
    if case.is_draft:
        return case, None
    return case, _was_sent(request, case)


def _was_sent(request: AuthenticatedRequest, case: ConsultingRequest) -> HttpResponse:
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


def _bound(
    request: AuthenticatedRequest, case: ConsultingRequest, step: intake.Step
) -> dict[str, Any]:
    return {
        "data": request.POST if request.method == "POST" else None,
        "initial": initial_of(case, step.fields),
        "as_draft": "save_draft" in request.POST,
    }


def _is_save(request: AuthenticatedRequest) -> bool:
    return request.method == "POST" and "search" not in request.POST


def _typed(request: AuthenticatedRequest) -> dict[str, str]:
    """What stands in the form of step 3, unchecked, to be shown again beside what was found."""
    names = (*intake.CONTEXT.fields, "version")
    return {name: request.POST[name] for name in names if name in request.POST}


_TEXTS = ("title", "description", "own_reference", "software_in_use")


class _Saved:
    """Where a saved step leads: on, back to the check page, or to the list for a draft put aside."""

    def __init__(self, request: AuthenticatedRequest, case: ConsultingRequest) -> None:
        self.request = request
        self.case = case

    def __call__(self, following: intake.Step | None) -> HttpResponse:
        if "save_draft" in self.request.POST:
            messages.success(self.request, _("Your draft is saved."))
            return redirect("consulting:request_list")
        if following is None or "check" in self.request.GET:
            return redirect("consulting:request_check", self.case.public_id)
        return redirect(following.url_name, self.case.public_id)


def saved(
    request: AuthenticatedRequest, case: ConsultingRequest, following: intake.Step
) -> HttpResponse:
    """Where a step leads that has saved by itself."""
    return _Saved(request, case)(following)


def _save(
    request: AuthenticatedRequest,
    case: ConsultingRequest,
    form: StepForm,
    solutions: Any = None,
) -> Callable[[intake.Step], HttpResponse] | None:
    """Save the step; None when the draft was changed elsewhere, which the page then shows."""
    try:
        services.save_draft(
            case_id=case.pk,
            actor=request.user,
            values=form.values(),
            solutions=solutions,
            expected_version=form.cleaned_data["version"],
        )
    except services.CaseChanged as error:
        _show_conflict(request, error, form)
        return None
    except TransitionNotAllowed:  # sent in the same moment
        sent = ConsultingRequest.objects.get(pk=case.pk)
        return lambda following: _was_sent(request, sent)
    return _Saved(request, case)


def _show_conflict(
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
        for section in _sections(case)
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
    number = intake.STEPS.index(step) + 1
    back = intake.STEPS[number - 2].url_name if number > 1 else None
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


def _sharing_of(case: ConsultingRequest) -> dict[str, Any]:
    people = list(case.participants.select_related("user"))
    return {
        "visibility": case.visibility,
        "readers": [str(p.user.public_id) for p in people if not p.may_write],
        "writers": [str(p.user.public_id) for p in people if p.may_write],
        "deputy": str(case.deputy.public_id) if case.deputy else "",
        "version": case.version,
    }


def _sharing_words(case: ConsultingRequest) -> dict[str, str]:
    people = list(case.participants.select_related("user"))
    return {
        "visibility": str(Visibility(case.visibility).label),
        "readers": ", ".join(str(p.user) for p in people if not p.may_write),
        "writers": ", ".join(str(p.user) for p in people if p.may_write),
        "deputy": str(case.deputy) if case.deputy else "",
    }


@dataclass(frozen=True)
class _Section:
    """One step on the check page; rows are (field, label, value)."""

    number: int
    label: str
    url: str
    rows: list[tuple[str, str, str]]


def _sections(case: ConsultingRequest) -> list[_Section]:
    """What was entered, a section a step, without what was left empty."""
    sharing = _sharing_words(case)
    kind = str(RequestKind(case.kind).label) if case.kind else ""
    phase = str(Phase(case.phase).label) if case.phase else ""
    rows = {
        intake.KIND: [("kind", _("Kind"), kind)],
        intake.SUBJECT: [
            ("title", _("Title"), case.title),
            ("description", _("Description"), case.description),
            ("topics", _("Topics"), ", ".join(case.topic_labels)),
            ("phase", _("How far are you?"), phase),
            ("wished_on", _("Wished date"), _day(case)),
        ],
        intake.CONTEXT: [
            ("organisation", _("Authority"), str(case.organisation or "")),
            ("own_reference", _("Your reference"), case.own_reference),
            ("users_count", _("Number of users"), str(case.users_count or "")),
            ("software_in_use", _("Software in use"), case.software_in_use),
            ("solutions", _("Solutions"), ", ".join(s.name for s in case.solutions.all())),
        ],
        intake.FILES: [("files", _("Files"), "\n".join(f.name for f in case.files.all()))],
        intake.SHARING: [
            ("visibility", _("Visible for"), sharing["visibility"]),
            ("readers", _("Read along"), sharing["readers"]),
            ("writers", _("Work along"), sharing["writers"]),
            ("deputy", _("Deputy"), sharing["deputy"]),
        ],
    }
    return [
        _Section(
            number,
            str(step.label),
            reverse(step.url_name, args=[case.public_id]) + "?check",
            [row for row in rows[step] if row[2]],
        )
        for number, step in enumerate(intake.STEPS, start=1)
    ]


def _day(case: ConsultingRequest) -> str:
    return deadlines.long_date(case.wished_on) if case.wished_on else ""


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None
