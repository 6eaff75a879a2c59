"""Compare up to four solutions: under an address that holds everything, or saved under one of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from catalog import services
from catalog.comparison import ods
from catalog.comparison.table import compare
from catalog.comparison.wanted import MOST_SOLUTIONS, Wanted
from catalog.comparison_forms import ComparisonForm
from catalog.models import SavedComparison, Solution
from catalog.permissions import can_delete_comparison
from catalog.search import clean, search
from network.models import Organisation
from network.permissions import active_memberships
from osk_portal.accounts.models import User
from osk_portal.toolkit.access import LOGIN, PUBLIC, AuthenticatedRequest, access, no_store
from osk_portal.toolkit.transitions import TransitionNotAllowed

MOST_FOUND = 8
PAGE_SIZE = 20


@dataclass(frozen=True)
class _Place:
    """Where a comparison stands: under its address, or ``saved``."""

    wanted: Wanted
    saved: SavedComparison | None = None

    @property
    def url(self) -> str:
        return self.saved.get_absolute_url() if self.saved else reverse("catalog:comparison")

    @property
    def ods_url(self) -> str:
        if self.saved:
            return reverse("catalog:saved_comparison_ods", args=[self.saved.public_id])
        return f"{reverse('catalog:comparison_ods')}?{self.wanted.query}"

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """For the hidden fields of a form that leads here again."""
        if self.saved is not None:
            return [("nur", "unterschiede")] if self.wanted.only_differences else []
        query = QueryDict(self.wanted.query)
        return [(name, value) for name, values in query.lists() for value in values]

    def at(self, wanted: Wanted) -> str:
        if self.saved is None:
            return f"{self.url}?{wanted.query}" if wanted.query else self.url
        return f"{self.url}?nur=unterschiede" if wanted.only_differences else self.url


@access(PUBLIC)
@require_http_methods(["GET", "HEAD", "POST"])
def comparison(request: HttpRequest) -> HttpResponse:
    """POST takes the own rows over into the address, or saves the comparison under one of its own."""
    if request.method != "POST":
        return _page(request, _Place(Wanted.from_query(request.GET)))
    base = Wanted.from_query(request.POST).with_rows(())
    is_saving = "save" in request.POST and request.user.is_authenticated
    form = _form(request, base, is_saving=is_saving)
    if not form.is_valid():
        return _page(request, _Place(base), form, status=422)
    wanted = _chosen(base.with_rows(form.rows), request.POST)
    if is_saving:
        try:
            saved = services.save_comparison(
                public_id=form.cleaned_data["public_id"] or form.initial["public_id"],
                author=cast("User", request.user),
                title=form.cleaned_data["title"],
                wanted=wanted,
                organisation=form.cleaned_data.get("organisation"),
            )
        except TransitionNotAllowed as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The comparison is saved."))
            return redirect(f"{saved.get_absolute_url()}#inhalt")
    elif wanted.is_too_long:
        form.add_error(None, _too_long(request))
    else:
        # A browser would keep the "#own" of the form.
        return redirect(f"{_Place(wanted).at(wanted)}#inhalt")
    return _page(request, _Place(wanted), form, status=422)


def _too_long(request: HttpRequest) -> str:
    if request.user.is_authenticated:
        return _(
            "Your rows are too long for an address. Shorten them, or enter a title and save the comparison."
        )
    return _(
        "Your rows are too long for an address. Shorten them. If you sign in, you can save longer comparisons."
    )


@access(LOGIN)
@require_http_methods(["GET", "HEAD", "POST"])
def saved_comparison(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Read it, or write it anew. What somebody else has changed since is never overwritten silently: 409."""
    saved = _visible(request, public_id)
    only = request.GET.get("nur") == "unterschiede"
    place = _Place(saved.wanted.showing(only_differences=only), saved)
    if request.method != "POST":
        return no_store(_page(request, place))
    form = _form(request, place.wanted, saved=saved, is_saving=True)
    if not form.is_valid():
        return no_store(_page(request, place, form, status=422))
    wanted = _chosen(place.wanted.with_rows(form.rows), request.POST)
    try:
        services.change_comparison(
            saved.pk,
            actor=request.user,
            expected_version=form.cleaned_data["version"] or 0,
            title=form.cleaned_data["title"],
            wanted=wanted,
            organisation=form.cleaned_data.get("organisation"),
        )
    except TransitionNotAllowed as error:
        return _conflict(request, place, str(error))
    messages.success(request, _("The comparison is saved."))
    return redirect(f"{place.at(wanted)}#inhalt")


def _conflict(request: AuthenticatedRequest, place: _Place, problem: str) -> HttpResponse:
    """What was typed, beside what is saved now; saving again then counts."""
    saved = SavedComparison.objects.visible_to(request.user).filter(pk=_saved(place).pk).first()
    if saved is None:
        messages.warning(request, problem)
        return redirect("catalog:comparison_list")
    data = request.POST.copy()
    data["version"] = str(saved.version)
    now = _Place(saved.wanted.showing(only_differences=place.wanted.only_differences), saved)
    form = _form(request, now.wanted, saved=saved, is_saving=True, data=data)
    form.add_error(
        None,
        _(
            "%(problem)s The table shows what is saved, the form what you typed. Save again "
            "to keep yours."
        )
        % {"problem": problem},
    )  # fmt: skip
    return no_store(_page(request, now, form, status=409))


def _saved(place: _Place) -> SavedComparison:
    return cast("SavedComparison", place.saved)


@access(PUBLIC)
@require_safe
def comparison_ods(request: HttpRequest) -> HttpResponse:
    return _file(_Place(Wanted.from_query(request.GET)))


@access(LOGIN)
@require_safe
def saved_comparison_ods(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    saved = _visible(request, public_id)
    return no_store(_file(_Place(saved.wanted, saved)))


def _file(place: _Place) -> HttpResponse:
    found = compare(place.wanted)
    url = settings.OSK_BASE_URL + place.at(place.wanted)
    response = HttpResponse(ods.as_ods(found, url), content_type=ods.TYPE)
    response["Content-Disposition"] = 'attachment; filename="vergleich.ods"'
    return response


@access(LOGIN)
@require_safe
def comparison_list(request: AuthenticatedRequest) -> HttpResponse:
    """One's own, and those that colleagues share."""
    found = SavedComparison.objects.visible_to(request.user).distinct()
    context = {
        "page": Paginator(found.select_related("organisation", "author"), PAGE_SIZE).get_page(
            request.GET.get("page")
        ),
        "crumbs": [*_crumbs()[:1], (_("Saved comparisons"), None)],
    }
    return no_store(render(request, "catalog/comparison_list.html", context))


@access(LOGIN)
@require_http_methods(["GET", "HEAD", "POST"])
def saved_comparison_delete(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Asks first."""
    saved = _visible(request, public_id)
    if request.method == "POST":
        try:
            services.delete_comparison(saved.pk, actor=request.user)
        except TransitionNotAllowed as error:
            messages.warning(request, str(error))
        else:
            messages.success(request, _("The comparison is deleted."))
        return redirect("catalog:comparison_list")
    context = {
        "comparison": saved,
        "may_delete": can_delete_comparison(request.user, saved),
        "crumbs": [*_crumbs(), (saved.title, saved.get_absolute_url()), (_("Delete"), None)],
    }
    return no_store(render(request, "catalog/comparison_delete.html", context))


def _visible(request: AuthenticatedRequest, public_id: UUID) -> SavedComparison:
    found = SavedComparison.objects.visible_to(request.user).select_related("organisation")
    return get_object_or_404(found, public_id=public_id)


def _chosen(wanted: Wanted, sent: QueryDict) -> Wanted:
    """With the column that a button adds or removes."""
    if removed := sent.get("remove"):
        return wanted.without(str(removed))
    added = str(sent.get("add", ""))
    if added and wanted.is_full:
        # A place that a solution left when it left the catalog is free.
        published = Solution.objects.published().filter(slug__in=wanted.slugs)
        wanted = wanted.keeping(published.values_list("slug", flat=True))
    return wanted.adding(added)


def _form(
    request: HttpRequest,
    wanted: Wanted,
    *,
    saved: SavedComparison | None = None,
    is_saving: bool = False,
    data: QueryDict | None = None,
    solutions: Sequence[Solution] | None = None,
) -> ComparisonForm:
    if solutions is None:
        published = Solution.objects.published().in_bulk(wanted.slugs, field_name="slug")
        solutions = [published[slug] for slug in wanted.slugs if slug in published]
    initial: dict[str, Any] = {}
    if saved is not None:
        initial = {
            "version": saved.version,
            "title": saved.title,
            "organisation": saved.organisation_id,
        }
    is_sent = request.method == "POST"
    return ComparisonForm(
        (request.POST if data is None else data) if is_sent else None,
        wanted=wanted,
        solutions=solutions,
        organisations=_organisations(request, saved),
        is_saving=is_saving,
        initial=initial,
    )


def _organisations(
    request: HttpRequest, saved: SavedComparison | None
) -> list[Organisation] | None:
    """With whom it may be shared; None for a visitor, and none for who has not written it."""
    if not request.user.is_authenticated:
        return None
    if saved is not None and saved.author_id != request.user.pk:
        return []
    return [m.organisation for m in active_memberships(request.user)]


def _page(
    request: HttpRequest, place: _Place, form: ComparisonForm | None = None, status: int = 200
) -> HttpResponse:
    found = compare(place.wanted)
    wanted = found.wanted
    words = clean(request.GET.get("suche", ""))
    if form is None:
        form = _form(request, wanted, saved=place.saved, solutions=found.solutions)
    shown = _Place(wanted, place.saved)
    context: Mapping[str, Any] = {
        "comparison": found,
        "place": shown,
        "saved": place.saved,
        "form": form,
        "words": words,
        "columns": [
            (solution, "" if place.saved else shown.at(wanted.without(solution.slug)))
            for solution in found.solutions
        ],
        "hits": [
            (solution, "" if place.saved else shown.at(wanted.adding(solution.slug)))
            for solution in _hits(words, wanted)
        ],
        "toggle_url": shown.at(wanted.showing(only_differences=not wanted.only_differences)),
        "address": "" if wanted.is_too_long else f"{reverse('catalog:comparison')}?{wanted.query}",
        "most": MOST_SOLUTIONS,
        "may_delete": place.saved is not None
        and can_delete_comparison(cast("User", request.user), place.saved),
        "crumbs": [*_crumbs(), (place.saved.title, None)]
        if place.saved
        else [*_crumbs()[:1], (_("Compare"), None)],
    }
    return render(request, "catalog/comparison.html", context, status=status)


def _hits(words: str, wanted: Wanted) -> list[Solution]:
    if not words or wanted.is_full:
        return []
    keys = search(words, few=1)[: MOST_FOUND + len(wanted.slugs)]
    found = Solution.objects.exclude(slug__in=wanted.slugs).in_bulk(keys)
    return [found[key] for key in keys if key in found][:MOST_FOUND]


def _crumbs() -> list[tuple[str, str | None]]:
    return [
        (_("Solutions"), reverse("catalog:solution_list")),
        (_("Saved comparisons"), reverse("catalog:comparison_list")),
    ]
