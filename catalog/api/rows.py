"""From models to the shapes of the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.urls import reverse

from catalog import statements
from catalog.api import schemas
from catalog.exports.facts import Facts, assessment_page, reply_of
from catalog.models import Assessment, Notice, Solution, SolutionRevision
from catalog.shown_pictures import logo_of, screenshots_of
from catalog.support_list import Supporter
from network.models import Organisation


def address(name: str, *arguments: str) -> str:
    """The whole address of a page or of an operation ("catalog-api:…")."""
    return settings.OSK_BASE_URL + reverse(name, args=arguments)


def licence() -> schemas.Licence:
    return schemas.Licence(id=settings.OSK_DATA_LICENCE, url=settings.OSK_DATA_LICENCE_URL)


def body(organisation: Organisation | None) -> schemas.Body | None:
    """None for one that does not stand in the network."""
    if organisation is None or not organisation.is_published:
        return None
    return schemas.Body(
        slug=organisation.slug,
        name=organisation.name,
        url=address("network:organisation_detail", organisation.slug),
    )


def solution(found: Solution) -> dict[str, Any]:
    """The members of schemas.Solution; ``found`` with maintainer and berlin_body at hand."""
    document: Mapping[str, Any] = found.document
    slug = found.slug
    logo = logo_of(found)
    return {
        "id": str(found.public_id),
        "slug": slug,
        "name": found.name,
        "short_description": {
            tag: text
            for tag, section in (document.get("description") or {}).items()
            if (text := section.get("shortDescription"))
        },
        "repository": document.get("url"),
        "landing_page": document.get("landingURL"),
        "development_status": found.development_status or None,
        "software_type": found.software_type or None,
        "licence": found.licence or None,
        "licence_family": found.licence_family or None,
        "maintenance_type": found.maintenance_type or None,
        "version": document.get("softwareVersion"),
        "release_date": document.get("releaseDate"),
        "categories": found.categories,
        "platforms": found.platforms,
        "languages": found.languages,
        "alternatives": found.alternatives,
        "maintainer": body(found.maintainer),
        "berlin_body": body(found.berlin_body),
        "notice_kinds": found.notice_kinds,
        "being_checked": found.checked_fields,
        "logo": logo.address if logo else None,
        "is_incomplete": found.is_incomplete,
        "revision": found.revision,
        "published_at": found.published_at,
        "updated_at": found.updated_at,
        "links": {
            "self": address("catalog-api:solution", slug),
            "html": address("catalog:solution_detail", slug),
            "publiccode": address("catalog:solution_publiccode", slug),
            "jsonld": address("catalog:solution_jsonld", slug),
            "turtle": address("catalog:solution_turtle", slug),
            "revisions": address("catalog-api:revisions", slug),
        },
    }


def solution_detail(
    found: Solution, added: Facts, supporters: Sequence[Supporter], notices: Sequence[Notice]
) -> dict[str, Any]:
    return {
        **solution(found),
        "statements": [statement(values) for values in added.statements],
        "assessment": assessment(found, added.assessment),
        "badges": [
            {"badge": b.badge, "level": b.level, "url": b.url, "fetched_at": b.fetched_at}
            for b in added.badges
        ],
        "supporters": [
            {
                "name": each.name,
                "slug": each.slug or None,
                "url": settings.OSK_BASE_URL + each.url if each.url else None,
                "kinds": each.kind_names,
                "is_contractor": each.is_contractor,
                "contract_until": each.until,
            }
            for each in supporters
        ],
        "screenshots": [
            {"url": shot.address, "width": shot.width, "height": shot.height, "text": shot.alt}
            for shot in screenshots_of(found)
        ],
        "notices": [notice(each) for each in notices],
        "publiccode": found.document,
        "data_licence": licence(),
    }


def statement(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "topic": values["topic"],
        "answer": values["answer"] or None,
        "text": values["value"] or None,
        "said_by": values["said_by"] or None,
        "stated_on": values["stated_on"],
        "evidence": values["evidence"] or None,
        "origin": values["origin"],
        "organisation": statements.public_body(values) or None,
    }


def assessment(found: Solution, said: Assessment | None) -> dict[str, Any] | None:
    if said is None:
        return None
    return {
        "number": said.number,
        "criteria": said.criteria_list.name,
        "summary": said.summary,
        "published_at": said.published_at,
        "findings": [
            {
                "criterion": finding.criterion.title,
                "answer": finding.answer,
                "text": finding.text or None,
                "evidence": finding.evidence or None,
                "checked_on": finding.checked_on,
            }
            for finding in said.findings.all()
        ],
        "reply": reply_of(said),
        "url": assessment_page(found),
    }


def notice(found: Notice) -> dict[str, Any]:
    """``found`` with its successor at hand, which is named only while it stands in the catalog."""
    texts = {"de": found.text_de, "en": found.text_en}
    successor = found.successor
    return {
        "id": str(found.public_id),
        "kind": found.kind,
        "state": found.state,
        "text": {language: text for language, text in texts.items() if text},
        "evidence": found.evidence or None,
        "valid_from": found.valid_from,
        "issued_at": found.issued_at,
        "changed_at": found.changed_at,
        "withdrawn_at": found.withdrawn_at,
        "withdrawal_reason": found.withdrawal_reason or None,
        "successor": entry(successor) if successor and successor.is_published else None,
        "url": address("catalog:notice_detail", str(found.public_id)),
    }


def notice_on_solution(found: Notice) -> dict[str, Any]:
    return {**notice(found), "solution": entry(found.solution)}


def entry(found: Solution) -> dict[str, str]:
    return {
        "slug": found.slug,
        "name": found.name,
        "url": address("catalog:solution_detail", found.slug),
    }


def revision(found: SolutionRevision, of: Solution) -> dict[str, Any]:
    return {
        "number": found.number,
        "origin": found.origin,
        "created_at": found.created_at,
        "organisation": body(found.organisation),
        "is_current": found.number == of.revision,
        "url": address("catalog-api:revision", of.slug, str(found.number)),
    }


def organisation(found: Organisation) -> dict[str, Any]:
    return {
        "slug": found.slug,
        "name": found.name,
        "url": address("network:organisation_detail", found.slug),
        "short_name": found.short_name,
        "kind": found.kind,
        "land": found.land,
        "place": found.place,
        "website": found.website,
        "is_invented": found.is_invented,
    }
