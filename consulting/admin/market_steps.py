"""The steps of a case that concern partners and companies (product.md 1.5)."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy

from consulting import contacts, market_forms, permissions, procurement_form, queues, services
from consulting.admin.one_step import Step
from consulting.enums import CaseAction, CaseEventKind
from consulting.models import ConsultingRequest
from consulting.queues import Queue
from consulting.services.market import may_decide_inquiry
from osk_portal.accounts.models import User


def _is_worked_on(user: User, case: ConsultingRequest) -> bool:
    return case.is_open


def _has_usable_consent(user: User, case: ConsultingRequest) -> bool:
    return bool(contacts.usable_consents(case))


def _may_decide_inquiry(user: User, case: ConsultingRequest) -> bool:
    return may_decide_inquiry(case)


def _has_procedure(user: User, case: ConsultingRequest) -> bool:
    return case.is_about_procurement and case.takes_messages


def _has_open_companies(user: User, case: ConsultingRequest) -> bool:
    return bool(contacts.open_companies(case))


STEPS: Final[tuple[Step, ...]] = (
    Step(
        "withdraw-companies", None, CaseEventKind.COMPANIES_WITHDRAWN,
        services.withdraw_company_questions,
        gettext_lazy("The open questions to companies have been withdrawn."),
        label=gettext_lazy("Withdraw the questions to companies"),
        rule=permissions.can_withdraw_companies,
        sense=_has_open_companies,
    ),
    Step(
        "ask-partners", CaseAction.INVOLVE_PARTNER, CaseEventKind.PARTNER_INVOLVED,
        services.involve_consented,
        gettext_lazy("The partners have been asked."),
        form=market_forms.AskPartnersForm,
        label=gettext_lazy("Ask the partners"),
        intro=gettext_lazy(
            "The authority has permitted this on the page. Each partner gets exactly that text and those"
            " files, and sees no other partner. Our time to answer runs on."
        ),
        sense=_has_usable_consent,
    ),
    Step(
        "ask-consent", None, CaseEventKind.CONSENT_ASKED, services.ask_consent,
        gettext_lazy("The authority has been asked for its consent."),
        form=market_forms.AskConsentForm,
        label=gettext_lazy("Ask for consent to partners"),
        intro=gettext_lazy(
            "The authority reads your text word for word and decides. The partner is asked only afterwards."
        ),
        rule=permissions.can_ask_consent,
        sense=_is_worked_on,
    ),
    Step(
        "involve-partner", CaseAction.INVOLVE_PARTNER, CaseEventKind.PARTNER_INVOLVED,
        services.involve_partner,
        gettext_lazy("The question to the partner has been recorded."),
        form=market_forms.InvolvePartnerForm,
        intro=gettext_lazy(
            "For a consent that you have already. The partner sees the question, never the request. Our time"
            " to answer runs on."
        ),
        is_aside=True,
    ),
    Step(
        "market-inquiry", None, CaseEventKind.INQUIRY_DECIDED, services.decide_market_inquiry,
        gettext_lazy("The decision on the Markterkundung has been recorded."),
        form=market_forms.MarketInquiryForm,
        label=gettext_lazy("Decide on a Markterkundung"),
        intro=gettext_lazy(
            "Before companies are asked while a procedure is planned. The authority and the record show it."
        ),
        rule=permissions.can_ask_consent,
        sense=_may_decide_inquiry,
        is_aside=True,
    ),
    Step(
        "procedure", None, CaseEventKind.PROCEDURE_CHANGED, services.tell_procedure_state,
        gettext_lazy("The state of the procedure has been noted."),
        form=market_forms.ProcedureForm,
        label=gettext_lazy("Change the state of the procedure"),
        intro=gettext_lazy(
            "While a procedure runs no company can be asked. Open questions to companies are shown then."
        ),
        rule=permissions.can_withdraw_companies,  # of the OSK the same people
        sense=_has_procedure,
        is_aside=True,
    ),
    Step(
        "complete-procurement", None, CaseEventKind.PROCUREMENT_COMPLETED,
        services.complete_procurement,
        gettext_lazy("The details of the procurement are saved."),
        form=procurement_form.CompleteProcurementForm,
        label=gettext_lazy("Complete the details of the procurement"),
        intro=gettext_lazy(
            "What the authority has told you. It reads the details in its request, and is told that you have"
            " entered some."
        ),
        rule=permissions.can_complete_procurement,
        sense=_has_procedure,
        is_aside=True,
    ),
)  # fmt: skip
_ASK_CONSENT: Final = next(step for step in STEPS if step.name == "ask-consent")


def consent_url(user: User, case: ConsultingRequest, queue: Queue | None) -> str:
    """Where ``user`` asks for consent, up to the id of a proposed partner; empty for who may not."""
    if not _ASK_CONSENT.is_open(user, case):
        return ""
    url = queues.step_url(case, _ASK_CONSENT.name, queue)
    return f"{url}{'&' if '?' in url else '?'}{market_forms.PARTNER}="
