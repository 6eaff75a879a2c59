"""Folding of text for search and of names for sorting.

The database sorts by code point (the embedded PostgreSQL has no ICU) and its stemmer knows umlauts only as
they are written, so both are done here, once, when a row is saved.
"""

from __future__ import annotations

import re
import unicodedata

_UMLAUTS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "œ": "oe", "ø": "oe", "ł": "l"}
)
_SORT = str.maketrans(
    {"ä": "a", "ö": "o", "ü": "u", "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l"}
)
_SPACE = re.compile(r"\s+")


def _base_letters(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def fold(text: str) -> str:
    """``Bürgerbüro`` → ``buergerbuero``: lower case, umlauts written out, no other accents."""
    composed = unicodedata.normalize("NFKC", text).lower()
    return _SPACE.sub(" ", _base_letters(composed.translate(_UMLAUTS)).translate(_UMLAUTS)).strip()


def sort_key(text: str) -> str:
    """DIN 5007-1: ä sorts as a, ß as ss; case and accents do not count."""
    composed = unicodedata.normalize("NFKC", text).lower()
    return _SPACE.sub(" ", _base_letters(composed.translate(_SORT)).translate(_SORT)).strip()[:200]


def escaped_like(text: str) -> str:
    """``text`` for a pattern of SQL's LIKE, in which it means itself."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
