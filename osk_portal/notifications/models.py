"""Inbox and outbox. A row is written in the transaction of what it tells; sending comes later."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from osk_portal.notifications.enums import MailState
from osk_portal.notifications.querysets import NotificationQuerySet, OutgoingMailQuerySet
from osk_portal.toolkit import clock, encryption
from osk_portal.toolkit.addressed import Addressed


class Notification(Addressed):
    """One thing told to one person, shown under "Nachrichten"."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="notifications"
    )
    kind = models.CharField(_("kind"), max_length=80)
    subject = models.CharField(_("subject"), max_length=200)
    text = models.TextField(_("text"), blank=True)
    url = models.CharField(_("path of the page"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("created at"), default=clock.now)
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)
    dedupe_key = models.CharField(max_length=250, unique=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(F("user"), F("created_at").desc(), name="notification_of_user"),
            models.Index(
                fields=["user"], condition=Q(read_at=None), name="notification_unread_of_user"
            ),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def is_read(self) -> bool:
        return self.read_at is not None


class OutgoingMail(Addressed):
    """A rendered mail on its way: history, queue and dead letter in one row (quality.md 2.4).

    ``state`` only changes by conditional updates in ``delivery``, fenced by ``lease_token``.
    ``body`` of a secret mail (``is_secret``: codes and links that open an account) is encrypted
    and wiped as soon as it has served or can no longer serve.
    """

    address = models.EmailField(pgettext_lazy("mail", "to"), max_length=254)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("person"),
    )
    language = models.CharField(_("language"), max_length=5, default="de")
    kind = models.CharField(_("kind"), max_length=80)
    subject_key = models.CharField(_("is about"), max_length=80, blank=True)
    subject = models.CharField(_("subject"), max_length=200)
    body = models.TextField(_("text"), blank=True)
    attachments: Any = models.JSONField(default=list, blank=True)
    """Of ``attachments.Attachment``, as data."""
    thread_key = models.CharField(_("thread"), max_length=80, blank=True)
    answers: Any = models.JSONField(default=list, blank=True)
    """Message-IDs of a mail from outside that this one answers: those it named itself, its own last."""
    reply_to = models.EmailField(_("replies to"), max_length=254, blank=True)
    stop_path = models.CharField(_("page to end such mails"), max_length=300, blank=True)
    is_secret = models.BooleanField(_("secret"), default=False)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    dedupe_key = models.CharField(max_length=250, unique=True, null=True, blank=True)
    state = models.CharField(
        _("state"), max_length=20, choices=MailState, default=MailState.PENDING
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt at"))
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("created at"), default=clock.now)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    bounced_at = models.DateTimeField(_("came back at"), null=True, blank=True)
    """When a server said that it will never arrive. A claim: who got the mail could say so too."""
    bounce_status = models.CharField(_("came back with"), max_length=20, blank=True)

    objects = OutgoingMailQuerySet.as_manager()

    class Meta:
        verbose_name = _("outgoing mail")
        verbose_name_plural = _("outgoing mails")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(
                fields=["next_attempt_at", "id"],
                condition=Q(state__in=["pending", "leased"]),
                name="outgoing_mail_due",
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="leased", lease_token__isnull=False, lease_until__isnull=False)
                | (~Q(state="leased") & Q(lease_token__isnull=True, lease_until__isnull=True)),
                name="outgoing_mail_leased_has_lease",
            ),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False)
                | (~Q(state="sent") & Q(sent_at__isnull=True)),
                name="outgoing_mail_sent_has_time",
            ),
            models.CheckConstraint(
                condition=Q(is_secret=False) | Q(state__in=["pending", "leased"]) | Q(body=""),
                name="outgoing_mail_secret_is_wiped",
            ),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def message_id(self) -> str:
        """The same at every attempt: a mail that arrives twice is recognised by it (RFC 5322, 3.6.4)."""
        return f"<{self.public_id}@{settings.OSK_MAIL_DOMAIN}>"

    @property
    def thread_id(self) -> str:
        """What all mails of a thread answer to, though no mail has it: programs show them together."""
        return f"<thread.{self.thread_key}@{settings.OSK_MAIL_DOMAIN}>" if self.thread_key else ""

    @property
    def text(self) -> str:
        """The body in clear. Raises CannotDecrypt where the key of a secret mail was lost."""
        return encryption.decrypt(self.body) if self.is_secret and self.body else self.body


class PeriodicRun(models.Model):
    """Work once a day: due by comparison, so that a beat that was down catches up."""

    name = models.CharField(max_length=100, unique=True)
    last_on = models.DateField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("daily run")
        verbose_name_plural = _("daily runs")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Heartbeat(models.Model):
    """When something that must run all the time ran last, by the database's clock."""

    name = models.CharField(max_length=100, unique=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
