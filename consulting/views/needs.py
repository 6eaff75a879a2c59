"""Wer hat dasselbe Problem? Read and joined inside the administration only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from catalog.search import clean
from consulting import permissions, services
from consulting.enums import NeedEnd, NeedState, Topic
from consulting.models import ConsultingRequest, Need
from consulting.models.need import JOINT_STEP_FROM
from consulting.services.needs import may_publish_need
from consulting.synergy_forms import JoinForm, NeedForm
from consulting.synergy_mails import active_supports
from consulting.views.start import crumbs
from network.models import Organisation
from network.permissions import active_memberships, is_public_sector
from osk_portal.accounts.models import User
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access, no_store
from osk_portal.toolkit.transitions import TransitionNotAllowed

PAGE_SIZE = 20


@access(LOGIN)
@require_safe
def need_list(request: AuthenticatedRequest) -> HttpResponse:
    """All published needs, by words and topic. 404 for who is not of the administration."""
    if not (is_public_sector(request.user) or request.user.is_advisor):
        raise Http404
    query = clean(request.GET.get("q", ""))
    topic = request.GET.get("topic", "")
    needs = Need.objects.published().counted().select_related("organisation")
    if topic in Topic.values:
        needs = needs.filter(topics__contains=[topic])
    else:
        topic = ""
    if query:
        needs = needs.found(query)
    context = {
        "page": Paginator(needs, PAGE_SIZE).get_page(request.GET.get("page")),
        "query": query,
        "topic": topic,
        "topics": Topic.choices,
        "crumbs": crumbs((_("Who has the same problem?"), None)),
    }
    return no_store(render(request, "consulting/need_list.html", context))


@access(LOGIN)
@require_safe
def need(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    return _show(request, _find(request, public_id))


@access(LOGIN)
@require_POST
def need_join(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    row = _find(request, public_id)
    choice = _may_join_for(request.user, row)
    if not choice:
        raise PermissionDenied("join a need")
    form = JoinForm(request.POST, organisations=choice)
    if not form.is_valid():
        return _show(request, row, form=form, status=422)
    return _press(
        request,
        row,
        lambda: services.join_need(need_id=row.pk, actor=request.user, **form.cleaned_data),
        _("Thank you. Your organisation has joined."),
    )


@access(LOGIN)
@require_POST
def need_leave(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    row = _find(request, public_id)
    slug = request.POST.get("organisation", "")
    mine = [o for o in _inside(request.user) if o.slug == slug]
    if not mine:
        raise PermissionDenied("leave a need")
    return _press(
        request,
        row,
        lambda: services.leave_need(need_id=row.pk, actor=request.user, organisation=mine[0]),
        _("Your organisation has not joined any more."),
    )


@access(LOGIN)
def need_new(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Publish a need from one's own request; ``public_id``: of the request."""
    mine = ConsultingRequest.objects.sent().shared_with(request.user)
    case = get_object_or_404(mine.select_related("organisation"), public_id=public_id)
    if not permissions.is_requester_side(request.user, case):
        raise PermissionDenied("publish a need")
    there = case.needs.exclude(state=NeedState.ENDED).first()
    if request.method != "POST" and there is not None:
        return redirect(there)
    if request.method != "POST" and not may_publish_need(case):
        messages.info(request, _("No need can be published from this request."))
        return redirect(case)
    initial = {
        "title": case.title,
        "text": case.description,
        "topics": case.topics,
        "shows_organisation": "kind",
    }
    form = NeedForm(request.POST if request.method == "POST" else None, initial=initial)

    def save() -> Need:
        values = form.values()
        return services.publish_need(case_id=case.pk, actor=request.user, **values)

    return _write(request, case, form, save, _("Your need is published."), there=there)


@access(LOGIN)
def need_edit(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    row = _own(request, public_id)
    if request.method != "POST" and row.state != NeedState.PUBLISHED:
        messages.info(request, _("This need cannot be changed any more."))
        return redirect(row)
    initial = {
        "version": row.version,
        "title": row.title,
        "text": row.text,
        "topics": row.topics,
        "shows_organisation": "name" if row.shows_organisation else "kind",
    }
    form = NeedForm(request.POST if request.method == "POST" else None, initial=initial)

    def save() -> Need:
        services.edit_need(
            need_id=row.pk,
            actor=request.user,
            expected_version=form.cleaned_data["version"] or 0,
            **form.values(),
        )
        return row

    return _write(request, row.case, form, save, _("Your need is changed."), need=row)


@access(LOGIN)
@require_POST
def need_end(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    row = _own(request, public_id)
    because = NeedEnd.SOLVED if "solved" in request.POST else NeedEnd.WITHDRAWN
    return _press(
        request,
        row,
        lambda: services.end_need(need_id=row.pk, actor=request.user, because=because),
        _("Your need is no longer shown."),
    )


def _find(request: AuthenticatedRequest, public_id: UUID) -> Need:
    rows = Need.objects.visible_to(request.user).counted()
    return get_object_or_404(rows.select_related("organisation", "case"), public_id=public_id)


def _own(request: AuthenticatedRequest, public_id: UUID) -> Need:
    """For the requester's side of the case; others who read the need get 403."""
    row = _find(request, public_id)
    if not permissions.can_speak_for_need(request.user, row):
        raise PermissionDenied("change this need")
    return row


def _inside(user: User) -> list[Organisation]:
    """The bodies of the administration to which ``user`` belongs."""
    return [
        m.organisation for m in active_memberships(user) if m.organisation.is_public_administration
    ]


def _may_join_for(user: User, row: Need) -> list[Organisation]:
    return [o for o in _inside(user) if o.pk != row.organisation_id]


def _press(
    request: AuthenticatedRequest, row: Need, act: Callable[[], object], done: str
) -> HttpResponse:
    try:
        act()
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, done)
    return redirect(row)


def _write(
    request: AuthenticatedRequest,
    case: ConsultingRequest,
    form: NeedForm,
    save: Callable[[], Need],
    done: str,
    *,
    need: Need | None = None,
    there: Need | None = None,
) -> HttpResponse:
    """The form of a new or an old need; names of people or of the authority are refused in words.

    ``there``: one that was published meanwhile. Who was not the first sees what stands there now, and can send the
    own text again where that is still possible.
    """
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                saved = save()
            except services.NeedNamesSomebody as error:
                form.add_error("text", str(error))
            except TransitionNotAllowed as error:
                form.add_error(None, str(error))
                status = 409
                there = there or case.needs.exclude(state=NeedState.ENDED).first()
                if need is not None and there is not None:
                    form.data = request.POST.copy()
                    form.data["version"] = str(there.version)
            else:
                messages.success(request, done)
                return redirect(saved)
    # Who only looks after the need since somebody left reads nothing of the request.
    may_read = permissions.is_requester_side(request.user, case)
    context: dict[str, Any] = {
        "case": case if may_read else None,
        "need": need,
        "form": form,
        "there": there if status == 409 else None,
        "step_from": JOINT_STEP_FROM,
        "crumbs": crumbs(
            (_("My requests"), reverse("consulting:request_list")),
            *([(str(case.reference), case.get_absolute_url())] if may_read else []),
            (_("Who has the same problem?"), None),
        ),
    }
    return render(request, "consulting/need_form.html", context, status=status)


def _show(
    request: AuthenticatedRequest, row: Need, *, form: JoinForm | None = None, status: int = 200
) -> HttpResponse:
    """Contacts are shown to who has joined and to the publisher's side, nobody else."""
    supports = list(row.supports.select_related("organisation"))
    by_organisation = {support.organisation_id: support for support in supports}
    choice = _may_join_for(request.user, row)
    mine = [by_organisation[o.pk] for o in choice if o.pk in by_organisation]
    free = [o for o in choice if o.pk not in by_organisation]
    is_publisher = permissions.can_speak_for_need(request.user, row)
    sees_contacts = bool(mine) or is_publisher or request.user.is_advisor
    context = {
        "need": row,
        "is_shown": row.state == NeedState.PUBLISHED,
        "mine": mine,
        "form": form or (JoinForm(organisations=free) if free else None),
        "is_publisher": is_publisher,
        "may_read": permissions.is_requester_side(request.user, row.case),
        "contacts": [s for s in active_supports(row) if s.shows_contact] if sees_contacts else [],
        "step_from": JOINT_STEP_FROM,
        "at_work": request.user.is_advisor,
        "crumbs": crumbs(
            (_("Who has the same problem?"), reverse("consulting:need_list")), (row.title, None)
        ),
    }
    return no_store(render(request, "consulting/need.html", context, status=status))
