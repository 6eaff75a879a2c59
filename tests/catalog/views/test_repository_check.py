from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from catalog.models import RepositoryCheck, Solution
from catalog.services import fetching, repository_checks
from catalog.tasks import sweep_fetches
from osk_portal.toolkit import clock as portal_clock
from tests.catalog.fetching import HOST, REPOSITORY
from tests.catalog.files import publiccode_file

pytestmark = pytest.mark.django_db
ADDRESS = reverse("catalog:publiccode_check")


def send(client, address=REPOSITORY, **more):
    return client.post(ADDRESS, {"repository": address, **more})


def result(client, address=REPOSITORY):
    answer = send(client, address)
    assert answer.status_code == 302
    check = RepositoryCheck.objects.latest("pk")
    repository_checks.run(check.pk)
    return client.get(answer["Location"])


def test_a_named_repository_is_fetched_by_a_task_and_its_findings_stand_on_a_page(client, forge):
    forge.body = publiccode_file(softwareType=None, url=REPOSITORY)
    waiting = send(client, f"{REPOSITORY}/-/tree/main")
    page = client.get(waiting["Location"])
    assert "Wir rufen die Datei ab" in page.text
    assert "hx-get" in page.text
    assert forge.asked == []  # no worker of the web waits for a forge
    check = RepositoryCheck.objects.get()
    assert (fetching.FETCH_CHECK, {"check_id": check.pk}) in fetching.waiting_ids(9)

    assert repository_checks.run(check.pk)
    assert not repository_checks.run(check.pk)

    page = client.get(waiting["Location"])
    assert "1 Fehler" in page.text
    assert "softwareType" in page.text
    assert "no-store" in page["Cache-Control"]
    assert page.context["form"].initial["text"] == forge.body.decode()
    assert not Solution.objects.exists()
    assert client.post(waiting["Location"]).status_code == 405


@pytest.mark.parametrize(
    "address", [REPOSITORY, "https://internal.example.org/a/b", f"https://{HOST}/other/one"]
)
def test_not_there_and_not_asked_are_one_answer(client, forge, address):
    page = result(client, address)
    assert "Keine Datei gefunden" in page.text
    assert "nur Server" in page.text


def test_a_server_that_fails_is_asked_once_more_and_a_large_file_said_so(client, forge, clock):
    forge.status = 503
    page = result(client)
    assert "Wir rufen die Datei ab" in page.text
    clock.move_to(portal_clock.now() + timedelta(minutes=1))
    check = RepositoryCheck.objects.get()
    assert repository_checks.run(check.pk)
    assert "Keine Datei gefunden" in client.get(page.request["PATH_INFO"]).text
    forge.status, forge.body = 200, b"x" * 600_000
    assert "größer als 512 KB" in result(client).text


def test_the_result_goes_after_an_hour(client, forge, clock):
    forge.body = publiccode_file(url=REPOSITORY)
    page = result(client)
    clock.move_to(portal_clock.now() + timedelta(minutes=61))
    assert client.get(page.request["PATH_INFO"]).status_code == 404
    sweep_fetches()
    assert not RepositoryCheck.objects.exists()


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "https://", "a b", "https://github.com/x", "x" * 501]
)
def test_what_is_no_repository_is_said_at_the_field(client, address):
    answer = send(client, address)
    assert answer.status_code == 422
    assert "#id_repository" in answer.text
    assert not RepositoryCheck.objects.exists()


def test_a_file_or_text_wins_over_the_repository(client):
    answer = send(client, text=publiccode_file().decode())
    assert answer.status_code == 200
    assert not RepositoryCheck.objects.exists()


def test_a_visitor_and_all_of_them_have_a_limit(client, settings, monkeypatch):
    monkeypatch.setattr(repository_checks, "MOST_WAITING", 2)
    assert [send(client).status_code for _n in range(3)] == [302, 302, 429]
    RepositoryCheck.objects.all().delete()
    for _n in range(12):
        answer = send(client)
        RepositoryCheck.objects.all().delete()
    assert answer.status_code == 429
    assert "10 Minuten" in answer.text
