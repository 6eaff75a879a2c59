"""Who is who, as predicates for ``@access`` and the views. Roles of members live in network."""

from __future__ import annotations

from osk_portal.accounts.models import User


def is_advisor(user: User) -> bool:
    return user.is_advisor


def is_lead(user: User) -> bool:
    return user.is_lead


def is_operator(user: User) -> bool:
    return user.is_operator
