"""What a person may do by belonging somewhere. Pure reads; one query each, cached on the user."""

from __future__ import annotations

from network.enums import MembershipState
from network.models import Membership, Organisation
from osk_portal.accounts.models import User

_CACHE = "_network_memberships"


def active_memberships(user: User) -> list[Membership]:
    """Active memberships with their organisations; read once a request."""
    found: list[Membership] | None = user.__dict__.get(_CACHE)
    if found is None:
        found = list(Membership.objects.of(user).active()) if user.is_authenticated else []
        user.__dict__[_CACHE] = found
    return found


def person_with_memberships(user_id: int) -> User | None:
    """An active person by id, with what ``active_memberships`` gives: one query for a member, else two."""
    found = list(
        Membership.objects.active()
        .filter(user=user_id, user__is_active=True)
        .select_related("organisation", "user")
    )
    user = found[0].user if found else User.objects.filter(pk=user_id, is_active=True).first()
    if user is not None:
        user.__dict__[_CACHE] = found
    return user


def is_entitled(user: User) -> bool:
    """Member of an organisation that may ask for advice."""
    return any(m.organisation.is_entitled for m in active_memberships(user))


def is_public_sector(user: User) -> bool:
    return any(m.organisation.is_public_administration for m in active_memberships(user))


def is_editor_of(user: User, organisation: Organisation) -> bool:
    return any(
        m.is_editor and m.organisation_id == organisation.pk for m in active_memberships(user)
    )


def is_manager_of(user: User, organisation: Organisation) -> bool:
    return any(
        m.is_manager and m.organisation_id == organisation.pk for m in active_memberships(user)
    )


def can_decide_membership(user: User, membership: Membership) -> bool:
    """Managers of that organisation and advisors; nobody decides on the own membership."""
    if membership.user_id == user.pk:
        return False
    return user.is_advisor or is_manager_of(user, membership.organisation)


def can_appoint_editor(user: User, membership: Membership) -> bool:
    """Advisors give and take the Redaktion; nobody to oneself."""
    return user.is_advisor and membership.user_id != user.pk


def can_appoint_manager(user: User, membership: Membership) -> bool:
    """Only the OSK-Leitung gives and takes the Organisationsverwaltung (product.md, People)."""
    return user.is_lead and membership.user_id != user.pk


def can_end_membership(user: User, membership: Membership) -> bool:
    """The person, a manager of the organisation, and advisors.

    A manager goes by the own word or the OSK-Leitung's, who alone takes that role (product.md, People).
    Once it has ended, the same people but the person settle what was left behind.
    """
    if membership.user_id == user.pk:
        return membership.state != MembershipState.ENDED
    if membership.is_manager and membership.state == MembershipState.ACTIVE:
        return user.is_lead
    return can_decide_membership(user, membership)


def can_see_members(user: User, organisation: Organisation) -> bool:
    """Who belongs to the organisation: its Organisationsverwaltung, and advisors."""
    return user.is_advisor or is_manager_of(user, organisation)


def can_set_mailbox(user: User, organisation: Organisation) -> bool:
    """Name the Funktionspostfach: the Organisationsverwaltung."""
    return is_manager_of(user, organisation)
