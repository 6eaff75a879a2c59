"""Authors check a publiccode.yml. Anybody may; nothing is stored."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from catalog import checking
from catalog.check_forms import CheckForm
from osk_portal.pages.limits import within_limit
from osk_portal.toolkit.access import PUBLIC, access, no_store


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
    if request.POST.get("format") == "json":
        return _download(checking.as_json(form.to_check))
    found = checking.check(form.to_check)
    return _page(request, CheckForm(initial={"text": found.text or ""}), found)


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
