"""What people type when they book."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar, Final, cast
from uuid import UUID

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from network.models import Organisation
from osk_portal.templatetags.osk import berlin_datetime
from osk_portal.toolkit import clock
from osk_portal.toolkit.clock import BERLIN
from osk_portal.toolkit.forms import DateInput
from sandbox import quotas
from sandbox.models import Blueprint
from sandbox.moments import accept_any, clock_change_field, moment_of
from sandbox.timetable import Choice
from sandbox.windows import end_after

USUAL_DAYS = 7
MOST_GOALS: Final = 10
LONGEST_GOAL: Final = 200
AT = re.compile(r"at-([0-9]{8}T[0-9]{4}Z)")


class TimeInput(forms.TimeInput):
    """The browser's own time control; its value is always hours and minutes (HTML, 2.3.5.4)."""

    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


class WhenChoice(forms.ChoiceField):
    """Also takes what was in the list when the page was made, and is gone now: a free begin, or ``also``."""

    also: str | None = None

    def valid_value(self, value: Any) -> bool:
        known = super().valid_value(value) or str(value) == self.also
        return known or begin_of(str(value)) is not None


def begin_of(value: str) -> datetime | None:
    """The moment that a choice of the list of free begins stands for."""
    found = AT.fullmatch(value)
    if found is None:
        return None
    try:
        begin = datetime.strptime(found[1], "%Y%m%dT%H%MZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    # Never from our list, and years at the edge of time have no clock of Berlin to ask.
    return begin if abs(begin - clock.now()) <= timedelta(days=MOST_DAYS_AHEAD) else None


def value_of(start: datetime) -> str:
    return start.astimezone(UTC).strftime("at-%Y%m%dT%H%MZ")


class PurposeForm(forms.Form):
    """For whom, for how long, what for: what a booking and a turn on the waitlist have in common."""

    organisation = forms.ModelChoiceField(
        label=_("For which organisation?"),
        queryset=Organisation.objects.none(),
        empty_label=None,
        error_messages={
            "required": _("Choose the organisation."),
            "invalid_choice": _("Choose the organisation."),
        },
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
        limit_days(cast("forms.IntegerField", self.fields["days"]), blueprint.longest_days)
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
        if len(self._organisations) == 1:
            data["organisation"] = self._organisations[0]
        return data


def limit_days(field: forms.IntegerField, longest: int) -> None:
    field.initial = min(USUAL_DAYS, longest)
    field.help_text = _("At most %(days)d days.") % {"days": longest}
    too_long = _("Enter at most %(days)d days.") % {"days": longest}
    field.validators.append(MaxValueValidator(longest, too_long))
    field.widget.attrs.update(min=1, max=longest, inputmode="numeric")


class WhenForm(forms.Form):
    """When it begins: from the list of free begins, or at a time that is typed."""

    NOW: Final = "now"
    LATER: Final = "later"

    when = WhenChoice(
        label=_("When does it begin?"),
        widget=forms.RadioSelect,
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
    clock_change = clock_change_field()
    needs_approval = False

    def offer(self, choices: Iterable[Choice], *, days_now: int, first: datetime | None) -> None:
        """``first``: the earliest begin, where it is not now (``needs_approval``, else a person sets it up).
        ``days_now``: for how many days a place is free now.
        """
        self._first = first
        listed = [(value_of(c.start), choice_words(c)) for c in choices]
        now = [(self.NOW, now_words(days_now))] if days_now else []
        when = cast("WhenChoice", self.fields["when"])
        when.also = self.NOW if first is None else None
        when.choices = [*now, *listed, (self.LATER, _("Later, at a time that I enter below"))]
        if self.is_bound:
            accept_any(self)

    @property
    def first_words(self) -> str:
        """Why it cannot begin before ``first``."""
        words = (
            gettext(
                "The OSK approves bookings of this test product first. It can begin on %(first)s at the earliest."
            )
            if self.needs_approval
            else gettext(
                "A person sets up this test product. It can begin on %(first)s at the earliest."
            )
        )
        return words % {"first": berlin_datetime(self._first)}

    def start_from(
        self, data: dict[str, Any], organisation: Organisation | None
    ) -> datetime | None:
        """The begin, or None with an error at its field."""
        when = data.get("when")
        if when == self.NOW:
            return clock.now()
        listed = begin_of(when or "")
        start = listed or (self._typed(data) if when == self.LATER else None)
        if start is None:
            return None
        field = "start_date" if listed is None else "when"
        if start <= clock.now():
            self.add_error(field, _("This time is over. Choose a later one, or “Now”."))
            return None
        if self._first is not None and start < self._first:
            self.add_error(field, self.first_words)
            return None
        if organisation is not None:
            limits = quotas.limits_of(organisation)
            if start.astimezone(BERLIN).date() > limits.last_day():
                self.add_error(field, quotas.horizon_text(limits.horizon_days))
                return None
        return start

    def _typed(self, data: dict[str, Any]) -> datetime | None:
        day, hour = data.get("start_date"), data.get("start_time")
        if day is None and "start_date" not in self.errors:
            self.add_error("start_date", _("Enter the day on which it begins."))
        if hour is None and "start_time" not in self.errors:
            self.add_error("start_time", _("Enter the time at which it begins."))
        if day is None or hour is None:
            return None
        return self._moment(day, hour)

    def _moment(self, day: date, hour: time) -> datetime | None:
        """Years far away have no clock of Berlin to ask."""
        today = clock.today()
        if day < today:
            self.add_error("start_date", _("This time is over. Choose a later one, or “Now”."))
            return None
        if day > today + timedelta(days=MOST_DAYS_AHEAD):
            self.add_error("start_date", quotas.horizon_text(settings.OSK_SANDBOX_HORIZON_DAYS))
            return None
        return moment_of(self, day, hour)


MOST_DAYS_AHEAD = 800
"""More than any organisation may be given."""


def choice_words(choice: Choice) -> str:
    return ngettext(
        "%(start)s, free for %(days)d day", "%(start)s, free for up to %(days)d days", choice.days
    ) % {"start": berlin_datetime(choice.start), "days": choice.days}


def now_words(days: int) -> str:
    return ngettext("Now, free for %(days)d day", "Now, free for up to %(days)d days", days) % {
        "days": days
    }


class FormIdField(forms.UUIDField):
    """Hidden: the id that makes a form sent twice count once. Nonsense in it counts as none."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(required=False)

    def clean(self, value: Any) -> UUID | None:
        try:
            cleaned: UUID | None = super().clean(value)
        except ValidationError:
            return None
        return cleaned


class BookingForm(WhenForm, PurposeForm):
    """``cleaned_data`` holds ``organisation``, ``start`` and ``end`` (aware), ``purpose`` and ``goals`` (a list)."""

    by_osk: ClassVar[bool] = False
    """Outside the quota: also beyond the organisation's horizon."""
    field_order = [
        "organisation", "when", "start_date", "start_time", "clock_change", "days", "purpose",
        "goals", "only_test_data",
    ]  # fmt: skip
    form_id = FormIdField()
    goals = forms.CharField(
        label=_("Test goals"),
        help_text=_("One a line. After the booking you can make a test plan of them."),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"max_length": _("Shorten your text to 2000 characters.")},
    )

    def clean_goals(self) -> list[str]:
        """Without empty lines, control characters and repetitions."""
        lines = self.cleaned_data["goals"].splitlines()
        clean = ("".join(c for c in li if unicodedata.category(c) != "Cc").strip() for li in lines)
        goals = list(dict.fromkeys(goal for goal in clean if goal))
        if len(goals) > MOST_GOALS:
            raise ValidationError(gettext("Enter at most %(most)d goals.") % {"most": MOST_GOALS})
        if any(len(goal) > LONGEST_GOAL for goal in goals):
            raise ValidationError(
                gettext("Shorten each goal to %(most)d characters.") % {"most": LONGEST_GOAL}
            )
        return goals

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        organisation = None if self.by_osk else data.get("organisation")
        start = self.start_from(data, organisation)
        if start is not None and "days" in data:
            data["start"], data["end"] = start, end_after(start, data["days"])
        return data


class WaitForm(PurposeForm):
    """``cleaned_data`` holds ``organisation``, ``days`` and ``purpose``."""


class MoveForm(WhenForm):
    """``cleaned_data`` holds ``start`` and ``end`` (aware). ``organisation``: whose horizon holds; None for none."""

    days = forms.IntegerField(
        label=_("For how many days?"),
        min_value=1,
        error_messages={
            "required": _("Enter the number of days."),
            "invalid": _("Enter a whole number of days."),
            "min_value": _("Enter at least 1 day."),
        },
    )

    def __init__(
        self, *args: Any, blueprint: Blueprint, organisation: Organisation | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._organisation = organisation
        limit_days(cast("forms.IntegerField", self.fields["days"]), blueprint.longest_days)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        start = self.start_from(data, self._organisation)
        if start is not None and "days" in data:
            data["start"], data["end"] = start, end_after(start, data["days"])
        return data


class ExtendForm(forms.Form):
    """``cleaned_data["days"]``: how many days more, from the end that the person saw (``sequence``)."""

    sequence = forms.IntegerField(widget=forms.HiddenInput, required=False)
    days = forms.IntegerField(
        label=_("How many days more?"),
        min_value=1,
        error_messages={
            "required": _("Enter the number of days."),
            "invalid": _("Enter a whole number of days."),
            "min_value": _("Enter at least 1 day."),
        },
    )

    def __init__(self, *args: Any, most: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        limit_days(cast("forms.IntegerField", self.fields["days"]), most)


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
        "when": WhenForm.LATER,
        "start_date": whole.date(),
        "start_time": whole.time().replace(microsecond=0),
    }
