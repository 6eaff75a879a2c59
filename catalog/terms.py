"""What a query asks for: its words, without those that say nothing, with others that mean the same."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from catalog.models import SynonymGroup
from osk_portal.toolkit.search_text import fold, sort_key

LONGEST_QUERY = 200
MOST_WORDS = 8
LONGEST_PHRASE = 4
MOST_SYNONYMS = 16
SHORTEST_PART = 4
# A head of a compound must say something by itself.
SHORTEST_HEAD = 5

WORD = re.compile(r"[^\W_]+(?:[-+.#&][^\W_]+)*[+#]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ud800-\udfff]+")
_NO_LETTER = re.compile(r"[^\w]|_")
# Words that say nothing about a solution; the stemmers have their own list, prefixes and parts have not.
_NOISE = frozenset(
    """
    aber als am an auch auf aus bei bitte das dem den der des die ein eine einem einen einer eines er es fuer
    gegen gibt haben hat ich ihr im in ist kann man mit moechte nach nicht oder ohne sich sie sind so ueber um und uns
    unser unsere unter vom von was welche wer wie wir wird zu zum zur
    loesung loesungen software programm programme tool tools werkzeug open source freie freies freier kostenlos
    quelloffen quelloffene alternative alternativen ersatz ersetzen statt anstatt suche suchen brauche brauchen
    a an and for free in of on or the to with instead replacement
    """.split()  # noqa: SIM905 # a list of 100 quoted words is no better to read
)
# What German puts behind a word to name the kind of thing; without it the word is asked for all the same.
_TAILS = (
    "managementsystem", "verwaltungssystem", "informationssystem", "anwendung", "programm", "plattform",
    "software", "loesung", "werkzeug", "system", "portal", "server", "dienst", "manager", "management",
    "verwaltung", "tool", "suite", "app",
)  # fmt: skip
_ENDINGS = ("ern", "en", "er", "es", "em", "e", "n", "s")


@dataclass(frozen=True)
class Term:
    """One thing that a query asks for: all of ``words``, or any one of ``synonyms``."""

    words: tuple[str, ...]
    synonyms: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return " ".join(self.words)


def clean(query: str) -> str:
    """The query as people meant it: one line, without controls, at most LONGEST_QUERY characters.

    Composed (NFC): what is copied from a PDF or a file's name on a Mac has its umlauts in two parts.
    """
    composed = unicodedata.normalize("NFC", query[: LONGEST_QUERY * 4])
    return " ".join(_CONTROL.sub(" ", composed).split())[:LONGEST_QUERY].strip()


def words_of(query: str) -> list[str]:
    """The words that are looked for, as written; noise only where nothing else is left."""
    found = _written(query)
    telling = [word for word in found if not is_noise(word)]
    return (telling or found)[:MOST_WORDS]


def _written(query: str) -> list[str]:
    """Without letters of which folding leaves nothing (an Arabic vowel sign by itself): no word at all."""
    return [word for word in dict.fromkeys(WORD.findall(query)) if fold(word)][: MOST_WORDS * 2]


def is_noise(word: str) -> bool:
    return fold(word) in _NOISE


def spellings(word: str) -> list[str]:
    """``Bürger``: buerger, burger."""
    return list(dict.fromkeys([fold(word), sort_key(word)]))


def key_of(term: str) -> str:
    """What ``E-Akte``, ``eAkte`` and ``e akten`` have in common: letters only, without the ending."""
    return stem(_NO_LETTER.sub("", fold(term)))


def stem(folded: str) -> str:
    for ending in _ENDINGS:
        if folded.endswith(ending) and len(folded) - len(ending) >= SHORTEST_PART:
            return folded[: -len(ending)]
    return folded


class Synonyms:
    """The groups that are in use, as they are at this moment: an edit works with the next query."""

    def __init__(self, groups: Iterable[Sequence[str]]) -> None:
        self._groups: dict[str, list[Sequence[str]]] = {}
        for terms in groups:
            for term in terms:
                # Also as somebody without umlauts on the keyboard writes it: burgerburo.
                for key in {key_of(term), stem(_NO_LETTER.sub("", sort_key(term)))} - {""}:
                    self._groups.setdefault(key, []).append(terms)

    @classmethod
    def read(cls) -> Synonyms:
        """One query. What was made of the same groups before serves again: folding them takes longer than reading."""
        global _last
        active = SynonymGroup.objects.filter(is_active=True).order_by("pk")
        groups = [tuple(terms) for terms in active.values_list("terms", flat=True)]
        if _last is None or _last[0] != groups:
            _last = (groups, cls(groups))
        return _last[1]

    @property
    def keys(self) -> Mapping[str, list[Sequence[str]]]:
        return self._groups

    def of(self, term: str) -> tuple[str, ...]:
        """Every word of the groups that hold ``term``, itself too: people write it in more than one way."""
        groups = self._groups.get(key_of(term), ())
        return tuple(dict.fromkeys(word for terms in groups for word in terms))[:MOST_SYNONYMS]

    def terms(self, query: str) -> list[Term]:
        """What ``query`` asks for: the longest runs of words that mean something together, then single ones."""
        written = _written(query)
        found: list[Term] = []
        place = 0
        while place < len(written):
            for length in range(min(LONGEST_PHRASE, len(written) - place), 0, -1):
                run = tuple(written[place : place + length])
                if synonyms := self.of(" ".join(run)):
                    found.append(Term(run, synonyms))
                    break
            else:
                length = 1
                if not is_noise(written[place]):
                    found.append(Term((written[place],)))
            place += length
        return (found or [Term((word,)) for word in written])[:MOST_WORDS]

    def head(self, term: Term) -> Term | None:
        """The telling part of a compound that nothing holds: ``Umfragewerkzeug`` → Umfrage. None without one."""
        if term.synonyms:
            return None
        if parts := _before_the_kind(term.text):
            return Term(parts, self.of(" ".join(parts)))
        word = _NO_LETTER.sub("", fold(term.text))
        known = [
            key for key in self._groups if len(key) >= SHORTEST_PART and key != word and key in word
        ]
        first = [key for key in known if word.startswith(key) and len(key) >= SHORTEST_HEAD]
        # Keys have no ending: Onlineumfragen ends with umfrag.
        last = [key for key in known if word.endswith(key) or stem(word).endswith(key)]
        for keys in (first, last):
            if keys:
                best = max(keys, key=len)
                return Term((best,), self.of(best))
        for tail in _TAILS:
            if word.endswith(tail) and len(rest := word.removesuffix(tail)) >= SHORTEST_HEAD:
                return Term((stem(rest),))
        return None


def _before_the_kind(word: str) -> tuple[str, ...]:
    """What hyphens set apart from words that say nothing: ``Teams-Alternative`` → Teams, ``E-Akten-System`` → E, Akten.

    Empty where they set nothing apart.
    """
    parts = word.split("-")
    start, end = 0, len(parts)
    while start < end and is_noise(parts[start]):
        start += 1
    while end > start and (is_noise(parts[end - 1]) or fold(parts[end - 1]) in _TAILS):
        end -= 1
    return tuple(parts[start:end]) if end - start < len(parts) else ()


_last: tuple[list[tuple[str, ...]], Synonyms] | None = None
