"""Who is who, as predicates for ``@access`` and the views. Roles of members live in network."""

from __future__ import annotations

from osk_portal.accounts.models import User


def is_advisor(user: User) -> bool:
    return user.is_advisor


def is_lead(user: User) -> bool:
    return user.is_lead


def is_operator(user: User) -> bool:
    return user.is_operator


def can_manage_account(actor: User, user: User) -> bool:
    """Roles, lock and sign-ins of somebody else: leads and operators; nobody raises oneself."""
    return actor.pk != user.pk and (actor.is_lead or actor.is_operator or actor.is_superuser)
