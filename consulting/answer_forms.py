"""What is entered about answers for everybody. Each form carries the version that its page showed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from catalog.models import Solution
from consulting.enums import Topic
from consulting.fields import LineField, TextField
from consulting.legal import check_citations
from consulting.models import PublishedAnswer
from consulting.models.published import NEVER_FROM

TEXT_LENGTH = 20_000
REASON_LENGTH = 5_000


class VersionForm(forms.Form):
    version = forms.IntegerField(
        widget=forms.HiddenInput,
        min_value=0,
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value"), _("Please load the page again.")
        ),
    )


class PublishedAnswerForm(VersionForm):
    title = LineField(label=_("Title as a question"), max_length=200, required=False)
    question = TextField(
        label=_("The question, without names"), max_length=TEXT_LENGTH, rows=5, required=False
    )
    answer = TextField(
        label=_("The answer, without names"),
        help_text=_("Write it anew. You may use Markdown."),
        max_length=TEXT_LENGTH,
        rows=14,
        required=False,
    )
    topics = forms.MultipleChoiceField(
        label=_("Topics"),
        choices=[choice for choice in Topic.choices if choice[0] not in NEVER_FROM],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    solutions = forms.ModelMultipleChoiceField(
        label=_("Solutions"),
        queryset=Solution.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        to_field_name="slug",
    )

    def __init__(self, data: Any = None, *, row: PublishedAnswer) -> None:
        initial = {
            "version": row.version,
            "title": row.title,
            "question": row.question,
            "answer": row.answer,
            "topics": row.topics,
            "solutions": [s.slug for s in row.solutions.all()],
        }
        super().__init__(data, initial=initial)
        field = self.fields["solutions"]
        assert isinstance(field, forms.ModelMultipleChoiceField)  # noqa: S101 # says it to the type checker
        field.queryset = Solution.objects.published().filter(
            pk__in=[
                *row.solutions.values_list("pk", flat=True),
                *row.case.solutions.values_list("pk", flat=True),
            ]
        )

    def clean_answer(self) -> str:
        text: str = self.cleaned_data["answer"]
        check_citations(text)
        return text


class ReasonForm(VersionForm):
    """A comment of the second advisor, or the reason of an objection."""

    text = TextField(
        label=_("Reason"),
        max_length=REASON_LENGTH,
        rows=4,
        error_messages={"required": _("Write a reason.")},
    )
