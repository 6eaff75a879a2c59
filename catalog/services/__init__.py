"""Every write to the catalog: entries with their revisions and search text, proposals."""

from catalog.services.api_uses import Budget, count_api_use, forget_api_uses
from catalog.services.comparisons import change_comparison, delete_comparison, save_comparison
from catalog.services.deciding import (
    accept_proposal,
    decide_proposal,
    grant_objection,
    object_to_refusal,
    refuse_proposal,
    reject_objection,
    return_proposal,
    withdraw_objection,
)
from catalog.services.entries import (
    free_slug,
    publish_solution,
    set_additions,
    withdraw_solution,
    write_document,
)
from catalog.services.following import follow_solution, tell_followers, unfollow_solution
from catalog.services.indexing import index_solution
from catalog.services.locking import lock_field, unlock_field
from catalog.services.notices import (
    confirm_notice,
    correct_notice,
    issue_notice,
    withdraw_notice,
)
from catalog.services.pictures import block_picture, describe_pictures
from catalog.services.proposals import (
    ProposalConflict,
    base_document,
    comment_proposal,
    revise_proposal,
    submit_proposal,
    submit_withdrawal,
    withdraw_of_leaver,
    withdraw_proposal,
)
from catalog.services.restoring import restore_revision
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
from catalog.services.statements import (
    StatementWords,
    accept_statement,
    enter_statement,
    propose_statement,
    refuse_statement,
    retract_statement,
    take_back_statements_of,
    take_statements_of_file,
    withdraw_statement,
)
from catalog.services.support import decide_support, offer_support, withdraw_support
from catalog.services.synonyms import save_synonyms

__all__ = [
    "Budget",
    "ProposalConflict",
    "StatementWords",
    "accept_proposal",
    "accept_statement",
    "base_document",
    "block_picture",
    "change_comparison",
    "comment_proposal",
    "confirm_notice",
    "confirm_reuse",
    "correct_notice",
    "correct_reuse",
    "count_api_use",
    "decide_proposal",
    "decide_support",
    "declare_reuse",
    "delete_comparison",
    "describe_pictures",
    "describe_reuse",
    "enter_statement",
    "follow_solution",
    "forget_api_uses",
    "forget_contact",
    "free_slug",
    "grant_objection",
    "hand_over_reuse",
    "index_solution",
    "issue_notice",
    "lock_field",
    "move_reuse",
    "object_to_refusal",
    "offer_support",
    "propose_statement",
    "publish_solution",
    "refuse_proposal",
    "refuse_statement",
    "reject_objection",
    "restore_revision",
    "retract_statement",
    "return_proposal",
    "revise_proposal",
    "save_comparison",
    "save_synonyms",
    "set_additions",
    "silence_contact",
    "submit_proposal",
    "submit_withdrawal",
    "take_back_statements_of",
    "take_statements_of_file",
    "tell_followers",
    "unfollow_solution",
    "unlock_field",
    "withdraw_notice",
    "withdraw_objection",
    "withdraw_of_leaver",
    "withdraw_proposal",
    "withdraw_reuse",
    "withdraw_solution",
    "withdraw_statement",
    "withdraw_support",
    "write_document",
]
