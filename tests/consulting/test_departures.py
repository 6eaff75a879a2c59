"""Somebody leaves: deputies, participants and needs, told, handed over, and without a way back."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied

from consulting import services
from consulting.conversation import history
from consulting.enums import CaseEventKind, CaseState, NeedAction, NeedState, Topic
from consulting.models import CaseEvent, ConsultingRequest, Need, Participant
from consulting.synergy_mails import publishers
from network import leaving
from network.leaving import Choice
from network.models import Membership
from network.services import refuse_membership
from osk_portal.accounts.models import User
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.consulting.conftest import World
from tests.consulting.test_handover import of, url
from tests.consulting.test_services import at_once
from tests.consulting.views.conftest import signed_in  # noqa: F401 # a fixture
from tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db
S, K = CaseState, CaseEventKind
SECRET = "Geheimer Titel"


def fresh(case: ConsultingRequest) -> ConsultingRequest:
    return ConsultingRequest.objects.get(pk=case.pk)


def leave(user: User, world: World, choice: Choice | None = None) -> leaving.Settled:
    return leaving.end_membership(
        membership_id=of(user, world).pk, actor=user, choice=choice or Choice()
    )


def told(kind: str) -> set[User | None]:
    return {mail.user for mail in OutgoingMail.objects.filter(kind=f"consulting.{kind}")}


def need_of(world: World, case: ConsultingRequest, author: User) -> Need:
    return Need.objects.create(
        case=case, organisation=world.authority, author=author, title="Formulare", text="x"
    )


def test_the_shares_of_who_leaves_end(world: World) -> None:
    case = world.case(S.IN_PROGRESS, title=SECRET, topics=[Topic.PROCUREMENT])
    closed = world.case(S.CLOSED)
    draft = world.case(S.DRAFT, deputy=world.deputy)
    elsewhere = world.case(S.IN_PROGRESS, organisation=MembershipFactory().organisation)
    before = draft.updated_at

    assert leave(world.deputy, world) == leaving.Settled(0, 0)
    leave(world.writer, world)
    leave(world.reader, world)

    for ended in (case, closed, draft):
        assert fresh(ended).deputy is None
        assert not ended.participants.exists()
    assert fresh(elsewhere).deputy == world.deputy
    assert elsewhere.participants.count() == 2
    assert fresh(draft).updated_at == before
    assert not draft.events.exists()
    kinds = [K.DEPUTY_LEFT, K.COLLEAGUE_LEFT, K.COLLEAGUE_LEFT]
    for sent in (case, closed):
        assert list(sent.events.order_by("pk").values_list("kind", flat=True)) == kinds
        assert {event.kind for event in history(fresh(sent), internal=False)} >= set(kinds)
    assert case.events.first().data == {"person": world.deputy.pk}
    mails = OutgoingMail.objects.filter(kind="consulting.case_deputy")
    assert {mail.user for mail in mails} == {world.requester, world.writer}
    assert all(mail.subject_key == str(case.public_id) for mail in mails)
    assert not any(SECRET in f"{mail.subject} {mail.body}" for mail in mails)
    assert "hat Ihre Behörde verlassen" in mails.get(user=world.requester).body
    # Coming back gives nothing back unasked.
    MembershipFactory(user=world.deputy, organisation=world.authority)
    MembershipFactory(user=world.writer, organisation=world.authority)
    visible = ConsultingRequest.objects.visible_to
    for role in ("deputy", "writer"):
        assert not visible(world.person(role)).filter(pk=case.pk).exists()
    assert services.end_shares(person=world.deputy, organisation=world.authority, actor=None) == 0


def test_a_refusal_after_a_rest_ends_them_a_rest_does_not(world: World) -> None:
    case = world.case(S.SUBMITTED)
    membership = of(world.deputy, world)
    membership.suspend(actor=None)
    assert fresh(case).deputy == world.deputy
    assert not ConsultingRequest.objects.visible_to(world.person("deputy")).exists()

    refuse_membership(membership_id=membership.pk, actor=world.manager)

    assert fresh(case).deputy is None
    assert told("case_deputy") == {world.requester, world.writer}


def test_a_new_deputy_is_named_on_the_page(world: World, signed_in) -> None:  # noqa: F811 # a fixture
    first = world.case(S.IN_PROGRESS, title=SECRET)
    second = world.case(S.ANSWERED)
    own = world.case(S.SUBMITTED, author=world.colleague)
    closed = world.case(S.CLOSED)
    page = signed_in(world.manager).get(url(of(world.deputy, world))).content.decode()
    assert str(first.reference) in page
    assert SECRET not in page
    browser = signed_in(world.deputy)
    page = browser.get(url(of(world.deputy, world))).content.decode()
    assert f"{first.reference} · {SECRET}" in page
    assert "Vertretung" in page
    assert str(closed.reference) not in page

    for _ in range(2):
        browser.post(
            url(of(world.deputy, world)),
            {
                "everything": str(of(world.colleague, world).public_id),
                f"consulting_deputy-{second.public_id}": str(of(world.writer, world).public_id),
            },
        )

    assert (fresh(first).deputy, fresh(second).deputy) == (world.colleague, world.writer)
    assert not second.participants.filter(user=world.writer).exists()
    assert fresh(own).deputy is None  # nobody stands in for the own request
    event = first.events.get(kind=K.DEPUTY_NAMED)
    assert event.actor == world.deputy
    assert event.data == {"person": world.deputy.pk, "successor": world.colleague.pk}
    assert not first.events.filter(kind=K.DEPUTY_LEFT).exists()
    assert own.events.filter(kind=K.DEPUTY_LEFT).count() == 1
    assert of(world.deputy, world).events.get().data == {"handed_over": 2, "left": 0}
    bodies = {
        mail.user: mail.body
        for mail in OutgoingMail.objects.filter(subject_key=str(first.public_id))
    }
    assert "Sam Kollege" in bodies[world.requester]
    assert "jetzt die Vertretung" in bodies[world.colleague]


def test_the_services_ask_again(world: World) -> None:
    case = world.case(S.IN_PROGRESS)
    need = need_of(world, case, world.requester)

    def deputy(actor: str, successor: User) -> object:
        return services.hand_over_deputy(
            case_id=case.pk, person=world.deputy, successor=successor, actor=world.person(actor)
        )

    def pass_need(actor: str, successor: User) -> object:
        return services.hand_over_need(
            need_id=need.pk, person=world.requester, successor=successor, actor=world.person(actor)
        )

    other_manager = MembershipFactory(manager=True).user
    world.stranger = other_manager
    for give, strangers in (
        (pass_need, ("reader", "colleague", "stranger", "operator")),
        (deputy, ("writer", "reader", "colleague", "stranger", "operator")),
    ):
        for actor in strangers:
            with pytest.raises(PermissionDenied):
                give(actor, world.colleague)
        for successor in (world.stranger, world.advisor):
            with pytest.raises(TransitionNotAllowed):
                give("manager", successor)
        assert give("manager", world.colleague) is not None
        assert give("manager", world.colleague) is None


def test_a_need_finds_somebody_who_looks_after_it(world: World, signed_in) -> None:  # noqa: F811 # a fixture
    """Also where its request is over and needs nobody; the successor reads no more of that."""
    case = world.case(S.CLOSED, deputy=None, title=SECRET)
    Participant.objects.filter(case=case).delete()
    need = need_of(world, case, world.requester)
    ended = need_of(world, world.case(S.CLOSED), world.requester)
    Need.objects.filter(pk=ended.pk).update(state=NeedState.ENDED)
    membership = of(world.requester, world)
    page = signed_in(world.manager).get(url(membership)).content.decode()
    assert "Formulare" in page
    assert SECRET not in page

    assert leave(world.requester, world) == leaving.Settled(0, 1)
    assert publishers(Need.objects.get(pk=need.pk)) == []
    assert Membership.objects.unsettled_for(world.person("manager")).get() == membership
    signed_in(world.manager).post(
        url(membership), {"everything": str(of(world.colleague, world).public_id)}
    )

    need.refresh_from_db()
    assert (need.author, need.state) == (world.colleague, NeedState.PUBLISHED)
    event = need.events.get()
    assert (event.kind, event.actor) == (NeedAction.HAND_OVER, world.manager)
    assert publishers(Need.objects.get(pk=need.pk)) == [world.colleague]
    browser = signed_in(world.colleague)
    assert browser.get(need.get_absolute_url()).status_code == 200
    assert browser.get(case.get_absolute_url()).status_code == 404
    with pytest.raises(PermissionDenied):
        services.end_need(need_id=need.pk, actor=world.person("requester"))
    leave(world.colleague, world)
    with pytest.raises(PermissionDenied):
        services.end_need(need_id=need.pk, actor=world.person("colleague"))


@pytest.mark.django_db(transaction=True)
def test_two_deputies_who_leave_at_once(world: World) -> None:
    one = world.case(S.IN_PROGRESS)
    other = world.case(S.IN_PROGRESS, deputy=world.colleague)

    outcomes = at_once(
        lambda: leave(world.person("deputy"), world),
        lambda: leave(world.person("colleague"), world),
    )

    assert outcomes == [leaving.Settled(0, 0)] * 2
    assert (fresh(one).deputy, fresh(other).deputy) == (None, None)
    assert CaseEvent.objects.filter(kind=K.DEPUTY_LEFT).count() == 2
