"""What may help before asking: beside the intake, saved first, never in the way (product.md 1.1)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from catalog.models import Solution
from catalog.services import index_solution
from consulting import services
from consulting.enums import CaseState, Topic
from consulting.hints import address_of, hints
from consulting.models import ConsultingRequest, PublishedAnswer
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock as portal_clock
from tests.catalog.factories import SolutionFactory
from tests.consulting.conftest import World
from tests.consulting.test_published import published
from tests.consulting.views.conftest import HOSTILE, queries, signed_in  # noqa: F401 # a fixture

pytestmark = pytest.mark.django_db

Browser = Callable[[User], Client]


@pytest.fixture
def known(world: World) -> tuple[PublishedAnswer, Solution]:
    answer = published(world, title="Wie läuft die Terminvergabe im Standesamt?")
    solution = SolutionFactory(slug="termino", name="Termino")
    index_solution(solution)
    return answer, solution


def draft(world: World, **fields: Any) -> ConsultingRequest:
    return world.case(CaseState.DRAFT, author=world.stranger, organisation=None, **fields)


def test_what_fits_in_two_queries_and_nothing_of_cases(
    world: World, known: tuple[PublishedAnswer, Solution]
) -> None:
    world.case(CaseState.ANSWERED, title="Terminvergabe geheim")
    need_case = world.case(CaseState.IN_PROGRESS)
    need = services.publish_need(
        case_id=need_case.pk, actor=world.requester, title="Terminvergabe gesucht", text="Sofort"
    )
    people = {"inside": world.person("stranger"), "outside": AnonymousUser()}
    for who, person in people.items():
        _ = getattr(person, "is_advisor", False)
        found: list[Any] = []
        number = queries(
            lambda p=person, f=found: f.extend(hints("Terminvergabe mit Termino", "fürs Amt", p))
        )
        assert number <= 2, who
        titles = [hint.title for hint in found]
        assert known[0].title in titles
        assert "Termino" in titles
        assert ("Terminvergabe gesucht" in titles) is (who == "inside")
        assert "Terminvergabe geheim" not in titles
        for hint in found:
            assert address_of(hint.value, person)
    assert "Termino" in [h.title for h in hints("Terminno einführen", "", AnonymousUser())]
    assert address_of(f"need:{need.public_id}", AnonymousUser()) is None
    services.withdraw_answer(
        answer_id=known[0].pk, actor=world.advisor, expected_version=known[0].version
    )
    assert address_of(f"answer:{known[0].public_id}", AnonymousUser()) is None
    for words in (*HOSTILE, "", "\x00", "der die das", "x" * 10_000, "'|&!:*" * 60):
        hints(words, words, AnonymousUser())
        assert address_of(words, AnonymousUser()) is None
        assert address_of(f"solution:{words}", AnonymousUser()) is None
    assert hints("Bratkartoffeln", "", AnonymousUser()) == []


def test_title_step_saves_shows_opens_and_hides(
    world: World,
    known: tuple[PublishedAnswer, Solution],
    signed_in: Browser,  # noqa: F811 # a fixture
) -> None:
    case = world.case(CaseState.DRAFT, title="", description="", topics=[])
    url = reverse("consulting:request_subject", args=[case.public_id])
    mine = signed_in(world.requester)
    assert "Dann suchen wir passende" in mine.get(url).content.decode()
    typed = {"version": case.version, "title": "Terminvergabe", "description": "Getippt"}
    looked = mine.post(url, {**typed, "hints": "look"}, follow=True)
    page = looked.content.decode()
    value = f"answer:{known[0].public_id}"
    assert value in page
    assert "Getippt" in page
    case.refresh_from_db()
    assert (case.title, case.state) == ("Terminvergabe", CaseState.DRAFT)

    opened = mine.post(url, {**typed, "version": case.version, "title": "Neu", "open_hint": value})
    assert opened.headers["Location"] == known[0].get_absolute_url()
    case.refresh_from_db()
    assert case.title == "Neu"
    gone = mine.post(
        url,
        {**typed, "version": case.version, "open_hint": "answer:https://evil.example/"},
        follow=True,
    )
    assert "Das gibt es nicht mehr." in gone.content.decode()
    stale = mine.post(url, {**typed, "version": 1, "title": "Alt", "open_hint": value})
    assert stale.status_code == 200  # the draft was changed elsewhere: shown, nothing opened
    assert "Alt" in stale.content.decode()

    case.refresh_from_db()
    version = case.version
    hidden = mine.post(url, {**typed, "version": version, "hints": "hide"}, follow=True)
    assert value not in hidden.content.decode()
    for step in ("request_subject", "request_subject"):
        page = mine.get(reverse(f"consulting:{step}", args=[case.public_id])).content.decode()
        assert "ausgeblendet" in page
    case.refresh_from_db()
    assert case.hides_hints
    shown = mine.post(url, {**typed, "version": case.version, "hints": "show"}, follow=True)
    assert value in shown.content.decode()
    for role in ("writer", "advisor", "stranger"):
        with pytest.raises(PermissionDenied):
            services.set_hints_hidden(case_id=case.pk, actor=world.person(role), hidden=True)


def test_check_page_keeps_the_reason_for_the_urgency(
    world: World,
    known: tuple[PublishedAnswer, Solution],
    signed_in: Browser,  # noqa: F811 # a fixture
) -> None:
    case = world.case(
        CaseState.DRAFT,
        title="Terminvergabe",
        wished_on=portal_clock.today() + timedelta(days=1),
    )
    url = reverse("consulting:request_check", args=[case.public_id])
    mine = signed_in(world.requester)
    value = f"answer:{known[0].public_id}"
    assert value in mine.get(url).content.decode()
    typed = {"version": case.version, "urgent": "on", "urgency_reason": "Der Vertrag endet."}
    opened = mine.post(url, {**typed, "open_hint": value})
    assert opened.headers["Location"] == known[0].get_absolute_url()
    case.refresh_from_db()
    assert (case.state, case.urgency_reason) == (CaseState.DRAFT, "Der Vertrag endet.")
    page = mine.post(url, {**typed, "version": case.version, "hints": "hide"}, follow=True)
    assert "ausgeblendet" in page.content.decode()
    assert "Der Vertrag endet." in page.content.decode()


def test_visitor_keeps_what_was_typed(
    world: World,
    known: tuple[PublishedAnswer, Solution],
    client: Client,
) -> None:
    start = reverse("consulting:request_start")
    url = reverse("consulting:request_new_subject")
    client.post(start, {"kind": "question"})
    value = f"solution:{known[1].slug}"
    typed = {"title": "Termino einführen", "description": "Getippt"}
    page = client.post(url, {**typed, "hints": "look"}, follow=True).content.decode()
    assert value in page
    assert "Getippt" in page
    opened = client.post(url, {**typed, "description": "Mehr", "open_hint": value})
    assert opened.headers["Location"] == known[1].get_absolute_url()
    assert "Mehr" in client.get(url).content.decode()
    page = client.post(url, {**typed, "hints": "hide"}, follow=True).content.decode()
    assert value not in page
    client.force_login(world.requester, backend="django.contrib.auth.backends.ModelBackend")
    client.post(url, {**typed, "topics": [Topic.REUSE], "phase": "idea"})
    assert ConsultingRequest.objects.get(title="Termino einführen").hides_hints


def test_each_way_in_brings_its_words_along(
    world: World,
    known: tuple[PublishedAnswer, Solution],
    signed_in: Browser,  # noqa: F811 # a fixture
    clock: Any,
) -> None:
    """From "fragen" on a solution, and from an empty search of the catalog, as their pages lead there.

    From a test environment: tests/sandbox; from an old case: tests/consulting/views/test_request_start.py.
    """
    mine = signed_in(world.requester)
    entry = mine.get(known[1].get_absolute_url())
    empty = mine.get("/loesungen/?q=Zeiterfassung+Leitstelle")
    for page, expected in (
        (entry, ("", ["termino"])),
        (empty, ("Zeiterfassung Leitstelle", [])),
    ):
        text = page.content.decode().replace("&amp;", "&")
        start = text.index('href="/beratung/anfrage/neu/?') + len('href="')
        address = text[start : text.index('"', start)]
        assert parse_qs(urlsplit(address).query)
        assert mine.get(address).status_code == 200
        assert mine.post(address, {"kind": "question"}).status_code == 302
        made = ConsultingRequest.objects.drafts().latest("pk")
        assert (made.title, [s.slug for s in made.solutions.all()]) == expected
        mine = signed_in(world.requester)
