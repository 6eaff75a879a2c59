"""Who takes part, what is tested, what came out: shape and wording only."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Final, cast
from uuid import UUID

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from osk_portal.accounts.models import User
from osk_portal.toolkit import uploads
from osk_portal.toolkit.file_fields import files_field
from sandbox.enums import Outcome
from sandbox.models import PublishedResult, TaskResult, TestReport, TestTask
from sandbox.services.report_files import Upload
from sandbox.services.testing import MOST_TASKS, PlannedTask, Written, plan_digest

EMPTY_ROWS: Final = 3
_ADDRESS: Final = {
    "required": _("Enter the email address."),
    "invalid": _("Enter an email address, for example name@example.org."),
}


class CleanText(forms.CharField):
    """Without control characters, which no reader could see; line breaks stay."""

    def to_python(self, value: Any) -> str | None:
        text = super().to_python(value)
        if not text:
            return text
        kept = (c for c in text if c in "\n\t" or unicodedata.category(c) != "Cc")
        return "".join(kept).strip()


class PersonForm(forms.Form):
    """Somebody with an account."""

    prefix = "person"
    email = forms.EmailField(
        label=_("Email address of the account"),
        help_text=_("Colleagues take part at once. Members of other organisations are asked."),
        max_length=254,
        error_messages=_ADDRESS,
    )


class GuestForm(forms.Form):
    prefix = "guest"
    name = CleanText(
        label=_("Name of the guest"),
        max_length=120,
        error_messages={"required": _("Enter the name.")},
    )
    email = forms.EmailField(
        label=_("Email address"),
        help_text=_("We send a personal link there. It opens the environment until the end."),
        max_length=254,
        error_messages=_ADDRESS,
    )


class PlanForm(forms.Form):
    """A row for each task and some empty ones; a row without a task goes.

    ``base`` and the key of each row say what the page was made from.
    """

    base = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, tasks: Sequence[TestTask]) -> None:
        initial: dict[str, object] = {}
        for number, task in enumerate(tasks, start=1):
            initial |= {f"position_{number}": number, f"task_{number}": task.task}
            initial[f"expected_{number}"] = task.expected
            initial[f"key_{number}"] = task.public_id.hex
        typed = None if data is None else data.dict()
        super().__init__(typed, initial={**initial, "base": plan_digest(tasks)})
        self.numbers = range(1, min(len(tasks) + EMPTY_ROWS, MOST_TASKS) + 1)
        if data is not None:
            # The rows of the page that was sent, although the plan may have grown meanwhile.
            sent = [n for n in range(1, MOST_TASKS + 1) if f"task_{n}" in data]
            self.numbers = range(1, max(sent, default=EMPTY_ROWS) + 1)
        for number in self.numbers:
            self._add_row(number)

    def _add_row(self, number: int) -> None:
        self.fields[f"key_{number}"] = forms.CharField(required=False, widget=forms.HiddenInput)
        self.fields[f"position_{number}"] = forms.IntegerField(
            label=_("Place in the order"),
            required=False,
            min_value=1,
            max_value=999,
            initial=number,
            widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
            error_messages={
                "invalid": _("Enter a whole number."),
                "min_value": _("Enter a number from 1 to 999."),
                "max_value": _("Enter a number from 1 to 999."),
            },
        )
        self.fields[f"task_{number}"] = CleanText(
            label=_("Task or goal"),
            required=False,
            max_length=200,
            error_messages={"max_length": _("Shorten your text to 200 characters.")},
        )
        self.fields[f"expected_{number}"] = CleanText(
            label=_("Expected result"),
            required=False,
            max_length=500,
            error_messages={"max_length": _("Shorten your text to 500 characters.")},
        )

    def rows(self) -> Iterable[tuple[int, forms.BoundField, *tuple[forms.BoundField, ...]]]:
        for number in self.numbers:
            yield (
                number,
                self[f"key_{number}"],
                self[f"position_{number}"],
                self[f"task_{number}"],
                self[f"expected_{number}"],
            )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        seen: set[str] = set()
        for number in self.numbers:
            task = data.get(f"task_{number}")
            if task and task in seen:
                self.add_error(f"task_{number}", _("This task stands in the plan already."))
            elif not task and data.get(f"expected_{number}"):
                self.add_error(f"task_{number}", _("Enter the task for this expected result."))
            seen.add(task or "")
        return data

    def planned(self) -> list[PlannedTask]:
        data = self.cleaned_data
        filled = [n for n in self.numbers if data.get(f"task_{n}")]
        filled.sort(key=lambda n: (data.get(f"position_{n}") or n, n))
        return [
            PlannedTask(
                data[f"task_{n}"], data[f"expected_{n}"], uuid_or_none(data.get(f"key_{n}", ""))
            )
            for n in filled
        ]

    def send_again_from(self, tasks: Sequence[TestTask]) -> None:
        """The typed text stays; sent once more it takes the place of what stands there now."""
        self.data = {**self.data, "base": plan_digest(tasks)}


def uuid_or_none(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


class ReportForm(forms.Form):
    """A result and a note for each task, then the words about everything.

    ``is_of_an_older_plan``: a task was taken out of the plan meanwhile; the note on it stands with the findings.
    """

    findings = CleanText(
        label=_("What did you notice?"),
        help_text=_("Faults, barriers, missing functions, what is good. No personal data."),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"max_length": _("Shorten your text to 5000 characters.")},
    )
    overall = CleanText(
        label=_("Your overall judgement"),
        help_text=_("Does the product fit your work? One or two sentences are enough."),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"max_length": _("Shorten your text to 2000 characters.")},
    )

    chosen = files_field(
        _("Files"), help_text=_("Screenshots or lists with invented data. You can choose several.")
    )
    removed = forms.MultipleChoiceField(
        label=_("Remove these files"),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "osk-checks"}),
        error_messages={"invalid_choice": _("Choose files from the list.")},
    )

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        tasks: Sequence[TestTask],
        report: TestReport | None,
    ) -> None:
        results: dict[int, TaskResult] = (
            {} if report is None else {result.task_id: result for result in report.results.all()}
        )
        initial: dict[str, object] = {}
        if report is not None:
            initial = {"findings": report.findings, "overall": report.overall}
        data, self.is_of_an_older_plan = self._with_lost_notes(data, tasks)
        super().__init__(data, files, initial=initial)
        kept = [] if report is None else list(report.files.all())
        self.kept_files = len(kept)
        if kept:
            removed = cast("forms.MultipleChoiceField", self.fields["removed"])
            removed.choices = [
                (str(f.public_id), f"{f.name} ({f.get_state_display()})") for f in kept
            ]
        else:
            del self.fields["removed"]
        self.tasks = list(tasks)
        for task in self.tasks:
            result = results.get(task.pk)
            self.fields[self._name("outcome", task)] = forms.ChoiceField(
                label=_("Result"),
                choices=Outcome,
                initial=Outcome.UNTESTED if result is None else result.outcome,
                error_messages={
                    "required": _("Choose a result."),
                    "invalid_choice": _("Choose a result."),
                },
            )
            self.fields[self._name("note", task)] = CleanText(
                label=_("Remark"),
                required=False,
                max_length=500,
                initial="" if result is None else result.note,
                error_messages={"max_length": _("Shorten your text to 500 characters.")},
            )
        last = ("findings", "overall", "chosen", "removed")
        self.order_fields([*(name for name in self.fields if name not in last)])

    @classmethod
    def _with_lost_notes(cls, data: Any, tasks: Sequence[TestTask]) -> tuple[Any, bool]:
        known = {cls._name("note", task) for task in tasks}
        lost = [
            text.strip()
            for name, text in (data or {}).items()
            if name.startswith("note_") and name not in known and text.strip()
        ]
        if not lost:
            return data, False
        data = data.copy()
        data["findings"] = "\n\n".join([data.get("findings", ""), *lost]).strip()
        return data, True

    @staticmethod
    def _name(what: str, task: TestTask) -> str:
        return f"{what}_{task.public_id.hex}"

    def rows(self) -> Iterable[tuple[TestTask, forms.BoundField, forms.BoundField]]:
        for task in self.tasks:
            yield task, self[self._name("outcome", task)], self[self._name("note", task)]

    def clean_chosen(self) -> list[UploadedFile[Any]]:
        """Too large a file is never read into memory."""
        most = settings.OSK_FILE_MOST_MB * 1024 * 1024
        chosen: list[UploadedFile[Any]] = self.cleaned_data["chosen"]
        for file in chosen:
            if (file.size or 0) > most:
                raise ValidationError(f"{file.name}: {uploads.too_large(most)}")
        return chosen

    def clean(self) -> dict[str, Any]:
        """Somebody reads what is handed in; a draft may be empty."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if "submit" in self.data and not self.errors and self._is_empty(data):
            self.add_error(
                "findings", _("Your report is empty. Note a result, write a text or add a file.")
            )
        return data

    def _is_empty(self, data: dict[str, Any]) -> bool:
        noted = [
            data[self._name("outcome", task)] != Outcome.UNTESTED or data[self._name("note", task)]
            for task in self.tasks
        ]
        keeps_files = len(data.get("removed", ())) < self.kept_files
        return not (
            any(noted) or data["findings"] or data["overall"] or data["chosen"] or keeps_files
        )

    def written(self) -> Written:
        data = self.cleaned_data
        return Written(
            results={
                task.pk: (
                    Outcome(cast("str", data[self._name("outcome", task)])),
                    data[self._name("note", task)],
                )
                for task in self.tasks
            },
            findings=data["findings"],
            overall=data["overall"],
            files=[Upload(file.name or "", file.read()) for file in data["chosen"]],
            removed=[UUID(key) for key in data.get("removed", ())],
        )


class ColleagueForm(forms.Form):
    """Somebody of the organisation, by a list. ``field``: its name."""

    field: ClassVar[str]

    def __init__(self, data: Any = None, *, colleagues: Iterable[User], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.colleagues = {str(person.public_id): person for person in colleagues}
        choice = cast("forms.ChoiceField", self.fields[self.field])
        choice.choices = [("", self.nobody), *((k, str(p)) for k, p in self.colleagues.items())]

    nobody: ClassVar[Any] = _("Please choose")

    def person(self) -> User | None:
        return self.colleagues.get(self.cleaned_data[self.field])


class DeputyForm(ColleagueForm):
    prefix = "deputy"
    field = "deputy"
    nobody = _("Nobody")
    deputy = forms.ChoiceField(
        label=_("Deputy"),
        help_text=_(
            "Sees and does all that you do here, and gets all mails too. For leave and illness."
        ),
        required=False,
        error_messages={"invalid_choice": _("Choose a deputy from the list.")},
    )

    def __init__(self, data: Any = None, *, deputy: User | None, **kwargs: Any) -> None:
        initial = {"deputy": "" if deputy is None else str(deputy.public_id)}
        super().__init__(data, initial=initial, **kwargs)


class SuccessorForm(ColleagueForm):
    prefix = "give"
    field = "successor"
    successor = forms.ChoiceField(
        label=_("Who goes on?"),
        error_messages={
            "required": _("Choose who goes on."),
            "invalid_choice": _("Choose people from the list."),
        },
    )


class TakeOverForm(forms.Form):
    reason = CleanText(
        label=_("Reason"),
        help_text=_("For example leave until 8 January. Write nothing about an illness itself."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "required": _("Write why you take over."),
            "max_length": _("Shorten your text to 1000 characters."),
        },
    )


class PublishForm(forms.Form):
    """The words for the page of the solution: at first what the reports say, to be made one text."""

    text = CleanText(
        label=_("What came out?"),
        help_text=_(
            "For other administrations, in your own words. No names of people, nothing internal."
        ),
        max_length=3000,
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={
            "required": _("Write what came out."),
            "max_length": _("Shorten your text to 3000 characters."),
        },
    )
    names_organisation = forms.BooleanField(
        label=_("Name our organisation"),
        help_text=_("Otherwise only its kind is shown."),
        required=False,
    )
    names_tasks = forms.BooleanField(
        label=_("Show the words of our test plan's tasks"),
        help_text=_("Otherwise the tasks are only numbered: task 1, task 2."),
        required=False,
    )

    def __init__(
        self,
        data: Any = None,
        *,
        result: PublishedResult | None,
        reports: Sequence[TestReport],
        is_by_osk: bool,
        has_tasks: bool,
    ) -> None:
        words = (part for report in reports for part in (report.overall, report.findings) if part)
        initial: dict[str, object] = {"text": "\n\n".join(words)[:3000]}
        if result is not None:
            initial = {
                "text": result.text,
                "names_organisation": result.names_organisation,
                "names_tasks": result.names_tasks,
            }
        super().__init__(data, initial=initial)
        if is_by_osk:
            del self.fields["names_organisation"]
        if not has_tasks:
            del self.fields["names_tasks"]
