"""What the OSK adds to an entry, on a page of its own."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from catalog.addition_form import AdditionForm
from catalog.addition_history import values_before
from catalog.models import Solution
from catalog.permissions import can_decide
from catalog.services.additions import change_additions
from catalog.services.proposals import ProposalConflict
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access, no_store


@access(LOGIN)
def addition_form(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """In any state of the entry; ``?vor=``: filled with what stood there before that change.

    404 for whoever does not see it, 403 for others than advisors.
    """
    solution = get_object_or_404(Solution.objects.visible_to(request.user), slug=slug)
    if not can_decide(request.user):
        raise PermissionDenied
    data = request.POST.copy() if request.method == "POST" else None
    restored = values_before(solution, request.GET.get("vor", ""))
    form = AdditionForm(data, solution=solution, restored=restored)
    status = 200
    if data is not None:
        status = 422
        if form.is_valid():
            try:
                change_additions(solution.pk, actor=request.user, **form.cleaned_data)
            except ProposalConflict as error:
                # What was typed stays; saving once more is a decision about what stands there now.
                data["seen"] = Solution.objects.get(pk=solution.pk).updated_at.isoformat()
                form.add_error(None, str(error))
                status = 409
            else:
                messages.success(request, _("Saved. The entry shows it now."))
                return redirect(solution)
    context = {
        "solution": solution,
        "form": form,
        "is_restored": bool(restored) and data is None,
        "crumbs": [
            (_("Solutions"), reverse("catalog:solution_list")),
            (solution.name, solution.get_absolute_url()),
            (_("What the OSK adds"), None),
        ],
    }
    return no_store(render(request, "catalog/addition_form.html", context, status=status))
