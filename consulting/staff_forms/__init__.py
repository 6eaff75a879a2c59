"""What the OSK enters in a case. Each form carries the version of the case that its page showed."""

from consulting.staff_forms.answer import (
    AnswerForm,
    Candidate,
)
from consulting.staff_forms.base import (
    CaseForm,
    MessageForm,
    NoteForm,
    StaffForm,
)
from consulting.staff_forms.lists import (
    BulkForm,
    SearchForm,
)
from consulting.staff_forms.steps import (
    AnswerUrgencyForm,
    AskBackForm,
    AssignForm,
    ConfirmUrgencyForm,
    DeclineForm,
    MergeForm,
    ReopenForm,
    ReturnForm,
    SnoozeForm,
    UndoForm,
)

__all__ = [
    "AnswerForm",
    "AnswerUrgencyForm",
    "AskBackForm",
    "AssignForm",
    "BulkForm",
    "Candidate",
    "CaseForm",
    "ConfirmUrgencyForm",
    "DeclineForm",
    "MergeForm",
    "MessageForm",
    "NoteForm",
    "ReopenForm",
    "ReturnForm",
    "SearchForm",
    "SnoozeForm",
    "StaffForm",
    "UndoForm",
]
