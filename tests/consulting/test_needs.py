"""Wer hat dasselbe Problem? Inside the administration, and nowhere else (product.md 1.6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from consulting import services
from consulting.enums import CaseState, NeedState, Topic
from consulting.models import ConsultingRequest, Need
from network.models import Membership
from osk_portal import portal
from osk_portal.accounts.models import User
from osk_portal.notifications.models import Notification, OutgoingMail
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.consulting.conftest import World
from tests.consulting.views.conftest import HOSTILE, queries, signed_in  # noqa: F401 # a fixture
from tests.factories import MembershipFactory, OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db

Browser = Callable[[User], Client]
LIST = "/beratung/bedarfe/"


def publish(world: World, **fields: Any) -> Need:
    case = world.case(CaseState.IN_PROGRESS, title="Geheimtitel", description="Geheimtext")
    values = {"title": "Terminvergabe in Leichter Sprache", "text": "Wir suchen eine.", **fields}
    return services.publish_need(case_id=case.pk, actor=world.requester, **values)


def colleagues(number: int, **organisation: Any) -> list[User]:
    """People of as many other bodies of the administration."""
    return [
        MembershipFactory(organisation=OrganisationFactory(authority=True, **organisation)).user
        for _ in range(number)
    ]


def join(need: Need, person: User, **fields: Any) -> object:
    organisation = person.memberships.get().organisation
    return services.join_need(need_id=need.pk, actor=person, organisation=organisation, **fields)


def test_only_the_administration_reads_it(world: World, signed_in: Browser) -> None:  # noqa: F811 # a fixture
    need = publish(world)
    urls = (LIST, f"{LIST}?q=Termin", need.get_absolute_url())
    outside = [
        MembershipFactory(organisation=OrganisationFactory(company=True)).user,
        MembershipFactory(organisation=OrganisationFactory(kind="science")).user,
        MembershipFactory(state="pending").user,
        MembershipFactory(state="ended").user,
        UserFactory(),
        world.operator,
    ]
    for person in outside:
        browser = signed_in(person)
        for url in urls:
            assert browser.get(url).status_code == 404, (person, url)
        join_url = reverse("consulting:need_join", args=[need.public_id])
        assert browser.post(join_url).status_code == 404
        assert need.title not in browser.get("/suche/?q=Terminvergabe").content.decode()
        assert not Need.objects.visible_to(person).exists()
    for url in urls:
        assert Client().get(url).status_code == 302
    assert need.title not in Client().get("/suche/?q=Terminvergabe").content.decode()

    elsewhere = MembershipFactory(organisation=OrganisationFactory(other_land=True)).user
    for person in (world.stranger, elsewhere, world.colleague, world.advisor):
        browser = signed_in(person)
        assert need.title in browser.get("/suche/?q=Terminvergabe").content.decode()
        for url in urls:
            page = browser.get(url).content.decode()
            assert need.title in page
            case = need.case
            secrets = [case.title, case.description, str(case.reference), str(case.author.name)]
            shown = [secret for secret in secrets if secret in page.split("<main", 1)[1]]
            assert shown == []
            is_kind_only = world.authority.name not in page.split("<main", 1)[1]
            assert is_kind_only


def test_published_from_the_own_request(world: World, signed_in: Browser) -> None:  # noqa: F811 # a fixture
    case = world.case(CaseState.IN_PROGRESS, title="Neue Terminvergabe")
    url = reverse("consulting:need_new", args=[case.public_id])
    assert Client().get(url).status_code == 302
    for role, expected in (
        ("stranger", 404),
        ("colleague", 404),
        ("reader", 403),
        ("advisor", 404),
    ):
        assert signed_in(world.person(role)).get(url).status_code == expected, role
    mine = signed_in(world.requester)
    assert url in mine.get(case.get_absolute_url()).content.decode()
    assert url not in signed_in(world.reader).get(case.get_absolute_url()).content.decode()
    assert "Neue Terminvergabe" in mine.get(url).content.decode()
    typed = {"title": "Termine", "text": "Frag Alex Muster", "topics": [Topic.REUSE]}
    typed["shows_organisation"] = "kind"
    named = mine.post(url, typed)
    assert named.status_code == 422
    assert "ALEX MUSTER" in named.content.decode().upper()
    own = {**typed, "text": "Das Bezirksamt Musterbezirk sucht Termine"}
    assert mine.post(url, own).status_code == 422
    assert mine.post(url, {**own, "shows_organisation": "name"}).status_code == 302
    assert mine.post(url, {**own, "shows_organisation": "name"}).status_code == 302
    need = Need.objects.get()
    assert (need.published_by, need.topics) == (world.authority.name, [Topic.REUSE])
    assert case.events.filter(kind="need_published").count() == 1
    page = mine.get(case.get_absolute_url()).content.decode()
    assert need.get_absolute_url() in page


@pytest.mark.parametrize("why", ["confidential", "draft", "declined", "unconfirmed", "science"])
def test_nothing_is_published_from(world: World, why: str) -> None:
    state = {"draft": CaseState.DRAFT, "declined": CaseState.DECLINED}.get(
        why, CaseState.IN_PROGRESS
    )
    topics = [Topic.PROCUREMENT] if why == "confidential" else [Topic.REUSE]
    case = world.case(state, topics=topics)
    if why == "unconfirmed":
        Membership.objects.filter(user=world.requester).update(state="pending", confirmed_at=None)
    if why == "science":
        type(world.authority).objects.update(kind="science")
    with pytest.raises(TransitionNotAllowed):
        services.publish_need(case_id=case.pk, actor=world.requester, title="T", text="X")
    assert not Need.objects.exists()


def test_three_organisations_call_for_a_joint_step(
    world: World,
    signed_in: Browser,  # noqa: F811 # a fixture
) -> None:
    need = publish(world)
    people = colleagues(3)
    url = reverse("consulting:need_join", args=[need.public_id])
    for number, person in enumerate(people):
        browser = signed_in(person)
        assert browser.get(url).status_code == 405
        slug = person.memberships.get().organisation.slug
        contact = {"shows_contact": "on"} if number == 0 else {}
        for _twice in range(2):
            assert browser.post(url, {"organisation": slug, **contact}).status_code == 302
        told = Notification.objects.filter(kind="consulting.need_wanted")
        assert told.count() == (3 if number == 2 else 0)  # both advisors and the lead, once
    assert need.supports.count() == 3
    assert need.events.filter(kind="join").count() == 3
    assert list(Need.objects.awaiting_step()) == [need]

    first = people[0]
    for person, sees in (
        (people[1], True),
        (world.requester, True),
        (world.stranger, False),
        (world.colleague, False),
    ):
        page = signed_in(person).get(need.get_absolute_url()).content.decode()
        assert (first.email in page) is sees, person
        assert people[1].email not in page.split("<main", 1)[1]
    Membership.objects.filter(user=first).update(state="ended")
    page = signed_in(people[1]).get(need.get_absolute_url()).content.decode()
    assert first.email not in page

    at_work = signed_in(world.advisor)
    staff_page = reverse("admin:consulting_need_page", args=[need.public_id])
    step = reverse("admin:consulting_need_step", args=[need.public_id])
    assert "Gemeinsamer Schritt gefragt" in at_work.get(staff_page).content.decode()
    for role in ("requester", "operator"):
        assert signed_in(world.person(role)).post(step).status_code in (302, 403)
    need.refresh_from_db()
    bad = {"version": need.version, "text": "Treffen", "link": "javascript:alert(1)"}
    assert at_work.post(step, bad).status_code == 422
    stale = {"version": need.version - 1, "text": "Mühsam", "link": ""}
    answer = at_work.post(step, stale)
    assert answer.status_code == 409
    assert "Mühsam" in answer.content.decode()
    good = {
        "version": need.version,
        "text": "**Treffen** am Montag",
        "link": "https://example.org/",
    }
    assert at_work.post(step, good).status_code == 302
    told = set(
        Notification.objects.filter(kind="consulting.need_step").values_list("user", flat=True)
    )
    assert told == {
        people[1].pk,
        people[2].pk,
        world.requester.pk,
        world.writer.pk,
        world.deputy.pk,
    }
    assert "Treffen" not in " ".join(OutgoingMail.objects.values_list("body", flat=True))
    page = signed_in(people[1]).get(need.get_absolute_url()).content.decode()
    assert "<strong>Treffen</strong>" in page
    assert 'href="https://example.org/"' in page
    assert not Need.objects.awaiting_step().exists()


def test_joining_is_one_an_organisation_and_can_be_undone(
    world: World,
    signed_in: Browser,  # noqa: F811 # a fixture
) -> None:
    need = publish(world)
    person = world.stranger
    organisation = person.memberships.get().organisation
    colleague = MembershipFactory(organisation=organisation).user
    join(need, person, shows_contact=True)
    join(need, colleague, shows_contact=True)
    assert [s.person for s in need.supports.all()] == [person]
    for outsider in (
        world.requester,
        MembershipFactory(organisation=OrganisationFactory(company=True)).user,
    ):
        with pytest.raises((PermissionDenied, TransitionNotAllowed)):
            join(need, outsider)
    with pytest.raises(PermissionDenied):
        services.join_need(
            need_id=need.pk, actor=world.colleague, organisation=organisation, shows_contact=True
        )
    leave = reverse("consulting:need_leave", args=[need.public_id])
    assert (
        signed_in(world.colleague).post(leave, {"organisation": organisation.slug}).status_code
        == 403
    )
    for _twice in range(2):
        browser = signed_in(colleague)
        assert browser.post(leave, {"organisation": organisation.slug}).status_code == 302
    assert not need.supports.exists()
    assert need.events.filter(kind="leave").count() == 1
    join_url = reverse("consulting:need_join", args=[need.public_id])
    assert signed_in(world.colleague).post(join_url).status_code == 403
    forged = signed_in(person).post(join_url, {"organisation": world.authority.slug})
    assert forged.status_code == 422


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("solved", "sagt: Er ist gelöst."),
        ("withdrawn", "hat ihn zurückgezogen."),
        ("down", "Das OSK hat ihn heruntergenommen."),
    ],
)
def test_who_has_joined_is_told_why_a_need_ends(
    world: World,
    signed_in: Browser,  # noqa: F811 # a fixture
    how: str,
    words: str,
) -> None:
    need = publish(world)
    stays, left = colleagues(2)
    for person in (stays, left):
        join(need, person)
    Membership.objects.filter(user=left).update(state="ended")
    end = reverse("consulting:need_end", args=[need.public_id])
    for _twice in range(2):
        if how == "down":
            services.take_down_need(need_id=need.pk, actor=world.advisor, reason="Nennt NAMEN")
        else:
            signed_in(world.writer).post(end, {how: "1"})

    mail = OutgoingMail.objects.get(kind="consulting.need_over")
    assert mail.user == stays
    assert Notification.objects.filter(kind="consulting.need_over", user=stays).count() == 1
    assert words in mail.text.replace("\n", " ")
    assert (need.title in mail.text) == (how != "down")
    assert "NAMEN" not in mail.text
    assert LIST in mail.text
    assert "Geheim" not in mail.text
    guard = portal.mail_guards.get("consulting")
    assert guard is not None
    assert guard.still_allowed(stays.pk, mail.kind, mail.subject_key)
    assert not guard.still_allowed(left.pk, mail.kind, mail.subject_key)
    assert not guard.still_allowed(world.stranger.pk, mail.kind, mail.subject_key)


def test_who_has_joined_is_told_when_the_need_is_shown_again(world: World) -> None:
    need = publish(world)
    stays, left = colleagues(2)
    for person in (stays, left):
        join(need, person)
    Membership.objects.filter(user=left).update(state="ended")
    services.take_down_need(need_id=need.pk, actor=world.advisor, reason="Bitte prüfen")
    for _twice in range(2):
        services.restore_need(need_id=need.pk, actor=world.advisor)

    mail = OutgoingMail.objects.get(kind="consulting.need_again")
    assert mail.user == stays
    assert need.get_absolute_url() in mail.text
    guard = portal.mail_guards.get("consulting")
    assert guard is not None
    assert guard.still_allowed(stays.pk, mail.kind, mail.subject_key)


def test_publisher_edits_and_ends_the_osk_takes_down_and_restores(
    world: World,
    signed_in: Browser,  # noqa: F811 # a fixture
) -> None:
    need = publish(world)
    edit = reverse("consulting:need_edit", args=[need.public_id])
    end = reverse("consulting:need_end", args=[need.public_id])
    for url in (edit, end):
        assert Client().post(url).status_code == 302
        for role in ("stranger", "colleague", "reader"):
            assert signed_in(world.person(role)).post(url).status_code == 403, (url, role)
    mine = signed_in(world.writer)
    typed = {"version": need.version, "title": "Neu", "text": "Anders"}
    typed["shows_organisation"] = "kind"
    assert mine.post(edit, typed).status_code == 302
    again = mine.post(edit, typed)
    assert again.status_code == 409
    assert "Anders" in again.content.decode()

    at_work = signed_in(world.other_advisor)
    down = reverse("admin:consulting_need_down", args=[need.public_id])
    restore = reverse("admin:consulting_need_restore", args=[need.public_id])
    assert at_work.post(down, {"reason": ""}).status_code == 422
    for _twice in range(2):
        assert at_work.post(down, {"reason": "Nennt ein Produkt"}).status_code == 302
    assert Notification.objects.filter(user=world.requester, kind="consulting.need_down").exists()
    assert signed_in(world.stranger).get(need.get_absolute_url()).status_code == 404
    assert "Nennt ein Produkt" in mine.get(need.get_absolute_url()).content.decode()
    colleague = signed_in(world.colleague).get(need.get_absolute_url()).content.decode()
    assert "Nennt ein Produkt" not in colleague
    assert mine.post(end).status_code == 302
    assert Need.objects.get().state == NeedState.TAKEN_DOWN
    for _twice in range(2):
        assert at_work.post(restore).status_code == 302
    assert signed_in(world.stranger).get(need.get_absolute_url()).status_code == 200
    for _twice in range(2):
        assert mine.post(end).status_code == 302
    assert signed_in(world.stranger).get(need.get_absolute_url()).status_code == 404
    assert need.title not in signed_in(world.stranger).get(LIST).content.decode()
    kinds = list(need.events.values_list("kind", flat=True))
    assert kinds == ["publish", "edit", "take_down", "restore", "end"]
    with pytest.raises(TransitionNotAllowed):
        join(need, world.stranger)


def test_case_that_becomes_confidential_takes_its_need_along(
    world: World,
    signed_in: Browser,  # noqa: F811 # a fixture
) -> None:
    need = publish(world)
    guard = portal.mail_guards.get("consulting")
    assert guard is not None
    key = str(need.public_id)
    assert guard.still_allowed(world.stranger.pk, "consulting.need_step", key)
    ConsultingRequest.objects.filter(pk=need.case_id).update(is_confidential=True)
    browser = signed_in(world.stranger)
    assert browser.get(need.get_absolute_url()).status_code == 404
    assert need.title not in browser.get(LIST).content.decode()
    assert not guard.still_allowed(world.stranger.pk, "consulting.need_step", key)
    with pytest.raises(TransitionNotAllowed):
        join(need, world.stranger)


def test_hostile_words_and_as_many_queries_with_three(
    world: World,
    signed_in: Browser,  # noqa: F811 # a fixture
) -> None:
    publish(world, title="<script>alert(1)</script>", text=HOSTILE[2])
    browser = signed_in(world.stranger)
    for words in (*HOSTILE, "\x00", "a" * 5_000, "'|&!:*" * 40):
        assert browser.get(LIST, {"q": words, "topic": words, "page": "x"}).status_code == 200
    page = browser.get(LIST).content.decode()
    assert "<script>alert" not in page
    one = queries(lambda: browser.get(LIST))
    for number in range(2):
        join(publish(world, title=f"Bedarf {number}"), colleagues(1)[0])
    assert queries(lambda: browser.get(LIST)) == one
