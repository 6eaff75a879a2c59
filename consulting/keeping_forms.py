"""What is entered about keeping: holds, ends of contracts, rights of the Revision, the right authority."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Final

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consulting.enums import GrantPeriod
from consulting.feedback_forms import check_contract_end
from consulting.fields import LineField, SeenField, TextField
from consulting.models import ConsultingRequest
from consulting.staff_forms import StaffForm
from network.models import Organisation
from osk_portal.accounts.models import User, normalise_email
from osk_portal.toolkit import clock
from osk_portal.toolkit.forms import DateInput

REASON_LENGTH: Final = 2_000
MOST_REFERENCES: Final = 200
_SEPARATORS: Final = re.compile(r"[\s,;]+")
_REFERENCE: Final = re.compile(r"OSK-\d{4}-\d{5,}", re.IGNORECASE)


def date_field(label: Any, *, required: bool = True, help_text: Any = "") -> forms.DateField:
    return forms.DateField(
        label=label,
        required=required,
        help_text=help_text or _("DD.MM.YYYY"),
        widget=DateInput,
        error_messages={
            "required": _("Enter a date."),
            "invalid": _("Enter a date, for example 24.11.2026."),
        },
    )


class AskForHoldForm(forms.Form):
    """Of the authority or of an advisor; the Leitung decides."""

    reason = TextField(
        label=_("Why must the request be kept longer?"),
        help_text=_("For example a running audit or a legal dispute. The OSK-Leitung reads it."),
        max_length=REASON_LENGTH,
        rows=3,
        error_messages={"required": _("Write why the request must be kept longer.")},
    )


class KeepingForm(forms.Form):
    """``was_seen``: what the page showed, so that an old one overwrites nothing."""

    was_seen = SeenField()


class SetHoldForm(KeepingForm):
    reason = TextField(
        label=_("Reason of the hold"),
        help_text=_("The authority and the OSK read it."),
        max_length=REASON_LENGTH,
        rows=3,
        error_messages={"required": _("Write a reason.")},
    )
    until = date_field(
        _("Until"),
        required=False,
        help_text=_("Without a date the hold stays until you lift it."),
    )

    def clean_until(self) -> Any:
        day = self.cleaned_data["until"]
        if day is not None and day < clock.today():
            raise forms.ValidationError(_("Choose a date that is not in the past."))
        return day


class ContractEndForm(KeepingForm):
    ends_on = date_field(_("End of the contract"))

    def clean_ends_on(self) -> date:
        return check_contract_end(self.cleaned_data["ends_on"])


class CorrectAuthorForm(StaffForm):
    """To which authority the author belongs."""

    organisation = forms.ModelChoiceField(
        label=_("Authority of the author"),
        queryset=Organisation.objects.none(),
        to_field_name="slug",
        empty_label=_("Please choose"),
        error_messages={
            "required": _("Choose the authority."),
            "invalid_choice": _("Choose an authority from the list."),
        },
    )

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        field = self.fields["organisation"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 # says it to the type checker
        field.queryset = Organisation.objects.filter(is_entitled=True)

    def was_saved(self, case: ConsultingRequest, user: User) -> bool:
        chosen: Organisation = self.cleaned_data["organisation"]
        return case.organisation_id == chosen.pk


class GrantForm(forms.Form):
    """Leitung or operator propose a right of the Revision."""

    person = forms.EmailField(
        label=_("E-mail address of the person"),
        help_text=_("The person needs an account of the portal, and no role at the OSK."),
        max_length=254,
        error_messages={
            "required": _("Enter the e-mail address of the person."),
            "invalid": _("Enter a complete e-mail address, for example name@behoerde.berlin.de."),
        },
    )
    reason = TextField(
        label=_("Occasion and order of the audit"),
        max_length=REASON_LENGTH,
        rows=3,
        error_messages={"required": _("Write the occasion.")},
    )
    valid_from = date_field(_("Access from"))
    valid_until = date_field(
        _("Access until"), help_text=_("A year at most. The right ends by itself on that day.")
    )
    references = LineField(
        label=_("References"),
        help_text=_("For example OSK-2026-00042, OSK-2026-00043."),
        max_length=4_000,
        required=False,
    )
    period_of = forms.ChoiceField(
        label=_("Or all requests of a period, by"),
        choices=[("", "–"), *GrantPeriod.choices],
        required=False,
    )
    period_from = date_field(_("First day of the period"), required=False)
    period_until = date_field(_("Last day of the period"), required=False)

    def clean_person(self) -> User:
        email = normalise_email(self.cleaned_data["person"])
        person = User.objects.filter(email=email, is_active=True).first()
        if person is None:
            raise forms.ValidationError(_("There is no account with this e-mail address."))
        return person

    def clean_references(self) -> list[ConsultingRequest]:
        words = [
            word.upper() for word in _SEPARATORS.split(self.cleaned_data["references"]) if word
        ]
        wanted = list(dict.fromkeys(words))
        if len(wanted) > MOST_REFERENCES:
            raise forms.ValidationError(_("Name at most 200 requests, or choose a period."))
        found = {
            str(case.reference): case
            for case in ConsultingRequest.objects.sent().filter(
                reference__in=[word for word in wanted if _REFERENCE.fullmatch(word)]
            )
        }
        unknown = [word for word in wanted if word not in found]
        if unknown:
            raise forms.ValidationError(
                gettext("There is no request %(reference)s.")
                % {"reference": ", ".join(unknown[:3])}
            )
        return list(found.values())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        period = [cleaned.get(name) for name in ("period_of", "period_from", "period_until")]
        if any(period) and not all(period):
            self.add_error("period_of", _("Choose a date of the request, a first and a last day."))
        elif all(period) and cleaned["period_until"] < cleaned["period_from"]:
            self.add_error("period_until", _("Choose a day that is not before the first."))
        elif not any(period) and not cleaned.get("references") and "references" not in self.errors:
            self.add_error("references", _("Name requests, or a period."))
        return cleaned

    def values(self) -> dict[str, Any]:
        """The service's arguments."""
        values = dict(self.cleaned_data)
        values["cases"] = values.pop("references")
        period = values["period_of"]
        values["period_of"] = GrantPeriod(period) if period else None
        return values
