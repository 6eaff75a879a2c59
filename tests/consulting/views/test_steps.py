"""The steps of a draft: ladder, saving, coming back, and a draft changed elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from catalog.services.indexing import index_solution
from consulting import services
from consulting.enums import CaseState
from consulting.models import ConsultingRequest
from network.enums import MembershipState
from network.models import Membership
from osk_portal.accounts.models import User
from tests.catalog.factories import SolutionFactory
from tests.consulting.conftest import World
from tests.consulting.views.conftest import REFUSED, queries
from tests.factories import MembershipFactory, OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db

Browser = Callable[[User], Client]
STEPS = ["request_kind", "request_subject", "request_context", "request_sharing", "request_check"]
DRAFT_ONLY = [*STEPS[:3], "draft_delete"]
SUBJECT = {
    "title": "Neuer Titel",
    "description": "Neue Beschreibung",
    "topics": ["reuse"],
    "phase": "planning",
}


def url(name: str, case: ConsultingRequest) -> str:
    return reverse(f"consulting:{name}", args=[case.public_id])


@pytest.mark.parametrize("name", [*STEPS, "draft_delete"])
def test_draft_is_its_authors_alone(name: str, world: World, signed_in: Browser) -> None:
    case = world.case(CaseState.DRAFT)
    address = url(name, case)

    assert "/konto/" in Client().get(address).url
    for role in ("writer", "colleague", "manager", "stranger"):
        assert signed_in(world.person(role)).get(address).status_code == 404, role
        assert signed_in(world.person(role)).post(address).status_code == 404, role
    assert signed_in(world.requester).get(address).status_code == 200


@pytest.mark.parametrize("name", DRAFT_ONLY)
def test_sent_request_has_no_steps_any_more(name: str, world: World, signed_in: Browser) -> None:
    case = world.case(CaseState.SUBMITTED)

    for method in ("get", "post"):
        response = getattr(signed_in(world.requester), method)(url(name, case))
        assert response.url == url("request_detail", case)
    case.refresh_from_db()
    assert case.state == CaseState.SUBMITTED


@pytest.mark.parametrize("name", ["request_subject", "request_context"])
def test_text_for_a_draft_that_was_sent_meanwhile_is_kept(
    name: str, world: World, signed_in: Browser
) -> None:
    case = world.case(CaseState.SUBMITTED)
    field = "description" if name == "request_subject" else "software_in_use"

    response = signed_in(world.requester).post(url(name, case), {field: "Aus dem alten Fenster"})

    assert response.status_code == 409
    page = response.content.decode()
    assert "Diese Anfrage ist schon abgesendet" in page
    assert "Aus dem alten Fenster" in page
    case.refresh_from_db()
    assert case.description != "Aus dem alten Fenster"


def test_draft_sent_in_the_same_moment_is_told(
    world: World, signed_in: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = world.case(CaseState.DRAFT)
    asked = ConsultingRequest.objects.select_for_update

    def sent_just_before(*args: Any, **options: Any) -> Any:
        monkeypatch.undo()
        services.submit(case_id=case.pk, actor=world.requester)
        return asked(*args, **options)

    monkeypatch.setattr(ConsultingRequest.objects, "select_for_update", sent_just_before)

    response = signed_in(world.requester).post(url("request_subject", case), SUBJECT)

    assert response.status_code == 409
    assert "Neue Beschreibung" in response.content.decode()


def test_each_step_saves_and_leads_on(world: World, signed_in: Browser) -> None:
    case = world.case(CaseState.DRAFT)
    browser = signed_in(world.requester)

    assert browser.post(url("request_kind", case), {"kind": "idea"}).url == url(
        "request_subject", case
    )
    assert browser.post(url("request_subject", case), SUBJECT).url == url("request_context", case)
    response = browser.post(
        url("request_context", case), {"own_reference": "IT 12 – 0815/26", "users_count": "1800"}
    )
    assert response.url == url("request_files", case)
    response = browser.post(response.url)
    assert response.url == url("request_sharing", case)
    response = browser.post(
        url("request_sharing", case),
        {
            "visibility": "selected",
            "readers": [str(world.colleague.public_id)],
            "deputy": str(world.deputy.public_id),
        },
    )
    assert response.url == url("request_check", case)

    case.refresh_from_db()
    assert (case.kind, case.title, case.users_count) == ("idea", "Neuer Titel", 1800)
    assert case.organisation == world.authority
    assert case.deputy == world.deputy
    assert case.participants.get().user == world.colleague
    page = browser.get(url("request_check", case)).content.decode()
    for text in ("Neuer Titel", "IT 12 – 0815/26", "Sam Kollege", "Robin Vertretung"):
        assert text in page


@pytest.mark.parametrize("name", STEPS[:3])
def test_change_from_the_check_page_comes_back(name: str, world: World, signed_in: Browser) -> None:
    case = world.case(CaseState.DRAFT)
    browser = signed_in(world.requester)
    assert f"{url(name, case)}?check" in browser.get(url("request_check", case)).content.decode()

    response = browser.post(f"{url(name, case)}?check", {**SUBJECT, "kind": "idea"})

    assert response.url == url("request_check", case)


def test_save_as_draft_takes_what_there_is(world: World, signed_in: Browser) -> None:
    case = world.case(CaseState.DRAFT)

    response = signed_in(world.requester).post(
        url("request_subject", case), {"title": "Nur ein Titel", "save_draft": "1"}
    )

    assert response.url == reverse("consulting:request_list")
    case.refresh_from_db()
    assert (case.title, case.description) == ("Nur ein Titel", "")


def test_draft_changed_elsewhere_is_shown_and_not_overwritten(
    world: World, signed_in: Browser
) -> None:
    case = world.case(CaseState.DRAFT)
    browser = signed_in(world.requester)
    browser.post(url("request_subject", case), {**SUBJECT, "title": "Vom Telefon", "version": "1"})

    page = browser.post(
        url("request_subject", case), {**SUBJECT, "title": "Vom Büro", "version": "1"}
    )

    text = page.content.decode()
    assert "inzwischen anderswo geändert" in text
    assert "Vom Telefon" in text
    assert 'value="Vom Büro"' in text
    assert 'name="version" value="2"' in text
    case.refresh_from_db()
    assert case.title == "Vom Telefon"

    browser.post(url("request_subject", case), {**SUBJECT, "title": "Vom Büro", "version": "2"})
    case.refresh_from_db()
    assert case.title == "Vom Büro"


def test_sharing_changed_elsewhere_is_shown(world: World, signed_in: Browser) -> None:
    case = world.case(CaseState.DRAFT)
    browser = signed_in(world.requester)
    browser.post(url("request_kind", case), {"kind": "idea"})

    page = browser.post(
        url("request_sharing", case), {"visibility": "organisation", "version": "1"}
    )

    assert "inzwischen anderswo geändert" in page.content.decode()
    case.refresh_from_db()
    assert case.visibility == "only_me"


def test_search_for_solutions_keeps_what_was_typed_and_saves_nothing(
    world: World, signed_in: Browser
) -> None:
    case = world.case(CaseState.DRAFT)
    index_solution(SolutionFactory(slug="nextcloud", name="Nextcloud"))

    page = signed_in(world.requester).post(
        url("request_context", case),
        {"own_reference": "IT 12", "users_count": "viele", "words": "Nextcloud", "search": "1"},
    )

    text = page.content.decode()
    assert 'value="nextcloud"' in text
    assert 'value="IT 12"' in text
    assert 'value="viele"' in text
    assert "Fehler" not in text
    case.refresh_from_db()
    assert case.own_reference == ""


def test_chosen_solution_stays_chosen_through_a_search(world: World, signed_in: Browser) -> None:
    case = world.case(CaseState.DRAFT)
    solution = SolutionFactory(slug="nextcloud", name="Nextcloud")
    browser = signed_in(world.requester)

    page = browser.post(
        url("request_context", case),
        {"solutions": ["nextcloud"], "words": "Unauffindbar", "search": "1"},
    ).content.decode()
    assert "keine Lösung gefunden" in page
    assert 'value="nextcloud"' in page
    assert "checked" in page
    browser.post(url("request_context", case), {"solutions": ["nextcloud"]})
    assert list(case.solutions.all()) == [solution]


@pytest.mark.parametrize("slug", ["gibt-es-nicht", "entwurf", "x" * 5000])
def test_foreign_solution_is_told_at_the_field(world: World, signed_in: Browser, slug: str) -> None:
    case = world.case(CaseState.DRAFT)
    SolutionFactory(slug="entwurf", draft=True)

    page = signed_in(world.requester).post(
        url("request_context", case), {"own_reference": "IT 12", "solutions": [slug]}
    )

    assert page.status_code == 200
    assert "Wählen Sie Lösungen aus der Liste." in page.content.decode()
    assert 'value="IT 12"' in page.content.decode()


def test_null_character_in_a_solution_is_told(world: World, signed_in: Browser) -> None:
    case = world.case(CaseState.DRAFT)

    page = signed_in(world.requester).post(url("request_context", case), {"solutions": ["x\x00"]})

    assert "Nullzeichen sind nicht erlaubt." in page.content.decode()


@pytest.mark.parametrize(
    ("count", "message"),
    [
        ("viele", "nur Ziffern"),
        ("0", "Zahl ab 1"),
        ("-3", "Zahl ab 1"),
        ("9" * 30, "kleinere Zahl"),
        ("1e9", "nur Ziffern"),
    ],
)
def test_number_of_users(world: World, signed_in: Browser, count: str, message: str) -> None:
    case = world.case(CaseState.DRAFT)

    page = signed_in(world.requester).post(url("request_context", case), {"users_count": count})

    assert message in page.content.decode()


@pytest.mark.parametrize("text", REFUSED)
def test_control_characters_in_the_context(world: World, signed_in: Browser, text: str) -> None:
    case = world.case(CaseState.DRAFT)

    page = signed_in(world.requester).post(
        url("request_context", case), {"own_reference": text, "software_in_use": text}
    )

    assert page.content.decode().count("unsichtbare Steuerzeichen") == 4  # summary and field


def test_member_of_two_authorities_chooses(world: World, signed_in: Browser) -> None:
    other = MembershipFactory(
        user=world.requester, organisation__name="Zweites Amt", organisation__slug="zweites"
    ).organisation
    OrganisationFactory(authority=True, slug="drittes", name="Drittes Amt")
    case = world.case(CaseState.DRAFT)
    browser = signed_in(world.requester)

    page = browser.get(url("request_context", case)).content.decode()
    assert "Zweites Amt" in page
    assert "Drittes Amt" not in page
    assert (
        "aus der Liste"
        in browser.post(url("request_context", case), {"organisation": "drittes"}).content.decode()
    )
    browser.post(url("request_context", case), {"organisation": "zweites"})
    case.refresh_from_db()
    assert case.organisation == other


def test_person_without_membership_names_an_authority_and_is_still_to_be_confirmed(
    world: World, signed_in: Browser
) -> None:
    person = UserFactory()
    case = world.case(CaseState.DRAFT, author=person, organisation=None, membership=False)
    browser = signed_in(person)

    response = browser.post(url("request_context", case), {"organisation": world.authority.slug})

    assert response.url == url("request_files", case)
    assert not Membership.objects.filter(user=person).exists()  # only sending asks for it
    sharing = browser.get(url("request_sharing", case)).content.decode()
    assert "Ihre Zugehörigkeit ist noch nicht bestätigt" in sharing
    assert "Sam Kollege" not in sharing  # whoever claims to belong learns no names
    browser.post(response.url, {"visibility": "organisation"})
    assert browser.post(url("request_check", case)).url == url("request_sent", case)
    assert Membership.objects.get(user=person).state == MembershipState.PENDING
    assert (
        "Zugehörigkeit wird noch bestätigt"
        in browser.get(url("request_sent", case)).content.decode()
    )
    assert signed_in(world.colleague).get(url("request_detail", case)).status_code == 404
    assert signed_in(world.advisor).get(url("request_sent", case)).status_code == 200


def test_claimed_colleagues_are_refused(world: World, signed_in: Browser) -> None:
    case = world.case(CaseState.DRAFT)
    browser = signed_in(world.requester)

    for field in ("readers", "writers", "deputy"):
        for claimed in (str(world.stranger.public_id), str(world.requester.pk), "x\x00"):
            page = browser.post(
                url("request_sharing", case), {"visibility": "selected", field: claimed}
            )
            assert page.status_code == 200
            assert "aus der Liste" in page.content.decode()
    assert case.participants.filter(user=world.stranger).count() == 0


def test_selected_without_a_colleague_is_told(world: World, signed_in: Browser) -> None:
    case = world.case(CaseState.DRAFT)

    page = signed_in(world.requester).post(url("request_sharing", case), {"visibility": "selected"})

    assert "mindestens eine Person" in page.content.decode()


def test_author_changes_the_sharing_of_a_sent_request(world: World, signed_in: Browser) -> None:
    case = world.case(CaseState.IN_PROGRESS)

    assert signed_in(world.writer).get(url("request_sharing", case)).status_code == 403
    response = signed_in(world.requester).post(
        url("request_sharing", case), {"visibility": "organisation"}
    )

    assert response.url == url("request_detail", case)
    assert signed_in(world.colleague).get(url("request_detail", case)).status_code == 200


def test_delete_asks_first_and_works_once(world: World, signed_in: Browser) -> None:
    case = world.case(CaseState.DRAFT)
    browser = signed_in(world.requester)

    assert browser.get(url("draft_delete", case)).status_code == 200
    assert ConsultingRequest.objects.exists()
    assert browser.post(url("draft_delete", case)).url == reverse("consulting:request_list")
    assert not ConsultingRequest.objects.exists()
    assert browser.post(url("draft_delete", case)).status_code == 404


@pytest.mark.parametrize("name", STEPS)
def test_same_number_of_queries_with_more_rows(name: str, world: World, signed_in: Browser) -> None:
    case = world.case(CaseState.DRAFT)
    browser = signed_in(world.requester)
    case.solutions.add(SolutionFactory())
    browser.get(url(name, case))

    one = queries(lambda: browser.get(url(name, case)))
    for _ in range(2):
        MembershipFactory(organisation=world.authority)
        case.solutions.add(SolutionFactory())
    three = queries(lambda: browser.get(url(name, case)))

    assert one == three
    assert three <= 16


def test_search_words_may_be_hostile(world: World, signed_in: Browser) -> None:
    case = world.case(CaseState.DRAFT)
    words: list[Any] = ["\x00", "%", "' OR 1=1", "ä" * 10_000, "\u202e"]

    for word in words:
        page = signed_in(world.requester).post(
            url("request_context", case), {"words": word, "search": "1"}
        )
        assert page.status_code == 200
