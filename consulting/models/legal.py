"""Statements about the law that answers cite by reference (product.md 1.5)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consulting.deadlines import short_date
from consulting.models.procurement import is_too_old, oldest_checked
from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed


class LegalStatementQuerySet(models.QuerySet["LegalStatement"]):
    def counting(self) -> LegalStatementQuerySet:
        """Those that may still be cited."""
        return self.filter(replaced_by=None, ended_on=None)

    def to_check(self) -> LegalStatementQuerySet:
        """Those that count, and that nobody has checked for twelve months."""
        return self.counting().filter(checked_on__lt=oldest_checked(clock.today()))


class LegalStatement(Addressed):
    """What the law says, for whom, and where that is written. The OSK gives no legal advice.

    Its words stay once an answer cites them: what was said in an answer must read the same in ten years.
    Another wording is another statement, which replaces this one.
    """

    reference = models.CharField(_("reference"), max_length=20, unique=True, editable=False)
    title = models.CharField(_("title"), max_length=200)
    text = models.TextField(_("text"), max_length=5_000)
    source = models.CharField(
        _("source"), max_length=300, help_text=_("Law, section and version, as precise as can be.")
    )
    source_url = models.URLField(_("address of the source"), blank=True)
    binds = models.CharField(
        _("who is bound"),
        max_length=300,
        help_text=_("For example: the Federation. Say also whom it does not bind."),
    )
    checked_on = models.DateField(_("checked on"))
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("checked by"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    replaced_by = models.ForeignKey(
        "self",
        verbose_name=_("replaced by"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="replaces",
    )
    ended_on = models.DateField(
        _("no longer cited since"),
        null=True,
        blank=True,
        help_text=_("When it is no longer right and nothing replaces it."),
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = LegalStatementQuerySet.as_manager()

    class Meta:
        verbose_name = _("legal statement")
        verbose_name_plural = _("legal statements")
        ordering = ["-reference"]
        constraints = [
            models.CheckConstraint(
                condition=Q(reference__regex=r"^RA-\d{4}-\d{3,}$"), name="legal_reference"
            ),
            models.CheckConstraint(
                condition=~Q(title="") & ~Q(text="") & ~Q(source="") & ~Q(binds=""),
                name="legal_is_complete",
                violation_error_message=_("A legal statement names its source and who is bound."),
            ),
            models.CheckConstraint(
                condition=Q(replaced_by=None) | ~Q(replaced_by=models.F("pk")),
                name="legal_not_its_own_successor",
                violation_error_message=_("A statement does not replace itself."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"

    @property
    def counts(self) -> bool:
        return self.replaced_by_id is None and self.ended_on is None

    @property
    def warning(self) -> str:
        """Why a reader should look twice; empty for one that counts and was checked."""
        if self.replaced_by is not None:
            return gettext("Replaced by %(reference)s.") % {"reference": self.replaced_by.reference}
        if self.ended_on is not None:
            return gettext("No longer right since %(date)s.") % {"date": short_date(self.ended_on)}
        if self.needs_check:
            return gettext("Checked more than twelve months ago.")
        return ""

    @property
    def needs_check(self) -> bool:
        """Twelve months are over (product.md 1.5)."""
        return self.counts and is_too_old(self.checked_on, clock.today())
