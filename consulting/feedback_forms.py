"""The two forms behind signed links."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from consulting.enums import ContractType, Procured
from consulting.fields import TextField
from osk_portal.toolkit import clock
from osk_portal.toolkit.forms import DateInput

LONGEST_CONTRACT: Final = 30
"""Years from now."""
GRADES: Final = [
    ("4", _("Yes")),
    ("3", _("Rather yes")),
    ("2", _("Rather no")),
    ("1", _("No")),
]


class OutcomeForm(forms.Form):
    """One click: each choice is a button."""

    what = forms.ChoiceField(
        label=_("What was procured?"),
        choices=Procured.choices,
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), _("Choose what was procured.")
        ),
    )


class OutcomeDetailsForm(forms.Form):
    """The second step, which nobody need take."""

    reason = TextField(label=_("Why?"), max_length=1000, rows=3, required=False)
    contract_type = forms.ChoiceField(
        label=_("Type of contract"),
        choices=[("", "–"), *ContractType.choices],
        required=False,
    )
    contract_ends_on = forms.DateField(
        label=_("End of the contract"),
        help_text=_(
            "DD.MM.YYYY. We keep the request until then, and for the period of retention after."
        ),
        required=False,
        widget=DateInput,
        error_messages={"invalid": _("Enter a date, for example 24.11.2026.")},
    )

    def __init__(self, *args: Any, what: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if what == Procured.NOTHING:
            del self.fields["contract_type"], self.fields["contract_ends_on"]

    def clean_contract_ends_on(self) -> date | None:
        day: date | None = self.cleaned_data["contract_ends_on"]
        return check_contract_end(day) if day else None


def check_contract_end(day: date) -> date:
    """A slip of the keyboard would keep a request for centuries."""
    if day.year > clock.today().year + LONGEST_CONTRACT:
        raise forms.ValidationError(_("Choose a date within the next 30 years."))
    return day


class SurveyForm(forms.Form):
    helped = forms.ChoiceField(
        label=_("Did our advice help you?"),
        choices=GRADES,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose whether our advice helped you.")},
    )
    clear = forms.ChoiceField(
        label=_("Was our answer clear?"),
        choices=GRADES,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose whether our answer was clear.")},
    )
    comment = TextField(
        label=_("What should we do better?"),
        help_text=_("Do not name persons."),
        max_length=2000,
        rows=4,
        required=False,
    )
