"""The operations of the API. Every one shows published entries only, whoever asks."""

from __future__ import annotations

from typing import Annotated, Any

from django.db.models import CharField, Count, F, Func, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from ninja import Path, Query, Router
from pydantic import BaseModel

from catalog import vocabulary_labels
from catalog.api import dates, pages, rows, schemas
from catalog.api.problems import WrongParameter
from catalog.enums import STAGES_IN_USE, LicenceFamily
from catalog.exports import facts
from catalog.facets import SolutionFilter
from catalog.history import public_revisions, without_persons
from catalog.models import Notice, NoticeEvent, ReuseEvent, Solution, SolutionRevision
from catalog.notices import all_of
from catalog.querysets import counted_reuse
from catalog.search import find
from catalog.support_list import supporters_of
from catalog.terms import clean
from network.enums import OrganisationKind
from network.models import Organisation

router = Router()

_LARGEST = 2_147_483_647  # PostgreSQL's integer
_MOST_OF_FACET = 200  # more than there are areas of use
Slug = Annotated[
    str,
    Path(description=gettext_noop("The last part of the entry's address, as in slug of a list.")),
]
_ERRORS = {404: schemas.Problem, 422: schemas.Problem, 429: schemas.Problem}
_FILTER_ERRORS = {422: schemas.Problem, 429: schemas.Problem}
_PLAIN_ERRORS = {429: schemas.Problem}


@router.get(
    "solutions",
    response={200: schemas.SolutionPage, **_ERRORS},
    operation_id="solutions",
    url_name="solutions",
    summary=gettext_noop("Search and filter solutions"),
)
def solutions(
    request: HttpRequest, response: HttpResponse, wanted: Query[schemas.SolutionQuery]
) -> Any:
    _refuse_unknown(request, schemas.SolutionQuery)
    by_more = wanted.reuse or wanted.q or wanted.sort == "reused"
    events = dates.beside() if by_more else ()
    dates.say(response, entries=True, events=events, is_searched=bool(wanted.q))
    found = pages.solutions(request, wanted)
    if found["next"]:
        response["Link"] = f'<{found["next"]}>; rel="next"'
    return found


@router.get(
    "facets",
    response={200: schemas.FacetList, **_FILTER_ERRORS},
    operation_id="facets",
    url_name="facets",
    summary=gettext_noop("What a search can be narrowed by, with counts"),
)
def facets(
    request: HttpRequest, response: HttpResponse, wanted: Query[schemas.SolutionFilters]
) -> Any:
    _refuse_unknown(request, schemas.SolutionFilters)
    dates.say(response, entries=True, events=dates.beside(), is_searched=bool(wanted.q))
    asked = SolutionFilter.from_query(request.GET)
    hits = find(asked.query).hits if asked.query else None
    return {
        "data": [
            {
                "name": facet.name,
                "label": facet.label,
                "choices": [
                    {"value": choice.value, "label": choice.label, "count": choice.count}
                    for choice in facet.choices
                ],
            }
            for facet in asked.facets(hits, most=_MOST_OF_FACET)
        ],
        "data_licence": rows.licence(),
    }


@router.get(
    "solutions/{slug:slug}",
    response={200: schemas.SolutionDetail, **_ERRORS},
    operation_id="solution",
    url_name="solution",
    summary=gettext_noop("One solution with its publiccode.yml"),
)
def solution(request: HttpRequest, response: HttpResponse, slug: Slug) -> Any:
    found = _published(slug)
    added = facts.of_one(found)
    dates.say(response, found.updated_at, added.changed_at)
    return rows.solution_detail(found, added, supporters_of(found), all_of(found))


@router.get(
    "solutions/{slug:slug}/revisions",
    response={200: schemas.RevisionList, **_ERRORS},
    operation_id="revisions",
    url_name="revisions",
    summary=gettext_noop("Revisions of a solution that have been public, the newest first"),
)
def revisions(request: HttpRequest, response: HttpResponse, slug: Slug) -> Any:
    found = _published(slug)
    dates.say(response, found.updated_at)
    return {
        "data": [rows.revision(each, found) for each in public_revisions(found)],
        "data_licence": rows.licence(),
    }


@router.get(
    "solutions/{slug:slug}/revisions/{number}",
    response={200: schemas.RevisionDetail, **_ERRORS},
    operation_id="revision",
    url_name="revision",
    summary=gettext_noop("One revision with the publiccode.yml of that time"),
)
def revision(
    request: HttpRequest,
    response: HttpResponse,
    slug: Slug,
    number: Annotated[
        int, Path(ge=1, le=_LARGEST, description=gettext_noop("Number of the revision."))
    ],
) -> Any:
    found = _published(slug)
    wanted = next((each for each in public_revisions(found) if each.number == number), None)
    if wanted is None:
        raise Http404(number)
    dates.say(response, found.updated_at)
    document = SolutionRevision.objects.values_list("document", flat=True).get(pk=wanted.pk)
    return {
        **rows.revision(wanted, found),
        "publiccode": document if number == found.revision else without_persons(document),
        "data_licence": rows.licence(),
    }


@router.get(
    "categories",
    response={200: schemas.CategoryList, **_PLAIN_ERRORS},
    operation_id="categories",
    url_name="categories",
    summary=gettext_noop("All areas of use, with the number of solutions"),
)
def categories(request: HttpRequest, response: HttpResponse) -> Any:
    dates.say(response, entries=True)
    found = (
        Solution.objects.published()
        .annotate(category=Func(F("categories"), function="unnest", output_field=CharField()))
        .order_by()
        .values_list("category")
        .annotate(n=Count("pk"))
    )
    counts: dict[str, int] = dict(found)
    return {
        "data": [
            {"value": value, "label": str(label), "count": counts.get(value, 0)}
            for value, label in vocabulary_labels.CATEGORIES.items()
        ],
        "data_licence": rows.licence(),
    }


@router.get(
    "licences",
    response={200: schemas.LicenceList, **_PLAIN_ERRORS},
    operation_id="licences",
    url_name="licences",
    summary=gettext_noop("Licences in use, with the number of solutions"),
)
def licences(request: HttpRequest, response: HttpResponse) -> Any:
    dates.say(response, entries=True)
    found = (
        Solution.objects.published()
        .exclude(licence="")
        .order_by()
        .values("licence", "licence_family")
        .annotate(n=Count("pk"))
        .order_by("-n", "licence")
    )
    labels = {value: str(label) for value, label in LicenceFamily.choices}
    return {
        "data": [
            {
                "licence": row["licence"],
                "family": row["licence_family"] or None,
                "family_label": labels.get(row["licence_family"], ""),
                "count": row["n"],
            }
            for row in found
        ],
        "data_licence": rows.licence(),
    }


@router.get(
    "organisations",
    response={200: schemas.OrganisationPage, **_ERRORS},
    operation_id="organisations",
    url_name="organisations",
    summary=gettext_noop("Organisations of the network"),
)
def organisations(
    request: HttpRequest, response: HttpResponse, wanted: Query[schemas.PageQuery]
) -> Any:
    _refuse_unknown(request, schemas.PageQuery)
    dates.say(response)
    found = Organisation.objects.published()
    return pages.page(request, found, pages.BY_NAME, wanted, rows.organisation, total=found.count())


@router.get(
    "notices",
    response={200: schemas.NoticePage, **_ERRORS},
    operation_id="notices",
    url_name="notices",
    summary=gettext_noop("Notices of the OSK on solutions, the newest first"),
)
def notices(
    request: HttpRequest, response: HttpResponse, wanted: Query[schemas.NoticeQuery]
) -> Any:
    _refuse_unknown(request, schemas.NoticeQuery)
    dates.say(response, entries=True, events=[NoticeEvent])
    found = Notice.objects.published().select_related("solution", "successor")
    if wanted.kind:
        found = found.filter(kind__in=wanted.kind)
    if wanted.state:
        found = found.filter(state=wanted.state)
    if wanted.solution:
        found = found.filter(solution__slug=wanted.solution)
    return pages.page(
        request, found, pages.NEWEST_NOTICE, wanted, rows.notice_on_solution, total=found.count()
    )


@router.get(
    "reuse",
    response={200: schemas.ReusePage, **_ERRORS},
    operation_id="reuse",
    url_name="reuse",
    summary=gettext_noop("How many organisations use a solution, in Berlin and elsewhere"),
)
def reuse(request: HttpRequest, response: HttpResponse, wanted: Query[schemas.PageQuery]) -> Any:
    _refuse_unknown(request, schemas.PageQuery)
    dates.say(response, entries=True, events=[ReuseEvent])
    in_berlin = Q(reuses__organisation__kind=OrganisationKind.BERLIN_ADMINISTRATION)
    in_use = counted_reuse("reuses__")
    stages = {
        f"berlin_{stage}": Count("reuses", filter=in_use & in_berlin & Q(reuses__stage=stage))
        for stage in STAGES_IN_USE
    }
    used = Solution.objects.published().used_anywhere()
    counted = used.with_reuse_counts().annotate(**stages).only("slug", "name", "sort_key")
    return pages.page(request, counted, pages.BY_REUSE, wanted, _reuse_row, total=used.count())


def _reuse_row(found: Any) -> dict[str, Any]:
    return {
        "slug": found.slug,
        "name": found.name,
        "berlin": {
            "test": found.berlin_test,
            "pilot": found.berlin_pilot,
            "production": found.berlin_production,
            "total": found.berlin_count,
        },
        "elsewhere": found.elsewhere_count,
        "url": rows.address("catalog:solution_detail", found.slug),
    }


def _published(slug: str, **more: Any) -> Solution:
    """``more``: annotations."""
    rows = Solution.objects.published().select_related("maintainer", "berlin_body")
    return get_object_or_404(rows.annotate(**more), slug=slug)


def _refuse_unknown(request: HttpRequest, known: type[BaseModel]) -> None:
    """Neither a misspelt filter nor a search for nothing visible must answer with the whole catalog."""
    for name in request.GET:
        if name not in known.model_fields:
            raise WrongParameter(name[:100], _("There is no parameter with this name."))
        if name not in ("q", "cursor") and not all(
            value.isprintable() for value in request.GET.getlist(name)
        ):
            raise WrongParameter(name, _("There is nothing in it to search for."))
    query = request.GET.get("q", "")
    if query and not clean(query):
        raise WrongParameter("q", _("There is nothing in it to search for."))
