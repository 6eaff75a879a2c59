"""Where the text of the standard 0.7 and its reference parser differ.

The parser decides, and these hints say so, in English and German: beside a finding that the text of
the standard does not ask for, and as notes on what the text asks for and the parser does not.
"""

import re
from typing import Final, NamedTuple

from catalog.publiccode.vocabulary import COUNTRIES


class Text(NamedTuple):
    english: str
    german: str


_AGREED: Final = Text("", "")

# How the finding's code begins, the path without list positions, and what to say.
_HINTS: Final = (
    (
        "required",
        re.compile(r"description\.[^.]+\.(longDescription|features)"),
        Text(
            "The standard asks this of one language only; the reference parser, of every language.",
            "Der Standard verlangt die Angabe nur in einer Sprache, die Referenzprüfung in jeder.",
        ),
    ),
    (
        "too-short",
        re.compile(r"description\.[^.]+\.longDescription"),
        Text(
            "The standard asks this of one language only; the reference parser, of every language.",
            "Der Standard verlangt die Angabe nur in einer Sprache, die Referenzprüfung in jeder.",
        ),
    ),
    (
        "wrong-type-list",
        re.compile(r"platforms"),
        Text(
            "The standard allows a single text here; the reference parser wants a list.",
            "Der Standard lässt hier einen einzelnen Text zu, die Referenzprüfung nur eine Liste.",
        ),
    ),
    (
        "unknown-key",
        re.compile("|".join(sorted(COUNTRIES)), re.IGNORECASE),
        Text(
            "The standard once had sections for countries; the reference parser knows only IT.",
            "Der Standard kannte Abschnitte für Länder; die Referenzprüfung kennt nur noch IT.",
        ),
    ),
    (
        "version-unsupported",
        re.compile(r"publiccodeYmlVersion"),
        Text(
            "The versions 0.1 and 0.6 exist in the standard; the reference parser takes neither.",
            "Die Versionen 0.1 und 0.6 gibt es im Standard, die Referenzprüfung nimmt sie nicht an.",
        ),
    ),
    (
        "required",
        re.compile(r"fundedBy\[\]\.uri"),
        Text(
            "The standard asks for the name; the reference parser, for the uri.",
            "Der Standard verlangt hier den Namen (name), die Referenzprüfung die Kennung (uri).",
        ),
    ),
)


def deviation(code: str, path: str) -> Text:
    """What to say beside the finding `code` on `path`; empty texts where both agree."""
    path = re.sub(r"\[\d+\]", "[]", path)
    return next(
        (text for part, where, text in _HINTS if code.startswith(part) and where.fullmatch(path)),
        _AGREED,
    )
