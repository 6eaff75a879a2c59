"""The catalog's list in memory: the same for all visitors, each with a token of their own, and never an old state."""

from __future__ import annotations

import re
import threading

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog import state
from catalog.importing import import_publiccode
from catalog.models import Solution
from catalog.views import solutions as view
from osk_portal.toolkit.page_memory import PageMemory
from tests.catalog.files import publiccode_file
from tests.factories import UserFactory, staff

pytestmark = pytest.mark.django_db
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@pytest.fixture
def memory(settings, monkeypatch):
    settings.OSK_FACETS_SECONDS = 60
    found = PageMemory(lambda: settings.OSK_FACETS_SECONDS, most=3)
    monkeypatch.setattr(view, "LISTS", found)
    monkeypatch.setattr(state, "MOMENT_SECONDS", -1)
    return found


def opened(client: Client, query: str = "", **headers: str) -> str:
    response = client.get(reverse("catalog:solution_list") + query, headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def test_the_second_visitor_gets_the_page_of_the_first_with_a_token_of_their_own(memory):
    import_publiccode(publiccode_file(), publish=True)
    first, second = Client(enforce_csrf_checks=True), Client(enforce_csrf_checks=True)
    made = opened(first)
    with CaptureQueriesContext(connection) as queries:
        remembered = opened(second)

    assert len(queries) == 1
    assert TOKEN.sub("", made) == TOKEN.sub("", remembered)
    [own] = set(TOKEN.findall(remembered))
    assert own not in made
    for client, token in ((second, own), (first, TOKEN.findall(made)[0])):
        wanted = {"language": "en", "csrfmiddlewaretoken": token}
        assert client.post(reverse("set_language"), wanted).status_code == 302
    stolen = {"language": "en", "csrfmiddlewaretoken": TOKEN.findall(made)[0]}
    assert second.post(reverse("set_language"), stolen).status_code == 403


def test_a_new_state_of_the_catalog_is_shown_at_once(memory, client):
    assert "terminplaner" not in opened(client)
    entry = import_publiccode(publiccode_file(), publish=True).solution
    assert "terminplaner" in opened(client)
    entry.withdraw(actor=staff("advisor"))
    assert "terminplaner" not in opened(client)


def test_each_language_filter_page_and_way_of_asking_has_its_own(memory, client):
    import_publiccode(publiccode_file(), publish=True)
    german = opened(client, **{"accept-language": "de"})
    english = opened(client, **{"accept-language": "en"})
    assert 'lang="de"' in german
    assert 'lang="en"' in english
    assert opened(client, "?q=Terminplaner") != german
    part = opened(client, **{"accept-language": "de", "HX-Request": "true"})
    news = re.search(r'id="results-news"[^>]*>([^<]*)<', part)
    assert news
    assert news[1].strip()


def test_each_name_of_the_portal_has_its_own(memory, settings, client):
    settings.ALLOWED_HOSTS = ["one.example", "two.example"]
    import_publiccode(publiccode_file(), publish=True)
    opened(client, host="one.example")
    with CaptureQueriesContext(connection) as queries:
        opened(client, host="two.example")
    assert len(queries) > 1


def test_nobody_who_is_somebody_gets_or_leaves_a_page(memory, client):
    import_publiccode(publiccode_file(), publish=True)
    client.force_login(UserFactory())
    own = opened(client)
    assert not memory._pages
    visitor = opened(Client())
    assert "Abmelden" in own
    assert "Abmelden" not in visitor
    assert "Abmelden" in opened(client)
    told = Client()
    told.cookies["messages"] = "etwas"
    with CaptureQueriesContext(connection) as queries:
        opened(told)
    assert len(queries) > 1


def test_the_memory_stays_small_and_can_be_switched_off(memory, settings, client):
    for number in range(6):
        opened(client, f"?page={number}")
        opened(client, f"?q={'x' * 500}{number}")
    assert len(memory._pages) == 3
    settings.OSK_FACETS_SECONDS = 0
    with CaptureQueriesContext(connection) as queries:
        opened(client, "?page=5")
    assert len(queries) > 1


def test_an_empty_search_with_htmx_still_leads_to_another_page(memory, client):
    Solution.objects.all().delete()
    for _time in range(2):
        address = reverse("catalog:solution_list") + "?q=xqzwvk"
        response = client.get(address, headers={"HX-Request": "true"})
        assert response["HX-Redirect"] == address
        [token] = set(TOKEN.findall(response.content.decode()))
        assert len(token) == 64


def test_many_at_once_make_a_page_once_and_a_failure_harms_nobody_else():
    memory = PageMemory(lambda: 60)
    made = []
    go_on = threading.Event()

    def make(context):
        made.append(1)
        go_on.wait(5)
        return HttpResponse(f"page {context['csrf_token']}")

    def ask(found):
        request = RequestFactory().get("/")
        request.user = type("Nobody", (), {"is_authenticated": False})()
        found.append(memory.page(request, lambda: 1, make).content)

    found: list[bytes] = []
    threads = [threading.Thread(target=ask, args=[found]) for _n in range(4)]
    for thread in threads:
        thread.start()
    go_on.set()
    for thread in threads:
        thread.join(5)
    assert len(made) == 1
    assert len(found) == len(set(found)) == 4  # each with a token of its own

    def fail(context):
        raise RuntimeError("broken")

    request = RequestFactory().get("/other/")
    request.user = type("Nobody", (), {"is_authenticated": False})()
    with pytest.raises(RuntimeError):
        memory.page(request, lambda: 1, fail)
    assert memory.page(request, lambda: 1, lambda _context: HttpResponse("well")).content == b"well"
