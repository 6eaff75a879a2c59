"""Consulting's part of "Meine Daten": the copy. What the end of an account does: services/leaving_portal.py.

The copy holds what the person wrote or may read on a page at this moment, and nothing else: no internal
notes, no drafts of others, nothing of a request that another person's organisation keeps (Art. 15 (4) GDPR).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consulting.enums import CaseEventKind, NeedState, Topic
from consulting.models import ConsultingRequest, Need, PartnerQuestion, RevisionGrant
from consulting.services.leaving_portal import leave_portal
from osk_portal import portal
from osk_portal.accounts.models import User
from osk_portal.accounts.services import verified_emails

if TYPE_CHECKING:
    from django.db.models import QuerySet

_K = CaseEventKind
OWN_ACTS: Final = frozenset(
    {
        _K.SUBMITTED, _K.REPLIED, _K.CLOSED, _K.REOPENED, _K.WITHDRAWN, _K.SHARED, _K.TAKEN_OVER,
        _K.HANDED_OVER, _K.RECOMMENDATION_MARKED, _K.OUTCOME_TOLD, _K.RECORD_TAKEN, _K.CONSENT_GIVEN,
        _K.CONSENT_REFUSED, _K.CONSENT_WITHDRAWN, _K.APPOINTMENT_FIXED, _K.APPOINTMENT_REFUSED,
        _K.APPOINTMENT_CANCELLED, _K.INTRODUCTION_AGREED, _K.INTRODUCTION_TAKEN_BACK,
        _K.INTRODUCTION_REFUSED, _K.NEED_PUBLISHED, _K.FILED, _K.HOLD_ASKED, _K.MESSAGE_ADDED,
        _K.MESSAGE_EDITED, _K.FILE_ADDED, _K.FILE_REMOVED, _K.TAKE_OVER_ENDED,
        _K.DEPUTY_NAMED, _K.PROCEDURE_CHANGED,
    }
)  # fmt: skip
"""What the requester's side does. A new kind is not in the copy until it is named here."""


def _readable(user: User) -> QuerySet[ConsultingRequest]:
    """As a member of the requester's side, never as an advisor: the copy is about the person."""
    return ConsultingRequest.objects.shared_with(user).order_by()


def _still_read(rows: QuerySet[ConsultingRequest], user: User) -> QuerySet[ConsultingRequest]:
    return rows.filter(pk__in=_readable(user).values("pk"))


def _not_read(rows: QuerySet[ConsultingRequest], user: User) -> QuerySet[ConsultingRequest]:
    return rows.exclude(pk__in=_readable(user).values("pk"))


def _of_readable(path: str, **narrowed: object) -> Callable[[QuerySet[Any], User], QuerySet[Any]]:
    """Rows whose case, at ``path``, the person may still read."""

    def only(rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        return rows.filter(**{f"{path}__in": _readable(user).values("pk")}, **narrowed)

    return only


def _own_acts(rows: QuerySet[Any], user: User) -> QuerySet[Any]:
    if user.is_staff:
        return rows.none()
    return rows.filter(kind__in=OWN_ACTS, case__in=_readable(user).values("pk"))


def _asked(path: str) -> Callable[[QuerySet[Any], User], QuerySet[Any]]:
    """Of questions to a partner for whom the person still speaks."""

    def only(rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        readable = PartnerQuestion.objects.visible_to(user).order_by().values("pk")
        return rows.filter(**{f"{path}__in": readable})

    return only


def _joined(rows: QuerySet[Any], user: User) -> QuerySet[Any]:
    """Of needs that are still shown to the person: a confidential one takes its title along."""
    return rows.filter(need__in=Need.objects.visible_to(user).order_by().values("pk"))


def _sent_in(rows: QuerySet[Any], user: User) -> QuerySet[Any]:
    """Mails from an address that the person has proved; of a case only while that may be read."""
    readable = Q(case=None) | Q(case__in=_readable(user).values("pk"))
    return rows.filter(readable, sender_email__in=verified_emails(user))


def obstacles(user: User) -> Iterable[portal.Obstacle]:
    """Who inspects cases is named in the proofs until the right has ended."""
    if RevisionGrant.objects.of(user).exists():
        yield portal.Obstacle(
            gettext("Your right to inspect requests as the Revision still counts. It ends first."),
            reverse("revision:case_list"),
        )


_CASE = {"case__reference": _("Request")}
_WHEN = _("When")
_STATE = _("State")

ROWS: Final = (
    portal.Rows(
        "consulting.ConsultingRequest.author",
        _("Your requests"),
        {
            "reference": _("Reference"),
            "organisation__name": _("Organisation"),
            "own_reference": _("Your file reference"),
            "kind": _("Kind"),
            "title": _("Title"),
            "description": _("Description"),
            "topics": _("Topics"),
            "phase": _("Phase"),
            "wished_on": _("Wished date"),
            "users_count": _("Number of users"),
            "software_in_use": _("Software in use"),
            "procedure_state": _("State of the procedure"),
            "urgency": _("Urgency"),
            "urgency_reason": _("Reason of the urgency"),
            "channel": _("Came in by"),
            "visibility": _("Who reads along"),
            "is_confidential": _("Confidential"),
            "state": _STATE,
            "decline_reason": _("Reason of the OSK"),
            "created_at": _("Begun at"),
            "submitted_at": _("Received at"),
            "answer_due_on": _("Answer promised by"),
            "answered_at": _("Answered at"),
            "closed_at": _("Closed at"),
            "withdrawn_at": _("Withdrawn at"),
        },
        _still_read,
        words={"topics": dict(Topic.choices)},
    ),
    portal.Rows(
        "consulting.ConsultingRequest.author",
        _("Requests that stay with an organisation to which you no longer belong"),
        {"reference": _("Reference"), "submitted_at": _("Received at")},
        _not_read,
    ),
    portal.Rows(
        "consulting.ProcurementBlock.case__author",
        _("Your statements on procurements"),
        {
            **_CASE,
            "value_band__lower": _("Value from (euros)"),
            "value_band__upper": _("Value below (euros)"),
            "contract_type__name": _("Type of contract"),
            "deadline": _("Deadline"),
            "awarding": _("Lots or framework contract"),
            "reuse_contract": _("Reuse by contract"),
            "architecture": _("Architecture checked"),
            "staff_council": _("Staff council"),
            "womens_representative": _("Women's representative"),
            "disability_representative": _("Representative of disabled employees"),
            "data_protection": _("Data protection"),
            "accessibility": _("Accessibility"),
        },
        _of_readable("case"),
    ),
    portal.Rows(
        "consulting.CaseMessage.author",
        _("Your messages"),
        {
            **_CASE,
            "created_at": _WHEN,
            "kind": _("Kind"),
            "body": _("Text"),
            "edited_at": _("Changed at"),
        },
        _of_readable("case", is_internal=False, by_osk=False),
    ),
    portal.Rows(
        "consulting.MessageVersion.message__author",
        _("Earlier wordings of your messages"),
        {
            "message__case__reference": _("Request"),
            "written_at": _WHEN,
            "body": _("Text"),
        },
        _of_readable("message__case", message__is_internal=False, message__by_osk=False),
    ),
    portal.Rows(
        "consulting.IncomingMail.sender_email",
        _("Mails from you to the OSK"),
        {"received_at": _WHEN, "subject": _("Subject"), "new_text": _("Text"), "state": _STATE},
        _sent_in,
    ),
    portal.Rows(
        "consulting.CaseFile.uploaded_by",
        _("Your files. You download them on the page of the request"),
        {**_CASE, "name": _("Name"), "size": _("Size in bytes"), "created_at": _WHEN},
        _of_readable("case", is_internal=False, by_osk=False),
    ),
    portal.Rows(
        "consulting.StagedFile.owner",
        _("Files of a message that you have not sent"),
        {**_CASE, "name": _("Name"), "size": _("Size in bytes"), "created_at": _WHEN},
        _of_readable("case", is_internal=False),
    ),
    portal.Rows(
        "consulting.CaseResult.case__author",
        _("Answers that you have got"),
        {**_CASE, "created_at": _WHEN, "text": _("Answer")},
        _of_readable("case"),
    ),
    portal.Rows(
        "consulting.Recommendation.result__case__author",
        _("What you said about recommendations"),
        {
            "result__case__reference": _("Request"),
            "uptake": _("Feedback"),
            "uptake_reason": _("Reason"),
            "uptake_at": _WHEN,
        },
        _of_readable("result__case", uptake_at__isnull=False),
    ),
    portal.Rows(
        "consulting.ProcurementOutcome.case__author",
        _("What became of your procurements"),
        {
            **_CASE,
            "occasion": _("Asked"),
            "what": _("What was bought"),
            "reason": _("Reason"),
            "contract_type": _("Type of contract"),
            "contract_ends_on": _("End of the contract"),
            "told_at": _WHEN,
        },
        _of_readable("case", told_at__isnull=False),
    ),
    portal.Rows(
        "consulting.ConsultingRequest.deputy",
        _("Requests in which you stand in"),
        {"reference": _("Reference"), "title": _("Title"), "state": _STATE},
        _still_read,
    ),
    portal.Rows(
        "consulting.Participant.user",
        _("Requests in which you take part"),
        {**_CASE, "case__title": _("Title"), "may_write": _("Works along")},
        _of_readable("case"),
    ),
    portal.Rows(
        "consulting.CaseEvent.actor",
        _("What you did in requests"),
        {**_CASE, "at": _WHEN, "kind": _("What")},
        _own_acts,
        words={"kind": dict(CaseEventKind.choices)},
    ),
    portal.Rows(
        "consulting.Appointment.case__author",
        _("Appointments about your requests"),
        {
            **_CASE,
            "state": _STATE,
            "kind": _("Kind"),
            "starts_at": _("From"),
            "ends_at": _("Until"),
            "place": _("Place"),
            "note": _("Note"),
        },
        _of_readable("case"),
    ),
    portal.Rows(
        "consulting.Appointment.picked_by",
        _("Appointments that you have picked"),
        {**_CASE, "starts_at": _("From"), "set_at": _("Picked at")},
        _of_readable("case"),
    ),
    portal.Rows(
        "consulting.PartnerConsent.decided_by",
        _("Your decisions whether partners may be asked"),
        {**_CASE, "state": _STATE, "decided_at": _WHEN, "refusal": _("Reason")},
        _of_readable("case"),
    ),
    portal.Rows(
        "consulting.PartnerConsent.withdrawn_by",
        _("Consents that you have taken back"),
        {**_CASE, "withdrawn_at": _WHEN},
        _of_readable("case"),
    ),
    portal.Rows(
        "consulting.PartnerQuestion.answered_by",
        _("Your answers to questions of the OSK"),
        {
            "organisation__name": _("Organisation"),
            "question": _("Question"),
            "answer": _("Answer"),
            "refusal": _("Reason"),
            "answered_at": _WHEN,
        },
        _asked("pk"),
    ),
    portal.Rows(
        "consulting.PartnerContact.actor",
        _("Your queries to the OSK about its questions"),
        {"question__organisation__name": _("Organisation"), "at": _WHEN, "text": _("Text")},
        _asked("question"),
    ),
    portal.Rows(
        "consulting.RelationSide.decided_by",
        _("Your word on merging two requests"),
        {**_CASE, "state": _STATE, "decided_at": _WHEN},
        _of_readable("case"),
    ),
    portal.Rows(
        "consulting.IntroductionSide.contact",
        _("Introductions to another authority"),
        {
            **_CASE,
            "state": _STATE,
            "released": _("What the other side may read"),
            "decided_at": _WHEN,
        },
        _of_readable("case"),
    ),
    portal.Rows(
        "consulting.Need.author",
        _("Needs that you have published"),
        {
            "title": _("Title"),
            "text": _("Text"),
            "topics": _("Topics"),
            "shows_organisation": _("Shows the organisation"),
            "state": _STATE,
            "created_at": _WHEN,
        },
        _of_readable("case"),
        words={"topics": dict(Topic.choices)},
    ),
    portal.Rows(
        "consulting.NeedSupport.person",
        _("Needs that you have joined"),
        {
            "need__title": _("Title"),
            "organisation__name": _("Organisation"),
            "shows_contact": _("Others may see you as the contact"),
            "created_at": _WHEN,
        },
        _joined,
    ),
    portal.Rows(
        "consulting.NeedEvent.actor",
        _("What you did with needs"),
        {"need__title": _("Title"), "at": _WHEN, "to_state": _STATE},
        _of_readable("need__case"),
        words={"to_state": dict(NeedState.choices)},
    ),
    portal.Rows(
        "consulting.CaseLink.person",
        _("Links by which you read a request without signing in"),
        {**_CASE, "made_at": _WHEN},
        _of_readable("case"),
    ),
    portal.Rows(
        "consulting.CaseRetention.filed_by",
        _("Requests that you confirmed as taken into the e-file"),
        {**_CASE, "filed_at": _WHEN},
        _of_readable("case"),
    ),
    portal.Rows(
        "consulting.RetentionHold.asked_by",
        _("Holds that you asked for"),
        {**_CASE, "asked_at": _WHEN, "reason": _("Reason"), "until": _("Until")},
        _of_readable("case"),
    ),
    portal.Rows(
        "consulting.RevisionGrant.person",
        _("Your rights to inspect as the Revision"),
        {
            "valid_from": _("From"),
            "valid_until": _("Until"),
            "reason": _("Reason"),
            "ended_at": _("Ended at"),
        },
    ),
    portal.Rows(
        "consulting.AccessRecord.person",
        _("What you opened as the Revision"),
        {"case__reference": _("Request"), "at": _WHEN, "what": _("What")},
    ),
    portal.Rows(
        "consulting.SavedFilter.owner",
        _("Your saved filters"),
        {"name": _("Name"), "values": _("Filter"), "is_shared": _("Shared")},
    ),
    portal.Rows(
        "consulting.Absence.user",
        _("Your absence"),
        {"starts_on": _("From"), "ends_on": _("Until")},
    ),
)  # fmt: skip

_OFFICE: Final = (
    "an act of the OSK's staff in their office; no list per advisor (product.md, Staff data)"
)

OFFER: Final = portal.PersonalData(
    key="consulting",
    order=30,
    label=_("Requests and advice"),
    stored=_(
        "What you have asked, written, uploaded, mailed and decided in requests, your appointments, introductions"
        " and needs. The answers to our survey are stored without any link to you, so they are not in the copy."
    ),
    kept=_(
        "So that the OSK can advise your organisation and prove it. Requests are anonymised when their period is"
        " over; each request shows its date."
    ),
    afterwards=_(
        "Drafts are deleted. Requests belong to your organisation and stay with it: your name goes, what you"
        " wrote or mailed stays until the request is anonymised. Requests of an organisation that has not"
        " confirmed you are withdrawn. You no longer take part, and contact details that you released are deleted."
    ),
    rows=ROWS,
    left_out={
        **dict.fromkeys(
            (
                "consulting.Appointment.offered_by",
                "consulting.CaseRelation.by",
                "consulting.CaseResult.author",
                "consulting.CaseLink.made_by",
                "consulting.ConsultingRequest.assignee",
                "consulting.IncomingMail.decided_by",
                "consulting.IncomingMailEvent.actor",
                "consulting.Introduction.proposed_by",
                "consulting.LegalStatement.checked_by",
                "consulting.ListExport.actor",
                "consulting.MarketInquiry.decided_by",
                "consulting.Need.proposed_by",
                "consulting.PartnerConsent.asked_by",
                "consulting.PartnerQuestion.asked_by",
                "consulting.PublishedAnswer.owner",
                "consulting.PublishedAnswer.reviewer",
                "consulting.PublishedAnswerEvent.actor",
                "consulting.RetentionHold.set_by",
                "consulting.RetentionHold.ended_by",
                "consulting.RevisionGrant.proposed_by",
                "consulting.RevisionGrant.confirmed_by",
                "consulting.RevisionGrant.ended_by",
            ),
            _OFFICE,
        ),
        "consulting.Appointment.ended_by": "stands in the list of what the person did in requests",
        "consulting.Absence.deputy": "says when somebody else is away",
        "consulting.Absence.entered_by": "says when somebody else is away",
    },
    obstacles=obstacles,
    erase=leave_portal,
)
