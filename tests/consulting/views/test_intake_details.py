"""The small promises of the intake (product.md 1.1): what is asked when, what is said where, what leads back."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from consulting import intake, services
from consulting.enums import CaseState, Visibility
from consulting.models import ConsultingRequest
from network.enums import MembershipState
from network.models import Membership
from osk_portal.accounts.models import User
from osk_portal.notifications.models import OutgoingMail
from osk_portal.pages.models import LegalPage
from osk_portal.toolkit import clock as portal_clock
from tests.consulting.conftest import World
from tests.factories import OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db

Browser = Callable[[User], Client]
START = reverse("consulting:request_start")


def url(name: str, case: ConsultingRequest) -> str:
    return reverse(f"consulting:{name}", args=[case.public_id])


def text(browser: Client, address: str) -> str:
    return browser.get(address, follow=True).content.decode().replace("\xa0", " ")


def test_a_membership_is_asked_for_at_sending_and_only_there(
    world: World, signed_in: Browser
) -> None:
    """Choosing A, then B, asks nobody; sending asks B; a deleted draft asked nobody at all."""
    first = OrganisationFactory(authority=True)
    second = OrganisationFactory(authority=True)
    person = UserFactory()
    case = world.case(CaseState.DRAFT, author=person, organisation=None, membership=False)
    browser = signed_in(person)
    for organisation in (first, second):
        browser.post(
            url("request_context", case),
            {"organisation": organisation.slug},
        )
        case.refresh_from_db()
        assert case.organisation == organisation
    assert not Membership.objects.filter(user=person).exists()
    assert "noch nicht bestätigt" in text(browser, url("request_check", case))

    for _ in range(2):
        browser.post(url("request_check", case))

    case.refresh_from_db()
    assert case.state == CaseState.SUBMITTED
    asked = Membership.objects.get(user=person)
    assert (asked.organisation, asked.state) == (second, MembershipState.PENDING)
    assert browser.get(case.get_absolute_url()).status_code == 200


def test_what_it_goes_on_from_is_shown_to_who_reads_the_old_one(
    world: World, signed_in: Browser
) -> None:
    old = world.case(CaseState.CLOSED)
    old.participants.all().delete()
    draft = world.case(CaseState.DRAFT, continues=old)
    words = f'href="{old.get_absolute_url()}">{old.reference}</a>'
    author = signed_in(world.requester)
    assert words in text(author, url("request_check", draft))

    case = world.case(CaseState.IN_PROGRESS, continues=old)
    assert words in text(author, case.get_absolute_url())
    reader = text(signed_in(world.reader), case.get_absolute_url())
    assert str(case.reference) in reader
    assert str(old.reference) not in reader
    staff = reverse("admin:consulting_consultingrequest_case", args=[case.public_id])
    assert "Fortsetzung von" in text(signed_in(world.advisor), staff)


@pytest.mark.parametrize("is_known", [True, False])
def test_an_early_wished_date_is_said_at_once_to_visitors_too(
    world: World, client: Client, is_known: bool
) -> None:
    if is_known:
        client.force_login(world.requester)
    client.post(START, {"kind": "question", "draft_id": str(uuid.uuid4())})
    session = client.session
    if is_known:  # as typed before the login
        session[intake.Visitor.KEY] = {"kind": "question", "title": "Formulare"}
        session.save()
    tomorrow = portal_clock.today() + timedelta(days=1)
    page = client.post(
        reverse("consulting:request_new_subject"),
        {
            "title": "Formulare", "description": "Wir suchen.", "topics": ["operation"],
            "phase": "planning", "wished_on": tomorrow.isoformat(),
        },
        follow=True,
    )  # fmt: skip
    assert "liegt vor unserer Zusage" in page.content.decode()


def test_files_lead_back_to_the_check_page(world: World, signed_in: Browser) -> None:
    case = world.case(CaseState.DRAFT)
    browser = signed_in(world.requester)
    address = f"{url('request_files', case)}?check"
    for button in ({"add": "1"}, {"remove": str(uuid.uuid4())}):
        assert browser.post(address, button).url == address
        assert browser.post(url("request_files", case), button).url == url("request_files", case)
    assert browser.post(f"{address}&unready=1", {}).url == url("request_check", case)


def test_the_task_list_ticks_nothing_that_nobody_has_seen(world: World, signed_in: Browser) -> None:
    case = world.case(CaseState.DRAFT, visibility=Visibility.ONLY_ME)
    browser = signed_in(world.requester)
    page = text(browser, url("request_draft", case))
    assert page.count(">Freiwillig<") == 2
    assert "freiwillige Schritte" in page
    assert f'kern-btn--primary" href="{url("request_files", case)}"' in page

    browser.get(url("request_files", case))
    assert text(browser, url("request_draft", case)).count(">Freiwillig<") == 2
    browser.post(url("request_files", case), {})
    page = text(browser, url("request_draft", case))
    assert f'kern-btn--primary" href="{url("request_sharing", case)}"' in page
    browser.post(url("request_sharing", case), {"visibility": Visibility.ONLY_ME})
    page = text(browser, url("request_draft", case))
    assert "noch nicht angesehen" not in page
    assert f'kern-btn--primary" href="{url("request_check", case)}"' in page


def test_the_first_step_sent_again_never_overwrites_what_was_written_elsewhere(
    world: World, signed_in: Browser
) -> None:
    browser = signed_in(world.requester)
    form = {"kind": "question", "draft_id": str(uuid.uuid4()), "version": "1"}
    browser.post(START, form)
    draft = ConsultingRequest.objects.drafts().get()
    assert browser.post(START, form | {"kind": "idea"}, follow=True).status_code == 200
    draft.refresh_from_db()
    assert draft.kind == "idea"

    services.save_draft(case_id=draft.pk, actor=world.requester, values={"title": "Woanders"})
    page = browser.post(START, form | {"kind": "project"}, follow=True).content.decode()
    draft.refresh_from_db()
    assert draft.kind == "idea"
    chosen = re.search(r"<input[^>]*value=.project.[^>]*>", page)
    assert chosen is not None
    assert " checked" in chosen.group()
    assert "Idee" in page


def test_the_start_page_counts_the_steps_and_quotes_the_operator_on_costs(client: Client) -> None:
    home = reverse("consulting:home")
    assert len(intake.STEPS) == 6
    page = text(client, home)
    assert "in fünf Schritten; bei einer Beschaffung sind es sechs" in " ".join(page.split())

    costs = LegalPage.objects.get(slug="beratung-kosten", language="de")
    assert costs.first_paragraph in page
    assert costs.placeholders
    assert costs.placeholders[0] not in page
    LegalPage.objects.filter(pk=costs.pk).update(body="Je Stunde 80 Euro.\r\n\r\nMehr steht hier.")
    page = text(client, home)
    assert "Je Stunde 80 Euro." in page
    assert "Mehr steht hier" not in page
    LegalPage.objects.filter(slug="beratung-kosten").delete()
    assert "Was kostet es?" not in text(client, home)


def test_each_choice_of_the_sharing_says_who_sees_what(world: World, signed_in: Browser) -> None:
    case = world.case(CaseState.DRAFT)
    page = text(signed_in(world.requester), url("request_sharing", case))
    for sentence in (
        "Sie und das OSK lesen die Anfrage.",
        "die Sie unten ankreuzen",
        "Alle Mitglieder Ihrer Behörde lesen",
        "Schreiben können sie nicht.",
        "Liest alles, was Sie und das OSK schreiben",
    ):
        assert sentence in page


def test_full_files_speak_of_ones_own_side(world: World, signed_in: Browser, settings: Any) -> None:
    settings.OSK_FILES_MOST = 0
    case = world.case(CaseState.DRAFT)
    page = signed_in(world.requester).post(
        url("request_files", case),
        {"chosen": SimpleUploadedFile("liste.txt", b"eins\n"), "add": "1"},
    )
    assert "Ihre Seite einer Anfrage" in page.content.decode()
    assert not OutgoingMail.objects.exists()
