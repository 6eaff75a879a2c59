"""Labels on cases, for the OSK alone (product.md 1.4)."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from consulting import permissions
from consulting.enums import CaseEventKind
from consulting.models import CaseEvent, Tag
from consulting.models.tag import LONGEST_NAME
from consulting.services.common import locked, record
from osk_portal.accounts.models import User
from osk_portal.toolkit.transitions import TransitionNotAllowed

MOST_TAGS = 20
"""On one case."""


@transaction.atomic
def add_tag(*, case_id: int, actor: User, name: str) -> CaseEvent | None:
    """Label a case; a name that is new makes a label. None when the case has it already.

    Case does not count: "EVB-IT" and "evb-it" are one label.
    """
    case = locked(case_id)
    if not permissions.can_tag(actor, case):
        raise PermissionDenied("tag")
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise TransitionNotAllowed("tag", case.state, _("A label has 1 to 40 characters."))
    tag = _named(name)
    if case.tags.filter(pk=tag.pk).exists():
        return None
    if case.tags.count() >= MOST_TAGS:
        raise TransitionNotAllowed("tag", case.state, _("This request has 20 labels already."))
    case.tags.add(tag)
    return record(case, CaseEventKind.TAGGED, actor, tag=tag.pk)


@transaction.atomic
def remove_tag(*, case_id: int, actor: User, tag: Tag) -> CaseEvent | None:
    """Take a label off; one that no case carries any more goes. None when the case does not have it."""
    case = locked(case_id)
    if not permissions.can_tag(actor, case):
        raise PermissionDenied("tag")
    if not case.tags.filter(pk=tag.pk).exists():
        return None
    case.tags.remove(tag)
    # Whoever is about to use it waits for this lock, and makes it anew.
    held = Tag.objects.select_for_update().filter(pk=tag.pk).first()
    if held is not None and not held.cases.exists():
        held.delete()
    return record(case, CaseEventKind.UNTAGGED, actor, tag=tag.pk)


def _named(name: str) -> Tag:
    """The label with this name, its row locked: nobody deletes it before this transaction ends."""
    # As the constraint compares them.
    tags = Tag.objects.select_for_update().annotate(folded=Lower("name"))
    tag = tags.filter(folded=Lower(Value(name))).first()
    if tag is None:
        Tag.objects.bulk_create([Tag(name=name)], ignore_conflicts=True)
        tag = tags.get(folded=Lower(Value(name)))
    return tag
