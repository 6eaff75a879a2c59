"""What operators and advisors type about a test product: specification, publication, scan, block."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from osk_portal.toolkit import clock
from osk_portal.toolkit.forms import DateInput
from osk_portal.toolkit.text_fields import TextField
from sandbox import prototypes, spec, spec_text
from sandbox.enums import ScanResult
from sandbox.models import Blueprint


class SpecForm(forms.Form):
    """``cleaned_data["text"]`` is the specification, read and checked."""

    base = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)
    text = TextField(
        label=gettext_lazy("Specification"),
        help_text=gettext_lazy(
            "YAML or JSON. What each part says stands in the handbook of the sandbox: also “seed”, with what it begins,"
            " and “export”, what people may save before the end."
        ),
        max_length=spec_text.LONGEST,
        rows=28,
        strip=False,
        widget=forms.Textarea(
            attrs={"rows": 28, "class": "osk-code", "spellcheck": "false", "autocomplete": "off"}
        ),
        error_messages={"required": gettext_lazy("Enter the specification.")},
    )

    def __init__(self, *args: Any, blueprint: Blueprint, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.blueprint = blueprint

    def clean_text(self) -> dict[str, Any]:
        try:
            data = spec_text.read(self.cleaned_data["text"])
        except spec_text.BadText as error:
            raise ValidationError([str(problem) for problem in error.problems]) from error
        found = spec.parse(data)
        problems = prototypes.problems_of(found) if self.blueprint.is_prototype else []
        problems += self.blueprint.pool.problems_of(found)
        if problems:
            raise ValidationError(problems)
        return data


class PublishForm(forms.Form):
    """``reason`` only where no trial run could be made."""

    reason = TextField(
        label=gettext_lazy("Why without a trial run?"),
        help_text=gettext_lazy("Recorded beside the version, with your name."),
        max_length=2000,
        rows=3,
        error_messages={"required": gettext_lazy("Enter the reason.")},
    )

    def __init__(self, *args: Any, needs_reason: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not needs_reason:
            del self.fields["reason"]


class ScanForm(forms.Form):
    day = forms.DateField(
        label=gettext_lazy("Scanned on"),
        widget=DateInput,
        error_messages={
            "required": gettext_lazy("Enter the day of the scan."),
            "invalid": gettext_lazy("Enter a date, for example 30.11.2026."),
        },
    )
    result = forms.ChoiceField(
        label=gettext_lazy("Result"),
        choices=[("", gettext_lazy("Please choose")), *ScanResult.choices],
        error_messages={
            "required": gettext_lazy("Choose the result."),
            "invalid_choice": gettext_lazy("Choose the result."),
        },
    )
    note = TextField(
        label=gettext_lazy("What was found, with what"),
        help_text=gettext_lazy("Shown on the page of the test product."),
        max_length=2000,
        rows=2,
        required=False,
    )

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        if day > clock.today():
            raise ValidationError(_("This day is still to come."))
        if day.year < 2000:
            raise ValidationError(_("Enter a date, for example 30.11.2026."))
        return day


class BlockForm(forms.Form):
    why = TextField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("Shown to everybody who has a test environment of it."),
        max_length=2000,
        rows=3,
        error_messages={"required": gettext_lazy("Enter the reason.")},
    )
