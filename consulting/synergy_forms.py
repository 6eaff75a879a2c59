"""What is entered about introductions and needs, on both sides. Shape and wording only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from consulting.answer_forms import VersionForm
from consulting.enums import Topic
from consulting.fields import LineField, TextField
from network.models import Organisation
from osk_portal.toolkit.forms import HttpsURLField

TEXT_LENGTH: Final = 5_000


class ProposeIntroductionForm(forms.Form):
    text = TextField(
        label=_("What both are told"),
        help_text=_(
            "Say what the two plan and why a talk helps. Name neither the authorities nor people."
        ),
        max_length=TEXT_LENGTH,
        rows=6,
        error_messages={"required": _("Write what both are told.")},
    )
    is_checked = forms.BooleanField(
        label=_("I have checked these places: they name nobody."), required=False
    )


class ConsentForm(forms.Form):
    released = TextField(
        label=_("What may the other read about your request?"),
        help_text=_("It is shown with your authority, your name and your e-mail address."),
        max_length=TEXT_LENGTH,
        rows=5,
        error_messages={"required": _("Write what the other may read.")},
    )


class NeedForm(forms.Form):
    """``version``: of the need that the page showed; empty for a new one."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    title = LineField(
        label=_("Title"),
        help_text=_("A short sentence that strangers understand too."),
        max_length=200,
        error_messages={"required": _("Enter a title.")},
    )
    text = TextField(
        label=_("What do you need?"),
        help_text=_(
            "All members of public administrations can read this. Do not name people, and nothing that"
            " is confidential."
        ),
        max_length=TEXT_LENGTH,
        rows=8,
        error_messages={"required": _("Write what you need.")},
    )
    topics = forms.MultipleChoiceField(
        label=_("Topics"),
        choices=Topic,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "osk-checks"}),
        required=False,
    )
    shows_organisation = forms.ChoiceField(
        label=_("Who asks?"),
        choices=[
            ("kind", _("Only the kind of organisation is shown")),
            ("name", _("The name of my organisation is shown")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose who is shown as asking.")},
    )

    def values(self) -> dict[str, Any]:
        """What the service takes."""
        values = {name: value for name, value in self.cleaned_data.items() if name != "version"}
        return {**values, "shows_organisation": values["shows_organisation"] == "name"}


class JoinForm(forms.Form):
    """``organisations``: for which the person can join; with one there is nothing to choose."""

    organisation = forms.ModelChoiceField(
        label=_("For which organisation?"),
        queryset=Organisation.objects.none(),
        to_field_name="slug",
        empty_label=None,
        error_messages={
            "required": _("Choose your organisation."),
            "invalid_choice": _("Choose your organisation."),
        },
    )
    shows_contact = forms.BooleanField(
        label=_(
            "The publisher and the organisations that have joined may see my name and my e-mail address."
        ),
        required=False,
    )

    def __init__(self, data: Any = None, *, organisations: Sequence[Organisation]) -> None:
        super().__init__(data)
        field = self.fields["organisation"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 # says it to the type checker
        field.queryset = Organisation.objects.filter(pk__in=[o.pk for o in organisations])
        if len(organisations) == 1:
            field.widget = forms.HiddenInput()
            field.initial = organisations[0].slug


class JointStepForm(VersionForm):
    text = TextField(
        label=_("Joint step"),
        help_text=_("What can all do together? You may use Markdown."),
        max_length=TEXT_LENGTH,
        rows=8,
        error_messages={"required": _("Write the joint step.")},
    )
    link = HttpsURLField(
        label=_("Link to a cooperation or an event"), max_length=500, required=False
    )


class TakeDownForm(forms.Form):
    reason = TextField(
        label=_("Reason"),
        help_text=_("The publisher reads it."),
        max_length=TEXT_LENGTH,
        rows=3,
        error_messages={"required": _("Write a reason.")},
    )
