"""Reuses: declared, moved on, corrected, withdrawn by the organisation that uses the solution.

All raise ``PermissionDenied`` when the actor may not, and ``TransitionNotAllowed`` (its text is for people)
when the reuse or the entry has moved on. ``seen``: the revision that the form was opened with.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from catalog.enums import ReuseStage
from catalog.models import Reuse, ReuseEvent, Solution
from catalog.permissions import can_confirm_reuse, can_keep_reuse, can_report_reuse_for
from network.models import Membership, Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.search_text import sort_key
from osk_portal.toolkit.transitions import TransitionNotAllowed

EARLIEST: Final = date(1970, 1, 1)


@transaction.atomic
def declare_reuse(
    *, solution_id: int, organisation: Organisation, actor: User, stage: ReuseStage, since: date
) -> Reuse:
    """The same form a second time: the reuse that is there. Another one beside it is refused."""
    if not can_report_reuse_for(actor, organisation):
        raise PermissionDenied("reuse is declared by members of public administrations")
    solution = _locked_solution(solution_id)
    if not solution.is_published:
        raise TransitionNotAllowed(
            "declare", solution.state, _("This entry does not stand in the catalog any more.")
        )
    there = Reuse.objects.current().filter(solution=solution, organisation=organisation).first()
    if there is not None:
        if (there.stage, there.since, there.declared_by_id) == (stage, since, actor.pk):
            return there
        raise TransitionNotAllowed(
            "declare", there.stage, _("This organisation has declared its reuse already.")
        )
    if stage == ReuseStage.REPLACED:
        raise TransitionNotAllowed(
            "declare", "", _("What is replaced cannot be declared any more.")
        )
    _check_day(since)
    reuse = Reuse.objects.create(
        solution=solution,
        organisation=organisation,
        stage=stage,
        since=since,
        declared_by=actor,
    )
    reuse.declared()
    return reuse


@transaction.atomic
def move_reuse(
    reuse_id: int,
    *,
    actor: User,
    seen: int,
    stage: ReuseStage,
    since: date,
    successor: str = "",
) -> ReuseEvent:
    """On to a later stage. ``successor``: the solution or product that took its place, by name; a solution of
    the catalog is linked."""
    reuse = _locked(reuse_id, actor=actor, seen=seen)
    _check_day(since, after=reuse.since)
    if stage != ReuseStage.REPLACED:
        return reuse.move(actor=actor, stage=stage, since=since)
    found = _solution_named(successor)
    if found is not None and found.pk == reuse.solution_id:
        raise TransitionNotAllowed("move", reuse.stage, _("A solution cannot replace itself."))
    name = "" if found else successor
    return reuse.move(
        actor=actor, stage=stage, since=since, replaced_by=found, replaced_by_name=name
    )


@transaction.atomic
def correct_reuse(
    reuse_id: int, *, actor: User, seen: int, stage: ReuseStage, since: date, reason: str
) -> ReuseEvent:
    """Mend the last step; it stays readable for the organisation and the OSK, with the reason."""
    reuse = _locked(reuse_id, actor=actor, seen=seen)
    before = reuse.steps.filter(struck_at=None).order_by("-pk")[1:2]
    _check_day(since, after=before[0].since if before else None)
    others = Reuse.objects.current().filter(
        solution=reuse.solution_id, organisation=reuse.organisation_id
    )
    if stage != ReuseStage.REPLACED and others.exclude(pk=reuse.pk).exists():
        raise TransitionNotAllowed(
            "correct", reuse.stage, _("This organisation has declared its reuse already.")
        )
    return reuse.correct(actor=actor, stage=stage, since=since, reason=reason)


@transaction.atomic
def describe_reuse(
    reuse_id: int,
    *,
    actor: User,
    seen: int,
    details: Mapping[str, Any],
) -> ReuseEvent | None:
    """Set ``Reuse.DETAILS``, all of them. None where nothing has changed.

    A person becomes the contact by the own word only, and only that person agrees to be asked.
    """
    reuse = _locked(reuse_id, actor=actor, seen=seen)
    contact: User | None = details["contact"]
    if contact is not None and contact.pk != actor.pk:
        if contact.pk != reuse.contact_id:
            raise PermissionDenied("nobody makes somebody else the contact")
        if details["contact_agrees"] and not reuse.contact_agrees:
            raise PermissionDenied("nobody agrees for somebody else")
    if contact is None and not details["contact_address"] and details["contact_agrees"]:
        raise TransitionNotAllowed("change", reuse.stage, _("Name a contact who can be asked."))
    return reuse.change(actor=actor, details=details)


@transaction.atomic
def confirm_reuse(reuse_id: int, *, actor: User) -> ReuseEvent | None:
    """Still so. A second time on the same day changes nothing."""
    reuse = _locked(reuse_id, actor=actor)
    if not can_confirm_reuse(actor, reuse):
        raise PermissionDenied("a reuse is confirmed by its organisation")
    held = reuse.asked_on is None and reuse.unconfirmed_since is None
    if reuse.is_current and held and reuse.confirmed_on == clock.today():
        return None
    return reuse.confirm(actor=actor)


@transaction.atomic
def withdraw_reuse(reuse_id: int, *, actor: User, seen: int, reason: str) -> ReuseEvent:
    return _locked(reuse_id, actor=actor, seen=seen).withdraw(actor=actor, reason=reason)


@transaction.atomic
def hand_over_reuse(*, public_id: Any, person: User, successor: User, actor: User) -> bool:
    """False when the reuse is no longer ``person``'s to hand over."""
    found = Reuse.objects.current().filter(public_id=public_id, contact=person)
    reuse = found.select_for_update(of=("self",)).first()
    if reuse is None:
        return False
    belongs = Membership.objects.active().filter(
        organisation=reuse.organisation_id, user=successor, user__is_active=True
    )
    if not belongs.exists():
        raise PermissionDenied("the contact is a member of the organisation")
    reuse.hand_over(actor=actor, successor=successor)
    return True


@transaction.atomic
def silence_contact(*, person: User, organisation: Organisation, actor: User | None) -> None:
    """Whoever leaves is not asked by others any longer; a successor is chosen with what else is handed over."""
    left = Reuse.objects.filter(contact=person, organisation=organisation, contact_agrees=True)
    for reuse in left.select_for_update(of=("self",)).order_by("pk"):
        reuse.hand_over(actor=actor, successor=person)


@transaction.atomic
def forget_contact(*, person: User) -> None:
    """The account goes: nobody is the contact until somebody is named."""
    for reuse in (
        Reuse.objects.filter(contact=person).select_for_update(of=("self",)).order_by("pk")
    ):
        reuse.hand_over(actor=person, successor=None)


def _solution_named(name: str) -> Solution | None:
    if not name:
        return None
    found = Solution.objects.published().filter(sort_key=sort_key(name))
    return found.first() if found.count() == 1 else None


def _check_day(since: date, *, after: date | None = None) -> None:
    if not EARLIEST <= since <= clock.today():
        raise TransitionNotAllowed("since", "", _("Enter a day up to today."))
    if after is not None and since < after:
        raise TransitionNotAllowed(
            "since", "", _("The stage cannot have begun before the one that came first.")
        )


def _locked_solution(solution_id: int) -> Solution:
    return Solution.objects.select_for_update(of=("self",)).get(pk=solution_id)


def _locked(reuse_id: int, *, actor: User, seen: int | None = None) -> Reuse:
    """The row; permission is asked under the lock."""
    reuse = (
        Reuse.objects.select_for_update(of=("self",))
        .select_related("organisation", "solution")
        .get(pk=reuse_id)
    )
    if not can_keep_reuse(actor, reuse):
        raise PermissionDenied("a reuse is kept by its organisation")
    if seen is not None and reuse.revision != seen:
        raise TransitionNotAllowed("change", reuse.stage)
    return reuse
