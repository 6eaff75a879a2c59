"""Addresses as other programs take them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.urls import reverse

from catalog.publiccode import licenses

_NOT_IN_IRI = re.compile(
    r'[\x00-\x20<>"{}|\\^`\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]'
)


def of(name: str, *arguments: str) -> str:
    """The whole address of a page of the catalog."""
    return settings.OSK_BASE_URL + reverse(f"catalog:{name}", args=arguments)


def web(value: Any) -> str | None:
    """``value`` where it is a web address, with everything escaped that an IRI cannot hold."""
    if not isinstance(value, str):
        return None
    try:
        parts = urlsplit(value.strip())
        known = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return None
    return _NOT_IN_IRI.sub(lambda found: quote(found[0]), value.strip()) if known else None


def of_licence(expression: str) -> str | None:
    """SPDX's page of a licence; None for an expression of several, and for one that SPDX does not list."""
    known = licenses.canonical_license(expression)
    return f"https://spdx.org/licenses/{known}.html" if known else None
