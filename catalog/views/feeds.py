"""The Atom feed of a search: the same words and filters as the list, what changed last first."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence
from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape
from django.utils.http import http_date, quote_etag
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from catalog import documents, vocabulary_labels
from catalog.exports.xml import readable
from catalog.facets import NEWEST, SolutionFilter
from catalog.found_memory import remembered
from catalog.models import Solution
from catalog.models.notices import title_of
from catalog.querysets import SolutionQuerySet
from catalog.state import changed_at, recent_change
from osk_portal.toolkit.access import PUBLIC, access

MOST_ENTRIES = 50


class SolutionFeed(Feed[Solution, None]):
    feed_type = Atom1Feed

    def __init__(self, wanted: SolutionFilter, solutions: Sequence[Solution]) -> None:
        self.wanted = wanted
        self.solutions = solutions

    def title(self) -> str:
        parts = [
            readable(text)
            for text in (self.wanted.query, *(c.label for c in self.wanted.chips))
            if text
        ]
        return f"{_('Solutions')}: {', '.join(parts)}" if parts else str(_("Solutions"))

    def subtitle(self) -> str:
        return _(
            "What changed last in the catalog of the OSK. Data of the catalog: %(licence)s."
        ) % {"licence": settings.OSK_DATA_LICENCE}

    def author_name(self) -> str:
        """RFC 4287 wants one of a feed whose entries have none."""
        return settings.OSK_SITE_NAME

    def link(self) -> str:
        return _address("catalog:solution_list", self.wanted)

    def feed_url(self) -> str:
        return _address("catalog:solution_feed", self.wanted)

    def items(self) -> Sequence[Solution]:
        return self.solutions

    def item_title(self, item: Solution) -> str:
        return readable(item.name)

    def item_description(self, item: Solution) -> str:
        """Atom calls a summary HTML: the text of a file is none. Notices that stand are said first."""
        _language, description = documents.description(item.document)
        parts = [f"{title_of(kind)}." for kind in item.notice_kinds]
        return escape(readable(" ".join([*parts, description.get("shortDescription", "")])))

    def item_guid(self, item: Solution) -> str:
        return f"urn:uuid:{item.public_id}"

    def item_pubdate(self, item: Solution) -> datetime | None:
        return item.published_at

    def item_updateddate(self, item: Solution) -> datetime:
        return item.updated_at

    def item_categories(self, item: Solution) -> list[str]:
        kinds = [title_of(kind) for kind in item.notice_kinds]
        return [*kinds, *(readable(vocabulary_labels.category(c)) for c in item.categories)]


@require_safe
@access(PUBLIC)
def solution_feed(request: HttpRequest) -> HttpResponse:
    """At most MOST_ENTRIES published entries; 304 to whoever has them already."""
    wanted = SolutionFilter.from_query(request.GET)
    state = recent_change()
    solutions = list(_latest(wanted, state).order_by("-updated_at", "pk")[:MOST_ENTRIES])
    shown = [f"{s.public_id} {s.updated_at.timestamp()}" for s in solutions]
    said = "\n".join([request.build_absolute_uri(), get_language() or "", *shown])
    etag = quote_etag(hashlib.sha256(said.encode()).hexdigest()[:32])
    # Of the catalog, not of the newest hit: that may leave, and a date that falls back would hide it.
    dates = [changed_at(state), *(s.updated_at for s in solutions[:1])]
    modified = max((int(at.timestamp()) for at in dates if at), default=None)
    response = get_conditional_response(request, etag=etag, last_modified=modified) or SolutionFeed(
        wanted, solutions
    )(request)
    response["ETag"] = etag
    if modified is not None:
        response["Last-Modified"] = http_date(modified)
    return response


def _latest(wanted: SolutionFilter, state: Hashable) -> SolutionQuerySet:
    """What fits, or at least those of it that changed last. ``state``: of the catalog."""
    published = Solution.objects.published()
    hits = remembered(wanted.query, state).hits if wanted.query else None
    keys = replace(wanted, sort=NEWEST).listed(hits, state)
    if keys is not None:
        return published.with_keys(keys[:MOST_ENTRIES])
    return wanted.apply(published if hits is None else published.with_keys(hits))


def _address(name: str, wanted: SolutionFilter) -> str:
    query = wanted.feed_query
    return reverse(name) + (f"?{query}" if query else "")
