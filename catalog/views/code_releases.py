"""Publish own code: what it means for everybody, the list of points for those who do it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog import checking
from catalog.code_release import BY_SLUG, FILE_STEP, STEPS, Step
from catalog.code_release_forms import BeginForm, DraftForm, FileForm, StepForm
from catalog.enums import IntakeState, PointAnswer
from catalog.grants import CURRENT
from catalog.models import CodeRelease, CodeReleaseStep, Intake
from catalog.permissions import (
    can_change_code_release,
    can_publish_code,
    can_take_in,
    publishing_organisations,
)
from catalog.services import code_releases as service
from catalog.services.code_releases import open_steps
from osk_portal.accounts.models import User
from osk_portal.toolkit import tables
from osk_portal.toolkit.access import LOGIN, PUBLIC, AuthenticatedRequest, access, no_store
from osk_portal.toolkit.transitions import TransitionNotAllowed

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

MOST_SHOWN = 50
CONSULTING_START = "/beratung/anfrage/neu/"
OPENCODE = "https://gitlab.opencode.de/"


@dataclass(frozen=True)
class Task:
    """A step in the list."""

    number: int
    label: str | _StrPromise
    url: str
    is_open: bool


@access(PUBLIC)
@require_safe
def code_release_home(request: HttpRequest) -> HttpResponse:
    """What publishing means; for members their organisations' lists."""
    user = request.user
    is_member = user.is_authenticated
    releases = CodeRelease.objects.visible_to(user).select_related("organisation").defer("file")
    context = {
        "steps": STEPS,
        "releases": releases[:MOST_SHOWN] if is_member else [],
        "may_begin": is_member and can_publish_code(cast("User", user)),
        "ask_url": _ask_url(""),
        "crumbs": [(_("Solutions"), reverse("catalog:solution_list")), (_("Publish code"), None)],
    }
    response = render(request, "catalog/code_release_home.html", context)
    return no_store(response) if is_member else response


@access(can_publish_code)
@require_http_methods(["GET", "HEAD", "POST"])
def code_release_begin(request: AuthenticatedRequest) -> HttpResponse:
    organisations = publishing_organisations(request.user)
    form = BeginForm(
        request.POST if request.method == "POST" else None, organisations=organisations
    )
    if form.is_bound and form.is_valid():
        try:
            release = service.begin_code_release(
                public_id=form.cleaned_data["public_id"],
                author=request.user,
                organisation=form.cleaned_data["organisation"],
                name=form.cleaned_data["name"],
            )
        except TransitionNotAllowed as error:
            form.add_error(None, str(error))
        else:
            return redirect(release)
    context = {"form": form, "crumbs": [*_crumbs(), (_("Begin a list"), None)]}
    status = 422 if form.errors else 200
    return no_store(render(request, "catalog/code_release_begin.html", context, status=status))


@access(LOGIN)
@require_safe
def code_release(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """The list of steps, and its end: openCode and the draft in the catalog."""
    return _list_page(request, _visible(request, public_id), DraftForm())


def _list_page(
    request: AuthenticatedRequest, release: CodeRelease, form: DraftForm, status: int = 200
) -> HttpResponse:
    still_open = open_steps(release)
    tasks = _tasks(release, still_open)
    intake = release.intake
    context = {
        "release": release,
        "form": form,
        "tasks": tasks,
        "open_count": len(still_open),
        "first_open": next((task.url for task in tasks if task.is_open), ""),
        "may_change": can_change_code_release(request.user, release),
        "may_take_in": can_take_in(request.user),
        "has_draft": intake is not None and intake.state != IntakeState.REFUSED,
        "is_refused": intake is not None and intake.state == IntakeState.REFUSED,
        "intake": Intake.objects.visible_to(request.user).filter(code_releases=release).first(),
        "opencode": OPENCODE,
        "ask_url": _ask_url(release.name),
        "crumbs": [*_crumbs(), (release.name, None)],
    }
    return no_store(render(request, "catalog/code_release.html", context, status=status))


@access(LOGIN)
@require_http_methods(["GET", "HEAD", "POST"])
def code_release_step(request: AuthenticatedRequest, public_id: UUID, step: str) -> HttpResponse:
    """One step. Changed in another tab since, nothing is overwritten: 409 with what was typed."""
    release, which = _visible(request, public_id), _step(step)
    row = release.steps.filter(slug=which.slug).first()
    may_change = can_change_code_release(request.user, release)
    if request.method != "POST":
        return _step_page(request, release, which, _step_form(which, row), may_change=may_change)
    if not may_change:
        raise PermissionDenied("answer a step")
    form = _step_form(which, row, request)
    if not form.is_valid():
        return _step_page(request, release, which, form, status=422)
    try:
        service.answer_step(
            release.pk,
            actor=request.user,
            step=which.slug,
            expected_version=form.cleaned_data["version"],
            answers=form.answers,
        )
    except TransitionNotAllowed as error:
        return _conflict(request, release, which, str(error))
    following = STEPS[STEPS.index(which) + 1 :]
    messages.success(request, _("The step is saved."))
    if following and "list" not in request.POST:
        return redirect("catalog:code_release_step", release.public_id, following[0].slug)
    return redirect(release)


@access(LOGIN)
@require_POST
def code_release_file(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Check the publiccode.yml and keep it."""
    release = _visible(request, public_id)
    if not can_change_code_release(request.user, release):
        raise PermissionDenied("keep a file")
    form = FileForm(request.POST, request.FILES)
    which = BY_SLUG[FILE_STEP]
    if not form.is_valid():
        row = release.steps.filter(slug=FILE_STEP).first()
        return _step_page(
            request, release, which, _step_form(which, row), file_form=form, status=422
        )
    try:
        service.keep_file(
            release.pk,
            actor=request.user,
            text=form.text_to_keep,
            expected_version=form.cleaned_data["version"],
        )
    except TransitionNotAllowed as error:
        return _file_conflict(request, release, form.text_to_keep, str(error))
    messages.success(request, _("The file is checked and kept."))
    return redirect("catalog:code_release_step", release.public_id, FILE_STEP)


@access(LOGIN)
@require_POST
def code_release_draft(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """One click: from the checked file to a draft in the catalog."""
    release = _visible(request, public_id)
    if not can_take_in(request.user):
        raise PermissionDenied("suggest an entry")
    form = DraftForm(request.POST)
    if not form.is_valid():
        return _list_page(request, release, form, status=422)
    try:
        intake = service.make_draft(release.pk, actor=request.user, wording=CURRENT)
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
        return redirect(release)
    if Intake.objects.visible_to(request.user).filter(pk=intake.pk).exists():
        return redirect(intake)
    messages.info(request, _("A colleague has made the draft already."))
    return redirect(release)


@access(LOGIN)
@require_http_methods(["GET", "HEAD", "POST"])
def code_release_delete(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Asks first."""
    release = _visible(request, public_id)
    if not can_change_code_release(request.user, release):
        raise PermissionDenied("delete a list")
    if request.method == "POST":
        try:
            service.delete_code_release(release.pk, actor=request.user)
        except TransitionNotAllowed as error:
            messages.warning(request, str(error))
        else:
            messages.success(request, _("The list is deleted."))
        return redirect("catalog:code_release_home")
    crumbs = [*_crumbs(), (release.name, release.get_absolute_url()), (_("Delete"), None)]
    context = {"release": release, "crumbs": crumbs}
    return no_store(render(request, "catalog/code_release_delete.html", context))


@access(LOGIN)
@require_safe
def code_release_record(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """All points with answers and notes as a table, for the authority's own file."""
    release = _visible(request, public_id)
    said = {row.slug: row.answers for row in release.steps.all()}
    rows = [
        [
            str(step.label),
            str(point.label),
            str(PointAnswer(answer["answer"]).label),
            answer["note"],
        ]
        for step in STEPS
        for point in step.points
        for answer in [said.get(step.slug, {}).get(point.key, {"answer": "open", "note": ""})]
    ]
    head = [_("Step"), _("Point"), _("Answer"), _("Note or reason")]
    data = tables.as_file(tables.ODS, release.name, head, rows)
    response = HttpResponse(data, content_type=tables.TYPES[tables.ODS])
    response["Content-Disposition"] = 'attachment; filename="code-veroeffentlichen.ods"'
    return no_store(response)


def _visible(request: AuthenticatedRequest, public_id: UUID) -> CodeRelease:
    found = CodeRelease.objects.visible_to(request.user)
    return get_object_or_404(found.select_related("organisation", "intake"), public_id=public_id)


def _step(slug: str) -> Step:
    if slug not in BY_SLUG:
        raise Http404(slug)
    return BY_SLUG[slug]


def _step_form(
    step: Step, row: CodeReleaseStep | None, request: HttpRequest | None = None
) -> StepForm:
    return StepForm(
        request.POST if request else None,
        step=step,
        answers=row.answers if row else {},
        version=row.version if row else 0,
    )


def _conflict(
    request: AuthenticatedRequest, release: CodeRelease, step: Step, problem: str
) -> HttpResponse:
    row = CodeReleaseStep.objects.filter(release=release.pk, slug=step.slug).first()
    if row is None:  # the whole list was deleted
        messages.warning(request, problem)
        return redirect("catalog:code_release_home")
    data = request.POST.copy()
    data["version"] = str(row.version)
    form = StepForm(data, step=step, answers=row.answers, version=row.version)
    now = [
        (point.label, PointAnswer(answer["answer"]).label, answer["note"])
        for point in step.points
        if (answer := row.answers.get(point.key))
    ]
    return _step_page(request, release, step, form, now=now, status=409)


def _file_conflict(
    request: AuthenticatedRequest, release: CodeRelease, text: str, problem: str
) -> HttpResponse:
    """The file of this tab stands in the field, what is kept is checked above it; sent again, it counts."""
    now = CodeRelease.objects.visible_to(request.user).filter(pk=release.pk).first()
    if now is None:  # the whole list was deleted
        messages.warning(request, problem)
        return redirect("catalog:code_release_home")
    form = FileForm({"text": text, "version": str(now.file_version)})
    form.add_error("text", problem)
    row = now.steps.filter(slug=FILE_STEP).first()
    which = BY_SLUG[FILE_STEP]
    return _step_page(request, now, which, _step_form(which, row), file_form=form, status=409)


def _step_page(
    request: AuthenticatedRequest,
    release: CodeRelease,
    step: Step,
    form: StepForm,
    *,
    file_form: FileForm | None = None,
    may_change: bool = True,
    now: Sequence[tuple[object, object, str]] = (),
    status: int = 200,
) -> HttpResponse:
    """``now``: what is saved of each point, where somebody else has changed the step."""
    is_file = step.slug == FILE_STEP
    number = STEPS.index(step) + 1
    context = {
        "release": release,
        "step": step,
        "number": number,
        "total": len(STEPS),
        "previous": STEPS[number - 2] if number > 1 else None,
        "form": form,
        "may_change": may_change,
        "conflict": now,
        "file_form": (
            file_form or FileForm(initial={"text": release.file, "version": release.file_version})
        )
        if is_file
        else None,
        "found": checking.check(release.file.encode()) if is_file and release.file else None,
        "crumbs": [*_crumbs(), (release.name, release.get_absolute_url()), (step.label, None)],
    }
    return no_store(render(request, "catalog/code_release_step.html", context, status=status))


def _tasks(release: CodeRelease, still_open: list[str]) -> list[Task]:
    return [
        Task(
            number,
            step.label,
            reverse("catalog:code_release_step", args=[release.public_id, step.slug]),
            step.slug in still_open,
        )
        for number, step in enumerate(STEPS, 1)
    ]


def _ask_url(name: str) -> str:
    title = _("Publish own code: %(name)s") % {"name": name} if name else _("Publish own code")
    return f"{CONSULTING_START}?{urlencode({'title': title, 'topic': 'publishing_code'})}"


def _crumbs() -> list[tuple[str, str | None]]:
    return [
        (_("Solutions"), reverse("catalog:solution_list")),
        (_("Publish code"), reverse("catalog:code_release_home")),
    ]
