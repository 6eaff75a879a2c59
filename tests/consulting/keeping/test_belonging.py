"""Confirm, correct or refuse where the author belongs, in the case."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from consulting import permissions, queues, services
from consulting.enums import CaseEventKind, CaseState, Visibility
from consulting.models import ConsultingRequest
from network.enums import MembershipState
from network.models import Membership, Organisation
from osk_portal.accounts.models import User
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.consulting.conftest import World
from tests.factories import MembershipFactory, OrganisationFactory

pytestmark = pytest.mark.django_db

Browser = Callable[[User], Client]
STEPS = ("confirm", "refuse", "correct")


@pytest.fixture
def case(world: World) -> ConsultingRequest:
    """Sent by somebody whose membership waits for a word."""
    case = world.case(CaseState.IN_PROGRESS, visibility=Visibility.ORGANISATION)
    Membership.objects.filter(user=world.requester).update(
        state=MembershipState.PENDING, confirmed_at=None
    )
    return case


@pytest.fixture
def right() -> Organisation:
    return OrganisationFactory(authority=True, name="Senatsverwaltung Richtig")


def url(case: ConsultingRequest, step: str) -> str:
    return reverse(f"admin:consulting_consultingrequest_author_{step}", args=[case.public_id])


def membership(world: World, organisation: Organisation | None = None) -> Membership:
    return Membership.objects.filter(
        user=world.requester, organisation=organisation or world.authority
    ).latest("pk")


def test_who_may(case: ConsultingRequest, world: World, signed_in: Browser) -> None:
    for role in ("requester", "manager", "stranger", "operator"):
        for step in STEPS:
            status = signed_in(world.person(role)).post(url(case, step), {"version": 1}).status_code
            assert status in (302, 403), (role, step)
    own = world.case(CaseState.SUBMITTED, author=world.advisor)
    for step in STEPS:
        assert signed_in(world.advisor).post(url(own, step), {"version": 1}).status_code == 403
        assert "/konto/" in Client().post(url(case, step))["Location"]
    with pytest.raises(PermissionDenied):
        services.confirm_author(case_id=case.pk, actor=world.manager)
    assert membership(world).state == MembershipState.PENDING
    draft = world.case(CaseState.DRAFT)
    assert signed_in(world.advisor).post(url(draft, "confirm"), {"version": 1}).status_code == 404


def test_confirm(case: ConsultingRequest, world: World, signed_in: Browser) -> None:
    browser = signed_in(world.advisor)
    page = browser.get(queues.case_url(case)).content.decode()
    for label in ("Zugehörigkeit bestätigen", "Behörde berichtigen", "Zugehörigkeit ablehnen"):
        assert label in page
    assert world.requester.email in page
    assert browser.get(url(case, "confirm")).status_code == 405
    for _ in range(2):
        form = {"version": case.version}
        assert browser.post(url(case, "confirm"), form)["Location"] == queues.case_url(case)
    assert membership(world).state == MembershipState.ACTIVE
    assert (
        case.events.filter(kind=CaseEventKind.MEMBERSHIP_CONFIRMED, actor=world.advisor).count()
        == 1
    )
    assert OutgoingMail.objects.filter(kind="network.membership_confirmed").count() == 1
    assert "Zugehörigkeit bestätigen" not in browser.get(queues.case_url(case)).content.decode()
    assert permissions.may_read(world.person("colleague"), ConsultingRequest.objects.get())
    assert browser.get(url(case, "correct"))["Location"] == queues.case_url(case)


def test_refuse_then_correct(
    case: ConsultingRequest, world: World, signed_in: Browser, right: Organisation
) -> None:
    browser = signed_in(world.advisor)
    assert browser.post(url(case, "refuse"), {"version": case.version}).status_code == 302
    assert membership(world).state == MembershipState.REFUSED
    page = browser.get(queues.case_url(case)).content.decode()
    assert "wurde abgelehnt" in page
    assert "Zugehörigkeit bestätigen" not in page
    assert not permissions.may_read(world.person("colleague"), ConsultingRequest.objects.get())
    form = {"version": case.version, "organisation": right.slug}
    assert browser.post(url(case, "correct"), form).status_code == 302
    assert membership(world, right).state == MembershipState.ACTIVE


def test_correct_moves_the_case_and_keeps_the_promise(
    case: ConsultingRequest, world: World, signed_in: Browser, right: Organisation
) -> None:
    member = MembershipFactory(organisation=right).user
    promises = (case.first_response_due_on, case.answer_due_on, case.state, case.reference)
    browser = signed_in(world.advisor)
    form = {"version": case.version, "organisation": right.slug}
    for wrong in ("", "gibt-es-nicht", OrganisationFactory().slug):
        assert (
            browser.post(url(case, "correct"), {**form, "organisation": wrong}).status_code == 422
        )
    stale = browser.post(url(case, "correct"), {**form, "version": 0})
    assert stale.status_code == 409
    assert "selected" in stale.content.decode()
    for _ in range(2):
        assert browser.post(url(case, "correct"), form)["Location"] == queues.case_url(case)

    case = ConsultingRequest.objects.get(pk=case.pk)
    assert case.organisation == right
    assert (case.first_response_due_on, case.answer_due_on, case.state, case.reference) == promises
    event = case.events.get(kind=CaseEventKind.ORGANISATION_CORRECTED)
    assert event.data == {"from_organisation": world.authority.pk, "to_organisation": right.pk}
    assert membership(world).state == MembershipState.REFUSED
    assert membership(world, right).state == MembershipState.ACTIVE
    mail = OutgoingMail.objects.get(kind="consulting.organisation_corrected")
    assert (mail.user, "Senatsverwaltung Richtig" in mail.body) == (world.requester, True)
    for person in (
        world.person("deputy"),
        world.person("writer"),
        world.person("colleague"),
        member,
    ):
        assert not permissions.may_read(person, case), person
        assert not ConsultingRequest.objects.visible_to(person).exists()
    assert permissions.may_read(world.person("requester"), case)
    assert not permissions.is_membership_open(case)
    page = signed_in(world.requester).get(case.get_absolute_url()).content.decode()
    assert "Behörde berichtigt" in page


def test_a_confirmed_author_is_not_moved(world: World, right: Organisation) -> None:
    case = world.case(CaseState.IN_PROGRESS)
    for act in (services.confirm_author, services.refuse_author):
        with pytest.raises(TransitionNotAllowed):
            act(case_id=case.pk, actor=world.advisor)
    with pytest.raises(TransitionNotAllowed):
        services.correct_author(case_id=case.pk, actor=world.advisor, organisation=right)
    case.refresh_from_db()
    assert case.organisation == world.authority
