from __future__ import annotations

import json

import pytest
from django.urls import reverse

from catalog import services
from catalog.enums import RevisionOrigin
from catalog.importing import import_publiccode
from catalog.models import Solution, SolutionRevision
from tests.catalog.files import publiccode_file
from tests.catalog.test_revisions import change, lock
from tests.catalog.views.test_proposals import filled

BACKEND = "django.contrib.auth.backends.ModelBackend"


def login(client, user):
    client.force_login(user, backend=BACKEND)


def url(world, name, *args):
    return reverse(f"catalog:revision_{name}", args=[world.solution.slug, *args])


@pytest.fixture
def history(world):
    """Two revisions; the entry was a draft for none of them."""
    change(world)
    return world


def test_visitors_read_the_history_without_persons_and_reasons(client, history):
    services.restore_revision(
        history.solution.pk, number=1, actor=history.advisor, reason="Geheim.", seen_revision=2
    )

    page = client.get(url(history, "list")).content.decode()

    assert "Vorschlag von Musterhaus GmbH" in page
    assert "Fassung 1 vom OSK wiederhergestellt" in page
    for hidden in ("Geheim.", str(history.editor), str(history.advisor), history.editor.email):
        assert hidden not in page
    assert "Geheim." not in client.get(url(history, "detail", 3)).content.decode()
    login(client, history.advisor)
    assert "Geheim." in client.get(url(history, "list")).content.decode()


def test_an_earlier_revision_shows_the_entry_as_it_was(client, history):
    page = client.get(url(history, "detail", 1)).content.decode()

    assert "Fassung vom" in page
    assert "Termine in Bürgerbüros vergeben." in page
    assert "Termine vergeben und Wartende aufrufen." not in page
    assert "Team Terminplaner" not in page
    assert "Team Terminplaner" in client.get(url(history, "detail", 2)).content.decode()


@pytest.mark.parametrize("number", ["3", "0", "01", "eins", "9" * 40])
def test_what_there_is_not_is_not_found(client, history, number):
    assert client.get(url(history, "detail", number)).status_code == 404
    query = {"von": number, "bis": "1"}
    assert client.get(url(history, "compare"), query).status_code == 404


def test_what_was_never_public_is_shown_to_advisors_only(client, history):
    hidden = Solution.objects.create(slug="entwurf", name="Entwurf", sort_key="entwurf")
    services.write_document(hidden, {"name": "Vorher"}, origin=RevisionOrigin.IMPORT, findings=[])
    services.write_document(hidden, {"name": "Nachher"}, origin=RevisionOrigin.IMPORT, findings=[])
    address = reverse("catalog:revision_detail", args=["entwurf", 1])
    assert client.get(address).status_code == 404
    services.publish_solution(hidden.pk, actor=history.advisor)
    assert client.get(address).status_code == 404
    assert client.get(reverse("catalog:revision_detail", args=["entwurf", 2])).status_code == 200
    compared = reverse("catalog:revision_compare", args=["entwurf"]) + "?von=1&bis=2"
    assert client.get(compared).status_code == 404
    login(client, history.advisor)
    assert client.get(address).status_code == 200
    assert client.get(compared).status_code == 200


def test_two_revisions_are_compared_by_words_in_either_order(client, history):
    for von, bis in ((1, 2), (2, 1)):
        page = client.get(url(history, "compare"), {"von": von, "bis": bis}).content.decode()
        assert "1 Angabe unterscheidet sich" in page
        assert "<ins>" in page
        assert "<del>" in page
    assert client.get(url(history, "compare"), {"von": 1, "bis": 1}).status_code == 200
    assert client.get(url(history, "compare")).status_code == 404


def test_comparing_shows_no_person_who_came_or_went(client, history):
    document = json.loads(json.dumps(history.solution.document))
    document["maintenance"]["contacts"] = [{"name": "Neue Person"}]
    services.write_document(history.solution, document, origin=RevisionOrigin.IMPORT, findings=[])

    page = client.get(url(history, "compare"), {"von": 1, "bis": 3}).content.decode()

    assert "Neue Person" not in page
    assert "Team Terminplaner" not in page


def test_pages_ask_as_often_with_one_revision_as_with_many(
    client, history, django_assert_max_num_queries
):
    with django_assert_max_num_queries(8):
        client.get(url(history, "list"))
    SolutionRevision.objects.bulk_create(
        SolutionRevision(
            solution=history.solution, number=number, document={"name": "X"}, origin="import"
        )
        for number in range(3, 25)
    )
    with django_assert_max_num_queries(8):
        page = client.get(url(history, "list")).content.decode()
    assert "?page=2" in page
    assert client.get(url(history, "list") + "?page=2").status_code == 200
    with django_assert_max_num_queries(8):
        client.get(url(history, "compare"), {"von": 1, "bis": 24})


@pytest.mark.parametrize(
    ("who", "status"), [(None, 302), ("visitor", 403), ("editor", 403), ("advisor", 200)]
)
def test_who_restores(client, history, who, status):
    if who:
        login(client, getattr(history, who))
    address = url(history, "restore", 1)

    assert client.get(address).status_code == status
    response = client.post(address, {"reason": "Falsch.", "seen_revision": 2})
    assert response.status_code == (302 if status == 200 else status)
    history.solution.refresh_from_db()
    assert history.solution.revision == (3 if status == 200 else 2)


def test_a_second_click_and_a_stale_page_change_nothing_and_keep_the_reason(client, history):
    login(client, history.advisor)
    address = url(history, "restore", 1)
    sent = {"reason": "Falsch eingetragen.", "seen_revision": 2}
    client.post(address, sent)

    again = client.post(address, sent)

    assert again.status_code == 409
    page = again.content.decode()
    assert "Falsch eingetragen." in page
    assert "inzwischen geändert" in page
    assert 'value="3"' in page
    history.solution.refresh_from_db()
    assert history.solution.revision == 3
    assert client.post(address, {"seen_revision": 3}).status_code == 422


def test_the_entry_says_where_its_statements_come_from(client, history):
    lock(history, "licence")

    page = client.get(history.solution.get_absolute_url()).content.decode()

    assert "Herkunft der Angaben" in page
    assert "Vorschlag von Musterhaus GmbH" in page
    assert "Vom OSK festgelegt" in page
    assert "Vom OSK geprüft." not in page


def test_the_form_of_a_proposal_leaves_a_set_field_alone(client, history):
    lock(history)
    login(client, history.editor)
    address = reverse("catalog:proposal_create", args=[history.solution.slug])

    page = client.get(address).content.decode()
    assert "Vom OSK festgelegt: Vom OSK geprüft." in page
    assert "disabled" in page


def test_what_is_wrong_in_a_set_field_does_not_stop_a_proposal(client, world):
    broken = publiccode_file(("legal.license", None), categories=["gibt-es-nicht"])
    world.solution = import_publiccode(broken).solution
    for field in ("licence", "categories"):
        lock(world, field)
    login(client, world.editor)
    address = reverse("catalog:proposal_create", args=[world.solution.slug])

    response = client.post(address, filled(world, name="Neuer Name"))

    assert response.status_code == 302
    assert world.solution.proposals.get().changes == {"name": "Neuer Name"}


# --- the admin ----------------------------------------------------------------------------


def fields_url(world):
    return reverse("admin:catalog_solution_fields", args=[world.solution.slug])


@pytest.mark.parametrize(("who", "status"), [("editor", 302), ("advisor", 200)])
def test_who_sees_the_statements_in_the_admin(client, history, who, status):
    login(client, getattr(history, who))

    assert client.get(fields_url(history)).status_code == status
    free = reverse("admin:catalog_solution_unlock", args=[history.solution.slug])
    assert client.get(free).status_code == (405 if who == "advisor" else 302)


def test_an_advisor_sets_and_frees_a_field(client, history):
    login(client, history.advisor)
    sent = {"field": "licence", "reason": "Geprüft <b>am</b> 1. März.", "seen_revision": 2}

    assert client.post(fields_url(history), sent, follow=True).status_code == 200
    page = client.get(fields_url(history)).content.decode()
    assert "Geprüft &lt;b&gt;am&lt;/b&gt; 1. März." in page
    assert client.post(fields_url(history), sent).status_code == 422
    stale = {**sent, "field": "name", "seen_revision": 1}
    response = client.post(fields_url(history), stale)
    assert response.status_code == 409
    assert "1. März." in response.content.decode()
    free = reverse("admin:catalog_solution_unlock", args=[history.solution.slug])
    for _twice in range(2):
        assert client.post(free, {"field": "licence"}).status_code == 302
    history.solution.refresh_from_db()
    assert history.solution.locks == {}
