"""What the OSK adds to an entry, in every format: published only, no person, nothing internal."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from rdflib import Graph, Literal, URIRef

from catalog import services
from catalog.comparison import table
from catalog.comparison.wanted import Wanted
from catalog.exports import addresses, dump
from catalog.grants import CURRENT
from catalog.models import Badge
from osk_portal.toolkit import clock as portal_clock
from osk_portal.toolkit.clock import BERLIN
from tests.catalog.factories import SolutionFactory
from tests.catalog.giving.test_exports import dumps  # noqa: F401 # fixture
from tests.catalog.test_assessments import Written
from tests.catalog.test_notices import issue
from tests.catalog.test_statements import WORDS, enter, propose

pytestmark = pytest.mark.django_db
HOSTILE = 'Hostil"> <x> . \\ \n </script> 😀'
SECRET = "Nur intern."


@pytest.fixture
def full(world, clock):
    """An entry with a statement, an assessment and its reply, a badge, a notice, a report, and what is internal."""
    clock.move_to(datetime(2026, 11, 26, 12, tzinfo=BERLIN))
    enter(world)
    propose(world, replace(WORDS, topic="ozg", answer="", value=SECRET))
    written = Written(world)
    written.write(summary=f"Gut belegt. {HOSTILE}")
    written.do(services.send_assessment)
    written.do(services.reply_to_assessment, world.editor, text=f"Sicht {HOSTILE}", wording=CURRENT)
    written.do(services.ask_for_correction, world.editor, text=SECRET)
    written.do(services.answer_correction, text=SECRET)
    clock.move_to(datetime(2026, 12, 11, 12, tzinfo=BERLIN))
    written.do(services.publish_assessment)
    written.begin()
    Badge.objects.create(
        solution=world.solution, badge="SECURITY", level="gold", url="https://example.org/b"
    )
    issue(world, text_de=f"Wechseln. {HOSTILE}")
    report = services.report_entry(
        solution_id=world.solution.pk, field="licence", wrong=SECRET, email="lea@example.org"
    )
    services.check_report(report_id=report.pk, actor=world.advisor)
    world.solution.refresh_from_db()
    world.written = written
    return world


def api(client, world, **headers):
    return client.get(reverse("catalog-api:solution", args=[world.solution.slug]), headers=headers)


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning")  # of rdflib itself
def test_every_format_gives_it_out_and_no_format_says_more(client, full, dumps):  # noqa: F811
    slug = full.solution.slug
    said = api(client, full).json()
    assert [s["topic"] for s in said["statements"]] == ["efa"]
    assert said["statements"][0]["stated_on"] == "2026-03-01"
    (finding,) = [f for f in said["assessment"]["findings"] if f["text"]]
    assert (finding["criterion"], finding["answer"]) == ("Lizenz", "met")
    assert said["assessment"]["reply"]["text"] == f"Sicht {HOSTILE}"
    assert said["assessment"]["reply"]["organisation"] == "Musterhaus GmbH"
    assert not {"total", "score", "rank"} & said["assessment"].keys()
    assert [(b["badge"], b["level"]) for b in said["badges"]] == [("SECURITY", "gold")]
    assert said["being_checked"] == ["licence"]

    linked = client.get(reverse("catalog:solution_jsonld", args=[slug])).json()
    kinds = [part["@type"] for part in linked["subjectOf"]]
    assert kinds == ["DataDownload", "Claim", "CreativeWork"]
    assert linked["subjectOf"][1]["citation"] == "https://example.org/efa"
    assert linked["review"]["comment"]["text"] == f"Sicht {HOSTILE}"
    assert "reviewRating" not in json.dumps(linked)
    assert [c["text"] for c in linked["comment"]] == [f"Wechseln. {HOSTILE}", "Lizenz"]
    graph = Graph().parse(
        data=json.dumps({**linked, "@context": {"@vocab": "https://schema.org/"}}), format="json-ld"
    )
    assert (None, URIRef("https://schema.org/reviewAspect"), Literal("Lizenz")) in graph

    turtle = client.get(reverse("catalog:solution_turtle", args=[slug])).content.decode()
    triples = Graph().parse(data=turtle, format="turtle")
    entry = URIRef(addresses.of("solution_detail", slug) + "#entry")
    quality = URIRef("http://www.w3.org/ns/dqv#hasQualityAnnotation")
    assert len(list(triples.objects(entry, quality))) == 4
    (stated,) = triples.objects(entry, URIRef("http://purl.org/dc/terms/provenance"))
    (label,) = triples.objects(stated, URIRef("http://www.w3.org/2000/01/rdf-schema#label"))
    assert "2026-03-01" in label
    assert any(HOSTILE in str(value) for value in triples.objects())

    lines = b"".join(dump.csv_lines()).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(lines), delimiter=";")
    assert row["statement_efa"].endswith("(OSK, 2026-03-01, https://example.org/efa)")
    assert row["statement_ozg"] == ""
    assert row["badges"] == "SECURITY: gold (2026-12-11)"
    assert (row["being_checked"], row["notices"]) == ("licence", "security")
    assert row["assessment"].endswith("/einschaetzung/")

    compared = table.compare(Wanted(slugs=(slug,)))
    cells = {r.label: r.cells[0].text for group in compared.groups for r in group.rows}
    assert cells["Sicherheit"] == "gold (11.12.2026)"
    assert cells["Als falsch gemeldet"] == "Lizenz"

    whole = json.dumps([said, linked]) + turtle + lines + json.dumps(cells)
    assert SECRET not in whole
    people = (full.editor, full.advisor, full.stranger)
    assert not [p for p in people if p.email in whole or p.name in whole]
    assert "lea@example.org" not in whole


def test_many_entries_cost_as_many_queries_as_one(full, django_assert_num_queries):
    with django_assert_num_queries(6):
        list(dump.csv_lines())
    SolutionFactory.create_batch(2)
    with django_assert_num_queries(6):
        list(dump.csv_lines())


def test_last_modified_and_etag_move_with_each_of_them(client, full, clock):
    day = [datetime(2026, 12, 14, 12, tzinfo=BERLIN)]
    seen = api(client, full)

    def moved():
        nonlocal seen
        headers = {"if-modified-since": seen["Last-Modified"]}
        again = api(client, full, **headers)
        assert again.status_code == 200
        assert again["ETag"] != seen["ETag"]
        assert api(client, full, **{"if-none-match": again["ETag"]}).status_code == 304
        seen = again

    def later():
        day[0] += timedelta(days=1)
        clock.move_to(day[0])

    later()
    report = full.solution.entry_reports.get()
    services.reject_report(report_id=report.pk, actor=full.advisor, decision="Stimmt.")
    moved()
    later()
    Badge.objects.update(fetched_at=portal_clock.now())
    moved()
    later()
    services.retract_statement(
        statement_id=full.solution.statements.standing().get().pk,
        actor=full.advisor,
        comment="Falsch.",
    )
    moved()
    later()
    full.written.do(services.hide_reply, reason="§ 185 StGB.")
    moved()
    later()
    offer = services.offer_support(
        solution_id=full.solution.pk,
        organisation=full.company,
        actor=full.editor,
        text="Ja.",
        kinds=["operation"],
        wording=CURRENT,
    )
    services.decide_support(offer.pk, actor=full.advisor, seen=offer.revision, is_shown=True)
    moved()


def test_the_sitemap_names_the_notices(client, full):
    notice = full.solution.notices.get()
    assert notice.get_absolute_url() in client.get("/sitemap-hinweise-1.xml").content.decode()
