"""What an advisor writes down of a call or a talk. Shape and wording only; services write."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from consulting.enums import Channel, Phase, RequestKind, Topic
from consulting.fields import FormIdField, LineField, TextField, users_count_field
from consulting.forms import UrgencyForm
from consulting.models import ConsultingRequest
from consulting.staff_forms import CaseForm
from network.models import Organisation
from osk_portal.accounts.models import normalise_name
from osk_portal.toolkit import clock
from osk_portal.toolkit.forms import DateInput, DateTimeInput

TEXT_LENGTH: Final = 20_000
LONGEST_AGO: Final = timedelta(days=60)


def said_at_field(help_text: Any = "") -> forms.DateTimeField:
    """When somebody said something to the OSK, in Berlin's time."""
    return forms.DateTimeField(
        label=_("When was it?"),
        help_text=help_text,
        widget=DateTimeInput,
        error_messages={
            "required": _("Enter date and time."),
            "invalid": _("Enter date and time, for example 24.11.2026 14:30."),
        },
    )


def check_said_at(moment: datetime) -> datetime:
    now = clock.now()
    if moment > now:
        raise forms.ValidationError(_("Choose a moment that is not in the future."))
    if moment < now - LONGEST_AGO:
        raise forms.ValidationError(_("Choose a moment within the last 60 days."))
    return moment


class RecordForm(UrgencyForm):
    """``request_id`` makes a form that is sent twice one case."""

    field_order = (
        "channel", "said_at", "person_name", "person_email", "organisation", "own_reference", "kind",
        "title", "description", "topics", "phase", "wished_on", "urgent",
    )  # fmt: skip

    channel = forms.ChoiceField(
        label=_("How did the request come in?"),
        choices=[(c.value, c.label) for c in Channel if c != Channel.WEB],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how the request came in.")},
    )
    said_at = said_at_field(_("Our promises count from this day."))
    person_name = LineField(
        label=_("Name of the person"),
        max_length=200,
        error_messages={"required": _("Enter the name of the person.")},
    )
    person_email = forms.EmailField(
        label=_("E-mail address of the person"),
        help_text=_("The receipt goes there. The person needs no account."),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={
            "required": _("Enter the e-mail address of the person."),
            "invalid": _("Enter a complete e-mail address, for example name@behoerde.berlin.de."),
        },
    )
    organisation = forms.ModelChoiceField(
        label=_("Authority"),
        queryset=Organisation.objects.none(),
        to_field_name="slug",
        empty_label=_("Please choose"),
        error_messages={
            "required": _("Choose the authority."),
            "invalid_choice": _("Choose an authority from the list."),
        },
    )
    own_reference = LineField(label=_("Reference of the authority"), max_length=100, required=False)
    kind = forms.ChoiceField(
        label=_("Kind of the request"),
        choices=RequestKind,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what kind of request it is.")},
    )
    title = LineField(
        label=_("Title"),
        help_text=_("A short sentence that strangers understand too."),
        max_length=200,
        error_messages={"required": _("Enter a title.")},
    )
    description = TextField(
        label=_("Description"),
        help_text=_("The person and the authority read it. Write it as the person has said it."),
        max_length=TEXT_LENGTH,
        rows=8,
        error_messages={"required": _("Describe the request.")},
    )
    topics = forms.MultipleChoiceField(
        label=_("Topics"),
        help_text=_("Choose everything that fits."),
        choices=Topic,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "osk-checks"}),
        error_messages={"required": _("Choose at least one topic.")},
    )
    phase = forms.ChoiceField(
        label=_("How far is the authority?"),
        choices=[("", _("Please choose")), *Phase.choices],
        error_messages={"required": _("Choose how far the authority is.")},
    )
    wished_on = forms.DateField(
        label=_("Wished date"),
        help_text=_("DD.MM.YYYY"),
        required=False,
        widget=DateInput,
        error_messages={"invalid": _("Enter a date, for example 24.11.2026.")},
    )
    users_count = users_count_field()
    software_in_use = TextField(
        label=_("Software in use"),
        help_text=_("What does the authority use for this today?"),
        max_length=2_000,
        rows=2,
        required=False,
    )
    request_id = FormIdField()

    def __init__(self, data: Any = None, **options: Any) -> None:
        initial = {"request_id": uuid4(), "said_at": clock.now(), "channel": Channel.PHONE}
        super().__init__(data, initial=initial, **options)
        field = self.fields["organisation"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 # says it to the type checker
        field.queryset = Organisation.objects.filter(is_entitled=True)
        self.fields["urgent"].help_text = _("Where the wished date is before our promise.")

    @property
    def facts(self) -> dict[str, Any]:
        """What was entered, as ``services.record_request`` takes it."""
        facts = dict(self.cleaned_data, urgency_reason=self.reason)
        del facts["urgent"]
        return facts

    def clean_said_at(self) -> datetime:
        return check_said_at(self.cleaned_data["said_at"])

    def clean_wished_on(self) -> date | None:
        day: date | None = self.cleaned_data["wished_on"]
        if day is not None and day < clock.today():
            raise forms.ValidationError(_("Choose a date that is not in the past."))
        return day

    def clean_person_name(self) -> str:
        name = normalise_name(self.cleaned_data["person_name"])
        if not name:
            raise forms.ValidationError(
                self.fields["person_name"].error_messages["required"], code="required"
            )
        return name


class CallForm(CaseForm):
    """Telefonnotiz. Nothing is chosen beforehand: who reads it is a decision of its own."""

    PUBLIC: Final = "public"
    INTERNAL: Final = "internal"

    readers = forms.ChoiceField(
        label=_("Who reads the note?"),
        choices=[
            (PUBLIC, _("The authority and the OSK")),
            (INTERNAL, _("Internal, OSK only")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose who reads the note.")},
    )
    spoken_with = LineField(
        label=_("Spoken with"),
        max_length=200,
        error_messages={"required": _("Enter with whom you have spoken.")},
    )
    spoken_at = said_at_field()
    text = TextField(
        label=_("What was said?"),
        max_length=TEXT_LENGTH,
        rows=6,
        error_messages={"required": _("Write what was said.")},
    )
    message_id = FormIdField()

    def __init__(self, *, case: ConsultingRequest, **options: Any) -> None:
        initial = {
            "message_id": uuid4(),
            "spoken_at": clock.now(),
            "spoken_with": case.author.name,
        }
        super().__init__(case=case, initial=initial, **options)
        if not case.takes_messages:
            field = self.fields["readers"]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 # says it to the type checker
            field.choices = [(self.INTERNAL, _("Internal, OSK only"))]

    def clean_spoken_at(self) -> datetime:
        return check_said_at(self.cleaned_data["spoken_at"])

    @property
    def is_internal(self) -> bool:
        return bool(self.cleaned_data["readers"] == self.INTERNAL)
