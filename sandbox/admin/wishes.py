"""Wished test environments and prototypes, as the OSK decides on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from osk_portal.accounts.permissions import is_operator
from osk_portal.templatetags.osk import berlin_datetime
from osk_portal.toolkit.access import AuthenticatedRequest, access, staff_user
from osk_portal.toolkit.admin import OwnPagesAdmin
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import permissions
from sandbox.enums import WishAction, WishState
from sandbox.models import Wish
from sandbox.querysets import WishQuerySet
from sandbox.services import wishes
from sandbox.wish_forms import (
    PrototypeDraftForm,
    WishAnswerForm,
    WishMergeForm,
    WishOfferForm,
    WishRefusalForm,
)
from sandbox.wish_texts import TEXTS


def page_url(wish: Wish) -> str:
    return reverse("admin:sandbox_wish_page", args=[wish.public_id])


@access(permissions.works_on_wishes)
@require_safe
def wish_page(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Who asks for it and why, and what the OSK can do with it now."""
    return _show(request, _find(public_id))


@access(permissions.can_decide)
@require_POST
def wish_check(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    return _press(
        request, public_id, lambda wish: wishes.check_wish(wish_id=wish.pk, actor=request.user)
    )


@access(permissions.can_decide)
@require_POST
def wish_try(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    return _press(
        request, public_id, lambda wish: wishes.try_wish(wish_id=wish.pk, actor=request.user)
    )


@access(permissions.can_decide)
@require_POST
def wish_reopen(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    return _press(
        request, public_id, lambda wish: wishes.reopen_wish(wish_id=wish.pk, actor=request.user)
    )


@access(permissions.can_decide)
@require_POST
def wish_renew(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    return _press(
        request, public_id, lambda wish: wishes.renew_prototype(wish_id=wish.pk, actor=request.user)
    )


@access(permissions.can_decide)
@require_POST
def wish_offer(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    wish = _find(public_id)
    form = WishOfferForm(request.POST, wish=wish)
    return _send(
        request,
        wish,
        "offer",
        form,
        lambda data: wishes.offer_wish(
            wish_id=wish.pk, actor=request.user, blueprint=data["blueprint"]
        ),
    )


@access(permissions.can_decide)
@require_POST
def wish_by_hand(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    wish = _find(public_id)
    return _send(
        request,
        wish,
        "by_hand",
        WishAnswerForm(request.POST),
        lambda data: wishes.answer_by_hand(
            wish_id=wish.pk, actor=request.user, answer=data["answer"]
        ),
    )


@access(permissions.can_decide)
@require_POST
def wish_refuse(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    wish = _find(public_id)
    return _send(
        request,
        wish,
        "refusal",
        WishRefusalForm(request.POST),
        lambda data: wishes.refuse_wish(wish_id=wish.pk, actor=request.user, answer=data["reason"]),
    )


@access(permissions.can_decide)
@require_POST
def wish_merge(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    wish = _find(public_id)
    return _send(
        request,
        wish,
        "merge",
        WishMergeForm(request.POST, wish=wish),
        lambda data: wishes.merge_wishes(
            wish_id=wish.pk, target_id=data["target"].pk, actor=request.user
        ),
    )


@access(is_operator)
@require_POST
def wish_draft(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """A test product is made of the prototype, for the operator to finish and to try."""
    wish = _find(public_id)
    return _send(
        request,
        wish,
        "draft",
        PrototypeDraftForm(request.POST),
        lambda data: wishes.draft_prototype(wish_id=wish.pk, actor=request.user, pool=data["pool"]),
    )


def _find(public_id: UUID) -> Wish:
    rows = Wish.objects.counted().select_related(
        "blueprint", "organisation", "merged_into", "decided_by"
    )
    return get_object_or_404(rows, public_id=public_id)


def _press(
    request: AuthenticatedRequest, public_id: UUID, act: Callable[[Wish], object]
) -> HttpResponse:
    wish = _find(public_id)
    try:
        act(wish)
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("Saved. Everybody who asked is told."))
    return redirect(page_url(wish))


def _send(
    request: AuthenticatedRequest,
    wish: Wish,
    name: str,
    form: forms.Form,
    act: Callable[[dict[str, Any]], object],
) -> HttpResponse:
    """``name``: of the form on the page, which comes back with its errors, or with a text that came too late."""
    if not form.is_valid():
        return _show(request, wish, sent={name: form}, status=422)
    try:
        act(form.cleaned_data)
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
        return _show(request, _find(wish.public_id), sent={name: form}, status=409)
    messages.success(
        request,
        _("The test product is drafted.")
        if name == "draft"
        else _("Saved. Everybody who asked is told."),
    )
    return redirect(page_url(wish))


def _show(
    request: AuthenticatedRequest,
    wish: Wish,
    *,
    sent: dict[str, forms.Form] | None = None,
    status: int = 200,
) -> HttpResponse:
    decides = permissions.can_decide(request.user)
    offers = decides and wish.can(WishAction.OFFER)
    shown: dict[str, forms.Form | None] = {
        "offer": WishOfferForm(wish=wish) if offers else None,
        "by_hand": WishAnswerForm() if decides and wish.can(WishAction.BY_HAND) else None,
        "refusal": WishRefusalForm() if decides and wish.can(WishAction.REFUSE) else None,
        "merge": WishMergeForm(wish=wish)
        if decides and wish.can(WishAction.MERGE) and not wish.is_prototype
        else None,
        "draft": PrototypeDraftForm()
        if request.user.is_operator
        and wish.is_prototype
        and wish.blueprint is None
        and wish.can(WishAction.OFFER)
        else None,
        **(sent or {}),
    }
    context = {
        **admin.site.each_context(request),
        "wish": wish,
        "badge": TEXTS[wish.state][0],
        **shown,
        "sent": next(iter((sent or {}).values()), None),
        "asks": wish.asks.select_related("organisation", "person"),
        "decides": decides,
        "may_check": decides and wish.can(WishAction.CHECK),
        "may_try": decides and wish.can(WishAction.TRY),
        "may_reopen": decides and wish.can(WishAction.REOPEN),
        "may_renew": decides and wish.is_prototype and wish.state == WishState.BOOKABLE,
        "events": wish.events.select_related("actor"),
    }
    return render(request, "admin/sandbox/wish.html", context, status=status)


@admin.register(Wish)
class WishAdmin(OwnPagesAdmin):
    """What most authorities ask for at the top."""

    list_display = ["name", "kind", "state", "authorities", "since"]
    list_filter = ["state", "kind"]
    search_fields = ["name"]
    url_of = staticmethod(page_url)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return permissions.works_on_wishes(staff_user(request))

    def get_queryset(self, request: HttpRequest) -> WishQuerySet:
        return Wish.objects.most_wanted()

    @admin.display(description=gettext_lazy("authorities"), ordering="authorities")
    def authorities(self, wish: Any) -> int:
        return int(wish.authorities)

    @admin.display(description=gettext_lazy("Since"), ordering="created_at")
    def since(self, wish: Wish) -> str:
        return berlin_datetime(wish.created_at)

    def get_urls(self) -> list[URLPattern]:
        prefix, wrap = "sandbox_wish", self.admin_site.admin_view
        steps = {
            "page": ("", wish_page),
            "check": ("check/", wish_check),
            "try": ("try/", wish_try),
            "offer": ("offer/", wish_offer),
            "by_hand": ("by-hand/", wish_by_hand),
            "refuse": ("refuse/", wish_refuse),
            "reopen": ("reopen/", wish_reopen),
            "renew": ("renew/", wish_renew),
            "merge": ("merge/", wish_merge),
            "draft": ("draft/", wish_draft),
        }
        own = [
            path(f"<uuid:public_id>/{end}", wrap(view), name=f"{prefix}_{name}")
            for name, (end, view) in steps.items()
        ]
        return [*own, *super().get_urls()]
