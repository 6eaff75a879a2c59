"""The OSK changes a message or an internal note of its own within five minutes."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from consulting import permissions, queues, services
from consulting.admin.common import case_frame, find_case, page, queue_of
from consulting.edit_form import REMOVE, EditForm, PublicEditForm, remove_named
from osk_portal.accounts.permissions import is_advisor
from osk_portal.toolkit.access import AuthenticatedRequest, access
from osk_portal.toolkit.transitions import TransitionNotAllowed


@access(is_advisor)
@require_http_methods(["GET", "HEAD", "POST"])
def message_edit(request: AuthenticatedRequest, public_id: UUID, message_id: UUID) -> HttpResponse:
    """Who reads the text follows from the message, never from this form."""
    case = find_case(request.user, public_id)
    said = get_object_or_404(case.messages, public_id=message_id)
    if not permissions.can_edit_message(request.user, said, case):
        raise PermissionDenied("edit a message")
    queue = queue_of(request)
    back = queues.case_url(case, queue)
    form_class = EditForm if said.is_internal else PublicEditForm
    form = form_class(
        request.POST if request.method == "POST" else None, initial={"text": said.body}
    )
    status = 200
    try:
        if REMOVE in request.POST:
            remove_named(said, request.user, request.POST[REMOVE])
            messages.success(request, _("The file is removed."))
            return redirect(queues.edit_url(case, message_id, queue))
        if form.is_valid():
            services.edit_message(
                case_id=case.pk,
                actor=request.user,
                message_id=said.pk,
                text=form.cleaned_data["text"],
            )
            messages.success(request, _("Your text is changed."))
            return redirect(back)
    except TransitionNotAllowed as error:
        status = 409
        form.is_valid()
        form.add_error("text", str(error))
    if request.method != "POST" and not said.can_be_edited:
        messages.info(request, _("A text can be changed for five minutes only."))
        return redirect(back)
    context = {"form": form, "said": said, "files": said.files.all()}
    if form.errors and status == 200:
        status = 422
    return page(
        request, "message_edit.html", {**case_frame(request, case), **context}, status=status
    )
