"""Noch da? The page on which somebody who knows answers, and the list of what is asked."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from network import permissions
from network.leaving import is_last_manager
from network.models import Membership
from network.presence import confirm_still_there, waiting_for
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access
from osk_portal.toolkit.transitions import TransitionNotAllowed


@access(LOGIN)
def presence(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Is the person still there? GET shows the question, POST says yes; the way to no is another page."""
    membership = get_object_or_404(
        Membership.objects.decidable_by(request.user), public_id=public_id
    )
    question = membership.presence_questions.order_by("-asked_at", "-pk").first()
    if question is None:
        raise Http404  # nothing was ever asked
    if request.method == "POST":
        try:
            confirm_still_there(membership_id=membership.pk, actor=request.user)
        except TransitionNotAllowed as error:
            messages.info(request, str(error))
        else:
            messages.success(
                request, _("Saved: %(person)s is still there.") % {"person": membership.user}
            )
        return redirect("network:presence_list")
    if not question.is_open:
        messages.info(request, _("Nothing is asked about this membership any more."))
        return redirect("network:presence_list")
    context = {
        "membership": membership,
        "question": question,
        "may_end": permissions.can_end_membership(request.user, membership)
        and not is_last_manager(membership),
        "crumbs": [
            (_("My area"), reverse("pages:my_area")),
            (_("Still there?"), reverse("network:presence_list")),
            (str(membership.user), None),
        ],
    }
    return render(request, "network/presence.html", context)


@access(LOGIN)
def presence_list(request: AuthenticatedRequest) -> HttpResponse:
    """Of the own organisation; for the OSK where nobody else manages it."""
    context = {
        "questions": waiting_for(request.user),
        "crumbs": [(_("My area"), reverse("pages:my_area")), (_("Still there?"), None)],
    }
    return render(request, "network/presence_list.html", context)
