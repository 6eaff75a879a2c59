"""Who is who: a lead may do whatever an advisor may; nobody manages oneself."""

import pytest

from osk_portal.accounts import permissions
from osk_portal.accounts.models import User
from tests.factories import UserFactory, staff

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("role", "is_advisor", "is_lead", "is_operator"),
    [
        ("advisor", True, False, False),
        ("lead", True, True, False),
        ("operator", False, False, True),
    ],
)
def test_roles(role, is_advisor, is_lead, is_operator):
    user = staff(role)

    assert permissions.is_advisor(user) is is_advisor
    assert permissions.is_lead(user) is is_lead
    assert permissions.is_operator(user) is is_operator
    assert permissions.can_manage_account(user, UserFactory()) is (is_lead or is_operator)
    assert not permissions.can_manage_account(user, user)


@pytest.mark.parametrize("changes", [{"is_staff": False}, {"is_active": False}])
def test_a_role_without_the_rest_is_none(changes):
    user = staff("lead")
    User.objects.filter(pk=user.pk).update(**changes)

    assert User.objects.get(pk=user.pk).staff_roles == frozenset()


def test_advisors_are_found():
    advisor, lead = staff("advisor"), staff("lead")
    staff("operator")
    locked = staff("advisor")
    User.objects.filter(pk=locked.pk).update(is_active=False)

    assert set(User.objects.advisors()) == {advisor, lead}


def test_addresses_have_one_spelling():
    user = User.objects.create_superuser(" Ada@Amt.Example", "vier-lange-Woerter-hier")

    assert user.email == "ada@amt.example"
    assert User.objects.get_by_natural_key("ADA@amt.example") == user
    assert (str(user), user.get_full_name(), user.get_short_name()) == (user.email,) * 3
    assert user.get_absolute_url() == "/mein/"
