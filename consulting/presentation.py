"""How a case is said to people: one table state → badge, who must act; one text a state.

The words are those of product.md 1.3, for the requester. Lists of the OSK use ``staff_badge``, where
the state W reads "Wartet auf Behörde": "Ihre Antwort fehlt" speaks to the requester.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consulting import confidential, deadlines
from consulting.deadlines import Due, long_date
from consulting.enums import CaseState, Outcome, PartnerQuestionState

if TYPE_CHECKING:
    from datetime import date

    from django.utils.functional import _StrPromise

    from consulting.models import ConsultingRequest

_YOU = gettext_lazy("You")
_OSK = gettext_lazy("OSK")
_NOBODY = "–"


@dataclass(frozen=True)
class Face:
    tone: str
    """Of the badge: info, warning, success, danger or none."""
    badge: _StrPromise
    must_act: _StrPromise | str
    staff_badge: _StrPromise
    staff_must_act: _StrPromise | str


def _face(
    tone: str,
    badge: _StrPromise,
    must_act: _StrPromise | str,
    staff_badge: _StrPromise | None = None,
) -> Face:
    authority = gettext_lazy("Authority")
    return Face(
        tone,
        badge,
        must_act,
        staff_badge or badge,
        authority if must_act is _YOU else must_act,
    )


FACES: Final[Mapping[CaseState, Face]] = {
    CaseState.DRAFT: _face("none", gettext_lazy("Draft"), _YOU),
    CaseState.SUBMITTED: _face("info", gettext_lazy("Received"), _OSK),
    CaseState.TRIAGE: _face("info", gettext_lazy("In triage"), _OSK),
    CaseState.ASSIGNED: _face("info", gettext_lazy("In triage"), _OSK),
    CaseState.IN_PROGRESS: _face("info", gettext_lazy("In progress"), _OSK),
    CaseState.WAITING_REQUESTER: _face(
        "warning",
        gettext_lazy("Your reply is missing"),
        _YOU,
        gettext_lazy("Waiting for the authority"),
    ),
    CaseState.WAITING_THIRD: _face("info", gettext_lazy("Information requested"), _OSK),
    CaseState.ANSWERED: _face("success", gettext_lazy("Answered"), _YOU),
    CaseState.CLOSED: _face("none", gettext_lazy("Closed"), _NOBODY),
    CaseState.DECLINED: _face("danger", gettext_lazy("Not taken on"), _NOBODY),
    CaseState.DUPLICATE: _face("none", gettext_lazy("Merged"), _NOBODY),
    CaseState.WITHDRAWN: _face("none", gettext_lazy("Withdrawn"), _NOBODY),
}


class Standing:
    """Where a case stands, in words. Speaks the language active when it is read (mails: the recipient's)."""

    def __init__(self, case: ConsultingRequest, today: date | None = None) -> None:
        self.case = case
        self._today = today
        self._face = FACES[CaseState(case.state)]

    @property
    def tone(self) -> str:
        return self._face.tone

    @property
    def badge(self) -> str:
        return str(self._face.badge)

    @property
    def staff_badge(self) -> str:
        return str(self._face.staff_badge)

    @property
    def must_act(self) -> str:
        """For the requester: Sie, OSK or –; with an open follow-up question the OSK."""
        return str(_OSK if self.case.follow_up_at is not None else self._face.must_act)

    @property
    def staff_must_act(self) -> str:
        """For the OSK: Behörde, OSK or –; with an open follow-up question the OSK."""
        if self.case.follow_up_at is not None:
            return str(_OSK)
        return str(self._face.staff_must_act)

    @property
    def is_yours(self) -> bool:
        """The requester must act."""
        return self._face.must_act is _YOU and self.case.follow_up_at is None

    @property
    def text(self) -> str:
        """What the requester reads about the state."""
        return f"{self.headline} {self.detail}".strip()

    @property
    def mail_text(self) -> str:
        """``text`` as a mail may carry it: without what was written, and of a procurement case without
        the partners (product.md 1.5)."""
        if self.case.state == CaseState.DECLINED:
            hint = _("You find the reason, and where you get help, on the page of the request.")
            return f"{self.headline} {hint}"
        outside = confidential.names_partners_outside(self.case)
        if self.case.state == CaseState.WAITING_THIRD and not outside:
            return _("We are gathering information.")
        return self.text

    @property
    def closing(self) -> str:
        """While the OSK waits for a reply: when the case is closed without one (product.md 1.3, "date shown")."""
        if self.case.state != CaseState.WAITING_REQUESTER or self.case.closes_on is None:
            return ""
        return _("If we do not hear from you by %(date)s, we close the consulting.") % {
            "date": long_date(self.case.closes_on)
        }

    @property
    def headline(self) -> str:
        return self._sentences[0]

    @property
    def detail(self) -> str:
        """What follows the headline; may be empty."""
        return self._sentences[1]

    @property
    def _sentences(self) -> tuple[str, str]:
        return _TEXTS[CaseState(self.case.state)](self.case)

    @property
    def urgency_due(self) -> date | None:
        """The day by which the Leitung confirms or answers the urgency, while it has not."""
        return deadlines.urgency_due(self.case)

    @property
    def promise(self) -> str:
        """``Antwort bis Mittwoch, 25. November 2026 (noch 2 Arbeitstage)``, or empty."""
        return deadlines.answer_in_words(self.case, self._today)

    @cached_property
    def due(self) -> Due | None:
        return deadlines.due(self.case, self._today)

    @cached_property
    def first_response(self) -> Due | None:
        return deadlines.first_response(self.case, self._today)

    @property
    def act_by(self) -> date | None:
        """The day by which whoever must act has to."""
        case = self.case
        if case.state == CaseState.WAITING_REQUESTER:
            return case.reply_due_on
        if case.state == CaseState.ANSWERED:
            return case.closes_on
        if case.state == CaseState.DRAFT:
            return case.expires_on
        if not case.is_with_osk:
            return None
        # The text promises the first response while the request is new; the day beside it is the same.
        return (
            case.first_response_due_on if case.state == CaseState.SUBMITTED else case.answer_due_on
        )


# Each text is a headline and what follows it; together they are the sentence of product.md 1.3.


def _draft(case: ConsultingRequest) -> tuple[str, str]:
    return _("This is a draft."), _("We delete it after %(date)s.") % {
        "date": long_date(case.expires_on)
    }


def _submitted(case: ConsultingRequest) -> tuple[str, str]:
    detail = _("You will hear from us by %(date)s at the latest.")
    return _("We have received your request."), detail % {"date": _date(case.first_response_due_on)}


def _triage(case: ConsultingRequest) -> tuple[str, str]:
    headline = _("We are looking into your request.")
    if case.assignee is None:
        return headline, ""
    return headline, _("Your contact person is %(name)s.") % {"name": case.assignee}


def _in_progress(case: ConsultingRequest) -> tuple[str, str]:
    detail = _("Answer by %(date)s.") % {"date": _date(case.answer_due_on)}
    return _("We are working on your request."), detail


def _waiting_requester(case: ConsultingRequest) -> tuple[str, str]:
    detail = _("Please reply by %(date)s. Until then our time to answer rests.")
    return _("We have a question for you."), detail % {"date": _date(case.reply_due_on)}


def _waiting_third(case: ConsultingRequest) -> tuple[str, str]:
    open_questions = [
        q for q in case.partner_questions.all() if q.state == PartnerQuestionState.OPEN
    ]
    if not open_questions:
        return _("We are gathering information."), ""
    names = ", ".join(str(q.organisation) for q in open_questions)
    permitted_on = max(q.consented_on for q in open_questions)
    return (
        _("We are asking %(names)s for information.") % {"names": names},
        _("You permitted this on %(date)s.") % {"date": long_date(permitted_on)},
    )


def _answered(case: ConsultingRequest) -> tuple[str, str]:
    if case.closes_on is None:
        return _("We have received your further question."), _("You will hear from us.")
    detail = _("If not, ask us again by %(date)s.") % {"date": long_date(case.closes_on)}
    return _("Our answer is here. Is everything settled?"), detail


def _closed(case: ConsultingRequest) -> tuple[str, str]:
    headline = _("The consulting is finished.")
    detail = ""
    if case.can_be_reopened:
        detail = _("You can reopen it until %(date)s.") % {"date": _date(case.reopen_until)}
    if case.outcome == Outcome.NO_REPLY:
        return _("We did not get a reply from you."), f"{headline} {detail}".strip()
    return headline, detail


def _declined(case: ConsultingRequest) -> tuple[str, str]:
    detail = _("Reason: %(reason)s") % {"reason": case.decline_reason}
    if case.decline_referral:
        detail += " " + _("You can get help here: %(referral)s") % {
            "referral": case.decline_referral
        }
    return _("We cannot take on this request."), detail


def _duplicate(case: ConsultingRequest) -> tuple[str, str]:
    target = case.duplicate_of
    return _("This request is continued as %(reference)s.") % {
        "reference": target.reference if target else ""
    }, ""


def _withdrawn(case: ConsultingRequest) -> tuple[str, str]:
    day = deadlines.berlin_day(case.withdrawn_at) if case.withdrawn_at else None
    return _("You withdrew the request on %(date)s.") % {"date": _date(day)}, ""


def _date(day: date | None) -> str:
    return long_date(day) if day else "–"


_TEXTS: Final[Mapping[CaseState, Callable[[ConsultingRequest], tuple[str, str]]]] = {
    CaseState.DRAFT: _draft,
    CaseState.SUBMITTED: _submitted,
    CaseState.TRIAGE: _triage,
    CaseState.ASSIGNED: _triage,
    CaseState.IN_PROGRESS: _in_progress,
    CaseState.WAITING_REQUESTER: _waiting_requester,
    CaseState.WAITING_THIRD: _waiting_third,
    CaseState.ANSWERED: _answered,
    CaseState.CLOSED: _closed,
    CaseState.DECLINED: _declined,
    CaseState.DUPLICATE: _duplicate,
    CaseState.WITHDRAWN: _withdrawn,
}
