"""What the OSK adds to an entry: who may, two at once, and what becomes findable by it."""

from __future__ import annotations

import pytest
from django.urls import reverse

from catalog import services
from catalog.importing import import_publiccode
from catalog.models import Solution, SolutionEvent
from catalog.search import search
from tests.catalog.files import publiccode_file
from tests.factories import OrganisationFactory, UserFactory, staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry():
    return import_publiccode(publiccode_file(), publish=True).solution


@pytest.fixture
def advisor(client):
    user = staff("advisor")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return user


def address(entry):
    return reverse("catalog:addition_form", args=[entry.slug])


def typed(entry, **other):
    seen = Solution.objects.get(pk=entry.pk).updated_at.isoformat()
    return {"alternatives": "", "keywords": "", "berlin_body": "", "seen": seen, **other}


def test_only_advisors_and_drafts_only_they(client, entry):
    assert client.get(address(entry)).status_code == 302
    client.force_login(UserFactory(), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(address(entry)).status_code == 403
    Solution.objects.filter(pk=entry.pk).update(state="draft")
    assert client.get(address(entry)).status_code == 404
    assert client.post(address(entry), typed(entry)).status_code == 404


def test_what_an_advisor_adds_is_shown_and_found(client, entry, advisor):
    body = OrganisationFactory(kind="berlin_administration", name="Bezirksamt Muster")
    assert "Was das OSK ergänzt" in client.get(entry.get_absolute_url()).text

    data = typed(
        entry,
        alternatives="Qmatic\r\n  Qmatic \r\n\r\nTerminland  Pro",
        keywords="Warteschlange",
        berlin_body=body.pk,
    )
    assert client.post(address(entry), data).status_code == 302

    entry.refresh_from_db()
    assert entry.alternatives == ["Qmatic", "Terminland Pro"]
    assert (entry.keywords, entry.berlin_body) == (["Warteschlange"], body)
    event = SolutionEvent.objects.filter(solution=entry).last()
    assert (event.actor, event.data) == (
        advisor,
        {
            "fields": ["alternatives", "berlin_body", "keywords"],
            "values": {
                "alternatives": [[], ["Qmatic", "Terminland Pro"]],
                "berlin_body": [None, body.pk],
                "keywords": [[], ["Warteschlange"]],
            },
        },
    )
    assert list(search("Qmatic")) == [entry.pk]
    assert list(search("Warteschlange")) == [entry.pk]
    number = SolutionEvent.objects.count()
    again = typed(entry, **{**data, "seen": entry.updated_at.isoformat()})
    assert client.post(address(entry), again).status_code == 302
    assert SolutionEvent.objects.count() == number
    assert client.post(address(entry), typed(entry)).status_code == 302
    entry.refresh_from_db()
    assert (entry.alternatives, entry.keywords, entry.berlin_body) == ([], [], None)


def test_of_two_advisors_the_second_reads_it_and_loses_nothing(client, entry, advisor):
    old = typed(entry, keywords="Meins")
    assert client.post(address(entry), typed(entry, keywords="Deins")).status_code == 302

    response = client.post(address(entry), old)

    assert response.status_code == 409
    assert "Meins" in response.text
    entry.refresh_from_db()
    assert entry.keywords == ["Deins"]
    seen = response.context["form"]["seen"].value()
    assert client.post(address(entry), {**old, "seen": seen}).status_code == 302
    entry.refresh_from_db()
    assert entry.keywords == ["Meins"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"alternatives": "\n".join(map(str, range(51)))},
        {"keywords": "x" * 101},
        {"berlin_body": "999999"},
        {"berlin_body": "x"},
        {"seen": ""},
    ],
)
def test_bad_input_is_answered_at_the_field(client, entry, advisor, wrong):
    response = client.post(address(entry), typed(entry, **wrong))

    assert response.status_code == 422
    assert SolutionEvent.objects.filter(solution=entry, kind="changed").count() == 0


def test_no_company_is_a_berlin_body(client, entry, advisor):
    company = OrganisationFactory(kind="business")
    assert client.post(address(entry), typed(entry, berlin_body=company.pk)).status_code == 422


def test_each_change_is_kept_with_both_values_shown_and_can_be_taken_back(client, entry, advisor):
    body = OrganisationFactory(kind="berlin_administration", name="Bezirksamt Muster")
    first = typed(entry, alternatives="Qmatic", keywords="Geheim", berlin_body=body.pk)
    assert client.post(address(entry), first).status_code == 302
    assert client.post(address(entry), typed(entry, alternatives="Terminland")).status_code == 302

    history = reverse("catalog:revision_list", args=[entry.slug])
    page = client.get(history).text.split('id="additions"')[1]
    for words in ("Qmatic", "Terminland", "Geheim", "Bezirksamt Muster", "Vorher", "Nachher"):
        assert words in page
    event = SolutionEvent.objects.filter(kind="changed").latest("pk")
    again = client.get(f"{address(entry)}?vor={event.pk}")
    assert "Nichts ändert sich, bis Sie speichern" in again.text
    form = again.context["form"]
    assert (form["alternatives"].value(), form["keywords"].value()) == ("Qmatic", "Geheim")
    assert form["berlin_body"].value() == body.pk
    assert client.post(address(entry), {**first, "seen": form["seen"].value()}).status_code == 302
    entry.refresh_from_db()
    assert (entry.alternatives, entry.berlin_body) == (["Qmatic"], body)
    other = import_publiccode(publiccode_file(name="B", url="https://example.org/b")).solution
    for stranger in ("x", "9" * 30, str(other.events.get().pk)):
        form = client.get(f"{address(entry)}?vor={stranger}").context["form"]
        assert form["alternatives"].value() == "Qmatic"

    client.logout()
    public = client.get(history).text.split('id="additions"')[1]
    assert "Qmatic" in public
    assert "Bezirksamt Muster" in public
    assert "Geheim" not in public
    assert "?vor=" not in public
    body.is_published = False
    body.save()
    assert "Bezirksamt Muster" not in client.get(history).text


def test_what_was_said_while_an_entry_was_withdrawn_stays_with_the_advisors(client, entry, advisor):
    def say(name):
        assert client.post(address(entry), typed(entry, alternatives=name)).status_code == 302

    say("Davor")
    services.withdraw_solution(entry.pk, actor=advisor)
    say("Unterdessen")
    say("Schließlich")
    services.publish_solution(entry.pk, actor=advisor)
    say("Danach")
    history = reverse("catalog:revision_list", args=[entry.slug])

    assert "Unterdessen" in client.get(history).text
    client.logout()
    page = client.get(history).text
    for name in ("Davor", "Schließlich", "Danach"):
        assert name in page
    assert "Unterdessen" not in page


def test_a_former_body_that_left_the_network_does_not_clear_the_one_of_now(client, entry, advisor):
    gone, now = (
        OrganisationFactory(kind="berlin_administration", name=name) for name in ("Weg", "Da")
    )
    for body in (gone, now):
        assert client.post(address(entry), typed(entry, berlin_body=body.pk)).status_code == 302
    event = SolutionEvent.objects.filter(kind="changed").latest("pk")
    back = f"{address(entry)}?vor={event.pk}"
    words = "wird im Netzwerk nicht mehr gezeigt"
    page = client.get(back)
    assert words not in page.text
    assert page.context["form"]["berlin_body"].value() == gone.pk

    gone.is_published = False
    gone.save()
    page = client.get(back)

    assert words in page.text
    assert page.context["form"]["berlin_body"].value() == now.pk
