"""A text of one's own, changed within five minutes."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from consulting import permissions, services
from consulting.edit_form import REMOVE, EditForm, remove_named
from consulting.views.requests import find_case
from consulting.views.start import crumbs
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access
from osk_portal.toolkit.transitions import TransitionNotAllowed


@access(LOGIN)
@require_http_methods(["GET", "HEAD", "POST"])
def message_edit(request: AuthenticatedRequest, public_id: UUID, message_id: UUID) -> HttpResponse:
    case = find_case(request, public_id)
    said = get_object_or_404(case.messages.filter(is_internal=False), public_id=message_id)
    if not permissions.can_edit_message(request.user, said, case):
        raise PermissionDenied("edit a message")
    form = EditForm(request.POST if request.method == "POST" else None, initial={"text": said.body})
    status = 200
    try:
        if REMOVE in request.POST:
            remove_named(said, request.user, request.POST[REMOVE])
            messages.success(request, _("The file is removed."))
            return redirect(request.path)
        if form.is_valid():
            services.edit_message(
                case_id=case.pk,
                actor=request.user,
                message_id=said.pk,
                text=form.cleaned_data["text"],
            )
            messages.success(request, _("Your text is changed."))
            return redirect(case)
    except TransitionNotAllowed as error:
        status = 409
        form.is_valid()
        form.add_error("text", str(error))
    if request.method != "POST" and not said.can_be_edited:
        messages.info(request, _("A text can be changed for five minutes only."))
        return redirect(case)
    context = {
        "case": case,
        "form": form,
        "files": said.files.all(),
        "crumbs": crumbs((str(case.reference), case.get_absolute_url()), (_("Change text"), None)),
    }
    if form.errors and status == 200:
        status = 422
    return render(request, "consulting/message_edit.html", context, status=status)
