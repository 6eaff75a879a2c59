from __future__ import annotations

import re
from typing import Final

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed

PLACEHOLDERS: Final = ("anrede", "aktenzeichen", "ansprechperson", "frist")
"""What a text module may leave open, written in braces; German as the texts are. Filled in by
``text_modules.fill``."""
_BRACES: Final = re.compile(r"\{([^{}]*)\}")


def check_placeholders(text: str) -> None:
    """Raise ValidationError for a placeholder that nobody fills in, and for a single brace."""
    unknown = sorted({name for name in _BRACES.findall(text) if name not in PLACEHOLDERS})
    if not unknown and re.search(r"[{}]", _BRACES.sub("", text)):
        unknown = ["…"]
    if unknown:
        raise ValidationError(
            _("%(unknown)s is no placeholder. You can use %(known)s."),
            code="placeholder",
            params={
                "unknown": ", ".join(f"{{{name}}}" for name in unknown),
                "known": ", ".join(f"{{{name}}}" for name in PLACEHOLDERS),
            },
        )


class TextModule(Addressed):
    """A text that the OSK writes often (product.md 1.4); inserted, then changed at will."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    text = models.TextField(
        _("text"),
        max_length=10_000,
        validators=[check_placeholders],
        help_text=_("Placeholders: {anrede}, {aktenzeichen}, {ansprechperson}, {frist}."),
    )
    is_active = models.BooleanField(_("offered"), default=True)
    updated_at = models.DateTimeField(_("changed"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("text module")
        verbose_name_plural = _("text modules")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(text=""),
                name="text_module_has_text",
                violation_error_message=_("Write a text."),
            )
        ]

    def __str__(self) -> str:
        return self.name
