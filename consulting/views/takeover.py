"""The Organisationsverwaltung takes over a request, with a reason. Before, it sees no content."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from consulting import permissions, services
from consulting.forms import take_over_form
from consulting.models import ConsultingRequest
from consulting.presentation import Standing
from consulting.views.start import crumbs
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access
from osk_portal.toolkit.transitions import TransitionNotAllowed


@access(LOGIN)
def request_take_over(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    case = _find(request, public_id)
    if permissions.is_requester_side(request.user, case):
        messages.info(request, _("You work along in this request already."))
        return redirect(case)
    form = take_over_form(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            services.take_over(
                case_id=case.pk, actor=request.user, reason=form.cleaned_data["text"]
            )
        except TransitionNotAllowed as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("You work along in this request now. The author is told."))
            return redirect(case)
    context = {
        "case": case,
        "standing": Standing(case),
        "form": form,
        "crumbs": crumbs(
            (_("My requests"), reverse("consulting:request_list")), (_("Take over request"), None)
        ),
    }
    return render(request, "consulting/request_take_over.html", context)


def _find(request: AuthenticatedRequest, public_id: UUID) -> ConsultingRequest:
    """404 for strangers; 403 for those who read the request without managing the organisation."""
    managed = ConsultingRequest.objects.of_managed_organisations(request.user)
    case = managed.for_list().filter(public_id=public_id).first()
    if case is not None:
        return case
    if ConsultingRequest.objects.visible_to(request.user).filter(public_id=public_id).exists():
        raise PermissionDenied
    raise Http404
