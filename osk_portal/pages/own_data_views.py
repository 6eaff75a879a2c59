"""Mein Bereich, Meine Daten: what is stored, a copy of it, and the end of the account."""

from __future__ import annotations

from allauth.account.internal.flows.reauthentication import (
    is_reauthentication_required as is_sign_in_old,
)
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from osk_portal import portal
from osk_portal.accounts import second_factor
from osk_portal.pages import my_area, own_data
from osk_portal.pages.forms import EndAccountForm
from osk_portal.pages.limits import within_limit
from osk_portal.toolkit import clock
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access, no_store
from osk_portal.toolkit.transitions import TransitionNotAllowed


@access(LOGIN)
@require_safe
def own_data_page(request: AuthenticatedRequest) -> HttpResponse:
    context = {
        "areas": list(portal.personal_data),
        "account_navigation": my_area.navigation(request),
        "crumbs": [(_("My area"), reverse("pages:my_area")), (_("My data"), "")],
    }
    return render(request, "pages/own_data.html", context)


@access(LOGIN)
@require_POST
def own_data_copy(request: AuthenticatedRequest) -> HttpResponse:
    """The copy as a download; after a sign-in that is fresh, for who leaves a screen unlocked."""
    if (way := _to_prove(request)) is not None:
        return way
    if not within_limit(request, "own_data_copy", key=str(request.user.public_id)):
        return render(request, "429.html", status=429)
    response = HttpResponse(own_data.copy_for(request.user), content_type="application/zip")
    stem = _("my-data")
    name = f"{stem}-{clock.today():%Y-%m-%d}.zip"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return no_store(response)


@access(LOGIN)
@require_http_methods(["GET", "HEAD", "POST"])
def account_end(request: AuthenticatedRequest) -> HttpResponse:
    """Delete the own account: what becomes of each thing, the password, then it is done."""
    user = request.user
    if not user.has_usable_password() and (way := _to_prove(request)) is not None:
        return way
    is_sent = request.method == "POST"
    if is_sent and not within_limit(request, "account_end", key=str(user.public_id)):
        return render(request, "429.html", status=429)
    form = EndAccountForm(request.POST if is_sent else None, user=user)
    if is_sent and form.is_valid():
        try:
            own_data.end_account(user_id=user.pk)
        except own_data.NotYet:
            form.add_error(None, _("Something must be settled before your account can go."))
        except TransitionNotAllowed as error:
            form.add_error(None, str(error))
        else:
            logout(request)
            messages.success(
                request, _("Your account is deleted. We have sent you a last mail about it.")
            )
            return redirect("pages:home")
    context = {
        "form": form,
        "obstacles": own_data.obstacles_of(user),
        "areas": list(portal.personal_data),
        "memberships_url": reverse("pages:my_area"),
        "account_navigation": my_area.navigation(request),
        "crumbs": [
            (_("My area"), reverse("pages:my_area")),
            (_("My data"), reverse("pages:own_data")),
            (_("Delete account"), ""),
        ],
    }
    return render(request, "pages/account_end.html", context)


def _to_prove(request: AuthenticatedRequest) -> HttpResponse | None:
    """Where a person whose sign-in is old proves again to be there; staff by the second factor."""
    way = ""
    if request.user.is_staff and not second_factor.is_proved_recently(request):
        way = reverse("mfa_reauthenticate")
    elif not request.user.is_staff and is_sign_in_old(request, app="allauth.account"):
        way = reverse("account_reauthenticate")
    if not way:
        return None
    messages.info(request, _("Please prove first that it is you. Then go on here."))
    back = reverse("pages:own_data") if request.method == "POST" else request.path
    return redirect(f"{way}?next={back}")
