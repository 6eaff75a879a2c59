"""What stands on the catalog's list many times: the choices of its filters, and its rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from django import template
from django.template.loader import render_to_string
from django.utils.formats import localize
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from catalog.facets import Facet
from catalog.presentation import Marked, NoticeBadge, Row
from catalog.shown_pictures import ShownPicture

register = template.Library()


@dataclass(frozen=True)
class _Result:
    """All that a row shows, and nothing else: two rows with the same are the same."""

    slug: str
    name: str
    language: str
    text: str
    status: str
    badge: str
    notice: NoticeBadge | None
    logo: ShownPicture | None
    is_incomplete: bool
    has_test: bool
    licence: str
    categories: tuple[Marked, ...]
    berlin_count: int
    maintenance: str


@register.simple_tag
def choices(facet: Facet) -> SafeString:
    """A hundred check boxes: written here, since a template took longer for them than for all the rest."""
    hits = _("hits")
    return format_html_join(
        "\n",
        '<label class="osk-check" for="{}"><input class="kern-form-check__checkbox" type="checkbox" id="{}"'
        ' name="{}" value="{}"{}> <span>{}</span> <small>{}<span class="kern-sr-only"> {}</span></small></label>',
        (
            (
                choice.id,
                choice.id,
                facet.name,
                choice.value,
                _CHECKED if choice.is_chosen else "",
                choice.label,
                localize(choice.count),
                hits,
            )
            for choice in facet.choices
        ),
    )


@register.simple_tag
def result(row: Row) -> SafeString:
    """A row of the list, of a solution with_reuse_counts() and with_test(); rendered once for what it shows."""
    solution = row.solution
    shown = _Result(
        slug=solution.slug,
        name=solution.name,
        language=row.language,
        text=row.text,
        status=solution.get_development_status_display() if solution.development_status else "",
        badge=row.badge,
        notice=row.notice,
        logo=row.logo,
        is_incomplete=solution.is_incomplete,
        has_test=solution.has_test,  # type: ignore[attr-defined] # annotated
        licence=solution.licence,
        categories=tuple(row.categories),
        berlin_count=solution.berlin_count,  # type: ignore[attr-defined] # annotated
        maintenance=(solution.get_maintenance_type_display() if solution.maintenance_type else ""),
    )
    return _rendered(shown, get_language())


_CHECKED = mark_safe(" checked")


@lru_cache(maxsize=2_000)
def _rendered(shown: _Result, _language: str | None) -> SafeString:
    return mark_safe(render_to_string("catalog/_result.html", {"row": shown}))  # noqa: S308 # a template's
