"""Wished test environments: what others ask for, one's own wishes, and prototypes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from network.models import Organisation
from osk_portal.pages.limits import TOO_OFTEN, within_limit
from osk_portal.toolkit.access import LOGIN, PUBLIC, AuthenticatedRequest, access, no_store
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import permissions
from sandbox.enums import WishState
from sandbox.models import Wish
from sandbox.services import wishes
from sandbox.wish_forms import JoinForm, PrototypeForm, WishForm
from sandbox.wish_texts import TEXTS

PAGE_SIZE = 30


@require_GET
@access(PUBLIC)
def wish_list(request: HttpRequest) -> HttpResponse:
    """What authorities ask for, and one's own wishes. Who asked and why is for the OSK only."""
    shown = Wish.objects.shown().most_wanted().select_related("blueprint")
    mine = []
    if request.user.is_authenticated:
        own = Wish.objects.mine(request.user).counted().select_related("blueprint")
        mine = [_row(wish) for wish in own[:50]]
    page = Paginator(shown, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [_row(wish) for wish in page.object_list],
        "mine": mine,
        "crumbs": _crumbs(_("Wished test environments"), is_list=True),
    }
    return render(request, "sandbox/wish_list.html", context)


def _row(wish: Wish) -> dict[str, object]:
    badge, text = TEXTS[wish.state]
    return {"wish": wish, "badge": badge, "text": text}


@require_GET
@access(LOGIN)
def wish_detail(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    wish = _find(request, public_id)
    if wish.state == WishState.MERGED and wish.merged_into is not None:
        return redirect(wish.merged_into)
    return _show(request, wish)


@require_POST
@access(LOGIN)
def wish_join(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    wish = _find(request, public_id)
    organisations = _may_join_for(request, wish)
    if not organisations:
        raise PermissionDenied("join a wish")
    form = JoinForm(request.POST, organisations=organisations)
    if not form.is_valid():
        return _show(request, wish, form=form, status=422)
    try:
        wishes.join_wish(
            wish_id=wish.pk,
            actor=request.user,
            organisation=form.cleaned_data["organisation"],
            why=form.cleaned_data["why"],
        )
    except TransitionNotAllowed as error:
        form.add_error(None, str(error))
        # A wish that was declined meanwhile is no longer to be seen; what was typed still is.
        now = Wish.objects.visible_to(request.user).filter(public_id=public_id).exists()
        return _show(request, _find(request, public_id) if now else wish, form=form, status=409)
    messages.success(request, _("Thank you. We have added your wish."))
    return redirect(wish)


@require_POST
@access(LOGIN)
def wish_take_back(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """One's own asking only; twice is once, and once the wish is gone it leads to the list."""
    wish = Wish.objects.visible_to(request.user).filter(public_id=public_id).first()
    if wish is not None:
        wishes.take_back(wish_id=wish.pk, actor=request.user)
        messages.success(request, _("You no longer ask for this test environment."))
    return redirect("sandbox:wish_list")


@require_http_methods(["GET", "POST"])
@access(LOGIN)
def wish_new(request: AuthenticatedRequest) -> HttpResponse:
    """``?produkt=Nextcloud``: a name that is there already, from a page of the catalog for instance."""
    organisations = permissions.bookable_organisations(request.user)
    if not organisations:
        return _not_entitled(request)
    form = WishForm(
        request.POST if request.method == "POST" else None,
        organisations=organisations,
        initial={"name": request.GET.get("produkt", "")[:100]},
    )
    status = 422 if form.errors else 200
    if form.is_valid():
        wish, status = _sent(request, form, partial(_ask_for, request, form.cleaned_data))
        if wish is not None:
            return redirect(wish)
    context = {
        "form": form,
        "organisation": organisations[0] if len(organisations) == 1 else None,
        "crumbs": _crumbs(_("Wish for a test environment")),
    }
    return render(request, "sandbox/wish_new.html", context, status=status)


def _sent(
    request: AuthenticatedRequest, form: WishForm | PrototypeForm, ask: Callable[[], Wish]
) -> tuple[Wish | None, int]:
    """The wish; or none, the reason in the form and the status of the answer that keeps what was typed."""
    if not within_limit(request, "sandbox_wish", key=str(request.user.pk)):
        form.add_error(None, TOO_OFTEN)
        return None, 429
    try:
        wish = ask()
    except TransitionNotAllowed as error:
        form.add_error("name", str(error))
        return None, 409
    messages.success(request, _("We have noted your wish. You hear from us at each step."))
    return wish, 302


def _ask_for(request: AuthenticatedRequest, data: dict[str, Any]) -> Wish:
    return wishes.ask_for(
        user=request.user,
        organisation=data["organisation"],
        name=data["name"],
        website=data["website"],
        why=data["why"],
    )


def _propose(request: AuthenticatedRequest, form: PrototypeForm) -> Wish:
    return wishes.propose_prototype(
        user=request.user,
        organisation=form.cleaned_data["organisation"],
        prototype=form.prototype(),
        why=form.cleaned_data["why"],
    )


@require_http_methods(["GET", "POST"])
@access(LOGIN)
def prototype_new(request: AuthenticatedRequest) -> HttpResponse:
    organisations = permissions.bookable_organisations(request.user)
    if not organisations:
        return _not_entitled(request)
    form = PrototypeForm(
        request.POST if request.method == "POST" else None, organisations=organisations
    )
    status = 422 if form.errors else 200
    if form.is_valid():
        wish, status = _sent(request, form, partial(_propose, request, form))
        if wish is not None:
            return redirect(wish)
    context = {
        "form": form,
        "organisation": organisations[0] if len(organisations) == 1 else None,
        "crumbs": _crumbs(_("Own prototype")),
    }
    return no_store(render(request, "sandbox/prototype_new.html", context, status=status))


def _find(request: AuthenticatedRequest, public_id: UUID) -> Wish:
    rows = Wish.objects.visible_to(request.user).counted()
    return get_object_or_404(
        rows.select_related("blueprint", "organisation", "merged_into"), public_id=public_id
    )


def _may_join_for(request: AuthenticatedRequest, wish: Wish) -> list[Organisation]:
    """Entitled organisations of this person; of a prototype only its own."""
    return [
        organisation
        for organisation in permissions.bookable_organisations(request.user)
        if wish.organisation_id in (None, organisation.pk)
    ]


def _show(
    request: AuthenticatedRequest, wish: Wish, *, form: JoinForm | None = None, status: int = 200
) -> HttpResponse:
    mine = list(wish.asks.filter(person=request.user).select_related("organisation"))
    free = [] if mine or not wish.is_open else _may_join_for(request, wish)
    if form is None and free:
        form = JoinForm(organisations=free)
    badge, text = TEXTS[wish.state]
    product = wish.blueprint
    context: dict[str, Any] = {
        "wish": wish,
        "badge": badge,
        "text": text,
        "mine": mine,
        "form": form,
        "product": product if wish.state == WishState.BOOKABLE else None,
        "may_read_answer": bool(mine) or wish.state == WishState.MANUAL or wish.is_prototype,
        "crumbs": _crumbs(wish.name),
    }
    return no_store(render(request, "sandbox/wish_detail.html", context, status=status))


def _not_entitled(request: AuthenticatedRequest) -> HttpResponse:
    context = {"blueprint": None, "crumbs": _crumbs(_("Wish for a test environment"))}
    return render(request, "sandbox/not_entitled.html", context, status=403)


def _crumbs(last: str, *, is_list: bool = False) -> list[tuple[str, str | None]]:
    between = [] if is_list else [(_("Wished test environments"), reverse("sandbox:wish_list"))]
    return [(_("Test environment"), reverse("sandbox:blueprint_list")), *between, (last, None)]
