"""The catalog as DCAT-AP 3, in Turtle: a dataset an entry, its files as distributions.

Source: SEMIC, DCAT-AP 3.0 (mandatory: title, description and publisher of a catalog; title and description of a
dataset; access address of a distribution), with the EU's vocabularies for themes, languages, access rights.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext, override

from catalog import vocabulary_labels
from catalog.exports import addresses
from catalog.exports.facts import Facts, assessment_page, badge_name, notice_page, of_one
from catalog.exports.turtle import Blank, Iri, Name, Node, Text, about, prefixes
from catalog.models import Solution
from catalog.models.notices import title_of
from catalog.shown_pictures import logo_of, screenshots_of

CONTENT_TYPE = "text/turtle"
PREFIXES = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "dqv": "http://www.w3.org/ns/dqv#",
    "oa": "http://www.w3.org/ns/oa#",
    "schema": "https://schema.org/",
}
_EU = "http://publications.europa.eu/resource/authority/"
_MEDIA = "https://www.iana.org/assignments/media-types/"
_THEMES = ("GOVE", "TECH")
# The EU's authority table "language": its official languages, and others that files are written in.
_LANGUAGES = {
    "bg": "BUL", "cs": "CES", "da": "DAN", "de": "DEU", "el": "ELL", "en": "ENG", "es": "SPA", "et": "EST",
    "fi": "FIN", "fr": "FRA", "ga": "GLE", "hr": "HRV", "hu": "HUN", "it": "ITA", "lt": "LIT", "lv": "LAV",
    "mt": "MLT", "nl": "NLD", "pl": "POL", "pt": "POR", "ro": "RON", "sk": "SLK", "sl": "SLV", "sv": "SWE",
    "ar": "ARA", "bs": "BOS", "ca": "CAT", "cy": "CYM", "dsb": "DSB", "eu": "EUS", "fa": "FAS", "fy": "FRY",
    "gl": "GLG", "hsb": "HSB", "is": "ISL", "ja": "JPN", "ka": "KAT", "lb": "LTZ", "mk": "MKD", "nb": "NOB",
    "nds": "NDS", "nn": "NNO", "no": "NOR", "oc": "OCI", "rm": "ROH", "ru": "RUS", "sq": "SQI", "sr": "SRP",
    "tr": "TUR", "uk": "UKR", "vi": "VIE", "zh": "ZHO",
}  # fmt: skip
_PUBLISHER = "OSK im ITDZ Berlin"

Pair = tuple[str, Node | None]


def catalog(entries: Iterable[tuple[Solution, Facts]]) -> Iterator[str]:
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
    for solution, added in entries:
        yield f"{_catalog()} dcat:dataset {_dataset(solution)} .\n"
        yield _described(solution, added)


def entry(solution: Solution) -> str:
    """One entry, and that it belongs to the catalog."""
    belongs = f"{_catalog()} dcat:dataset {_dataset(solution)} .\n"
    return "".join([*prefixes(PREFIXES), belongs, _described(solution, of_one(solution))])


def _described(solution: Solution, added: Facts) -> str:
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
        ("foaf:primaryTopic", _software_iri(solution)),
        ("dct:accessRights", Iri(f"{_EU}access-right/PUBLIC")),
        *(("dcat:theme", Iri(f"{_EU}data-theme/{theme}")) for theme in _THEMES),
        *(("dct:language", language) for language in _languages(descriptions)),
        *(("dcat:keyword", keyword) for keyword in _keywords(solution)),
        *(("foaf:depiction", picture) for picture in _pictures(solution)),
        *(("dct:provenance", statement) for statement in _statements(added)),
        *(("dqv:hasQualityAnnotation", said) for said in _annotations(solution, added)),
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
    parts = [about(_dataset(solution), pairs), _software(solution)]
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
                    *(("dct:rights", said) for said in _rights(solution)),
                ],
            )
        )
    return "".join(parts)


def _software_iri(solution: Solution) -> Iri:
    return Iri(addresses.of("solution_detail", solution.slug) + "#software")


def _software(solution: Solution) -> str:
    """What the entry is about, a thing of its own: its licence and version are none of the data's."""
    document: dict[str, Any] = solution.document
    version = document.get("softwareVersion")
    pairs: list[Pair] = [
        ("a", Name("schema:SoftwareSourceCode")),
        ("schema:name", Text(solution.name)),
        ("dct:license", _licence(solution)),
        ("schema:version", Text(str(version)) if version else None),
        (
            "schema:creativeWorkStatus",
            Text(solution.development_status) if solution.development_status else None,
        ),
        ("schema:codeRepository", _page(document.get("url"))),
    ]
    return about(_software_iri(solution), pairs)


def _licence(solution: Solution) -> Node | None:
    """SPDX's page; of an expression, and of what SPDX does not list, its words."""
    if not solution.licence:
        return None
    if known := addresses.of_licence(solution.licence):
        return Iri(known)
    return Blank((("a", Name("dct:LicenseDocument")), ("rdfs:label", Text(solution.licence))))


def _rights(solution: Solution) -> Iterator[Blank]:
    """Beside each file's licence: that it is the data's, and which one the software has."""
    for language in ("de", "en"):
        with override(language):
            words = gettext(
                "The licence of this file is that of the description. The software: %s."
            )
            text = words % (solution.licence or gettext("not stated"))
        said = (("a", Name("dct:RightsStatement")), ("rdfs:label", Text(text, language)))
        yield Blank(said)


def _pictures(solution: Solution) -> list[Iri]:
    logo = logo_of(solution)
    found = [*([logo] if logo else ()), *screenshots_of(solution)]
    return [Iri(picture.address) for picture in found]


def _statements(added: Facts) -> Iterator[Blank]:
    """For administrations: what is said, with its origin and date in the words, and its evidence."""
    with override("de"):
        for row in added.rows:
            said = [row.origin, row.said_by, row.stated_on.isoformat() if row.stated_on else ""]
            marks = ", ".join(filter(None, [*said, row.document]))
            pairs: list[tuple[str, Node]] = [
                ("a", Name("dct:ProvenanceStatement")),
                ("rdfs:label", Text(f"{row.label}: {row.text} ({marks})", "de")),
            ]
            if row.evidence and (page := _page(row.evidence.url)):
                pairs.append(("rdfs:seeAlso", page))
            yield Blank(tuple(pairs))


def _annotations(solution: Solution, added: Facts) -> Iterator[Blank]:
    """Einschätzung, badges, notices and what is being checked, as the Data Quality Vocabulary says it (W3C)."""
    said = added.assessment
    with override("de"):
        if said is not None and said.published_at is not None:
            page = assessment_page(solution)
            yield _annotation(f"{said.criteria_list.name}: {said.summary}", said.published_at, page)
        for badge in added.badges:
            text = f"openCode, {badge_name(badge)}: {badge.level}"
            yield _annotation(text, badge.fetched_at, addresses.web(badge.url))
        for notice in added.notices:
            text = f"{title_of(notice.kind)}: {notice.text_de}"
            yield _annotation(text, notice.issued_at, notice_page(notice))
        for words in added.checked_words:
            yield _annotation(f"{gettext('This statement is being checked')}: {words}", None, None)


def _annotation(text: str, at: datetime | None, page: str | None) -> Blank:
    body = Blank((("a", Name("oa:TextualBody")), ("rdf:value", Text(text, "de"))))
    pairs: list[tuple[str, Node]] = [
        ("a", Name("dqv:QualityAnnotation")),
        ("oa:motivatedBy", Name("dqv:qualityAssessment")),
        ("oa:hasBody", body),
    ]
    if at is not None:
        pairs.append(("dct:issued", Text(at)))
    if page:
        pairs.append(("foaf:page", Iri(page)))
    return Blank(tuple(pairs))


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
