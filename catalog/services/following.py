"""Following entries, and telling those who do."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from catalog.models import Follow, Solution
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

    ``kind``: "entry_changed", "entry_withdrawn"; templates/catalog/email/ has its words.
    ``dedupe``: what is told once; without it the day, so that ten changes are one mail.
    Called in the transaction of the change: raises NotInTransaction outside one.
    """
    followers = User.objects.filter(follows__solution=solution)
    if actor is not None:
        followers = followers.exclude(pk=actor.pk)
    people = list(followers.order_by("pk"))
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
        reason=_("You get this mail because you follow this entry. You can end that on its page."),
    )
    notify(message, people)
