from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from django.conf import settings
from django.core import signing
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from consulting import deadlines
from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed

LIFETIME: Final = timedelta(days=14)
"""product.md 1.2."""
_SIGNER: Final = signing.Signer(salt="consulting.link", sep=".")


class CaseLink(Addressed):
    """Opens the public part of a case for its author, without an account. Only the newest counts."""

    case = models.ForeignKey(
        "consulting.ConsultingRequest", on_delete=models.CASCADE, related_name="links"
    )
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = _("link")
        verbose_name_plural = _("links")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.case_id} {self.made_at:%Y-%m-%d %H:%M}"

    def get_absolute_url(self) -> str:
        return reverse("consulting:case_by_link", args=[self.token])

    @property
    def token(self) -> str:
        """Signed, so that guessing costs nothing of the database."""
        return _SIGNER.sign(self.public_id.hex)

    @property
    def expires_on(self) -> date:
        return deadlines.berlin_day(self.made_at + LIFETIME)

    @property
    def is_over(self) -> bool:
        return clock.now() >= self.made_at + LIFETIME

    @classmethod
    def named_by(cls, token: str) -> CaseLink | None:
        """The link of a token, alive or not; None for a token that we have not made."""
        try:
            public_id = _SIGNER.unsign(token)
        except signing.BadSignature:
            return None
        return cls.objects.filter(public_id=public_id).first()
