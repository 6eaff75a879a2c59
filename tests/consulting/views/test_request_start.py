"""Step 1 and 2 before there is a draft: visitors keep what they typed through sign-up or login."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse

from consulting.enums import CaseState
from consulting.models import ConsultingRequest
from osk_portal.accounts.models import User
from tests.catalog.factories import SolutionFactory
from tests.consulting.conftest import World
from tests.consulting.views.conftest import HOSTILE, REFUSED
from tests.factories import MembershipFactory, OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db

START = "/beratung/anfrage/neu/"
SUBJECT = "/beratung/anfrage/neu/thema/"
SIGN_IN = "/beratung/anfrage/neu/anmelden/"
TYPED = {
    "title": "Formularserver für Bürgerdienste",
    "description": "Unser Server wird nicht mehr gepflegt.",
    "topics": ["reuse", "migration"],
    "phase": "planning",
    "wished_on": "",
}


def test_visitor_types_two_steps_signs_in_and_finds_everything_again(
    client: Client, world: World
) -> None:
    assert client.post(START, {"kind": "project"}).url == SUBJECT
    assert client.post(SUBJECT, TYPED).url == SIGN_IN
    page = client.get(SIGN_IN).content.decode()
    assert f"{reverse('account_signup')}?next=%2Fberatung%2Fanfrage%2Fneu%2Fthema%2F" in page
    assert not ConsultingRequest.objects.exists()

    # As Django's login does it: the session gets a new key and keeps what is in it.
    client.force_login(world.requester, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(SIGN_IN).url == SUBJECT
    page = client.get(SUBJECT).content.decode()
    assert "Formularserver für Bürgerdienste" in page
    assert "Ihre Angaben sind noch da" in page
    response = client.post(SUBJECT, TYPED)

    case = ConsultingRequest.objects.get()
    assert response.url == reverse("consulting:request_context", args=[case.public_id])
    assert case.author == world.requester
    assert case.kind == "project"
    assert case.topics == ["reuse", "migration"]
    assert client.get(SUBJECT).url == START  # nothing is left in the session


def test_signed_in_person_gets_a_draft_at_once(
    signed_in: Callable[[User], Client], world: World
) -> None:
    response = signed_in(world.requester).post(START, {"kind": "question"})

    case = ConsultingRequest.objects.get()
    assert response.url == reverse("consulting:request_subject", args=[case.public_id])
    assert case.is_draft
    assert case.reference is None


def test_first_step_sent_twice_is_one_draft(
    signed_in: Callable[[User], Client], world: World
) -> None:
    browser = signed_in(world.requester)
    form = {"kind": "question", "draft_id": str(uuid.uuid4())}

    assert browser.post(START, form).url == browser.post(START, form).url
    assert ConsultingRequest.objects.count() == 1


def test_going_back_and_choosing_another_kind_counts(
    signed_in: Callable[[User], Client], world: World
) -> None:
    browser = signed_in(world.requester)
    form = {"kind": "question", "draft_id": str(uuid.uuid4())}

    browser.post(START, form)
    browser.post(START, {**form, "kind": "project", "version": "1"}, follow=True)

    assert ConsultingRequest.objects.get().kind == "project"


def test_second_step_sent_twice_after_the_login_is_one_draft(client: Client, world: World) -> None:
    client.post(START, {"kind": "project"})
    client.force_login(world.requester, backend="django.contrib.auth.backends.ModelBackend")
    typed = {**TYPED, "version": "1"}
    client.post(SUBJECT, typed)

    again = client.post(SUBJECT, {**typed, "description": "Neu gesagt."}, follow=True)

    case = ConsultingRequest.objects.get()
    assert again.redirect_chain[0][1] == 307  # the browser sends the form to the draft
    assert again.redirect_chain[-1][0] == reverse(
        "consulting:request_context", args=[case.public_id]
    )
    assert case.description == "Neu gesagt."


def test_second_step_sent_again_overwrites_nothing_newer(client: Client, world: World) -> None:
    client.post(START, {"kind": "project"})
    client.force_login(world.requester, backend="django.contrib.auth.backends.ModelBackend")
    typed = {**TYPED, "version": "1"}
    client.post(SUBJECT, typed)
    case = ConsultingRequest.objects.get()
    client.post(
        reverse("consulting:request_subject", args=[case.public_id]),
        {**typed, "title": "Von einem anderen Gerät"},
    )

    page = client.post(SUBJECT, {**typed, "title": "Aus dem alten Fenster"}, follow=True)

    case.refresh_from_db()
    assert case.title == "Von einem anderen Gerät"
    assert "Aus dem alten Fenster" in page.content.decode()


def test_words_of_a_visitor_become_nobodys_draft_unseen(client: Client, world: World) -> None:
    """At a shared computer somebody else may have typed them."""
    client.post(START, {"kind": "project"})
    client.post(SUBJECT, TYPED)
    client.force_login(world.requester, backend="django.contrib.auth.backends.ModelBackend")

    response = client.post(START, {"kind": "question"})

    assert response.url == SUBJECT
    assert not ConsultingRequest.objects.exists()
    assert "Ihre Angaben sind noch da" in client.get(SUBJECT).content.decode()


@pytest.mark.parametrize("draft_id", ["nonsense", "\x00", "1"])
def test_hostile_draft_id_is_no_error(
    signed_in: Callable[[User], Client], world: World, draft_id: str
) -> None:
    response = signed_in(world.requester).post(START, {"kind": "idea", "draft_id": draft_id})

    assert response.status_code == 302
    assert ConsultingRequest.objects.count() == 1


def test_forged_draft_id_touches_nobody_elses_draft(
    signed_in: Callable[[User], Client], world: World
) -> None:
    foreign = world.case(CaseState.DRAFT)

    signed_in(world.stranger).post(START, {"kind": "idea", "draft_id": str(foreign.public_id)})

    mine = ConsultingRequest.objects.get(author=world.stranger)
    assert mine.public_id != foreign.public_id
    foreign.refresh_from_db()
    assert foreign.kind == "question"


def test_prefill_from_a_solution_and_from_an_empty_search(
    signed_in: Callable[[User], Client], world: World
) -> None:
    solution = SolutionFactory(slug="nextcloud")
    SolutionFactory(slug="entwurf", draft=True)

    signed_in(world.requester).post(
        START + "?solution=nextcloud&solution=entwurf&q=Dateien+teilen", {"kind": "question"}
    )

    case = ConsultingRequest.objects.get()
    assert list(case.solutions.all()) == [solution]
    assert case.title == "Dateien teilen"


@pytest.mark.parametrize("query", ["?solution=%00&q=%00%1b", "?title=" + "x" * 5000, "?solution="])
def test_hostile_prefill_is_no_error(
    signed_in: Callable[[User], Client], world: World, query: str
) -> None:
    browser = signed_in(world.requester)

    assert browser.get(START + query).status_code == 200
    assert browser.post(START + query, {"kind": "question"}).status_code == 302
    assert len(ConsultingRequest.objects.get().title) <= 200


def test_step_2_without_step_1_leads_to_step_1(client: Client) -> None:
    assert client.get(SUBJECT).url == START


@pytest.mark.parametrize("kind", ["", "nonsense", "x" * 10_000])
def test_unknown_kind_is_told(client: Client, kind: str) -> None:
    page = client.post(START, {"kind": kind})

    assert page.status_code == 200
    assert "Fehler" in page.content.decode()


def test_incomplete_step_2_is_told_and_nothing_is_lost(client: Client) -> None:
    client.post(START, {"kind": "idea"})

    page = client.post(SUBJECT, {"title": "Nur ein Titel"}).content.decode()

    assert "Bitte prüfen Sie 3 Angaben" in page
    assert "Wählen Sie mindestens ein Thema aus." in page
    assert "Nur ein Titel" in page


def test_draft_of_a_visitor_may_be_incomplete(client: Client) -> None:
    client.post(START, {"kind": "idea"})

    assert client.post(SUBJECT, {"title": "Halb", "save_draft": "1"}).url == SIGN_IN


@pytest.mark.parametrize("text", REFUSED)
@pytest.mark.parametrize("field", ["title", "description"])
def test_control_characters_are_told_and_kept(client: Client, field: str, text: str) -> None:
    client.post(START, {"kind": "idea"})

    page = client.post(SUBJECT, {**TYPED, field: text})

    assert page.status_code == 200
    assert "unsichtbare Steuerzeichen" in page.content.decode()


@pytest.mark.parametrize("text", HOSTILE)
def test_strange_but_honest_text_is_taken(client: Client, text: str) -> None:
    client.post(START, {"kind": "idea"})

    assert client.post(SUBJECT, {**TYPED, "title": text, "description": text}).status_code == 302


def test_direction_override_is_refused_in_a_title(client: Client) -> None:
    client.post(START, {"kind": "idea"})

    page = client.post(SUBJECT, {**TYPED, "title": "abc\u202egnp.exe"}).content.decode()

    assert "unsichtbare Steuerzeichen" in page


def test_too_long_text_is_told_and_kept(client: Client) -> None:
    client.post(START, {"kind": "idea"})
    text = "ä" * 20_001

    page = client.post(SUBJECT, {**TYPED, "title": "T" * 201, "description": text}).content.decode()

    assert "höchstens 200 Zeichen. Jetzt sind es 201." in page
    assert text in page


def test_ten_megabytes_are_told_and_kept(client: Client) -> None:
    client.post(START, {"kind": "idea"})
    text = "x" * 10_000_000

    page = client.post(SUBJECT, {**TYPED, "description": text})

    assert page.status_code == 200
    assert text in page.content.decode()


@pytest.mark.parametrize("day", ["gestern", "2020-01-01", "99999-01-01", "2026-13-45"])
def test_wished_date_must_be_one_to_come(client: Client, day: str) -> None:
    client.post(START, {"kind": "idea"})

    assert client.post(SUBJECT, {**TYPED, "wished_on": day}).status_code == 200


def test_wished_date_survives_the_session(client: Client, world: World) -> None:
    client.post(START, {"kind": "idea"})
    client.post(SUBJECT, {**TYPED, "wished_on": "2999-05-04"})

    page = client.get(SUBJECT).content.decode()

    assert 'value="2999-05-04"' in page


def test_member_of_an_organisation_without_entitlement_gets_an_explanation(
    signed_in: Callable[[User], Client],
) -> None:
    browser = signed_in(MembershipFactory(organisation=OrganisationFactory(company=True)).user)

    for url in (START, SUBJECT):
        page = browser.get(url)
        assert page.status_code == 403
        assert "für die Berliner Verwaltung" in page.content.decode()
    assert browser.post(START, {"kind": "idea"}).status_code == 403


def test_person_without_membership_may_begin(signed_in: Callable[[User], Client]) -> None:
    assert signed_in(UserFactory()).post(START, {"kind": "idea"}).status_code == 302
    assert ConsultingRequest.objects.count() == 1


def test_broken_session_is_no_error(client: Client) -> None:
    session: Any = client.session
    session["consulting_intake"] = "nonsense"
    session.save()

    assert client.get(START).status_code == 200


def test_old_request_is_continued_and_quoted(
    world: World, signed_in: Callable[[User], Client], clock: Any
) -> None:
    case = world.case(CaseState.CLOSED, title="Formularserver")
    clock.move_to(case.closed_at + timedelta(days=120))
    browser = signed_in(world.requester)
    address = f"{reverse('consulting:request_start')}?continues={case.public_id}"
    assert address in browser.get(case.get_absolute_url()).content.decode()

    typed = {"kind": "question", "draft_id": str(uuid.uuid4())}
    for _ in range(2):
        browser.post(address, typed)

    draft = ConsultingRequest.objects.drafts().get()
    assert (draft.continues, draft.title) == (case, "Formularserver")
    assert str(case.reference) in draft.description


@pytest.mark.parametrize("wanted", ["foreign", "x", "\x00", ""])
def test_foreign_request_is_not_continued(
    world: World, signed_in: Callable[[User], Client], wanted: str
) -> None:
    case = world.case(CaseState.CLOSED, title="Geheim")
    wanted = str(case.public_id) if wanted == "foreign" else wanted

    signed_in(world.stranger).post(
        f"{reverse('consulting:request_start')}?continues={quote(wanted)}", {"kind": "question"}
    )

    draft = ConsultingRequest.objects.drafts().get()
    assert (draft.continues, draft.title) == (None, "")
