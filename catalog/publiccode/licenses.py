"""SPDX license expressions (SPDX 2.3 annex D) over the license list of license-expression."""

import re
from functools import lru_cache
from typing import Any

from license_expression import get_license_index

_WORD = re.compile(r" *(?:([()+:])|([A-Za-z0-9.\-]+))")
_REFERENCE = re.compile(r"(?:DocumentRef-[A-Za-z0-9.\-]+:)?LicenseRef-[A-Za-z0-9.\-]+\Z")
# In the list as former names, but never SPDX ids …
_NO_IDS = frozenset({"GPL", "BSD-2", "Verbatim-man-pages", "Assembly-exception"})
# … and SPDX ids, deprecated, that the list has not.
_DEPRECATED_IDS = (
    "GPL-2.0-with-autoconf-exception",
    "GPL-2.0-with-bison-exception",
    "GPL-2.0-with-classpath-exception",
    "GPL-2.0-with-font-exception",
    "GPL-2.0-with-GCC-exception",
    "GPL-3.0-with-autoconf-exception",
    "GPL-3.0-with-GCC-exception",
    "eCos-2.0",
    "wxWindows",
)
_OPERATORS = ("AND", "OR")
_LONGEST = 1000


@lru_cache(maxsize=1)
def _known() -> tuple[dict[str, str], dict[str, str]]:
    """Licenses and exceptions, lowercase id → id as SPDX writes it."""
    licenses: dict[str, str] = {}
    exceptions: dict[str, str] = {}
    entries: list[dict[str, Any]] = get_license_index()
    for entry in entries:
        ids = [entry.get("spdx_license_key"), *(entry.get("other_spdx_license_keys") or [])]
        known = exceptions if entry.get("is_exception") else licenses
        for spdx_id in ids:
            # The list also names licenses SPDX has not: only as LicenseRef, checked by form.
            if spdx_id and not spdx_id.startswith("LicenseRef-") and spdx_id not in _NO_IDS:
                known.setdefault(spdx_id.lower(), spdx_id)
    for spdx_id in _DEPRECATED_IDS:
        licenses.setdefault(spdx_id.lower(), spdx_id)
    return licenses, exceptions


def canonical_license(identifier: str) -> str | None:
    """The id as SPDX writes it, None when the list has no such license; case does not matter."""
    licenses, _ = _known()
    lower = identifier.lower()
    if lower in licenses:
        return licenses[lower]
    # `X-only` and `X-or-later` are taken for every license, as the reference parser does.
    for suffix in ("-only", "-or-later"):
        base = lower.removesuffix(suffix)
        if base != lower and base in licenses:
            return licenses[base] + suffix
    return None


def canonical_exception(identifier: str) -> str | None:
    return _known()[1].get(identifier.lower())


def spdx_ids() -> list[str]:
    """Every license of the list, as SPDX writes it, in order of the alphabet."""
    return sorted(_known()[0].values(), key=str.lower)


def license_ids(expression: str) -> tuple[str, ...]:
    """The licenses an expression names, without exceptions, in order; empty when it is invalid."""
    found = _scan(expression)
    return tuple(dict.fromkeys(found)) if found else ()


def is_license(expression: str) -> bool:
    return _scan(expression) is not None


def _words(expression: str) -> list[str] | None:
    words: list[str] = []
    position = 0
    text = expression.rstrip(" ")
    while position < len(text):
        match = _WORD.match(text, position)
        if match is None or (match[1] == "+" and match[0].startswith(" ")):
            return None
        words.append(match[1] or match[2])
        position = match.end()
    return words


def _scan(expression: str) -> list[str] | None:
    """Walk the expression with a counter of open brackets; None at the first mistake."""
    words = _words(expression.strip()) if len(expression) <= _LONGEST else None
    if not words:
        return None
    ids: list[str] = []
    open_brackets = 0
    position = 0
    wants_license = True
    while position < len(words):
        word = words[position]
        if wants_license and word == "(":
            open_brackets += 1
            position += 1
        elif wants_license:
            taken = _take_license(words[position:])
            if taken is None:
                return None
            name, length = taken
            ids.append(name)
            position += length
            wants_license = False
        elif word == ")" and open_brackets:
            open_brackets -= 1
            position += 1
        elif word in _OPERATORS:
            wants_license = True
            position += 1
        else:
            return None
    return None if wants_license or open_brackets else ids


def _take_license(words: list[str]) -> tuple[str, int] | None:
    """One license with its `+` and exception: its name and how many words it takes."""
    length = 3 if words[1:2] == [":"] else 1
    reference = "".join(words[:length])
    if _REFERENCE.match(reference):
        return reference, length
    name = canonical_license(words[0])
    if name is None:
        return None
    length = 1
    if words[length : length + 1] == ["+"]:
        name += "+"
        length += 1
    if words[length : length + 1] == ["WITH"]:
        exception = words[length + 1 : length + 2]
        if not exception or canonical_exception(exception[0]) is None:
            return None
        length += 2
    return name, length
