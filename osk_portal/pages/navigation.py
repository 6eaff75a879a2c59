"""What the header shows. Only pages that exist: a link to nothing is worse than none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import NoReverseMatch, Resolver404, get_script_prefix, resolve, reverse
from django.utils.translation import gettext_lazy as _

from osk_portal import portal
from osk_portal.accounts.models import User
from osk_portal.toolkit.prepared import USER, Prepared

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

_READ = "_work_sections"
# The areas of osk_portal/urls.py in the order of the menu.
_MAIN: tuple[tuple[str, str, _StrPromise], ...] = (
    ("pages", "", _("Home")),
    ("catalog", "loesungen/", _("Solutions")),
    ("consulting", "beratung/", _("Consulting")),
    ("sandbox", "testumgebung/", _("Test environment")),
    ("network", "netzwerk/", _("Network")),
    ("knowledge", "wissen/", _("Knowledge")),
    ("pages", "ueber-uns/", _("About us")),
)


@dataclass(frozen=True)
class Item:
    """A link of a menu. ``current``: "page" on the page itself, "true" inside its area, else empty."""

    label: str
    url: str
    current: str = ""


@dataclass(frozen=True)
class WorkSection:
    """A named part of the staff area's side list."""

    key: str
    label: str
    entries: Sequence[portal.WorkEntry]


def exists(path: str) -> bool:
    """Whether the portal has a page at ``path`` (without the leading slash)."""
    try:
        resolve("/" + path)
    except Resolver404:
        return False
    return True


def url_of(path: str) -> str:
    """The address of a page below the portal's root, or an empty text where it is not built yet."""
    return get_script_prefix() + path if exists(path) else ""


def main(request: HttpRequest) -> list[Item]:
    here = request.path
    area = request.resolver_match.namespace if request.resolver_match else ""
    items = []
    for namespace, path, label in _MAIN:
        url = url_of(path)
        if not url:
            continue
        inside = namespace == area and namespace != "pages"
        items.append(Item(str(label), url, "page" if url == here else "true" if inside else ""))
    return items


def work(request: HttpRequest) -> list[WorkSection]:
    """The side list of the staff area. Empty for people who are not staff.

    Read once a request: a page may show one of the numbers, too.
    """
    known: list[WorkSection] | None = vars(request).get(_READ)
    if known is None:
        known = vars(request)[_READ] = _work(request)
    return known


def _work(request: HttpRequest) -> list[WorkSection]:
    user = request.user
    if not user.is_authenticated or not user.is_staff:
        return []
    sections = [
        WorkSection(offer.key, str(offer.label), tuple(offer.entries(user)))
        for offer in portal.work_lists
    ]
    return _counted(user, [section for section in sections if section.entries])


def _counted(user: User, sections: list[WorkSection]) -> list[WorkSection]:
    """With numbers where rows stood: one query for the lists of all apps."""
    entries = [entry for section in sections for entry in section.entries]
    values = [value for entry in entries for value in (entry.count, entry.is_overdue)]
    sources = [v.numbers if isinstance(v, portal.OneOf) else v for v in values]
    asked = tuple(dict.fromkeys(v for v in sources if callable(v) or isinstance(v, portal.Numbers)))
    if not asked:
        return sections
    known = dict(zip(asked, _numbers(asked).rows(user=user.pk)[0], strict=True))

    def number(value: Any) -> Any:
        if isinstance(value, portal.OneOf):
            numbers = known[value.numbers]
            return numbers[value.position] if numbers else 0
        return known[value] if callable(value) else value

    def counted(entry: portal.WorkEntry) -> portal.WorkEntry:
        late = bool(number(entry.is_overdue))
        return replace(entry, count=number(entry.count), is_overdue=late)

    return [replace(section, entries=tuple(map(counted, section.entries))) for section in sections]


@lru_cache(maxsize=64)
def _numbers(asked: tuple[portal.Waiting | portal.Numbers, ...]) -> Prepared:
    """What each of ``asked`` counts: the same few for everybody with the same roles."""
    return Prepared(
        lambda: User.objects.filter(pk=USER).order_by().values_list(*map(_number, asked))
    )


def _number(asked: portal.Waiting | portal.Numbers) -> Subquery | Coalesce:
    """How many rows there are, as a part of a query; or several numbers."""
    if isinstance(asked, portal.Numbers):
        return Subquery(asked.query())
    together = asked().order_by().annotate(_all=Value(1)).values("_all")
    return Coalesce(Subquery(together.annotate(_number=Count("pk")).values("_number")), 0)


def reverse_or_empty(name: str) -> str:
    """The address of a name, or an empty text where no app has it."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def work_search(request: HttpRequest) -> str:
    """What the bar of the staff area searches: a role's own work, or everything."""
    user = request.user
    own = portal.work_search(user) if user.is_authenticated else ""
    return own or reverse("pages:search")
