"""Follow an entry: begin, end, and the list of one's own."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.enums import FollowRhythm
from catalog.models import Follow, Solution
from catalog.services import follow_solution, unfollow_solution
from catalog.services.digests import FollowLinkDead, named_by, rhythm_of, set_rhythm
from osk_portal.toolkit.access import LOGIN, PUBLIC, AuthenticatedRequest, access, no_store

PAGE_SIZE = 20


class RhythmForm(forms.Form):
    rhythm = forms.ChoiceField(
        label=gettext_lazy("How often shall we write?"),
        help_text=gettext_lazy(
            "Notices of the OSK, for example about security, always come at once."
        ),
        choices=FollowRhythm.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Choose an answer."),
            "invalid_choice": gettext_lazy("Choose an answer."),
        },
    )


@require_safe
@access(LOGIN)
def follow_list(request: AuthenticatedRequest) -> HttpResponse:
    return _list_page(request, RhythmForm(initial={"rhythm": rhythm_of(request.user)}))


def _list_page(request: AuthenticatedRequest, form: RhythmForm, status: int = 200) -> HttpResponse:
    follows = Follow.objects.filter(user=request.user).select_related("solution")
    context = {
        "form": form,
        "page": Paginator(follows, PAGE_SIZE).get_page(request.GET.get("page")),
        "crumbs": [
            (_("Solutions"), reverse("catalog:solution_list")),
            (_("Entries that I follow"), None),
        ],
    }
    return no_store(render(request, "catalog/follow_list.html", context, status=status))


@require_POST
@access(LOGIN)
def follow_rhythm(request: AuthenticatedRequest) -> HttpResponse:
    """At once, gathered once a day or a week, or not at all."""
    form = RhythmForm(request.POST)
    if not form.is_valid():
        return _list_page(request, form, status=422)
    set_rhythm(user=request.user, rhythm=FollowRhythm(form.cleaned_data["rhythm"]))
    messages.success(request, _("Saved."))
    return redirect("catalog:follow_list")


@csrf_exempt  # the address itself is the right: mail programs send it without a cookie (RFC 8058)
@access(PUBLIC)
@require_http_methods(["GET", "HEAD", "POST"])
def follow_end(request: HttpRequest, token: str) -> HttpResponse:
    """The link in each mail, without signing in. GET only asks: programs that open links end nothing."""
    try:
        user = named_by(token)
    except FollowLinkDead:
        raise Http404 from None
    if request.method == "POST":
        set_rhythm(user=user, rhythm=FollowRhythm.OFF)
    context = {"is_over": rhythm_of(user) == FollowRhythm.OFF}
    return no_store(render(request, "catalog/follow_end.html", context))


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
