"""Keeping the groups of synonyms: the shipped ones, and what advisors make of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from catalog.models import SynonymGroup, SynonymGroupEvent
from catalog.permissions import can_keep_synonyms
from catalog.terms import MOST_SYNONYMS, clean, key_of
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.search_text import fold

SHIPPED = Path(__file__).parent.parent / "synonyms.json"
LONGEST_TERM = 60


def usable_terms(terms: Iterable[str]) -> list[str]:
    """The terms as the search can use them, each once. Raises ValidationError with words for people."""
    usable: dict[str, str] = {}
    for term in terms:
        text = clean(term)
        if len(text) > LONGEST_TERM:
            raise ValidationError(
                _("“%(word)s…” is too long: at most %(most)s characters.")
                % {"word": text[:30], "most": LONGEST_TERM}
            )
        if len(key_of(text)) > 1:
            usable.setdefault(fold(text), text)
    if len(usable) < 2:
        raise ValidationError(_("A group needs at least two different words."))
    if len(usable) > MOST_SYNONYMS:
        raise ValidationError(_("At most %(most)s words a group.") % {"most": MOST_SYNONYMS})
    return list(usable.values())


@transaction.atomic
def save_synonyms(
    group_id: int | None, *, terms: Iterable[str], is_active: bool, actor: User
) -> SynonymGroup:
    """Make or change a group (``group_id`` None: a new one); what changes nothing writes nothing.

    Raises PermissionDenied, ValidationError.
    """
    if not can_keep_synonyms(actor):
        raise PermissionDenied
    wanted = {"terms": usable_terms(terms), "is_active": is_active}
    if group_id is None:
        group = SynonymGroup.objects.create(**wanted)
        SynonymGroupEvent.objects.create(group=group, kind="created", actor=actor)
        return group
    group = SynonymGroup.objects.select_for_update().get(pk=group_id)
    changed = [name for name, value in wanted.items() if getattr(group, name) != value]
    if changed:
        for name in changed:
            setattr(group, name, wanted[name])
        group.updated_at = clock.now()
        group.save(update_fields=[*changed, "updated_at"])
        SynonymGroupEvent.objects.create(
            group=group, kind="changed", actor=actor, data={"fields": changed}
        )
    return group


def ensure_shipped() -> None:
    """The shipped groups that are not there yet; what advisors have changed or switched off stays."""
    shipped = json.loads(SHIPPED.read_text(encoding="utf-8"))
    SynonymGroup.objects.bulk_create(
        [SynonymGroup(key=key, terms=terms) for key, terms in shipped.items()],
        ignore_conflicts=True,
    )
