"""Describe a solution with all fields: begin, go on later, hand in, or take the file away."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from catalog import documents
from catalog.entry_form import EntryForm, is_too_large
from catalog.grants import CURRENT
from catalog.models import EntryDraft
from catalog.permissions import can_take_in, edited_organisations
from catalog.publiccode.licenses import spdx_ids
from catalog.services import drafts as service
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access, no_store
from osk_portal.toolkit.transitions import TransitionNotAllowed


@access(can_take_in)
def entry_form_list(request: AuthenticatedRequest) -> HttpResponse:
    """What the person has begun; POST begins another."""
    if request.method == "POST":
        try:
            return redirect(service.begin_draft(author=request.user))
        except TransitionNotAllowed as error:
            messages.error(request, str(error))
    context = {
        "drafts": EntryDraft.objects.filter(author=request.user, intake=None),
        "days": settings.OSK_DRAFT_DAYS,
        "crumbs": _crumbs((_("Describe a solution"), None)),
    }
    return no_store(render(request, "catalog/entry_form_list.html", context))


@access(can_take_in)
def entry_form(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """The form. POST saves what was typed, whatever is right of it; ``action`` says what then."""
    draft = _mine(request, public_id)
    if draft.intake is not None:
        return redirect(draft.intake)
    organisations = edited_organisations(request.user)
    if request.method != "POST":
        return _page(request, draft, EntryForm(kept=draft.values, organisations=organisations))
    action = request.POST.get("action", "save")
    add = action.removeprefix("add:") if action.startswith("add:") else ""
    form = EntryForm(kept={}, data=request.POST, add=add, organisations=organisations)
    sent = request.POST.get("version", "")
    seen = int(sent) if sent.isdecimal() and len(sent) < 10 else -1
    if is_too_large(form.values):
        messages.error(request, _("This is more than a file may hold (512 KB). Nothing was saved."))
        return _page(request, draft, _unasked(form), status=422)
    try:
        if action == "hand_in" and form.is_valid():
            return redirect(
                service.hand_in_draft(
                    draft.pk,
                    author=request.user,
                    values=form.values,
                    document=form.document,
                    seen_version=seen,
                    wording=CURRENT,
                    organisation=form.organisation,
                )
            )
        draft = service.save_draft(
            draft.pk,
            author=request.user,
            values=form.values,
            seen_version=seen,
            organisation=form.typed_organisation,
        )
    except TransitionNotAllowed as error:
        messages.error(request, str(error))
        return _page(request, draft, _unasked(form, add), status=409)
    if action == "hand_in":
        return _page(request, draft, form, status=422)
    if add:
        return _page(request, draft, _unasked(form, add))
    messages.success(request, _("Saved. You can go on later."))
    return redirect(draft)


@access(LOGIN)
@require_safe
def entry_form_file(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """The saved description as a publiccode.yml, also while it is incomplete."""
    form = EntryForm(kept=_mine(request, public_id).values)
    response = HttpResponse(
        documents.as_file(form.document), content_type="text/yaml; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="publiccode.yml"'
    return no_store(response)


@access(LOGIN)
@require_POST
def entry_form_delete(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    service.delete_draft(_mine(request, public_id).pk, author=request.user)
    messages.success(request, _("The description is deleted."))
    return redirect("catalog:entry_form_list")


def _mine(request: AuthenticatedRequest, public_id: UUID) -> EntryDraft:
    rows = EntryDraft.objects.filter(author=request.user).select_related("intake")
    return get_object_or_404(rows, public_id=public_id)


def _unasked(form: EntryForm, add: str = "") -> EntryForm:
    """The same text, without what is wrong of it: nobody has said that it is finished."""
    return EntryForm(kept=form.values, add=add, organisations=form.organisations)


def _page(
    request: AuthenticatedRequest, draft: EntryDraft, form: EntryForm, status: int = 200
) -> HttpResponse:
    form.initial.setdefault("organisation", str(draft.organisation_id or ""))
    context = {
        "draft": draft,
        "form": form,
        "spdx": spdx_ids(),
        "crumbs": _crumbs(
            (_("Describe a solution"), reverse("catalog:entry_form_list")), (str(draft), None)
        ),
    }
    return no_store(render(request, "catalog/entry_form.html", context, status=status))


def _crumbs(*more: tuple[str, str | None]) -> list[tuple[str, str | None]]:
    return [
        (_("Solutions"), reverse("catalog:solution_list")),
        (_("Suggest a solution"), reverse("catalog:intake_create")),
        *more,
    ]
