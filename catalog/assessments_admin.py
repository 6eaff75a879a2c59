"""The Einschätzung as advisors write it, and the lists of criteria that they keep."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from catalog.assessment_forms import (
    AssessmentForm,
    BeginAssessmentForm,
    CriteriaListForm,
    WordsForm,
    initial_of,
    initial_of_list,
)
from catalog.enums import AssessmentAction
from catalog.models import Assessment, AssessmentEvent, CriteriaList, Solution
from catalog.permissions import can_decide
from catalog.presentation import link
from catalog.promises import due_badge
from catalog.services import (
    answer_correction,
    begin_assessment,
    discard_assessment,
    hide_reply,
    problem_of_publishing,
    publish_assessment,
    save_criteria_list,
    send_assessment,
    take_back_assessment,
    write_assessment,
)
from osk_portal.toolkit.access import AuthenticatedRequest, access
from osk_portal.toolkit.admin import OwnPagesAdmin, column
from osk_portal.toolkit.transitions import TransitionNotAllowed


def page_url(assessment: Assessment) -> str:
    return reverse("admin:catalog_assessment_page", args=[assessment.public_id])


@access(can_decide)
def assessment_begin(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """Choose the list; one in work is opened instead."""
    solution = get_object_or_404(Solution, slug=slug)
    in_work = solution.assessments.filter(state__in=("draft", "sent")).first()
    if in_work is not None and request.method != "POST":
        return redirect(page_url(in_work))
    lists = list(CriteriaList.objects.order_by("key", "-number").distinct("key"))
    form = BeginAssessmentForm(request.POST if request.method == "POST" else None, lists=lists)
    status = 200 if request.method != "POST" else 422
    if form.is_valid():
        chosen = next(
            found for found in lists if str(found.public_id) == form.cleaned_data["criteria_list"]
        )
        try:
            made = begin_assessment(
                solution_id=solution.pk, criteria_list_id=chosen.pk, actor=request.user
            )
        except TransitionNotAllowed as error:
            form.add_error(None, str(error))
            status = 409
        else:
            return redirect(page_url(made))
    context = {
        "solution": solution,
        "form": form,
        "lists": lists,
        "older": solution.assessments.order_by("-number"),
    }
    return _page(request, "assessment_begin.html", context, status)


@access(can_decide)
def assessment_page(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """The editor of a draft; what was sent or published is only shown."""
    assessment = _find(public_id)
    if request.method != "POST":
        return _show(request, assessment)
    findings = assessment.findings.select_related("criterion")
    form = AssessmentForm(request.POST, findings=findings)
    if not form.is_valid():
        return _show(request, assessment, form=form, status=422)
    try:
        write_assessment(
            assessment_id=assessment.pk,
            actor=request.user,
            expected_version=form.cleaned_data["version"],
            summary=form.cleaned_data["summary"],
            software_version=form.cleaned_data["software_version"],
            findings=form.words,
        )
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
        fresh = _find(public_id)
        form.data = {**request.POST.dict(), "version": str(fresh.version)}
        return _show(request, fresh, form=form, status=409)
    messages.success(request, _("Saved."))
    return redirect(page_url(assessment))


def _step(service: Callable[..., AssessmentEvent], done: Any) -> Callable[..., HttpResponse]:
    """A button without words of its own."""

    @access(can_decide)
    @require_POST
    def view(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
        assessment = _find(public_id)
        try:
            service(assessment_id=assessment.pk, actor=request.user)
        except TransitionNotAllowed as error:
            messages.warning(request, str(error))
        else:
            messages.success(request, str(done))
        return redirect(page_url(assessment))

    found: Callable[..., HttpResponse] = view
    return found


def _worded(
    which: str, service: Callable[..., AssessmentEvent], argument: str, done: Any
) -> Callable[..., HttpResponse]:
    """A button with a reason that the maintainer reads."""

    @access(can_decide)
    @require_POST
    def view(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
        assessment = _find(public_id)
        form = _words_form(which, request.POST)
        if not form.is_valid():
            return _show(request, assessment, words={which: form}, status=422)
        words = {argument: form.cleaned_data["text"]}
        try:
            service(assessment_id=assessment.pk, actor=request.user, **words)
        except TransitionNotAllowed as error:
            messages.warning(request, str(error))
            return _show(request, _find(public_id), words={which: form}, status=409)
        messages.success(request, str(done))
        return redirect(page_url(assessment))

    found: Callable[..., HttpResponse] = view
    return found


assessment_send = _step(send_assessment, gettext_lazy("Sent. The maintainer is told."))
assessment_take_back = _step(
    take_back_assessment, gettext_lazy("Taken back. The maintainer is told.")
)
assessment_publish = _step(publish_assessment, gettext_lazy("The assessment is published."))
assessment_discard = _step(discard_assessment, gettext_lazy("The draft is discarded."))
assessment_answer = _worded(
    "answer", answer_correction, "text", gettext_lazy("The maintainer reads your answer.")
)
assessment_hide = _worded(
    "hide", hide_reply, "reason", gettext_lazy("The reply is taken off. The maintainer is told.")
)


def _words_form(which: str, data: object = None) -> WordsForm:
    label = (
        _("Why is it not corrected?") if which == "answer" else _("Which law asks for it, and why?")
    )
    return WordsForm(data, label=label, auto_id=f"id_{which}_%s")


def _find(public_id: UUID) -> Assessment:
    rows = Assessment.objects.select_related(
        "solution__maintainer", "criteria_list", "author", "reply_of", "sent_to"
    )
    return get_object_or_404(rows, public_id=public_id)


def _due(assessment: Assessment) -> tuple[str, str] | None:
    """Of the correction that the maintainer waits for."""
    day = assessment.correction_until
    return due_badge(day) if assessment.waits_for_answer and day else None


def _show(
    request: AuthenticatedRequest,
    assessment: Assessment,
    *,
    form: AssessmentForm | None = None,
    words: dict[str, WordsForm] | None = None,
    status: int = 200,
) -> HttpResponse:
    findings = list(assessment.findings.select_related("criterion"))
    may_write = assessment.can(AssessmentAction.WRITE)
    if form is None and may_write:
        form = AssessmentForm(findings=findings, initial=initial_of(assessment, findings))
    shown = dict(words or {})
    if assessment.waits_for_answer and assessment.can(AssessmentAction.ANSWER):
        shown.setdefault("answer", _words_form("answer"))
    if assessment.public_reply and assessment.can(AssessmentAction.HIDE):
        shown.setdefault("hide", _words_form("hide"))
    has_maintainer = assessment.solution.maintainer_id is not None
    problem = problem_of_publishing(assessment)
    context = {
        "assessment": assessment,
        "solution": assessment.solution,
        "due": _due(assessment),
        "form": form,
        "may_write": may_write,
        "findings": [
            (finding, link(finding.evidence, assessment.solution.dead_links))
            for finding in findings
        ],
        "may_send": assessment.can(AssessmentAction.SEND) and has_maintainer,
        "may_publish": assessment.can(AssessmentAction.PUBLISH) and not problem,
        "problem": problem if assessment.can(AssessmentAction.PUBLISH) else "",
        "may_take_back": assessment.can(AssessmentAction.TAKE_BACK),
        "may_discard": assessment.can(AssessmentAction.DISCARD),
        "answer": shown.get("answer"),
        "hide": shown.get("hide"),
        "events": assessment.events.select_related("actor"),
    }
    return _page(request, "assessment_page.html", context, status)


def _page(
    request: HttpRequest, template: str, context: dict[str, Any], status: int
) -> HttpResponse:
    shell = admin.site.each_context(request)
    return render(request, f"admin/catalog/{template}", {**shell, **context}, status=status)


@admin.register(Assessment)
class AssessmentAdmin(OwnPagesAdmin):
    url_of = staticmethod(page_url)
    list_display = [
        "entry",
        "number",
        "state",
        column("criteria_list", gettext_lazy("list of criteria")),
        "publish_from",
        "published_at",
    ]
    list_filter = ["state"]
    list_select_related = ["solution", "criteria_list"]
    search_fields = ["solution__name"]
    ordering = ["publish_from", "-created_at"]

    @admin.display(description=gettext_lazy("Solution"), ordering="solution__sort_key")
    def entry(self, assessment: Assessment) -> str:
        return assessment.solution.name

    def get_urls(self) -> list[URLPattern]:
        prefix, wrap = "catalog_assessment", self.admin_site.admin_view
        steps = {
            "send": assessment_send,
            "take-back": assessment_take_back,
            "publish": assessment_publish,
            "discard": assessment_discard,
            "answer": assessment_answer,
            "hide": assessment_hide,
        }
        return [
            path("neu/<slug:slug>/", wrap(assessment_begin), name=f"{prefix}_begin"),
            path("<uuid:public_id>/", wrap(assessment_page), name=f"{prefix}_page"),
            *(
                path(f"<uuid:public_id>/{name}/", wrap(view), name=f"{prefix}_{name}")
                for name, view in steps.items()
            ),
            *super().get_urls(),
        ]


@access(can_decide)
@require_safe
def criteria_page(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    found = get_object_or_404(CriteriaList, public_id=public_id)
    newer = CriteriaList.objects.filter(key=found.key, number__gt=found.number)
    context = {
        "list": found,
        "criteria": found.criteria.all(),
        "newer": newer.order_by("-number").first(),
    }
    return _page(request, "criteria_page.html", context, 200)


@access(can_decide)
def criteria_new(request: AuthenticatedRequest, key: str = "") -> HttpResponse:
    """A new list, or a new version of the list ``key``."""
    versions = CriteriaList.objects.filter(key=key).order_by("-number")
    newest = versions.first()
    if key and newest is None:
        raise Http404
    initial = initial_of_list(newest) if newest else {"seen_number": 0}
    form = CriteriaListForm(request.POST if request.method == "POST" else None, initial=initial)
    status = 200 if request.method != "POST" else 422
    if form.is_valid():
        try:
            made = save_criteria_list(actor=request.user, key=key or form.key, **form.words)
        except TransitionNotAllowed as error:
            form.add_error(None, str(error))
            status = 409
        else:
            messages.success(request, _("The list is saved as a version of its own."))
            return redirect("admin:catalog_criterialist_page", made.public_id)
    context = {"form": form, "newest": newest}
    return _page(request, "criteria_form.html", context, status)


def criteria_url(criteria_list: CriteriaList) -> str:
    return reverse("admin:catalog_criterialist_page", args=[criteria_list.public_id])


@admin.register(CriteriaList)
class CriteriaListAdmin(OwnPagesAdmin):
    url_of = staticmethod(criteria_url)
    list_display = ["name", "version_name", "publisher", "issued_on", "number"]
    ordering = ["name", "-number"]

    def get_urls(self) -> list[URLPattern]:
        prefix, wrap = "catalog_criterialist", self.admin_site.admin_view
        return [
            path("neu/", wrap(criteria_new), name=f"{prefix}_new"),
            path("neu/<slug:key>/", wrap(criteria_new), name=f"{prefix}_version"),
            path("<uuid:public_id>/", wrap(criteria_page), name=f"{prefix}_page"),
            *super().get_urls(),
        ]
