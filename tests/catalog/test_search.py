from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.importing import import_publiccode
from catalog.models import Solution
from catalog.search import clean, search, words_of
from tests.catalog.files import publiccode_file

pytestmark = pytest.mark.django_db


def found(query: str) -> list[str]:
    keys = search(query)
    slugs = dict(Solution.objects.values_list("pk", "slug"))
    return [slugs[key] for key in keys]


@pytest.mark.parametrize(
    "query", ["Bürgerbüro", "Buergerbuero", "burgerburo", "bürgerbüros", "Bu\u0308rgerbu\u0308ro"]
)
def test_umlauts_however_they_are_written(query):
    import_publiccode(publiccode_file(), publish=True)

    assert found(query) == ["terminplaner"]


def test_words_inside_compounds():
    import_publiccode(
        publiccode_file(("description.de.shortDescription", "Straßenbaumkataster.")), publish=True
    )

    assert found("Kataster") == ["terminplaner"]
    assert found("strasse") == ["terminplaner"]


def test_drafts_are_not_found():
    import_publiccode(publiccode_file())

    assert found("Terminplaner") == []


@pytest.mark.parametrize(
    "query",
    [
        "",
        "   ",
        "\x00",
        "'; DROP TABLE catalog_solution; --",
        "a & b | !c <-> (d:*)",
        "\\' \\\\ %_ \"",
        "ａｂｃ\u202e\ud800",
        "x" * 100_000,
        " ".join(f"wort{n}" for n in range(10_000)),
        "C++",
        "c#",
        "-1",
        "🎉",
        "' OR 1=1",
        "*:*",
        "\ufe70",  # Arabic vowel sign by itself: folding leaves nothing of it
        "\ufdfa",  # one letter that folds to four words
    ],
)
def test_hostile_queries_are_answered_calmly(query):
    import_publiccode(publiccode_file(), publish=True)
    with CaptureQueriesContext(connection) as queries:
        assert found(query) in ([], ["terminplaner"])
    assert len(queries) <= 8


def test_queries_are_cleaned_and_cut():
    assert clean("  a\x00b \n c\u202e ") == "a b c"
    assert len(clean("ä" * 5_000)) == 200
    assert words_of("die Software für Termine") == ["Termine"]
    assert words_of("die") == ["die"]
    assert len(words_of(" ".join(f"w{n}" for n in range(100)))) == 8


def test_one_letter_does_not_find_everything():
    import_publiccode(publiccode_file(name="Cockpit"), publish=True)

    assert found("C++") == []
