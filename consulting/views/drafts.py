"""The steps of a draft, its check page, and what follows when it is sent."""

from __future__ import annotations

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
from consulting.continuing import CONTINUED, continued, with_continued
from consulting.enums import Urgency
from consulting.forms import (
    ContextForm,
    KindForm,
    SharingForm,
    SubjectForm,
    UrgencyForm,
)
from consulting.matching import find_solutions
from consulting.models import ConsultingRequest
from consulting.services.drafts import is_wished_earlier
from consulting.summary import PROCUREMENT, sections, sharing_words
from consulting.views import hints
from consulting.views.start import crumbs, refused, say_wished_earlier
from consulting.views.steps import (
    Saved,
    bound,
    draft_of,
    is_save,
    save_step,
    show_conflict,
    step_page,
    typed,
)
from network import services as network_services
from osk_portal.toolkit import clock
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access
from osk_portal.toolkit.transitions import TransitionNotAllowed


@access(LOGIN)
def request_kind(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    case, gone = draft_of(request, public_id)
    if gone:
        return gone
    form = KindForm(**bound(request, case, intake.KIND))
    if is_save(request) and form.is_valid():
        saved = save_step(request, case, form)
        if saved:
            return saved(intake.KIND)
    return step_page(request, case, intake.KIND, form, "consulting/request_kind.html")


@access(LOGIN)
def request_subject(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    case, gone = draft_of(request, public_id)
    if gone:
        return gone
    form = SubjectForm(**bound(request, case, intake.SUBJECT))
    if is_save(request) and form.is_valid():
        saved = save_step(request, case, form)
        if saved:
            if not hints.is_wanted(request):
                say_wished_earlier(request, form.cleaned_data["wished_on"])
            return saved(intake.SUBJECT)
    return step_page(
        request,
        case,
        intake.SUBJECT,
        form,
        "consulting/request_subject.html",
        **hints.shown(request.user, case.title, case.description, is_hidden=case.hides_hints),
    )


@access(LOGIN)
def request_context(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Step 3. Its button "Suchen" shows solutions to choose; it saves nothing and loses nothing."""
    case, gone = draft_of(request, public_id)
    if gone:
        return gone
    chosen = list(case.solutions.all())
    if request.method == "POST":
        wanted = [slug for slug in request.POST.getlist("solutions") if "\x00" not in slug]
        chosen = list(Solution.objects.published().filter(slug__in=wanted))
    words = request.POST.get("words", "")
    found = find_solutions(words) if words else []
    arguments = bound(request, case, intake.CONTEXT)
    arguments["initial"]["solutions"] = [s.slug for s in chosen]
    choice = intake.organisations_for(request.user)
    if "search" in request.POST:
        del arguments["data"]
        arguments["initial"] |= typed(request)
    form = ContextForm(
        **arguments,
        organisations=choice,
        offered=[*chosen, *(s for s in found if s not in chosen)],
    )
    if is_save(request) and form.is_valid():
        organisation = form.values().get("organisation")
        if (
            organisation is not None
            and choice.must_be_confirmed
            and permissions.had_membership(request.user, organisation)
        ):
            # Who has left, or was refused, asks anew by the choice; everybody else by sending.
            network_services.request_membership(user=request.user, organisation=organisation)
        saved = save_step(request, case, form, solutions=form.cleaned_data["solutions"])
        if saved:
            return saved(intake.CONTEXT)
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
        taken_over=[
            p.user for p in case.participants.filter(has_taken_over=True).select_related("user")
        ],
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
            case = show_conflict(request, error, form)
        except TransitionNotAllowed as error:  # anonymised in this moment
            messages.warning(request, str(error))
            return redirect("consulting:request_list")
        else:
            if not case.is_draft:
                messages.success(request, _("The sharing is changed."))
                return redirect(case)
            return Saved(request, case)(intake.SHARING)
    return step_page(
        request,
        case,
        intake.SHARING,
        form,
        "consulting/request_sharing.html",
        is_pending=intake.is_unconfirmed(request.user, case.organisation),
    )


@access(LOGIN)
@require_safe
def request_draft(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """The task list of a draft: where one goes on, on whatever device."""
    case, gone = draft_of(request, public_id)
    if gone:
        return gone
    tasks = intake.task_list(case)
    first_open = intake.first_open_step(case)
    unseen = [task for task in tasks if task.is_unseen]
    go_on = first_open.url_name if first_open else "consulting:request_check"
    context = {
        "case": case,
        "tasks": tasks,
        "open_count": sum(not task.is_complete for task in tasks),
        "first_open": first_open,
        "unseen": unseen,
        "go_on_url": unseen[0].url
        if unseen and first_open is None
        else reverse(go_on, args=[case.public_id]),
        "crumbs": crumbs(
            (_("My requests"), reverse("consulting:request_list")), (_("Draft"), None)
        ),
    }
    return render(request, "consulting/request_draft.html", context)


@access(LOGIN)
def request_check(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Everything at a glance; sends the draft. What was sent already leads to its confirmation."""
    case = get_object_or_404(
        ConsultingRequest.objects.visible_to(request.user)
        .select_related("organisation", "deputy", CONTINUED, *PROCUREMENT)
        .annotate(**with_continued(request.user)),
        public_id=public_id,
        author=request.user,
    )
    if case.is_draft and case.organisation is not None:
        refusal = _cannot_ask(request, case)
        if refusal:
            return refusal
    today = clock.today()
    urgency = _urgency_form(request, case)
    if case.is_draft and hints.is_wanted(request) and (urgency is None or urgency.is_valid()):
        return _follow_hint(request, case, urgency)
    if request.method == "POST" and (urgency is None or urgency.is_valid()):
        try:
            services.submit(
                case_id=case.pk,
                actor=request.user,
                expected_version=_number(request.POST.get("version")),
                urgency_reason=urgency.reason if urgency else None,
            )
        except services.Incomplete as error:
            return redirect(intake.step_of(error.fields[0]).url_name, case.public_id)
        except services.FilesNotReady:
            return redirect(
                f"{reverse('consulting:request_files', args=[case.public_id])}?check&unready=1"
            )
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
    answer_on = deadlines.answer_due(today)
    context = {
        "case": case,
        "sections": sections(case),
        "continued": continued(case),
        "first_response_on": deadlines.first_response_due(today),
        "answer_on": answer_on,
        "urgency": urgency,
        "is_pending": intake.is_unconfirmed(request.user, case.organisation),
        **hints.shown(request.user, case.title, case.description, is_hidden=case.hides_hints),
        "last_step": len(intake.steps_of(case)),
        "back_url": reverse(intake.steps_of(case)[-1].url_name, args=[case.public_id]),
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
        "sharing": sharing_words(case),
        "question_days": settings.OSK_CLOSE_AFTER_DAYS,
        "crumbs": crumbs(
            (_("My requests"), reverse("consulting:request_list")), (str(case.reference), None)
        ),
    }
    return render(request, "consulting/request_sent.html", context)


@access(LOGIN)
def draft_delete(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    case, gone = draft_of(request, public_id)
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


def _urgency_form(request: AuthenticatedRequest, case: ConsultingRequest) -> UrgencyForm | None:
    """Only for a wished date before the promise."""
    if not case.is_draft or not is_wished_earlier(case):
        return None
    initial = {
        "urgent": case.urgency == Urgency.WISHED,
        "urgency_reason": case.urgency_reason,
    }
    return UrgencyForm(request.POST if request.method == "POST" else None, initial=initial)


def _follow_hint(
    request: AuthenticatedRequest, case: ConsultingRequest, urgency: UrgencyForm | None
) -> HttpResponse:
    """The check page's hints: the reason for the urgency, which was typed there, is saved before."""
    if urgency is not None:
        is_urgent = urgency.cleaned_data["urgent"]
        values = {
            "urgency": Urgency.WISHED if is_urgent else Urgency.NORMAL,
            "urgency_reason": urgency.cleaned_data["urgency_reason"],
        }
        try:
            services.save_draft(
                case_id=case.pk,
                actor=request.user,
                values=values,
                expected_version=_number(request.POST.get("version")),
            )
        except TransitionNotAllowed as error:
            messages.warning(request, str(error))
            return redirect("consulting:request_check", case.public_id)
    return hints.follow(request, case, reverse("consulting:request_check", args=[case.public_id]))


def _cannot_ask(request: AuthenticatedRequest, case: ConsultingRequest) -> HttpResponse | None:
    """The membership or the entitlement has ended since the organisation was chosen."""
    if permissions.may_send_for(request.user, case.organisation):
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


def _sharing_of(case: ConsultingRequest) -> dict[str, Any]:
    people = list(case.participants.filter(has_taken_over=False).select_related("user"))
    return {
        "visibility": case.visibility,
        "readers": [str(p.user.public_id) for p in people if not p.may_write],
        "writers": [str(p.user.public_id) for p in people if p.may_write],
        "deputy": str(case.deputy.public_id) if case.deputy else "",
        "version": case.version,
    }


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None
