"""The account's part of "Meine Daten": the copy of it, and its end.

The row of a person stays, without a name, so that what belongs to an organisation keeps a place for its
author and figures stay true (product.md, People; Art. 17 (3) (b) GDPR with § 3 BlnDSG).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from osk_portal import portal
from osk_portal.accounts.enums import AccountEventKind, StaffRole
from osk_portal.accounts.models import AccountEvent, User
from osk_portal.accounts.services import end_all_sessions
from osk_portal.toolkit import clock, logs

if TYPE_CHECKING:
    from django.db.models import QuerySet

FORMER: Final = "Ehemaliges Mitglied"
"""Stands where the name stood. A stored text, so German."""
_NOWHERE: Final = "osk.invalid"
"""No mail can ever go there (RFC 2606)."""


def note_export(*, user: User) -> AccountEvent:
    """That the person has taken a copy of the own data; the caller's transaction."""
    return _event(user, AccountEventKind.DATA_EXPORTED)


def obstacles(user: User) -> Iterable[portal.Obstacle]:
    """Staff leave by the OSK-Leitung, who takes the role first: cases and duties are theirs until then."""
    if user.is_staff or user.is_superuser:
        yield portal.Obstacle(
            gettext("You work in the OSK's staff area. The OSK lead takes the role away first."),
            reverse("pages:contact"),
        )


def erase(user: User) -> None:
    """Ways in, addresses and name go; the row stays. The caller holds its lock."""
    if user.anonymised_at is not None:
        return
    end_all_sessions(user)
    EmailAddress.objects.filter(user=user).delete()
    Authenticator.objects.filter(user=user).delete()
    SocialAccount.objects.filter(user=user).delete()
    user.groups.clear()
    user.user_permissions.clear()
    user.email = f"ehemals-{user.public_id.hex}@{_NOWHERE}"
    user.name = FORMER
    user.language = "de"
    user.is_active = False
    user.last_login = None
    user.anonymised_at = clock.now()
    user.set_unusable_password()
    user.save(
        update_fields=[
            "email", "name", "language", "is_active", "last_login", "anonymised_at", "password",
        ]
    )  # fmt: skip
    _event(user, AccountEventKind.ENDED)


def _event(user: User, kind: AccountEventKind) -> AccountEvent:
    return AccountEvent.objects.create(
        user=user, kind=kind, actor=user, request_id=logs.request_id.get()
    )


def _self(rows: QuerySet[User], user: User) -> QuerySet[User]:
    return rows.filter(pk=user.pk)


OFFER: Final = portal.PersonalData(
    key="accounts",
    order=10,
    label=_("Account and sign-in"),
    stored=_(
        "Your name, your e-mail addresses, your language, where and when you are signed in, the kinds of your"
        " second factor, and what the OSK has changed on your account. Passwords and keys are stored in a form"
        " that nobody can read; they are not in the copy."
    ),
    kept=_("As long as your account exists, so that you can sign in and get messages."),
    afterwards=_(
        "Name and addresses are deleted, all sign-ins end, password and second factor are gone. An entry"
        " without a name stays in their place."
    ),
    rows=(
        portal.Rows(
            "accounts.User.pk",
            _("Account"),
            {
                "name": _("Name"),
                "email": _("E-mail address"),
                "language": _("Language"),
                "date_joined": _("Account since"),
                "last_login": _("Last sign-in"),
            },
            _self,
        ),
        portal.Rows(
            "account.EmailAddress.user",
            _("E-mail addresses"),
            {"email": _("E-mail address"), "verified": _("Confirmed"), "primary": _("Main address")},
        ),
        portal.Rows(
            "usersessions.UserSession.user",
            _("Sign-ins"),
            {
                "created_at": _("Since"),
                "last_seen_at": _("Last used"),
                "ip": _("Address in the network"),
                "user_agent": _("Program"),
            },
        ),
        portal.Rows(
            "mfa.Authenticator.user",
            _("Second factors"),
            {
                "type": _("Kind"),
                "created_at": _("Set up at"),
                "last_used_at": _("Last used"),
            },
        ),
        portal.Rows(
            "socialaccount.SocialAccount.user",
            _("Official accounts"),
            {
                "provider": _("Service"),
                "uid": _("Identifier there"),
                "date_joined": _("Connected since"),
                "last_login": _("Last sign-in"),
                "extra_data": _("What the service has told us"),
            },
        ),
        portal.Rows(
            "accounts.User_groups.user", _("Staff roles"), {"group__name": _("Role")},
            words={"group__name": dict(StaffRole.choices)},
        ),
        portal.Rows(
            "accounts.AccountEvent.user",
            _("Changes on the account"),
            {"at": _("When"), "kind": _("What")},
            words={"kind": dict(AccountEventKind.choices)},
        ),
    ),
    left_out={
        "accounts.AccountEvent.actor": "what staff did on somebody else's account, or the own row above",
        "accounts.User_user_permissions.user": "single rights are given to nobody; roles are in the copy",
        "admin.LogEntry.user": "acts of staff in their office; no list per person (product.md, Staff data)",
    },
    obstacles=obstacles,
    erase=erase,
)  # fmt: skip
