from __future__ import annotations

from datetime import timedelta
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog import state
from catalog.models import Solution
from catalog.services import index_solution, withdraw_solution
from catalog.views import feeds
from osk_portal.toolkit import clock
from tests.catalog.factories import SolutionFactory
from tests.factories import staff

pytestmark = pytest.mark.django_db
FEED = reverse("catalog:solution_feed")
ATOM = "{http://www.w3.org/2005/Atom}"


def make(name, **fields):
    solution = SolutionFactory(name=name, **fields)
    index_solution(solution)
    return solution


def titles(response):
    assert response.status_code == 200
    root = ElementTree.fromstring(response.content)  # noqa: S314 # our own output
    return [entry.findtext(f"{ATOM}title") for entry in root.iter(f"{ATOM}entry")]


@pytest.mark.parametrize("seconds", [0, 60], ids=["from the database", "from memory"])
def test_the_same_words_and_filters_as_the_list_newest_first(
    client, settings, monkeypatch, seconds
):
    settings.OSK_FACETS_SECONDS = seconds
    monkeypatch.setattr(state, "MOMENT_SECONDS", -1)
    monkeypatch.setattr(feeds, "MOST_ENTRIES", 2)
    now = clock.now()
    make("Terminbuch", categories=["crm"], updated_at=now - timedelta(days=2))
    make("Terminplan", categories=["crm"], updated_at=now - timedelta(days=1))
    make("Terminblatt", categories=["blog"])
    make("Terminentwurf", categories=["crm"], draft=True)
    make("Kuchen", categories=["crm"])

    assert titles(client.get(FEED, {"q": "Termin", "category": "crm"})) == [
        "Terminplan",
        "Terminbuch",
    ]
    assert titles(client.get(FEED)) == ["Kuchen", "Terminblatt"]
    Solution.objects.filter(name="Terminbuch").update(updated_at=clock.now())
    assert titles(client.get(FEED, {"q": "Termin"})) == ["Terminbuch", "Terminblatt"]


def test_it_says_what_it_is(client):
    solution = make(
        "Plan <b>&", document={"description": {"de": {"shortDescription": "A\x0bB <script>"}}}
    )
    response = client.get(FEED, {"q": "Plan\x00"})
    text = response.content.decode()

    assert response["Content-Type"].startswith("application/atom+xml")
    assert titles(response) == ["Plan <b>&"]
    assert f"urn:uuid:{solution.public_id}" in text
    assert f"http://testserver{solution.get_absolute_url()}" in text
    assert "http://testserver/loesungen/feed/?q=Plan" in text
    assert "AB &amp;lt;script&amp;gt;" in text  # a reader of the feed shows it as text
    assert "CC0-1.0" in text


def test_who_asks_by_the_date_alone_hears_that_the_newest_entry_has_left(client, monkeypatch):
    monkeypatch.setattr(state, "MOMENT_SECONDS", -1)
    long_ago = clock.now() - timedelta(days=2)
    make("Alt", updated_at=long_ago)
    newest = make("Neu", updated_at=long_ago + timedelta(days=1))
    seen = {"if-modified-since": client.get(FEED)["Last-Modified"]}
    assert client.get(FEED, headers=seen).status_code == 304

    withdraw_solution(newest.pk, actor=staff("advisor"))

    assert titles(client.get(FEED, headers=seen)) == ["Alt"]


@pytest.mark.parametrize("name", ["solution_feed", "notice_feed"])
def test_a_feed_has_what_the_standard_wants_of_it_also_when_it_is_empty(client, name):
    """RFC 4287, 4.1.1."""
    content = client.get(reverse(f"catalog:{name}")).content
    feed = ElementTree.fromstring(content)  # noqa: S314 # our own output
    wanted = ("id", "title", "updated", "author/{*}name", "link[@rel='self']")
    assert [path for path in wanted if feed.find("{*}" + path) is None] == []


def test_who_has_it_already_gets_304(client):
    solution = make("Plan")
    first = client.get(FEED)

    assert client.get(FEED, headers={"if-none-match": first["ETag"]}).status_code == 304
    later = client.get(FEED, headers={"if-modified-since": first["Last-Modified"]})
    assert later.status_code == 304
    assert not later.content

    Solution.objects.filter(pk=solution.pk).update(updated_at=clock.now() + timedelta(seconds=5))
    assert client.get(FEED, headers={"if-none-match": first["ETag"]}).status_code == 200


@pytest.mark.parametrize("query", ["%00", "' OR 1=1", "x" * 5_000, "\ud800", "🎉"])
def test_hostile_queries_get_an_empty_feed(client, query):
    make("Plan")
    assert titles(client.get(FEED, {"q": query.encode(errors="surrogatepass")})) in ([], ["Plan"])


def test_an_empty_catalog_and_other_methods(client):
    assert titles(client.get(FEED)) == []
    assert client.head(FEED).status_code == 200
    assert client.post(FEED).status_code == 405


def test_it_costs_the_same_with_one_and_three(client):
    make("Plan")
    with CaptureQueriesContext(connection) as one:
        client.get(FEED)
    make("Planer")
    make("Planung")
    with CaptureQueriesContext(connection) as three:
        client.get(FEED)
    assert len(one) == len(three) <= 3
