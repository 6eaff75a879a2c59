"""What people enter about Termine, on both sides. Shape and wording only; services write."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from consulting.appointments import Arranged, Slot, slot_times
from consulting.deadlines import moment_in_words
from consulting.enums import AppointmentKind
from consulting.fields import FormIdField, LineField, TextField
from consulting.forms import TextForm
from consulting.models import Appointment, ConsultingRequest
from consulting.models.appointment import FEWEST_SLOTS, MOST_SLOTS
from consulting.staff_forms import CaseForm
from osk_portal.toolkit import clock
from osk_portal.toolkit.forms import DateInput
from sandbox.windows import LocalTimeError

DURATIONS: Final = (15, 30, 45, 60, 90, 120, 180)
FARTHEST: Final = timedelta(days=180)
REASON_LENGTH: Final = 5_000


class TimeInput(forms.TimeInput):
    """The browser's own control for a time of day."""

    input_type = "time"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%H:%M")


class _DayField(forms.DateField):
    def __init__(self, **options: Any) -> None:
        super().__init__(
            label=_("Day"),
            help_text=_("DD.MM.YYYY"),
            widget=DateInput,
            error_messages={
                "required": _("Enter the day."),
                "invalid": _("Enter a day, for example 24.11.2026."),
            },
            **options,
        )


class _HourField(forms.TimeField):
    def __init__(self, **options: Any) -> None:
        super().__init__(
            label=_("Begin"),
            help_text=_("HH:MM, Berlin's time"),
            widget=TimeInput,
            error_messages={
                "required": _("Enter the time."),
                "invalid": _("Enter a time, for example 14:30."),
            },
            **options,
        )


class _TalkForm(CaseForm):
    """How and how long one talks: the same for offering and moving."""

    kind = forms.ChoiceField(
        label=_("How do you talk?"),
        choices=AppointmentKind,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how you talk.")},
    )
    place = LineField(
        label=_("Link, number or place"),
        help_text=_(
            "It stands in the mails and calendars of those who take part. For a video conference: the whole"
            " link."
        ),
        max_length=500,
        error_messages={"required": _("Enter the link, the number or the place.")},
    )
    minutes = forms.TypedChoiceField(
        label=_("Duration"),
        coerce=int,
        choices=[(n, ngettext_lazy("%d minute", "%d minutes", n) % n) for n in DURATIONS],
        initial=60,
    )

    def check_place(self) -> None:
        cleaned = self.cleaned_data
        place = cleaned.get("place", "")
        is_video = cleaned.get("kind") == AppointmentKind.VIDEO
        if is_video and place and not place.startswith("https://"):
            self.add_error(
                "place", _("Enter the whole link of the video conference. It begins with https://.")
            )

    def read_slot(self, day_name: str, hour_name: str) -> Slot | None:
        """The moment that is typed there; None where something is missing or wrong, which is said there."""
        cleaned = self.cleaned_data
        day, hour, minutes = cleaned.get(day_name), cleaned.get(hour_name), cleaned.get("minutes")
        if day is None or hour is None or not minutes:
            return None
        try:
            slot = slot_times(day, hour, minutes)
        except LocalTimeError as error:
            self.add_error(hour_name, str(error))
            return None
        now = clock.now()
        if slot[0] <= now:
            self.add_error(day_name, _("Choose a time that is still to come."))
        elif slot[0] > now + FARTHEST:
            self.add_error(day_name, _("Choose a day within the next six months."))
        else:
            return slot
        return None


@dataclass(frozen=True)
class SlotFields:
    number: int
    day: BoundField
    hour: BoundField


class OfferForm(_TalkForm):
    """Two to five slots. ``form_id`` makes a form that is sent twice one offer."""

    note = TextField(
        label=_("Note for the authority"),
        help_text=_(
            "For example what you would like to talk about. It does not stand in the mail."
        ),
        max_length=REASON_LENGTH,
        rows=3,
        required=False,
    )
    form_id = FormIdField()

    def __init__(self, *, case: ConsultingRequest, **options: Any) -> None:
        super().__init__(case=case, initial={"form_id": uuid4()}, **options)
        for number in range(1, MOST_SLOTS + 1):
            is_needed = number <= FEWEST_SLOTS
            self.fields[f"day_{number}"] = _DayField(required=is_needed)
            self.fields[f"hour_{number}"] = _HourField(required=is_needed)
        # As on the page: the summary of what is wrong goes through it from the top.
        times = [f"{what}_{n}" for n in range(1, MOST_SLOTS + 1) for what in ("day", "hour")]
        self.order_fields([*times, "minutes", "kind", "place", "note"])

    @property
    def slot_fields(self) -> list[SlotFields]:
        return [
            SlotFields(n, self[f"day_{n}"], self[f"hour_{n}"]) for n in range(1, MOST_SLOTS + 1)
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.check_place()
        slots: list[Slot] = []
        for number in range(1, MOST_SLOTS + 1):
            day, hour = f"day_{number}", f"hour_{number}"
            for here, other in ((day, hour), (hour, day)):
                is_half = cleaned.get(here) is None and cleaned.get(other) is not None
                if is_half and here not in self.errors:
                    self.add_error(here, self.fields[here].error_messages["required"])
            slot = self.read_slot(day, hour)
            if slot is None:
                continue
            if any(slot[0] == other[0] for other in slots):
                self.add_error(day, _("Offer each time only once."))
            slots.append(slot)
        cleaned["slots"] = slots
        return cleaned

    def values(self) -> dict[str, Any]:
        """The service's arguments."""
        names = ("slots", "kind", "place", "note", "form_id")
        return {name: self.cleaned_data[name] for name in names}


class _ReasonForm(CaseForm):
    text = TextField(
        label=_("Reason"),
        help_text=_("The authority reads it in the request. It does not stand in the mail."),
        max_length=REASON_LENGTH,
        rows=3,
        error_messages={"required": _("Write the reason.")},
    )
    message_id = FormIdField()

    def __init__(self, *, case: ConsultingRequest, **options: Any) -> None:
        initial = {"message_id": uuid4(), **options.pop("initial", {})}
        super().__init__(case=case, initial=initial, **options)


class MoveForm(_ReasonForm, _TalkForm):
    """Another time or place for a fixed one."""

    field_order = ("day", "hour", "minutes", "kind", "place", "text")

    day = _DayField()
    hour = _HourField()

    def __init__(self, *, appointment: Appointment, **options: Any) -> None:
        starts_at, ends_at = appointment.starts_at, appointment.ends_at
        if starts_at is None or ends_at is None:
            raise ValueError("only a fixed appointment can be moved")
        local = starts_at.astimezone(clock.BERLIN)
        initial = {
            "day": local.date(),
            "hour": local.time(),
            "minutes": round((ends_at - starts_at) / timedelta(minutes=1)),
            "kind": appointment.kind,
            "place": appointment.place,
        }
        super().__init__(initial=initial, **options)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.check_place()
        cleaned["slot"] = self.read_slot("day", "hour")
        return cleaned

    def values(self) -> dict[str, Any]:
        """The service's arguments."""
        starts_at, ends_at = self.cleaned_data["slot"]
        return {
            "starts_at": starts_at,
            "ends_at": ends_at,
            "kind": self.cleaned_data["kind"],
            "place": self.cleaned_data["place"],
        }


class EndForm(_ReasonForm):
    """Cancel a fixed one, or take an offer back."""


class PickForm(forms.Form):
    """The requester's side chooses one of the slots that are still to come."""

    slot = forms.ChoiceField(
        label=_("Which time fits?"),
        help_text=_("All times are Berlin's."),
        widget=forms.RadioSelect(attrs={"class": "osk-slots"}),
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), _("Choose one of the appointments.")
        ),
    )

    def __init__(self, arranged: Arranged, data: Any = None) -> None:
        super().__init__(data)
        field = self.fields["slot"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 # says it to the type checker
        field.choices = list(_choices(arranged))

    @property
    def slot_id(self) -> UUID:
        return UUID(self.cleaned_data["slot"])


def _choices(arranged: Arranged) -> Iterable[tuple[str, str]]:
    for slot in arranged.free_slots:
        yield str(slot.public_id), span_in_words(slot.starts_at, slot.ends_at)


def span_in_words(starts_at: datetime, ends_at: datetime) -> str:
    """``Mo, 30.11.2026, 10:00 Uhr (60 Minuten)``."""
    minutes = round((ends_at - starts_at) / timedelta(minutes=1))
    length = ngettext_lazy("%d minute", "%d minutes", minutes) % minutes
    return f"{moment_in_words(starts_at)} ({length})"


def refuse_form(data: Any = None) -> TextForm:
    return TextForm(
        data,
        label=_("When does it fit better?"),
        hint=_("Name days and times. We read it, and so does everybody who takes part."),
        missing=_("Write when it fits better."),
    )


def cancel_form(data: Any = None) -> TextForm:
    return TextForm(
        data,
        label=_("Why do you cancel?"),
        hint=_("A short sentence is enough. We read it, and so does everybody who takes part."),
        missing=_("Write why you cancel."),
    )
