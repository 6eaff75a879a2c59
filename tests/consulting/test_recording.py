"""Recording a request for somebody: person, membership, case, receipt; and how the person signs up later."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client

from consulting import queues, services
from consulting.enums import CaseEventKind, CaseState, Channel, Phase, RequestKind, Topic, Urgency
from consulting.models import ConsultingRequest
from network.enums import MembershipState
from network.models import Membership, OrganisationDomain
from osk_portal.accounts.models import User
from osk_portal.accounts.services import create_person
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock
from osk_portal.toolkit.clock import BERLIN
from tests.consulting.conftest import ROLES, World
from tests.consulting.views.conftest import HOSTILE
from tests.factories import MembershipFactory, OrganisationFactory, UserFactory, staff

PASSWORD = "vier-lange-Woerter-hier"
EMAIL = "robin.ruf@bezirk.example"


def record(world: World, **changes: Any) -> ConsultingRequest:
    arguments: dict[str, Any] = {
        "actor": world.advisor,
        "channel": Channel.PHONE,
        "person_name": "Robin Ruf",
        "person_email": EMAIL,
        "organisation": world.authority,
        "kind": RequestKind.QUESTION,
        "title": "Welche Terminvergabe?",
        "description": "Wir suchen eine Terminvergabe.",
        "topics": [Topic.REUSE],
        "phase": Phase.PLANNING,
    }
    return services.record_request(**{**arguments, **changes})


def sign_up(client: Client, **changes: str) -> Any:
    data = {"name": "Robin R.", "email": EMAIL, "password1": PASSWORD, "website": ""}
    return client.post("/konto/signup/", {**data, **changes})


def test_an_unknown_person_gets_a_case_and_no_way_in(world: World) -> None:
    case = record(world)

    case.refresh_from_db()
    assert case.state == CaseState.SUBMITTED
    assert case.reference
    assert case.first_response_due_on
    assert case.answer_due_on
    person = case.author
    assert (person.email, person.name, person.is_staff) == (EMAIL, "Robin Ruf", False)
    assert not person.has_usable_password()
    assert not EmailAddress.objects.filter(user=person).exists()
    event = case.events.get()
    assert (event.kind, event.actor) == (CaseEventKind.SUBMITTED, world.advisor)
    assert event.data == {"channel": "phone"}
    assert event.label == "Vom OSK erfasst: Telefon"
    assert person.memberships.get().state == MembershipState.PENDING
    receipt = OutgoingMail.objects.get(kind="consulting.request_recorded")
    assert receipt.address == EMAIL
    assert case.reference in receipt.subject
    assert world.advisor.name in receipt.text
    assert case.description not in receipt.text
    told = OutgoingMail.objects.filter(kind="consulting.staff_new")
    assert world.advisor.email not in told.values_list("address", flat=True)


@pytest.mark.parametrize("role", ROLES)
def test_only_advisors_record(world: World, role: str) -> None:
    if role in ("advisor", "other_advisor", "lead"):
        assert record(world, actor=world.person(role)).reference
        return
    with pytest.raises(PermissionDenied):
        record(world, actor=world.person(role))
    assert not ConsultingRequest.objects.exists()
    assert not User.objects.filter(email=EMAIL).exists()


def test_a_known_domain_makes_the_membership_active(world: World) -> None:
    OrganisationDomain.objects.create(organisation=world.authority, domain="bezirk.example")

    case = record(world)

    membership = case.author.memberships.get()
    assert membership.state == MembershipState.ACTIVE
    assert membership.events.get().actor == world.advisor


def test_the_domain_of_another_authority_proves_nothing(world: World) -> None:
    other = OrganisationFactory(authority=True)
    OrganisationDomain.objects.create(organisation=other, domain="bezirk.example")

    assert record(world).author.memberships.get().state == MembershipState.PENDING


@pytest.mark.parametrize("state", [MembershipState.REFUSED, MembershipState.ENDED])
def test_an_earlier_decision_is_not_overruled(world: World, state: MembershipState) -> None:
    OrganisationDomain.objects.create(organisation=world.authority, domain="bezirk.example")
    person = create_person(email=EMAIL, name="Robin", password=PASSWORD)
    MembershipFactory(user=person, organisation=world.authority, state=state)

    case = record(world, said_at=case_day())

    assert person.memberships.latest("pk").state == MembershipState.PENDING
    assert ConsultingRequest.objects.visible_to(person).get() == case


def case_day() -> datetime:
    from osk_portal.toolkit import clock

    return clock.now() - timedelta(days=3)


def test_a_suspended_member_is_refused_with_a_reason(world: World) -> None:
    person = create_person(email=EMAIL, name="Robin", password=PASSWORD)
    MembershipFactory(user=person, organisation=world.authority, state=MembershipState.SUSPENDED)

    with pytest.raises(services.NotRecordable) as refusal:
        record(world)

    assert refusal.value.field == "organisation"
    assert not ConsultingRequest.objects.exists()


def test_an_existing_account_keeps_name_and_password(world: World) -> None:
    person = create_person(email=EMAIL, name="Robin Rufname", password=PASSWORD)
    MembershipFactory(user=person, organisation=world.authority)

    case = record(world, person_email=f" {EMAIL.upper()} ")

    person.refresh_from_db()
    assert case.author == person
    assert person.name == "Robin Rufname"
    assert person.check_password(PASSWORD)
    assert person.memberships.count() == 1


def test_locked_accounts_and_unentitled_organisations_are_refused(world: World) -> None:
    UserFactory(email=EMAIL, is_active=False)
    with pytest.raises(services.NotRecordable) as refusal:
        record(world)
    assert refusal.value.field == "person_email"
    with pytest.raises(services.NotRecordable) as refusal:
        record(world, person_email="b@c.example", organisation=OrganisationFactory())
    assert refusal.value.field == "organisation"
    with pytest.raises(ValueError, match="portal"):
        record(world, channel=Channel.WEB)


def test_the_promises_count_from_the_day_of_the_call(world: World, clock: Any) -> None:
    clock.move_to(datetime(2026, 11, 25, 10, 0, tzinfo=BERLIN))
    today = record(world)
    said = datetime(2026, 11, 23, 23, 30, tzinfo=BERLIN)
    earlier = record(world, said_at=said)

    assert earlier.submitted_at == said
    assert earlier.answer_due_on < today.answer_due_on  # type: ignore[operator] # both have promises
    with pytest.raises(services.NotRecordable) as refusal:
        record(world, said_at=datetime(2026, 11, 25, 10, 1, tzinfo=BERLIN))
    assert refusal.value.field == "said_at"


def test_sent_twice_it_is_one_case(world: World) -> None:
    request_id = uuid4()

    assert record(world, request_id=request_id) == record(world, request_id=request_id)

    assert ConsultingRequest.objects.count() == 1
    assert OutgoingMail.objects.filter(kind="consulting.request_recorded").count() == 1


def test_the_id_of_somebody_elses_request_makes_a_new_one(world: World) -> None:
    theirs = world.case()

    assert record(world, request_id=theirs.public_id) != theirs


@pytest.mark.django_db(transaction=True)
def test_the_same_form_twice_at_once_is_one_case(world: World) -> None:
    request_id = uuid4()
    start = threading.Barrier(2)
    found: list[int] = []

    def run() -> None:
        start.wait(timeout=10)
        found.append(record(world, request_id=request_id).pk)
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    assert len(found) == 2
    assert len(set(found)) == 1
    assert User.objects.filter(email=EMAIL).count() == 1
    assert Membership.objects.filter(user__email=EMAIL).count() == 1


def test_procurement_is_confidential(world: World) -> None:
    case = record(world, topics=[Topic.PROCUREMENT])

    assert case.is_confidential
    assert case.title not in OutgoingMail.objects.get(kind="consulting.request_recorded").text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(world: World, client: Client, text: str) -> None:
    case = record(world, title=text[:200], description=text, person_name=text[:200])
    client.force_login(world.advisor, backend="django.contrib.auth.backends.ModelBackend")

    page = client.get(queues.case_url(case))

    assert page.status_code == 200
    assert "<script>alert(1)" not in page.text


# Signing up afterwards


def test_sign_up_takes_the_recorded_person_over(world: World, client: Client, code: Any) -> None:
    case = record(world)

    assert sign_up(client)["Location"] == "/konto/confirm-email/"
    assert client.get(case.get_absolute_url()).status_code == 302  # nobody is in yet
    client.post("/konto/confirm-email/", {"code": code()})

    assert client.get(case.get_absolute_url()).status_code == 200
    person = User.objects.get(email=EMAIL)
    assert person == case.author
    assert person.name == "Robin Ruf"
    assert person.check_password(PASSWORD)
    assert EmailAddress.objects.get(user=person).verified


def test_sign_up_after_the_domain_was_known_stays_active(
    world: World, client: Client, code: Any
) -> None:
    OrganisationDomain.objects.create(organisation=world.authority, domain="bezirk.example")
    case = record(world)
    sign_up(client)
    client.post("/konto/confirm-email/", {"code": code()})

    assert case.author.memberships.get().state == MembershipState.ACTIVE


def test_whoever_types_the_address_cannot_move_it_to_the_own_one(
    world: World, client: Client, code: Any
) -> None:
    record(world)
    sign_up(client)

    page = client.post(
        "/konto/confirm-email/", {"action": "change", "email": "angreifer@evil.example"}
    )

    assert page.status_code == 200
    assert 'value="change"' not in page.text  # not offered, as for an existing account
    assert User.objects.get(email=EMAIL)
    assert not User.objects.filter(email="angreifer@evil.example").exists()


def test_a_sign_up_that_was_waiting_for_its_code_loses_the_row(
    world: World, client: Client
) -> None:
    sign_up(client, name="Nicht Robin")
    case = record(world)

    person = User.objects.get(email=EMAIL)
    assert case.author == person
    assert person.name == "Robin Ruf"
    assert not person.has_usable_password()
    client.post("/konto/confirm-email/", {"action": "change", "email": "angreifer@evil.example"})
    assert not User.objects.filter(email="angreifer@evil.example").exists()
    answer = Client().post("/konto/login/", {"login": EMAIL, "password": PASSWORD})
    assert answer.status_code == 200  # the form again


def test_the_second_to_sign_up_is_told_that_there_is_an_account(
    world: World, client: Client
) -> None:
    record(world)
    sign_up(client, password1="ein-anderes-langes-Wort")

    sign_up(Client())

    assert OutgoingMail.objects.filter(kind="account.account_already_exists").exists()
    assert User.objects.get(email=EMAIL).check_password("ein-anderes-langes-Wort")


def test_staff_without_a_confirmed_address_are_not_touched(world: World) -> None:
    colleague = staff("advisor", email=EMAIL)

    record(world)

    colleague.refresh_from_db()
    assert colleague.has_usable_password()


def test_an_early_wish_is_marked_as_urgent_and_the_leitung_hears_of_it(world: World) -> None:
    tomorrow = clock.today() + timedelta(days=1)
    case = record(world, wished_on=tomorrow, urgency_reason="Beschluss des Bezirksamts")
    late = clock.today() + timedelta(days=90)

    case.refresh_from_db()
    assert (case.urgency, case.urgency_reason) == (Urgency.WISHED, "Beschluss des Bezirksamts")
    assert OutgoingMail.objects.filter(kind="consulting.staff_urgent", user=world.lead).exists()
    for wish in (None, late):
        with pytest.raises(services.NotRecordable) as refused:
            record(world, wished_on=wish, urgency_reason="Bitte schnell")
        assert refused.value.field == "urgent"
    assert not ConsultingRequest.objects.exclude(pk=case.pk).exists()
    assert record(world, wished_on=tomorrow).urgency == Urgency.NORMAL
