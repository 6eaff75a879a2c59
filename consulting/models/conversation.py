from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consulting.deadlines import moment_in_words
from consulting.enums import APPOINTMENT_EVENTS, CaseEventKind, Channel, MessageKind
from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed
from osk_portal.toolkit.transitions import Event

_FROM_OUTSIDE = (MessageKind.CALL, MessageKind.MAIL)
"""Said elsewhere and put into the case by the OSK, for the authority or for itself."""
EDITABLE_FOR: Final = timedelta(minutes=5)
"""How long a text can be changed, and its files taken away, by who wrote it."""


class CaseMessage(Addressed):
    """Something said in a case: public for the requester's side, or an internal note of the OSK.

    ``form_id`` comes from the form, so that a form sent twice says it once.
    """

    case = models.ForeignKey(
        "consulting.ConsultingRequest", on_delete=models.PROTECT, related_name="messages"
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    mailbox_of = models.ForeignKey(
        "network.Organisation", on_delete=models.PROTECT, null=True, related_name="+"
    )
    """The organisation whose Funktionspostfach has said it: then no person is named."""
    by_osk = models.BooleanField(_("by the OSK"), default=False)
    kind = models.CharField(max_length=20, choices=MessageKind, default=MessageKind.MESSAGE)
    is_internal = models.BooleanField(_("internal, OSK only"), default=False)
    body = models.TextField(_("text"))
    quoted_text = models.TextField(_("quoted text"), blank=True)
    """What a mail quoted below its text: kept, and shown folded."""
    form_id = models.UUIDField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=clock.now)
    edited_at = models.DateTimeField(null=True, editable=False)
    spoken_with = models.CharField(_("spoken with"), max_length=200, blank=True)
    spoken_at = models.DateTimeField(_("spoken at"), null=True, blank=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["created_at", "pk"]
        indexes = [models.Index(fields=["case", "created_at"], name="message_of_case")]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "author", "form_id"],
                name="message_once_a_form",
                violation_error_message=_("This was sent already."),
            ),
            models.UniqueConstraint(
                fields=["case", "mailbox_of", "form_id"],
                name="message_once_a_mailbox",
                violation_error_message=_("This was sent already."),
            ),
            models.CheckConstraint(
                condition=Q(mailbox_of=None) | Q(author=None, by_osk=False, is_internal=False),
                name="message_of_mailbox_names_nobody",
            ),
            models.CheckConstraint(
                condition=Q(kind=MessageKind.NOTE, is_internal=True)
                | Q(kind__in=(MessageKind.REASON, *_FROM_OUTSIDE))
                | (
                    ~Q(kind__in=(MessageKind.NOTE, MessageKind.REASON, *_FROM_OUTSIDE))
                    & Q(is_internal=False)
                ),
                name="message_note_is_internal",
                violation_error_message=_("A note is internal, a message is public."),
            ),
            models.CheckConstraint(
                condition=~Q(is_internal=True) | Q(by_osk=True),
                name="message_internal_by_osk",
                violation_error_message=_("Only the OSK writes internal notes."),
            ),
            models.CheckConstraint(
                condition=Q(kind__in=_FROM_OUTSIDE, by_osk=True, spoken_at__isnull=False)
                & ~Q(spoken_with="")
                | ~Q(kind__in=_FROM_OUTSIDE) & Q(spoken_at=None, spoken_with=""),
                name="message_call_is_named",
                violation_error_message=_("A telephone note says who spoke, and when."),
            ),
            models.CheckConstraint(
                condition=~Q(body=""),
                name="message_has_text",
                violation_error_message=_("Write a text."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.created_at:%Y-%m-%d %H:%M}"

    @property
    def voice(self) -> str:
        """Who speaks where no person does."""
        return f"Funktionspostfach {self.mailbox_of}" if self.mailbox_of else ""

    @property
    def can_be_edited(self) -> bool:
        """It is still time, and the case still takes such a text. *Who* is asked of permissions."""
        is_open = self.is_internal or self.case.takes_messages
        return is_open and clock.now() < self.created_at + EDITABLE_FOR


class MessageVersion(models.Model):
    """What a message said before its author changed it. Who may read the message may read this."""

    message = models.ForeignKey(CaseMessage, on_delete=models.CASCADE, related_name="versions")
    body = models.TextField(_("text"))
    written_at = models.DateTimeField()

    class Meta:
        verbose_name = _("earlier version")
        verbose_name_plural = _("earlier versions")
        ordering = ["written_at", "pk"]
        constraints = [models.CheckConstraint(condition=~Q(body=""), name="version_has_text")]

    def __str__(self) -> str:
        return f"{self.written_at:%Y-%m-%d %H:%M}"


class CaseEvent(Event):
    case = models.ForeignKey(
        "consulting.ConsultingRequest", on_delete=models.PROTECT, related_name="events"
    )

    class Meta(Event.Meta):
        abstract = False
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [models.Index(fields=["case", "at"], name="event_of_case")]

    @property
    def label(self) -> str:
        """What happened, in words; of a recorded request also through which channel it came, of an
        appointment also for when."""
        if self.kind == CaseEventKind.SUBMITTED and self.data.get("channel") in Channel.values:
            return gettext("Recorded by the OSK: %(channel)s") % {
                "channel": Channel(self.data["channel"]).label
            }
        label = str(CaseEventKind(self.kind).label)
        if self.kind == CaseEventKind.RETURNED and "left" in self.data:
            return gettext("%(event)s: the contact person advises no more") % {"event": label}
        if "mailbox" in self.data:
            return f"{label} (Funktionspostfach)"
        if self.kind in APPOINTMENT_EVENTS and "starts_at" in self.data:
            return f"{label}: {moment_in_words(datetime.fromisoformat(self.data['starts_at']))}"
        return label
