"""Every field of an entry in one form, filled with the entry: for proposals, and for advisors who correct it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from django import forms
from django.http import QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from catalog import documents, grants, locks
from catalog.all_fields import ALL, EVERY, FLAG, GROUPS, Group, apply
from catalog.documents import Json
from catalog.entry_form import LABELS, MOST_ROWS, EntryForm, built, place_of, said_of
from catalog.fields import Field, Kind
from catalog.forms import LONGEST_REASON, REFUSED_GRANT, GrantField, base_of
from catalog.models import Proposal, Solution
from network.models import Organisation

KEPT: Final = ("reason", "base_revision", "organisation", "is_locked")
"""What a form that only gets a row more keeps beside the fields."""


class ChangeForm(EntryForm):
    """After ``is_valid()``, ``changes`` holds what the author has changed, compared with the revision that was seen.

    A field that the OSK has set, and a group of more rows than the form has, stay as they are.
    """

    def __init__(
        self,
        *,
        solution: Solution,
        proposal: Proposal | None = None,
        organisations: Sequence[Organisation] = (),
        data: QueryDict | None = None,
        typed: ChangeForm | None = None,
        add: str = "",
    ) -> None:
        """``typed``: a form whose text this one shows again, without asking whether it is right; with a row more
        in the group ``add``."""
        self.changes: Json = {}
        self.solution = solution
        is_new = proposal is not None and proposal.is_new
        sent = data if data is not None else (typed.data if typed else None)
        # The draft of a new entry may be somebody else's: the author goes on with the own file.
        self.base = {} if is_new else base_of(solution, sent)
        shown = apply({} if is_new else solution.document, proposal.changes if proposal else {})
        self.fixed = {} if is_new else self.fixed_fields()
        if not is_new:
            shown = locks.kept(solution, shown) if self.fixed else shown
        self.shown = typed_values(shown)
        super().__init__(
            kept=typed.values if typed else self.shown,
            data=data,
            add=add,
            organisations=organisations,
        )
        self.before = typed_values(self.base)
        for field in ALL:
            control = self.fields[field.name]
            # What an entry has never said need not be said now: the reader decides.
            control.required = field.is_required and (is_new or bool(self.before[field.name]))
            if field.name in self.fixed:
                control.disabled, control.help_text = True, self.fixed[field.name]
        for name in set(self.fixed) & set(GROUPS):
            for row in range(self.rows[name]):
                for column in GROUPS[name].columns:
                    self.fields[f"{name}-{row}-{column.name}"].disabled = True
        self.fields["reason"] = self.reason_field()
        self.fields["base_revision"] = forms.IntegerField(
            min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput
        )
        self.add_last()
        self.initial.update(
            {
                "reason": proposal.reason if proposal else "",
                "base_revision": solution.revision,
                **({name: typed.data.get(name, "") for name in KEPT} if typed else {}),
            }
        )

    def fixed_fields(self) -> dict[str, str]:
        """Names of what cannot be changed here, with the words for it."""
        found = {
            name: _("Set by the OSK: %(reason)s") % {"reason": lock["reason"]}
            for name, lock in self.solution.locks.items()
        }
        return {**self.long_groups(), **found}

    def long_groups(self) -> dict[str, str]:
        return {
            group.name: _("More than this form can show: please change the file.")
            for group in GROUPS.values()
            if len(documents.get(self.solution.document, group.path) or ()) > MOST_ROWS
        }

    def reason_field(self) -> forms.Field:
        return forms.CharField(
            label=_("Why do you propose this?"),
            required=False,
            max_length=LONGEST_REASON,
            widget=forms.Textarea(attrs={"rows": 3}),
        )

    def add_last(self) -> None:
        """What stands at the end: the grant, which only texts need."""
        self.fields["cc0"] = GrantField(required=False)

    def typed_in(self, data: QueryDict) -> Json:
        """A disabled control sends nothing: what it shows stays."""
        typed = super().typed_in(data)
        for name in self.fixed:
            for key in [key for key in typed if key == name or key.startswith(f"{name}-")]:
                del typed[key]
            typed |= {
                key: value
                for key, value in self.shown.items()
                if key == name or key.startswith(f"{name}-")
            }
        return typed

    def note_of(self, name: str) -> str:
        return self.fixed.get(name, "")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = forms.Form.clean(self) or self.cleaned_data
        document, places = built(self.values)
        before, _places = built(self.before)
        for name, field in EVERY.items():
            if name in self.fixed:
                self.errors.pop(name, None)  # nobody but the OSK can mend what it has set
                continue
            value = field.of(document)
            if field.kind == Kind.CHOICES and name in LABELS:
                value = _merged(value, field.of(self.base), LABELS[name])
                if value != (field.of(self.base) or None):
                    self.changes[name] = value
            elif value != field.of(before):
                self.changes[name] = value
        if not self.errors:
            self._ask_the_reader(places)
        if not self.errors and not self.changes:
            raise forms.ValidationError(_("You have not changed anything yet."))
        if self.needs_grant and not cleaned.get("cc0"):
            self.add_error("cc0", REFUSED_GRANT)
        return cleaned

    @property
    def needs_grant(self) -> bool:
        return "cc0" in self.fields and grants.needs_grant(self.changes)

    @property
    def wording(self) -> str:
        """The version of the words by which the texts were released; empty where they were not."""
        return grants.CURRENT if self.cleaned_data.get("cc0") else ""

    def _ask_the_reader(self, places: Mapping[str, str]) -> None:
        """The same rules as for a file: an error that the entry had before is not the author's."""
        german = (get_language() or "de").startswith("de")
        known = {(f.code, f.key) for f in documents.check(self.base).errors}
        for finding in documents.check(apply(self.base, self.changes)).errors:
            name = place_of(finding, places)
            is_touched = any(EVERY[changed].holds(finding.key) for changed in self.changes)
            if (finding.code, finding.key) in known and not is_touched:
                continue
            text = finding.description_de if german else finding.description
            if name is None or name not in self.fields:
                self.add_error(None, text)
            elif not self.has_error(name):
                self.add_error(name, said_of(finding.key, text, str(self.fields[name].label)))


class CorrectionForm(ChangeForm):
    """An advisor's: fields that the OSK has set are open, and what is entered can be set at once.

    No grant is asked for: what the OSK writes is the OSK's to give out.
    """

    def fixed_fields(self) -> dict[str, str]:
        return self.long_groups()

    def reason_field(self) -> forms.Field:
        return forms.CharField(
            label=_("Why do you correct this?"),
            help_text=_(
                "It stands in the history for advisors, and who maintains the entry reads it."
            ),
            max_length=LONGEST_REASON,
            widget=forms.Textarea(attrs={"rows": 3}),
            error_messages={"required": _("Give the reason.")},
        )

    def add_last(self) -> None:
        del self.fields["cc0"]
        self.fields["is_locked"] = forms.BooleanField(
            label=_("Set the changed fields: no file, proposal or import changes them"),
            required=False,
        )


def typed_values(document: Mapping[str, Any]) -> Json:
    """What the form holds for a document: texts, lists of choices, and the cells of the groups."""
    found: Json = {field.name: _typed(field, field.of(document)) for field in ALL}
    for group in GROUPS.values():
        for key, value in _cells(group, documents.get(document, group.path)):
            found[key] = value
    return found


def _typed(field: Field, value: Any) -> Any:
    if field.kind == Kind.CHOICES:
        return [str(item) for item in value or ()]
    if field.kind == Kind.LINES:
        return "\n".join(str(item) for item in value or ())
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value).strip()


def _cells(group: Group, rows: Any) -> Iterator[tuple[str, str]]:
    for number, row in enumerate(rows if isinstance(rows, list) else ()):
        for column in group.columns:
            value = row.get(column.name) if isinstance(row, Mapping) else None
            if value is None:
                continue
            said = "true" if value is True else "false" if value is False else str(value)
            yield (
                f"{group.name}-{number}-{column.name}",
                said if column.kind != FLAG else said.lower(),
            )


def _merged(chosen: list[str] | None, present: Any, labels: Mapping[str, Any]) -> list[str] | None:
    """A choice of many has no order of its own, and what the form does not know stays."""
    kept = [value for value in present or () if value in (chosen or ()) or value not in labels]
    return [*kept, *(value for value in chosen or () if value not in kept)] or None
