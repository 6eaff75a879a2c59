"""An entry as schema.org's SoftwareSourceCode, in JSON-LD."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from catalog import documents, presentation
from catalog.exports import addresses
from catalog.models import Notice, Solution
from catalog.models.notices import title_of
from catalog.notices import notices_of
from catalog.shown_pictures import logo_of, screenshots_of

CONTEXT = "https://schema.org"
CONTENT_TYPE = "application/ld+json"


def entry(solution: Solution) -> dict[str, Any]:
    """The object; what the file does not say is left out."""
    document = solution.document
    page = addresses.of("solution_detail", solution.slug)
    language, description = documents.description(document)
    found = presentation.entry(solution)
    logo = logo_of(solution)
    members: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "SoftwareSourceCode",
        "@id": page,
        "url": page,
        "name": solution.name,
        "description": found.short or found.long,
        "inLanguage": language,
        "codeRepository": addresses.web(document.get("url")),
        "license": addresses.of_licence(solution.licence) or solution.licence,
        "version": found.version,
        "dateModified": solution.updated_at.isoformat(),
        "datePublished": solution.published_at.isoformat() if solution.published_at else None,
        "creativeWorkStatus": solution.development_status,
        "keywords": [*solution.categories, *solution.keywords],
        "isAccessibleForFree": True,
        "publisher": {"@type": "Organization", "name": found.publisher}
        if found.publisher
        else None,
        "image": logo.address if logo else None,
        "targetProduct": {
            "@type": "SoftwareApplication",
            "name": solution.name,
            "url": addresses.web(document.get("landingURL")),
            "softwareVersion": found.version,
            "operatingSystem": ", ".join(solution.platforms),
            "screenshot": [
                {"@type": "ImageObject", "contentUrl": shot.address, "caption": shot.alt}
                for shot in screenshots_of(solution)
            ],
            "featureList": list(description.get("features") or ()),
            "availableLanguage": solution.languages,
        },
        "subjectOf": {
            "@type": "DataDownload",
            "contentUrl": addresses.of("solution_publiccode", solution.slug),
            "encodingFormat": "application/yaml",
            "license": settings.OSK_DATA_LICENCE_URL,
        },
        "comment": [_notice(notice) for notice in notices_of([solution]).get(solution.pk, ())],
        "sdLicense": settings.OSK_DATA_LICENCE_URL,
        "sdPublisher": {"@type": "Organization", "name": settings.OSK_SITE_NAME},
    }
    return _said(members)


def _notice(notice: Notice) -> dict[str, Any]:
    """A notice of the OSK that stands on the entry."""
    return {
        "@type": "Comment",
        "@id": addresses.of("notice_detail", str(notice.public_id)),
        "name": title_of(notice.kind),
        "text": notice.text,
        "inLanguage": notice.language,
        "datePublished": notice.issued_at.isoformat(),
        "dateModified": notice.changed_at.isoformat(),
        "author": {"@type": "Organization", "name": settings.OSK_SITE_NAME},
    }


def _said(members: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _said(value) if isinstance(value, dict) else value
        for name, value in members.items()
        if value not in (None, "", [])
    }
