"""Mail that came in: every one is a row, whatever it is (product.md 1.2: nothing is dropped)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from osk_portal.toolkit import clock, logs
from osk_portal.toolkit.addressed import Addressed
from osk_portal.toolkit.transitions import Event, check

if TYPE_CHECKING:
    from osk_portal.accounts.models import User

LONGEST_REACHABLE: Final = 254
"""Characters of an address that a mail can be sent to (RFC 5321, 4.5.3.1.3)."""
MOST_WORDS: Final = 8
"""More words of a search change nothing."""
_PREFIXES: Final = re.compile(r"^\s*(?:(?:re|aw|antw|wg|fw|fwd)\s*:\s*)+", re.IGNORECASE)


class MailState(models.TextChoices):
    """Where a mail stands. AUTOMATIC has a tab of its own and is never answered."""

    NEW = "new", pgettext_lazy("incoming mail", "New")
    JOINED = "joined", _("Added to a request")
    MADE = "made", _("Made into a request")
    ANSWERED = "answered", pgettext_lazy("incoming mail", "Answered")
    DISCARDED = "discarded", _("Discarded")
    AUTOMATIC = "automatic", _("Automatic mail")


class MailAction(models.TextChoices):
    """What happens to a mail; also the kinds of its events."""

    RECEIVE = "receive", pgettext_lazy("incoming mail", "Received")
    DELIVER = "deliver", _("Put into the request by its reply address")
    SORT_OUT = "sort_out", _("Recognised as automatic")
    JOIN = "join", _("Added to a request")
    MAKE = "make", _("Made into a request")
    ANSWER = "answer", pgettext_lazy("incoming mail", "Answered")
    DISCARD = "discard", _("Discarded")
    RESTORE = "restore", _("Put back into the mail queue")


class MailFlag(models.TextChoices):
    """What the reader has noticed."""

    AUTO = "auto", _("Automatic reply or mailing list")
    AWAY = "away", _("Out of office")
    BOUNCE = "bounce", _("Not delivered")
    LOOP = "loop", _("Loop: a mail of our own came back")
    SIGNED = "signed", _("Signed; the signature was not checked")
    ENCRYPTED = "encrypted", _("Encrypted: the portal cannot read it")
    WINMAIL = "winmail", _("Holds winmail.dat: attachments may be hidden in it")
    INCOMPLETE = "incomplete", _("Not read completely: too large or damaged")


class MailHint(models.TextChoices):
    """Why a mail waits for a person instead of standing in a request."""

    BROKEN = "broken", _("The reply address is damaged or was not made by us.")
    OTHER_SENDER = (
        "other_sender",
        _("The reply address belongs to another person than the sender."),
    )
    NOT_ALLOWED = (
        "not_allowed",
        _("The person to whom the reply address belongs may not write in this request."),
    )
    MAILBOX = (
        "mailbox",
        _(
            "The Funktionspostfach to which the reply address belongs may not write in this request."
        ),
    )
    CLOSED = "closed", _("The request is closed.")
    ENDED = "ended", _("The request takes no more messages.")
    NO_TEXT = "no_text", _("The mail holds no text that could become a message.")
    UNREADABLE = "unreadable", _("The mail could not be read completely.")
    NAMED = "named", _("It answers a mail of ours, but not to a reply address.")
    REFERENCE = "reference", _("Its subject names a reference.")


S = MailState

MAIL_ALLOWED: Final[Mapping[MailAction, frozenset[MailState]]] = {
    MailAction.DELIVER: frozenset({S.NEW}),
    MailAction.SORT_OUT: frozenset({S.NEW}),
    MailAction.JOIN: frozenset({S.NEW, S.ANSWERED}),
    MailAction.MAKE: frozenset({S.NEW, S.ANSWERED}),
    MailAction.ANSWER: frozenset({S.NEW}),
    MailAction.DISCARD: frozenset({S.NEW}),
    MailAction.RESTORE: frozenset({S.AUTOMATIC, S.DISCARDED}),
}


class IncomingMailQuerySet(models.QuerySet["IncomingMail"]):
    def waiting(self) -> IncomingMailQuerySet:
        """What an advisor still has to look at."""
        return self.filter(state=S.NEW)

    def to_announce(self) -> IncomingMailQuerySet:
        """What waits, and of what no advisor was told yet. Before it is routed it may still find its request."""
        return self.waiting().filter(announced_at=None, routed_at__isnull=False)

    def matching(self, words: str) -> IncomingMailQuerySet:
        """Each word in the sender, the subject or the text."""
        found = self
        for word in words.split()[:MOST_WORDS]:
            found = found.filter(
                Q(sender_email__icontains=word)
                | Q(sender_name__icontains=word)
                | Q(subject__icontains=word)
                | Q(new_text__icontains=word)
            )
        return found

    def about(self, case: Any) -> IncomingMailQuerySet:
        """Those that wait and are perhaps about ``case``: a key or an outer reference."""
        return self.waiting().filter(suggested_case=case)

    def for_list(self) -> IncomingMailQuerySet:
        """With what one row of a list shows."""
        return self.select_related("case", "suggested_case", "decided_by")


class IncomingMail(Addressed):
    """One mail as the reader understood it. Everything in it is the sender's claim.

    The same bytes to the same reply address are one row, however often a server delivers them.
    """

    ALLOWED = MAIL_ALLOWED

    sha256 = models.CharField(_("SHA-256"), max_length=64, editable=False)
    reply_address = models.CharField(max_length=320, blank=True, editable=False)
    recipient = models.CharField(pgettext_lazy("mail", "to"), max_length=320, blank=True)
    received_at = models.DateTimeField(_("received"), default=clock.now)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    # What the mail says
    sender_email = models.CharField(_("sender"), max_length=320, blank=True)
    sender_name = models.CharField(_("name of the sender"), max_length=300, blank=True)
    reply_to = models.CharField(_("answers go to"), max_length=320, blank=True)
    subject = models.CharField(_("subject"), max_length=500, blank=True)
    header_id = models.CharField("Message-ID", max_length=260, blank=True, editable=False)
    new_text = models.TextField(_("text"), blank=True)
    quoted_text = models.TextField(_("quoted text"), blank=True)
    signature = models.TextField(_("signature"), blank=True)
    attachments: Any = models.JSONField(_("attachments"), default=list, blank=True)
    """[{"name", "size"}], in the order of the mail; the content stays in the raw mail."""
    flags: Any = ArrayField(
        models.CharField(max_length=20, choices=MailFlag), default=list, blank=True
    )
    files_refused = models.PositiveSmallIntegerField(default=0, editable=False)
    """How many attachments did not pass the checks when the mail was put into a request."""
    # Where it stands
    state = models.CharField(_("state"), max_length=20, choices=S, default=S.NEW)
    announced_at = models.DateTimeField(null=True, blank=True, editable=False)
    """When the advisors were told that it waits, together with others."""
    hint = models.CharField(max_length=20, choices=MailHint, blank=True)
    routed_at = models.DateTimeField(null=True, blank=True, editable=False)
    case = models.ForeignKey(
        "consulting.ConsultingRequest",
        verbose_name=_("request"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="incoming_mails",
    )
    suggested_case = models.ForeignKey(
        "consulting.ConsultingRequest",
        verbose_name=_("perhaps about"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="suggested_mails",
    )
    message = models.ForeignKey(
        "consulting.CaseMessage",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="incoming_mails",
    )
    answer = models.TextField(_("answer"), blank=True)
    discard_reason = models.TextField(_("reason"), blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("decided by"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    decided_at = models.DateTimeField(_("decided on"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = IncomingMailQuerySet.as_manager()

    class Meta:
        verbose_name = _("incoming mail")
        verbose_name_plural = _("incoming mails")
        ordering = ["-received_at", "-pk"]
        indexes = [
            models.Index(fields=["state", "received_at"], name="incoming_mail_by_state"),
            models.Index(
                fields=["received_at"],
                condition=Q(routed_at=None),
                name="incoming_mail_to_route",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["sha256", "reply_address"], name="incoming_mail_once"),
            models.CheckConstraint(
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="incoming_mail_has_sum"
            ),
            models.CheckConstraint(
                condition=(Q(state__in=(S.JOINED, S.MADE)) & Q(case__isnull=False))
                | (~Q(state__in=(S.JOINED, S.MADE)) & Q(case=None, message=None)),
                name="incoming_mail_of_a_case",
            ),
            models.CheckConstraint(
                condition=Q(state=S.DISCARDED) & ~Q(discard_reason="")
                | ~Q(state=S.DISCARDED) & Q(discard_reason=""),
                name="incoming_mail_discarded_has_reason",
                violation_error_message=_("A discarded mail has a reason."),
            ),
            models.CheckConstraint(
                condition=~Q(state__in=(S.MADE, S.ANSWERED, S.DISCARDED))
                | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="incoming_mail_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state=S.ANSWERED) | ~Q(answer=""),
                name="incoming_mail_answered_has_text",
            ),
        ]

    def __str__(self) -> str:
        return self.subject or str(_("Without a subject"))

    def get_absolute_url(self) -> str:
        return reverse("admin:consulting_incomingmail_page", args=[self.public_id])

    @property
    def sender(self) -> str:
        """Name and address as the mail claims them."""
        if self.sender_name and self.sender_email:
            return f"{self.sender_name} <{self.sender_email}>"
        return self.sender_email or str(_("Without a sender"))

    @property
    def bare_subject(self) -> str:
        """The subject without what mail programs put before it."""
        return _PREFIXES.sub("", self.subject).strip()

    @property
    def answer_to(self) -> str:
        """The address that an answer goes to; empty where the mail names none that can be reached."""
        address = self.reply_to or self.sender_email
        try:
            validate_email(address)
        except ValidationError:
            return ""
        return address if len(address) <= LONGEST_REACHABLE else ""

    @property
    def flag_labels(self) -> list[str]:
        return [str(MailFlag(flag).label) for flag in self.flags if flag in MailFlag.values]

    def can(self, action: MailAction) -> bool:
        return self.state in self.ALLOWED[action]

    def move(
        self, action: MailAction, to: MailState, *, actor: User | None, **data: object
    ) -> IncomingMailEvent:
        """Enter ``to`` with its event. Raises TransitionNotAllowed. The caller holds the row's lock."""
        check(self.ALLOWED, action, self.state)
        before, self.state = self.state, to
        self.version += 1
        self.decided_by = actor
        self.decided_at = clock.now() if actor else None
        self.save()
        return self.note(action, before, actor, **data)

    def note(
        self, kind: MailAction, before: str, actor: User | None, **data: object
    ) -> IncomingMailEvent:
        return IncomingMailEvent.objects.create(
            mail=self,
            kind=kind,
            from_state=before,
            to_state=self.state,
            actor=actor,
            at=clock.now(),
            data=data,
            request_id=logs.request_id.get(),
        )


class IncomingMailContent(models.Model):
    """The mail as it came, byte for byte, in a table of its own: no list ever loads it.

    In the database and not on the disk: row and bytes are stored together or not at all, so that a mail
    server is only told "taken" for a mail that is.
    """

    mail = models.OneToOneField(
        IncomingMail, on_delete=models.PROTECT, primary_key=True, related_name="content"
    )
    raw = models.BinaryField(_("raw mail"))

    class Meta:
        verbose_name = _("raw mail")
        verbose_name_plural = _("raw mails")

    def __str__(self) -> str:
        return str(self.mail_id)


class IncomingMailEvent(Event):
    mail = models.ForeignKey(IncomingMail, on_delete=models.PROTECT, related_name="events")

    class Meta(Event.Meta):
        abstract = False
        verbose_name = _("event of a mail")
        verbose_name_plural = _("events of mails")

    @property
    def label(self) -> str:
        return str(MailAction(self.kind).label)


class MailboxPosition(models.Model):
    """How far a mailbox was read. The numbers count for one UIDVALIDITY only (RFC 3501, 2.3.1.1)."""

    name = models.CharField(_("mailbox"), max_length=400, unique=True)
    uidvalidity = models.PositiveBigIntegerField()
    last_uid = models.PositiveBigIntegerField(default=0)
    read_at = models.DateTimeField(_("read at"), default=clock.now)

    class Meta:
        verbose_name = _("position in a mailbox")
        verbose_name_plural = _("positions in mailboxes")

    def __str__(self) -> str:
        return self.name
