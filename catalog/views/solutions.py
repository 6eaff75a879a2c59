"""The catalog as everybody sees it: the list, an entry, its publiccode.yml."""

from __future__ import annotations

from collections.abc import Hashable
from functools import cache
from typing import Any

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import conditional_page
from pyroaring import BitMap

from catalog import (
    assessments,
    badges,
    documents,
    locks,
    presentation,
    provenance,
    reports,
    similar,
    statements,
)
from catalog.facet_counts import READ_ANYWAY
from catalog.facets import MOST_REUSED, NAME, NEWEST, RELEVANCE, SolutionFilter
from catalog.found_memory import remembered
from catalog.hits import Hits
from catalog.models import Solution
from catalog.notices import shown_on_entry
from catalog.permissions import (
    can_decide,
    can_describe_pictures,
    can_issue_notices,
    can_offer_support,
    can_propose,
    can_propose_corrections,
    can_report_reuse,
    can_take_in,
    claiming_organisations,
    is_following,
    may_ask_for_tests,
)
from catalog.querysets import SolutionQuerySet
from catalog.reuse_lists import reuse_of
from catalog.search import meant
from catalog.state import recent_change
from catalog.support_list import supporters_of
from catalog.variants import kin
from catalog.views.exports import negotiated, opened
from catalog.views.withdrawn import withdrawn_page
from osk_portal import portal
from osk_portal.toolkit.access import PUBLIC, access
from osk_portal.toolkit.page_memory import PageMemory

PAGE_SIZE = 20
MOST_AREAS = 4
# Pages of the floors above: the catalog knows their address and nothing else of them.
CONSULTING_START = "/beratung/anfrage/neu/"
SANDBOX_START = "/testumgebung/"
SANDBOX_WISH = "/testumgebung/wuensche/neu/"
MOST_OF_A_NAME = 100
"""Characters that the form of a wish takes over."""

_ORDERS = {
    NAME: ("sort_key", "pk"),
    NEWEST: ("-updated_at", "pk"),
    MOST_REUSED: ("-berlin_count", "sort_key", "pk"),
}


# The state of the catalog is asked anyway: what looks unchanged lives as long as the picture of the facets.
LISTS = PageMemory(lambda: settings.OSK_FACETS_SECONDS * READ_ANYWAY)


@access(PUBLIC)
@negotiated(turtle="catalog_turtle")
def solution_list(request: HttpRequest) -> HttpResponse:
    state = cache(recent_change)
    return LISTS.page(request, state, lambda context: _solution_list(request, context, state()))


def _solution_list(request: HttpRequest, context: dict[str, Any], state: Hashable) -> HttpResponse:
    """``context``: what the page gets besides. ``state``: of the catalog."""
    wanted = SolutionFilter.from_query(request.GET)
    published = Solution.objects.published()
    ranking: Hits | None = None
    is_exact = True
    if wanted.query:
        found = remembered(wanted.query, state)
        ranking, is_exact = found.hits, found.is_exact
    keys = wanted.listed(ranking, state)
    if keys is None:
        base = published if ranking is None else published.with_keys(ranking)
        keys = _keys(wanted.apply(base), wanted, ranking)
    page = _page(keys, request.GET.get("page"))
    title = _("Solutions")
    if wanted.query:
        number = page.paginator.count
        title = _("%(query)s: %(hits)s") % {
            "query": wanted.query,
            "hits": ngettext("%(n)s solution", "%(n)s solutions", number) % {"n": number},
        }
    context |= {
        "title": title,
        "page": page,
        "wanted": wanted,
        "sorts": wanted.sorts(wanted.query),
        "rows": [presentation.row(solution, wanted.query) for solution in page],
        "facets": wanted.facets(ranking) if page.paginator.count or wanted.chosen else [],
        "is_exact": is_exact,
        "meant": [],
        "nearest": [],
        "consulting_url": _consulting_url({"q": wanted.query} if wanted.query else {}),
        "wish_url": "",
        "can_take_in": request.user.is_authenticated and can_take_in(request.user),
        "crumbs": [(_("Solutions"), None)],
    }
    if not page.paginator.count:
        areas = wanted.areas()
        labels = [label for _value, label, _number in areas]
        context["nearest"] = areas[:MOST_AREAS]
        context["wish_url"] = _wish_url(request, wanted.query)
        context["meant"] = [] if ranking else meant(wanted.query, among=published, labels=labels)
    response = render(request, "catalog/solution_list.html", context)
    if request.headers.get("HX-Request") and not (page.paginator.count or wanted.chosen):
        # Another page altogether: nothing of it could be put in the place of the hits.
        response["HX-Redirect"] = request.get_full_path()
    return response


def _wish_url(request: HttpRequest, query: str) -> str:
    """Where who may book asks for a test environment of what was searched for; else nowhere."""
    if not query or not request.user.is_authenticated or not may_ask_for_tests(request.user):
        return ""
    return f"{SANDBOX_WISH}?{urlencode({'produkt': query[:MOST_OF_A_NAME]})}"


def _keys(found: SolutionQuerySet, wanted: SolutionFilter, ranking: Hits | None) -> Any:
    """Primary keys of ``found`` in the order that was asked for."""
    if ranking is not None and wanted.order == RELEVANCE:
        # The filtered hits in the order of the search.
        if not wanted.chosen:
            return ranking
        return ranking.among(BitMap(found.values_list("pk", flat=True)))
    ordered = found.with_reuse_counts() if wanted.order == MOST_REUSED else found
    return ordered.order_by(*_ORDERS[wanted.order]).values_list("pk", flat=True)


def _page(keys: Any, number: str | None) -> Page[Any]:
    """The keys first: what a row shows is read of the rows of one page only."""
    page: Page[Any] = Paginator(keys, PAGE_SIZE).get_page(number)
    shown = list(page.object_list)
    rows = Solution.objects.published().filter(pk__in=shown).with_reuse_counts().with_test()
    page.object_list = sorted(rows, key=lambda solution: shown.index(solution.pk))
    return page


@access(PUBLIC)
@negotiated(turtle="solution_turtle", jsonld="solution_jsonld")
def solution_detail(request: HttpRequest, slug: str) -> HttpResponse:
    solution = (
        Solution.objects.visible_to(request.user)
        .with_reuse_counts()
        .with_test()
        .annotate(
            stated=statements.standing(), assessed=assessments.current(), badged=badges.fetched()
        )
        .select_related("maintainer", "berlin_body", "source")
        .filter(slug=slug)
        .first()
    )
    if solution is None:
        return withdrawn_page(request, slug)
    context = {
        "solution": solution,
        "entry": presentation.entry(solution),
        "origins": provenance.groups(solution.origins, known=[solution.maintainer]),
        "fixed": locks.labels(locks.locked(solution)),
        "reuse": reuse_of(solution, request.user),
        "supports": supporters_of(solution),
        "may_report_reuse": not request.user.is_authenticated or can_report_reuse(request.user),
        "may_offer_support": can_offer_support(request.user),
        "mediate_url": _consulting_url(
            {
                "solution": solution.slug,
                "title": _("Introduction to an organisation that uses %(name)s")
                % {"name": solution.name},
            }
        ),
        "similar": similar.to(solution),
        "panels": portal.panels_for("catalog.solution", solution, request),
        "checked": reports.labels_of(solution.checked_fields),
        "notices": shown_on_entry(solution, request.user),
        "may_issue_notices": can_issue_notices(request.user),
        "assessment": assessments.of(solution),
        "badges": badges.of(solution),
        "may_describe_pictures": can_describe_pictures(request.user, solution),
        "statements": statements.of(solution),
        "is_advisor": request.user.is_authenticated and can_decide(request.user),
        "is_following": is_following(request.user, solution),
        "source": getattr(solution, "source", None),
        "kin": kin(solution, among=Solution.objects.visible_to(request.user)),
        "can_propose": can_propose(request.user, solution),
        "can_propose_corrections": can_propose_corrections(request.user),
        "can_claim": bool(claiming_organisations(request.user, solution)),
        "ask_url": _consulting_url({"solution": solution.slug}),
        "wish_url": ""
        if getattr(solution, "has_test", False)
        else _wish_url(request, solution.name),
        "test_url": f"{SANDBOX_START}?{urlencode({'solution': solution.slug})}",
        "crumbs": [(_("Solutions"), reverse("catalog:solution_list")), (solution.name, None)],
    }
    return render(request, "catalog/solution_detail.html", context)


@access(PUBLIC)
@conditional_page
def solution_publiccode(request: HttpRequest, slug: str) -> HttpResponse:
    """The entry as a publiccode.yml; always a download, so that no browser shows foreign text as a page."""
    solution = get_object_or_404(Solution.objects.visible_to(request.user), slug=slug)
    text = documents.as_file(solution.document)
    if not text:  # an incomplete entry of which not even a part can be read
        raise Http404(slug)
    if solution.is_incomplete:
        note = _(
            "Incomplete: the file of the repository has errors. This is what could be read of it."
        )
        text = f"# {note}\n{text}"
    response = HttpResponse(text, content_type="text/yaml; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="publiccode.yml"'
    return opened(response)


def _consulting_url(words: dict[str, str]) -> str:
    return CONSULTING_START + (f"?{urlencode(words)}" if words else "")
