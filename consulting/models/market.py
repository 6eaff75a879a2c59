"""On whose word partners are asked, and what passed between them and the OSK (product.md 1.5)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from consulting.enums import ConsentState, ContactKind
from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed


class PartnerConsent(Addressed):
    """The OSK asks the requester's side whether partners may be told exactly this.

    ``released`` is what the page shows (``releases.Release``) and never changes; another text is another
    row. ``sha256`` is its sum: what is asked of a partner later is held against it.
    """

    case = models.ForeignKey(
        "consulting.ConsultingRequest", on_delete=models.PROTECT, related_name="consents"
    )
    released = models.JSONField(_("what would be released"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    answer_by = models.DateField(_("partners answer by"))
    state = models.CharField(max_length=20, choices=ConsentState, default=ConsentState.ASKED)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(default=clock.now)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    knows_prejudice = models.BooleanField(_("has read the note on Vorbefassung"), default=False)
    refusal = models.TextField(_("reason"), blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("consent to a question to partners")
        verbose_name_plural = _("consents to questions to partners")
        ordering = ["asked_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="consent_has_sum"
            ),
            models.CheckConstraint(
                condition=(
                    Q(state=ConsentState.ASKED, decided_by=None, decided_at=None)
                    | Q(
                        state__in=(ConsentState.GIVEN, ConsentState.REFUSED),
                        decided_by__isnull=False,
                        decided_at__isnull=False,
                    )
                    | Q(state=ConsentState.WITHDRAWN)
                ),
                name="consent_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state=ConsentState.WITHDRAWN, withdrawn_at__isnull=False)
                | (~Q(state=ConsentState.WITHDRAWN) & Q(withdrawn_at=None, withdrawn_by=None)),
                name="consent_withdrawn_has_time",
            ),
            models.CheckConstraint(
                condition=Q(state=ConsentState.REFUSED) | Q(refusal=""),
                name="consent_reason_of_refusal",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.state}"

    def get_absolute_url(self) -> str:
        """The page on which the requester's side decides."""
        return reverse("consulting:partner_consent", args=[self.case.public_id, self.public_id])


class MarketInquiry(models.Model):
    """The decision "Markterkundung": why, and how far, companies are asked before a procedure begins."""

    case = models.OneToOneField(
        "consulting.ConsultingRequest", on_delete=models.PROTECT, related_name="market_inquiry"
    )
    reason = models.TextField(_("reason"))
    scope = models.TextField(_("scope"))
    decided_on = models.DateField(_("decided on"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = _("Markterkundung")
        verbose_name_plural = _("Markterkundungen")
        constraints = [
            models.CheckConstraint(
                condition=~Q(reason="") & ~Q(scope=""),
                name="inquiry_has_reason_and_scope",
                violation_error_message=_("Say why and how far companies are asked."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.decided_on}"


class PartnerContact(models.Model):
    """One thing that passed between the OSK and a partner, in the order in which it did.

    The log behind "Kontakte mit Unternehmen", and the queries and replies on the partner's page. Rows are
    added, never changed; whether the partner was a company is kept as it was at that moment.
    """

    question = models.ForeignKey(
        "consulting.PartnerQuestion", on_delete=models.PROTECT, related_name="contacts"
    )
    kind = models.CharField(max_length=20, choices=ContactKind)
    is_company = models.BooleanField(_("with a company"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField(default=clock.now)
    text = models.TextField(_("text"), blank=True)
    """Of a query or a reply. Question and answer stand in the question itself."""
    files = models.JSONField(_("files"), default=list, blank=True)
    """Name and SHA-256 of each file that was released, or read. Stays when the file is gone."""
    form_id = models.UUIDField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("contact with a partner")
        verbose_name_plural = _("contacts with partners")
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["question", "actor", "form_id"],
                name="contact_once_a_form",
                violation_error_message=_("This was sent already."),
            ),
            models.CheckConstraint(
                condition=(Q(kind__in=(ContactKind.ASKED_BACK, ContactKind.REPLIED)) & ~Q(text=""))
                | (~Q(kind__in=(ContactKind.ASKED_BACK, ContactKind.REPLIED)) & Q(text="")),
                name="contact_has_text",
                violation_error_message=_("Write a text."),
            ),
            models.CheckConstraint(
                condition=(Q(kind=ContactKind.FILE_READ) & ~Q(files=[]))
                | Q(kind=ContactKind.ASKED)
                | (~Q(kind=ContactKind.FILE_READ) & Q(files=[])),
                name="contact_names_the_file",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.question_id} {self.kind}"

    @property
    def by_osk(self) -> bool:
        return self.kind in (ContactKind.ASKED, ContactKind.REPLIED, ContactKind.WITHDRAWN)
