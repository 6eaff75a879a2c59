"""The forms of publishing own code: beginning a list, answering a step, giving the publiccode.yml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4

from django import forms
from django.forms.boundfield import BoundField
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.check_forms import CheckForm
from catalog.code_release import LONGEST_NOTE, Point, Step
from catalog.comparison.wanted import one_line
from catalog.enums import PointAnswer
from catalog.forms import GrantField
from network.models import Organisation


class BeginForm(forms.Form):
    """``organisations``: those for which the person may begin; of one there is no choice."""

    public_id = forms.UUIDField(widget=forms.HiddenInput)
    name = forms.CharField(
        label=gettext_lazy("Name of the software"),
        help_text=gettext_lazy("You find the list again by it. The entry gets the name that stands in the file."),
        max_length=150,
        error_messages={"required": gettext_lazy("Enter the name of the software.")},
    )  # fmt: skip
    organisation = forms.ModelChoiceField(
        label=gettext_lazy("Organisation that publishes the code"),
        queryset=Organisation.objects.none(),
        empty_label=None,
        error_messages={"required": gettext_lazy("Choose the organisation.")},
    )

    def __init__(
        self, data: QueryDict | None = None, *, organisations: Sequence[Organisation]
    ) -> None:
        keys = [organisation.pk for organisation in organisations]
        super().__init__(data, initial={"public_id": uuid4(), "organisation": keys[0]})
        field = cast("forms.ModelChoiceField[Organisation]", self.fields["organisation"])
        field.queryset = Organisation.objects.filter(pk__in=keys)

    def clean_name(self) -> str:
        name = one_line(self.cleaned_data["name"], 150)
        if not name:
            self.add_error("name", _("Enter the name of the software."))
        return name


@dataclass(frozen=True)
class PointFields:
    point: Point
    answer: BoundField
    note: BoundField


class StepForm(forms.Form):
    """An answer and a note for each point. Whoever says "not needed" says why."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        step: Step,
        answers: Mapping[str, Mapping[str, str]],
        version: int,
    ) -> None:
        super().__init__(data, initial={"version": version})
        self.step = step
        for point in step.points:
            said = answers.get(point.key, {})
            self.fields[f"{point.key}-answer"] = forms.ChoiceField(
                label=point.label,
                help_text=str(point.help),
                choices=PointAnswer.choices,
                widget=forms.RadioSelect,
                initial=said.get("answer", PointAnswer.OPEN.value),
                error_messages={"required": _("Choose an answer: open, done or not needed.")},
            )
            self.fields[f"{point.key}-note"] = forms.CharField(
                label=_("Note or reason"),
                max_length=LONGEST_NOTE,
                required=False,
                initial=said.get("note", ""),
                widget=forms.Textarea(attrs={"rows": 2}),
            )

    @property
    def points(self) -> Iterator[PointFields]:
        for point in self.step.points:
            yield PointFields(point, self[f"{point.key}-answer"], self[f"{point.key}-note"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for point in self.step.points:
            is_not_needed = cleaned.get(f"{point.key}-answer") == PointAnswer.NOT_NEEDED
            name = f"{point.key}-note"
            if is_not_needed and name in cleaned and not cleaned[name].strip():
                self.add_error(name, _("Say in a sentence why this point is not needed."))
        return cleaned

    @property
    def answers(self) -> dict[str, dict[str, str]]:
        """Of a valid form."""
        return {
            point.key: {
                "answer": self.cleaned_data[f"{point.key}-answer"],
                "note": self.cleaned_data[f"{point.key}-note"].replace("\r\n", "\n").strip(),
            }
            for point in self.step.points
        }


class DraftForm(forms.Form):
    """Who makes the draft releases the texts of the file, as with every suggestion."""

    cc0 = GrantField()


class FileForm(CheckForm):
    """The publiccode.yml; ``text_to_keep`` once it is valid. What is no text cannot be kept."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(
        self, data: Mapping[str, Any] | None = None, files: Any = None, **options: Any
    ) -> None:
        super().__init__(data, files, **options)
        del self.fields["repository"]  # what is to be published is not public yet
        self.fields["upload"].help_text = _("A publiccode.yml of at most 512 KB.")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not cleaned.get("upload") and not (cleaned.get("text") or "").strip():
            if not self.errors.keys() - {"text"}:
                problem = _("Choose a file or paste the content of the file.")
                self.errors["text"] = self.error_class([problem], renderer=self.renderer)
        elif not self.errors:
            try:
                self.text_to_keep = self.to_check.decode("utf-8-sig")
            except UnicodeDecodeError:
                self.text_to_keep = "\0"
            if "\0" in self.text_to_keep:
                self.add_error(
                    "upload",
                    _("The file is no text in UTF-8. Save it as UTF-8 and choose it again."),
                )
        return cleaned  # fmt: skip
