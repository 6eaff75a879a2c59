"""The catalog as DCAT-AP 3, in Turtle: a dataset an entry, its files as distributions.

Source: SEMIC, DCAT-AP 3.0 (mandatory: title, description and publisher of a catalog; title and description of a
dataset; access address of a distribution), with the EU's vocabularies for themes, languages, access rights.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.utils.translation import gettext, override

from catalog import vocabulary_labels
from catalog.exports import addresses
from catalog.exports.turtle import Blank, Iri, Name, Node, Text, about, prefixes
from catalog.models import Solution

CONTENT_TYPE = "text/turtle"
PREFIXES = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_EU = "http://publications.europa.eu/resource/authority/"
_MEDIA = "https://www.iana.org/assignments/media-types/"
_THEMES = ("GOVE", "TECH")
_LANGUAGES = {
    "de": "DEU",
    "en": "ENG",
    "fr": "FRA",
    "it": "ITA",
    "es": "SPA",
    "nl": "NLD",
    "pl": "POL",
}
_PUBLISHER = "OSK im ITDZ Berlin"

Pair = tuple[str, Node | None]


def catalog(solutions: Iterable[Solution]) -> Iterator[str]:
    """The whole catalog, piece by piece, so that it never stands in memory as one."""
    yield from prefixes(PREFIXES)
    described: list[Pair] = [("a", Name("dcat:Catalog"))]
    for language in ("de", "en"):
        with override(language):
            described += [
                ("dct:title", Text(gettext("Open source solutions of the OSK"), language)),
                (
                    "dct:description",
                    Text(
                        gettext("Free software that Berlin's authorities use or can reuse."),
                        language,
                    ),
                ),
            ]
    described += [
        ("dct:publisher", _publisher()),
        ("dcat:contactPoint", _contact()),
        ("foaf:homepage", Iri(addresses.of("solution_list"))),
        ("dct:license", Iri(settings.OSK_DATA_LICENCE_URL)),
        *(("dct:language", Iri(f"{_EU}language/{code}")) for code in ("DEU", "ENG")),
    ]
    yield about(_catalog(), described)
    for solution in solutions:
        yield f"{_catalog()} dcat:dataset {_dataset(solution)} .\n"
        yield _described(solution)


def entry(solution: Solution) -> str:
    """One entry, and that it belongs to the catalog."""
    belongs = f"{_catalog()} dcat:dataset {_dataset(solution)} .\n"
    return "".join([*prefixes(PREFIXES), belongs, _described(solution)])


def _described(solution: Solution) -> str:
    document: dict[str, Any] = solution.document
    slug = solution.slug
    descriptions: dict[str, Any] = document.get("description") or {}
    pairs: list[Pair] = [
        ("a", Name("dcat:Dataset")),
        ("dct:identifier", Text(str(solution.public_id))),
    ]
    for language, section in descriptions.items():
        text = section.get("shortDescription") or section.get("longDescription")
        pairs += [
            ("dct:title", Text(section.get("localisedName") or solution.name, language)),
            ("dct:description", Text(text, language) if text else None),
        ]
    if not any(name == "dct:description" and value for name, value in pairs):
        pairs.append(("dct:description", Text(solution.name)))
    if not descriptions:
        pairs.append(("dct:title", Text(solution.name)))
    pairs += [
        ("dct:issued", Text(solution.published_at) if solution.published_at else None),
        ("dct:modified", Text(solution.updated_at)),
        ("dct:publisher", _publisher()),
        ("dcat:contactPoint", _contact()),
        ("dcat:landingPage", Iri(addresses.of("solution_detail", slug))),
        ("foaf:page", _page(document.get("landingURL"))),
        ("dct:source", _page(document.get("url"))),
        ("dct:accessRights", Iri(f"{_EU}access-right/PUBLIC")),
        *(("dcat:theme", Iri(f"{_EU}data-theme/{theme}")) for theme in _THEMES),
        *(("dct:language", language) for language in _languages(descriptions)),
        *(("dcat:keyword", keyword) for keyword in _keywords(solution)),
    ]
    files = {
        "solution_publiccode": "application/yaml",
        "solution_jsonld": "application/ld+json",
        "solution_turtle": CONTENT_TYPE,
    }
    pairs += [
        ("dcat:distribution", Iri(f"{_dataset_address(solution)}-{name.removeprefix('solution_')}"))
        for name in files
    ]
    parts = [about(_dataset(solution), pairs)]
    for name, media_type in files.items():
        file = Iri(addresses.of(name, slug))
        parts.append(
            about(
                Iri(f"{_dataset_address(solution)}-{name.removeprefix('solution_')}"),
                [
                    ("a", Name("dcat:Distribution")),
                    ("dct:title", Text(f"{solution.name}: {name.removeprefix('solution_')}")),
                    ("dcat:accessURL", file),
                    ("dcat:downloadURL", file),
                    ("dcat:mediaType", Iri(_MEDIA + media_type)),
                    ("dct:license", Iri(settings.OSK_DATA_LICENCE_URL)),
                ],
            )
        )
    return "".join(parts)


def _catalog() -> Iri:
    return Iri(addresses.of("solution_list") + "#catalog")


def _dataset_address(solution: Solution) -> str:
    return addresses.of("solution_detail", solution.slug) + "#entry"


def _dataset(solution: Solution) -> Iri:
    return Iri(_dataset_address(solution))


def _publisher() -> Blank:
    return Blank((("a", Name("foaf:Organization")), ("foaf:name", Text(_PUBLISHER, "de"))))


def _contact() -> Blank:
    return Blank(
        (
            ("a", Name("vcard:Organization")),
            ("vcard:fn", Text(_PUBLISHER)),
            ("vcard:hasEmail", Iri(f"mailto:{settings.OSK_CONTACT_EMAIL}")),
        )
    )


def _page(value: Any) -> Iri | None:
    found = addresses.web(value)
    return Iri(found) if found else None


def _languages(descriptions: dict[str, Any]) -> list[Iri]:
    codes = dict.fromkeys(_LANGUAGES.get(tag.split("-")[0].lower()) for tag in descriptions)
    return [Iri(f"{_EU}language/{code}") for code in codes if code]


def _keywords(solution: Solution) -> list[Text]:
    """Areas of use in both languages, and the OSK's own words."""
    found: list[Text] = []
    for language in ("de", "en"):
        with override(language):
            found += [Text(vocabulary_labels.category(c), language) for c in solution.categories]
    return [*found, *(Text(word, "de") for word in solution.keywords)]
