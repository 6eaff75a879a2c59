"""The reader's own rows of a comparison, and its title where it is saved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4

from django import forms
from django.forms.boundfield import BoundField
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from catalog.comparison.wanted import (
    LONGEST_NOTE,
    LONGEST_TEXT,
    MOST_ROWS,
    OwnRow,
    Wanted,
    one_line,
)
from catalog.enums import OwnAnswer, OwnWeight
from catalog.models import Solution
from network.models import Organisation


@dataclass(frozen=True)
class RowFields:
    """The fields of one row; ``number`` from 1. The last one is the row to add."""

    number: int
    is_new: bool
    text: BoundField
    weight: BoundField
    note: BoundField
    answers: list[BoundField]


class ComparisonForm(forms.Form):
    """A fieldset for each own row and one for a new row. A row whose text is emptied is removed.

    ``solutions``: the columns, in their order. ``organisations``: with whom a signed-in person may share.
    """

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    public_id = forms.UUIDField(required=False, widget=forms.HiddenInput)
    title = forms.CharField(
        label=gettext_lazy("Title of the comparison"),
        help_text=gettext_lazy("Needed only if you save the comparison."),
        max_length=150,
        required=False,
    )
    organisation = forms.ModelChoiceField(
        label=gettext_lazy("Share with your organisation"),
        queryset=Organisation.objects.none(),
        required=False,
        empty_label=gettext_lazy("Nobody, only I see it"),
    )

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        wanted: Wanted,
        solutions: Sequence[Solution],
        organisations: Sequence[Organisation] | None,
        is_saving: bool = False,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial={"public_id": uuid4(), **(initial or {})})
        self.wanted, self.solutions, self.is_saving = wanted, solutions, is_saving
        if organisations is None:  # a visitor saves nothing here
            for name in ("title", "organisation", "public_id"):
                del self.fields[name]
        elif not organisations:
            del self.fields["organisation"]
        else:
            choices = Organisation.objects.filter(pk__in=[o.pk for o in organisations])
            field = cast("forms.ModelChoiceField[Organisation]", self.fields["organisation"])
            field.queryset = choices
        self.numbers = range(1, min(self._row_count(), MOST_ROWS) + 1)
        # The last one that was shown, unless there is no room for a further row.
        self.new_number = len(self.numbers) if self.is_bound or len(wanted.rows) < MOST_ROWS else 0
        for number in self.numbers:
            row = wanted.rows[number - 1] if number <= len(wanted.rows) else None
            self._add_row(number, row)

    def _row_count(self) -> int:
        """As many as were shown, or those that are there and one to add."""
        if not self.is_bound:
            return len(self.wanted.rows) + 1
        sent = 0
        while sent < MOST_ROWS and f"text{sent + 1}" in self.data:
            sent += 1
        return sent

    def _add_row(self, number: int, row: OwnRow | None) -> None:
        self.fields[f"text{number}"] = forms.CharField(
            label=_("Requirement"),
            help_text="" if row else _("For example: meetings with minutes"),
            max_length=LONGEST_TEXT,
            required=False,
            initial=row.text if row else "",
            widget=forms.TextInput(attrs={"autocomplete": "off"}),
        )
        self.fields[f"weight{number}"] = forms.ChoiceField(
            label=_("How important is it?"),
            choices=OwnWeight.choices,
            initial=(row.weight if row else OwnWeight.MUST).value,
        )
        self.fields[f"note{number}"] = forms.CharField(
            label=pgettext("comparison", "Note"),
            max_length=LONGEST_NOTE,
            required=False,
            initial=row.note if row else "",
            widget=forms.TextInput(attrs={"autocomplete": "off"}),
        )
        for solution in self.solutions:
            name = f"answer{number}-{solution.slug}"
            self.fields[name] = forms.ChoiceField(
                # A column that came in elsewhere, since the form was shown, has no answer here.
                required=not self.is_bound or name in self.data,
                label=solution.name,
                choices=OwnAnswer.choices,
                initial=(row.answer(solution.slug) if row else OwnAnswer.UNKNOWN).value,
            )

    @property
    def row_fields(self) -> Iterator[RowFields]:
        for number in self.numbers:
            yield RowFields(
                number,
                number == self.new_number,
                self[f"text{number}"],
                self[f"weight{number}"],
                self[f"note{number}"],
                [self[f"answer{number}-{solution.slug}"] for solution in self.solutions],
            )

    def clean_title(self) -> str:
        title = one_line(self.cleaned_data["title"], 150)
        if self.is_saving and not title:
            self.add_error("title", _("Enter a title by which you find the comparison again."))
        return title

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        new = self.new_number
        if new and cleaned.get(f"note{new}") and not cleaned.get(f"text{new}"):
            self.add_error(f"text{new}", _("Enter the requirement, or empty its note."))
        return cleaned

    @property
    def rows(self) -> list[OwnRow]:
        """Of a valid form."""
        found = []
        for number in self.numbers:
            text = one_line(self.cleaned_data[f"text{number}"], LONGEST_TEXT)
            if text:
                found.append(
                    OwnRow(
                        text,
                        OwnWeight(self.cleaned_data[f"weight{number}"]),
                        one_line(self.cleaned_data[f"note{number}"], LONGEST_NOTE),
                        self._answers(number),
                    )
                )
        return found

    def _answers(self, number: int) -> dict[str, OwnAnswer]:
        """Unknown ones are left out, as in an address."""
        said = {
            s.slug: OwnAnswer(self.cleaned_data[f"answer{number}-{s.slug}"] or OwnAnswer.UNKNOWN)
            for s in self.solutions
        }
        # A solution that has left the catalog has no column; its answers stay, it may return.
        rows, columns = self.wanted.rows, {s.slug for s in self.solutions}
        before = rows[number - 1].answers if number <= len(rows) else {}
        said |= {slug: answer for slug, answer in before.items() if slug not in columns}
        return {slug: answer for slug, answer in said.items() if answer != OwnAnswer.UNKNOWN}
