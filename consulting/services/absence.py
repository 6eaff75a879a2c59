"""An advisor is away, and a colleague stands in (product.md 1.4). Nothing of it is kept afterwards.

What the OSK-Leitung enters for somebody names it in the row (``entered_by``) and tells the person by mail. The row
is the only trace, and it is deleted with the last day: an event for each absence would be a presence log
(product.md, Staff data).
"""

from __future__ import annotations

from datetime import date

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from consulting import permissions
from consulting.models import Absence
from consulting.notifications import tell_absent, tell_deputy
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed


@transaction.atomic
def set_absence(
    *, actor: User, deputy: User, starts_on: date, ends_on: date, person: User | None = None
) -> Absence:
    """Enter or change an absence, one's own or that of ``person``; the deputy is told, and so is ``person``.

    Raises PermissionDenied unless it is the actor's own, an advisor's, or the actor leads the OSK; and
    TransitionNotAllowed for days that are over or in the wrong order, and for a deputy who does not advise or is
    away in the same days.
    """
    person = person or actor
    if not permissions.can_enter_absence(actor, person):
        raise PermissionDenied("absence")
    if ends_on < starts_on or ends_on < clock.today():
        raise TransitionNotAllowed(
            "absence", "", _("Choose a last day that is not before the first, and not in the past.")
        )
    # In one order for both, so that two who choose each other wait instead of passing by.
    list(User.objects.select_for_update().filter(pk__in=(person.pk, deputy.pk)).order_by("pk"))
    if not deputy.is_advisor or deputy.pk == person.pk:
        raise TransitionNotAllowed("absence", "", _("Choose another advisor as the deputy."))
    is_away = Absence.objects.filter(user=deputy, starts_on__lte=ends_on, ends_on__gte=starts_on)
    if is_away.exists():
        raise TransitionNotAllowed(
            "absence", "", _("%(name)s is away in these days too.") % {"name": deputy}
        )
    stands_in = Absence.objects.filter(
        deputy=person, starts_on__lte=ends_on, ends_on__gte=starts_on
    ).select_related("user")
    if somebody := stands_in.first():
        raise TransitionNotAllowed(
            "absence", "", _stands_in_already(person, somebody.user, is_own=person.pk == actor.pk)
        )
    absence, _is_new = Absence.objects.update_or_create(
        user=person,
        defaults={
            "deputy": deputy,
            "starts_on": starts_on,
            "ends_on": ends_on,
            "entered_by": None if person.pk == actor.pk else actor,
        },
    )
    tell_deputy(absence)
    if absence.entered_by is not None:
        tell_absent(absence)
    return absence


@transaction.atomic
def end_absence(*, actor: User, person: User | None = None) -> bool:
    """Take an absence back, before it begins or while it lasts. False when there is none. Raises PermissionDenied."""
    person = person or actor
    if not permissions.can_enter_absence(actor, person):
        raise PermissionDenied("absence")
    deleted, _rows = Absence.objects.filter(user=person).delete()
    return deleted > 0


def forget_absences() -> int:
    """Delete those that are over. How many."""
    deleted, _rows = Absence.objects.filter(ends_on__lt=clock.today()).delete()
    return deleted


def _stands_in_already(person: User, other: User, *, is_own: bool) -> str:
    if is_own:
        return _(
            "In these days you stand in for %(name)s. Please find another deputy together first."
        ) % {"name": other}
    return _(
        "In these days %(person)s stands in for %(name)s. Choose another deputy there first."
    ) % {
        "person": person,
        "name": other,
    }
