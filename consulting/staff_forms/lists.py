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
_TICK: Final = re.compile("([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):([0-9]{1,9})")
"""A ticked row: the request, and the version that the page showed."""


class BulkForm(AbsenceCheck):
    """One step for ticked requests; which one says the button: ``step`` is assign, assign-me, snooze, return
    or tag."""

    use_required_attribute = False

    assignee = AdvisorField()
    reason = TextField(
        label=_("Internal reason"),
        help_text=_("Needed for returning to the queue. Only the OSK reads it."),
        max_length=REASON_LENGTH,
        rows=2,
        error_messages={"required": _("Write a reason.")},
    )
    tag = LineField(
        label=_("Label"),
        max_length=LONGEST_NAME,
        error_messages={"required": _("Write a label.")},
    )
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
        """The requests, as their rows name them."""
        return [str(public_id) for public_id in self._ticks()]

    @property
    def seen(self) -> dict[int, int]:
        """By key of the request, the version that its row showed."""
        versions = self._ticks()
        return {case.pk: versions[case.public_id] for case in self.cases}

    def _ticks(self) -> dict[UUID, int]:
        named = self.data.getlist("case") if isinstance(self.data, QueryDict) else []
        found = [match for match in map(_TICK.fullmatch, named[:MOST_AT_ONCE]) if match]
        return {UUID(match[1]): int(match[2]) for match in found}

    def full_clean(self) -> None:
        """Each field is needed by one of the buttons: checked by that one, and never called optional."""
        needed = {
            "assignee": self.is_assigning,
            "reason": self.is_returning,
            "tag": self.is_tagging,
            "until": self.is_snoozing,
        }
        for name, is_needed in needed.items():
            self.fields[name].required = is_needed
        super().full_clean()
        for name in needed:
            self.fields[name].required = True

    def clean_until(self) -> date | None:
        day: date | None = self.cleaned_data["until"]
        return check_future(day) if day is not None and self.is_snoozing else day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        known = ConsultingRequest.objects.sent().visible_to(self.user)
        self.cases = list(known.filter(public_id__in=list(self._ticks())).order_by("pk"))
        if not self.cases:
            self.add_error(None, _("Tick at least one request."))
        return cleaned


class SearchForm(forms.Form):
    q = LineField(
        label=_("Reference or words"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
