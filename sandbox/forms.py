"""What people type when they book."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.utils.translation import gettext_lazy as _

from network.models import Organisation
from osk_portal.toolkit import clock
from osk_portal.toolkit.clock import BERLIN
from osk_portal.toolkit.forms import DateInput
from sandbox.models import Blueprint
from sandbox.windows import LocalTimeError, berlin_moment, end_after

HORIZON = timedelta(days=90)
USUAL_DAYS = 7


class TimeInput(forms.TimeInput):
    """The browser's own time control; its value is always hours and minutes (HTML, 2.3.5.4)."""

    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


class BookingForm(forms.Form):
    """``cleaned_data`` holds ``organisation``, ``start`` and ``end`` (aware), and ``purpose``."""

    NOW, LATER = "now", "later"

    organisation = forms.ModelChoiceField(
        label=_("For which organisation?"),
        queryset=Organisation.objects.none(),
        empty_label=None,
        error_messages={
            "required": _("Choose the organisation."),
            "invalid_choice": _("Choose the organisation."),
        },
    )
    when = forms.ChoiceField(
        label=_("When does it begin?"),
        widget=forms.RadioSelect,
        choices=[
            (NOW, _("Now")),
            (LATER, _("Later, at a time that I enter below")),
        ],
        error_messages={
            "required": _("Choose when it begins."),
            "invalid_choice": _("Choose when it begins."),
        },
    )
    start_date = forms.DateField(
        label=_("Begin: day"),
        required=False,
        widget=DateInput,
        help_text=_("Only for a later begin."),
        error_messages={"invalid": _("Enter a date, for example 30.11.2026.")},
    )
    start_time = forms.TimeField(
        label=_("Begin: time"),
        required=False,
        widget=TimeInput,
        help_text=_("Berlin time."),
        error_messages={"invalid": _("Enter a time, for example 08:30.")},
    )
    days = forms.IntegerField(
        label=_("For how many days?"),
        min_value=1,
        error_messages={
            "required": _("Enter the number of days."),
            "invalid": _("Enter a whole number of days."),
            "min_value": _("Enter at least 1 day."),
        },
    )
    purpose = forms.CharField(
        label=_("What do you test for?"),
        help_text=_("One or two sentences are enough."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "required": _("Say in a sentence what you test for."),
            "max_length": _("Shorten your text to 2000 characters."),
        },
    )
    only_test_data = forms.BooleanField(
        label=_("I use test data only: no personal data, nothing classified, no real passwords."),
        error_messages={"required": _("Confirm that you use test data only.")},
    )

    def __init__(
        self, *args: Any, blueprint: Blueprint, organisations: list[Organisation], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._organisations = organisations
        days = self.fields["days"]
        longest = blueprint.longest_days
        days.initial = min(USUAL_DAYS, longest)
        days.help_text = _("At most %(days)d days.") % {"days": longest}
        too_long = _("Enter at most %(days)d days.") % {"days": longest}
        days.validators.append(MaxValueValidator(longest, too_long))
        days.widget.attrs.update(min=1, max=longest, inputmode="numeric")
        if len(organisations) > 1:
            choice = cast("forms.ModelChoiceField[Organisation]", self.fields["organisation"])
            choice.queryset = Organisation.objects.filter(pk__in=[o.pk for o in organisations])
        else:
            del self.fields["organisation"]

    def clean_purpose(self) -> str:
        """Without control characters, which no reader could see; line breaks stay."""
        text: str = self.cleaned_data["purpose"]
        kept = (c for c in text if c in "\n\t" or unicodedata.category(c) != "Cc")
        clean = "".join(kept).strip()
        if not clean:
            raise ValidationError(self.fields["purpose"].error_messages["required"])
        return clean

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        data.setdefault("organisation", self._organisations[0])
        start = self._start(data)
        if start is not None and "days" in data:
            data["start"], data["end"] = start, end_after(start, data["days"])
        return data

    def _start(self, data: dict[str, Any]) -> datetime | None:
        if data.get("when") != self.LATER:
            return clock.now() if data.get("when") == self.NOW else None
        day, hour = data.get("start_date"), data.get("start_time")
        if day is None and "start_date" not in self.errors:
            self.add_error("start_date", _("Enter the day on which it begins."))
        if hour is None and "start_time" not in self.errors:
            self.add_error("start_time", _("Enter the time at which it begins."))
        if day is None or hour is None:
            return None
        today = clock.today()
        if day < today:
            self.add_error("start_date", _("This time is over. Choose a later one, or “Now”."))
            return None
        if day > today + HORIZON:
            self.add_error("start_date", _("Choose a day in the next 90 days."))
            return None
        try:
            start = berlin_moment(day, hour)
        except LocalTimeError as error:
            self.add_error("start_time", str(error))
            return None
        if start <= clock.now():
            self.add_error("start_date", _("This time is over. Choose a later one, or “Now”."))
            return None
        return start


class ForgetForm(forms.Form):
    """An operator's reason; kept with the environment."""

    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("Why can this environment not be removed in the usual way?"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Enter the reason.")},
    )


def later_at(start: datetime) -> dict[str, Any]:
    """What the form shows first where no place is free now."""
    local = start.astimezone(BERLIN)
    whole = local + timedelta(minutes=-local.minute % 15, seconds=-local.second)
    if whole < local:
        whole += timedelta(minutes=15)
    return {
        "when": BookingForm.LATER,
        "start_date": whole.date(),
        "start_time": whole.time().replace(microsecond=0),
    }
