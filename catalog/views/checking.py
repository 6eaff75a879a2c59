"""Authors check a publiccode.yml. Anybody may; nothing is stored, but what is fetched from a repository for an hour."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from catalog import checking, forges
from catalog.check_forms import CheckForm
from catalog.models import RepositoryCheck
from catalog.services import repository_checks
from osk_portal.pages.limits import within_limit
from osk_portal.toolkit import clock
from osk_portal.toolkit.access import PUBLIC, access, no_store
from osk_portal.toolkit.transitions import TransitionNotAllowed


@access(PUBLIC)
@require_http_methods(["GET", "HEAD", "POST"])
def publiccode_check(request: HttpRequest) -> HttpResponse:
    """The form, and below the same address what was found; ``format=json`` gives it as a file."""
    if request.method != "POST":
        return _page(request, CheckForm())
    form = CheckForm(request.POST, request.FILES)
    is_valid = form.is_valid()
    # Each check costs computing time, so that every one counts, with mistakes or without.
    if not within_limit(request, "publiccode_check"):
        form.add_error(
            None, _("You have sent the form very often. Please try again in 10 minutes.")
        )
        return _page(request, form, status=429)
    if not is_valid:
        return _page(request, form, status=422)
    if form.place is not None:
        return _fetch(request, form, form.place)
    if request.POST.get("format") == "json":
        return _download(checking.as_json(form.to_check))
    found = checking.check(form.to_check)
    return _page(request, CheckForm(initial={"text": found.text or ""}), found)


def _fetch(request: HttpRequest, form: CheckForm, place: forges.Place) -> HttpResponse:
    """Have the file fetched; what is found stands on a page of its own for an hour."""
    is_free = within_limit(request, "publiccode_fetch")
    try:
        check = repository_checks.request_check(place=place) if is_free else None
    except TransitionNotAllowed:
        check = None
    if check is None:
        form.add_error(
            None, _("We cannot fetch more files at present. Please try again in 10 minutes.")
        )
        return _page(request, form, status=429)
    return redirect("catalog:repository_check", public_id=check.public_id)


@require_safe
@access(PUBLIC)
def repository_check(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Still being fetched, or what was found; for whoever has the address, for an hour."""
    young = RepositoryCheck.objects.filter(created_at__gte=clock.now() - repository_checks.KEPT)
    check = get_object_or_404(young, public_id=public_id)
    if check.content is None:
        context = {
            "check": check,
            "crumbs": [
                (_("Solutions"), reverse("catalog:solution_list")),
                (_("Check a publiccode.yml"), reverse("catalog:publiccode_check")),
                (check.repository, None),
            ],
        }
        return no_store(render(request, "catalog/repository_check.html", context))
    found = checking.check(bytes(check.content))
    initial = {"text": found.text or "", "repository": check.repository}
    return _page(request, CheckForm(initial=initial), found)


def _page(
    request: HttpRequest, form: CheckForm, found: checking.Check | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "found": found,
        "crumbs": [
            (_("Solutions"), reverse("catalog:solution_list")),
            (_("Check a publiccode.yml"), None),
        ],
    }
    return no_store(render(request, "catalog/check.html", context, status=status))


def _download(content: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="publiccode-check.json"'
    return no_store(response)
