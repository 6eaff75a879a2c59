"""What partners write to the OSK and the OSK to them, and what the requester's side decides about it."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from consulting.enums import ContactKind, ProcedureState
from consulting.fields import FormIdField, TextField
from consulting.forms import TextForm
from consulting.models import PartnerQuestion
from consulting.staff_forms.base import (
    REASON_LENGTH,
    TEXT_LENGTH,
    USUAL_WAIT,
    check_future,
    future_day,
)
from osk_portal.toolkit import clock
from osk_portal.toolkit.working_days import add_working_days


def answer_form(data: Any = None) -> TextForm:
    """What a partner answers to the OSK."""
    return TextForm(
        data,
        auto_id="answer_%s",
        label=_("Your answer"),
        hint=_("The OSK reads it, and decides what it passes on to the authority."),
        missing=_("Write your answer."),
    )


def refusal_form(data: Any = None) -> TextForm:
    """Why a partner does not answer."""
    return TextForm(
        data,
        auto_id="refuse_%s",
        label=_("Why can you not answer?"),
        hint=_("Only the OSK reads it."),
        missing=_("Write why you cannot answer."),
    )


def query_form(data: Any = None) -> TextForm:
    """What a partner asks the OSK before it answers."""
    return TextForm(
        data,
        auto_id="query_%s",
        label=_("Your query"),
        hint=_("The OSK reads it and replies here. Your date does not pass until then."),
        missing=_("Write your query."),
    )


class OwnProcedureForm(forms.Form):
    """The requester's side says where the procedure stands now."""

    procedure_state = forms.ChoiceField(
        label=_("Where does the procedure stand?"),
        choices=ProcedureState,
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), _("Choose where the procedure stands.")
        ),
    )


class PartnerReplyForm(forms.Form):
    """To the query of a partner. A company gets nothing that was not released."""

    text = TextField(
        label=_("Reply to the partner"),
        help_text=_("The partner does not know the request. Name nobody that it may not know."),
        max_length=TEXT_LENGTH,
        rows=6,
        error_messages={"required": _("Write a reply.")},
    )
    due_on = future_day(_("Answer by"))
    is_released = forms.BooleanField(
        label=_("It holds nothing that the authority has not released."),
        error_messages={
            "required": _("Confirm that you write nothing that the authority has not released.")
        },
    )
    form_id = FormIdField()
    query = forms.IntegerField(
        widget=forms.HiddenInput,
        error_messages=dict.fromkeys(("required", "invalid"), _("Please load the page again.")),
    )
    """The latest query that the page shows."""

    def __init__(self, *args: Any, question: PartnerQuestion, **options: Any) -> None:
        usual = add_working_days(clock.today(), USUAL_WAIT)
        initial = {"form_id": uuid4(), "due_on": max(question.due_on, usual)}
        options.setdefault("initial", {**initial, "query": latest_query(question)})
        super().__init__(*args, **options)

    def renew(self, question: PartnerQuestion) -> None:
        """Let what was typed be sent again, as the reply to what is asked now."""
        self.data = {name: self.data[name] for name in self.data} | {
            "query": latest_query(question)
        }

    def clean_due_on(self) -> date:
        return check_future(self.cleaned_data["due_on"])


def latest_query(question: PartnerQuestion) -> int | None:
    """Key of what the partner asked last."""
    asked = [row.pk for row in question.contacts.all() if row.kind == ContactKind.ASKED_BACK]
    return asked[-1] if asked else None


class ConsentForm(forms.Form):
    """The requester's side permits what the page shows."""

    sha256 = forms.RegexField(r"^[0-9a-f]{64}$", widget=forms.HiddenInput)
    knows_prejudice = forms.BooleanField(
        label=_("I have read the note on Vorbefassung."),
        required=False,
        error_messages={"required": _("Confirm that you have read the note on Vorbefassung.")},
    )

    def __init__(self, data: Any = None, *, warns: bool, **options: Any) -> None:
        super().__init__(data, auto_id="give_%s", **options)
        if warns:
            self.fields["knows_prejudice"].required = True
        else:
            del self.fields["knows_prejudice"]


class ConsentRefusalForm(forms.Form):
    reason = TextField(label=_("Why not?"), max_length=REASON_LENGTH, rows=3, required=False)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, auto_id="refuse_%s")
