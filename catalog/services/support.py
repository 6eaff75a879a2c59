"""Support offers: made by a Redaktion; those of companies are shown after an advisor's check."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from catalog.enums import SupportState
from catalog.models import Solution, Support, SupportEvent
from catalog.permissions import can_decide, can_offer_support_for
from catalog.reuse_mails import tell_of_decided_support, tell_of_support
from catalog.services.grants import grant_texts, need_grant
from catalog.services.indexing import index_solution
from network.enums import OrganisationKind
from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed


@transaction.atomic
def offer_support(
    *,
    solution_id: int,
    organisation: Organisation,
    actor: User,
    text: str,
    kinds: Iterable[str],
    wording: str,
    link: str = "",
    seen: int = 0,
) -> Support:
    """One offer an organisation and entry, new or changed. ``seen``: its revision in the form; 0 for a new one.
    ``wording``: of the grant for its text.

    Raises PermissionDenied for whoever is not of the Redaktion, and TransitionNotAllowed when the entry or the
    offer has moved on. The same words a second time change nothing.
    """
    if not can_offer_support_for(actor, organisation):
        raise PermissionDenied("support is offered by the Redaktion")
    need_grant(wording)
    solution = Solution.objects.select_for_update(of=("self",)).get(pk=solution_id)
    if not solution.is_published:
        raise TransitionNotAllowed(
            "offer", solution.state, _("This entry does not stand in the catalog any more.")
        )
    found = Support.objects.select_for_update(of=("self",)).filter(
        solution=solution, organisation=organisation
    )
    support = found.first()
    words = (text, sorted(kinds), link)
    if support is None:
        support = Support(solution=solution, organisation=organisation, revision=0)
    elif support.state in (SupportState.WAITING, SupportState.SHOWN) and words == (
        support.text,
        sorted(support.kinds),
        support.link,
    ):
        return support
    elif support.state != SupportState.WITHDRAWN and support.revision != seen:
        raise TransitionNotAllowed("offer", support.state)
    is_checked = organisation.kind == OrganisationKind.BUSINESS
    event = support.offer(
        actor=actor,
        state=SupportState.WAITING if is_checked else SupportState.SHOWN,
        text=words[0],
        kinds=words[1],
        link=words[2],
    )
    grant_texts(person=actor, wording=wording, support=support)
    if is_checked:
        tell_of_support(support, event)
    _changed(solution)
    return support


@transaction.atomic
def withdraw_support(support_id: int, *, actor: User) -> SupportEvent:
    support = _locked(support_id)
    if not can_offer_support_for(actor, support.organisation):
        raise PermissionDenied("support is withdrawn by the Redaktion")
    event = support.withdraw(actor=actor)
    _changed(support.solution)
    return event


@transaction.atomic
def decide_support(
    support_id: int, *, actor: User, seen: int, is_shown: bool, comment: str = ""
) -> SupportEvent:
    """Show it, or say why not. ``seen``: the revision that the advisor has read."""
    if not can_decide(actor):
        raise PermissionDenied("offers are checked by advisors")
    support = _locked(support_id)
    if support.revision != seen:
        raise TransitionNotAllowed("decide", support.state)
    if not is_shown and not comment:
        raise TransitionNotAllowed("refuse", support.state, _("Say why."))
    event = support.show(actor=actor) if is_shown else support.refuse(actor=actor, comment=comment)
    tell_of_decided_support(support, event)
    _changed(support.solution)
    return event


def _changed(solution: Solution) -> None:
    """Search finds the organisation, and who reads the interface hears that there is something new."""
    solution.updated_at = clock.now()
    solution.save(update_fields=["updated_at"])
    index_solution(solution)


def _locked(support_id: int) -> Support:
    """The entry's row first, as everywhere."""
    solution_id = Support.objects.values_list("solution_id", flat=True).get(pk=support_id)
    solution = Solution.objects.select_for_update(of=("self",)).get(pk=solution_id)
    support = (
        Support.objects.select_for_update(of=("self",))
        .select_related("organisation", "offered_by")
        .get(pk=support_id)
    )
    support.solution = solution
    return support
