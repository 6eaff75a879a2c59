"""Who may do what in the catalog. *When* stays on the models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from network.permissions import active_memberships
from osk_portal.accounts.models import User

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser
    from django.db.models import QuerySet

    from catalog.models import (
        Claim,
        CodeRelease,
        Maintainership,
        Proposal,
        Reuse,
        SavedComparison,
        Solution,
    )
    from network.models import Organisation


def edited_organisations(user: User) -> list[Organisation]:
    """Organisations for which the person has the role Redaktion."""
    return [m.organisation for m in active_memberships(user) if m.is_editor]


def may_ask_for_tests(user: User) -> bool:
    """Members of organisations that are entitled to advice (product.md, roles); the sandbox asks again."""
    return any(m.organisation.is_entitled for m in active_memberships(user))


def is_member_of(user: User, organisation_id: int | None) -> bool:
    return any(m.organisation_id == organisation_id for m in active_memberships(user))


def is_editor_for(user: User, organisation_id: int | None) -> bool:
    return any(
        m.is_editor and m.organisation_id == organisation_id for m in active_memberships(user)
    )


def belongs_to_maintainer(user: User, solution: Solution) -> bool:
    return solution.maintainer_id is not None and is_member_of(user, solution.maintainer_id)


def can_propose(user: User | AnonymousUser, solution: Solution) -> bool:
    """What only the Redaktion of the organisation that maintains the entry proposes: statements, withdrawal."""
    if not user.is_authenticated or solution.maintainer_id is None:
        return False
    return is_editor_for(user, solution.maintainer_id)


def can_propose_corrections(user: User | AnonymousUser) -> bool:
    """Changes of any entry: any member of any organisation."""
    return user.is_authenticated and bool(active_memberships(user))


def proposing_organisations(user: User, solution: Solution) -> list[Organisation]:
    """For which the person may propose; for whose entry it is, where the person belongs there."""
    found = [m.organisation for m in active_memberships(user)]
    maintaining = [o for o in found if o.pk == solution.maintainer_id]
    return maintaining or found


def can_edit_proposal(user: User, proposal: Proposal) -> bool:
    """The Redaktion of the organisation; of a change its author too, as long as a member.

    After that any colleague: an organisation may have no Redaktion, and what waits of somebody who has left
    would be in everybody's way.
    """
    for membership in active_memberships(user):
        if membership.organisation_id == proposal.organisation_id:
            if membership.is_editor or not proposal.is_change:
                return membership.is_editor
            return proposal.author_id == user.pk or has_lost_its_author(proposal)
    return False


def has_lost_its_author(proposal: Proposal) -> bool:
    """Whether who has made it is no member of the organisation any more."""
    organisation = proposal.organisation
    if organisation is None:
        return False
    return not organisation.memberships.active().filter(user=proposal.author_id).exists()


def can_comment_proposal(user: User, proposal: Proposal, solution: Solution) -> bool:
    """The Redaktion of who maintains the entry, on what others propose."""
    return (
        proposal.is_change
        and not proposal.is_of_file
        and solution.maintainer_id is not None
        and solution.maintainer_id != proposal.organisation_id
        and is_editor_for(user, solution.maintainer_id)
    )


def can_answer_reports(user: User | AnonymousUser, solution: Solution) -> bool:
    """The Redaktion of the maintaining organisation speaks to reported statements of its entry."""
    return can_propose(user, solution)


def can_decide(user: User) -> bool:
    return user.is_advisor


def can_decide_objection(user: User, proposal: Proposal) -> bool:
    """The Leitung; an advisor where ``stands_in``. Nobody who has refused the proposal, or made it."""
    if user.pk in (proposal.decided_by_id, proposal.author_id):
        return False
    return user.is_lead or (user.is_advisor and stands_in(proposal))


def stands_in(proposal: Proposal) -> bool:
    """Whether an advisor decides about an objection: the whole Leitung has refused the proposal, or made it."""
    return not _without_deciders(User.objects.leads(), proposal).exists()


def objection_deciders(proposal: Proposal) -> QuerySet[User]:
    """Everybody who may decide about an objection to the refusal of ``proposal``."""
    people = User.objects.advisors() if stands_in(proposal) else User.objects.leads()
    return _without_deciders(people, proposal)


def _without_deciders(people: QuerySet[User], proposal: Proposal) -> QuerySet[User]:
    found = [pk for pk in (proposal.decided_by_id, proposal.author_id) if pk is not None]
    return people.exclude(pk__in=found)


def can_issue_notices(user: User | AnonymousUser) -> bool:
    return user.is_authenticated and user.is_advisor


def can_keep_synonyms(user: User) -> bool:
    return user.is_advisor


def can_describe_pictures(user: User | AnonymousUser, solution: Solution) -> bool:
    """Who may propose changes of the entry, and advisors."""
    return user.is_authenticated and (user.is_advisor or can_propose(user, solution))


def can_block_pictures(user: User | AnonymousUser) -> bool:
    return user.is_authenticated and user.is_advisor


def is_following(user: User | AnonymousUser, solution: Solution) -> bool:
    return user.is_authenticated and solution.follows.filter(user=user).exists()


def can_take_in(user: User) -> bool:
    """Suggest a new entry from its repository or file: advisors, and the Redaktion of any organisation."""
    return user.is_advisor or bool(edited_organisations(user))


def claiming_organisations(user: User | AnonymousUser, solution: Solution) -> list[Organisation]:
    """For which the person may claim the entry: those with the role Redaktion that do not maintain it."""
    if not user.is_authenticated:
        return []
    return [o for o in edited_organisations(user) if o.pk != solution.maintainer_id]


def speaks_for(user: User, organisation_id: int | None) -> bool:
    """Redaktion or Organisationsverwaltung: who may give an entry away, take it, and answer a contest."""
    return any(
        m.organisation_id == organisation_id and (m.is_editor or m.is_manager)
        for m in active_memberships(user)
    )


def can_act_for_claim(user: User, claim: Claim) -> bool:
    """Look for the code again, withdraw the claim, read its letter: the Redaktion that has made it."""
    return is_editor_for(user, claim.organisation_id)


def can_answer_claim(user: User, claim: Claim) -> bool:
    """Who speaks for the organisation that the claim is directed against."""
    return claim.against is not None and speaks_for(user, claim.against.organisation_id)


def can_give_away(user: User, maintainership: Maintainership) -> bool:
    return speaks_for(user, maintainership.organisation_id)


def can_take_offer(user: User, maintainership: Maintainership) -> bool:
    offered_to = maintainership.offered_to_id
    return offered_to is not None and speaks_for(user, offered_to)


def can_keep_aliases(user: User) -> bool:
    return user.is_advisor


def can_change_comparison(user: User, comparison: SavedComparison) -> bool:
    """Whose it is: the author's, or, once it is shared, the organisation's members'."""
    if comparison.organisation_id is None:
        return comparison.author_id == user.pk
    return any(m.organisation_id == comparison.organisation_id for m in active_memberships(user))


def can_delete_comparison(user: User, comparison: SavedComparison) -> bool:
    """The author, and of a shared one the Organisationsverwaltung."""
    if not can_change_comparison(user, comparison):
        return False
    return comparison.author_id == user.pk or any(
        m.is_manager and m.organisation_id == comparison.organisation_id
        for m in active_memberships(user)
    )


def publishing_organisations(user: User) -> list[Organisation]:
    """For which the person may publish own code: entitled ones, and those where it has the role Redaktion."""
    memberships = active_memberships(user)
    return [m.organisation for m in memberships if m.organisation.is_entitled or m.is_editor]


def can_publish_code(user: User) -> bool:
    return bool(publishing_organisations(user))


def can_change_code_release(user: User, release: CodeRelease) -> bool:
    return any(o.pk == release.organisation_id for o in publishing_organisations(user))


def reporting_organisations(user: User | AnonymousUser) -> list[Organisation]:
    """Public administrations, of Berlin or elsewhere, for which the person may declare a reuse."""
    if not user.is_authenticated:
        return []
    found = (m.organisation for m in active_memberships(user))
    return [organisation for organisation in found if organisation.is_public_administration]


def can_report_reuse(user: User | AnonymousUser) -> bool:
    return bool(reporting_organisations(user))


def can_report_reuse_for(user: User, organisation: Organisation) -> bool:
    return any(found.pk == organisation.pk for found in reporting_organisations(user))


def can_confirm_reuse(user: User, reuse: Reuse) -> bool:
    """Only the organisation knows whether it still uses the solution."""
    return any(m.organisation_id == reuse.organisation_id for m in active_memberships(user))


def can_keep_reuse(user: User, reuse: Reuse) -> bool:
    """The members of the organisation; advisors mend what is plainly wrong."""
    return user.is_advisor or can_confirm_reuse(user, reuse)


def can_read_reuse_details(user: User | AnonymousUser) -> bool:
    """Version, scale, hosting and contact of other organisations: members of administrations, and the OSK."""
    return user.is_authenticated and (user.is_advisor or can_report_reuse(user))


def can_offer_support(user: User | AnonymousUser) -> bool:
    return user.is_authenticated and bool(edited_organisations(user))


def can_offer_support_for(user: User, organisation: Organisation) -> bool:
    return any(found.pk == organisation.pk for found in edited_organisations(user))
