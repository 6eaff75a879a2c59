"""What staff and the demo world change on accounts."""

from __future__ import annotations

from collections.abc import Iterable

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q

from osk_portal import portal
from osk_portal.accounts.enums import AccountEventKind, StaffRole
from osk_portal.accounts.models import AccountEvent, User
from osk_portal.toolkit import logs


def create_person(
    *, email: str, name: str, password: str | None = None, roles: Iterable[str] = ()
) -> User:
    """A person whose address counts as verified: the demo world's logins, and a first operator."""
    with transaction.atomic():
        user = User.objects.create_user(email, password, name=name)
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        if roles := list(roles):
            set_roles(user_id=user.pk, roles=roles, actor=None)
            user.refresh_from_db()
    return user


def verified_emails(user: User) -> list[str]:
    """Addresses that this person has proved to own, in small letters."""
    found = EmailAddress.objects.filter(user=user, verified=True)
    return [email.lower() for email in found.values_list("email", flat=True)]


def set_roles(*, user_id: int, roles: Iterable[str], actor: User | None) -> AccountEvent | None:
    """Give a person exactly these staff roles; without any, the person is no longer staff.

    Returns None where nothing changes. A role that was taken away ends all sessions, since a page
    that is open elsewhere would go on with it.
    """
    wanted = frozenset(roles)
    if unknown := wanted - frozenset(StaffRole.values):
        raise ValueError(f"no staff roles: {', '.join(sorted(unknown))}")
    with transaction.atomic():
        user = User.objects.select_for_update(of=("self",)).get(pk=user_id)
        before = user.staff_roles
        if wanted == before and user.is_staff == bool(wanted):
            return None
        for name in wanted:
            Group.objects.get_or_create(name=name)
        others = user.groups.exclude(name__in=StaffRole.values)
        user.groups.set([*others, *Group.objects.filter(name__in=wanted)])
        user.is_staff = bool(wanted)
        user.save(update_fields=["is_staff"])
        if before - wanted:
            _end_sessions(user)
        return _event(
            user,
            AccountEventKind.ROLES_CHANGED,
            actor,
            {"given": sorted(wanted - before), "taken": sorted(before - wanted)},
        )


def lock(*, user_id: int, actor: User) -> AccountEvent | None:
    """Keep a person out at once. Returns None where the person is out already."""
    with transaction.atomic():
        user = User.objects.select_for_update(of=("self",)).get(pk=user_id)
        if not user.is_active:
            return None
        user.is_active = False
        user.save(update_fields=["is_active"])
        _end_sessions(user)
        return _event(user, AccountEventKind.LOCKED, actor)


def unlock(*, user_id: int, actor: User) -> AccountEvent | None:
    """Let a person in again; who was anonymised stays out."""
    with transaction.atomic():
        user = User.objects.select_for_update(of=("self",)).get(pk=user_id)
        if user.is_active or user.anonymised_at:
            return None
        user.is_active = True
        user.save(update_fields=["is_active"])
        return _event(user, AccountEventKind.UNLOCKED, actor)


def end_sessions(*, user_id: int, actor: User) -> AccountEvent:
    """Sign a person out everywhere (ASVS v5.0.0-7.4.5)."""
    with transaction.atomic():
        user = User.objects.select_for_update(of=("self",)).get(pk=user_id)
        count = _end_sessions(user)
        return _event(user, AccountEventKind.SESSIONS_ENDED, actor, {"count": count})


def ensure_groups() -> None:
    """The staff roles as groups, with the rights in the admin that the apps offer. Idempotent."""
    for role in StaffRole.values:
        group, _created = Group.objects.get_or_create(name=role)
        wanted = Q(pk__in=())
        for offer in portal.staff_rights:
            for action in offer.rights.get(role, ()):
                wanted |= Q(
                    content_type__app_label=offer.app_label, codename__startswith=f"{action}_"
                )
        group.permissions.set(Permission.objects.filter(wanted))


def _end_sessions(user: User) -> int:
    sessions = list(UserSession.objects.filter(user=user))
    for session in sessions:
        session.end()
    return len(sessions)


def _event(
    user: User, kind: AccountEventKind, actor: User | None, data: dict[str, object] | None = None
) -> AccountEvent:
    return AccountEvent.objects.create(
        user=user, kind=kind, actor=actor, data=data or {}, request_id=logs.request_id.get()
    )
