"""Every write to the catalog: entries with their revisions and search text, proposals."""

from catalog.services.api_uses import Budget, count_api_use, forget_api_uses
from catalog.services.comparisons import change_comparison, delete_comparison, save_comparison
from catalog.services.entries import (
    free_slug,
    publish_solution,
    set_additions,
    withdraw_solution,
    write_document,
)
from catalog.services.following import follow_solution, tell_followers, unfollow_solution
from catalog.services.indexing import index_solution
from catalog.services.notices import (
    confirm_notice,
    correct_notice,
    issue_notice,
    withdraw_notice,
)
from catalog.services.proposals import (
    ProposalConflict,
    accept_proposal,
    base_document,
    decide_proposal,
    refuse_proposal,
    return_proposal,
    revise_proposal,
    submit_proposal,
    withdraw_proposal,
)
from catalog.services.reuse import (
    confirm_reuse,
    correct_reuse,
    declare_reuse,
    describe_reuse,
    forget_contact,
    hand_over_reuse,
    move_reuse,
    silence_contact,
    withdraw_reuse,
)
from catalog.services.support import decide_support, offer_support, withdraw_support
from catalog.services.synonyms import save_synonyms

__all__ = [
    "Budget",
    "ProposalConflict",
    "accept_proposal",
    "base_document",
    "change_comparison",
    "confirm_notice",
    "confirm_reuse",
    "correct_notice",
    "correct_reuse",
    "count_api_use",
    "decide_proposal",
    "decide_support",
    "declare_reuse",
    "delete_comparison",
    "describe_reuse",
    "follow_solution",
    "forget_api_uses",
    "forget_contact",
    "free_slug",
    "hand_over_reuse",
    "index_solution",
    "issue_notice",
    "move_reuse",
    "offer_support",
    "publish_solution",
    "refuse_proposal",
    "return_proposal",
    "revise_proposal",
    "save_comparison",
    "save_synonyms",
    "set_additions",
    "silence_contact",
    "submit_proposal",
    "tell_followers",
    "unfollow_solution",
    "withdraw_notice",
    "withdraw_proposal",
    "withdraw_reuse",
    "withdraw_solution",
    "withdraw_support",
    "write_document",
]
