"""What staff and the demo world change on accounts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q

from osk_portal import portal
from osk_portal.accounts.enums import AccountEventKind, StaffRole
from osk_portal.accounts.models import AccountEvent, User, normalise_email, normalise_name
from osk_portal.toolkit import clock, logs
from osk_portal.toolkit.deadlocks import without_deadlock


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


ANONYMOUS: Final = "anonymisiert@osk.invalid"
"""No mail can ever go there (RFC 2606)."""


def anonymous_person() -> User:
    """Stands where a person stood whose name is gone. Cannot sign in and is told nothing."""
    user, _created = User.objects.get_or_create(
        email=ANONYMOUS,
        defaults={
            "name": "Anonymisierte Person",
            "password": make_password(None),
            "is_active": False,
            "anonymised_at": clock.now(),
        },
    )
    return user


class PersonLockedOut(Exception):
    """The account with this address is locked or anonymised: nothing can be recorded for it."""


def record_person(*, email: str, name: str, actor: User) -> User:
    """The person with this address, or a new one who cannot sign in: no password, no verified address.

    Whoever signs up with the address later takes this row over (``claim_person``). A sign-up with it that
    was never confirmed proves nothing: it loses its password and its name, for what is recorded now must
    not end with whoever merely typed the address. Raises PersonLockedOut.
    """
    email = normalise_email(email)
    with transaction.atomic():
        User.objects.get_or_create(
            email=email, defaults={"name": normalise_name(name), "password": make_password(None)}
        )
        user = User.objects.select_for_update(of=("self",)).get(email=email)
        if not user.is_active or user.anonymised_at:
            raise PersonLockedOut(email)
        if _is_proved(user):
            return user
        if user.has_usable_password() or EmailAddress.objects.filter(user=user).exists():
            EmailAddress.objects.filter(user=user).delete()
            user.set_unusable_password()
            user.name = normalise_name(name)
            user.save(update_fields=["password", "name"])
        if not _was_recorded(user):
            _event(user, AccountEventKind.RECORDED, actor)
        return user


def can_be_claimed(email: str) -> bool:
    """A person was recorded with this address, and nobody has signed up with it yet."""
    user = User.objects.filter(email=normalise_email(email), is_active=True).first()
    return user is not None and _is_claimable(user)


def claim_person(*, email: str, password: str) -> User | None:
    """Sign-up of a recorded person: the row gets the password. None where there is none to claim.

    The name stays as it was recorded: until the code from the mail is entered, anybody may have typed
    this. Nobody gets in before that.
    """
    with transaction.atomic():
        rows = User.objects.select_for_update(of=("self",))
        user = rows.filter(email=normalise_email(email), is_active=True).first()
        if user is None or not _is_claimable(user):
            return None
        user.set_password(password)
        user.save(update_fields=["password"])
        return user


def is_bound_to_address(user: User) -> bool:
    """A recorded person who has not proved the address: a sign-up must not move the row elsewhere.

    Otherwise whoever types the address could replace it by the own one, and read what was recorded.
    """
    return not _is_proved(user) and _was_recorded(user)


def _is_claimable(user: User) -> bool:
    if user.has_usable_password() or _is_proved(user):
        return False
    return _was_recorded(user) and not EmailAddress.objects.filter(user=user).exists()


def _is_proved(user: User) -> bool:
    """Has signed in once (only a confirmed address can), works at the OSK, or owns a confirmed address."""
    if user.is_staff or user.last_login is not None:
        return True
    return bool(verified_emails(user))


def _was_recorded(user: User) -> bool:
    return user.events.filter(kind=AccountEventKind.RECORDED).exists()


def verified_emails(user: User) -> list[str]:
    """Addresses that this person has proved to own, in small letters."""
    found = EmailAddress.objects.filter(user=user, verified=True)
    return [email.lower() for email in found.values_list("email", flat=True)]


def set_roles(*, user_id: int, roles: Iterable[str], actor: User | None) -> AccountEvent | None:
    """Give a person exactly these staff roles; without any, the person is no longer staff.

    Returns None where nothing changes. A role that was taken away ends all sessions, since a page
    that is open elsewhere would go on with it. Who advises no more gives back what he or she had
    to do (``portal.staff_exits``).
    """
    wanted = frozenset(roles)
    if unknown := wanted - frozenset(StaffRole.values):
        raise ValueError(f"no staff roles: {', '.join(sorted(unknown))}")

    def work() -> AccountEvent | None:
        with transaction.atomic():
            return _set_roles(user_id, wanted, actor)

    return without_deadlock(work)


def _set_roles(user_id: int, wanted: frozenset[str], actor: User | None) -> AccountEvent | None:
    # NO KEY: what is given back is locked by others who write rows that name the person.
    user = User.objects.select_for_update(of=("self",), no_key=True).get(pk=user_id)
    before, advised = user.staff_roles, user.is_advisor
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
    person = User.objects.get(pk=user_id)  # roles are read once
    if advised and not person.is_advisor:
        for offer in portal.staff_exits:
            offer.end(person, actor)
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


def end_all_sessions(user: User) -> int:
    """For services that lock the person themselves and write their own event. How many sign-ins."""
    return _end_sessions(user)


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
