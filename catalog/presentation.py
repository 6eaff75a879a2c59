"""A solution in the words of the pages: read from its document, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urldefrag, urlsplit

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from catalog import documents, licences, standards, vocabulary_labels
from catalog.models import Solution
from catalog.models.notices import badge_of, loudest, title_of
from catalog.search import words_of
from catalog.shown_pictures import ShownPicture, logo_of, screenshots_of
from osk_portal.toolkit import clock
from osk_portal.toolkit.search_text import fold

MOST_LABELS = 4
MOST_FINDINGS_SHOWN = 20
BADGES = {
    "stable": "success",
    "beta": "info",
    "development": "info",
    "concept": "none",
    "obsolete": "warning",
}


@dataclass(frozen=True)
class Marked:
    """A label of a result row, marked where it fits the words that were searched."""

    text: str
    is_hit: bool


@dataclass(frozen=True)
class NoticeBadge:
    """The loudest of the notices that stand on an entry, in two words; ``kind`` of the badge."""

    kind: str
    text: str


@dataclass(frozen=True)
class Row:
    """One result of the list."""

    solution: Solution
    language: str
    text: str
    categories: list[Marked]
    badge: str
    notice: NoticeBadge | None
    logo: ShownPicture | None


@dataclass(frozen=True)
class Link:
    """A link out of the portal; ``text`` is the address without what everybody's begins with."""

    url: str
    text: str
    is_dead: bool


@dataclass(frozen=True)
class Standard:
    """``link``: where it can be read; None where only its name is known."""

    name: str
    link: Link | None


@dataclass(frozen=True)
class Dependency:
    """``version`` in words: the one that is named, or from which to which."""

    name: str
    version: str
    is_proprietary: bool
    is_hardware: bool
    is_optional: bool


@dataclass(frozen=True)
class Entry:
    """What the detail page says of a solution beyond its columns. ``language`` is that of its texts."""

    language: str
    short: str
    long: str
    features: Sequence[str]
    badge: str
    licence: licences.PlainLicence | None
    publisher: str
    version: str
    release_date: date | None
    contract_end: date | None
    contract_has_ended: bool
    categories: list[str]
    audiences: list[str]
    platforms: list[str]
    languages: list[str]
    standards: list[Standard]
    used_by: Sequence[str]
    dependencies: list[Dependency]
    repository: Link | None
    landing: Link | None
    documentation: Link | None
    roadmap: Link | None
    findings: list[dict[str, Any]]
    logo: ShownPicture | None
    screenshots: list[ShownPicture]
    suite: str
    countries: list[str]
    other_countries: list[str]
    """Where it cannot be used, by the file."""
    funders: list[str]
    cared_for_by: list[str]
    """The organisations of the maintenance contacts; never the people, whom the file names for its own readers."""
    api_documentation: Link | None
    videos: list[Link]
    awards: Sequence[str]


def row(solution: Solution, query: str = "") -> Row:
    searched = [fold(word) for word in words_of(query)]
    labels = [vocabulary_labels.category(c) for c in solution.categories[:MOST_LABELS]]
    language, description = documents.description(solution.document)
    return Row(
        solution,
        language,
        description.get("shortDescription", ""),
        [Marked(text, any(word in fold(text) for word in searched)) for text in labels],
        BADGES.get(solution.development_status, "none"),
        notice_badge(solution),
        logo_of(solution),
    )


def notice_badge(solution: Solution) -> NoticeBadge | None:
    kind = loudest(solution.notice_kinds)
    return NoticeBadge(badge_of(kind), title_of(kind)) if kind else None


def entry(solution: Solution) -> Entry:
    document: Mapping[str, Any] = solution.document
    language, description = documents.description(document)
    contract_end = _contract_end(document)
    return Entry(
        language=language,
        short=description.get("shortDescription", ""),
        long=description.get("longDescription", ""),
        features=description.get("features", []),
        badge=BADGES.get(solution.development_status, "none"),
        licence=licences.plain(solution.licence_family, solution.licence),
        publisher=_publisher(document),
        version=document.get("softwareVersion", ""),
        release_date=documents.day(document.get("releaseDate")),
        contract_end=contract_end,
        contract_has_ended=contract_end is not None and contract_end < clock.today(),
        standards=_standards(document, solution.dead_links),
        **_further(document, description, solution.dead_links),
        categories=[vocabulary_labels.category(c) for c in solution.categories],
        audiences=[
            vocabulary_labels.scope(s)
            for s in documents.get(document, ("intendedAudience", "scope")) or ()
        ],
        platforms=[vocabulary_labels.platform(p) for p in solution.platforms],
        languages=sorted({vocabulary_labels.language(tag) for tag in solution.languages}),
        used_by=document.get("usedBy", []),
        dependencies=_dependencies(document),
        repository=link(document.get("url", ""), solution.dead_links),
        landing=link(document.get("landingURL", ""), solution.dead_links),
        documentation=link(description.get("documentation", ""), solution.dead_links),
        roadmap=link(document.get("roadmap", ""), solution.dead_links),
        findings=errors_of(solution.findings),
        logo=logo_of(solution),
        screenshots=screenshots_of(solution),
    )


def _further(
    document: Mapping[str, Any], description: Mapping[str, Any], dead: Sequence[str]
) -> dict[str, Any]:
    """What many files do not say: it is on the page where it is in the file."""
    audience = document.get("intendedAudience") or {}
    contacts = documents.get(document, ("maintenance", "contacts")) or ()
    return {
        "suite": document.get("applicationSuite", ""),
        "countries": _countries(audience.get("countries")),
        "other_countries": _countries(audience.get("unsupportedCountries")),
        "funders": _each(f.get("name") or f.get("uri") for f in document.get("fundedBy") or ()),
        "cared_for_by": _each(contact.get("affiliation") for contact in contacts),
        "api_documentation": link(description.get("apiDocumentation", ""), dead),
        "videos": [found for url in description.get("videos") or () if (found := link(url, dead))],
        "awards": description.get("awards", []),
    }


def _each(names: Iterable[Any]) -> list[str]:
    return list(dict.fromkeys(str(name) for name in names if name))


def _countries(codes: Iterable[str] | None) -> list[str]:
    return sorted(vocabulary_labels.country(code) for code in codes or ())


def _standards(document: Mapping[str, Any], dead: Sequence[str]) -> list[Standard]:
    ids = _each(each.get("id") for each in document.get("supports") or ())
    found = (standards.named(identifier) for identifier in ids)
    linked = ((name, link(url, dead), name == url) for name, url in found)
    return [
        Standard(where.text if where and is_address else name, where)
        for name, where, is_address in linked
    ]


def link(url: str, dead: Sequence[str] = ()) -> Link | None:
    """None for what is no web address: only those become links (an imported file may say anything).

    ``dead``: addresses that lead nowhere.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    text = f"{parts.hostname.removeprefix('www.')}{parts.path}".rstrip("/")
    return Link(url, text if len(text) <= 60 else text[:59] + "…", urldefrag(url)[0] in dead)


def _publisher(document: Mapping[str, Any]) -> str:
    for path in (("organisation", "name"), ("legal", "mainCopyrightOwner"), ("legal", "repoOwner")):
        if found := documents.get(document, path):
            return str(found)
    return ""


def _contract_end(document: Mapping[str, Any]) -> date | None:
    """Of the contract that runs longest."""
    contractors = documents.get(document, ("maintenance", "contractors")) or []
    ends = (documents.day(contractor.get("until")) for contractor in contractors)
    return max((end for end in ends if end is not None), default=None)


def _dependencies(document: Mapping[str, Any]) -> list[Dependency]:
    found = []
    for kind in ("open", "proprietary", "hardware"):
        for dependency in documents.get(document, ("dependsOn", kind)) or ():
            found.append(
                Dependency(
                    dependency.get("name", ""),
                    _needed_version(dependency),
                    kind == "proprietary",
                    kind == "hardware",
                    bool(dependency.get("optional")),
                )
            )
    return [dependency for dependency in found if dependency.name]


def _needed_version(dependency: Mapping[str, Any]) -> str:
    if exact := dependency.get("version"):
        return str(exact)
    first, last = dependency.get("versionMin"), dependency.get("versionMax")
    if first and last:
        return _("%(first)s to %(last)s") % {"first": first, "last": last}
    if first:
        return _("%(version)s or later") % {"version": first}
    return _("up to %(version)s") % {"version": last} if last else ""


def errors_of(findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Errors only, in the reader's language. ``findings``: as entries keep them."""
    german = (get_language() or "de").startswith("de")
    return [
        {
            "key": finding["key"],
            "text": finding["description_de" if german else "description"],
            "line": finding["line"],
        }
        for finding in findings
        if finding["type"] == "error"
    ][:MOST_FINDINGS_SHOWN]
