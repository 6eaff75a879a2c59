"""A day and a time of Berlin in a form, asked back where the clocks are changed."""

from __future__ import annotations

from datetime import date, datetime, time

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from osk_portal.templatetags.osk import berlin_time
from sandbox.windows import LocalTimeError, berlin_moment

ASKED = "clock_change"


def clock_change_field() -> forms.ChoiceField:
    """Shown only where ``moment_of`` has to ask; else what it says is not looked at."""
    return forms.ChoiceField(
        label=gettext_lazy("Which time do you mean?"),
        required=False,
        widget=forms.RadioSelect,
        choices=[],
    )


def moment_of(form: forms.Form, day: date, hour: time, name: str = ASKED) -> datetime | None:
    """The moment of that wall clock time; None, with an error at the field ``name``, where it must be asked.

    ``form`` has a ``clock_change_field`` of that name, which then offers both moments.
    """
    try:
        return berlin_moment(day, hour)
    except LocalTimeError as error:
        answers = {moment.strftime("%Y%m%dT%H%MZ"): moment for moment in error.choices}
        field = form.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 # made by clock_change_field
        before, after = (berlin_time(moment) for moment in error.choices)
        labels = (
            _("%(time)s, before the clocks change") % {"time": before},
            _("%(time)s, after the clocks change") % {"time": after},
        )
        field.choices = list(zip(answers, labels, strict=True))
        field.required = True
        chosen = answers.get(form.data.get(form.add_prefix(name), ""))
        if chosen is None:
            words = (
                _(
                    "This time comes twice on that day: the clocks are put back. Choose which one you mean."
                )
                if before == after
                else _(
                    "This time does not exist on that day: the clocks are put forward. Choose one of these."
                )
            )
            form.add_error(name, words)
        return chosen


def accept_any(form: forms.Form, name: str = ASKED) -> None:
    """Before the form is cleaned: what may be answered is known only from day and time."""
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)  # noqa: S101 # made by clock_change_field
    answer = form.data.get(form.add_prefix(name), "")
    field.choices = [(answer, "")] if answer else []
