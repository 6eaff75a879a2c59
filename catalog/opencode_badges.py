"""Badges that openCode gives to repositories: where they are asked for, and what an answer says. Pure.

Source: documentation of openCode's Badge API, ``GET /api/v1/repositories/{address}/badges/{badge}``, the address
percent-encoded as one step; the answer is a JSON object with ``badgeId`` and ``badgeUrl``. It does not say on which
host the official service answers, nor is the key of the level written down with certainty, so the address is the
operator's (OSK_BADGE_API, empty: nothing is asked) and the level is read from the keys that are known. Nothing is
computed here: a badge is shown as openCode says it, or not at all.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit

HOST: Final = "gitlab.opencode.de"
BADGES: Final = ("MAINTENANCE", "REUSED", "SECURITY", "OPENSOURCE")
"""What is asked for; one that openCode does not know is no badge."""
_LEVELS: Final = ("badgeLevel", "level")
_LEVEL: Final = re.compile(r"[\w .,()/+-]{1,60}")
_NONE: Final = frozenset({"", "none", "no", "null", "0", "false"})
_PICTURES: Final = (".svg", ".png", ".jpg", ".webp")
_ADDRESS: Final = re.compile(r"https://[!-~]{1,490}")
MOST_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Said:
    """``level``: in openCode's words; ``url``: of its page, where openCode names one."""

    badge: str
    level: str
    url: str = ""


def is_of_opencode(repository: str) -> bool:
    return (urlsplit(repository).hostname or "") == HOST


def address(api: str, repository: str, badge: str) -> str:
    """Where one badge of a repository is asked for."""
    return f"{api.rstrip('/')}/repositories/{quote(repository, safe='')}/badges/{badge}"


def read(body: bytes, badge: str) -> Said | None:
    """What an answer says of ``badge``; None where it grants none or is of another shape. Raises nothing."""
    try:
        found: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or str(found.get("badgeId", "")).upper() != badge:
        return None
    level = next((found[key] for key in _LEVELS if key in found), None)
    if isinstance(level, dict):
        level = level.get("name")
    if isinstance(level, bool) or not isinstance(level, str | int):
        return None
    text = str(level).strip()
    if text.lower() in _NONE or not _LEVEL.fullmatch(text):
        return None
    return Said(badge, text, _page(found.get("badgeUrl")))


def _page(url: Any) -> str:
    """An address that we can link as a page: of the web, encrypted, no picture, no longer than we keep."""
    if not isinstance(url, str) or not _ADDRESS.fullmatch(url):
        return ""
    try:
        parts = urlsplit(url)
        return url if parts.hostname and not parts.path.lower().endswith(_PICTURES) else ""
    except ValueError:
        return ""
