"""Forms of the lists: one step for ticked requests, and the search."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Final
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from consulting.fields import LineField, TextField
from consulting.models import ConsultingRequest
from consulting.models.tag import LONGEST_NAME
from consulting.staff_forms.base import REASON_LENGTH, check_future, future_day
from consulting.tools_forms import AbsenceCheck, AdvisorField
from osk_portal.accounts.models import User

MOST_AT_ONCE: Final = 100
_UUID: Final = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class BulkForm(AbsenceCheck):
    """One step for ticked requests; which one says the button: ``step`` is assign, assign-me, snooze, return
    or tag."""

    assignee = AdvisorField(required=False)
    reason = TextField(
        label=_("Internal reason"),
        help_text=_("For returning to the queue. Only the OSK reads it."),
        max_length=REASON_LENGTH,
        rows=2,
        required=False,
    )

    tag = LineField(label=_("Label"), max_length=LONGEST_NAME, required=False)
    until = future_day(_("Follow-up date"))
    note = TextField(
        label=_("Note for this day"),
        help_text=_("Only the OSK reads it."),
        max_length=REASON_LENGTH,
        rows=2,
        required=False,
    )

    def __init__(self, *, user: User, **options: Any) -> None:
        super().__init__(auto_id="bulk_%s", **options)
        self.fields["until"].required = self.is_snoozing
        self.user = user
        self.cases: list[ConsultingRequest] = []
        people = User.objects.advisors()
        # An advisor assigns to himself or herself, a lead to anybody of the OSK.
        self.set_advisors(people if user.is_lead else people.filter(pk=user.pk))

    def offer_only(self, person: User) -> None:
        """Show no more than ``person`` to choose from, whose absence is read; spares a query."""
        field = self.fields["assignee"]
        if isinstance(field, AdvisorField):
            one = (field.prepare_value(person), field.label_from_instance(person))
            field.choices = [("", field.empty_label), one]

    @property
    def is_assigning(self) -> bool:
        return self.step not in ("return", "tag", "snooze", "assign-me")

    @property
    def step(self) -> str:
        return str(self.data.get("step", ""))

    @property
    def is_taking(self) -> bool:
        """To oneself."""
        return self.step == "assign-me"

    @property
    def is_snoozing(self) -> bool:
        return self.step == "snooze"

    @property
    def is_tagging(self) -> bool:
        return self.step == "tag"

    @property
    def is_returning(self) -> bool:
        return self.step == "return"

    @property
    def ticked(self) -> list[str]:
        return self.data.getlist("case") if isinstance(self.data, QueryDict) else []

    def clean_until(self) -> date | None:
        day: date | None = self.cleaned_data["until"]
        return check_future(day) if day is not None and self.is_snoozing else day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        known = ConsultingRequest.objects.sent().visible_to(self.user)
        ids = [UUID(tick) for tick in self.ticked[:MOST_AT_ONCE] if _UUID.fullmatch(tick)]
        self.cases = list(known.filter(public_id__in=ids).order_by("pk"))
        if not self.cases:
            self.add_error(None, _("Tick at least one request."))
        if self.is_returning and not cleaned.get("reason") and "reason" not in self.errors:
            self.add_error("reason", _("Write a reason."))
        if self.is_tagging and not cleaned.get("tag") and "tag" not in self.errors:
            self.add_error("tag", _("Write a label."))
        if self.is_assigning and not cleaned.get("assignee") and "assignee" not in self.errors:
            self.add_error("assignee", _("Choose an advisor from the list."))
        return cleaned


class SearchForm(forms.Form):
    q = LineField(
        label=_("Reference or words"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
