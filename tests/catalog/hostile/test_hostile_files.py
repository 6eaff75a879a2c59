"""Every page and format of hostile entries: whole, and nothing in it that runs or leads astray."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
import rdflib
from django.urls import reverse

from catalog import publiccode
from catalog.exports import dump
from catalog.importing import import_publiccode
from catalog.models import Solution
from tests.catalog.hostile import files

pytestmark = pytest.mark.django_db
VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
HARMLESS = re.compile(r"(?:https?://|mailto:|/(?!/)|\?|#|\./)|data:,$|$")
DECEIVING = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\u200e\u200f]")


class Page(HTMLParser):
    """Notes what could run, and whether every element is closed."""

    def __init__(self, text):
        super().__init__()
        self.problems, self.open = [], []
        self.feed(text)
        self.close()
        self.problems += [f"never closed: {self.open}"] if self.open else []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)
        found = dict(attrs)
        if tag == "script" and not (found.get("src") or "").startswith("/static/"):
            self.problems.append(f"script {found}")
        if tag in ("style", "iframe", "object", "embed", "base", "foreignobject"):
            self.problems.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name == "style":
                self.problems.append(f"{tag} {name}={value}")
            if name in ("href", "src", "action", "formaction") and not HARMLESS.match(value or ""):
                self.problems.append(f"{tag} {name}={value}")
        if tag == "img" and not (found.get("src") or "").startswith("/"):
            self.problems.append(f"img {found}")

    def handle_endtag(self, tag):
        if tag in self.open:
            while self.open.pop() != tag:
                pass
        elif tag not in VOID:
            self.problems.append(f"closes what is not open: {tag}")


@pytest.fixture(scope="module")
def corpus():
    return files()


@pytest.fixture
def entries(corpus):
    """Most of them are no valid files; an operator may publish them all the same."""
    for content in corpus.values():
        import_publiccode(content, publish_incomplete=True)
    found = list(Solution.objects.published().order_by("pk"))
    assert len(found) >= len(corpus) * 2 // 3
    return found


def test_pages_hold_texts_and_nothing_that_runs(client, entries):
    addresses = [entry.get_absolute_url() for entry in entries]
    addresses += [
        reverse("catalog:solution_list"),
        f"{reverse('catalog:solution_list')}?page=2",
        "/",
    ]
    for address in addresses:
        text = client.get(address).text
        assert Page(text).problems == [], address
        assert not DECEIVING.search(text), (address, DECEIVING.search(text))
        assert len(text) < 1_500_000


def test_pages_beside_the_entry_hold_texts_and_nothing_that_runs(client, entries):
    """Comparison, revisions, statements, the forms that visitors may see."""
    slugs = [entry.slug for entry in entries]
    fours = [
        "&".join(f"loesung={slug}" for slug in slugs[n : n + 4]) for n in range(0, len(slugs), 4)
    ]
    addresses = [f"/loesungen/vergleich/?{four}" for four in fours]
    for slug in slugs:
        addresses += [
            f"/loesungen/{slug}/{page}/" for page in ("versionen", "versionen/1", "angaben")
        ]
    addresses += [reverse("catalog:report_create", args=[slug]) for slug in slugs[:5]]
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert Page(answer.text).problems == [], address
        assert not DECEIVING.search(answer.text), address
    for four in fours:
        table = client.get(f"/loesungen/vergleich/ods/?{four}").content
        content = zipfile.ZipFile(io.BytesIO(table)).read("content.xml")
        ElementTree.fromstring(content)  # noqa: S314 # our own
        assert b"table:formula" not in content


def test_formats_of_an_entry_are_whole(client, entries):
    for entry in entries:
        turtle = client.get(reverse("catalog:solution_turtle", args=[entry.slug]))
        graph = rdflib.Graph().parse(data=turtle.content.decode(), format="turtle")
        assert len(graph) > 5
        assert not [s for s in graph.subjects() if "evil" in str(s)[:7]]
        jsonld = client.get(reverse("catalog:solution_jsonld", args=[entry.slug]))
        found = json.loads(jsonld.content)
        assert found["@context"] == "https://schema.org"
        assert found.get("codeRepository", "https:").startswith(("https:", "http:"))
        api = client.get(reverse("catalog-api:solution", args=[entry.slug])).json()
        assert api["slug"] == entry.slug
        code = client.get(reverse("catalog:solution_publiccode", args=[entry.slug]))
        if code.status_code == 200:
            assert "attachment" in code["Content-Disposition"]
            assert publiccode.read(code.content).document is not None
        assert client.get(reverse("catalog-api:revisions", args=[entry.slug])).status_code == 200


def test_formats_of_the_whole_catalog_are_whole(client, entries):
    feed = client.get(reverse("catalog:solution_feed"))
    atom = ElementTree.fromstring(feed.content)  # noqa: S314 # our own
    assert atom.tag.endswith("feed")
    for cell in atom.iter():
        assert HARMLESS.match(cell.get("href", "")), cell.attrib
    content = b"".join(dump.csv_lines()).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(content, newline=""), delimiter=";"))
    assert len(rows) == len(entries) + 1
    assert {len(row) for row in rows} == {len(rows[0])}
    assert not [cell for row in rows for cell in row if cell[:1] in tuple("=+-@\t\r") and cell]
    graph = rdflib.Graph().parse(data=b"".join(dump.turtle_lines()).decode(), format="turtle")
    assert len(set(graph.subjects(rdflib.RDF.type, rdflib.DCAT.Dataset))) >= len(entries)
    assert client.get("/api/v1/solutions").json()["total"] == len(entries)


def test_the_check_page_shows_every_file_as_text(client, corpus):
    for name, content in list(corpus.items())[:20]:
        answer = client.post(reverse("catalog:publiccode_check"), {"text": content.decode()})
        assert answer.status_code == 200, name
        assert Page(answer.text).problems == [], name
