from __future__ import annotations

from xml.etree import ElementTree

import pytest
from django.urls import reverse

from osk_portal.pages import sitemap
from tests.catalog.factories import SolutionFactory

pytestmark = pytest.mark.django_db
NAMES = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}


def places(client, path):
    response = client.get(path)
    assert response.status_code == 200
    assert response["Content-Type"].startswith("application/xml")
    root = ElementTree.fromstring(response.content)  # noqa: S314 # our own answer
    return [e.text.removeprefix("http://localhost:8000") for e in root.findall(".//s:loc", NAMES)]


def test_every_published_entry_stands_in_a_file(client, settings, monkeypatch):
    settings.OSK_BASE_URL = "http://localhost:8000"
    monkeypatch.setattr(sitemap, "MOST", 2)
    for n in range(3):
        SolutionFactory(slug=f"eins-{n}")
    SolutionFactory(draft=True, slug="entwurf")

    parts = [path for path in places(client, reverse("pages:sitemap")) if "loesungen" in path]
    found = [path for part in parts for path in places(client, part)]

    assert parts == ["/sitemap-loesungen-1.xml", "/sitemap-loesungen-2.xml"]
    assert found == [f"/loesungen/eins-{n}/" for n in range(3)]


def test_every_file_names_the_licence_of_the_data(client, settings):
    """In a comment and a header: other elements would need a schema that validators do not have."""
    SolutionFactory()
    settings.OSK_DATA_LICENCE = "LicenseRef-a--b-"
    settings.OSK_DATA_LICENCE_URL = "https://example.org/licence"
    for path in ("/sitemap.xml", "/sitemap-loesungen-1.xml", "/sitemap-seiten-1.xml"):
        response = client.get(path)
        assert "LicenseRef-a%2D%2Db-, https://example.org/licence -->" in response.text
        assert response["Link"] == '<https://example.org/licence>; rel="license"'
        root = ElementTree.fromstring(response.content)  # noqa: S314 # our own answer
        allowed = {f"{{{NAMES['s']}}}{name}" for name in ("sitemap", "url", "loc", "lastmod")}
        assert {e.tag for e in root.iter() if e is not root} <= allowed


def test_each_part_can_be_read(client, settings):
    settings.OSK_BASE_URL = "http://localhost:8000"
    SolutionFactory()

    for part in places(client, reverse("pages:sitemap")):
        for path in places(client, part):
            assert client.get(path).status_code == 200, path


@pytest.mark.parametrize(
    "path",
    ["loesungen-2", "loesungen-0", "loesungen-9999999999", "loesungen-a", "loesungen-²", "x-1"],
)
def test_no_other_part(client, path):
    SolutionFactory()

    assert client.get(f"/sitemap-{path}.xml").status_code == 404


def test_entries_have_the_day_of_their_change(client):
    changed = SolutionFactory().updated_at

    text = client.get("/sitemap-loesungen-1.xml").content.decode()

    assert f"<lastmod>{changed.isoformat()}</lastmod>" in text


def test_robots_learn_of_it(client, settings):
    settings.OSK_BASE_URL = "https://portal.example"

    text = client.get("/robots.txt").content.decode()

    assert "Sitemap: https://portal.example/sitemap.xml" in text
