import pytest
from django.test import Client
from django.urls import reverse

from osk_portal import portal
from osk_portal.pages.views import clean_query


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A source that finds what contains "projekt", and what it was asked."""
    questions: list[str] = []

    def find(query: str, request: object) -> list[portal.Hit]:
        questions.append(query)
        hits = [portal.Hit(f"Projekt {n}", f"/p/{n}/", "Ein <b>Text</b>") for n in range(30)]
        return hits if "projekt" in query else []

    sources: portal.Registry[portal.SearchSource] = portal.Registry()
    sources.register(portal.SearchSource("things", 1, "Dinge", find))
    monkeypatch.setattr(portal, "search_sources", sources)
    return questions


@pytest.mark.django_db
def test_hits_are_grouped_and_limited_and_escaped(client: Client, asked: list[str]) -> None:
    html = client.get(reverse("pages:search"), {"q": "projekt"}).content.decode()

    assert '<h2 class="osk-h2" id="hits-things">Dinge</h2>' in html
    assert html.count("&lt;b&gt;Text") == 10
    assert "10 Treffer für „projekt“" in html


@pytest.mark.django_db
def test_nothing_is_asked_without_a_query(client: Client, asked: list[str]) -> None:
    html = client.get(reverse("pages:search"), {"q": "  "}).content.decode()

    assert asked == []
    assert "nichts gefunden" not in html


@pytest.mark.django_db
def test_an_empty_result_names_the_way_on(client: Client, asked: list[str]) -> None:
    html = client.get(reverse("pages:search"), {"q": "friedhof <script>"}).content.decode()

    assert "Zu „friedhof &lt;script&gt;“ haben wir nichts gefunden" in html


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "count", "jumps"),
    [
        ("OSK-2026-00042", 1, True),
        ("osk-2026-42", 1, True),
        ("OSK-2026-00042", 2, False),
        ("OSK-2026-00042", 0, False),
        ("Formularserver", 1, False),
    ],
)
def test_a_reference_leads_straight_to_its_case(
    client: Client, monkeypatch: pytest.MonkeyPatch, query: str, count: int, jumps: bool
) -> None:
    sources: portal.Registry[portal.SearchSource] = portal.Registry()
    hits = [portal.Hit("OSK-2026-00042 Formularserver", "/fall/", "")] * count
    sources.register(portal.SearchSource("cases", 1, "Anfragen", lambda query, request: hits))
    monkeypatch.setattr(portal, "search_sources", sources)

    response = client.get(reverse("pages:search"), {"q": query})

    assert (response.status_code == 302) is jumps


@pytest.mark.django_db
@pytest.mark.parametrize(
    "bad",
    [
        "\x00",
        "a\x00b",
        "x" * 100_000,
        "‮rtl",
        "😀" * 300,
        "Łukasiewicz-Şahin ẞ",
        "%%%",
        "'; --",
        "\\",
    ],
)
def test_bad_input_is_looked_for_and_nothing_more(client: Client, bad: str) -> None:
    assert client.get(reverse("pages:search"), {"q": bad}).status_code == 200


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  zwei   Wörter ", "zwei Wörter"),
        ("null\x00byte", "null byte"),
        ("tab\tund\numbruch", "tab und umbruch"),
        ("u\N{COMBINING DIAERESIS}ber", "über"),
        ("x" * 500, "x" * 200),
    ],
)
def test_queries_are_cleaned(typed: str, kept: str) -> None:
    assert clean_query(typed) == kept
