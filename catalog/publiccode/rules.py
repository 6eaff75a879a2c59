"""The rules for single values; each gives the Problem, or None when all is well."""

import re
from collections.abc import Callable
from datetime import date

import regex

from catalog.publiccode import vocabulary
from catalog.publiccode.addresses import is_address, is_email, is_uri, is_web_address
from catalog.publiccode.languages import is_language
from catalog.publiccode.licenses import is_license
from catalog.publiccode.schema import Problem, Rule
from catalog.publiccode.video_hosts import is_video_address

_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_MIME_NAME = r"[A-Za-z0-9][A-Za-z0-9!#$&^_"
_MIME_TYPE = re.compile(rf" *{_MIME_NAME}-]{{0,126}}/{_MIME_NAME}.+-]{{0,126}} *")
_GRAPHEME = regex.compile(r"\X")
ITALIAN_PREFIX = "urn:x-italian-pa:"
_ITALIAN_CODE = re.compile(r"[A-Za-z0-9_-]{1,20}")


def length_of(text: str) -> int:
    """Characters as people count them: extended grapheme clusters (Unicode UAX 29)."""
    if text.isascii():
        return len(text) - text.count("\r\n")
    return sum(1 for _ in _GRAPHEME.finditer(text))


def quoted(value: str) -> str:
    """The value for a message, shortened."""
    return value if len(value) <= 80 else value[:79] + "…"


def at_most(limit: int) -> Rule:
    def check(value: str) -> Problem | None:
        length = length_of(value)
        if length <= limit:
            return None
        return Problem("too-long", {"limit": str(limit), "length": str(length)}, is_usable=True)

    return check


def at_least(limit: int) -> Rule:
    def check(value: str) -> Problem | None:
        length = length_of(value)
        if length >= limit:
            return None
        return Problem("too-short", {"limit": str(limit), "length": str(length)}, is_usable=True)

    return check


def one_of(values: tuple[str, ...]) -> Rule:
    def check(value: str) -> Problem | None:
        if value in values:
            return None
        return Problem("not-one-of", {"value": quoted(value), "values": ", ".join(values)})

    return check


def _must(code: str, is_met: Callable[[str], bool]) -> Rule:
    def check(value: str) -> Problem | None:
        return None if is_met(value) else Problem(code, {"value": quoted(value)})

    return check


def _is_date(value: str) -> bool:
    match = _DATE.fullmatch(value)
    if match is None:
        return False
    # Go's calendar has a year 0, Python's has not; it is a leap year like 2000.
    year = int(match[1]) or 2000
    try:
        date(year, int(match[2]), int(match[3]))
    except ValueError:
        return False
    return True


def _is_country(value: str) -> bool:
    return value in (value.lower(), value.upper()) and value.upper() in vocabulary.COUNTRIES


web_address = _must("not-a-web-address", is_web_address)
address = _must("not-an-address", is_address)
calendar_date = _must("not-a-date", _is_date)
email = _must("not-an-email", is_email)
mime_type = _must("not-a-mime-type", lambda value: _MIME_TYPE.fullmatch(value) is not None)
category = _must("not-a-category", lambda value: value in vocabulary.CATEGORIES)
scope = _must("not-a-scope", lambda value: value in vocabulary.SCOPES)
country = _must("not-a-country", _is_country)
language = _must("not-a-language", is_language)
license_expression = _must("not-a-license", is_license)
video = _must("not-a-video", is_video_address)


def organisation_uri(value: str) -> Problem | None:
    """A URL or URN; the code of an Italian administration is checked for its form only."""
    if value.lower().startswith(ITALIAN_PREFIX):
        return _ipa_code(value[len(ITALIAN_PREFIX) :])
    return None if is_uri(value) else Problem("not-a-uri", {"value": quoted(value)})


def italian_code(value: str) -> Problem | None:
    return _ipa_code(value) if value else None


def _ipa_code(value: str) -> Problem | None:
    if _ITALIAN_CODE.fullmatch(value):
        return None
    return Problem("not-an-ipa-code", {"value": quoted(value)})


def support_id(value: str) -> Problem | None:
    if value.startswith("alias:"):
        if value.removeprefix("alias:") in vocabulary.SUPPORT_ALIASES:
            return None
        values = ", ".join(f"alias:{name}" for name in sorted(vocabulary.SUPPORT_ALIASES))
        return Problem("not-an-alias", {"value": quoted(value), "values": values})
    return None if is_uri(value) else Problem("not-a-uri", {"value": quoted(value)})
