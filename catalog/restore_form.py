"""The form by which an advisor restores a revision."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

LONGEST_REASON = 500


class RestoreForm(forms.Form):
    reason = forms.CharField(
        label=_("Why do you restore this revision?"),
        help_text=_("Only the OSK reads this."),
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Give the reason.")},
    )
    seen_revision = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)
