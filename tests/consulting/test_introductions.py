"""Two authorities meet when both have agreed, and not a word before (product.md 1.6, Synergy)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from consulting import services
from consulting.enums import CaseState, IntroductionState, SideState, Topic
from consulting.models import CaseEvent, ConsultingRequest, Introduction, IntroductionSide
from consulting.services.introductions import end_introductions
from network.models import Membership
from osk_portal import portal
from osk_portal.accounts.models import User
from osk_portal.notifications.models import Notification, OutgoingMail
from osk_portal.toolkit import clock as portal_clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.consulting.conftest import World
from tests.consulting.factories import case_in
from tests.consulting.views.conftest import signed_in  # noqa: F401 # a fixture
from tests.factories import MembershipFactory, OrganisationFactory

pytestmark = pytest.mark.django_db

Browser = Callable[[User], Client]
TEXT = "Beide planen eine Terminvergabe."


@pytest.fixture
def other(world: World) -> ConsultingRequest:
    """A case of another authority, whose every word is a secret to the first one."""
    organisation = OrganisationFactory(authority=True, name="Amt für Geheimes")
    author = MembershipFactory(organisation=organisation, user__name="Uli Verborgen").user
    case: ConsultingRequest = case_in(
        CaseState.IN_PROGRESS,
        assignee=world.advisor,
        organisation=organisation,
        author=author,
        title="Geheimtitel der anderen",
        description="Geheimtext der anderen",
    )
    return case


def propose(world: World, other: ConsultingRequest, **fields: Any) -> tuple[IntroductionSide, ...]:
    """The two sides: of the world's authority, and of the other one."""
    case = world.case(CaseState.IN_PROGRESS, **fields)
    introduction = services.propose_introduction(
        case_id=case.pk, other_id=other.pk, actor=world.other_advisor, text=TEXT
    )
    mine = introduction.sides.get(case=case)
    return mine, introduction.sides.get(case=other)


def secrets_of(case: ConsultingRequest) -> list[str]:
    assert case.organisation is not None
    return [
        str(case.reference),
        str(case.public_id),
        case.title,
        case.organisation.name,
        str(case.author.name),
        case.author.email,
        "Das geben wir frei",
    ]


def seen_by(browser: Client, user: User, *addresses: str) -> str:
    """Every page, mail, message and task that ``user`` gets to see."""
    pages = [browser.get(address, follow=True).content.decode() for address in addresses]
    mails = [f"{m.subject} {m.body}" for m in OutgoingMail.objects.filter(user=user)]
    inbox = [f"{n.subject} {n.text} {n.url}" for n in Notification.objects.filter(user=user)]
    area = portal.my_areas.get("consulting")
    assert area is not None
    return "\n".join([*pages, *mails, *inbox, *map(str, area.tasks(user))])


def test_neither_learns_of_the_other_before_both_agree(
    world: World,
    other: ConsultingRequest,
    signed_in: Browser,  # noqa: F811 # a fixture
) -> None:
    mine, theirs = propose(world, other)
    here, there = signed_in(world.requester), signed_in(other.author)
    addresses = (
        mine.get_absolute_url(),
        mine.case.get_absolute_url(),
        "/mein/",
        "/suche/?q=Geheimtitel",
    )

    def leaks() -> list[str]:
        text = seen_by(here, world.person("requester"), *addresses)
        return [secret for secret in secrets_of(other) if secret in text]

    assert leaks() == []
    assert "eine andere Behörde" in seen_by(here, world.requester)
    agree = reverse("consulting:introduction_agree", args=[theirs.public_id])
    before = Notification.objects.filter(user=world.requester).count()
    assert there.post(agree, {"released": "Das geben wir frei"}).status_code == 302
    assert Notification.objects.filter(user=world.requester).count() == before
    assert leaks() == []
    theirs.introduction.refresh_from_db()
    assert theirs.introduction.state == IntroductionState.HALF

    own = reverse("consulting:introduction_agree", args=[mine.public_id])
    assert here.post(own, {"released": "Wir haben 200 Plätze"}).status_code == 302
    page = here.get(mine.get_absolute_url()).content.decode()
    for shown in ("Amt für Geheimes", "Uli Verborgen", other.author.email, "Das geben wir frei"):
        assert shown in page
    assert "Geheimtext" not in page
    assert "Geheimtitel" not in page
    page = there.get(theirs.get_absolute_url()).content.decode()
    for shown in (world.authority.name, "Alex Muster", "Wir haben 200 Plätze"):
        assert shown in page
    mails = " ".join(OutgoingMail.objects.values_list("body", flat=True))
    assert "Das geben wir frei" not in mails
    assert "200 Plätze" not in mails
    kinds = list(mine.case.events.values_list("kind", flat=True))
    assert kinds == ["introduction_asked", "introduction_agreed", "introduced"]
    assert Notification.objects.filter(
        user=world.other_advisor, kind="consulting.staff_introduction"
    ).exists()
    for user in (world.requester, other.author):
        assert Notification.objects.filter(user=user, kind="consulting.introduction_made").exists()


@pytest.mark.parametrize("how", ["refused", "called off", "late", "confidential", "withdrawn"])
def test_what_comes_to_nothing_says_the_same_and_keeps_nothing(
    world: World,
    other: ConsultingRequest,
    signed_in: Browser,  # noqa: F811 # a fixture
    clock: Any,
    how: str,
) -> None:
    mine, theirs = propose(world, other)
    services.agree_to_introduction(
        side_id=mine.pk, actor=world.person("writer"), released="Unser Text"
    )
    if how == "refused":
        services.refuse_introduction(side_id=theirs.pk, actor=other.author)
        services.refuse_introduction(side_id=theirs.pk, actor=other.author)
    elif how == "called off":
        services.call_off_introduction(introduction_id=mine.introduction_id, actor=world.lead)
    elif how == "late":
        expires = mine.introduction.expires_on
        clock.move_to(portal_clock.now() + (expires - portal_clock.today()))
        assert end_introductions() == 0
        clock.move_to(portal_clock.now() + timedelta(days=1))
        assert end_introductions() == 1
    elif how == "confidential":
        ConsultingRequest.objects.filter(pk=other.pk).update(is_confidential=True)
        with pytest.raises(TransitionNotAllowed):
            services.agree_to_introduction(side_id=theirs.pk, actor=other.author, released="x")
        assert end_introductions() == 1
    else:
        services.withdraw(case_id=other.pk, actor=other.author)
        assert end_introductions() == 1
    assert end_introductions() == 0

    mine.refresh_from_db()
    assert (mine.state, mine.contact, mine.released) == (SideState.ASKED, None, "")
    assert not Introduction.objects.get().is_open
    page = signed_in(world.requester).get(mine.get_absolute_url()).content.decode()
    assert "kommt nicht zustande" in page
    assert "abgelehnt" not in page
    over = Notification.objects.filter(user=world.requester, kind="consulting.introduction_over")
    assert over.count() == 1
    late = {"side_id": mine.pk, "actor": world.person("writer")}
    with pytest.raises(TransitionNotAllowed):
        services.agree_to_introduction(**late, released="Zu spät")


def test_consent_is_taken_back_without_a_trace(world: World, other: ConsultingRequest) -> None:
    mine, theirs = propose(world, other)
    actor = world.person("requester")
    for _twice in range(2):
        services.agree_to_introduction(side_id=mine.pk, actor=actor, released="Unser Text")
    for _twice in range(2):
        services.take_back_consent(side_id=mine.pk, actor=actor)
    mine.refresh_from_db()
    assert (mine.state, mine.released, mine.introduction.state) == ("asked", "", "asked")
    services.agree_to_introduction(side_id=theirs.pk, actor=other.author, released="Das andere")
    assert Introduction.objects.get().state == IntroductionState.HALF
    services.agree_to_introduction(side_id=mine.pk, actor=actor, released="Doch")
    with pytest.raises(TransitionNotAllowed):
        services.take_back_consent(side_id=mine.pk, actor=actor)
    assert CaseEvent.objects.filter(kind="introduced").count() == 2


def test_ladder_of_the_side_pages(
    world: World,
    other: ConsultingRequest,
    signed_in: Browser,  # noqa: F811 # a fixture
) -> None:
    mine, theirs = propose(world, other)
    pages = {
        name: reverse(f"consulting:{name}", args=[mine.public_id])
        for name in ("introduction_agree", "introduction_refuse", "introduction_take_back")
    }
    for url in (mine.get_absolute_url(), *pages.values()):
        assert Client().get(url).status_code == 302
        for role, expected in (("stranger", 404), ("colleague", 404), ("reader", 403)):
            browser = signed_in(world.person(role))
            assert browser.post(url).status_code in (expected, 405), (url, role)
    assert signed_in(other.author).get(mine.get_absolute_url()).status_code == 404
    assert signed_in(world.advisor).get(mine.get_absolute_url()).status_code == 404
    here = signed_in(world.deputy)
    for url in pages.values():
        assert here.get(url).status_code == 405
    empty = here.post(pages["introduction_agree"], {"released": " "})
    assert empty.status_code == 422
    assert "Schreiben Sie, was die andere Stelle lesen darf." in empty.content.decode()
    services.call_off_introduction(introduction_id=mine.introduction_id, actor=world.advisor)
    late = here.post(pages["introduction_agree"], {"released": "<b>Mühsam</b> getippt"})
    assert late.status_code == 409
    assert "&lt;b&gt;Mühsam&lt;/b&gt; getippt" in late.content.decode()
    assert theirs.case.events.filter(kind="introduction_ended").exists()
    for role in ("reader", "colleague", "stranger", "advisor"):
        with pytest.raises(PermissionDenied):
            services.refuse_introduction(side_id=mine.pk, actor=world.person(role))


@pytest.mark.parametrize(
    "why", ["confidential", "declined", "draft", "same", "unconfirmed", "author left"]
)
def test_who_cannot_be_introduced(world: World, other: ConsultingRequest, why: str) -> None:
    case = world.case(CaseState.IN_PROGRESS)
    if why == "confidential":
        ConsultingRequest.objects.filter(pk=other.pk).update(
            topics=[Topic.PROCUREMENT], is_confidential=True
        )
    elif why == "declined":
        services.decline(case_id=other.pk, actor=world.lead, reason="Nein", referral="Dort")
    elif why == "draft":
        other = world.case(CaseState.DRAFT)
    elif why == "same":
        other = world.case(CaseState.ASSIGNED)
    elif why == "unconfirmed":
        Membership.objects.filter(user=other.author).update(state="pending", confirmed_at=None)
    else:
        Membership.objects.filter(user=other.author).update(state="ended")
    for one, two in ((case, other), (other, case)):
        with pytest.raises(TransitionNotAllowed):
            services.propose_introduction(
                case_id=one.pk, other_id=two.pk, actor=world.advisor, text=TEXT
            )
    assert not Introduction.objects.exists()


def test_staff_page_refuses_names_and_proposes_once(
    world: World,
    other: ConsultingRequest,
    signed_in: Browser,  # noqa: F811 # a fixture
) -> None:
    case = world.case(CaseState.IN_PROGRESS, title="Geheimtitel einer Terminvergabe")
    url = reverse(
        "admin:consulting_consultingrequest_introduce", args=[case.public_id, other.public_id]
    )
    for role in ("requester", "operator"):
        assert signed_in(world.person(role)).post(url).status_code in (302, 403)
    at_work = signed_in(world.advisor)
    assert at_work.get(url).status_code == 200
    assert at_work.post(url, {"text": ""}).status_code == 422
    named = at_work.post(url, {"text": "Das Amt für Geheimes plant etwas.", "is_checked": "on"})
    assert named.status_code == 422
    assert "muss weg" in named.content.decode() or "Amt für Geheimes" in named.content.decode()
    unsure = at_work.post(url, {"text": "Rufen Sie an: 030 1234567"})
    assert unsure.status_code == 422
    assert 'name="is_checked"' in unsure.content.decode()
    page = at_work.get(reverse("admin:consulting_consultingrequest_case", args=[case.public_id]))
    assert url in page.content.decode()
    for _twice in range(2):
        assert at_work.post(url, {"text": TEXT}).status_code == 302
    introduction = Introduction.objects.get()
    page = at_work.get(reverse("admin:consulting_consultingrequest_case", args=[case.public_id]))
    call_off = reverse(
        "admin:consulting_consultingrequest_introduction_call_off", args=[introduction.public_id]
    )
    assert call_off in page.content.decode()
    assert at_work.get(call_off).status_code == 405
    for _twice in range(2):
        assert at_work.post(call_off).status_code == 302
    introduction.refresh_from_db()
    assert introduction.state == IntroductionState.CALLED_OFF
    own = reverse(
        "admin:consulting_consultingrequest_introduce", args=[case.public_id, case.public_id]
    )
    assert at_work.get(own).status_code == 404
