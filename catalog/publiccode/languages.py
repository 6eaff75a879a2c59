"""BCP 47 language tags: well-formed by RFC 5646 section 2.1 and made of registered subtags."""

import re
from functools import lru_cache

from language_tags import data as iana

_TAG = re.compile(
    r"""
    (?P<language>[a-z]{2,3}(?P<extlang>(?:-[a-z]{3}){0,3})|[a-z]{4}|[a-z]{5,8})
    (?:-(?P<script>[a-z]{4}))?
    (?:-(?P<region>[a-z]{2}|[0-9]{3}))?
    (?P<variants>(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*)
    (?P<extensions>(?:-[0-9a-wy-z](?:-[a-z0-9]{2,8})+)*)
    (?:-x(?:-[a-z0-9]{1,8})+)?
    """,
    re.VERBOSE,
)
_PRIVATE_USE = re.compile(r"x(?:-[a-z0-9]{1,8})+")
# The registry gives the codes for private use as ranges only (ISO 3166-1 user-assigned).
_PRIVATE_REGION = re.compile(r"aa|q[m-z]|x[a-z]|zz")
_PRIVATE_SCRIPT = re.compile(r"qa[a-b][a-z]")
_PRIVATE_LANGUAGE = re.compile(r"q[a-t][a-z]")


@lru_cache(maxsize=1)
def _subtags() -> dict[str, dict[str, int]]:
    index: dict[str, dict[str, int]] = iana.get("index")
    return index


@lru_cache(maxsize=1)
def _records() -> list[dict[str, object]]:
    registry: list[dict[str, object]] = iana.get("registry")
    return registry


def _is_registered(subtag: str, kind: str) -> bool:
    return kind in _subtags().get(subtag, {})


def _extlang_fits(tag: str, extlang: str) -> bool:
    position = _subtags().get(extlang, {}).get("extlang")
    if position is None:
        return False
    prefixes = _records()[position].get("Prefix")
    if not isinstance(prefixes, list):
        return True
    return any(f"{tag}-".startswith(f"{prefix}-".lower()) for prefix in prefixes)


def is_language(text: str) -> bool:
    """Whether `text` is a valid tag in any case, with hyphens: `de`, `de-AT`, `zh-Hant`."""
    tag = text.lower()
    if _is_registered(tag, "grandfathered") or _PRIVATE_USE.fullmatch(tag):
        return True
    match = _TAG.fullmatch(tag)
    if match is None:
        return False
    language = match["language"].split("-")[0]
    if len(language) > 3 or not (
        _is_registered(language, "language") or _PRIVATE_LANGUAGE.fullmatch(language)
    ):
        return False
    extlangs = match["extlang"].split("-")[1:] if match["extlang"] else []
    if not all(_extlang_fits(tag, extlang) for extlang in extlangs):
        return False
    script, region = match["script"], match["region"]
    if script and not (_is_registered(script, "script") or _PRIVATE_SCRIPT.fullmatch(script)):
        return False
    if region and not (_is_registered(region, "region") or _PRIVATE_REGION.fullmatch(region)):
        return False
    return all(_is_registered(v, "variant") for v in match["variants"].split("-")[1:])
