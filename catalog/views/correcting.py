"""An advisor corrects an entry directly, on the page with every field."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from catalog.change_form import CorrectionForm
from catalog.entry_form import is_too_large
from catalog.models import Solution
from catalog.permissions import can_decide
from catalog.publiccode.licenses import spdx_ids
from catalog.services.correcting import correct_entry
from catalog.services.proposals import ProposalConflict
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access, no_store
from osk_portal.toolkit.transitions import TransitionNotAllowed


@access(LOGIN)
def entry_correct(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """Enter or correct statements in any state of the entry. 404 for whoever does not see it."""
    solution = get_object_or_404(Solution.objects.visible_to(request.user), slug=slug)
    if not can_decide(request.user):
        raise PermissionDenied
    if request.method != "POST":
        return _page(request, solution, CorrectionForm(solution=solution), 200)
    form = CorrectionForm(solution=solution, data=request.POST)
    action = request.POST.get("action", "")
    if action.startswith("add:"):
        more = CorrectionForm(solution=solution, typed=form, add=action.removeprefix("add:"))
        return _page(request, solution, more, 200)
    if is_too_large(form.values):
        messages.error(request, _("This is more than a file may hold (512 KB). Nothing was saved."))
        return _page(request, solution, CorrectionForm(solution=solution, typed=form), 422)
    if not form.is_valid():
        return _page(request, solution, form, 422)
    try:
        correct_entry(
            solution.pk,
            actor=request.user,
            changes=form.changes,
            base_revision=form.cleaned_data["base_revision"],
            reason=form.cleaned_data["reason"],
            is_locked=form.cleaned_data["is_locked"],
        )
    except (ProposalConflict, TransitionNotAllowed) as error:
        form.add_error(None, str(error))
        return _page(request, solution, form, 409)
    messages.success(request, _("Corrected. The entry shows it now."))
    return redirect(solution)


def _page(
    request: AuthenticatedRequest, solution: Solution, form: CorrectionForm, status: int
) -> HttpResponse:
    context = {
        "solution": solution,
        "form": form,
        "spdx": spdx_ids(),
        "crumbs": [
            (_("Solutions"), reverse("catalog:solution_list")),
            (solution.name, solution.get_absolute_url()),
            (_("Correct the entry"), None),
        ],
    }
    return no_store(render(request, "catalog/entry_correct.html", context, status=status))
