from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from consulting.enums import CaseState
from osk_portal.accounts.models import User
from tests.consulting.conftest import World
from tests.consulting.views.conftest import queries

pytestmark = pytest.mark.django_db

Browser = Callable[[User], Client]
URL = "/beratung/anfragen/"


def test_visitor_is_asked_to_sign_in(client: Client) -> None:
    assert "/konto/" in client.get(URL).url


def test_list_shows_own_and_shared_requests_and_nobody_elses(
    world: World, signed_in: Browser
) -> None:
    world.case(CaseState.IN_PROGRESS, title="Eigener Fall")
    foreign = world.stranger.memberships.get().organisation
    world.case(
        CaseState.SUBMITTED, author=world.stranger, organisation=foreign, title="Fremder Fall"
    )

    for role, seen in {"requester": True, "reader": True, "colleague": False}.items():
        page = signed_in(world.person(role)).get(URL).content.decode()
        assert ("Eigener Fall" in page) is seen, role
        assert "Fremder Fall" not in page or role == "stranger"


def test_organisationsverwaltung_sees_bare_facts(world: World, signed_in: Browser) -> None:
    case = world.case(CaseState.IN_PROGRESS, title="Geheimer Titel")

    page = signed_in(world.manager).get(URL).content.decode()

    assert str(case.reference) in page
    assert "Alex Muster" in page
    assert "Geheimer Titel" not in page
    assert f"/{case.public_id}/uebernehmen/" in page
    assert page.count(f"/{case.public_id}/") == 1


def test_every_state_has_its_badge(world: World, signed_in: Browser) -> None:
    for state in CaseState:
        world.case(state)

    page = signed_in(world.requester).get(URL).content.decode()

    for badge in (
        "Ihre Antwort fehlt",
        "Auskunft angefragt",
        "Zusammengeführt",
        "Nicht übernommen",
    ):
        assert badge in page


def test_empty_list_shows_the_way_on(world: World, signed_in: Browser) -> None:
    page = signed_in(world.colleague).get(URL).content.decode()

    assert "Es gibt noch keine Anfragen." in page
    assert "/beratung/anfrage/neu/" in page


def test_same_number_of_queries_with_more_rows(world: World, signed_in: Browser) -> None:
    for role in ("requester", "manager"):
        browser = signed_in(world.person(role))
        world.case(CaseState.CLOSED)
        browser.get(URL)
        one = queries(lambda browser=browser: browser.get(URL))
        for state in (CaseState.IN_PROGRESS, CaseState.ANSWERED, CaseState.DRAFT):
            world.case(state)
        three = queries(lambda browser=browser: browser.get(URL))
        assert one == three
        assert three <= 12


@pytest.mark.parametrize("query", ["?page=abc", "?page=-1", "?page=999999", "?managed=%00"])
def test_nonsense_page_numbers_are_no_error(world: World, signed_in: Browser, query: str) -> None:
    assert signed_in(world.manager).get(URL + query).status_code == 200


def test_each_page_shows_its_own_part_of_the_list(world: World, signed_in: Browser) -> None:
    for number in range(45):
        world.case(CaseState.CLOSED, title=f"Anfrage Nr. {number:02}.")
    browser = signed_in(world.person("requester"))

    def titles(query: str) -> list[str]:
        page = browser.get(URL + query).content.decode()
        return re.findall(r"Anfrage Nr\. \d\d\.", page)

    pages = {number: titles(f"?page={number}") for number in (1, 2, 3)}

    assert [len(found) for found in pages.values()] == [20, 20, 5]
    assert len(set().union(*pages.values())) == 45
    assert titles("") == titles("?page=abc") == pages[1]
    for beyond in ("4", "9999", "99999", "1" * 30, "-1", "0"):
        assert titles(f"?page={beyond}") == pages[3], beyond
