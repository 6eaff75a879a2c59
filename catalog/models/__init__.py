"""What: solutions, their revisions, who supports and uses them, proposals to change them."""

from catalog.models.api_uses import ApiUse
from catalog.models.fetching import Intake, RepositoryAlias, Source
from catalog.models.following import Follow
from catalog.models.proposals import Proposal, ProposalEvent
from catalog.models.search import SearchWord, SolutionDocument
from catalog.models.solutions import Reuse, Solution, SolutionEvent, SolutionRevision, Support
from catalog.models.synonyms import SynonymGroup, SynonymGroupEvent

__all__ = [
    "ApiUse",
    "Follow",
    "Intake",
    "Proposal",
    "ProposalEvent",
    "RepositoryAlias",
    "Reuse",
    "SearchWord",
    "Solution",
    "SolutionDocument",
    "SolutionEvent",
    "SolutionRevision",
    "Source",
    "Support",
    "SynonymGroup",
    "SynonymGroupEvent",
]
