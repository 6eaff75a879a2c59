"""Every role × action × state, as the tables of product.md say; and who sees what."""

from __future__ import annotations

import pytest

from consulting import permissions
from consulting.enums import CaseAction, CaseState, Visibility
from consulting.models import ConsultingRequest
from network.enums import MembershipState
from network.models import Membership
from network.services import request_membership
from osk_portal.accounts.models import User
from tests.consulting.conftest import ROLES, World
from tests.consulting.test_models import TABLE
from tests.factories import MembershipFactory, OrganisationFactory, UserFactory

A, S = CaseAction, CaseState
SIDE = {"requester", "writer", "deputy"}
OSK = {"advisor", "other_advisor", "lead"}
# From product.md 1.3, column "who", written down a second time on purpose.
WHO: dict[CaseAction, set[str]] = {
    A.SUBMIT: {"requester"},
    A.TAKE_UP: OSK,
    A.ASSIGN: OSK,
    A.RETURN_TO_QUEUE: {"advisor", "lead"},
    A.START: {"advisor"},
    A.ANSWER_AT_ONCE: OSK,
    A.ASK_BACK: {"advisor", "lead"},
    A.REPLY: SIDE,
    A.INVOLVE_PARTNER: {"advisor"},
    A.PARTNER_DONE: {"advisor"},
    A.ANSWER: {"advisor", "lead"},
    A.CLOSE: SIDE,
    A.CLOSE_SILENT: set(),
    A.REOPEN: SIDE | OSK,
    A.DECLINE: {"lead"},
    A.MARK_DUPLICATE: OSK,
    A.UNDO: {"lead"},
    A.WITHDRAW: SIDE,
    A.DELETE_DRAFT: {"requester"},
    A.SNOOZE: {"advisor", "lead"},
    A.WAKE: {"advisor", "lead"},
}


def allowed_by_the_tables(role: str, state: CaseState) -> set[CaseAction]:
    allowed = {a for a in A if state in TABLE[a] and role in WHO[a]}
    if state == S.TRIAGE:  # nobody is assigned yet: any advisor asks back
        allowed |= {A.ASK_BACK} if role in OSK else set()
    if state in (S.SUBMITTED, S.TRIAGE):
        allowed |= {A.SNOOZE} if role in OSK else set()
    allowed.discard(A.WAKE)  # without a follow-up date there is nothing to take back
    return allowed


@pytest.mark.parametrize("state", CaseState)
def test_allowed_actions_of_every_role_in_every_state(world: World, state: CaseState) -> None:
    case = world.case(state)

    for role in ROLES:
        allowed = permissions.allowed_actions(world.person(role), case)
        assert allowed == allowed_by_the_tables(role, state), (role, state)


def test_system_may_only_what_its_jobs_need(world: World) -> None:
    case = world.case(S.ANSWERED)

    permissions.authorise(None, A.CLOSE, case)
    for action in set(A) - permissions.SYSTEM_ACTIONS:
        with pytest.raises(permissions.PermissionDenied):
            permissions.authorise(None, action, case)


def test_advisor_assigns_to_nobody_else(world: World) -> None:
    assert permissions.can_assign_to(world.advisor, world.advisor)
    assert not permissions.can_assign_to(world.advisor, world.other_advisor)
    assert permissions.can_assign_to(world.lead, world.other_advisor)
    assert not permissions.can_assign_to(world.lead, world.operator)


SEES_BY_VISIBILITY = {
    Visibility.ONLY_ME: set(),
    Visibility.SELECTED: set(),
    Visibility.ORGANISATION: {"colleague", "manager"},
}


@pytest.mark.parametrize("visibility", Visibility)
def test_who_sees_a_sent_request(world: World, visibility: Visibility) -> None:
    case = world.case(S.IN_PROGRESS, visibility=visibility)
    expected = {"requester", "writer", "reader", "deputy"} | OSK | SEES_BY_VISIBILITY[visibility]

    for role in ROLES:
        assert sees(world.person(role), case) == (role in expected), role


def test_draft_is_seen_by_its_author_only(world: World) -> None:
    case = world.case(S.DRAFT, visibility=Visibility.ORGANISATION, deputy=world.deputy)

    for role in ROLES:
        assert sees(world.person(role), case) == (role == "requester"), role


@pytest.mark.parametrize("state", [MembershipState.PENDING, MembershipState.REFUSED])
def test_unconfirmed_author_shares_with_nobody(world: World, state: MembershipState) -> None:
    author = UserFactory()
    MembershipFactory(user=author, organisation=world.authority, state=state)
    case = world.case(S.IN_PROGRESS, author=author, visibility=Visibility.ORGANISATION)

    assert permissions.is_membership_open(case)
    assert sees(author, case)
    for role in ROLES:
        assert sees(world.person(role), case) == (role in OSK), role


@pytest.mark.parametrize("state", [MembershipState.SUSPENDED, MembershipState.ENDED])
def test_whoever_left_sees_nothing_but_the_organisation_goes_on(
    world: World, state: MembershipState
) -> None:
    case = world.case(S.IN_PROGRESS)
    Membership.objects.filter(user__in=[world.requester, world.reader]).update(state=state)

    assert not sees(world.person("requester"), case)
    assert not sees(world.person("reader"), case)
    assert sees(world.person("writer"), case)
    assert permissions.allowed_actions(world.person("requester"), case) == frozenset()


def test_author_who_came_back_sees_again(world: World) -> None:
    case = world.case(S.IN_PROGRESS)
    Membership.objects.filter(user=world.requester).update(state=MembershipState.ENDED)
    MembershipFactory(user=world.requester, organisation=world.authority)

    assert sees(world.person("requester"), case)


def test_asking_for_a_membership_again_gives_nothing_back(world: World) -> None:
    """Whoever left could otherwise read on by claiming to belong there, which everybody may."""
    case = world.case(S.IN_PROGRESS)
    Membership.objects.filter(user=world.requester).update(state=MembershipState.ENDED)
    request_membership(user=world.person("requester"), organisation=world.authority)
    sent_since = world.case(S.SUBMITTED)

    assert not sees(world.person("requester"), case)
    assert sees(world.person("requester"), sent_since)
    assert permissions.allowed_actions(world.person("requester"), case) == frozenset()


def test_refused_after_being_confirmed_has_left(world: World) -> None:
    case = world.case(S.IN_PROGRESS, visibility=Visibility.ORGANISATION)
    membership = Membership.objects.get(user=world.requester)
    membership.suspend(actor=None)
    membership.refuse(actor=world.advisor)

    assert not sees(world.person("requester"), case)
    assert sees(world.person("colleague"), case)
    assert not permissions.is_membership_open(case)


def test_manager_sees_bare_facts_of_confirmed_requests_of_the_organisation(world: World) -> None:
    sent = world.case(S.SUBMITTED)
    world.case(S.DRAFT)
    unconfirmed = MembershipFactory(
        organisation=world.authority, state=MembershipState.PENDING
    ).user
    world.case(S.SUBMITTED, author=unconfirmed)

    managed = ConsultingRequest.objects.of_managed_organisations(world.manager)

    assert list(managed) == [sent]
    assert not ConsultingRequest.objects.of_managed_organisations(world.colleague).exists()
    assert not ConsultingRequest.objects.of_managed_organisations(world.stranger).exists()


def test_inactive_person_sees_nothing(world: World) -> None:
    case = world.case(S.IN_PROGRESS)
    User.objects.filter(pk=world.requester.pk).update(is_active=False)

    assert not ConsultingRequest.objects.visible_to(world.person("requester")).exists()
    assert case.pk


def test_who_may_begin_a_request(world: World) -> None:
    company_member = MembershipFactory(organisation=OrganisationFactory(company=True)).user

    assert permissions.may_begin_request(world.requester)
    assert permissions.may_begin_request(UserFactory())
    assert not permissions.may_begin_request(company_member)


def test_request_for_an_organisation_needs_a_membership_and_its_entitlement(world: World) -> None:
    other_land = MembershipFactory(organisation=OrganisationFactory(other_land=True))

    assert permissions.may_request_for(world.requester, world.authority)
    assert not permissions.may_request_for(world.stranger, world.authority)
    assert not permissions.may_request_for(other_land.user, other_land.organisation)
    assert not permissions.may_request_for(world.requester, None)


def sees(user: User, case: ConsultingRequest) -> bool:
    """Query and predicate must give the same answer."""
    found = ConsultingRequest.objects.visible_to(user).filter(pk=case.pk).exists()
    assert permissions.may_read(user, ConsultingRequest.objects.get(pk=case.pk)) is found
    return found
