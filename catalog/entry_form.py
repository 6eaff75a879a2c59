"""The form that describes a solution with every field of publiccode.yml, checked by the reader of files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from django import forms
from django.http import QueryDict
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from catalog import documents, publiccode, vocabulary_labels
from catalog.all_fields import ALL, FLAG, GROUPS, PARTS, Column, Group
from catalog.cleaning import HONEST
from catalog.documents import Json
from catalog.enums import DevelopmentStatus, MaintenanceType, SoftwareType
from catalog.fields import Field, Kind
from catalog.forms import GrantField, OrganisationChoice
from catalog.importing import LARGEST_FILE
from network.models import Organisation
from osk_portal.toolkit.forms import DateInput

MOST_ROWS: Final = 20
LONGEST_TEXT: Final = 50_000
LONGEST_LINE: Final = 5_000
"""Code points: 150 characters as people count them can be made of many more."""
_FLAGS = [("true", gettext_lazy("Yes")), ("false", gettext_lazy("No"))]
_CHOICES: Final[Mapping[str, Any]] = {
    "development_status": DevelopmentStatus.choices,
    "software_type": SoftwareType.choices,
    "maintenance_type": MaintenanceType.choices,
    "localisation_ready": _FLAGS,
}
LABELS: Final[Mapping[str, Any]] = {
    "categories": vocabulary_labels.CATEGORIES,
    "scope": vocabulary_labels.SCOPES,
}
_ROW = re.compile(r"([a-z_]+)-([0-9]{1,2})-([A-Za-z]+)")


class EntryForm(OrganisationChoice):
    """Filled with what a draft has kept. Every value is kept as it was typed, right or wrong.

    ``values`` is what to keep, ``document`` what it says. ``is_valid()`` asks the reader; a form that is only
    saved, or gets a row more, is not asked. The grant of the texts, and for which of several ``organisations`` the
    person suggests it, are not kept: they are given with handing in.
    """

    use_required_attribute = False  # what is incomplete can be saved too

    def __init__(
        self,
        *,
        kept: Mapping[str, Any],
        data: QueryDict | None = None,
        add: str = "",
        organisations: Sequence[Organisation] = (),
    ) -> None:
        self.values: Json = self.typed_in(data) if data is not None else dict(kept)
        self.rows = {name: _rows(name, self.values) for name in GROUPS}
        if add in GROUPS:
            self.rows[add] = min(self.rows[add] + 1, MOST_ROWS)
        super().__init__(data, initial=dict(self.values))
        for field in ALL:
            self.fields[field.name] = _control(field)
        for group in GROUPS.values():
            for row in range(self.rows[group.name]):
                for column in group.columns:
                    self.fields[f"{group.name}-{row}-{column.name}"] = _cell(column)
        self.ask_organisation(organisations)
        self.fields["cc0"] = GrantField()

    def typed_in(self, data: QueryDict) -> Json:
        """What was sent, of the names that the form knows."""
        return _typed(data)

    def note_of(self, name: str) -> str:
        """Why a repeated group cannot be changed; "" where it can."""
        return ""

    @property
    def typed_organisation(self) -> Organisation | None:
        """The chosen one of a form that is only saved, and not asked whether it is right."""
        chosen = self.data.get("organisation", "") if self.is_bound else ""
        return next((o for o in self.organisations if str(o.pk) == chosen), None)

    @property
    def parts(self) -> Iterator[dict[str, Any]]:
        """For the template: each section with its fields and repeated groups."""
        for part in PARTS:
            items = []
            for item in part.items:
                if isinstance(item, Group):
                    rows = [
                        [self[f"{item.name}-{row}-{column.name}"] for column in item.columns]
                        for row in range(self.rows[item.name])
                    ]
                    items.append(
                        {
                            "group": item,
                            "rows": rows,
                            "is_full": len(rows) == MOST_ROWS,
                            "note": self.note_of(item.name),
                        }
                    )
                else:
                    items.append({"field": self[item.name]})
            yield {"anchor": part.anchor, "title": part.title, "entries": items}

    @property
    def document(self) -> Json:
        return built(self.values)[0]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        document, places = built(self.values)
        german = (get_language() or "de").startswith("de")
        for finding in documents.check(document).errors:
            text = finding.description_de if german else finding.description
            name = place_of(finding, places)
            if name is None:
                self.add_error(None, text)
            elif not self.has_error(name):
                self.add_error(name, said_of(finding.key, text, str(self.fields[name].label)))
        return cleaned


def built(values: Mapping[str, Any]) -> tuple[Json, dict[str, str]]:
    """The document that was typed, and which control stands for which of its keys."""
    document: Json = {"publiccodeYmlVersion": "0"}
    places: dict[str, str] = {}
    for field in ALL:
        places[field.key] = field.name
        value = _value(field, values.get(field.name))
        if value not in (None, "", []):
            documents.put(document, field.path, value)
    for group in GROUPS.values():
        found: list[Json] = []
        places[group.key] = f"{group.name}-0-{group.columns[0].name}"
        for row in range(_rows(group.name, values)):
            said = _row(group, row, values)
            if said:
                for column in group.columns:
                    key = f"{group.key}[{len(found)}].{column.name}"
                    places[key] = f"{group.name}-{row}-{column.name}"
                found.append(said)
        if found:
            documents.put(document, group.path, found)
    return document, places


def _row(group: Group, row: int, values: Mapping[str, Any]) -> Json:
    said: Json = {}
    for column in group.columns:
        value = str(values.get(f"{group.name}-{row}-{column.name}", "")).strip()
        if value:
            said[column.name] = value == "true" if column.kind == FLAG else value
    return said


def is_too_large(values: Json) -> bool:
    return (
        sum(len(str(value).encode("utf-8", "replace")) for value in values.values()) > LARGEST_FILE
    )


def _typed(data: QueryDict) -> Json:
    """What was sent, of the names that the form knows."""
    found: Json = {}
    for field in ALL:
        if field.kind == Kind.CHOICES:
            found[field.name] = [_storable(value) for value in data.getlist(field.name)][:200]
        else:
            found[field.name] = _storable(data.get(field.name, ""))
    for name in data:
        match = _ROW.fullmatch(name)
        if match and int(match[2]) < MOST_ROWS and _knows(match[1], match[3]):
            found[f"{match[1]}-{int(match[2])}-{match[3]}"] = _storable(data.get(name, ""))
    return found


def _storable(text: Any) -> str:
    """PostgreSQL takes neither NUL nor half characters."""
    return str(text).replace("\x00", "").encode("utf-8", "ignore").decode()[:LONGEST_TEXT]


def _knows(group: str, column: str) -> bool:
    return group in GROUPS and any(c.name == column for c in GROUPS[group].columns)


def _rows(name: str, values: Mapping[str, Any]) -> int:
    numbers = [int(m[2]) for key in values if (m := _ROW.fullmatch(key)) and m[1] == name]
    return max(numbers, default=0) + 1


def _value(field: Field, typed: Any) -> Any:
    if typed is None:
        return None
    if field.kind == Kind.CHOICES:
        return list(typed)
    text = str(typed).replace("\r\n", "\n").strip()
    if field.kind == Kind.LINES:
        return [line.strip() for line in text.splitlines() if line.strip()]
    if field.name == "localisation_ready" and text:
        return text == "true"
    return text


def place_of(finding: publiccode.Finding, places: Mapping[str, str]) -> str | None:
    """The control of a key: ``categories[2]`` belongs to the categories, a whole section to its first field."""
    key = finding.key
    if key in places:
        return places[key]
    inside = [name for name in places if key.startswith((f"{name}[", f"{name}."))]
    if inside:
        return places[max(inside, key=len)]
    return next((name for known, name in places.items() if known.startswith(f"{key}.")), None)


def said_of(key: str, text: str, label: str) -> str:
    """The words of the reader, with the label of the control in place of the key or its last part."""
    last = key.rpartition(".")[2]
    if text.startswith(f"{last} "):
        return label + text.removeprefix(last)
    return text.replace(key, label, 1)


def _control(field: Field) -> forms.Field:
    options: dict[str, Any] = {
        "label": field.label,
        "help_text": field.hint,
        "required": field.is_required,
        "error_messages": {
            "required": _("%(field)s is missing. Please fill it in.") % {"field": field.label}
        },
    }
    texts = {**options, "validators": HONEST}
    match field.kind:
        case Kind.LONG:
            return forms.CharField(
                max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 10}), **texts
            )
        case Kind.LINES:
            return forms.CharField(
                max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 4}), **texts
            )
        case Kind.CHOICE:
            return forms.ChoiceField(
                choices=[("", _("Please choose")), *_CHOICES[field.name]], **options
            )
        case Kind.CHOICES:
            labels: list[tuple[str, str]] = sorted(
                ((value, str(label)) for value, label in LABELS[field.name].items()),
                key=lambda choice: choice[1].lower(),
            )
            return forms.MultipleChoiceField(
                choices=labels,
                widget=forms.CheckboxSelectMultiple,
                **options,
            )
        case Kind.DATE:
            return forms.CharField(max_length=LONGEST_LINE, widget=DateInput, **texts)
        case Kind.URL:
            return forms.CharField(
                max_length=LONGEST_LINE,
                widget=forms.TextInput(attrs={"inputmode": "url"}),
                **texts,
            )
        case Kind.TEXT:
            attrs = {"list": "spdx"} if field.name == "licence" else {}
            return forms.CharField(
                max_length=LONGEST_LINE, widget=forms.TextInput(attrs=attrs), **texts
            )


def _cell(column: Column) -> forms.Field:
    if column.kind == FLAG:
        return forms.ChoiceField(
            label=column.label, required=False, choices=[("", _("not stated")), *_FLAGS]
        )
    widget = DateInput() if column.kind == Kind.DATE else forms.TextInput()
    return forms.CharField(
        label=column.label,
        required=False,
        max_length=LONGEST_LINE,
        widget=widget,
        validators=HONEST,
    )
