"""Forms around reported statements: the visitor's, the maintainer's, the advisor's."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog import grants, reports
from catalog.fields import BY_NAME
from catalog.forms import GrantField, for_document, for_form, form_field
from catalog.models import EntryReport, Solution
from osk_portal.toolkit.forms import HttpsURLField

LONGEST_TEXT = 2_000


class ReportForm(forms.Form):
    """What a visitor says. Somebody who is signed in is asked for no address."""

    field = forms.ChoiceField(
        label=gettext_lazy("Which statement is wrong?"),
        error_messages={
            "required": gettext_lazy("Choose the statement."),
            "invalid_choice": gettext_lazy("Choose the statement."),
        },
    )
    wrong = forms.CharField(
        label=gettext_lazy("What is wrong?"),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": gettext_lazy("Say what is wrong.")},
    )
    right = forms.CharField(
        label=gettext_lazy("What would be right?"),
        max_length=LONGEST_TEXT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    evidence = HttpsURLField(
        label=gettext_lazy("Evidence"),
        help_text=gettext_lazy("Address of the page that shows it, with https."),
        max_length=500,
        required=False,
        validators=[URLValidator(schemes=["https"])],
    )
    email = forms.EmailField(
        label=gettext_lazy("Your e-mail address"),
        help_text=gettext_lazy(
            "Only if you want to hear the outcome. We send you a link first, and delete the address after the decision."
        ),
        max_length=254,
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={
            "invalid": gettext_lazy(
                "Enter a complete e-mail address, for example name@behoerde.berlin.de."
            )
        },
    )
    cc0 = GrantField(required=False)
    # Only machines fill it in: it is not shown to people.
    website = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, is_signed_in: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["field"]
        if isinstance(choice, forms.ChoiceField):
            choice.choices = [("", _("Please choose")), *reports.choices()]
        if is_signed_in:
            del self.fields["email"]

    def clean_website(self) -> str:
        if self.cleaned_data["website"]:
            raise ValidationError(_("Please leave this field empty."))
        return ""

    def clean(self) -> dict[str, Any]:
        """Only a text for the description needs the grant: a version or an address is a fact."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        text = {cleaned.get("field", ""): cleaned.get("right", "").strip()}
        if grants.needs_grant(text) and not cleaned.get("cc0"):
            self.add_error("cc0", _("Release your text under CC0 1.0, or leave it out."))
        return cleaned

    @property
    def words(self) -> dict[str, str]:
        """For the service, line ends as we keep them."""
        names = ("field", "wrong", "right", "evidence", "email")
        words = {
            name: self.cleaned_data.get(name, "").replace("\r\n", "\n").strip() for name in names
        }
        return {**words, "wording": grants.CURRENT if self.cleaned_data["cc0"] else ""}


class ReportAnswerForm(forms.Form):
    answer = forms.CharField(
        label=gettext_lazy("Your answer"),
        help_text=gettext_lazy("The OSK reads it before it decides."),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": gettext_lazy("Write the answer.")},
    )


class ReportObjectionForm(forms.Form):
    objection = forms.CharField(
        label=gettext_lazy("Why is the statement right as it was?"),
        help_text=gettext_lazy("You can object once. The OSK then checks the statement again."),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": gettext_lazy("Give the reason for your objection.")},
    )


class ReportAcceptForm(forms.Form):
    """``changes`` after ``is_valid()``: the field's new value, empty where it stays."""

    decision = forms.CharField(
        label=gettext_lazy("Note to reporter and maintainer"),
        max_length=LONGEST_TEXT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    seen_revision = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, report: EntryReport, solution: Solution, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.changes: dict[str, Any] = {}
        self._field = BY_NAME.get(report.field)
        self._solution = solution
        self.initial.setdefault("seen_revision", solution.revision)
        if self._field is not None:
            made = form_field(self._field)
            made.label = _("%(field)s, as it will stand") % {"field": self._field.label}
            self.fields["value"] = made
            self.initial.setdefault(
                "value", for_form(self._field, self._field.of(solution.document))
            )
            self.order_fields(["value", "decision", "seen_revision"])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self._field is not None and "value" in cleaned:
            value = for_document(self._field, cleaned["value"])
            if value != self._field.of(self._solution.document):
                self.changes = {self._field.name: value}
        return cleaned


class ReportRejectForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Why does the statement stay?"),
        help_text=gettext_lazy("Reporter and maintainer read it."),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": gettext_lazy("Give the reason for the refusal.")},
    )
