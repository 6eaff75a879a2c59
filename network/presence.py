"""Noch da? A member whose mails come back, or who has not signed in for 13 months (product.md, Leaving).

The managers of the organisation say that the person is still there, or end the membership; where there is no
other manager, the OSK does. Signing in ends the question by itself. OSK staff is never asked about: of them
nothing is kept that says who was there when (product.md, Staff data).
"""

from __future__ import annotations

import logging
from calendar import monthrange
from datetime import datetime
from typing import Final

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, DateTimeField, Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext as _

from network import notifications, permissions
from network.enums import MembershipState, PresenceOutcome, PresenceReason
from network.models import Membership, PresenceQuestion
from network.querysets import MembershipQuerySet, PresenceQuestionQuerySet
from osk_portal.accounts.models import User
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock
from osk_portal.toolkit.prepared import Parameter
from osk_portal.toolkit.transitions import TransitionNotAllowed

logger = logging.getLogger(__name__)

SILENT_MONTHS: Final = 13
"""Without a sign-in (product.md, Leaving)."""
BOUNCES: Final = 2
"""Mails that a server refused for good (product.md, Leaving)."""


def run() -> None:
    """The daily work. Twice on a day it changes nothing more."""
    logger.info("network: asked who is still there", extra={"ended": tidy(), "asked": ask()})


def ask() -> int:
    """Raise the question for each membership for which it is due. How many."""
    return sum(map(_ask, list(_due().order_by("pk").values_list("pk", flat=True))))


def waiting_for(user: User) -> PresenceQuestionQuerySet:
    """Whose task it is: the organisation's other managers', the OSK's where there is none."""
    return waiting_for_osk(user) if user.is_advisor else _waiting_with(user, Q())


def waiting_for_osk(advisor: User | Parameter) -> PresenceQuestionQuerySet:
    """As ``waiting_for`` for an advisor."""
    others = _managing().filter(organisation=OuterRef("membership__organisation"))
    return _waiting_with(advisor, ~Q(Exists(others.exclude(user=OuterRef("membership__user")))))


def _managing() -> MembershipQuerySet:
    return Membership.objects.managing().filter(user__is_active=True).order_by()


def _waiting_with(user: User | Parameter, further: Q) -> PresenceQuestionQuerySet:
    mine = Q(membership__organisation__in=_managing().filter(user=user).values("organisation"))
    asked = PresenceQuestion.objects.open().filter(
        mine | further, membership__state=MembershipState.ACTIVE
    )
    return asked.exclude(membership__user=user).select_related(
        "membership__organisation", "membership__user"
    )


def tidy() -> int:
    """End questions that nobody has to answer any more. How many."""
    asked = PresenceQuestion.objects.open()
    is_member = Q(membership__state=MembershipState.ACTIVE, membership__user__is_active=True)
    over = asked.exclude(is_member)
    seen = asked.filter(is_member, membership__user__last_login__gt=F("asked_at"))
    return _end_all(over, PresenceOutcome.OVER) + _end_all(seen, PresenceOutcome.SIGNED_IN)


def signed_in(*, user: User) -> int:
    """The person is there: nothing is left to ask. How many questions ended."""
    mine = PresenceQuestion.objects.open().filter(membership__user=user)
    return _end_all(mine, PresenceOutcome.SIGNED_IN)


@transaction.atomic
def confirm_still_there(*, membership_id: int, actor: User) -> PresenceQuestion | None:
    """Somebody who knows says so: for 13 months nothing is asked, and mails that came back count anew.

    None when that was said already. Raises PermissionDenied, and TransitionNotAllowed when nothing is asked.
    """
    membership = _locked(membership_id)
    if not permissions.can_decide_membership(User.objects.get(pk=actor.pk), membership):
        raise PermissionDenied
    latest = membership.presence_questions.order_by("-asked_at", "-pk").first()
    if latest is not None and latest.is_open:
        _end(latest, membership, PresenceOutcome.STILL_THERE, actor)
        return latest
    if latest is not None and latest.outcome == PresenceOutcome.STILL_THERE:
        return None
    raise TransitionNotAllowed(
        "presence", membership.state, _("Nothing is asked about this membership any more.")
    )


@transaction.atomic
def end_question(
    *, membership_id: int, outcome: PresenceOutcome, actor: User | None = None
) -> bool:
    """It has settled itself. Whether there was something to end."""
    membership = _locked(membership_id)
    asked = membership.presence_questions.open().first()
    if asked is None:
        return False
    _end(asked, membership, outcome, actor)
    return True


def _due(*, is_mail_dead: bool = False) -> MembershipQuerySet:
    """Active memberships of people who were not seen, nobody spoke for, and nobody is asked about yet.

    ``is_mail_dead``: only those whose mails come back.
    """
    why = Q(bounces__gte=BOUNCES)
    if not is_mail_dead:
        why |= Q(known_at__lt=_months_ago(SILENT_MONTHS))
    confirmed = PresenceQuestion.objects.filter(
        membership=OuterRef("pk"), outcome=PresenceOutcome.STILL_THERE
    ).order_by("-ended_at")
    bounces = OutgoingMail.objects.came_back_from(OuterRef("user"), OuterRef("user__email"))
    since_then = bounces.filter(bounced_at__gt=OuterRef("known_at")).order_by().values("user")
    asked = PresenceQuestion.objects.open().filter(membership=OuterRef("pk"))
    return (
        Membership.objects.active()
        .filter(user__is_active=True, user__is_staff=False, user__anonymised_at=None)
        .annotate(
            known_at=Greatest(
                Coalesce("user__last_login", "user__date_joined"),
                "created_at",
                "confirmed_at",
                Subquery(confirmed.values("ended_at")[:1], output_field=DateTimeField()),
            )
        )
        .annotate(
            bounces=Coalesce(Subquery(since_then.annotate(n=Count("pk")).values("n")), 0),
        )
        .filter(why)
        .exclude(Exists(asked))
    )


@transaction.atomic
def _ask(membership_id: int) -> bool:
    """Looks again under the lock: the person may have signed in since the list was read."""
    membership = _locked(membership_id)
    if not _due().filter(pk=membership_id).exists():
        return False
    is_mail_dead = _due(is_mail_dead=True).filter(pk=membership_id).exists()
    reason = PresenceReason.BOUNCED if is_mail_dead else PresenceReason.SILENT
    PresenceQuestion.objects.create(membership=membership, reason=reason, asked_at=clock.now())
    event = membership.record(
        "presence_asked", actor=None, before=membership.state, data={"reason": reason}
    )
    notifications.presence_asked(event, is_mail_dead=is_mail_dead)
    return True


def _end_all(questions: PresenceQuestionQuerySet, outcome: PresenceOutcome) -> int:
    found = list(questions.order_by("membership").values_list("membership", flat=True))
    return sum(end_question(membership_id=pk, outcome=outcome) for pk in found)


def _end(
    question: PresenceQuestion,
    membership: Membership,
    outcome: PresenceOutcome,
    actor: User | None,
) -> None:
    question.ended_at, question.outcome, question.answered_by = clock.now(), outcome, actor
    question.save(update_fields=["ended_at", "outcome", "answered_by"])
    membership.record(
        "presence_ended", actor=actor, before=membership.state, data={"outcome": outcome}
    )


def _locked(membership_id: int) -> Membership:
    rows = Membership.objects.select_for_update(of=("self",)).select_related("organisation", "user")
    return rows.get(pk=membership_id)


def _months_ago(months: int) -> datetime:
    """The same time of day, ``months`` earlier; the last day of a shorter month."""
    now = clock.now()
    month = now.year * 12 + now.month - 1 - months
    year, index = divmod(month, 12)
    day = min(now.day, monthrange(year, index + 1)[1])
    return now.replace(year=year, month=index + 1, day=day)
