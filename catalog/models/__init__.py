"""What: solutions, their revisions, who supports and uses them, proposals to change them."""

from catalog.models.api_uses import ApiUse
from catalog.models.proposals import Proposal, ProposalEvent
from catalog.models.search import SolutionDocument
from catalog.models.solutions import Reuse, Solution, SolutionEvent, SolutionRevision, Support

__all__ = [
    "ApiUse",
    "Proposal",
    "ProposalEvent",
    "Reuse",
    "Solution",
    "SolutionDocument",
    "SolutionEvent",
    "SolutionRevision",
    "Support",
]
