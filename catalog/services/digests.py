"""How often somebody hears of the followed entries; and the mail that gathers what has changed since the last one."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from catalog.enums import FollowRhythm
from catalog.models import Follow, FollowNews, FollowSetting, Solution
from osk_portal.accounts.models import User
from osk_portal.notifications.services import Message, notify
from osk_portal.toolkit import clock
from osk_portal.toolkit.working_days import is_office_hour

logger = logging.getLogger(__name__)

DIGEST: Final = "catalog.follow_digest"
MOST_AT_ONCE: Final = 200
MOST_LISTED: Final = 100
_SALT: Final = "catalog.following"
_PAUSES: Final[Mapping[FollowRhythm, timedelta]] = {
    FollowRhythm.DAILY: timedelta(days=1),
    FollowRhythm.WEEKLY: timedelta(days=7),
}
GATHERED: Final = tuple(_PAUSES)


class FollowLinkDead(Exception):
    """The token opens nothing: forged, or the account is gone."""


def rhythm_of(user: User) -> FollowRhythm:
    row = FollowSetting.objects.filter(user=user).first()
    return FollowRhythm(row.rhythm) if row else FollowRhythm.AT_ONCE


@transaction.atomic
def set_rhythm(*, user: User, rhythm: FollowRhythm) -> None:
    """From now on. What was gathered for a mail that is wanted no more is forgotten. Twice is once."""
    User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    FollowSetting.objects.update_or_create(user=user, defaults={"rhythm": rhythm})
    if rhythm not in GATHERED:
        FollowNews.objects.filter(user=user).delete()


def token_of(user: User) -> str:
    """For the link in each mail: it can end the mails and nothing else, so it needs no end of its own."""
    return signing.dumps(user.public_id.hex, salt=_SALT)


def end_path(user: User) -> str:
    return reverse("catalog:follow_end", args=[token_of(user)])


def named_by(token: str) -> User:
    """Whose link it is. Raises FollowLinkDead."""
    try:
        key = UUID(signing.loads(token, salt=_SALT))
        return User.objects.get(public_id=key, is_active=True, anonymised_at=None)
    except (signing.BadSignature, User.DoesNotExist):
        raise FollowLinkDead from None


def send() -> int:
    """Write the gathered mails that are due, in office hours; how many. Twice, or by two workers, writes none twice."""
    if not is_office_hour():
        return 0
    today = clock.today()
    due = Q()
    for rhythm, pause in _PAUSES.items():
        is_time = Q(told_on=None) | Q(told_on__lte=today - pause)
        due |= Q(rhythm=rhythm) & is_time
    waiting = FollowSetting.objects.filter(due, user__follow_news__isnull=False).distinct()
    keys = list(waiting.order_by("pk").values_list("pk", flat=True)[:MOST_AT_ONCE])
    count = sum(_send(pk) for pk in keys)
    if count:
        logger.info("catalog: digests written", extra={"written": count})
    return count


@transaction.atomic
def _send(setting_id: int) -> bool:
    """Look again under the lock: another worker may have written it, or the person wants none any more."""
    rows = FollowSetting.objects.select_for_update(of=("self",)).select_related("user")
    setting = rows.filter(pk=setting_id).first()
    pause = _PAUSES.get(FollowRhythm(setting.rhythm)) if setting else None
    today = clock.today()
    if setting is None or pause is None or (setting.told_on and setting.told_on > today - pause):
        return False
    user = setting.user
    news = list(FollowNews.objects.select_for_update(of=("self",)).filter(user=user))
    followed = set(Follow.objects.filter(user=user).values_list("solution", flat=True))
    FollowNews.objects.filter(pk__in=[row.pk for row in news]).delete()
    told = {row.solution_id: row for row in news if row.solution_id in followed}
    if not told:
        return False
    setting.told_on = today
    setting.save(update_fields=["told_on"])
    entries = Solution.objects.filter(pk__in=told)
    rows_of_mail = [
        (solution, told[solution.pk].happened_at) for solution in entries.order_by("sort_key", "pk")
    ]
    message = Message(
        kind=DIGEST,
        template="catalog/email/follow_digest",
        url=reverse("catalog:follow_list"),
        dedupe=f"{DIGEST}:{user.pk}:{today.isoformat()}",
        subject_key=str(user.public_id),
        context={
            "entries": rows_of_mail[:MOST_LISTED],
            "more": max(0, len(rows_of_mail) - MOST_LISTED),
            "count": len(rows_of_mail),
            "is_weekly": setting.rhythm == FollowRhythm.WEEKLY,
            "base_url": settings.OSK_BASE_URL,
            "end": end_path(user),
        },
        reason=_("You get this mail because you follow these entries."),
        stop=end_path,
    )
    notify(message, [user])
    return True
