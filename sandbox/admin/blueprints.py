"""Test products: their texts as a form of the admin, everything else on a page of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from osk_portal.accounts.permissions import is_operator
from osk_portal.toolkit import clock
from osk_portal.toolkit.access import AuthenticatedRequest, access, staff_user
from osk_portal.toolkit.admin import OwnPages, column
from osk_portal.toolkit.forms import HttpsURLField
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import permissions, spec_text
from sandbox.blueprint_forms import BlockForm, PublishForm, ScanForm, SpecForm
from sandbox.capacity import CannotBook
from sandbox.enums import BlockCause, ScanResult
from sandbox.models import Blueprint, BlueprintVersion, Booking
from sandbox.phases import current_environment, phase_of, state_of
from sandbox.querysets import BlueprintQuerySet
from sandbox.services import blocks, blueprints


def page_url(blueprint: Blueprint) -> str:
    return reverse("admin:sandbox_blueprint_page", args=[blueprint.slug])


@access(permissions.works_on_wishes)
@require_safe
def blueprint_page(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """Versions with their trial runs, the last scan, the block, and what happened."""
    return _show(request, _find(request, slug))


@access(is_operator)
@require_http_methods(["GET", "POST"])
def blueprint_edit(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """The specification as text. A published or tried version is left as it is: the next one is written."""
    blueprint = _find(request, slug)
    newest = blueprint.versions.order_by("-number").first()
    current = newest.spec if newest else None
    initial = {
        "base": blueprints.digest_of(current),
        "text": spec_text.write(current) if current else "",
    }
    form = SpecForm(
        request.POST if request.method == "POST" else None, blueprint=blueprint, initial=initial
    )
    difference: list[spec_text.Line] = []
    status = 422 if form.errors else 200
    if form.is_valid():
        try:
            version = blueprints.save_draft(
                blueprint_id=blueprint.pk,
                actor=request.user,
                data=form.cleaned_data["text"],
                base=form.cleaned_data["base"],
            )
        except TransitionNotAllowed as error:
            # What stands there now is compared with the text, which can then be sent again.
            difference = spec_text.difference(current, form.cleaned_data["text"])
            form.data = {**request.POST.dict(), "base": initial["base"]}
            form.add_error(None, str(error))
            status = 409
        else:
            messages.success(
                request, _("Version %(number)d is written.") % {"number": version.number}
            )
            return redirect(page_url(blueprint))
    context = {
        **admin.site.each_context(request),
        "blueprint": blueprint,
        "form": form,
        "difference": difference,
        "is_new": newest is None or newest.is_published or newest.bookings.exists(),
        "number": newest.number if newest else 0,
    }
    return render(request, "admin/sandbox/blueprint_edit.html", context, status=status)


@access(is_operator)
@require_POST
def version_try(request: AuthenticatedRequest, slug: str, number: str) -> HttpResponse:
    """A trial run; its page shows the progress, and the accounts to look at it."""
    version = _version(request, slug, number)
    try:
        booking = blueprints.start_trial(version_id=version.pk, actor=request.user)
    except (TransitionNotAllowed, CannotBook) as error:
        messages.warning(request, str(error))
    except ValidationError as error:
        messages.error(request, "; ".join(error.messages))
    else:
        if booking.booked_by_id == request.user.pk:
            return redirect(booking)
        messages.info(request, _("A colleague's trial run of this version is on its way."))
    return redirect(page_url(version.blueprint))


@access(is_operator)
@require_POST
def version_publish(request: AuthenticatedRequest, slug: str, number: str) -> HttpResponse:
    version = _version(request, slug, number)
    form = PublishForm(request.POST, needs_reason=not blueprints.has_succeeded(version))
    if not form.is_valid():
        return _show(request, version.blueprint, sent={"publish": form}, status=422)
    try:
        blueprints.publish_version(
            version_id=version.pk,
            actor=request.user,
            reason=form.cleaned_data.get("reason", ""),
        )
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
        return _show(request, _find(request, slug), sent={"publish": form}, status=409)
    except ValidationError as error:
        form.add_error(None, error.messages)
        return _show(request, _find(request, slug), sent={"publish": form}, status=422)
    messages.success(request, _("%(version)s is published.") % {"version": version})
    return redirect(page_url(version.blueprint))


@access(is_operator)
@require_POST
def version_withdraw(request: AuthenticatedRequest, slug: str, number: str) -> HttpResponse:
    version = _version(request, slug, number)
    return _press(
        request,
        version.blueprint,
        lambda: blueprints.withdraw_version(version_id=version.pk, actor=request.user),
        _("The version is withdrawn. Bookings that were made with it keep it."),
    )


@access(permissions.works_on_wishes)
@require_POST
def blueprint_scan(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    blueprint = _find(request, slug)
    form = ScanForm(request.POST)
    if not form.is_valid():
        return _show(request, blueprint, sent={"scan": form}, status=422)
    data = form.cleaned_data
    try:
        blocks.record_scan(
            blueprint_id=blueprint.pk,
            actor=request.user,
            day=data["day"],
            result=ScanResult(data["result"]),
            note=data["note"],
        )
    except blocks.OlderScan as error:
        form.add_error("day", str(error))
        return _show(request, _find(request, slug), sent={"scan": form}, status=422)
    messages.success(request, _("The scan is recorded."))
    return redirect(page_url(blueprint))


@access(permissions.works_on_wishes)
@require_POST
def blueprint_block(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    blueprint = _find(request, slug)
    form = BlockForm(request.POST)
    if not form.is_valid():
        return _show(request, blueprint, sent={"blocking": form}, status=422)
    try:
        blocks.block_product(
            blueprint_id=blueprint.pk, actor=request.user, reason=form.cleaned_data["why"]
        )
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
        return _show(request, _find(request, slug), sent={"blocking": form}, status=409)
    messages.success(
        request, _("The test product is blocked. Everybody who has booked it is told.")
    )
    return redirect(page_url(blueprint))


@access(permissions.works_on_wishes)
@require_POST
def blueprint_unblock(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    blueprint = _find(request, slug)
    return _press(
        request,
        blueprint,
        lambda: blocks.unblock_product(blueprint_id=blueprint.pk, actor=request.user),
        _("The block is lifted."),
    )


def _press(
    request: AuthenticatedRequest, blueprint: Blueprint, act: Callable[[], object], done: str
) -> HttpResponse:
    try:
        act()
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, done)
    return redirect(page_url(blueprint))


def _find(request: AuthenticatedRequest, slug: str) -> Blueprint:
    rows = Blueprint.objects.worked_on_by(request.user).select_related(
        "pool", "solution", "organisation", "blocked_by"
    )
    return get_object_or_404(rows, slug=slug)


def _version(request: AuthenticatedRequest, slug: str, number: str) -> BlueprintVersion:
    """``number`` counts within the product. 404 where it is none."""
    if not (number.isascii() and number.isdigit() and len(number) < 5):
        raise Http404
    return get_object_or_404(
        _find(request, slug).versions.select_related("blueprint"), number=int(number)
    )


def _show(
    request: AuthenticatedRequest,
    blueprint: Blueprint,
    *,
    sent: dict[str, forms.Form] | None = None,
    status: int = 200,
) -> HttpResponse:
    """``sent``: a form that comes back with its errors, or with a text that came too late."""
    versions = list(blueprint.versions.select_related("published_by").order_by("-number"))
    newest = versions[0] if versions else None
    before = versions[1] if len(versions) > 1 else None
    trials = _trials(request, blueprint)
    operates = request.user.is_operator
    is_draft = newest is not None and not newest.is_published
    is_tried = newest is not None and blueprints.has_succeeded(newest)
    obstacle = (
        blueprints.trial_obstacle(newest)
        if newest and is_draft and operates and not is_tried
        else ""
    )
    shown: dict[str, forms.Form | None] = {
        "scan": ScanForm(),
        "blocking": None if blueprint.block_cause == BlockCause.STAFF else BlockForm(),
        "publish": PublishForm(needs_reason=not is_tried)
        if operates and is_draft and (is_tried or obstacle)
        else None,
        **(sent or {}),
    }
    context = {
        **admin.site.each_context(request),
        "blueprint": blueprint,
        "newest": newest,
        "text": spec_text.write(newest.spec) if newest else "",
        "before": before,
        "difference": spec_text.difference(before.spec, newest.spec) if before and newest else [],
        "versions": versions,
        "trials": trials,
        "operates": operates,
        "is_draft": is_draft,
        "is_public": any(version.is_live for version in versions) and not blueprint.is_prototype,
        "is_tried": is_tried,
        "may_try": operates and is_draft and not obstacle,
        "obstacle": obstacle,
        **shown,
        "sent": next(iter((sent or {}).values()), None),
        "events": blueprint.events.select_related("actor"),
    }
    return render(request, "admin/sandbox/blueprint.html", context, status=status)


def _trials(request: AuthenticatedRequest, blueprint: Blueprint) -> list[dict[str, Any]]:
    """The latest trial runs: how they went, and the way to one's own."""
    now = clock.now()
    rows = Booking.objects.trials().filter(blueprint_version__blueprint=blueprint).with_details()
    found = []
    for booking in rows[:10]:
        environment = current_environment(booking)
        came = any(one.ready_at for one in booking.environments.all())
        found.append(
            {
                "booking": booking,
                "number": booking.blueprint_version.number,
                "came": came,
                "failed": not came and not booking.is_holding,
                "detail": environment.error_for_operator
                if environment and request.user.is_operator
                else "",
                "is_own": booking.booked_by_id == request.user.pk,
                **state_of(booking, phase_of(booking, now=now)),
            }
        )
    return found


@admin.register(Blueprint)
class BlueprintAdmin(admin.ModelAdmin[Blueprint]):
    """The list leads to the page; the texts are written in the form of the admin, by operators.

    Advisors find what is public: prototypes and drafts are reached from the wish that they decide on.
    """

    list_display = ["name", "pool", "longest_days", "is_bookable", "blocked_at", "scanned_on"]
    list_filter = ["is_bookable", "pool"]
    list_select_related = ["pool"]
    search_fields = ["name"]
    raw_id_fields = ["solution"]
    formfield_overrides = {models.URLField: {"form_class": HttpsURLField}}

    def get_readonly_fields(self, request: HttpRequest, obj: Blueprint | None = None) -> list[str]:
        """Of a prototype the OSK opens it by approving the wish, and it belongs to no entry."""
        fixed = [] if obj is None else ["slug"]
        if obj is not None and obj.is_prototype:
            fixed += ["solution", "is_bookable"]
        return fixed

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return permissions.works_on_wishes(staff_user(request))

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> BlueprintQuerySet:
        return Blueprint.objects.listed_for(staff_user(request))

    def save_model(self, request: HttpRequest, obj: Blueprint, form: Any, change: bool) -> None:
        """Only what was typed: a block or a scan that came meanwhile stays."""
        obj.save(update_fields=form.changed_data if change else None)

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        class Leading(ChangeList):
            def url_for_result(self, result: Any) -> str:
                return page_url(result)

        return Leading

    def response_post_save_add(self, request: HttpRequest, obj: Blueprint) -> HttpResponseRedirect:
        return HttpResponseRedirect(page_url(obj))

    def response_post_save_change(
        self, request: HttpRequest, obj: Blueprint
    ) -> HttpResponseRedirect:
        return HttpResponseRedirect(page_url(obj))

    def get_urls(self) -> list[URLPattern]:
        prefix, wrap = "sandbox_blueprint", self.admin_site.admin_view
        product: dict[str, tuple[str, Any]] = {
            "page": ("", blueprint_page),
            "edit": ("edit/", blueprint_edit),
            "scan": ("scan/", blueprint_scan),
            "block": ("block/", blueprint_block),
            "unblock": ("unblock/", blueprint_unblock),
            "try": ("<slug:number>/try/", version_try),
            "publish": ("<slug:number>/publish/", version_publish),
            "withdraw": ("<slug:number>/withdraw/", version_withdraw),
        }
        own = [
            path(f"product/<slug:slug>/{end}", wrap(view), name=f"{prefix}_{name}")
            for name, (end, view) in product.items()
        ]
        return [*own, *super().get_urls()]


def _page_of_version(version: BlueprintVersion) -> str:
    return page_url(version.blueprint)


@admin.register(BlueprintVersion)
class BlueprintVersionAdmin(OwnPages):
    """All versions; each leads to the page of its product, where it is tried and published."""

    list_display = [
        column("blueprint", gettext_lazy("test product")),
        "number",
        "published_at",
        "withdrawn_at",
    ]
    list_filter = ["blueprint"]
    list_select_related = ["blueprint"]
    url_of = staticmethod(_page_of_version)
