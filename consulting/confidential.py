"""What may leave a confidential case, in one place (product.md 1.5).

Confidential is procurement with a procedure that is planned, running or not yet named
(``case.is_confidential``). Mails, inbox and everything else outside the pages of the case ask here.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from consulting.enums import CaseEventKind, ProcedureState
from network.enums import OrganisationKind

if TYPE_CHECKING:
    from consulting.models import CaseEvent, ConsultingRequest, MarketInquiry
    from network.models import Organisation


def title_outside(case: ConsultingRequest) -> str:
    """The title as a mail or a feed may carry it; empty for a confidential case."""
    return "" if case.is_confidential else case.title


def staff_mail(
    case: ConsultingRequest, *, promise: str = "", day: date | None = None
) -> dict[str, object]:
    """What a mail to the OSK says of ``case`` (``_staff_case.txt``). Of a confidential case nothing: reference and
    link only, which stand in each of these mails. ``day``: for which the first response is promised."""
    facts = {
        "title": case.title,
        "authority": case.organisation,
        "own_reference": case.own_reference,
        "promise": promise,
        "day": day,
    }
    return {name: "" if case.is_confidential else fact for name, fact in facts.items()}


def event_outside(event: CaseEvent) -> str:
    """What happened, as a mail to the OSK may say it; of a confidential case without day and time."""
    return str(CaseEventKind(event.kind).label) if event.case.is_confidential else event.label


def names_partners_outside(case: ConsultingRequest) -> bool:
    """May a mail say whom the OSK asks?"""
    return not case.is_confidential


def is_company(organisation: Organisation) -> bool:
    return organisation.kind == OrganisationKind.BUSINESS


def may_recommend(case: ConsultingRequest, organisation: Organisation) -> bool:
    """No answer to a confidential case recommends a single company: it lists all offers instead."""
    return not (case.is_confidential and is_company(organisation))


def takes_companies(case: ConsultingRequest) -> bool:
    """Is this a moment at which a company could be asked? Consent and decision are a further matter.

    Never while a procedure runs; one that is not named counts as running.
    """
    return not case.is_confidential or case.procedure_state == ProcedureState.PLANNED


def needs_inquiry(case: ConsultingRequest) -> bool:
    """A company is only asked after the decision "Markterkundung", which warns of Vorbefassung."""
    return case.is_confidential and takes_companies(case)


def refusal_of_companies(case: ConsultingRequest) -> str:
    """Why no company may be asked now, in words; empty when one may, with written consent."""
    if not takes_companies(case):
        return _(
            "The procedure of this request runs or is not named. You cannot involve companies."
        )
    if needs_inquiry(case) and not has_inquiry(case):
        return _("First record the decision on a Markterkundung.")
    return ""


def has_inquiry(case: ConsultingRequest) -> bool:
    return inquiry_of(case) is not None


def inquiry_of(case: ConsultingRequest) -> MarketInquiry | None:
    """The decision "Markterkundung" of ``case``, if there is one."""
    return getattr(case, "market_inquiry", None)
