"""An entry as schema.org's SoftwareSourceCode, in JSON-LD."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from catalog import documents, presentation
from catalog.enums import StatementTopic
from catalog.exports import addresses, facts
from catalog.models import Assessment, Badge, Notice, Solution
from catalog.models.notices import title_of
from catalog.shown_pictures import logo_of, screenshots_of
from catalog.statements import StatementRow

CONTEXT = "https://schema.org"
CONTENT_TYPE = "application/ld+json"


def entry(solution: Solution) -> dict[str, Any]:
    """The object; what the file does not say is left out."""
    document = solution.document
    page = addresses.of("solution_detail", solution.slug)
    language, description = documents.description(document)
    found = presentation.entry(solution)
    added = facts.of_one(solution)
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
        # Left out where we do not know: never a yes for what may ask for money.
        "isAccessibleForFree": True if found.licence and found.licence.is_free else None,
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
        "subjectOf": [
            {
                "@type": "DataDownload",
                "contentUrl": addresses.of("solution_publiccode", solution.slug),
                "encodingFormat": "application/yaml",
                "license": settings.OSK_DATA_LICENCE_URL,
            },
            *(_claim(row) for row in added.rows),
            *(_badge(badge) for badge in added.badges),
        ],
        "accessibilitySummary": next(
            (row.text for row in added.rows if row.topic == StatementTopic.ACCESSIBILITY), None
        ),
        "review": _review(solution, added.assessment) if added.assessment else None,
        "comment": [
            *(_notice(notice) for notice in added.notices),
            *(_checked(words) for words in added.checked_words),
        ],
        "sdLicense": settings.OSK_DATA_LICENCE_URL,
        "sdPublisher": {"@type": "Organization", "name": settings.OSK_SITE_NAME},
    }
    return _said(members)


def _claim(row: StatementRow) -> dict[str, Any]:
    """A statement for administrations: what is said, by whom, when, and by which evidence."""
    return _said(
        {
            "@type": "Claim",
            "name": row.label,
            "text": row.text,
            "dateCreated": row.stated_on.isoformat() if row.stated_on else None,
            "author": _organisation(row.said_by or row.origin),
            "sdPublisher": _organisation(row.origin),
            "citation": row.evidence.url if row.evidence else row.document,
        }
    )


def _badge(badge: Badge) -> dict[str, Any]:
    """What openCode said on that day."""
    return {
        "@type": "CreativeWork",
        "name": facts.badge_name(badge),
        "text": badge.level,
        "url": addresses.web(badge.url),
        "dateCreated": badge.fetched_at.isoformat(),
        "author": _organisation("openCode"),
    }


def _review(solution: Solution, said: Assessment) -> dict[str, Any]:
    """The Einschätzung in words, a review a criterion; it has neither mark nor total, so there is no rating."""
    reply = facts.reply_of(said)
    published = said.published_at.isoformat() if said.published_at else None
    return _said(
        {
            "@type": "Review",
            "@id": facts.assessment_page(solution),
            "name": said.criteria_list.name,
            "reviewBody": said.summary,
            "datePublished": published,
            "author": _organisation(facts.osk()),
            "associatedReview": [
                _said(
                    {
                        "@type": "Review",
                        "reviewAspect": finding.criterion.title,
                        "reviewBody": f"{finding.get_answer_display()}: {finding.text}",
                        "dateCreated": finding.checked_on and finding.checked_on.isoformat(),
                        "citation": finding.evidence,
                    }
                )
                for finding in said.findings.all()
                if finding.text
            ],
            "comment": reply
            and _said(
                {
                    "@type": "Comment",
                    "text": reply["text"],
                    "datePublished": reply["replied_at"].isoformat(),
                    "author": _organisation(reply["organisation"]),
                }
            ),
        }
    )


def _checked(words: str) -> dict[str, Any]:
    return {
        "@type": "Comment",
        "name": _("This statement is being checked"),
        "text": words,
        "author": _organisation(facts.osk()),
    }


def _organisation(name: str | None) -> dict[str, str] | None:
    return {"@type": "Organization", "name": name} if name else None


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
        "author": _organisation(facts.osk()),
    }


def _said(members: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _said(value) if isinstance(value, dict) else value
        for name, value in members.items()
        if value not in (None, "", [])
    }
