from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import pytest
from django.urls import reverse
from rdflib import Graph, Literal, URIRef
from rdflib.namespace import DCAT, DCTERMS, FOAF, RDF, RDFS
from rdflib.namespace import SDO as SCHEMA

from catalog import documents, publiccode, services
from catalog.enums import RevisionOrigin, SolutionState
from catalog.exports import addresses, dcat, dump, jsonld
from catalog.importing import import_publiccode
from catalog.models import Solution
from catalog.services import set_additions, write_document
from catalog.services.entries import FILES_JOB
from osk_portal.notifications import queue
from osk_portal.notifications.models import PeriodicRun
from tests.catalog.factories import ReuseFactory, SolutionFactory
from tests.catalog.files import publiccode_file
from tests.factories import OrganisationFactory, staff

pytestmark = pytest.mark.django_db
CC0 = URIRef("https://creativecommons.org/publicdomain/zero/1.0/")
DEMO = Path("catalog/demo/solutions")
HOSTILE = 'A"> <x> . "@de \\ \n\t\r \u2028\u202e </script> 😀 = "'


@pytest.fixture
def dumps(settings, tmp_path):
    settings.STORAGES = {
        **settings.STORAGES,
        "private": {
            **settings.STORAGES["private"],
            "OPTIONS": {**settings.STORAGES["private"]["OPTIONS"], "location": tmp_path},
        },
    }


@pytest.fixture
def solution():
    return import_publiccode(
        publiccode_file(
            landingURL="https://example.org/plan", softwareVersion="2.1", releaseDate="2026-01-02"
        ),
        publish=True,
    ).solution


def graph(content):
    return Graph().parse(data=content, format="turtle")


def url(name, *args):
    return reverse(f"catalog:{name}", args=args)


def test_an_entry_as_turtle(client, solution):
    response = client.get(url("solution_turtle", solution.slug))

    found = graph(response.content)
    entry = URIRef(addresses.of("solution_detail", solution.slug) + "#entry")
    assert response["Content-Type"] == "text/turtle; charset=utf-8"
    assert (entry, RDF.type, DCAT.Dataset) in found
    assert (entry, DCTERMS.title, Literal("Terminplaner", lang="de")) in found
    assert (entry, DCTERMS.source, URIRef("https://github.com/Muster/Terminplaner")) in found
    assert (entry, DCAT.keyword, Literal("Terminvergabe", lang="de")) in found
    assert (None, DCAT.dataset, entry) in found
    (software,) = found.objects(entry, FOAF.primaryTopic)
    assert (software, RDF.type, SCHEMA.SoftwareSourceCode) in found
    spdx = URIRef("https://spdx.org/licenses/EUPL-1.2.html")
    assert list(found.objects(software, DCTERMS.license)) == [spdx]
    assert (software, SCHEMA.version, Literal("2.1")) in found
    assert (software, SCHEMA.creativeWorkStatus, Literal("stable")) in found
    files = list(found.objects(entry, DCAT.distribution))
    assert len(files) == 3
    for file in files:
        assert (file, DCTERMS.license, CC0) in found
        rights = [found.value(said, RDFS.label) for said in found.objects(file, DCTERMS.rights)]
        assert sorted(said.language for said in rights) == ["de", "en"]
        assert all("EUPL-1.2" in said for said in rights)
        (address,) = found.objects(file, DCAT.accessURL)
        path = str(address).removeprefix("http://localhost:8000")
        assert (
            client.get("/" + path.split("/", 3)[-1] if "://" in path else path).status_code == 200
        )


def test_no_language_and_no_combined_licence_is_lost(client):
    """All that the EU writes laws in, and a licence without a page of its own."""
    official = "bg cs da de el en es et fi fr ga hr hu it lt lv mt nl pl pt ro sk sl sv"
    tags = [*official.split(" "), "pt-BR"]
    content = publiccode_file(("legal.license", "GPL-2.0-only AND MIT"))
    found = import_publiccode(content, publish=True).solution
    section = found.document["description"]["de"]
    found.document["description"] = dict.fromkeys(tags, section)
    found.save(update_fields=["document"])

    triples = graph(client.get(url("solution_turtle", found.slug)).content)
    entry = URIRef(addresses.of("solution_detail", found.slug) + "#entry")
    assert len(set(triples.objects(entry, DCTERMS.language))) == 24
    (software,) = triples.objects(entry, FOAF.primaryTopic)
    (licence,) = triples.objects(software, DCTERMS.license)
    assert triples.value(licence, RDFS.label) == Literal("GPL-2.0-only AND MIT")


@pytest.mark.parametrize(
    ("licence", "said"),
    [("EUPL-1.2", True), ("MIT", True), ("BUSL-1.1", None), ("SSPL-1.0", None)],
)
def test_only_what_is_surely_free_is_called_free_of_charge(client, licence, said):
    content = publiccode_file(("legal.license", licence))
    found = import_publiccode(content, publish=True).solution
    told = client.get(url("solution_jsonld", found.slug)).json()
    assert told.get("isAccessibleForFree") is said


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning")  # of rdflib itself
def test_an_entry_as_jsonld(client, solution):
    response = client.get(url("solution_jsonld", solution.slug))

    found = response.json()
    assert response["Content-Type"] == "application/ld+json"
    assert found["@type"] == "SoftwareSourceCode"
    assert found["codeRepository"] == "https://github.com/Muster/Terminplaner"
    assert found["license"] == "https://spdx.org/licenses/EUPL-1.2.html"
    assert found["sdLicense"] == str(CC0)
    assert found["targetProduct"]["softwareVersion"] == "2.1"
    triples = Graph().parse(
        data=json.dumps({**found, "@context": {"@vocab": "https://schema.org/"}}), format="json-ld"
    )
    assert len(triples) > 15


def test_the_page_names_the_other_formats(client, solution):
    response = client.get(solution.get_absolute_url())

    text = response.content.decode()
    for name in ("solution_publiccode", "solution_jsonld", "solution_turtle"):
        assert f'href="{url(name, solution.slug)}"' in text
    assert "Accept" in [value.strip() for value in response["Vary"].split(",")]


@pytest.mark.parametrize(
    ("accept", "name"),
    [
        ("text/turtle", "solution_turtle"),
        ("application/ld+json, text/html;q=0.5", "solution_jsonld"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", None),
        ("*/*", None),
        ("text/turtle;q=0, */*", None),
        ("image/png", None),
        (",;;q=x/\x00", None),
    ],
)
def test_a_format_by_what_is_accepted(client, solution, accept, name):
    response = client.get(solution.get_absolute_url(), headers={"accept": accept})

    if name is None:
        assert response.status_code == 200
        assert response["Content-Type"].startswith("text/html")
    else:
        assert response.status_code == 303
        assert response["Location"] == url(name, solution.slug)


def test_the_list_leads_harvesters_to_the_file(client):
    response = client.get(url("solution_list"), headers={"accept": "text/turtle"})

    assert response.status_code == 303
    assert response["Location"] == url("catalog_turtle")


def test_hostile_texts_stay_texts(client, solution):
    document = {
        **solution.document,
        "name": HOSTILE,
        "url": 'https://example.org/a>b c<d"e',
        "landingURL": "javascript:alert(1)",
        "legal": {"license": HOSTILE},
        "description": {
            "de": {"shortDescription": HOSTILE},
            "en> .": {"shortDescription": "a wrong tag of a language"},
        },
    }
    write_document(solution, document, origin=RevisionOrigin.IMPORT, findings=[])
    set_additions(solution.pk, keywords=[HOSTILE])

    turtle = client.get(url("solution_turtle", solution.slug)).content.decode()
    triples = graph(turtle)

    entry = URIRef(addresses.of("solution_detail", solution.slug) + "#entry")
    told = set(triples.objects(entry, DCTERMS.description))
    assert told == {Literal(HOSTILE, lang="de"), Literal("a wrong tag of a language")}
    assert "javascript" not in turtle
    assert URIRef("https://example.org/a%3Eb%20c%3Cd%22e") in set(triples.objects(entry))
    assert client.get(url("solution_jsonld", solution.slug)).json()["description"] == HOSTILE
    assert {str(s) for s in triples.subjects() if isinstance(s, URIRef)} <= {
        *(f"{entry}{end}" for end in ("", "-publiccode", "-jsonld", "-turtle")),
        entry.replace("#entry", "#software"),
        addresses.of("solution_list") + "#catalog",
    }


@pytest.mark.parametrize("name", ["solution_jsonld", "solution_turtle"])
def test_only_what_is_published(client, solution, name):
    Solution.objects.update(state=SolutionState.DRAFT)

    assert client.get(url(name, solution.slug)).status_code == 404


def read(client, name):
    response = client.get(url(name))
    assert response.status_code == 200
    return b"".join(response.streaming_content)


def test_the_whole_catalog_as_files(client, dumps, solution):
    ReuseFactory(solution=solution)
    set_additions(
        solution.pk, alternatives=["=HYPERLINK(1)"], maintainer=OrganisationFactory(name="Amt")
    )
    SolutionFactory(name="+Formel", slug="formel")
    SolutionFactory(draft=True, name="Entwurf")

    before = {name: read(client, name) for name in ("catalog_csv", "catalog_turtle")}
    dump.write_files()
    assert before == {name: read(client, name) for name in before}

    response = client.get(url("catalog_csv"))
    content = b"".join(response.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content), delimiter=";"))
    assert response["Content-Disposition"] == 'attachment; filename="loesungen.csv"'
    assert [row["name"] for row in rows] == ["'+Formel", "Terminplaner"]
    assert rows[1]["alternatives"] == "'=HYPERLINK(1)"
    assert rows[1]["reuse_berlin"] == "1"
    assert rows[1]["data_licence"] == "CC0-1.0"
    response = client.get(url("catalog_turtle"))
    triples = graph(b"".join(response.streaming_content))
    assert len(list(triples.subjects(RDF.type, DCAT.Dataset))) == 2
    (catalog,) = triples.subjects(RDF.type, DCAT.Catalog)
    assert (catalog, DCTERMS.license, CC0) in triples
    assert len(list(triples.objects(catalog, DCTERMS.title))) == 2
    assert response["Link"] == f'<{CC0}>; rel="license"'


def test_the_files_are_not_sent_twice(client, dumps, solution):
    dump.write_files()
    response = client.get(url("catalog_csv"))
    etag, modified = response["ETag"], response["Last-Modified"]
    response.close()

    assert client.get(url("catalog_csv"), headers={"if-none-match": etag}).status_code == 304
    assert (
        client.get(url("catalog_csv"), headers={"if-modified-since": modified}).status_code == 304
    )
    head = client.head(url("catalog_csv"))
    assert (head.status_code, head["ETag"]) == (200, etag)
    head.close()
    assert oct(dump.file_path(dump.CSV_FILE).stat().st_mode & 0o777) == "0o640"
    assert os.listdir(dump.file_path(dump.CSV_FILE).parent) != []
    assert not [n for n in os.listdir(dump.file_path("x").parent) if n[-1].isdigit()]


def test_the_nightly_job_makes_them(dumps, solution):
    from osk_portal import portal

    job = portal.daily_jobs.get("catalog-giving")
    job.run()
    job.run()

    assert dump.file_path(dump.CSV_FILE).exists()


def test_what_is_withdrawn_leaves_the_files_before_the_next_night(dumps, solution, monkeypatch):
    queue.ring_due_jobs()
    queue.run_job(FILES_JOB)
    file = dump.file_path(dump.CSV_FILE)
    assert solution.slug in file.read_text()

    services.withdraw_solution(solution.pk, actor=staff("advisor"))
    queue.run_job(FILES_JOB)
    assert solution.slug not in file.read_text()
    made = file.stat().st_mtime_ns
    queue.run_job(FILES_JOB)
    assert file.stat().st_mtime_ns == made

    # Asked for while it runs, it is due once more.
    queue.run_again(FILES_JOB)
    real = dump.write_files
    monkeypatch.setattr(dump, "write_files", lambda: (real(), queue.run_again(FILES_JOB)))
    queue.run_job(FILES_JOB)
    assert PeriodicRun.objects.get(name=FILES_JOB).last_on is None


@pytest.mark.parametrize(
    "path", sorted(DEMO.glob("*/publiccode.yml"))[::4], ids=lambda p: p.parent.name
)
def test_files_of_the_demo_in_every_format(path):
    found = publiccode.read(path.read_bytes()).document
    solution = Solution(slug=path.parent.name, name=found.name, document=documents.as_json(found))

    assert publiccode.read(documents.as_file(solution.document).encode()).findings == ()
    assert len(graph(dcat.entry(solution))) > 20
    assert jsonld.entry(solution)["name"] == found.name


@pytest.mark.parametrize("name", ["solution_jsonld", "solution_turtle", "solution_publiccode"])
def test_what_a_harvester_has_already_is_not_sent_again(client, name):
    solution = SolutionFactory(name="Terminbuch")
    url = reverse(f"catalog:{name}", args=[solution.slug])
    first = client.get(url)
    assert client.get(url, headers={"If-None-Match": first["ETag"]}).status_code == 304

    Solution.objects.filter(pk=solution.pk).update(
        name="Anders", document=solution.document | {"name": "Anders"}
    )
    assert client.get(url, headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_the_file_of_an_incomplete_entry_says_so(client):
    data = publiccode_file(developmentStatus=None)
    solution = import_publiccode(data, publish_incomplete=True).solution
    assert solution is not None
    url = reverse("catalog:solution_publiccode", args=[solution.slug])
    assert client.get(url).content.decode().startswith("# Unvollständig: ")
