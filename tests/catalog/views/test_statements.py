"""The pages of administration statements: entry, history, proposing, and the advisor's side."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog import services
from catalog.enums import StatementOrigin, StatementTopic
from catalog.models import Statement
from catalog.models.statements import ANSWERS
from tests.catalog.test_statements import WORDS, enter, propose
from tests.factories import OrganisationFactory, staff

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"
HOSTILE = "<script>alert(1)</script>\u202e"


def login(client, user):
    client.force_login(user, backend=BACKEND)


def form(**more):
    return {"answer": "yes", "value": "In Hamburg.", "stated_on": "2026-03-01", "cc0": "on", **more}


def list_url(world):
    return reverse("catalog:statement_list", args=[world.solution.slug])


def propose_url(world, topic="efa"):
    return reverse("catalog:statement_propose", args=[world.solution.slug, topic])


def admin_url(name, *args):
    return reverse(f"admin:catalog_statement_{name}", args=args)


# What everybody sees


def test_the_entry_names_every_topic_and_what_is_not_stated_is_never_a_no(client, world, clock):
    clock.move_to(datetime(2026, 11, 26, 12, tzinfo=ZoneInfo("Europe/Berlin")))
    text = client.get(world.solution.get_absolute_url()).text
    section = text.split('id="statements"')[1].split("<h2")[0]
    assert (
        section.count("<em>keine Angabe</em>") == len(StatementTopic) - 1
    )  # ITDZ only when stated
    assert "Nein" not in section.split("</table>")[0]
    assert "Betrieb im ITDZ" not in section

    body = OrganisationFactory(name="Prüfstelle")
    enter(
        world,
        replace(WORDS, stated_on=date(2025, 11, 25), said_by="Labor Nord"),
        origin=StatementOrigin.ORGANISATION,
        organisation=body,
    )
    itdz = StatementTopic.ITDZ
    enter(world, replace(WORDS, topic=itdz, answer="open", value="", evidence="Vermerk 3"))
    section = client.get(world.solution.get_absolute_url()).text.split('id="statements"')[1]
    for words in (
        'Ja: <span lang="de">Hamburg bietet die Leistung an.</span>',
        "Prüfstelle",
        "Labor Nord",
        'href="https://example.org/efa"',
        "25.11.2025",
        "Angabe älter als 12 Monate",
        "Vermerk 3",
        "Betrieb im ITDZ",
    ):
        assert words in section
    clock.move_to(datetime(2026, 11, 25, 12, tzinfo=ZoneInfo("Europe/Berlin")))
    assert "Angabe älter" not in client.get(world.solution.get_absolute_url()).text


def test_the_entry_asks_the_database_as_often_with_one_statement_as_with_many(client, world):
    url = world.solution.get_absolute_url()
    client.get(url)
    with CaptureQueriesContext(connection) as none:
        client.get(url)
    for topic in StatementTopic:
        enter(world, replace(WORDS, topic=topic, answer="yes" if topic in ANSWERS else ""))
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(none) == len(many) <= 12


def test_the_history_is_public_and_proposals_are_not(client, world):
    old = enter(world, replace(WORDS, value="Früher."))
    new = enter(world, replace(WORDS, value="Heute."), seen=str(old.public_id))
    services.retract_statement(statement_id=new.pk, actor=world.advisor, comment="War falsch.")
    propose(world, replace(WORDS, value="Geheim."))

    text = client.get(list_url(world)).text
    assert "Früher." in text
    assert "War falsch." in text
    assert "Geheim." not in text
    for person, sees in (
        (world.stranger, False),
        (world.colleague, True),
        (world.editor, True),
    ):
        login(client, person)
        text = client.get(list_url(world)).text
        assert ("Geheim." in text) is sees
        assert ("Vorschlag zurückziehen" in text) is (person == world.editor)
    services.withdraw_solution(world.solution.pk, actor=world.advisor)
    assert client.get(list_url(world)).status_code == 404


def test_hostile_words_are_only_text(client, world):
    value = replace(
        WORDS,
        value="<script>alert(1)</script>",
        evidence="javascript:alert(1)",
        said_by="<img src=x onerror=alert(1)>",
    )
    enter(world, value)
    for url in (world.solution.get_absolute_url(), list_url(world)):
        text = client.get(url).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert 'href="javascript' not in text


# Proposing


@pytest.mark.parametrize(
    ("who", "status"),
    [(None, 302), ("stranger", 404), ("visitor", 404), ("colleague", 403), ("editor", 200)],
)
def test_who_may_propose(client, world, who, status):
    if who:
        login(client, getattr(world, who))
    assert client.get(propose_url(world)).status_code == status
    assert Statement.objects.count() == 0
    if status != 200:
        client.post(propose_url(world), form())
        assert Statement.objects.count() == 0


def test_the_redaktion_proposes_and_takes_back(client, world):
    login(client, world.editor)
    sent = client.post(propose_url(world), form(evidence="Vertrag V2"), follow=True)
    assert "Das OSK hat Ihren Vorschlag erhalten" in sent.text
    assert "In Hamburg." in sent.text
    made = Statement.objects.get()
    assert (made.state, made.organisation, made.author) == ("proposed", world.company, world.editor)
    assert client.get(propose_url(world)).status_code == 302  # being checked
    other = client.post(propose_url(world), form(value="Ganz anders."))
    assert (other.status_code, "Ganz anders." in other.text) == (409, True)

    back = reverse("catalog:statement_withdraw", args=[world.solution.slug, made.public_id])
    assert client.get(back).status_code == 405
    for _ in range(2):
        assert client.post(back).status_code == 302
    made.refresh_from_db()
    assert made.state == "withdrawn"
    login(client, world.stranger)
    assert client.post(back).status_code == 404
    login(client, world.colleague)
    assert client.post(back).status_code == 403
    assert client.get(propose_url(world, "nichts")).status_code == 404


@pytest.mark.parametrize(
    ("topic", "wrong", "words"),
    [
        ("efa", {"answer": ""}, "Wählen Sie eine Antwort."),
        ("efa", {"answer": "open"}, "Wählen Sie"),
        ("efa", {"stated_on": "2999-01-01"}, "Das Datum darf nicht in der Zukunft liegen."),
        ("efa", {"stated_on": ""}, "Geben Sie das Datum der Angabe ein."),
        ("efa", {"value": "x" * 1001}, "Kürzen Sie"),
        ("efa", {"value": "a\x00b"}, "Steuerzeichen"),
        ("efa", {"said_by": "Amt\u202e"}, "Steuerzeichen"),
        ("efa", {"evidence": "javascript:alert(1)"}, "Adresse, die mit https beginnt"),
        ("leika", {"value": "123"}, "ist kein LeiKa-Schlüssel"),
        ("leika", {"value": "  ,"}, "Schlüssel"),
        ("security", {"value": ""}, "Schreiben Sie die Angabe."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(client, world, topic, wrong, words):
    login(client, world.editor)
    answer = client.post(propose_url(world, topic), form(evidence="Beleg 7") | wrong)
    assert answer.status_code == 422
    assert words in answer.text
    assert "Fehler: " in answer.text
    if "evidence" not in wrong:
        assert "Beleg 7" in answer.text
    assert not Statement.objects.exists()


def test_leika_keys_are_written_in_one_way(client, world):
    login(client, world.editor)
    client.post(
        propose_url(world, "leika"), form(value="99108001000000\n 99108001000001;99108001000000")
    )
    assert Statement.objects.get().value == "99108001000000, 99108001000001"


# The advisor's side


def test_an_advisor_enters_decides_and_takes_off(client, world):
    login(client, world.advisor)
    page = admin_url("overview", world.solution.slug)
    assert "Angabe eintragen" in client.get(page).text
    url = admin_url("enter", world.solution.slug, "efa")
    assert client.get(url).status_code == 200
    assert client.post(url, form(origin="osk"), follow=True).status_code == 200
    standing = Statement.objects.get()

    late = client.post(url, form(origin="osk", value="Zu spät."))
    assert (late.status_code, "Zu spät." in late.text) == (409, True)
    assert str(standing.public_id) in late.text  # the next try sees what stands
    made = propose(world, replace(WORDS, value="Vom Hersteller."))
    decide = client.get(admin_url("page", made.public_id)).text
    assert "Vom Hersteller." in decide
    assert "In Hamburg." in decide
    assert client.get(admin_url("accept", made.public_id)).status_code == 405
    assert client.post(admin_url("refuse", made.public_id), {"comment": " "}).status_code == 422
    client.post(admin_url("accept", made.public_id))
    client.post(admin_url("accept", made.public_id))
    late = client.post(admin_url("refuse", made.public_id), {"comment": "Doch nicht."})
    assert (late.status_code, "Doch nicht." in late.text) == (409, True)
    made.refresh_from_db()
    assert made.state == "standing"
    client.post(admin_url("retract", made.public_id), {"comment": "Falsch."})
    assert not Statement.objects.standing().exists()
    work = reverse("admin:catalog_statement_changelist")
    assert made.solution.name in client.get(work).text
    row = reverse("admin:catalog_statement_change", args=[made.pk])
    assert client.get(row).url == admin_url("page", made.public_id)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"origin": "organisation", "organisation": "Gibt es nicht"}, "genauen Namen"),
        ({"origin": ""}, "Wählen Sie, von wem die Angabe stammt."),
        ({"origin": "file"}, "Wählen Sie"),
    ],
)
def test_who_says_it_must_be_somebody(client, world, more, words):
    login(client, world.advisor)
    answer = client.post(admin_url("enter", world.solution.slug, "efa"), form(**more))
    assert (answer.status_code, words in answer.text) == (422, True)


def test_an_entry_of_the_osk_has_no_maintainer_who_could_say_it(client, world):
    world.solution.maintainer = None
    world.solution.save(update_fields=["maintainer"])
    login(client, world.advisor)
    url = admin_url("enter", world.solution.slug, "efa")
    assert client.post(url, form(origin="maintainer")).status_code == 422


@pytest.mark.parametrize("who", ["editor", "visitor", "operator"])
def test_nobody_else_reaches_the_advisor_s_pages(client, world, who):
    made = propose(world)
    login(client, staff("operator") if who == "operator" else getattr(world, who))
    for url in (
        admin_url("overview", world.solution.slug),
        admin_url("enter", world.solution.slug, "efa"),
        admin_url("page", made.public_id),
    ):
        assert client.get(url).status_code in (302, 403)
    client.post(admin_url("accept", made.public_id))
    made.refresh_from_db()
    assert made.state == "proposed"
