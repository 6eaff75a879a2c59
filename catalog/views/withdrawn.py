"""The address of an entry that has left the catalog: it says so, and where to go on."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from catalog.enums import NoticeKind, SolutionState
from catalog.models import Solution


def withdrawn_page(request: HttpRequest, slug: str) -> HttpResponse:
    """410 with the name that stood here, its successor if a notice names one, and the way to others.

    Only a published entry can have been withdrawn, so its name has been public. Raises Http404 for others.
    """
    solution = get_object_or_404(Solution, slug=slug, state=SolutionState.WITHDRAWN)
    left = solution.events.filter(to_state=SolutionState.WITHDRAWN).last()
    notice = (
        solution.notices.standing()
        .filter(kind=NoticeKind.SUCCESSOR, successor__state=SolutionState.PUBLISHED)
        .select_related("successor")
        .last()
    )
    context = {
        "solution": solution,
        "left_at": left.at if left else None,
        "successor": notice.successor if notice else None,
        "list_url": f"{reverse('catalog:solution_list')}?{urlencode({'q': solution.name})}",
        "crumbs": [(_("Solutions"), reverse("catalog:solution_list")), (solution.name, None)],
    }
    return render(request, "catalog/solution_withdrawn.html", context, status=410)
