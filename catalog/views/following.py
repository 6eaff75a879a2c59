"""Follow an entry: begin, end, and the list of one's own."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from catalog.models import Follow, Solution
from catalog.services import follow_solution, unfollow_solution
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access, no_store

PAGE_SIZE = 20


@require_safe
@access(LOGIN)
def follow_list(request: AuthenticatedRequest) -> HttpResponse:
    follows = Follow.objects.filter(user=request.user).select_related("solution")
    context = {
        "page": Paginator(follows, PAGE_SIZE).get_page(request.GET.get("page")),
        "crumbs": [
            (_("Solutions"), reverse("catalog:solution_list")),
            (_("Entries that I follow"), None),
        ],
    }
    return no_store(render(request, "catalog/follow_list.html", context))


@require_POST
@access(LOGIN)
def follow(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    solution = get_object_or_404(Solution.objects.published(), slug=slug)
    follow_solution(solution.pk, user=request.user)
    messages.success(
        request, _("You follow %(name)s. We tell you when it changes.") % {"name": solution.name}
    )
    return redirect(solution)


@require_POST
@access(LOGIN)
def unfollow(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """Back to the list: the entry may have left the catalog."""
    solution = get_object_or_404(Solution.objects.filter(follows__user=request.user), slug=slug)
    unfollow_solution(solution.pk, user=request.user)
    messages.success(request, _("You no longer follow %(name)s.") % {"name": solution.name})
    return redirect("catalog:follow_list")
