"""People. What they may do follows from their memberships (network) and their staff roles."""

from __future__ import annotations

import unicodedata
from functools import cached_property
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import Group, Permission, PermissionsMixin
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import OuterRef, Q, Value
from django.db.models.functions import Concat, Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from osk_portal.accounts.enums import AccountEventKind, StaffRole
from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed
from osk_portal.toolkit.prepared import USER, Prepared
from osk_portal.toolkit.transitions import Event


def normalise_email(email: str) -> str:
    """Lower-case NFC: one spelling a mailbox, so that one person has one account."""
    return unicodedata.normalize("NFC", email).strip().lower()


def normalise_name(name: str) -> str:
    """NFC, single blanks, no controls; every script and every accent stays (DIN 91379)."""
    kept = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in name)
    return " ".join(unicodedata.normalize("NFC", kept).split())[:200]


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=normalise_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def advisors(self) -> models.QuerySet[User]:
        """Active advisors and leads: who looks after what nobody looks after yet."""
        roles = (StaffRole.ADVISOR, StaffRole.LEAD)
        return self.filter(is_active=True, is_staff=True, groups__name__in=roles).distinct()

    def leads(self) -> models.QuerySet[User]:
        """The active Leitung."""
        return self.filter(is_active=True, is_staff=True, groups__name=StaffRole.LEAD).distinct()

    def operators(self) -> models.QuerySet[User]:
        """The active operators: they look after capacity and engines."""
        return self.filter(
            is_active=True, is_staff=True, groups__name=StaffRole.OPERATOR
        ).distinct()

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=normalise_email(username or ""))


class User(Addressed, AbstractBaseUser, PermissionsMixin):
    """A person with a login. Never deleted: anonymised (``anonymised_at``), so that figures stay."""

    email = models.EmailField(
        _("e-mail address"),
        max_length=254,
        unique=True,
        error_messages={"unique": _("There is an account with this e-mail address already.")},
    )
    name = models.CharField(_("name"), max_length=200, blank=True)
    language = models.CharField(
        _("language"), max_length=5, choices=settings.LANGUAGES, default="de"
    )
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("OSK staff"), default=False)
    date_joined = models.DateTimeField(_("joined at"), default=clock.now)
    anonymised_at = models.DateTimeField(_("anonymised at"), null=True, blank=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = []

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["name", "email"]
        constraints = [
            models.CheckConstraint(
                condition=Q(email=Lower("email")),
                name="user_email_lower_case",
                violation_error_message=_("Write the e-mail address in small letters."),
            )
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_absolute_url(self) -> str:
        return reverse("pages:my_area")

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)

    @cached_property
    def staff_roles(self) -> frozenset[str]:
        """Names of the staff roles. Empty for everybody who is not staff."""
        if not (self.is_staff and self.is_active):
            return frozenset()
        groups, _permissions = self._rights
        return groups & frozenset(StaffRole.values)

    def get_all_permissions(self, obj: object = None) -> set[str]:
        """Rights in the admin as ``app.action_model``; none for a single object."""
        if not self.is_active or obj is not None:
            return set()
        if self.is_superuser:
            return super().get_all_permissions()
        return set(self._rights[1])

    def has_perm(self, perm: str, obj: object = None) -> bool:
        if self.is_active and self.is_superuser:
            return True
        return perm in self.get_all_permissions(obj)

    def has_module_perms(self, app_label: str) -> bool:
        if self.is_active and self.is_superuser:
            return True
        return any(perm.startswith(f"{app_label}.") for perm in self.get_all_permissions())

    @cached_property
    def _rights(self) -> tuple[frozenset[str], frozenset[str]]:
        """Names of the groups, and what they and the person may do in the admin: one query a request."""
        found = _RIGHTS.rows(user=self.pk)
        groups, permissions = found[0] if found else ((), ())
        return frozenset(groups), frozenset(permissions)

    @property
    def is_advisor(self) -> bool:
        """Advisor or OSK lead: a lead may do whatever an advisor may."""
        return bool(self.staff_roles & {StaffRole.ADVISOR, StaffRole.LEAD})

    @property
    def is_lead(self) -> bool:
        return StaffRole.LEAD in self.staff_roles

    @property
    def is_operator(self) -> bool:
        return StaffRole.OPERATOR in self.staff_roles


def _rights_of_user() -> models.QuerySet[User, tuple[list[str], list[str]]]:
    key = OuterRef("pk")
    granted = Permission.objects.filter(Q(group__user=key) | Q(user=key)).order_by()
    label = Concat("content_type__app_label", Value("."), "codename")
    return (
        User.objects.filter(pk=USER)
        .values_list(
            ArraySubquery(Group.objects.filter(user=key).order_by().values("name")),
            ArraySubquery(granted.values(_label=label)),
        )
        .order_by()
    )


_RIGHTS: Final = Prepared(_rights_of_user)


class AccountEvent(Event):
    """What staff changed on an account: roles, lock, ended sessions."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="events")

    class Meta(Event.Meta):
        verbose_name = _("event of an account")
        verbose_name_plural = _("events of accounts")

    @property
    def label(self) -> str:
        """What happened, in words."""
        text = str(AccountEventKind(self.kind).label)
        roles = dict(StaffRole.choices)
        given = [f"+ {roles.get(name, name)}" for name in self.data.get("given", ())]
        taken = [f"− {roles.get(name, name)}" for name in self.data.get("taken", ())]
        return f"{text}: {', '.join(given + taken)}" if given or taken else text
