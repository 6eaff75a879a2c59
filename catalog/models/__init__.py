"""What: solutions, their revisions, who supports and uses them, proposals to change them."""

from catalog.models.api_uses import ApiUse
from catalog.models.assessments import (
    Assessment,
    AssessmentEvent,
    CriteriaList,
    CriteriaListEvent,
    Criterion,
    CriterionFinding,
)
from catalog.models.badges import Badge, BadgeJob
from catalog.models.claims import Claim, ClaimEvent
from catalog.models.code_releases import CodeRelease, CodeReleaseEvent, CodeReleaseStep
from catalog.models.comparisons import SavedComparison
from catalog.models.drafts import EntryDraft
from catalog.models.fetching import Intake, RepositoryAlias, Source
from catalog.models.following import Follow, FollowNews, FollowSetting
from catalog.models.links import Link
from catalog.models.maintainerships import Maintainership, MaintainershipEvent
from catalog.models.moderation import Objection, PromiseReminder, ProposalReminder, TextGrant
from catalog.models.notices import (
    Notice,
    NoticeEvent,
    NoticeReceipt,
    NoticeTelling,
    NoticeVersion,
)
from catalog.models.pictures import Picture
from catalog.models.proposals import Proposal, ProposalEvent
from catalog.models.reports import EntryReport, EntryReportEvent
from catalog.models.repository_checks import RepositoryCheck
from catalog.models.reuse import Reuse, ReuseEvent, ReuseStep
from catalog.models.search import (
    CommonWord,
    CommonWordList,
    SearchEntry,
    SearchWord,
    SolutionDocument,
)
from catalog.models.solutions import Solution, SolutionEvent, SolutionRevision
from catalog.models.statements import Statement, StatementEvent
from catalog.models.support import Support, SupportEvent
from catalog.models.synonyms import SynonymGroup, SynonymGroupEvent

__all__ = [
    "ApiUse",
    "Assessment",
    "AssessmentEvent",
    "Badge",
    "BadgeJob",
    "Claim",
    "ClaimEvent",
    "CodeRelease",
    "CodeReleaseEvent",
    "CodeReleaseStep",
    "CommonWord",
    "CommonWordList",
    "CriteriaList",
    "CriteriaListEvent",
    "Criterion",
    "CriterionFinding",
    "EntryDraft",
    "EntryReport",
    "EntryReportEvent",
    "Follow",
    "FollowNews",
    "FollowSetting",
    "Intake",
    "Link",
    "Maintainership",
    "MaintainershipEvent",
    "Notice",
    "NoticeEvent",
    "NoticeReceipt",
    "NoticeTelling",
    "NoticeVersion",
    "Objection",
    "Picture",
    "PromiseReminder",
    "Proposal",
    "ProposalEvent",
    "ProposalReminder",
    "RepositoryAlias",
    "RepositoryCheck",
    "Reuse",
    "ReuseEvent",
    "ReuseStep",
    "SavedComparison",
    "SearchEntry",
    "SearchWord",
    "Solution",
    "SolutionDocument",
    "SolutionEvent",
    "SolutionRevision",
    "Source",
    "Statement",
    "StatementEvent",
    "Support",
    "SupportEvent",
    "SynonymGroup",
    "SynonymGroupEvent",
    "TextGrant",
]
