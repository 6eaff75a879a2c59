"""The catalog's part of "Meine Daten": proposals, what belongs to them, and what the person follows."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from catalog import services
from catalog.enums import ProposalAction
from catalog.models import (
    Claim,
    EntryDraft,
    EntryReport,
    Follow,
    FollowNews,
    FollowSetting,
    NoticeReceipt,
    Proposal,
    SavedComparison,
)
from catalog.services import claims
from osk_portal import portal
from osk_portal.accounts.models import User


def erase(user: User) -> None:
    """What waits is taken back: nobody could be asked about it. What was decided is the catalog's history."""
    mine = Proposal.objects.filter(author=user)
    Follow.objects.filter(user=user).delete()
    FollowNews.objects.filter(user=user).delete()
    FollowSetting.objects.filter(user=user).delete()
    EntryDraft.objects.filter(author=user).delete()
    for pk in Claim.objects.open().filter(author=user).order_by("pk").values_list("pk", flat=True):
        claims.leave_claim(pk, person=user)
    SavedComparison.objects.filter(author=user, organisation=None).delete()
    NoticeReceipt.objects.filter(user=user).delete()
    services.forget_contact(person=user)
    EntryReport.objects.filter(reported_by=user).update(reported_by=None)
    EntryReport.objects.filter(email__iexact=user.email).update(email="", email_confirmed_at=None)
    services.take_back_statements_of(user)
    for proposal in mine.filter(state__in=Proposal.ALLOWED[ProposalAction.WITHDRAW]).order_by("pk"):
        services.withdraw_of_leaver(proposal.pk, person=user)


OFFER: Final = portal.PersonalData(
    key="catalog",
    order=40,
    label=_("Proposals for the catalog"),
    stored=_("What you have proposed to change in the catalog or to take in, and what became of it."),
    kept=_("So that everybody can see how an entry came about. Only your organisation is shown to others."),
    afterwards=_("Open proposals are taken back. Decided ones stay, without your name."),
    rows=(
        portal.Rows(
            "catalog.Proposal.author",
            _("Proposals"),
            {
                "solution__name": _("Solution"),
                "organisation__name": _("Organisation"),
                "state": _("State"),
                "changes": _("Changes"),
                "reason": _("Reason"),
                "submitted_at": _("Sent at"),
                "comment": _("Comment of the OSK"),
                "decided_at": _("Decided at"),
            },
        ),
        portal.Rows(
            "catalog.Claim.author",
            _("Claims to entries"),
            {
                "solution__name": _("Solution"),
                "organisation__name": _("Organisation"),
                "state": _("State"),
                "proof": _("Proof"),
                "statement": _("Reason"),
                "letter_name": _("Letter"),
                "submitted_at": _("Sent at"),
                "reason": _("Reason of the OSK"),
                "decided_at": _("Decided at"),
            },
        ),
        portal.Rows(
            "catalog.Claim.answered_by",
            _("Answers to claims by other organisations"),
            {
                "solution__name": _("Solution"),
                "answer": _("Answer"),
                "answered_at": _("Sent at"),
            },
        ),
        portal.Rows(
            "catalog.Maintainership.offered_by",
            _("Hand-overs that you have offered"),
            {
                "solution__name": _("Solution"),
                "offered_to__name": _("Organisation"),
                "offered_at": _("Sent at"),
            },
        ),
        portal.Rows(
            "catalog.Follow.user",
            _("Entries that you follow"),
            {"solution__name": _("Solution"), "created_at": _("Since")},
        ),
        portal.Rows(
            "catalog.FollowSetting.user",
            _("How often you hear of entries that you follow"),
            {"rhythm": _("how often"), "told_on": _("last told on")},
        ),
        portal.Rows(
            "catalog.FollowNews.user",
            _("What the next mail about entries that you follow tells"),
            {"solution__name": _("Solution"), "happened_at": _("When")},
        ),
        portal.Rows(
            "catalog.CodeRelease.author",
            _("Lists for publishing code that you have begun"),
            {
                "name": _("Name"),
                "organisation__name": _("Organisation"),
                "created_at": _("When"),
            },
        ),
        portal.Rows(
            "catalog.SavedComparison.author",
            _("Comparisons that you have saved"),
            {
                "title": _("Title"),
                "organisation__name": _("Shared with"),
                "slugs": _("Solutions"),
                "rows": _("Requirements"),
                "updated_at": _("Changed at"),
            },
        ),
        portal.Rows(
            "catalog.NoticeReceipt.user",
            _("Notices that you were told of"),
            {
                "notice__solution__name": _("Solution"),
                "notice__kind": _("Kind"),
                "told_at": _("When"),
                "confirmed_at": _("Reading confirmed at"),
            },
        ),
        portal.Rows(
            "catalog.EntryReport.reported_by",
            _("Statements that you reported as wrong"),
            {
                "solution__name": _("Solution"),
                "wrong": _("What is wrong"),
                "right": _("What would be right"),
                "evidence": _("Evidence"),
                "state": _("State"),
                "submitted_at": _("Sent at"),
                "decision": _("Reason of the decision"),
            },
        ),
        portal.Rows(
            "catalog.Reuse.declared_by",
            _("Reuses that you have declared"),
            {
                "solution__name": _("Solution"),
                "organisation__name": _("Organisation"),
                "declared_at": _("When"),
            },
        ),
        portal.Rows(
            "catalog.Reuse.contact",
            _("Reuses whose contact you are"),
            {
                "solution__name": _("Solution"),
                "organisation__name": _("Organisation"),
                "contact_agrees": _("Others may ask you"),
            },
        ),
        portal.Rows(
            "catalog.ReuseStep.recorded_by",
            _("Stages of reuses that you have entered"),
            {
                "reuse__solution__name": _("Solution"),
                "stage": _("Stage"),
                "since": _("Since"),
                "reason": _("Reason"),
                "recorded_at": _("When"),
            },
        ),
        portal.Rows(
            "catalog.Support.offered_by",
            _("Support that you have offered"),
            {
                "solution__name": _("Solution"),
                "organisation__name": _("Organisation"),
                "text": _("What you offer"),
                "state": _("State"),
                "offered_at": _("When"),
            },
        ),
        portal.Rows(
            "catalog.SolutionRevision.author",
            _("Versions of entries from your proposals"),
            {
                "solution__name": _("Solution"),
                "number": _("Version"),
                "created_at": _("When"),
            },
        ),
        portal.Rows(
            "catalog.Assessment.replied_by",
            _("Replies to assessments of the OSK"),
            {
                "solution__name": _("Solution"),
                "reply": _("Reply of the maintainer"),
                "replied_at": _("When"),
            },
        ),
        portal.Rows(
            "catalog.Assessment.correction_by",
            _("Corrections of assessments that you have asked for"),
            {
                "solution__name": _("Solution"),
                "correction": _("What is wrong"),
                "correction_at": _("When"),
                "correction_answer": _("Answer of the OSK"),
            },
        ),
        portal.Rows(
            "catalog.Proposal.maintainer_commented_by",
            _("What you have said of the proposals of others"),
            {
                "solution__name": _("Solution"),
                "maintainer_comment": _("Comment"),
                "maintainer_commented_at": _("When"),
            },
        ),
        portal.Rows(
            "catalog.Objection.author",
            _("Objections"),
            {
                "proposal__solution__name": _("Solution"),
                "reason": _("Reason"),
                "state": _("State"),
                "submitted_at": _("Sent at"),
                "answer": _("Answer of the Leitung"),
                "decided_at": _("Decided at"),
            },
        ),
        portal.Rows(
            "catalog.TextGrant.person",
            _("Texts that you have released"),
            {
                "proposal__solution__name": _("Solution"),
                "wording": _("Version of the words"),
                "granted_at": _("When"),
            },
        ),
        portal.Rows(
            "catalog.Statement.author",
            _("Statements that you have made about solutions"),
            {
                "solution__name": _("Solution"),
                "topic": _("Topic"),
                "answer": _("Answer"),
                "value": _("Statement in words"),
                "said_by": _("Tested or stated by"),
                "evidence": _("Evidence"),
                "state": _("State"),
                "created_at": _("When"),
                "comment": _("Comment of the OSK"),
            },
        ),
        portal.Rows(
            "catalog.EntryDraft.author",
            _("Descriptions that you have begun"),
            {"values": _("Text"), "created_at": _("When"), "updated_at": _("changed at")},
        ),
        portal.Rows(
            "catalog.Intake.requester",
            _("Solutions that you have suggested"),
            {
                "repository": _("Repository"),
                "file_name": _("File"),
                "name": _("Solution"),
                "state": _("State"),
                "created_at": _("When"),
            },
        ),
    ),
    left_out={
        "catalog.Claim.decided_by": "a decision of staff in their office",
        "catalog.ClaimEvent.actor": "repeats the claim's own dates, or is a decision of staff",
        "catalog.MaintainershipEvent.actor": "an act for the organisation, or of staff in their office",
        "catalog.Assessment.author": "an act of staff in their office",
        "catalog.AssessmentEvent.actor": "repeats the assessment's own dates, or is an act of staff",
        "catalog.CriteriaListEvent.actor": "an act of staff in their office",
        "catalog.Notice.issued_by": "an act of staff in their office",
        "catalog.NoticeEvent.actor": "an act of staff in their office",
        "catalog.Objection.decided_by": "a decision of staff in their office",
        "catalog.Proposal.decided_by": "a decision of staff in their office",
        "catalog.ProposalEvent.actor": "repeats the proposal's own dates, or is a decision of staff",
        "catalog.EntryReport.decided_by": "a decision of staff in their office",
        "catalog.EntryReportEvent.actor": "repeats the report's own dates, or is a decision of staff",
        "catalog.CodeReleaseEvent.actor": "belongs to the organisation's list",
        "catalog.ReuseEvent.actor": "repeats the dates of the reuse and its stages",
        "catalog.SupportEvent.actor": "repeats the offer's own date, or is a decision of staff",
        "catalog.SolutionEvent.actor": "an act of staff in their office",
        "catalog.Statement.decided_by": "a decision of staff in their office",
        "catalog.StatementEvent.actor": "repeats the statement's own dates, or is a decision of staff",
        "catalog.SynonymGroupEvent.actor": "an act of staff in their office",
    },
    erase=erase,
)  # fmt: skip
