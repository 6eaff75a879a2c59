"""What the OSK and the operators type in the work area."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from osk_portal.templatetags.osk import berlin_date
from osk_portal.toolkit import clock
from osk_portal.toolkit.forms import DateInput
from osk_portal.toolkit.text_fields import TextField
from sandbox.forms import BookingForm, TimeInput
from sandbox.models import Pool, Slot
from sandbox.moments import accept_any, clock_change_field, moment_of

MOST_QUARANTINE: Final = timedelta(days=365)


class ApprovalForm(forms.Form):
    note = TextField(
        label=gettext_lazy("Note to the person"),
        help_text=gettext_lazy("Shown on the page of the booking."),
        max_length=2000,
        rows=2,
        required=False,
    )


class RejectionForm(forms.Form):
    reason = TextField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("Shown to the person who asked. Say what would help instead."),
        max_length=2000,
        rows=3,
        error_messages={"required": gettext_lazy("Enter the reason.")},
    )


class MeasureForm(forms.Form):
    """Why an operator does something; kept with the environment, for operators only."""

    reason = TextField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("Kept with the environment. Who booked it does not read it."),
        max_length=1000,
        rows=2,
        error_messages={"required": gettext_lazy("Enter the reason.")},
    )


class QuarantineForm(MeasureForm):
    """``cleaned_data["until"]``: a day of the future, at its end in Berlin it goes."""

    until = forms.DateField(
        label=gettext_lazy("Keep until"),
        help_text=gettext_lazy("At the end of this day it is removed with all data."),
        widget=DateInput,
        error_messages={
            "required": gettext_lazy("Enter the day until which it is kept."),
            "invalid": gettext_lazy("Enter a date, for example 30.11.2026."),
        },
    )

    def clean_until(self) -> date:
        until: date = self.cleaned_data["until"]
        today = clock.today()
        if until < today:
            raise forms.ValidationError(_("This day is over. Choose a later one."))
        if until > today + MOST_QUARANTINE:
            raise forms.ValidationError(
                _("Keep it for one year at most: %(day)s.")
                % {"day": berlin_date(today + MOST_QUARANTINE)}
            )
        return until


class OskBookingForm(BookingForm):
    """The OSK books, outside the quota."""

    by_osk = True


class EventBookingForm(OskBookingForm):
    occasion = forms.CharField(
        label=gettext_lazy("For which event?"),
        help_text=gettext_lazy("Title and day, as they stand in the invitation."),
        max_length=200,
        error_messages={
            "required": gettext_lazy("Enter the event."),
            "max_length": gettext_lazy("Shorten your text to 200 characters."),
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        organisation = self.fields.get("organisation")
        if isinstance(organisation, forms.ModelChoiceField):
            organisation.empty_label = _("Please choose")


class BlackoutForm(forms.Form):
    """``cleaned_data`` holds ``pool``, ``slots``, ``start`` and ``end`` (aware), and ``reason``."""

    place = forms.ChoiceField(
        label=gettext_lazy("Which places?"),
        error_messages={
            "required": gettext_lazy("Choose the places."),
            "invalid_choice": gettext_lazy("Choose the places."),
        },
    )
    start_date = forms.DateField(
        label=gettext_lazy("Begin: day"),
        widget=DateInput,
        error_messages={
            "required": gettext_lazy("Enter the day on which it begins."),
            "invalid": gettext_lazy("Enter a date, for example 30.11.2026."),
        },
    )
    start_time = forms.TimeField(
        label=gettext_lazy("Begin: time"),
        widget=TimeInput,
        error_messages={
            "required": gettext_lazy("Enter the time at which it begins."),
            "invalid": gettext_lazy("Enter a time, for example 08:30."),
        },
    )
    start_change = clock_change_field()
    end_date = forms.DateField(
        label=gettext_lazy("End: day"),
        widget=DateInput,
        error_messages={
            "required": gettext_lazy("Enter the day on which it ends."),
            "invalid": gettext_lazy("Enter a date, for example 30.11.2026."),
        },
    )
    end_time = forms.TimeField(
        label=gettext_lazy("End: time"),
        widget=TimeInput,
        error_messages={
            "required": gettext_lazy("Enter the time at which it ends."),
            "invalid": gettext_lazy("Enter a time, for example 08:30."),
        },
    )
    end_change = clock_change_field()
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy(
            "Shown in the table of free places, for example “Update of the server”."
        ),
        max_length=200,
        error_messages={"required": gettext_lazy("Enter the reason.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._places: dict[str, tuple[Pool, list[Slot]]] = {}
        groups = []
        for pool in Pool.objects.prefetch_related("slots"):
            slots = list(pool.slots.all())
            if not slots:
                continue
            keys = [(f"pool-{pool.pk}", _("All places"), slots)]
            keys += [(f"slot-{slot.pk}", slot.name, [slot]) for slot in slots]
            self._places |= {key: (pool, of_key) for key, _name, of_key in keys}
            groups.append((pool.name, [(key, name) for key, name, _slots in keys]))
        choice = self.fields["place"]
        assert isinstance(choice, forms.ChoiceField)  # noqa: S101 # declared above
        choice.choices = [("", _("Please choose")), *groups]
        if self.is_bound:
            accept_any(self, "start_change")
            accept_any(self, "end_change")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("place"):
            data["pool"], data["slots"] = self._places[data["place"]]
        start, end = self._moment(data, "start"), self._moment(data, "end")
        if start is None or end is None:
            return data
        if end <= start:
            self.add_error("end_date", _("The end must lie after the begin."))
        elif end <= clock.now():
            self.add_error("end_date", _("This time is over. Choose a later one."))
        data["start"], data["end"] = start, end
        return data

    def _moment(self, data: dict[str, Any], which: str) -> datetime | None:
        day, hour = data.get(f"{which}_date"), data.get(f"{which}_time")
        if day is None or hour is None:
            return None
        if not 2000 <= day.year <= 2200:
            self.add_error(f"{which}_date", _("Enter a date, for example 30.11.2026."))
            return None
        return moment_of(self, day, hour, f"{which}_change")
