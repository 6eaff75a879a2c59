"""Einschätzung des OSK as everybody reads it, and as the maintainer answers it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from catalog.assessment_forms import ReplyForm, WordsForm
from catalog.enums import AssessmentAction
from catalog.grants import CURRENT
from catalog.models import Assessment, AssessmentEvent, Solution
from catalog.permissions import belongs_to_maintainer, can_propose
from catalog.presentation import link
from catalog.services import ask_for_correction, reply_to_assessment
from osk_portal.toolkit.access import LOGIN, PUBLIC, AuthenticatedRequest, access, no_store
from osk_portal.toolkit.transitions import TransitionNotAllowed

MOST_VERSIONS = 50


@require_safe
@access(PUBLIC)
def assessment_current(request: HttpRequest, slug: str) -> HttpResponse:
    """The published one."""
    solution = get_object_or_404(Solution.objects.visible_to(request.user), slug=slug)
    found = Assessment.objects.published().filter(solution=solution)
    assessment = found.select_related("criteria_list", "reply_of", "solution").first()
    if assessment is None:
        raise Http404(slug)
    return _show(request, assessment)


@require_safe
@access(PUBLIC)
def assessment_detail(request: HttpRequest, slug: str, public_id: UUID) -> HttpResponse:
    """Any version that one may see: an older one, or one that is not published yet."""
    return _show(request, _find(request, slug, public_id))


@require_POST
@access(LOGIN)
def assessment_reply(request: AuthenticatedRequest, slug: str, public_id: UUID) -> HttpResponse:
    return _answer(
        request,
        _of_maintainer(request, slug, public_id),
        "reply",
        reply_to_assessment,
        _("Thank you. Your reply stands beside the assessment."),
    )


@require_POST
@access(LOGIN)
def assessment_correct(request: AuthenticatedRequest, slug: str, public_id: UUID) -> HttpResponse:
    return _answer(
        request,
        _of_maintainer(request, slug, public_id),
        "correction",
        ask_for_correction,
        _("Thank you. The OSK checks what you have written."),
    )


def _answer(
    request: AuthenticatedRequest,
    assessment: Assessment,
    which: str,
    service: Callable[..., AssessmentEvent | None],
    done: str,
) -> HttpResponse:
    form = _form(which, request.POST)
    if not form.is_valid():
        return _show(request, assessment, {which: form}, 422)
    try:
        service(
            assessment_id=assessment.pk,
            actor=request.user,
            text=form.cleaned_data["text"],
            **({"wording": CURRENT} if isinstance(form, ReplyForm) else {}),
        )
    except TransitionNotAllowed as error:
        form.add_error(None, str(error))
        return _show(request, assessment, {which: form}, 409)
    messages.success(request, done)
    return redirect(assessment)


def _find(request: HttpRequest, slug: str, public_id: UUID) -> Assessment:
    rows = Assessment.objects.visible_to(request.user)
    rows = rows.select_related("solution", "criteria_list", "reply_of")
    return get_object_or_404(rows, solution__slug=slug, public_id=public_id)


def _of_maintainer(request: AuthenticatedRequest, slug: str, public_id: UUID) -> Assessment:
    """A stranger does not learn that it is theirs to answer; a member without the role is told."""
    assessment = _find(request, slug, public_id)
    if not belongs_to_maintainer(request.user, assessment.solution):
        raise Http404
    if not can_propose(request.user, assessment.solution):
        raise PermissionDenied
    return assessment


def _form(which: str, data: object = None) -> WordsForm:
    if which == "reply":
        return ReplyForm(data, label=_("What you reply"), auto_id="id_reply_%s")
    return WordsForm(data, label=_("What is wrong?"), auto_id="id_correction_%s")


def _show(
    request: HttpRequest,
    assessment: Assessment,
    forms: dict[str, WordsForm] | None = None,
    status: int = 200,
) -> HttpResponse:
    """``forms``: with their errors, or with a text that found the assessment changed."""
    solution = assessment.solution
    is_theirs = can_propose(request.user, solution) and assessment.can(AssessmentAction.REPLY)
    shown = dict(forms or {})
    if is_theirs:
        shown.setdefault("reply", _form("reply"))
        if not forms and assessment.reply:
            shown["reply"].initial["text"] = assessment.reply
        if not assessment.waits_for_answer:
            shown.setdefault("correction", _form("correction"))
    is_member = request.user.is_authenticated and (
        request.user.is_advisor or belongs_to_maintainer(request.user, solution)
    )
    versions = Assessment.objects.visible_to(request.user).filter(
        solution=solution, published_at__isnull=False
    )
    context = {
        "solution": solution,
        "assessment": assessment,
        "findings": [
            (finding, link(finding.evidence, solution.dead_links))
            for finding in assessment.findings.select_related("criterion")
        ],
        "versions": versions[:MOST_VERSIONS],
        "reply_form": shown.get("reply"),
        "correction_form": shown.get("correction"),
        "is_member": is_member,
        "crumbs": [
            (_("Solutions"), reverse("catalog:solution_list")),
            (solution.name, solution.get_absolute_url()),
            (_("Assessment of the OSK"), None),
        ],
    }
    response = render(request, "catalog/assessment_detail.html", context, status=status)
    return no_store(response) if request.user.is_authenticated else response
