"""What all forms of the OSK in a case have in common, and the two composers.

Public and internal texts never share a form: MessageForm and NoteForm have nothing in common but their base.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from consulting.enums import MessageKind
from consulting.fields import TextField
from consulting.file_forms import ComposerMixin
from consulting.models import ConsultingRequest
from consulting.text_modules import ModuleMixin
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.forms import DateInput

TEXT_LENGTH: Final = 20_000
REASON_LENGTH: Final = 5_000
LONGEST_WAIT: Final = timedelta(days=180)
USUAL_WAIT: Final = 5
"""Working days that a question or a partner usually gets."""
_NO_INPUT: Final = ("version", "module", "attachments", "cite_old")


class CaseForm(forms.Form):
    """Belongs to a case as its page showed it."""

    version = forms.IntegerField(
        widget=forms.HiddenInput,
        min_value=0,
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value"), _("Please load the page again.")
        ),
    )

    def __init__(self, *, case: ConsultingRequest, **options: Any) -> None:
        self.case = case
        initial = {"version": case.version, **options.pop("initial", {})}
        super().__init__(initial=initial, **options)

    @property
    def seen_version(self) -> int | None:
        """The version that the page showed; None where the form says none."""
        version: int | None = getattr(self, "cleaned_data", {}).get("version")
        return version

    def renew(self, case: ConsultingRequest) -> None:
        """Let what was typed be sent again, to the case as it is now."""
        self.case = case
        self.data = {name: self.data[name] for name in self.data} | {"version": case.version}


class _WritingForm(CaseForm):
    message_id = forms.UUIDField(
        widget=forms.HiddenInput,
        error_messages=dict.fromkeys(("required", "invalid"), _("Please load the page again.")),
    )

    def __init__(self, *, case: ConsultingRequest, **options: Any) -> None:
        initial = {"message_id": uuid4(), **options.pop("initial", {})}
        super().__init__(case=case, initial=initial, **options)


class MessageForm(ComposerMixin, ModuleMixin, _WritingForm):
    """Public: the authority reads it."""

    target = "text"

    text = TextField(
        label=_("Message to the authority"),
        max_length=TEXT_LENGTH,
        rows=5,
        error_messages={"required": _("Write a message.")},
    )

    def __init__(self, **options: Any) -> None:
        super().__init__(auto_id="message_%s", **options)


class NoteForm(ComposerMixin, _WritingForm):
    """Internal: only the OSK reads it."""

    text = TextField(
        label=_("Internal note"),
        max_length=TEXT_LENGTH,
        rows=3,
        error_messages={"required": _("Write a note.")},
    )

    def __init__(self, **options: Any) -> None:
        super().__init__(auto_id="note_%s", **options)


class StaffForm(CaseForm):
    """A step of the OSK; by itself the form of a step without input."""

    def __init__(self, *, user: User, **options: Any) -> None:
        self.user = user
        super().__init__(**options)

    @classmethod
    def prefilled(cls, address: Mapping[str, str]) -> dict[str, Any]:
        """What the address of its page fills in beforehand."""
        return {}

    def values(self) -> dict[str, Any]:
        """The service's arguments."""
        return {name: value for name, value in self.cleaned_data.items() if name not in _NO_INPUT}

    def was_saved(self, case: ConsultingRequest, user: User) -> bool:
        """What is typed here stands in ``case`` already, written by ``user``."""
        texts = [value for value in self.values().values() if isinstance(value, str)]
        return all(_was_said(case, user, text) for text in texts)


def _was_said(case: ConsultingRequest, user: User, text: str) -> bool:
    # An internal reason may have been continued by what it takes back.
    messages = case.messages.filter(author=user)
    return (
        messages.filter(body=text).exists()
        or messages.filter(kind=MessageKind.REASON, body__startswith=text).exists()
        or case.results.filter(author=user, text=text).exists()
        or case.partner_questions.filter(asked_by=user, question=text).exists()
        or text in (case.decline_reason, case.decline_referral)
    )


def future_day(label: Any, help_text: Any = "") -> forms.DateField:
    return forms.DateField(
        label=label,
        help_text=help_text,
        widget=DateInput,
        error_messages={
            "required": _("Enter a date."),
            "invalid": _("Enter a date such as 2026-11-25."),
        },
    )


def check_future(day: date) -> date:
    today = clock.today()
    if day <= today:
        raise ValidationError(_("Choose a date after today."))
    if day > today + LONGEST_WAIT:
        raise ValidationError(_("Choose a date within the next six months."))
    return day


def reason_field(label: Any, required: Any, help_text: Any = "") -> TextField:
    return TextField(
        label=label,
        help_text=help_text,
        max_length=REASON_LENGTH,
        rows=4,
        error_messages={"required": required},
    )
