"""The step "Dateien" of the intake, and the one address that gives files out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from consulting import intake, services
from consulting.file_forms import FilesForm
from consulting.models import CaseFile, ConsultingRequest, FileState
from consulting.views.steps import Saved, draft_of, step_page
from osk_portal.accounts.models import User
from osk_portal.toolkit import uploads
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access
from osk_portal.toolkit.downloads import download
from osk_portal.toolkit.transitions import TransitionNotAllowed


@access(LOGIN)
def request_files(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Add several files at once, take one away. Good ones stay when others are refused."""
    case, gone = draft_of(request, public_id)
    if gone:
        return gone
    form = FilesForm(request.POST, request.FILES) if request.method == "POST" else FilesForm()
    status = 200
    if "remove" in request.POST:
        try:
            _remove(request, case)
        except TransitionNotAllowed as error:  # sent in the same moment
            messages.warning(request, str(error))
            return redirect("consulting:request_detail", case.public_id)
        return redirect(_here(request, case))
    if "unready" in request.GET and request.method != "POST":
        form = _unready(case)
    if request.method == "POST" and form.is_valid():
        try:
            refusals = _add_all(case, request.user, form.cleaned_data["chosen"])
        except TransitionNotAllowed:
            return _was_sent(request, case, form.cleaned_data["chosen"])
        for refusal in refusals:
            form.add_error("chosen", refusal)
        if form.is_valid():
            if "add" in request.POST:
                return redirect(_here(request, case))
            return Saved(request, case)(intake.FILES)
        status = 422
    return step_page(
        request,
        case,
        intake.FILES,
        form,
        "consulting/request_files.html",
        status=status,
        files=case.files.all(),
        most=settings.OSK_FILES_MOST,
        most_mb=settings.OSK_FILE_MOST_MB,
        total_mb=settings.OSK_FILES_MOST_MB,
    )


def _here(request: AuthenticatedRequest, case: ConsultingRequest) -> str:
    """The step again; who came from the check page still goes back there."""
    address = reverse("consulting:request_files", args=[case.public_id])
    return f"{address}?check" if "check" in request.GET else address


@access(LOGIN)
@require_safe
def file_download(request: AuthenticatedRequest, public_id: UUID) -> HttpResponseBase:
    """Who may read the case may read its files; internal ones only the OSK. Never shown, always saved:
    whatever the content is, no browser takes it for a page of ours."""
    files = CaseFile.objects.filter(
        state=FileState.CLEAN, case__in=ConsultingRequest.objects.visible_to(request.user)
    )
    if not request.user.is_advisor:
        files = files.filter(is_internal=False)
    kept = get_object_or_404(files.select_related("case"), public_id=public_id)
    try:
        content = kept.content.open("rb")
    except FileNotFoundError:
        raise Http404 from None  # taken away in the same moment
    if request.method == "GET":
        services.note_read(file=kept, actor=request.user)
    return download(content, kept.name)


def _unready(case: ConsultingRequest) -> FilesForm:
    """Why the request could not be sent, at the field; an empty form when all files are good by now."""
    states = set(case.files.values_list("state", flat=True))
    form = FilesForm({})
    form.is_valid()
    if FileState.QUARANTINED in states:
        form.add_error(
            "chosen",
            _(
                "A file is still being checked. Send the request when the check is done, or remove the file."
            ),
        )
    if states & {FileState.INFECTED, FileState.REFUSED}:
        form.add_error("chosen", _("We found malware in a file. Remove it to send the request."))
    return form if form.errors else FilesForm()


def _was_sent(
    request: AuthenticatedRequest, case: ConsultingRequest, given: Sequence[UploadedFile[Any]]
) -> HttpResponse:
    """In the same moment, from another page. What has not gone along is named."""
    had = set(case.files.values_list("name", flat=True))
    missing = [upload.name for upload in given if upload.name not in had]
    messages.warning(
        request,
        _(
            "This request was sent already. These files did not go along: %(names)s. Send them with a message."
        )
        % {"names": ", ".join(str(name) for name in missing)},
    )
    return redirect("consulting:request_detail", case.public_id)


def _add_all(case: ConsultingRequest, actor: User, given: Sequence[UploadedFile[Any]]) -> list[str]:
    """Adds what is good; says of each other one why not."""
    refusals = []
    for upload in given:
        name = upload.name or ""
        try:
            if (upload.size or 0) > settings.OSK_FILE_MOST_MB * 1024 * 1024:
                raise uploads.too_large(settings.OSK_FILE_MOST_MB * 1024 * 1024)
            services.add_file(
                case_id=case.pk, actor=actor, name=name, data=upload.read(), is_for_draft=True
            )
        except uploads.Refused as error:
            refusals.append(_("“%(name)s”: %(reason)s") % {"name": name, "reason": error})
    return refusals


def _remove(request: AuthenticatedRequest, case: ConsultingRequest) -> None:
    """One that is gone already is what was asked for."""
    try:
        wanted = UUID(request.POST["remove"])
    except ValueError:
        raise Http404 from None
    kept = case.files.filter(public_id=wanted).first()
    if kept:
        services.remove_file(
            case_id=case.pk, actor=request.user, file_id=kept.pk, is_for_draft=True
        )
        messages.success(request, _("The file is removed."))
