import pytest

from network import permissions
from network.enums import MembershipState
from tests.factories import MembershipFactory, OrganisationFactory

pytestmark = pytest.mark.django_db


def test_member_of_an_entitled_organisation_is_entitled() -> None:
    membership = MembershipFactory()

    assert permissions.is_entitled(membership.user)
    assert permissions.is_public_sector(membership.user)


def test_entitlement_ends_with_the_membership() -> None:
    membership = MembershipFactory(state=MembershipState.ENDED)

    assert not permissions.is_entitled(membership.user)


def test_editor_is_editor_of_the_own_organisation_only() -> None:
    membership = MembershipFactory(editor=True, organisation=OrganisationFactory(company=True))

    assert permissions.is_editor_of(membership.user, membership.organisation)
    assert not permissions.is_editor_of(membership.user, OrganisationFactory())
    assert not permissions.is_manager_of(membership.user, membership.organisation)
