"""Check page and confirmation: one reference, whatever a browser does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from consulting.enums import CaseState
from consulting.models import ConsultingRequest
from network.enums import MembershipState
from network.models import Membership
from osk_portal.accounts.models import User
from osk_portal.notifications.models import OutgoingMail
from tests.consulting.conftest import World

pytestmark = pytest.mark.django_db

Browser = Callable[[User], Client]


def check(case: ConsultingRequest) -> str:
    return reverse("consulting:request_check", args=[case.public_id])


def sent(case: ConsultingRequest) -> str:
    return reverse("consulting:request_sent", args=[case.public_id])


def test_check_page_says_the_promise(world: World, signed_in: Browser, clock: Any) -> None:
    clock.move_to(datetime(2026, 11, 23, 9, tzinfo=UTC))
    case = world.case(CaseState.DRAFT, wished_on=date(2026, 12, 2))

    page = signed_in(world.requester).get(check(case)).content.decode().replace("\xa0", " ")

    assert "Mittwoch, 25. November 2026" in page
    assert "Montag, 7. Dezember 2026" in page
    assert "Ihr Wunschtermin liegt vor unserer Zusage" in page


def test_sending_twice_reloading_and_going_back_is_one_request(
    world: World, signed_in: Browser
) -> None:
    case = world.case(CaseState.DRAFT)
    browser = signed_in(world.requester)
    version = {"version": str(case.version)}

    assert browser.post(check(case), version).url == sent(case)
    assert browser.post(check(case), version).url == sent(case)
    assert browser.get(check(case)).url == sent(case)
    for _ in range(2):
        page = browser.get(sent(case)).content.decode()
        assert "OSK-" in page

    case.refresh_from_db()
    assert case.state == CaseState.SUBMITTED
    assert case.reference is not None
    assert case.reference in page
    assert case.events.count() == 1
    assert OutgoingMail.objects.filter(kind="consulting.request_received").count() == 2


@pytest.mark.parametrize(
    ("field", "value", "step"),
    [
        ("title", "", "request_subject"),
        ("topics", [], "request_subject"),
        ("kind", "", "request_kind"),
        ("organisation", None, "request_context"),
    ],
)
def test_incomplete_draft_leads_to_the_missing_step(
    world: World, signed_in: Browser, field: str, value: Any, step: str
) -> None:
    case = world.case(CaseState.DRAFT, **{field: value})
    expected = reverse(f"consulting:{step}", args=[case.public_id])

    assert signed_in(world.requester).get(check(case)).url == expected
    assert signed_in(world.requester).post(check(case)).url == expected
    case.refresh_from_db()
    assert case.is_draft


def test_draft_changed_elsewhere_is_looked_at_again_before_sending(
    world: World, signed_in: Browser
) -> None:
    case = world.case(CaseState.DRAFT)

    response = signed_in(world.requester).post(check(case), {"version": "7"})

    assert response.url == check(case)
    case.refresh_from_db()
    assert case.is_draft


@pytest.mark.parametrize("version", ["", "abc", "-1", "²", "9" * 400, "\x00"])
def test_hostile_version_is_no_error(world: World, signed_in: Browser, version: str) -> None:
    case = world.case(CaseState.DRAFT)

    assert signed_in(world.requester).post(check(case), {"version": version}).status_code == 302


def test_organisation_that_lost_its_entitlement_is_403(world: World, signed_in: Browser) -> None:
    case = world.case(CaseState.DRAFT)
    world.authority.is_entitled = False
    world.authority.save()

    assert signed_in(world.requester).post(check(case)).status_code == 403


def test_membership_that_ended_meanwhile_leads_to_another_choice(
    world: World, signed_in: Browser
) -> None:
    case = world.case(CaseState.DRAFT)
    Membership.objects.filter(user=world.requester).update(state=MembershipState.ENDED)
    browser = signed_in(world.requester)

    for response in (
        browser.get(check(case)),
        browser.post(check(case), {"version": case.version}),
    ):
        assert response.url == reverse("consulting:request_context", args=[case.public_id])
    page = browser.get(response.url).content.decode()
    assert "können Sie nicht mehr anfragen" in page
    assert world.authority.name in page
    case.refresh_from_db()
    assert case.is_draft


def test_confirmation_is_for_those_who_may_read(world: World, signed_in: Browser) -> None:
    case = world.case(CaseState.SUBMITTED)

    assert world.requester.email in signed_in(world.requester).get(sent(case)).content.decode()
    page = signed_in(world.reader).get(sent(case))
    assert page.status_code == 200
    assert world.requester.email not in page.content.decode()
    assert signed_in(world.stranger).get(sent(case)).status_code == 404
    assert signed_in(world.requester).get(sent(world.case(CaseState.DRAFT))).status_code == 404
    assert "/konto/" in Client().get(sent(case)).url
