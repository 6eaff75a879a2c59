from __future__ import annotations

import json

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog.models import Solution, SynonymGroup
from catalog.search import find, search
from catalog.services import index_solution, save_synonyms
from catalog.services.synonyms import SHIPPED, ensure_shipped, usable_terms
from catalog.terms import MOST_SYNONYMS, Synonyms, key_of
from tests.catalog.factories import SolutionFactory
from tests.factories import UserFactory, staff

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


def entry(name, **fields):
    solution = SolutionFactory(name=name, **fields)
    index_solution(solution)
    return solution


def found(query):
    keys = search(query)
    names = dict(Solution.objects.values_list("pk", "name"))
    return [names[key] for key in keys]


def test_the_shipped_groups_are_usable_and_there():
    shipped = json.loads(SHIPPED.read_text(encoding="utf-8"))

    assert len(shipped) >= 60
    for key, terms in shipped.items():
        assert usable_terms(terms) == terms, key
        assert len(terms) <= MOST_SYNONYMS
    assert set(SynonymGroup.objects.values_list("key", flat=True)) >= set(shipped)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Terminvergabe", "Terminbuchung"),
        ("Terminvergabe", "appointment scheduling"),
        ("Dokumentenmanagement", "DMS"),
        ("Dokumentenmanagement", "E-Akte"),
        ("Videokonferenz", "Konferenzsystem"),
        ("Formularserver", "Antragsmanagement"),
        ("Ticketsystem", "Helpdesk"),
        ("Fachverfahren", "Fachanwendung"),
    ],
)
def test_both_directions(one, other):
    entry("Eins", keywords=[one])
    entry("Zwei", keywords=[other])
    entry("Drei", keywords=["Kuchen"])

    assert found(one) == ["Eins", "Zwei"]
    assert found(other) == ["Zwei", "Eins"]


@pytest.mark.parametrize(
    "query", ["E-Akte", "eAkte", "E Akte", "e-akten", "elektronische Akte", "Elektronische Akten"]
)
def test_however_a_word_is_written(query):
    entry("Registratur", keywords=["Dokumentenmanagement"])

    assert found(query) == ["Registratur"]


@pytest.mark.parametrize("query", ["Bürgerbüro", "Buergerbuero", "burgerburo", "BÜRGERBÜROS"])
def test_umlauts_of_a_synonym_however_they_are_written(query):
    entry("Empfang", keywords=["Bürgeramt"])

    assert found(query) == ["Empfang"]


def test_an_edit_works_at_once_without_writing_the_search_text_again():
    entry("Ablage", keywords=["Hängeregister"])
    advisor = staff("advisor")
    assert found("Leitzordner") == []

    group = save_synonyms(
        None, terms=["Leitzordner", "Hängeregister"], is_active=True, actor=advisor
    )
    assert found("Leitzordner") == ["Ablage"]

    save_synonyms(group.pk, terms=group.terms, is_active=False, actor=advisor)
    assert found("Leitzordner") == []


def test_a_synonym_does_not_push_the_words_own_hits_down():
    entry("A", keywords=["Helpdesk"])
    entry("B", keywords=["Ticketsystem"])

    assert found("Ticketsystem") == ["B", "A"]


def test_short_synonyms_are_whole_words():
    entry("Kiezfest", keywords=["Kiez"])

    assert found("Sprachmodell") == []  # a synonym of KI


@pytest.mark.parametrize("product", ["Teams", "SharePoint", "Zoom", "Photoshop", "Outlook"])
def test_proprietary_names_find_their_alternatives_and_products_come_first(product):
    entry("Andere", keywords=[f"Anbindung an {product}"])
    entry("Ersatz", alternatives=[f"Hersteller {product}"])
    entry(f"{product} Import")

    assert found(product) == [f"{product} Import", "Ersatz", "Andere"]
    assert found(f"Alternative zu {product}")[1] == "Ersatz"


def test_the_telling_part_of_an_unknown_compound():
    entry("Frage", keywords=["Umfrage"])

    result = find("Umfragewerkzeug")
    assert result.hits
    assert not result.is_exact
    assert found("Katasterplattform") == []


@pytest.mark.parametrize(
    "query", ["Onlineumfrage", "Onlineumfragen", "Umfrageserver", "Zufriedenheitsumfragen"]
)
def test_the_telling_part_of_a_compound_in_any_form(query):
    entry("Frage", keywords=["Umfrage"])
    entry("Anderes", keywords=["Online-Termin"])

    assert found(query) == ["Frage"]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("Teams-Alternative", "Ersatz"),
        ("Microsoft-Teams-Ersatz", "Ersatz"),
        ("Wiki-Software", "Wissen"),
        ("GIS-Programm", "Karten"),
        ("E-Akten-System", "Akten"),
        ("Open-Source-Wiki-Software", "Wissen"),
    ],
)
def test_a_kind_behind_a_hyphen_says_nothing(query, name):
    entry("Ersatz", alternatives=["Microsoft Teams"])
    entry("Wissen", keywords=["Wiki"])
    entry("Karten", keywords=["GIS"])
    entry("Akten", keywords=["E-Akte"])

    assert found(query) == [name]
    assert found("Open-Source-Alternative") == []


def test_a_group_is_checked_in_words():
    with pytest.raises(ValidationError, match="zwei"):
        usable_terms(["E-Akte", "e-akte ", " ", "\x00"])
    with pytest.raises(ValidationError, match="60"):
        usable_terms(["a" * 61, "b"])
    with pytest.raises(ValidationError, match="16"):
        usable_terms([f"wort{n}x" for n in range(21)])
    assert usable_terms(["  E-Akte ", "DMS\n", "e-akte"]) == ["E-Akte", "DMS"]


def test_who_may_keep_them():
    with pytest.raises(PermissionDenied):
        save_synonyms(None, terms=["eins", "zwei"], is_active=True, actor=UserFactory())
    with pytest.raises(PermissionDenied):
        save_synonyms(None, terms=["eins", "zwei"], is_active=True, actor=staff("operator"))


def test_every_change_is_an_event_and_no_change_is_none():
    advisor = staff("advisor")
    group = save_synonyms(None, terms=["eins", "zwei"], is_active=True, actor=advisor)
    save_synonyms(group.pk, terms=["eins", "zwei"], is_active=True, actor=advisor)
    save_synonyms(group.pk, terms=["eins", "drei"], is_active=False, actor=advisor)

    events = [(e.kind, e.data.get("fields")) for e in group.events.all()]
    assert events == [("created", None), ("changed", ["terms", "is_active"])]


def test_a_new_release_leaves_what_advisors_have_changed():
    group = SynonymGroup.objects.get(key="tickets")
    save_synonyms(group.pk, terms=["Zettel", "Ticket"], is_active=False, actor=staff("advisor"))
    SynonymGroup.objects.filter(key="wiki").delete()

    ensure_shipped()

    group.refresh_from_db()
    assert (group.terms, group.is_active) == (["Zettel", "Ticket"], False)
    assert SynonymGroup.objects.filter(key="wiki").exists()


def test_the_search_reads_them_in_one_query():
    with CaptureQueriesContext(connection) as queries:
        Synonyms.read()
    assert len(queries) == 1
    assert key_of("E-Akten") == key_of("eakte")


class TestAdmin:
    def test_advisors_add_and_change(self, client):
        advisor = staff("advisor")
        client.force_login(advisor, backend=BACKEND)
        add = reverse("admin:catalog_synonymgroup_add")
        assert client.get(add).status_code == 200

        response = client.post(add, {"terms": "Leitzordner\nHängeregister\n", "is_active": "on"})
        assert response.status_code == 302
        group = SynonymGroup.objects.get(terms=["Leitzordner", "Hängeregister"])
        assert group.events.get().actor == advisor

        change = reverse("admin:catalog_synonymgroup_change", args=[group.pk])
        assert "Leitzordner\nHängeregister" in client.get(change).content.decode()
        client.post(change, {"terms": "Leitzordner\nRegal"})
        group.refresh_from_db()
        assert (group.terms, group.is_active) == (["Leitzordner", "Regal"], False)

        listed = client.get(reverse("admin:catalog_synonymgroup_changelist"), {"q": "Regal"})
        assert "Leitzordner, Regal" in listed.content.decode()

    def test_a_group_of_one_word_comes_back_with_what_was_typed(self, client):
        client.force_login(staff("advisor"), backend=BACKEND)
        response = client.post(reverse("admin:catalog_synonymgroup_add"), {"terms": "Einsam"})

        assert response.status_code == 200
        assert "mindestens zwei verschiedene Wörter" in response.content.decode()
        assert "Einsam" in response.content.decode()

    def test_nobody_deletes_and_others_do_not_see_them(self, client):
        group = SynonymGroup.objects.first()
        delete = reverse("admin:catalog_synonymgroup_delete", args=[group.pk])
        client.force_login(staff("advisor"), backend=BACKEND)
        assert client.post(delete).status_code == 403
        client.force_login(staff("operator"), backend=BACKEND)
        assert client.get(reverse("admin:catalog_synonymgroup_changelist")).status_code == 403
