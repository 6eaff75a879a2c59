"""Who goes on with the work of an advisor. Shape and wording only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consulting.fields import TextField
from consulting.permissions import absence_of
from consulting.services.succession import Succession
from consulting.tools_forms import away
from osk_portal.accounts.models import User

REASON_LENGTH: Final = 5_000
QUEUE: Final = "queue"
KEEP: Final = "keep"
_CHOOSE: Final = {"invalid_choice": gettext_lazy("Choose a person from the list.")}


@dataclass(frozen=True)
class WorkRow:
    """A request or an answer, in words. ``can_return``: it can go back to the queue."""

    public_id: UUID
    title: str
    details: str
    can_return: bool


class SuccessionForm(forms.Form):
    """One list of successors for everything, and one for each row."""

    everything = forms.ChoiceField(
        label=gettext_lazy("Successor for everything"),
        help_text=gettext_lazy(
            "Without one, open requests go back to the queue. Below you can choose something else for single"
            " entries."
        ),
        required=False,
        error_messages=_CHOOSE,
    )
    reason = TextField(
        label=gettext_lazy("Internal reason"),
        help_text=gettext_lazy("For what returns to the queue. Only the OSK reads it."),
        max_length=REASON_LENGTH,
        rows=3,
        required=False,
    )

    def __init__(
        self, *, rows: Sequence[WorkRow], advisors: Sequence[User], may_keep: bool, **options: Any
    ) -> None:
        super().__init__(**options)
        self._people = {str(person.public_id): person for person in advisors}
        people = [(key, _name(person)) for key, person in self._people.items()]
        everything = self.fields["everything"]
        everything.choices = [("", _("Nobody yet")), *people]  # type: ignore[attr-defined] # a ChoiceField
        self._rows = {f"row-{row.public_id}": row for row in rows}
        for name, row in self._rows.items():
            more = [(QUEUE, _("Return to the queue"))] if row.can_return else []
            more += [(KEEP, _("Stays as it is"))] if may_keep else []
            self.fields[name] = forms.ChoiceField(
                label=row.title,
                help_text=row.details,
                choices=[("", _("As chosen for everything")), *more, *people],
                required=False,
                error_messages=_CHOOSE,
            )

    @property
    def objects(self) -> list[forms.BoundField]:
        return [self[name] for name in self._rows]

    @property
    def choice(self) -> Succession:
        """Of a valid form."""
        chosen = {row.public_id: self.cleaned_data[name] for name, row in self._rows.items()}
        return Succession(
            {
                key: self._people.get(value)
                for key, value in chosen.items()
                if value not in ("", KEEP)
            },
            frozenset(key for key, value in chosen.items() if value == KEEP),
            self._people.get(self.cleaned_data["everything"]),
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not cleaned.get("reason") and self._returns():
            self.add_error("reason", _("Write a reason."))
        return cleaned

    def _returns(self) -> bool:
        choice = self.choice
        return any(
            row.can_return and row.public_id not in choice.kept and choice.of(row.public_id) is None
            for row in self._rows.values()
        )


def _name(person: User) -> str:
    absence = absence_of(person)
    return f"{person} ({away(absence)})" if absence else str(person)
