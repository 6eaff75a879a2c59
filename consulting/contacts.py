"""Kontakte mit Unternehmen: which company learnt what, when (product.md 1.5).

The same for the requester's side, the OSK and the record. What a company answered or asked stands only on
the OSK's own page; that it did, and what it was told, is for everybody who may read the case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.db.models import Exists, OuterRef, Prefetch
from django.utils.translation import gettext as _

from consulting import confidential
from consulting.enums import ConsentState, ContactKind
from consulting.models import PartnerConsent, PartnerContact, PartnerQuestion

if TYPE_CHECKING:
    from consulting.models import ConsultingRequest

KNOWN: Final = {
    "has_consents": Exists(PartnerConsent.objects.filter(case=OuterRef("pk")).order_by()),
}
"""For ``annotate`` of a case whose page is shown: most cases have none, and cost no query then."""
IS_USED: Final = Exists(PartnerQuestion.objects.filter(consent=OuterRef("pk")).order_by())
"""Of a consent: a partner was asked on it."""
_CONTACTS: Final = Prefetch("contacts", PartnerContact.objects.select_related("actor"))
PARTNERS: Final = Prefetch(
    "partner_questions",
    PartnerQuestion.objects.select_related("organisation", "consent").prefetch_related(_CONTACTS),
)
"""For a case whose partners are shown, with what passed between them and the OSK."""


@dataclass(frozen=True)
class Contact:
    """One line: when, with whom, what happened, and what the company learnt by it."""

    at: datetime
    company: str
    what: str
    learnt: Sequence[str]


def contacts_with_companies(case: ConsultingRequest) -> list[Contact]:
    """Oldest first. Fetch ``case`` with ``PARTNERS``, or read it with ``case_rows``."""
    rows = [
        Contact(
            row.at,
            str(question.organisation),
            str(ContactKind(row.kind).label),
            _learnt(question, row, named_authority(question, case)),
        )
        for question in case.partner_questions.all()
        for row in question.contacts.all()
        if row.is_company
    ]
    return sorted(rows, key=lambda contact: contact.at)


def named_authority(question: PartnerQuestion, case: ConsultingRequest) -> str:
    """The name that the authority has released, "" for none. An advisor may have corrected it since."""
    if not question.names_authority:
        return ""
    if question.consent is not None:
        return str(question.consent.released["authority"])
    return str(case.organisation or "")


def open_companies(case: ConsultingRequest) -> list[PartnerQuestion]:
    """Companies whose question is still open although none may be asked any more."""
    if confidential.takes_companies(case):
        return []
    return [
        question
        for question in case.partner_questions.all()
        if question.is_open and confidential.is_company(question.organisation)
    ]


def consents_of(case: ConsultingRequest) -> list[PartnerConsent]:
    """Everything the requester's side was asked to permit, with the questions that came of it; read once."""
    if "consents" in getattr(case, "_prefetched_objects_cache", {}):
        return list(case.consents.all())  # read along by case_rows
    if not getattr(case, "has_consents", True):
        return []
    known: list[PartnerConsent] | None = case.__dict__.get("_consents")
    if known is None:
        known = list(
            case.consents.select_related("decided_by", "asked_by").annotate(is_used=IS_USED)
        )
        case.__dict__["_consents"] = known
    return known


def usable_consents(case: ConsultingRequest) -> list[PartnerConsent]:
    """Given, and no partner asked on it yet."""
    return [
        consent
        for consent in consents_of(case)
        if consent.state == ConsentState.GIVEN and not getattr(consent, "is_used", False)
    ]


def _learnt(question: PartnerQuestion, row: PartnerContact, authority: str) -> list[str]:
    if row.kind == ContactKind.ASKED:
        told = [_("Question: %(text)s") % {"text": question.question}]
        if authority:
            told.append(_("Name of the authority: %(name)s") % {"name": authority})
        return told + [_("Released file: %(name)s") % {"name": name} for name, _sum in row.files]
    if row.kind == ContactKind.REPLIED:
        return [_("Reply: %(text)s") % {"text": row.text}]
    return [
        _("File: %(name)s (SHA-256 %(sum)s)") % {"name": name, "sum": digest}
        for name, digest in row.files
    ]
