"""sitemap.xml: an index, and the public pages of each app in files of at most MOST addresses.

Source: sitemaps.org protocol 0.9 (50,000 addresses or 50 MB a file; ours stay far below both). The licence of the
data stands in a comment and in the answer's Link header: what the schema takes beside its own elements must have a
schema of its own that every validator knows (``processContents="strict"``).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from xml.sax.saxutils import escape

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from osk_portal import portal
from osk_portal.toolkit.access import PUBLIC, access

MOST: Final = 10_000
_NAMESPACE: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"
_PAGES: Final = (
    "home", "about", "contact", "easy_language", "sign_language", "imprint", "privacy", "accessibility",
    "security_report", "source_code", "interfaces", "consulting_costs", "statistics", "licences",
)  # fmt: skip


def _own_pages(start: int, most: int) -> Iterable[portal.SitemapEntry]:
    names = _PAGES[start : start + most]
    return [portal.SitemapEntry(reverse(f"pages:{name}")) for name in names]


@access(PUBLIC)
@require_safe
def sitemap_index(request: HttpRequest) -> HttpResponse:
    paths = [
        reverse("pages:sitemap_part", args=[section.key, number])
        for section in portal.sitemap_sections
        for number in range(1, -(-section.count() // MOST) + 1)
    ]
    return _xml("sitemapindex", (f"<sitemap>{_place(path)}</sitemap>" for path in paths))


@access(PUBLIC)
@require_safe
def sitemap_part(request: HttpRequest, key: str, number: str) -> HttpResponse:
    """File ``number`` (from 1) of one app's pages; 404 where it has none."""
    section = portal.sitemap_sections.get(key)
    if section is None or not number.isascii() or not number.isdecimal() or len(number) > 4:
        raise Http404(key)
    entries = list(section.entries(max(int(number) - 1, 0) * MOST, MOST)) if int(number) else []
    if not entries:
        raise Http404(number)
    return _xml("urlset", (f"<url>{_place(e.path)}{_changed(e)}</url>" for e in entries))


def _place(path: str) -> str:
    return f"<loc>{escape(settings.OSK_BASE_URL + path)}</loc>"


def _changed(entry: portal.SitemapEntry) -> str:
    return f"<lastmod>{entry.changed_at.isoformat()}</lastmod>" if entry.changed_at else ""


def _xml(root: str, parts: Iterable[str]) -> HttpResponse:
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    text = "\n".join([head, _licence(), f'<{root} xmlns="{_NAMESPACE}">', *parts, f"</{root}>", ""])
    response = HttpResponse(text, content_type="application/xml; charset=utf-8")
    response["Link"] = f'<{settings.OSK_DATA_LICENCE_URL}>; rel="license"'
    return response


def _licence() -> str:
    named = f"{settings.OSK_DATA_LICENCE}, {settings.OSK_DATA_LICENCE_URL}"
    # Two hyphens would end the comment (XML 1.0, 2.5).
    return f"<!-- Data of the catalog: {named.replace('-' * 2, '%2D%2D')} -->"


OWN_PAGES: Final = portal.SitemapSection("seiten", 10, lambda: len(_PAGES), _own_pages)
