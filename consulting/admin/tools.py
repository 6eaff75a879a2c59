"""The advisors' own tools: absence, labels, saved filters (product.md 1.4)."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from consulting import queue_filter, queues, services
from consulting.admin.common import find_case, page, queue_of
from consulting.models import Absence, SavedFilter, Tag
from consulting.tools_forms import (
    AbsenceForm,
    OtherAbsenceForm,
    SaveFilterForm,
    TagForm,
)
from osk_portal.accounts.models import User
from osk_portal.accounts.permissions import is_advisor, is_lead
from osk_portal.toolkit.access import AuthenticatedRequest, access
from osk_portal.toolkit.transitions import TransitionNotAllowed


@access(is_advisor)
@require_http_methods(["GET", "HEAD", "POST"])
def absence_page(request: AuthenticatedRequest) -> HttpResponse:
    """One's own absence, and which colleagues are away today."""
    user = request.user
    own = (
        Absence.objects.not_over().filter(user=user).select_related("deputy", "entered_by").first()
    )
    initial = {}
    if own is not None:
        initial = {
            "starts_on": own.starts_on,
            "ends_on": own.ends_on,
            "deputy": own.deputy.public_id,
        }
    if request.method == "POST" and "end" in request.POST:
        if services.end_absence(actor=user):
            messages.success(
                request, _("Your absence is deleted. Nobody stands in for you any more.")
            )
        return redirect("admin:consulting_absence")
    form = AbsenceForm(
        user=user, data=request.POST if request.method == "POST" else None, initial=initial
    )
    if form.is_valid():
        try:
            services.set_absence(actor=user, **form.cleaned_data)
        except TransitionNotAllowed as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Your absence is entered. Your deputy has been told."))
            return redirect("admin:consulting_absence")
    away = Absence.objects.current().exclude(user=user).select_related("user", "deputy")
    context = {"form": form, "own": own, "away": away, "may_enter": user.is_lead}
    return page(request, "absence.html", context, status=422 if form.errors else 200)


@access(is_lead)
@require_http_methods(["GET", "HEAD", "POST"])
def absence_other(request: AuthenticatedRequest) -> HttpResponse:
    """The OSK-Leitung enters, changes or deletes the absence of a colleague. Only what is not over is shown."""
    user, data = request.user, request.POST if request.method == "POST" else None
    if data is not None and "end" in data:
        person = _advisor(data["end"])
        if person is not None and services.end_absence(actor=user, person=person):
            messages.success(request, _("The absence of %(name)s is deleted.") % {"name": person})
        return redirect("admin:consulting_absence_other")
    form = OtherAbsenceForm(user=user, data=data)
    if form.is_valid():
        try:
            absence = services.set_absence(actor=user, **form.cleaned_data)
        except TransitionNotAllowed as refusal:
            form.add_error(None, str(refusal))
        else:
            done = _("The absence of %(name)s is entered. Both have been told by mail.")
            messages.success(request, done % {"name": absence.user})
            return redirect("admin:consulting_absence_other")
    others = Absence.objects.not_over().exclude(user=user).select_related("user", "deputy")
    context = {"form": form, "absences": others.order_by("starts_on", "pk")}
    return page(request, "absence_other.html", context, status=422 if form.errors else 200)


def _advisor(public_id: str) -> User | None:
    """The advisor with that public id; None for nonsense and for everybody else."""
    try:
        wanted = UUID(public_id)
    except ValueError:
        return None
    return User.objects.advisors().filter(public_id=wanted).first()


@access(is_advisor)
@require_POST
def tag_add(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    case = find_case(request.user, public_id)
    form = TagForm(data=request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(str(text) for text in form.errors["name"]))
    else:
        try:
            services.add_tag(case_id=case.pk, actor=request.user, name=form.cleaned_data["name"])
        except TransitionNotAllowed as refusal:
            messages.error(request, str(refusal))
    return redirect(f"{queues.case_url(case, queue_of(request))}#tags")


@access(is_advisor)
@require_POST
def tag_remove(request: AuthenticatedRequest, public_id: UUID, tag_id: UUID) -> HttpResponse:
    case = find_case(request.user, public_id)
    tag = Tag.objects.filter(public_id=tag_id).first()
    if tag is not None:  # gone already: that is what was wanted
        try:
            services.remove_tag(case_id=case.pk, actor=request.user, tag=tag)
        except TransitionNotAllowed as refusal:
            messages.error(request, str(refusal))
    return redirect(f"{queues.case_url(case, queue_of(request))}#tags")


@access(is_advisor)
@require_POST
def filter_save(request: AuthenticatedRequest, name: str) -> HttpResponse:
    """Keep the filter of the address under a name."""
    queue = queues.BY_NAME.get(name)
    if queue is None:
        raise Http404
    chosen = queue_filter.read(request.GET.dict(), Tag.objects.all())
    form = SaveFilterForm(data=request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(str(text) for text in form.errors["name"]))
        return redirect(queue_filter.url_of(queue, chosen))
    try:
        services.save_filter(
            actor=request.user, queue=queue.name, values=chosen.values, **form.cleaned_data
        )
    except TransitionNotAllowed as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The filter is saved."))
    return redirect(queue_filter.url_of(queue, chosen))


@access(is_advisor)
@require_safe
def filter_open(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """To the queue with the filter; what is not known any more is left out, and said."""
    saved = _find_filter(request, public_id)
    queue, chosen = queue_filter.opened(saved, Tag.objects.all())
    if not chosen.is_complete or queue.name != saved.queue:
        messages.info(request, _("A part of this filter does not exist any more. It is left out."))
    return redirect(queue_filter.url_of(queue, chosen))


@access(is_advisor)
@require_http_methods(["GET", "HEAD", "POST"])
def filter_edit(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Rename, share or delete one's own filter."""
    saved = _find_filter(request, public_id)
    if saved.owner_id != request.user.pk:
        raise Http404
    if request.method == "POST" and "delete" in request.POST:
        services.delete_filter(filter_id=saved.pk, actor=request.user)
        messages.success(request, _("The filter is deleted."))
        return redirect(queues.BY_NAME.get(saved.queue, queues.HOME).url)
    initial = {"name": saved.name, "is_shared": saved.is_shared}
    form = SaveFilterForm(data=request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        try:
            services.change_filter(filter_id=saved.pk, actor=request.user, **form.cleaned_data)
        except TransitionNotAllowed as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(request, _("The filter is saved."))
            return redirect(saved)
    context = {"form": form, "saved": saved}
    return page(request, "filter.html", context, status=422 if form.errors else 200)


def _find_filter(request: AuthenticatedRequest, public_id: UUID) -> SavedFilter:
    return get_object_or_404(SavedFilter.objects.visible_to(request.user), public_id=public_id)
