"""An advisor is away, and a colleague stands in (product.md 1.4). Nothing of it is kept afterwards."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from consulting.models import Absence
from consulting.notifications import tell_deputy
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed


@transaction.atomic
def set_absence(*, actor: User, deputy: User, starts_on: date, ends_on: date) -> Absence:
    """Enter or change one's own absence; the deputy is told.

    Raises PermissionDenied unless ``actor`` advises, and TransitionNotAllowed for days that are over or in the
    wrong order, and for a deputy who does not advise or is away in the same days.
    """
    if not actor.is_advisor:
        raise PermissionDenied("absence")
    if ends_on < starts_on or ends_on < clock.today():
        raise TransitionNotAllowed(
            "absence", "", _("Choose a last day that is not before the first, and not in the past.")
        )
    # In one order for both, so that two who choose each other wait instead of passing by.
    list(User.objects.select_for_update().filter(pk__in=(actor.pk, deputy.pk)).order_by("pk"))
    if not deputy.is_advisor or deputy.pk == actor.pk:
        raise TransitionNotAllowed("absence", "", _("Choose another advisor as the deputy."))
    is_away = Absence.objects.filter(user=deputy, starts_on__lte=ends_on, ends_on__gte=starts_on)
    if is_away.exists():
        raise TransitionNotAllowed(
            "absence", "", _("%(name)s is away in these days too.") % {"name": deputy}
        )
    stands_in = Absence.objects.filter(
        deputy=actor, starts_on__lte=ends_on, ends_on__gte=starts_on
    ).select_related("user")
    if somebody := stands_in.first():
        raise TransitionNotAllowed(
            "absence",
            "",
            _("In these days you stand in for %(name)s. Please find another deputy together first.")
            % {"name": somebody.user},
        )
    absence, _is_new = Absence.objects.update_or_create(
        user=actor, defaults={"deputy": deputy, "starts_on": starts_on, "ends_on": ends_on}
    )
    tell_deputy(absence)
    return absence


@transaction.atomic
def end_absence(*, actor: User) -> bool:
    """Take one's own absence back, before it begins or while it lasts. False when there is none."""
    if not actor.is_advisor:
        raise PermissionDenied("absence")
    deleted, _rows = Absence.objects.filter(user=actor).delete()
    return deleted > 0


def forget_absences() -> int:
    """Delete those that are over. How many."""
    deleted, _rows = Absence.objects.filter(ends_on__lt=clock.today()).delete()
    return deleted
