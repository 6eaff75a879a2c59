"""The page of an entry with every section filled: what it costs, and what all slices together say."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog import services
from catalog.enums import NoticeKind, StatementOrigin, StatementTopic
from catalog.importing import import_publiccode
from catalog.models import Badge, Solution, Source, Support
from catalog.models.statements import ANSWERS
from catalog.services import CriterionWords, FindingWords, StatementWords
from osk_portal.toolkit import clock
from tests.catalog.factories import ReuseFactory
from tests.catalog.files import publiccode_file
from tests.factories import OrganisationFactory
from tests.sandbox.factories import BlueprintFactory, BlueprintVersionFactory

pytestmark = pytest.mark.django_db


def fill(world, n):
    """Every section of the entry, with ``n`` rows each where there can be several."""
    solution, advisor = world.solution, world.advisor
    document = dict(solution.document)
    document["isBasedOn"] = [f"https://example.org/basis/{i}.git" for i in range(n)]
    document["usedBy"] = [f"Stadt {i}" for i in range(n)]
    document["dependsOn"] = {"proprietary": [{"name": f"Datenbank {i}"} for i in range(n)]}
    document["maintenance"] = {
        "type": "contract",
        "contractors": [
            {"name": f"Haus {i} GmbH", "until": "2030-12-31", "website": "https://example.org/"}
            for i in range(n)
        ],
    }
    bodies = [OrganisationFactory(company=True) for _i in range(n)]
    stamp = {"origin": "proposal", "at": "2026-11-01T12:00:00+00:00"}
    Solution.objects.filter(pk=solution.pk).update(
        document=document,
        alternatives=["Produkt X"],
        berlin_body=OrganisationFactory(authority=True),
        origins={f"key{i}": {**stamp, "organisation": body.pk} for i, body in enumerate(bodies)},
    )
    for body in bodies:
        ReuseFactory(solution=solution, show_name=True)
        ReuseFactory(solution=solution, organisation=OrganisationFactory(other_land=True))
        Support.objects.create(solution=solution, organisation=body)
    for topic in list(StatementTopic)[:n]:
        services.enter_statement(
            solution_id=solution.pk,
            actor=advisor,
            words=StatementWords(
                topic=topic,
                answer="yes" if topic in ANSWERS else "",
                value="Belegt.",
                stated_on=date(2025, 1, 2),
            ),
        )
    for i in range(n):
        services.issue_notice(
            solution_id=solution.pk,
            actor=advisor,
            kind=NoticeKind.SECURITY,
            text_de=f"Hinweis {i}.",
            valid_from=clock.today(),
        )
        Badge.objects.create(
            solution=solution, badge=f"B{n}{i}", level="silver", url="https://example.org/badge"
        )
        other = import_publiccode(
            publiccode_file(url=f"https://example.org/aehnlich/{n}-{i}.git", name=f"Nah {n} {i}"),
            publish=True,
        ).solution
        BlueprintVersionFactory(blueprint=BlueprintFactory(solution=solution))
        assert other.is_published
    assess(world, n)
    Source.objects.update_or_create(
        solution=solution,
        defaults={"failing_since": clock.now() - timedelta(days=40)},
    )


def assess(world, n):
    criteria = services.save_criteria_list(
        actor=world.advisor,
        key=f"probe-{n}",
        name="Probe",
        publisher="OSK",
        version_name="1",
        issued_on=date(2026, 11, 1),
        source="",
        criteria=[CriterionWords(f"Kriterium {i}") for i in range(n)],
    )
    row = services.begin_assessment(
        solution_id=world.solution.pk, criteria_list_id=criteria.pk, actor=world.advisor
    )
    services.write_assessment(
        assessment_id=row.pk,
        actor=world.advisor,
        expected_version=row.version,
        summary="Gut belegt.",
        software_version="",
        findings=[
            FindingWords(position=i + 1, answer="met", text="Ja.", checked_on=date(2026, 11, 1))
            for i in range(n)
        ],
    )
    Solution.objects.filter(pk=world.solution.pk).update(maintainer=None)
    services.publish_assessment(assessment_id=row.pk, actor=world.advisor)
    Solution.objects.filter(pk=world.solution.pk).update(maintainer=world.company)


def test_every_section_together_costs_twelve_queries_with_one_row_and_with_three(client, world):
    address = world.solution.get_absolute_url()
    counts = []
    for n in (1, 3):
        fill(world, n)
        client.get(address)
        with CaptureQueriesContext(connection) as asked:
            response = client.get(address)
        assert response.status_code == 200
        counts.append(len(asked))
        if n == 1:
            first = [query["sql"][:150] for query in asked]
    for words in ('id="statements"', 'id="assessment"', 'id="badges"', 'id="use"', 'id="similar"'):
        assert words in response.text, words
    assert counts[0] == counts[1], (counts, first, [q["sql"][:150] for q in asked])
    assert counts[0] <= 12, "\n".join(first)


def test_german_texts_are_marked_as_such_on_the_english_page(client, world):
    """WCAG 3.1.2: what the OSK and organisations write is German."""
    fill(world, 1)
    client.cookies["django_language"] = "en"
    address = world.solution.get_absolute_url()
    Support.objects.update(text="Wir helfen.")
    text = client.get(address).text + client.get(f"{address}einschaetzung/").text
    for words in ("Belegt.", "Wir helfen.", "Gut belegt.", "Kriterium 0", "Ja.<"):
        assert f'lang="de">{words}' in text, words


def test_what_left_the_network_is_named_neither_on_the_page_nor_in_the_comparison_nor_by_the_api(
    client, world
):
    hidden = OrganisationFactory(company=True, is_published=False, name="Verborgen GmbH")
    stamp = {"origin": "proposal", "at": "2026-11-01T12:00:00+00:00", "organisation": hidden.pk}
    Solution.objects.filter(pk=world.solution.pk).update(
        maintainer=hidden, berlin_body=hidden, origins={"name": stamp}
    )
    world.solution.revisions.update(origin="proposal", organisation=hidden)
    Support.objects.create(solution=world.solution, organisation=hidden)
    assert not Solution.objects.published().supported().exists()
    services.enter_statement(
        solution_id=world.solution.pk,
        actor=world.advisor,
        words=StatementWords(
            topic=StatementTopic.EFA, answer="yes", value="Belegt.", stated_on=date(2025, 1, 2)
        ),
        origin=StatementOrigin.ORGANISATION,
        organisation=hidden,
    )
    slug = world.solution.slug
    for address in (f"/loesungen/{slug}/versionen/", world.solution.get_absolute_url()):
        text = client.get(address).text
        assert "Vorschlag von einer Organisation" in text
        assert hidden.name not in text
    for address in (
        world.solution.get_absolute_url(),
        f"/loesungen/{slug}/angaben/",
        f"/loesungen/vergleich/?loesung={slug}",
        f"/api/v1/solutions/{slug}",
    ):
        text = client.get(address).text
        assert "Belegt." in text, address
        assert hidden.name not in text, address


def test_the_assessment_stands_in_comparison_and_api_without_a_total(client, world):
    assess(world, 2)
    slug = world.solution.slug
    other = import_publiccode(
        publiccode_file(url="https://example.org/ohne.git", name="Ohne"), publish=True
    ).solution

    text = client.get(f"/loesungen/vergleich/?loesung={slug}&loesung={other.slug}").text
    found = client.get(f"/api/v1/solutions/{slug}").json()["assessment"]

    assert f"/loesungen/{slug}/einschaetzung/" in text
    assert "noch nicht eingeschätzt" in text
    assert found.keys() == {
        "number", "criteria", "summary", "published_at", "url", "findings", "reply",
    }  # fmt: skip
    assert (found["criteria"], found["summary"]) == ("Probe", "Gut belegt.")
    assert client.get(f"/api/v1/solutions/{other.slug}").json()["assessment"] is None
