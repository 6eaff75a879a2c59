"""Take-over by the Organisationsverwaltung: bare facts before, a reason, and the author is told."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from consulting import permissions, services
from consulting.enums import CaseEventKind, CaseState, Topic, Visibility
from consulting.models import ConsultingRequest
from network.enums import MembershipState
from network.models import Membership
from osk_portal.accounts.models import User
from osk_portal.notifications.models import OutgoingMail
from tests.consulting.conftest import World

pytestmark = pytest.mark.django_db

Browser = Callable[[User], Client]
REASON = "Urlaub bis zum 8. Januar"


def url(case: ConsultingRequest) -> str:
    return reverse("consulting:request_take_over", args=[case.public_id])


@pytest.mark.parametrize(
    ("role", "status"),
    [
        ("stranger", 404), ("colleague", 404), ("requester", 403), ("writer", 403), ("reader", 403),
        ("advisor", 403), ("operator", 404),
    ],
)  # fmt: skip
def test_ladder(world: World, signed_in: Browser, role: str, status: int) -> None:
    case = world.case(CaseState.IN_PROGRESS)
    browser = signed_in(world.person(role))

    assert browser.get(url(case)).status_code == status
    assert browser.post(url(case), {"text": REASON}).status_code == status
    assert "/konto/" in Client().get(url(case)).url
    assert not case.events.filter(kind=CaseEventKind.TAKEN_OVER).exists()


def test_page_and_list_show_bare_facts_only(world: World, signed_in: Browser) -> None:
    case = world.case(CaseState.IN_PROGRESS, title="Geheimer Titel", description="Geheimer Text")
    browser = signed_in(world.manager)

    for address in (url(case), reverse("consulting:request_list")):
        page = browser.get(address).content.decode()
        assert str(case.reference) in page
        assert "Alex Muster" in page
        assert "Geheim" not in page
    assert url(case) in page
    assert browser.get(case.get_absolute_url()).status_code == 404


def test_take_over_with_a_reason(world: World, signed_in: Browser) -> None:
    case = world.case(CaseState.IN_PROGRESS, topics=[Topic.PROCUREMENT])
    browser = signed_in(world.manager)

    assert "Schreiben Sie, warum" in browser.post(url(case), {"text": " "}).content.decode()
    for _ in range(2):
        assert browser.post(url(case), {"text": REASON}).url == case.get_absolute_url()

    assert case.events.filter(kind=CaseEventKind.TAKEN_OVER, actor=world.manager).count() == 1
    assert permissions.is_requester_side(world.person("manager"), case)
    assert browser.get(case.get_absolute_url()).status_code == 200
    author = signed_in(world.requester)
    page = author.get(case.get_absolute_url()).content.decode()
    assert REASON in page
    assert "Von der Organisationsverwaltung übernommen" in page
    mail = OutgoingMail.objects.get(kind="consulting.case_taken_over", user=world.requester)
    for secret in (REASON, case.title):
        assert secret not in f"{mail.subject} {mail.body}"


@pytest.mark.parametrize("state", [CaseState.DECLINED, CaseState.WITHDRAWN, CaseState.DUPLICATE])
def test_ended_request_is_told_and_the_reason_kept(
    world: World, signed_in: Browser, state: CaseState
) -> None:
    case = world.case(state)

    page = signed_in(world.manager).post(url(case), {"text": REASON}).content.decode()

    assert "nichts zu übernehmen" in page
    assert REASON in page
    assert not permissions.is_requester_side(world.person("manager"), case)


def test_drafts_and_unconfirmed_authors_are_hidden(world: World, signed_in: Browser) -> None:
    browser = signed_in(world.manager)
    assert browser.get(url(world.case(CaseState.DRAFT))).status_code == 404
    case = world.case(CaseState.SUBMITTED)
    Membership.objects.filter(user=world.requester).update(
        state=MembershipState.PENDING, confirmed_at=None
    )
    assert browser.post(url(case), {"text": REASON}).status_code == 404


def test_request_of_somebody_who_left_is_taken_over(world: World) -> None:
    case = world.case(CaseState.IN_PROGRESS)
    Membership.objects.filter(user=world.requester).update(state=MembershipState.ENDED)

    assert services.take_over(case_id=case.pk, actor=world.manager, reason=REASON)
    assert not OutgoingMail.objects.filter(user=world.requester).exists()


@pytest.mark.parametrize("visibility", [Visibility.ONLY_ME, Visibility.ORGANISATION])
def test_a_new_sharing_keeps_the_take_over_until_it_is_ended_by_name(
    world: World, signed_in: Browser, visibility: Visibility
) -> None:
    case = world.case(CaseState.IN_PROGRESS, title="Geheimer Titel")
    services.take_over(case_id=case.pk, actor=world.manager, reason=REASON)
    address = reverse("consulting:request_sharing", args=[case.public_id])
    author = signed_in(world.requester)
    assert "Übernahme beenden" in author.get(address).content.decode()

    author.post(address, {"visibility": visibility})
    assert permissions.is_requester_side(world.person("manager"), ConsultingRequest.objects.get())
    assert not OutgoingMail.objects.filter(kind="consulting.take_over_ended").exists()

    for _ in range(2):
        author.post(address, {"visibility": visibility, "released": world.manager.public_id})
    assert not permissions.is_requester_side(
        world.person("manager"), ConsultingRequest.objects.get()
    )
    assert case.events.filter(kind=CaseEventKind.TAKE_OVER_ENDED).count() == 1
    mail = OutgoingMail.objects.get(kind="consulting.take_over_ended", user=world.manager)
    assert str(case.reference) in mail.subject
    assert case.title not in mail.body
    assert "hat eine Übernahme" in author.get(case.get_absolute_url()).content.decode()
    assert "Übernahme beenden" not in author.get(address).content.decode()


def test_only_who_has_taken_over_can_be_released(world: World, signed_in: Browser) -> None:
    case = world.case(CaseState.IN_PROGRESS)
    services.take_over(case_id=case.pk, actor=world.manager, reason=REASON)
    address = reverse("consulting:request_sharing", args=[case.public_id])
    data = {"visibility": Visibility.ONLY_ME, "released": world.stranger.public_id}

    assert "Wählen Sie Personen" in signed_in(world.requester).post(address, data).content.decode()
    services.share(
        case_id=case.pk,
        actor=world.requester,
        visibility=Visibility.SELECTED,
        released=[world.deputy],
    )
    assert case.participants.get(user=world.manager).has_taken_over
