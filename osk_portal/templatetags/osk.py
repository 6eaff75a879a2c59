"""KERN components and German typography for templates: ``{% load osk %}``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from itertools import zip_longest
from typing import Any

from django import template
from django.conf import settings
from django.core.paginator import Page
from django.forms import BaseForm, BaseFormSet, Field
from django.forms.boundfield import BoundField
from django.template.context import RequestContext
from django.utils.dateformat import format as format_date
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext

from osk_portal.pages import my_area, navigation
from osk_portal.pages.kept_texts import typed_texts
from osk_portal.pages.models import PLACEHOLDER
from osk_portal.toolkit.clock import BERLIN
from osk_portal.toolkit.forms import widget_attributes
from osk_portal.toolkit.markdown import to_html

register = template.Library()

NO_BREAK = "\N{NO-BREAK SPACE}"
# Own drawings: for the public pages (portal.css 6) and for the working pages (work.css 2).
_PUBLIC_ICONS = frozenset(
    [
        "behoerde",
        "beratung",
        "feed",
        "filter",
        "folgen",
        "lizenz",
        "loesungen",
        "nachnutzung",
        "netzwerk",
        "ort",
        "play",
        "test",
        "vergleich",
    ]
)
_WORK_ICONS = frozenset(["anhang", "haken", "pause", "punkt", "schloss", "uhr", "warnung"])
_BADGES = frozenset(("info", "success", "warning", "danger"))
_DUE_ICONS = {"over": "warnung", "soon": "uhr", "ok": "uhr", "rest": "pause", "done": "haken"}
_ALERTS = {"error": "danger", "debug": "info"}


@register.simple_tag
@lru_cache(maxsize=256)
def icon(name: str) -> SafeString:
    """A decorative icon; what it means stands beside it in words. Unknown names are KERN's."""
    if name in _WORK_ICONS:
        css = f"osk-i osk-i--{name}"
    elif name in _PUBLIC_ICONS:
        css = f"osk-icon osk-icon--{name}"
    else:
        css = f"kern-icon kern-icon--{name}"
    return format_html('<span class="{}" aria-hidden="true"></span>', css)


@register.simple_tag
def data_licence() -> str:
    """Under which licence the catalog's data are given out."""
    return str(settings.OSK_DATA_LICENCE)


@register.simple_tag
def badge(kind: str, text: str, with_icon: bool = True) -> SafeString:
    """A state in words. ``kind``: info, success, warning, danger, none (no colour), plain (a feature)."""
    return _badge(kind, conditional_escape(text), with_icon)


@lru_cache(maxsize=1024)
def _badge(kind: str, label: SafeString, with_icon: bool) -> SafeString:
    """A list says the same few words in each row: made once. ``label`` is escaped."""
    if kind in _BADGES:
        css, mark = f"kern-badge--{kind}", icon(kind) if with_icon else SafeString("")
    else:
        css, mark = f"osk-badge--{'plain' if kind == 'plain' else 'none'}", SafeString("")
    return format_html(
        '<span class="kern-badge osk-badge {}">{}'
        '<span class="kern-label kern-label--small">{}</span></span>',
        css,
        mark,
        label,
    )


@register.simple_tag
def due(kind: str, text: str) -> SafeString:
    """A date that is to be kept. ``kind``: over, soon, ok, rest (the clock stands), done (kept)."""
    return _due(kind, conditional_escape(text))


@lru_cache(maxsize=1024)
def _due(kind: str, text: SafeString) -> SafeString:
    return format_html(
        '<span class="osk-due osk-due--{}">{}<span>{}</span></span>',
        kind,
        icon(_DUE_ICONS[kind]),
        text,
    )


@register.filter
def alert_kind(level_tag: str) -> str:
    """KERN's word for the level of a message."""
    return _ALERTS.get(level_tag, level_tag or "info")


@register.filter
def holds_any(values: Collection[str], wanted: str) -> bool:
    """Whether one of the words of ``wanted`` is among ``values``."""
    return any(word in values for word in wanted.split())


@register.filter
def markdown(text: str) -> SafeString:
    return to_html(text)


@register.filter
def legal_text(text: str) -> SafeString:
    """A text of the operator; what is still to be filled in is marked: [[postal address]].

    ``{portal}`` stands for the portal's own address, in examples for programs; ``{data_licence}`` for the licence of
    the catalog's data, ``{api_per_minute}`` for how often one address may ask it.
    """
    text = text.replace("{portal}", settings.OSK_BASE_URL)
    text = text.replace("{data_licence}", settings.OSK_DATA_LICENCE)
    text = text.replace("{api_per_minute}", str(settings.OSK_API_PER_MINUTE))
    html = PLACEHOLDER.sub(r'<mark class="osk-mark">[\1]</mark>', to_html(text, top=2))
    return mark_safe(html)  # noqa: S308 # to_html has cleaned what stands inside the brackets


@register.filter
def nbsp(text: object) -> str:
    """Keeps "8 KB", "e. V." and the like on one line."""
    return str(text).replace(" ", NO_BREAK)


def _local(moment: date | datetime) -> date | datetime:
    return moment.astimezone(BERLIN) if isinstance(moment, datetime) else moment


def _is_german() -> bool:
    return (get_language() or "de").startswith("de")


@register.filter
def berlin_date(moment: date | datetime | None) -> str:
    """Mo, 23.11.2026"""
    if not moment:
        return ""
    return nbsp(format_date(_local(moment), "D, d.m.Y" if _is_german() else "D, j M Y"))


@register.filter
def berlin_time(moment: datetime | None) -> str:
    """15:20 Uhr"""
    if not moment:
        return ""
    return nbsp(format_date(_local(moment), "H:i") + (" Uhr" if _is_german() else ""))


@register.filter
def berlin_datetime(moment: datetime | None) -> str:
    """Mo, 23.11.2026, 15:20 Uhr"""
    return f"{berlin_date(moment)}, {berlin_time(moment)}" if moment else ""


@register.filter
def long_date(moment: date | datetime | None) -> str:
    """Mittwoch, 25. November 2026"""
    if not moment:
        return ""
    local = _local(moment)
    day = format_date(local, "j. F" if _is_german() else "j F")
    return f"{format_date(local, 'l')}, {nbsp(day)} {local.year}"


@register.simple_tag
def kern_attributes(widget: Mapping[str, Any], kind: str) -> SafeString:
    return widget_attributes(widget, kind)


@register.simple_tag
def crumbs(*parts: str) -> list[tuple[str, str]]:
    """``label url label url label`` as breadcrumbs, for pages whose view is not ours."""
    return [(str(label), url) for label, url in zip_longest(parts[::2], parts[1::2], fillvalue="")]


@dataclass(frozen=True)
class Problem:
    """One line of the summary of errors. ``target`` is the id of the control, or empty."""

    target: str
    text: str


def _first_control(field: BoundField) -> str:
    return f"{field.auto_id}_0" if field.use_fieldset else field.id_for_label


@register.simple_tag
def problems(form: BaseForm | BaseFormSet[Any]) -> list[Problem]:
    """What is wrong with a form or formset, in the order of its fields, in the words at the field.

    What Django says of every empty field alike says nothing away from it: there its label stands before.
    """
    if isinstance(form, BaseFormSet):
        own = [Problem("", str(text)) for text in form.non_form_errors()]
        return own + [problem for part in form.forms for problem in problems(part)]
    found = [Problem("", str(text)) for text in form.non_field_errors()]
    for field in form:
        target = "" if field.is_hidden else _first_control(field)
        found += [Problem(target, _away_from(field, str(text))) for text in field.errors]
    return found


def _away_from(field: BoundField, text: str) -> str:
    is_telling = text != str(Field.default_error_messages["required"])
    return text if is_telling else f"{field.label}: {text}"


@register.simple_tag
def error_prefix(form: BaseForm | BaseFormSet[Any] | None = None) -> str:
    """The first word of the page's title when the form has errors (ux.md 4.1)."""
    has_errors = form and (
        form.total_error_count() if isinstance(form, BaseFormSet) else form.errors
    )
    return gettext("Error: ") if has_errors else ""


@register.simple_tag
def page_numbers(page: Page[Any]) -> list[str | int]:
    """1, 2, …, 7, 8, 9, …, 20: the numbers around the present page."""
    return list(page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1))


@register.simple_tag(takes_context=True)
def main_navigation(context: RequestContext) -> list[navigation.Item]:
    return navigation.main(context.request)


@register.simple_tag(takes_context=True)
def account_navigation(context: RequestContext) -> list[navigation.Item]:
    """The account's own navigation, for pages whose view does not pass it."""
    return my_area.navigation(context.request)


@register.simple_tag(takes_context=True)
def work_navigation(context: RequestContext) -> list[dict[str, Any]]:
    """The side list of the staff area: what each app offers to this person, as plain values."""
    return [
        {
            "key": section.key,
            "label": section.label,
            "entries": [
                {
                    "label": str(entry.label),
                    "url": str(entry.url),
                    "count": entry.count,
                    "is_overdue": entry.is_overdue,
                }
                for entry in section.entries
            ],
        }
        for section in navigation.work(context.request)
    ]


@register.simple_tag
def lists_beside(
    apps: list[dict[str, Any]], sections: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Django's lists by app, without those that ``sections`` offer already."""
    offered = {entry["url"] for section in sections for entry in section["entries"]}
    rest = [
        {**app, "models": [model for model in app["models"] if model["admin_url"] not in offered]}
        for app in apps
    ]
    return [app for app in rest if app["models"]]


@register.simple_tag(takes_context=True)
def typed_text(context: RequestContext) -> str:
    """For an error page: what was typed into the form that led to it."""
    return "\n\n".join(typed_texts(context.request))


@register.simple_tag(takes_context=True)
def work_search(context: RequestContext) -> str:
    """Where the search of the staff area's bar leads."""
    return navigation.work_search(context.request)
