"""The smaller steps of a case: assigning, asking, follow-up, endings, urgency."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from consulting.fields import LineField, TextField
from consulting.file_forms import StepComposerMixin
from consulting.models import ConsultingRequest
from consulting.services.relations import may_be_asked, may_merge
from consulting.staff_forms.base import (
    LONGEST_WAIT,
    REASON_LENGTH,
    TEXT_LENGTH,
    USUAL_WAIT,
    StaffForm,
    check_future,
    future_day,
    reason_field,
)
from consulting.text_modules import ModuleMixin
from consulting.tools_forms import AbsenceCheck, AdvisorField
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.working_days import add_working_days, is_working_day


class AskBackForm(StepComposerMixin, ModuleMixin, StaffForm):
    text_field = "question"
    target = "question"

    question = TextField(
        label=_("Question to the authority"),
        max_length=TEXT_LENGTH,
        rows=8,
        error_messages={"required": _("Write your question.")},
    )
    reply_by = future_day(_("Reply by"))

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.initial.setdefault("reply_by", add_working_days(clock.today(), USUAL_WAIT))

    def clean_reply_by(self) -> date:
        return check_future(self.cleaned_data["reply_by"])


class AssignForm(AbsenceCheck, StaffForm):
    assignee = AdvisorField()

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.set_advisors(User.objects.advisors())

    def values(self) -> dict[str, Any]:
        return {"assignee": self.cleaned_data["assignee"]}

    def was_saved(self, case: ConsultingRequest, user: User) -> bool:
        return bool(case.assignee == self.cleaned_data["assignee"])


class SnoozeForm(StaffForm):
    until = future_day(_("Follow-up date"))
    note = TextField(
        label=_("Note for this day"),
        help_text=_("Only the OSK reads it."),
        max_length=REASON_LENGTH,
        rows=3,
        required=False,
    )

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.initial.setdefault("until", add_working_days(clock.today(), USUAL_WAIT))

    def clean_until(self) -> date:
        return check_future(self.cleaned_data["until"])

    def was_saved(self, case: ConsultingRequest, user: User) -> bool:
        return (case.snoozed_until, case.snooze_note) == (
            self.cleaned_data["until"],
            self.cleaned_data["note"],
        )


class ReturnForm(StaffForm):
    reason = reason_field(_("Internal reason"), _("Write a reason."), _("Only the OSK reads it."))


class UndoForm(ReturnForm):
    """Takes back a decision, with an internal reason."""


class ReopenForm(StaffForm):
    reason = reason_field(_("Reason"), _("Write a reason."), _("The authority reads it."))


class DeclineForm(ModuleMixin, StaffForm):
    target = "reason"

    reason = reason_field(_("Reason"), _("Write a reason."), _("The authority reads it."))
    referral = reason_field(
        _("Where to get help"),
        _("Write where the authority gets help."),
        _("The authority reads it."),
    )


class ConfirmUrgencyForm(StaffForm):
    answer_by = future_day(_("Answer by"), _("A working day from today."))

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        wished, today = self.case.wished_on, clock.today()
        if wished is not None and wished >= today and is_working_day(wished):
            self.initial.setdefault("answer_by", wished)

    def clean_answer_by(self) -> date:
        day: date = self.cleaned_data["answer_by"]
        if day < clock.today():
            raise ValidationError(_("Choose a date that is not in the past."))
        if day > clock.today() + LONGEST_WAIT:
            raise ValidationError(_("Choose a date within the next six months."))
        if not is_working_day(day):
            raise ValidationError(_("Choose a working day in Berlin."))
        return day

    def was_saved(self, case: ConsultingRequest, user: User) -> bool:
        return bool(case.answer_due_on == self.cleaned_data["answer_by"])


class AnswerUrgencyForm(StaffForm):
    text = reason_field(
        _("Answer to the urgency"), _("Write your answer."), _("The authority reads it.")
    )


class MergeForm(StaffForm):
    target = LineField(
        label=_("Reference of the other request"),
        help_text=_("For example OSK-2026-00042. Both belong to the same authority."),
        max_length=20,
        error_messages={"required": _("Enter a reference.")},
    )
    to_relate: ConsultingRequest | None = None
    """What was chosen, where it cannot be merged but linked."""
    asks_both = False
    """Linking asks both sides whether the two may be merged."""

    def clean_target(self) -> ConsultingRequest:
        reference = self.cleaned_data["target"].upper()
        found = ConsultingRequest.objects.sent().visible_to(self.user)
        target = found.filter(reference=reference).exclude(pk=self.case.pk).first()
        if target is None:
            raise ValidationError(_("There is no other request with this reference."))
        if target.takes_messages and not may_merge(self.case, target):
            self.to_relate, self.asks_both = target, may_be_asked(self.case, target)
        return target

    def was_saved(self, case: ConsultingRequest, user: User) -> bool:
        return bool(case.duplicate_of == self.cleaned_data["target"])
