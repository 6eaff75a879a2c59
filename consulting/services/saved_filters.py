"""Filters of a queue under a name (product.md 1.4), private or for all advisors."""

from __future__ import annotations

from collections.abc import Mapping

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from consulting.models import SavedFilter
from osk_portal.accounts.models import User
from osk_portal.toolkit.transitions import TransitionNotAllowed

MOST_FILTERS = 50
"""Of one person."""


@transaction.atomic
def save_filter(
    *, actor: User, name: str, queue: str, values: Mapping[str, str], is_shared: bool
) -> SavedFilter:
    """Keep a filter; one's own filter with this name is replaced."""
    if not actor.is_advisor:
        raise PermissionDenied("filter")
    User.objects.select_for_update().get(pk=actor.pk)
    others = SavedFilter.objects.filter(owner=actor).exclude(name=name)
    if others.count() >= MOST_FILTERS:
        raise TransitionNotAllowed("filter", "", _("You have 50 filters. Please delete one first."))
    saved, _is_new = SavedFilter.objects.update_or_create(
        owner=actor,
        name=name,
        defaults={"queue": queue, "values": dict(values), "is_shared": is_shared},
    )
    return saved


@transaction.atomic
def change_filter(*, filter_id: int, actor: User, name: str, is_shared: bool) -> SavedFilter:
    """Rename or share one's own filter. Raises TransitionNotAllowed for a name one has used already."""
    saved = _own(filter_id, actor)
    if SavedFilter.objects.filter(owner=actor, name=name).exclude(pk=saved.pk).exists():
        raise TransitionNotAllowed("filter", "", _("You have a filter with this name already."))
    saved.name, saved.is_shared = name, is_shared
    saved.save(update_fields=["name", "is_shared"])
    return saved


@transaction.atomic
def delete_filter(*, filter_id: int, actor: User) -> None:
    _own(filter_id, actor).delete()


def _own(filter_id: int, actor: User) -> SavedFilter:
    saved = SavedFilter.objects.select_for_update().get(pk=filter_id)
    if saved.owner_id != actor.pk or not actor.is_advisor:
        raise PermissionDenied("filter")
    return saved
