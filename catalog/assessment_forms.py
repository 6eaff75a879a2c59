"""The forms of the Einschätzung: an advisor's editor, lists of criteria, the maintainer's reply."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.enums import CriterionAnswer
from catalog.forms import GrantField
from catalog.models import Assessment, CriteriaList, CriterionFinding
from catalog.models.assessments import LONGEST_TEXT
from catalog.services import CriterionWords, FindingWords
from osk_portal.toolkit import clock
from osk_portal.toolkit.forms import DateInput, HttpsURLField
from osk_portal.toolkit.search_text import fold
from osk_portal.toolkit.text_fields import LineField, TextField

MOST_CRITERIA: Final = 60
_BLANK_LINES: Final = re.compile(r"\n\s*\n")


class AssessmentForm(forms.Form):
    """The summary, and for each criterion answer, words, evidence and date; the fields end in its position."""

    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)
    summary = TextField(
        label=gettext_lazy("Summary"),
        help_text=gettext_lazy("A few sentences. No mark, no rank, no total."),
        max_length=LONGEST_TEXT,
        rows=5,
        required=False,
    )
    software_version = LineField(
        label=gettext_lazy("Version of the software"), max_length=60, required=False
    )

    def __init__(self, *args: Any, findings: Iterable[CriterionFinding], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.findings = list(findings)
        for finding in self.findings:
            at = finding.criterion.position
            self.fields[f"answer_{at}"] = forms.ChoiceField(
                label=gettext_lazy("Answer"), choices=CriterionAnswer.choices
            )
            self.fields[f"text_{at}"] = TextField(
                label=gettext_lazy("In words"), max_length=LONGEST_TEXT, rows=3, required=False
            )
            self.fields[f"evidence_{at}"] = LineField(
                label=gettext_lazy("Evidence"), max_length=500, required=False
            )
            self.fields[f"checked_on_{at}"] = forms.DateField(
                label=gettext_lazy("Checked on"), widget=DateInput, required=False
            )

    @property
    def groups(self) -> list[tuple[CriterionFinding, list[forms.BoundField]]]:
        names = ("answer", "text", "evidence", "checked_on")
        return [
            (finding, [self[f"{name}_{finding.criterion.position}"] for name in names])
            for finding in self.findings
        ]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for finding in self.findings:
            at = finding.criterion.position
            title = finding.criterion.title
            evidence, day = cleaned.get(f"evidence_{at}", ""), cleaned.get(f"checked_on_{at}")
            if re.match(r"[a-z][a-z0-9+.-]*:", evidence, re.IGNORECASE):
                try:
                    URLValidator(schemes=["https", "http"])(evidence)
                except ValidationError:
                    self.add_error(
                        f"evidence_{at}",
                        _("Enter an address that begins with https, or the name of a document."),
                    )
            if day is not None and day > clock.today():
                self.add_error(f"checked_on_{at}", _("The date cannot lie in the future."))
            if cleaned.get(f"answer_{at}") in (None, CriterionAnswer.NOT_CHECKED):
                continue
            if not cleaned.get(f"text_{at}") and f"text_{at}" not in self.errors:
                self.add_error(f"text_{at}", _("Say it in words: %(title)s.") % {"title": title})
            if day is None and f"checked_on_{at}" not in self.errors:
                self.add_error(
                    f"checked_on_{at}",
                    _("Enter when it was checked: %(title)s.") % {"title": title},
                )
        return cleaned

    @property
    def words(self) -> list[FindingWords]:
        found = self.cleaned_data
        return [
            FindingWords(
                position=at,
                answer=found[f"answer_{at}"],
                text=found[f"text_{at}"],
                evidence=found[f"evidence_{at}"],
                checked_on=found[f"checked_on_{at}"],
            )
            for at in (finding.criterion.position for finding in self.findings)
        ]


def initial_of(assessment: Assessment, findings: Iterable[CriterionFinding]) -> dict[str, Any]:
    initial: dict[str, Any] = {
        "version": assessment.version,
        "summary": assessment.summary,
        "software_version": assessment.software_version,
    }
    for finding in findings:
        for name in ("answer", "text", "evidence", "checked_on"):
            initial[f"{name}_{finding.criterion.position}"] = getattr(finding, name)
    return initial


class BeginAssessmentForm(forms.Form):
    """``lists``: the newest version of each."""

    criteria_list = forms.ChoiceField(
        label=gettext_lazy("List of criteria"),
        error_messages={
            "required": gettext_lazy("Choose a list of criteria."),
            "invalid_choice": gettext_lazy("Choose a list of criteria."),
        },
    )

    def __init__(self, *args: Any, lists: Iterable[CriteriaList], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["criteria_list"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 # says it to the type checker
        field.choices = [(str(found.public_id), str(found)) for found in lists]


class WordsForm(forms.Form):
    """A reply, a correction, a reason. ``label``: what is asked for."""

    text = TextField(
        label=gettext_lazy("Text"),
        max_length=LONGEST_TEXT,
        rows=5,
        error_messages={"required": gettext_lazy("Write the text.")},
    )

    def __init__(self, *args: Any, label: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].label = label


class ReplyForm(WordsForm):
    """The maintainer's reply, which is given out with the assessment."""

    cc0 = GrantField()


class CriteriaListForm(forms.Form):
    """A new version of a list; ``seen_number`` is that of the version it started from."""

    seen_number = forms.IntegerField(min_value=0, max_value=30_000, widget=forms.HiddenInput)
    name = LineField(label=gettext_lazy("Name"), max_length=200)
    publisher = LineField(label=gettext_lazy("Publisher"), max_length=200)
    version_name = LineField(label=gettext_lazy("Version"), max_length=60)
    issued_on = forms.DateField(label=gettext_lazy("Issued on"), widget=DateInput)
    source = HttpsURLField(
        label=gettext_lazy("Source"),
        max_length=500,
        required=False,
        validators=[URLValidator(schemes=["https"])],
    )
    criteria = TextField(
        label=gettext_lazy("Criteria"),
        help_text=gettext_lazy(
            "One paragraph each, a blank line between them. The first line is the title, what follows explains it."
        ),
        max_length=60_000,
        rows=20,
        error_messages={"required": gettext_lazy("Write at least one criterion.")},
    )

    def clean_criteria(self) -> list[CriterionWords]:
        found = []
        for block in _BLANK_LINES.split(self.cleaned_data["criteria"].strip()):
            title, _line, text = block.strip().partition("\n")
            if len(title) > 200:
                raise ValidationError(
                    _("This title is too long: “%(title)s…”") % {"title": title[:60]}
                )
            found.append(CriterionWords(title.strip(), text.strip()[:LONGEST_TEXT]))
        if len(found) > MOST_CRITERIA:
            raise ValidationError(_("At most %(most)s criteria.") % {"most": MOST_CRITERIA})
        if len({words.title for words in found}) < len(found):
            raise ValidationError(_("Two criteria have the same title."))
        return found

    @property
    def key(self) -> str:
        return slugify(fold(self.cleaned_data["name"]))[:40].strip("-") or "liste"

    @property
    def words(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


def initial_of_list(found: CriteriaList) -> dict[str, Any]:
    names = ("name", "publisher", "version_name", "issued_on", "source")
    return {
        **{name: getattr(found, name) for name in names},
        "seen_number": found.number,
        "criteria": "\n\n".join(f"{c.title}\n{c.text}".strip() for c in found.criteria.all()),
    }
