"""The record of a case for the authority's own files: what both sides know, never what only the OSK does.

One content for everybody who may read the case (product.md 1.6). It is built from the public side of
conversation and history alone; ``record_archive`` packs the same content with the original texts and files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db.models import Q
from django.template.defaultfilters import filesizeformat
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from consulting import confidential, conversation, deadlines, legal
from consulting.booked import booking_in_words
from consulting.contacts import contacts_with_companies
from consulting.continuing import continued
from consulting.deadlines import berlin_day, long_date
from consulting.enums import PartnerQuestionState, Uptake, Urgency
from consulting.models import CaseFile
from consulting.presentation import Standing
from consulting.summary import procurement_rows
from osk_portal.templatetags.osk import berlin_datetime
from osk_portal.toolkit import pdf

if TYPE_CHECKING:
    from consulting.contacts import Contact
    from consulting.conversation import Entry
    from consulting.models import ConsultingRequest, Recommendation
    from consulting.offers import OfferList

TEMPLATE = "consulting/record.typ"

Fact = tuple[str, str]


@dataclass(frozen=True)
class Record:
    """What the record holds, in words of the active language."""

    case: ConsultingRequest
    made_at: datetime
    facts: Sequence[Fact]
    state: str
    timeline: Sequence[Entry]
    files: Sequence[CaseFile]
    partners: Sequence[str]
    contacts: Sequence[Contact]
    inquiry: Sequence[Fact]
    procured: Sequence[Fact]
    history: Sequence[Fact]

    @property
    def title(self) -> str:
        return _("Record %(reference)s: %(title)s") % {
            "reference": self.case.reference,
            "title": self.case.title,
        }

    @property
    def said(self) -> Sequence[Entry]:
        """Messages and answers, oldest first."""
        return [entry for entry in self.timeline if entry.what != "event"]


def public_files(case: ConsultingRequest) -> list[CaseFile]:
    """The files that both sides see; of them only clean ones are given out."""
    attached_to_note = Q(message__is_internal=True)
    return list(case.files.filter(is_internal=False).exclude(attached_to_note))


def build(case: ConsultingRequest, made_at: datetime) -> Record:
    """``case`` is a sent one, fetched through ``visible_to`` and filled by ``case_rows``."""
    return Record(
        case=case,
        made_at=made_at,
        facts=_facts(case, berlin_day(made_at)),
        state=Standing(case, berlin_day(made_at)).text,
        timeline=conversation.timeline(case, internal=False),
        files=public_files(case),
        partners=_partners(case),
        contacts=contacts_with_companies(case),
        inquiry=inquiry_in_words(case),
        procured=procured_in_words(case),
        history=[
            (berlin_datetime(event.at), event.label)
            for event in reversed(conversation.history(case, internal=False))
        ],
    )


def as_pdf(record: Record) -> bytes:
    """The tagged PDF. Raises ``pdf.PdfError``."""
    case = record.case
    footer = _("Record %(reference)s, as of %(moment)s") % {
        "reference": case.reference,
        "moment": berlin_datetime(record.made_at),
    }
    data: dict[str, pdf.Json] = {
        "publisher": _("Open Source Kompetenzzentrum (OSK)"),
        "header": _("Confidential procurement case") if case.is_confidential else "",
        "footer": footer,
        "lossy_note": _(
            "The sign � stands for a character that cannot be printed here. The portal keeps the "
            "original text; the full record (ZIP) contains it."
        ),
        "sections": [section for section in _sections(record) if section["parts"]],
    }
    return pdf.render(
        TEMPLATE,
        data,
        title=record.title,
        language=(get_language() or "de")[:2],
        made_at=record.made_at,
    )


def speaker(entry: Entry, case: ConsultingRequest) -> str:
    """``Alex Muster · Bezirksamt``, with what kind of message it is."""
    side = _("OSK") if entry.by_osk else str(case.organisation)
    side = "" if entry.voice else side
    what = _("Answer") if entry.what == "answer" else entry.label
    who = entry.voice or str(entry.author or "")
    return " · ".join(part for part in (who, side, what) if part)


def recommendation_in_words(item: Recommendation) -> str:
    if item.solution:
        return _("Solution: %(name)s") % {"name": item.solution.name}
    if item.blueprint:
        return _("Test environment: %(name)s") % {"name": item.blueprint.name}
    return _("Partner: %(name)s") % {"name": item.target}


def uptake_in_words(item: Recommendation) -> str:
    """``Rückmeldung der Behörde: Nichts für uns (Grund)``, or empty while nothing was said."""
    if item.uptake == Uptake.OPEN:
        return ""
    said = _("Feedback of the authority: %(what)s") % {"what": item.get_uptake_display()}
    return f"{said} ({item.uptake_reason})" if item.uptake_reason else said


def offers_in_words(offers: OfferList) -> list[str]:
    """The list of an answer as lines: its rule, then each organisation with what it offers."""
    if not offers.offerings:
        return [offers.nothing]
    numbered = (
        f"{number}. {row.name}: {'; '.join(row.items)}"
        for number, row in enumerate(offers.offerings, start=1)
    )
    return [offers.rule, *numbered]


def procured_in_words(case: ConsultingRequest) -> list[Fact]:
    """What the authority told about the outcome of a procurement: when it was asked, and the answer."""
    if not case.is_about_procurement:
        return []
    facts: list[Fact] = []
    for told in case.procured.all():
        if told.told_at is None:
            continue
        answer = [told.get_what_display(), told.get_contract_type_display(), told.reason]
        facts.append((str(told.get_occasion_display()), ", ".join(map(str, filter(None, answer)))))
    return facts


def inquiry_in_words(case: ConsultingRequest) -> list[Fact]:
    """The decision "Markterkundung", when there is one."""
    inquiry = confidential.inquiry_of(case)
    if inquiry is None:
        return []
    return [
        (_("Decided on"), long_date(inquiry.decided_on)),
        (_("Decided by"), str(inquiry.decided_by)),
        (_("Reason"), inquiry.reason),
        (_("Scope"), inquiry.scope),
    ]


def file_in_words(file: CaseFile) -> list[Fact]:
    return [
        (_("Size"), filesizeformat(file.size)),
        (_("SHA-256"), file.sha256),
        (_("Handed in"), berlin_datetime(file.created_at)),
        (_("Check"), file.state_label),
    ]


def _facts(case: ConsultingRequest, today: date) -> list[Fact]:
    urgent = case.urgency != Urgency.NORMAL
    facts = [
        (_("Reference"), case.reference or ""),
        (_("Your reference"), case.own_reference),
        (_("Continuation of"), str(getattr(continued(case), "reference", ""))),
        (_("Authority"), str(case.organisation)),
        (_("Author"), str(case.author)),
        (_("Contact person at the OSK"), str(case.assignee or "")),
        (_("Kind"), str(case.get_kind_display())),
        (_("Topics"), ", ".join(case.topic_labels)),
        (_("Phase"), str(case.get_phase_display())),
        (_("Came in by"), str(case.get_channel_display())),
        (_("Number of users"), str(case.users_count or "")),
        (_("Software in use"), case.software_in_use),
        (_("Solutions"), ", ".join(solution.name for solution in case.solutions.all())),
        (_("Test environments"), ", ".join(map(booking_in_words, case.bookings.all()))),
        (_("Wished date"), _day(case.wished_on)),
        (_("Urgency"), str(case.get_urgency_display()) if urgent else ""),
        (_("Reason for the urgency"), case.urgency_reason),
        (_("Answer to the urgency"), case.urgency_answer),
        (_("Received"), _moment(case.submitted_at)),
        (_("Promised answer"), deadlines.promise_in_words(case, today)),
        (_("Answered"), _moment(case.answered_at)),
        (_("Closed"), _moment(case.closed_at)),
        (_("Outcome"), str(case.get_outcome_display())),
    ]
    facts += [
        (_("State of the procedure") if field == "procedure_state" else label, str(value))
        for field, label, value in procurement_rows(case)
    ]
    return [(label, value) for label, value in facts if value.strip()]


def _partners(case: ConsultingRequest) -> list[str]:
    """Who was asked, and when the requester permitted it. What was said there stays there."""
    return [
        _("%(partner)s: asked on %(asked)s, permitted by you on %(permitted)s; %(state)s")
        % {
            "partner": question.organisation,
            "asked": long_date(berlin_day(question.asked_at)),
            "permitted": long_date(question.consented_on),
            "state": PartnerQuestionState(question.state).label,
        }
        for question in case.partner_questions.all()
    ]


def _sections(record: Record) -> list[dict[str, pdf.Json]]:
    recommended = [
        _part(
            recommendation_in_words(item),
            blocks=[*pdf.paragraphs(item.reason), *pdf.paragraphs(uptake_in_words(item))],
        )
        for entry in record.timeline
        for item in entry.recommendations
    ]
    listed = [
        _part(
            entry.offers.as_of,
            blocks=[
                block for line in offers_in_words(entry.offers) for block in pdf.paragraphs(line)
            ],
        )
        for entry in record.timeline
        if entry.offers is not None
    ]
    said = [
        _part(
            speaker(entry, record.case),
            facts=[(_("Date"), berlin_datetime(entry.at))],
            blocks=(pdf.markdown_blocks if entry.is_markdown else pdf.paragraphs)(entry.body),
        )
        for entry in record.said
    ]
    cited = {s.reference: s for entry in record.said for s in entry.citations}
    statements = [
        _part(str(s), facts=legal.in_words(s), blocks=pdf.paragraphs(s.text))
        for s in cited.values()
    ]
    return [
        _section(_("Facts"), _part(facts=record.facts)),
        _section(_("State"), _part(blocks=pdf.paragraphs(record.state))),
        _section(_("Our recommendations"), *recommended),
        _section(_("All support offers for these solutions"), *listed),
        _section(_("Conversation"), *said),
        _section(_("Legal statements"), *statements, *_no_legal_advice(record)),
        _section(_("Files"), *(_part(f.name, facts=file_in_words(f)) for f in record.files)),
        _section(_("Partners"), *(_part(blocks=pdf.paragraphs(p)) for p in record.partners)),
        _section(_("Markterkundung"), *([_part(facts=record.inquiry)] if record.inquiry else [])),
        _section(_("Contacts with companies"), *map(_contact, record.contacts)),
        _section(_("What became of it"), *(_part(facts=[fact]) for fact in record.procured)),
        _section(_("History"), _part(facts=record.history)),
    ]


def _contact(contact: Contact) -> dict[str, pdf.Json]:
    facts = [(_("Date"), berlin_datetime(contact.at)), (_("What"), contact.what)]
    told = [block for line in contact.learnt for block in pdf.paragraphs(line)]
    return _part(contact.company, facts=facts, blocks=told)


def _no_legal_advice(record: Record) -> list[dict[str, pdf.Json]]:
    """Stands wherever the OSK has answered about procurement, or has cited the law."""
    cites = any(entry.citations for entry in record.said)
    answered = any(entry.what == "answer" for entry in record.said)
    if not (cites or (answered and record.case.is_about_procurement)):
        return []
    return [_part(blocks=pdf.paragraphs(_("The OSK gives no legal advice.")))]


def _section(heading: str, *parts: dict[str, pdf.Json]) -> dict[str, pdf.Json]:
    return {"heading": heading, "parts": list(parts)}


def _part(
    heading: str = "", *, facts: Sequence[Fact] = (), blocks: Sequence[pdf.Block] = ()
) -> dict[str, pdf.Json]:
    return {"heading": heading, "facts": [list(fact) for fact in facts], "blocks": list(blocks)}


def _day(day: date | None) -> str:
    return long_date(day) if day else ""


def _moment(moment: datetime | None) -> str:
    return berlin_datetime(moment) if moment else ""
