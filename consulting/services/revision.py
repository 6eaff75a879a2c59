"""The right of the Revision: proposed by one, confirmed by the other, recorded at each access."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from consulting import permissions
from consulting.enums import Accessed, GrantPeriod
from consulting.keeping_mails import tell_grant_confirmed, tell_grant_ended, tell_grant_proposed
from consulting.models import AccessRecord, ConsultingRequest, RevisionGrant
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed

LONGEST: Final = timedelta(days=366)
"""A right ends by itself; whoever needs it longer asks again."""


@transaction.atomic
def propose_grant(
    *,
    actor: User,
    person: User,
    reason: str,
    valid_from: date,
    valid_until: date,
    cases: Sequence[ConsultingRequest] = (),
    period_of: GrantPeriod | None = None,
    period_from: date | None = None,
    period_until: date | None = None,
) -> RevisionGrant:
    """Named cases, or a period, or both. Counts when the other side has confirmed it.

    Raises PermissionDenied, and TransitionNotAllowed with a text for people for what is not possible.
    The same proposal that still waits is given back: a form sent twice.
    """
    if not permissions.can_grant_revision(actor):
        raise PermissionDenied("propose a right of the Revision")
    # One proposal about a person at a time, so that two forms at once make one.
    person = User.objects.select_for_update(of=("self",)).get(pk=person.pk)
    if person.pk == actor.pk or not permissions.may_be_revision(person):
        raise _refusal(
            _("This person cannot be the Revision: choose somebody without a role at the OSK.")
        )
    if valid_until < max(valid_from, clock.today()) or valid_until - valid_from > LONGEST:
        raise _refusal(_("The right ends after it begins, and after a year at the latest."))
    if not cases and period_of is None:
        raise _refusal(_("Name requests, or a period."))
    if any(case.is_draft for case in cases):
        raise _refusal(_("A draft cannot be inspected."))
    facts = {
        "person": person,
        "proposed_by": actor,
        "reason": reason,
        "valid_from": valid_from,
        "valid_until": valid_until,
        "period_of": period_of or "",
        "period_from": period_from,
        "period_until": period_until,
    }
    wanted = {case.pk for case in cases}
    for waiting in RevisionGrant.objects.waiting().filter(**facts):
        if set(waiting.cases.values_list("pk", flat=True)) == wanted:
            return waiting
    grant = RevisionGrant.objects.create(**facts)
    grant.cases.set(cases)
    tell_grant_proposed(grant)
    return grant


@transaction.atomic
def confirm_grant(*, grant_id: int, actor: User) -> RevisionGrant:
    """By the operator what the Leitung has proposed, or the other way round; never by the same person.

    Raises PermissionDenied, and TransitionNotAllowed when it has ended.
    """
    grant = _locked(grant_id)
    if not permissions.grants_together(grant.proposed_by, actor) or actor.pk == grant.person_id:
        raise PermissionDenied("confirm a right of the Revision")
    if grant.confirmed_at is not None and grant.confirmed_by_id == actor.pk:
        return grant
    if not grant.is_waiting:
        raise TransitionNotAllowed("confirm", "ended", _("This was decided already."))
    if not permissions.may_be_revision(grant.person):
        raise _refusal(_("This person cannot be the Revision any more."))
    grant.confirmed_by, grant.confirmed_at = actor, clock.now()
    grant.save(update_fields=["confirmed_by", "confirmed_at"])
    tell_grant_confirmed(grant)
    return grant


@transaction.atomic
def end_grant(*, grant_id: int, actor: User) -> RevisionGrant:
    """At once, by the Leitung or the operator alone. Ended already: nothing changes."""
    grant = _locked(grant_id)
    if not permissions.can_grant_revision(actor) or actor.pk == grant.person_id:
        raise PermissionDenied("end a right of the Revision")
    if grant.is_over:
        return grant
    grant.ended_by, grant.ended_at = actor, clock.now()
    grant.save(update_fields=["ended_by", "ended_at"])
    tell_grant_ended(grant, actor)
    return grant


@transaction.atomic
def open_as_revision(
    *,
    actor: User,
    what: Accessed,
    case: ConsultingRequest | None = None,
    file: UUID | None = None,
) -> RevisionGrant:
    """Write down that ``actor`` opens ``what``, before anything is shown. The grant by which it counts.

    Raises RevisionGrant.DoesNotExist where none counts now: it was ended in the same moment.
    """
    for grant in RevisionGrant.objects.of(actor).select_for_update(of=("self",)).order_by("pk"):
        cases = ConsultingRequest.objects.all()
        if case is None or grant.readable(cases).filter(pk=case.pk).exists():
            AccessRecord.objects.create(grant=grant, person=actor, case=case, what=what, file=file)
            return grant
    raise RevisionGrant.DoesNotExist


def _locked(grant_id: int) -> RevisionGrant:
    grants = RevisionGrant.objects.select_for_update(of=("self",))
    return grants.select_related("person", "proposed_by", "confirmed_by").get(pk=grant_id)


def _refusal(text: str) -> TransitionNotAllowed:
    return TransitionNotAllowed("grant", "", text)
