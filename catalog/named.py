"""Whether a publiccode.yml names an organisation under ``maintenance``: one of the proofs of a claim."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from catalog import documents
from network.models import Organisation
from osk_portal.toolkit.search_text import fold

_SHORTEST = 4
"""A shorter name is found as a whole only: "ITM" stands in many words."""


def places(document: Mapping[str, Any], organisation: Organisation) -> list[str]:
    """The keys of the file that name the organisation, by its name, its short name or one of its domains.

    ``maintenance.contacts[0].affiliation``: what is named there, and never whose address it is.
    """
    names = {fold(name).strip() for name in (organisation.name, organisation.short_name)} - {""}
    domains = {d.domain.lower() for d in organisation.domains.all()}
    if host := _host(organisation.website):
        domains.add(host)
    return [key for key, value in _said(document) if _names(value, names, domains)]


def _said(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for kind, fields in (
        ("contractors", ("name", "website")),
        ("contacts", ("affiliation", "email", "name")),
    ):
        rows = documents.get(document, ("maintenance", kind))
        for number, row in enumerate(rows if isinstance(rows, list) else ()):
            for field in fields:
                value = row.get(field) if isinstance(row, Mapping) else None
                if isinstance(value, str) and value:
                    yield f"maintenance.{kind}[{number}].{field}", value


def _names(value: str, names: Collection[str], domains: Collection[str]) -> bool:
    text = fold(value).strip()
    for name in names:
        if text == name or (len(name) >= _SHORTEST and f" {name} " in f" {_words(text)} "):
            return True
    host = value.rpartition("@")[2].lower() if "@" in value else _host(value)
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def _words(text: str) -> str:
    """Without the signs between words, so that "Musterhaus GmbH, Berlin" holds "musterhaus gmbh"."""
    return " ".join("".join(c if c.isalnum() or c == "-" else " " for c in text).split())


def _host(url: str) -> str:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.").lower()
