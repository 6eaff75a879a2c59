"""The OSK links a test environment of the authority with its request."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from consulting.booked import booking_in_words, to_link
from consulting.models import ConsultingRequest
from sandbox.models import Booking
from sandbox.staff_forms import OskBookingForm

MOST_OFFERED = 50


class BookingField(forms.ModelChoiceField[Booking]):
    def label_from_instance(self, obj: Booking) -> str:
        return booking_in_words(obj)


class LinkBookingForm(forms.Form):
    """One booking of the authority; the latest ``MOST_OFFERED`` are offered."""

    booking = BookingField(
        label=_("Test environment"),
        help_text=_("Both sides then find it on the page of the request."),
        queryset=Booking.objects.none(),
        to_field_name="public_id",
        empty_label=_("Please choose"),
        error_messages={
            "required": _("Choose a test environment."),
            "invalid_choice": _("Choose a test environment from the list."),
        },
    )

    def __init__(self, *, case: ConsultingRequest, data: Any = None) -> None:
        super().__init__(data=data)
        offered = to_link(case).filter(pk__in=to_link(case).values("pk")[:MOST_OFFERED])
        self.has_choice = offered.exists()
        field = self.fields["booking"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = offered


class CaseBookingForm(OskBookingForm):
    """The OSK books for a request. ``invite``: who asked tests along."""

    invite = forms.BooleanField(
        label=_("Who asked tests along"),
        help_text=_("The person gets the address and the accounts, and writes a test report."),
        required=False,
        initial=True,
    )
