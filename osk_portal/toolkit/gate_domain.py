"""The domain of the test environments, as an operator writes it."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

_NAME: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
_PORT: Final = re.compile(r"[1-9][0-9]{0,4}")
LONGEST: Final = 200
"""A host name has 253 characters, and 33 of them are the label of a booking and its dot."""


def parse(text: str) -> tuple[str, str]:
    """Name and port, which is empty where it is that of https. Raises ValueError."""
    name, colon, port = text.partition(":")
    if not _NAME.fullmatch(name) or len(name) > LONGEST or (colon and not _PORT.fullmatch(port)):
        raise ValueError(f"is {text!r}, but must be a domain as test.example, in small letters.")
    return name, port


def is_apart(domain: str, portal_url: str) -> bool:
    """Neither is the other or lies below it: else cookies of one could reach the other."""
    name = domain.partition(":")[0]
    portal = (urlsplit(portal_url).hostname or "").lower()
    return not (f".{name}".endswith(f".{portal}") or f".{portal}".endswith(f".{name}"))


def is_a_sibling(domain: str, portal_url: str) -> bool:
    """Both lie below the same last two names, as portal.example.org and test.example.org do."""
    portal = (urlsplit(portal_url).hostname or "").lower()
    return domain.partition(":")[0].split(".")[-2:] == portal.split(".")[-2:]
