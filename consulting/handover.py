"""A person's requests on the page on which a membership ends (product.md, Leaving)."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Model

from consulting import services
from consulting.models import ConsultingRequest
from osk_portal import portal
from osk_portal.accounts.models import User


def rows(person: User, organisation: Model, viewer: User) -> Iterable[portal.HandoverRow]:
    """Reference, and the title for who may read the request: a manager sees no content (product.md, People)."""
    cases = ConsultingRequest.objects.to_hand_over(person, organisation).in_order_of_promise()
    readable = set(cases.visible_to(viewer).order_by().values_list("pk", flat=True))
    for case in cases.only("public_id", "reference", "title"):
        title = f"{case.reference} · {case.title}" if case.pk in readable else str(case.reference)
        yield portal.HandoverRow(case.public_id, title)


def hand_over(*, public_id: UUID, person: User, successor: User, actor: User) -> bool:
    case_id = ConsultingRequest.objects.values_list("pk", flat=True).get(public_id=public_id)
    event = services.hand_over(case_id=case_id, person=person, successor=successor, actor=actor)
    return event is not None
