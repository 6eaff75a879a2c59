"""Following entries, and telling those who do."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from catalog.enums import FollowRhythm
from catalog.models import Follow, FollowNews, FollowSetting, Solution
from catalog.services.digests import GATHERED, end_path
from osk_portal.accounts.models import User
from osk_portal.notifications.services import Message, notify
from osk_portal.toolkit import clock


@transaction.atomic
def follow_solution(solution_id: int, *, user: User) -> Follow:
    """A second time changes nothing. Raises Http404 for an entry that is not (any more) in the catalog."""
    published = Solution.objects.published().select_for_update(of=("self",))
    solution = get_object_or_404(published, pk=solution_id)
    found, _created = Follow.objects.get_or_create(solution=solution, user=user)
    return found


@transaction.atomic
def unfollow_solution(solution_id: int, *, user: User) -> None:
    """Also of an entry that has left the catalog; whoever does not follow it stays as they are."""
    Follow.objects.filter(solution=solution_id, user=user).delete()


def tell_followers(
    solution: Solution,
    kind: str,
    *,
    actor: User | None,
    dedupe: str = "",
    context: Mapping[str, object] | None = None,
) -> None:
    """Write a message to everybody who follows ``solution``, except to ``actor``, who knows.

    Who wants to hear once a day or a week gets a row for that mail (services/digests.py); who wants to hear
    nothing, nothing.

    ``kind``: "entry_changed", "entry_withdrawn"; templates/catalog/email/ has its words.
    ``dedupe``: what is told once; without it the day, so that ten changes are one mail.
    Called in the transaction of the change: raises NotInTransaction outside one.
    """
    followers = User.objects.filter(follows__solution=solution)
    if actor is not None:
        followers = followers.exclude(pk=actor.pk)
    quiet = FollowSetting.objects.exclude(rhythm=FollowRhythm.AT_ONCE)
    rhythms = dict(quiet.filter(user__in=followers).values_list("user", "rhythm"))
    everybody = list(followers.order_by("pk"))
    FollowNews.objects.bulk_create(
        [
            FollowNews(user=user, solution=solution, kind=kind)
            for user in everybody
            if rhythms.get(user.pk) in GATHERED
        ],
        update_conflicts=True,
        unique_fields=["user", "solution", "kind"],
        update_fields=["happened_at"],
    )
    people = [user for user in everybody if user.pk not in rhythms]
    if not people:
        return
    key = dedupe or clock.today().isoformat()
    message = Message(
        kind=f"catalog.{kind}",
        template=f"catalog/email/{kind}",
        # Nobody but advisors sees the page of an entry that has left the catalog.
        url=solution.get_absolute_url()
        if solution.is_published
        else reverse("catalog:follow_list"),
        dedupe=f"catalog.{kind}:{solution.pk}:{key}",
        subject_key=str(solution.public_id),
        context={"solution": solution.name, **(context or {})},
        reason=_(
            "You get this mail because you follow this entry. You can end that on its page, and choose"
            " how often we write where your followed entries are listed."
        ),
        stop=end_path,
    )
    notify(message, people)
