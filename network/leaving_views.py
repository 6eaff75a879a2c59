"""Ending a membership, what was left behind, and who belongs to an organisation."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from network import leaving, permissions
from network.enums import MembershipAction, MembershipState
from network.leaving_forms import HandOverForm
from network.models import Membership, Organisation
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access
from osk_portal.toolkit.transitions import TransitionNotAllowed


@access(LOGIN)
def membership_end(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """End a membership and hand over; once it has ended, hand over what was left behind."""
    membership = _find(request, public_id)
    has_ended = membership.state == MembershipState.ENDED
    if has_ended and membership.user_id == request.user.pk:
        messages.info(request, _("Your membership has ended."))
        return redirect("pages:my_area")
    if not has_ended and membership.state not in Membership.ALLOWED[MembershipAction.END]:
        raise Http404  # nothing to end: it was never confirmed
    if not permissions.can_end_membership(request.user, membership):
        raise PermissionDenied
    rows = leaving.rows_of(membership, request.user)
    successors = leaving.successors_for(membership, request.user)
    data = request.POST if request.method == "POST" else None
    form = HandOverForm(data, rows=rows, successors=successors)
    if form.is_valid():
        work = leaving.hand_over_left if has_ended else leaving.end_membership
        try:
            settled = work(membership_id=membership.pk, actor=request.user, choice=form.choice)
        except TransitionNotAllowed as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _said(settled, has_ended))
            return redirect(_back(request, membership))
    context = {
        "membership": membership,
        "is_own": membership.user_id == request.user.pk,
        "has_ended": has_ended,
        "is_last_manager": leaving.is_last_manager(membership),
        "successors": successors,
        "form": form,
        "back": _back(request, membership),
        "crumbs": [
            (_("My area"), reverse("pages:my_area")),
            (_("Hand over") if has_ended else _("End membership"), None),
        ],
    }
    return render(request, "network/membership_end.html", context)


@access(LOGIN)
def succession_list(request: AuthenticatedRequest) -> HttpResponse:
    """What people have left behind: of the own organisation, for the OSK where nobody manages it."""
    context = {
        "memberships": Membership.objects.unsettled_for(request.user),
        "crumbs": [
            (_("My area"), reverse("pages:my_area")),
            (_("Successors to choose"), None),
        ],
    }
    return render(request, "network/succession_list.html", context)


@access(LOGIN)
def member_list(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """Who belongs to the organisation, for its Organisationsverwaltung."""
    organisation = get_object_or_404(Organisation, slug=slug)
    if not permissions.can_see_members(request.user, organisation):
        mine = permissions.active_memberships(request.user)
        if any(membership.organisation_id == organisation.pk for membership in mine):
            raise PermissionDenied
        raise Http404
    members = Membership.objects.filter(organisation=organisation, state__in=Membership.OPEN)
    context = {
        "organisation": organisation,
        "may_set_mailbox": permissions.can_set_mailbox(request.user, organisation),
        "members": [
            (
                membership,
                membership.state in Membership.ALLOWED[MembershipAction.END]
                and permissions.can_end_membership(request.user, membership),
                membership.state in Membership.ALLOWED[MembershipAction.CONFIRM]
                and permissions.can_decide_membership(request.user, membership),
            )
            for membership in members.select_related("user", "organisation").order_by(
                "user__name", "pk"
            )
        ],
        "crumbs": [(_("My area"), reverse("pages:my_area")), (_("Members"), None)],
    }
    return render(request, "network/member_list.html", context)


def _find(request: AuthenticatedRequest, public_id: UUID) -> Membership:
    """One's own, or one that ``request.user`` has a say in; 404 for everybody else."""
    mine = Q(user=request.user)
    decidable = Membership.objects.decidable_by(request.user).order_by().values("pk")
    rows = Membership.objects.filter(mine | Q(pk__in=decidable))
    return get_object_or_404(rows.select_related("organisation", "user"), public_id=public_id)


def _said(settled: leaving.Settled, had_ended: bool) -> str:
    said = [] if had_ended else [_("The membership has ended.")]
    if settled.handed_over:
        text = ngettext(
            "%d entry is handed over.", "%d entries are handed over.", settled.handed_over
        )
        said.append(text % settled.handed_over)
    if settled.left:
        text = ngettext(
            "%d entry still waits for a successor.",
            "%d entries still wait for a successor.",
            settled.left,
        )
        said.append(text % settled.left)
    return " ".join(said) or _("Nothing was changed.")


def _back(request: AuthenticatedRequest, membership: Membership) -> str:
    if membership.user_id == request.user.pk:
        return reverse("pages:my_area")
    return reverse("network:member_list", args=[membership.organisation.slug])
