"""What: solutions, their revisions, who supports and uses them, proposals to change them."""

from catalog.models.fetching import Intake, RepositoryAlias, Source
from catalog.models.proposals import Proposal, ProposalEvent
from catalog.models.search import SolutionDocument
from catalog.models.solutions import Reuse, Solution, SolutionEvent, SolutionRevision, Support

__all__ = [
    "Intake",
    "Proposal",
    "ProposalEvent",
    "RepositoryAlias",
    "Reuse",
    "Solution",
    "SolutionDocument",
    "SolutionEvent",
    "SolutionRevision",
    "Source",
    "Support",
]
