"""Where two parts of consulting meet: what each of them alone does right."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from consulting import queues, services
from consulting.enums import CaseState, Topic, Visibility
from consulting.models import ConsultingRequest, Need
from consulting.portal import _may_still_read
from consulting.services.belonging import correct_author
from network.enums import MembershipState
from network.models import Membership
from osk_portal.accounts.models import User
from osk_portal.notifications.models import OutgoingMail
from osk_portal.pages import own_data
from tests.consulting.conftest import World
from tests.consulting.test_appointments import MONDAY, offered
from tests.consulting.test_links import url_in_mail
from tests.consulting.test_mail_waits import OTHER, receive
from tests.consulting.test_recording import record
from tests.consulting.test_relations import case, relate, signed_in, target  # noqa: F401 # fixtures
from tests.factories import MembershipFactory, OrganisationFactory
from tests.sandbox.factories import BookingFactory

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


def strict(user: User) -> Client:
    """A browser that checks where a form comes from."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.get(pk=user.pk), backend=BACKEND)
    return client


def token_of(page: str, action: str = "") -> dict[str, str]:
    form = re.search(rf'<form[^>]*action="{re.escape(action)}.*?</form>', page, re.DOTALL)
    found = re.search(
        r'name="csrfmiddlewaretoken" value="([^"]+)"', form[0] if form and action else page
    )
    return {"csrfmiddlewaretoken": found[1]} if found else {}


def test_linking_and_unlinking_two_requests_can_be_sent(world, case, target):  # noqa: F811
    browser = strict(world.advisor)
    url = queues.step_url(case, "merge")
    sent = {"version": case.version, "target": target.reference}
    page = browser.post(url, {**sent, **token_of(browser.get(url).text)}).text
    address = reverse(
        "admin:consulting_consultingrequest_relate", args=[case.public_id, target.public_id]
    )
    assert browser.post(address, token_of(page, address)).status_code == 302
    relation = relate(world, case, target)
    end = reverse("admin:consulting_consultingrequest_relation_end", args=[relation.public_id])
    page = browser.get(queues.case_url(case)).text
    assert browser.post(end, token_of(page, end)).status_code == 302


def test_who_takes_a_need_over_reads_nothing_of_the_request(world: World) -> None:
    hidden = world.case(
        CaseState.IN_PROGRESS, title="Geheimer Falltitel", visibility=Visibility.ONLY_ME
    )
    need = Need.objects.create(
        case=hidden,
        organisation=world.authority,
        author=world.requester,
        title="Formulare",
        text="x",
    )
    services.hand_over_need(
        need_id=need.pk, person=world.requester, successor=world.colleague, actor=world.requester
    )
    browser = signed_in(world.colleague)
    pages = [
        browser.get(reverse("consulting:need_edit", args=[need.public_id])),
        browser.get(need.get_absolute_url()),
    ]
    for page in pages:
        assert page.status_code == 200
        assert hidden.title not in page.text
        assert hidden.reference not in page.text
        assert hidden.get_absolute_url() not in page.text


def test_a_deputy_who_deletes_the_account_is_missed(world: World) -> None:
    one = world.case(CaseState.IN_PROGRESS)
    own_data.end_account(user_id=world.deputy.pk)
    assert one.events.filter(kind="deputy_left").count() == 1
    assert OutgoingMail.objects.filter(kind="consulting.case_deputy", user=world.requester).exists()


def test_test_environments_stay_with_their_authority(world: World) -> None:
    one = world.case(CaseState.SUBMITTED)
    one.participants.all().delete()
    Membership.objects.filter(user=world.requester).update(
        state=MembershipState.PENDING, confirmed_at=None
    )
    booking = BookingFactory(organisation=world.authority, booked_by=world.manager)
    services.link_booking(case_id=one.pk, actor=world.advisor, booking=booking)
    right = OrganisationFactory(authority=True)
    correct_author(case_id=one.pk, actor=world.advisor, organisation=right)
    one = ConsultingRequest.objects.get(pk=one.pk)
    assert (one.organisation, one.bookings.count()) == (right, 0)


def test_a_draft_for_another_authority_takes_no_test_environment_along(world: World) -> None:
    other = OrganisationFactory(authority=True)
    MembershipFactory(user=world.requester, organisation=other)
    booking = BookingFactory(organisation=other, booked_by=world.requester)
    content = {
        "kind": "question", "title": "t", "description": "d", "topics": ["operation"], "phase": "idea",
        "organisation": world.authority,
    }  # fmt: skip
    person = world.person("requester")
    draft = services.create_draft(actor=person, values=content, bookings=[booking])
    services.share(case_id=draft.pk, actor=person, visibility=Visibility.ORGANISATION)
    services.submit(case_id=draft.pk, actor=person)
    draft.refresh_from_db()
    assert (draft.state, draft.bookings.count()) == (CaseState.SUBMITTED, 0)


def test_choosing_no_appointment_by_the_link_says_so(
    world: World, client: Client, clock: Any
) -> None:
    clock.move_to(MONDAY)
    recorded = record(world)
    services.assign(case_id=recorded.pk, actor=world.advisor, assignee=world.advisor)
    recorded.refresh_from_db()
    offered(world, recorded)
    link = url_in_mail()
    assert 'name="pick"' in client.get(link).text
    page = client.post(link, {"pick": "1"})
    assert page.status_code == 422
    assert "Wählen Sie einen der Termine" in page.text


def test_of_a_confidential_request_a_waiting_mail_names_the_reference_only(
    world: World, settings: Any
) -> None:
    settings.OSK_REPLY_ADDRESS = "antwort@osk.example"
    secret = world.case(
        CaseState.IN_PROGRESS, topics=[Topic.PROCUREMENT], procedure_state="running"
    )
    receive(world, secret, sender=OTHER)
    mail = OutgoingMail.objects.filter(kind="consulting.staff_mail_waits").first()
    assert mail is not None
    assert secret.is_confidential
    assert secret.reference in mail.body
    assert world.authority.name not in mail.body


def test_the_end_of_a_take_over_is_delivered(world: World) -> None:
    one = world.case(CaseState.IN_PROGRESS, visibility=Visibility.ONLY_ME)
    services.take_over(case_id=one.pk, actor=world.person("manager"), reason="x")
    services.share(
        case_id=one.pk,
        actor=world.person("requester"),
        visibility=Visibility.ONLY_ME,
        released=[world.manager],
    )
    mail = OutgoingMail.objects.get(kind="consulting.take_over_ended", user=world.manager)
    assert _may_still_read(mail.user_id, mail.kind, mail.subject_key)
