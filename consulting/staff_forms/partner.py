"""A question to a partner."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from consulting.fields import LineField, TextField
from consulting.models import ConsultingRequest
from consulting.staff_forms.base import (
    TEXT_LENGTH,
    USUAL_WAIT,
    StaffForm,
    check_future,
    future_day,
)
from network.enums import OrganisationKind
from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.forms import DateInput
from osk_portal.toolkit.working_days import add_working_days


class InvolvePartnerForm(StaffForm):
    """Companies are no partners in procurement: it would prejudice the procedure (product.md 1.5)."""

    organisation = forms.ModelChoiceField(
        label=_("Partner"),
        queryset=Organisation.objects.none(),
        to_field_name="public_id",
        empty_label=_("Please choose"),
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), _("Choose an organisation from the list.")
        ),
    )
    question = TextField(
        label=_("Question to the partner"),
        help_text=_("The partner does not know the request. Write everything that it must know."),
        max_length=TEXT_LENGTH,
        rows=6,
        error_messages={"required": _("Write your question.")},
    )
    due_on = future_day(_("Answer by"))
    consented_on = forms.DateField(
        label=_("Permitted by the authority on"),
        help_text=_("The authority must have agreed that you ask this partner."),
        widget=DateInput,
        error_messages={
            "required": _("Enter a date."),
            "invalid": _("Enter a date such as 2026-11-25."),
        },
    )
    consent_source = LineField(
        label=_("Where it was permitted"),
        help_text=_("In writing: for example the mail or message of the authority, with its date."),
        max_length=200,
        error_messages={"required": _("Write where the authority has permitted it.")},
    )
    names_authority = forms.BooleanField(
        label=_("The partner may know which authority asks"),
        help_text=_("Only when the authority has agreed to this too."),
        required=False,
    )

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.initial.setdefault("due_on", add_working_days(clock.today(), USUAL_WAIT))
        partners = Organisation.objects.published()
        if self.case.organisation is not None:
            partners = partners.exclude(pk=self.case.organisation.pk)
        self.hidden_partners = 0
        if self.case.is_confidential:
            companies = partners.filter(kind=OrganisationKind.BUSINESS)
            self.hidden_partners = companies.count()
            partners = partners.exclude(kind=OrganisationKind.BUSINESS)
        field = self.fields["organisation"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = partners

    def clean_due_on(self) -> date:
        return check_future(self.cleaned_data["due_on"])

    def clean_consented_on(self) -> date:
        day: date = self.cleaned_data["consented_on"]
        if day > clock.today():
            raise ValidationError(_("This date lies in the future."))
        return day

    def was_saved(self, case: ConsultingRequest, user: User) -> bool:
        given = self.cleaned_data
        asked = case.partner_questions.filter(asked_by=user, organisation=given["organisation"])
        return asked.filter(
            question=given["question"], consent_source=given["consent_source"]
        ).exists()
