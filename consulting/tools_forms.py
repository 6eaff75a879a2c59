"""Forms of the advisors' tools: absence, labels, filters, handing over."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consulting import queue_filter
from consulting.deadlines import short_date
from consulting.enums import Topic
from consulting.fields import LineField
from consulting.models import Absence, Tag
from consulting.models.tag import LONGEST_NAME
from consulting.permissions import absence_of
from osk_portal.accounts.models import User
from osk_portal.toolkit.forms import DateInput

_CHOOSE: Final = gettext_lazy("Choose an advisor from the list.")


class AdvisorField(forms.ModelChoiceField[User]):
    """An advisor; of an absent one the list says until when, and who stands in."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", gettext_lazy("Contact person"))
        super().__init__(
            queryset=User.objects.none(),
            to_field_name="public_id",
            empty_label=gettext_lazy("Please choose"),
            error_messages=dict.fromkeys(("required", "invalid_choice"), _CHOOSE),
            **options,
        )

    def label_from_instance(self, obj: User) -> str:
        absence = absence_of(obj)
        return f"{obj} ({away(absence)})" if absence else str(obj)


def away(absence: Absence) -> str:
    """``abwesend bis 30.11.2026, Vertretung: Jo Berater``"""
    return _("away until %(date)s, deputy: %(name)s") % {
        "date": short_date(absence.ends_on),
        "name": absence.deputy,
    }


class AbsenceCheck(forms.Form):
    """A form that names a contact person: an absent one is warned of once, and the deputy proposed."""

    ANYWAY: Final = "anyway"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.ANYWAY in self.data:
            self._offer_anyway()

    @property
    def is_assigning(self) -> bool:
        """The form names a contact person this time."""
        return True

    def set_advisors(self, advisors: Any) -> None:
        field = self.fields["assignee"]
        if isinstance(field, AdvisorField):
            field.queryset = advisors.select_related("absence__deputy")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        absence = absence_of(cleaned.get("assignee")) if self.is_assigning else None
        if absence is not None and not cleaned.get(self.ANYWAY):
            self._offer_anyway()
            self.add_error(
                "assignee",
                _(
                    "%(person)s is away until %(date)s. Choose %(deputy)s, who stands in, or tick that you"
                    " assign it nevertheless."
                )
                % {
                    "person": absence.user,
                    "date": short_date(absence.ends_on),
                    "deputy": absence.deputy,
                },
            )
        return cleaned

    def _offer_anyway(self) -> None:
        self.fields[self.ANYWAY] = forms.BooleanField(
            label=_("Assign to the absent person nevertheless"), required=False
        )


class AbsenceForm(forms.Form):
    starts_on = forms.DateField(
        label=gettext_lazy("First day"),
        widget=DateInput,
        error_messages=dict.fromkeys(
            ("required", "invalid"), gettext_lazy("Enter a date such as 2026-11-25.")
        ),
    )
    ends_on = forms.DateField(
        label=gettext_lazy("Last day"),
        widget=DateInput,
        error_messages=dict.fromkeys(
            ("required", "invalid"), gettext_lazy("Enter a date such as 2026-11-25.")
        ),
    )
    deputy = AdvisorField(label=gettext_lazy("Deputy"))

    def __init__(self, *, user: User, **options: Any) -> None:
        super().__init__(**options)
        field = self.fields["deputy"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = (
                User.objects.advisors().exclude(pk=user.pk).select_related("absence__deputy")
            )


class OtherAbsenceForm(AbsenceForm):
    """The OSK-Leitung for a colleague. Which reason there is, nobody is asked."""

    person = AdvisorField(label=gettext_lazy("Who is away?"))
    field_order = ("person", "starts_on", "ends_on", "deputy")

    def __init__(self, *, user: User, **options: Any) -> None:
        super().__init__(user=user, **options)
        advisors = User.objects.advisors().select_related("absence__deputy")
        for name, people in (("person", advisors.exclude(pk=user.pk)), ("deputy", advisors)):
            field = self.fields[name]
            if isinstance(field, forms.ModelChoiceField):
                field.queryset = people


class TagForm(forms.Form):
    name = LineField(
        label=gettext_lazy("Label"),
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"list": "known-tags", "autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Write a label.")},
    )


class FilterForm(forms.Form):
    """Its own check is the filter's (queue_filter.read): nothing in an address is an error."""

    state = forms.ChoiceField(label=gettext_lazy("State"), required=False)
    topic = forms.ChoiceField(label=gettext_lazy("Topic"), required=False)
    turn = forms.ChoiceField(label=gettext_lazy("Must act"), required=False)
    body = forms.CharField(label=gettext_lazy("Authority"), required=False)
    tag = forms.ChoiceField(label=gettext_lazy("Label"), required=False)
    q = forms.CharField(label=gettext_lazy("Words"), required=False)

    def __init__(self, *, tags: Iterable[Tag], **options: Any) -> None:
        super().__init__(auto_id="filter_%s", **options)
        everything = ("", gettext_lazy("All"))
        labels = [(str(tag.public_id), tag.name) for tag in tags]
        offered: dict[str, list[tuple[str, Any]]] = {
            "state": queue_filter.state_choices(),
            "topic": list(Topic.choices),
            "turn": queue_filter.turn_choices(),
            "tag": labels,
        }
        for name, choices in offered.items():
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                field.choices = [everything, *choices]


class SaveFilterForm(forms.Form):
    name = LineField(
        label=gettext_lazy("Name of the filter"),
        max_length=60,
        error_messages={"required": gettext_lazy("Write a name.")},
    )
    is_shared = forms.BooleanField(label=gettext_lazy("For all advisors"), required=False)

    def __init__(self, **options: Any) -> None:
        super().__init__(auto_id="save_%s", **options)
