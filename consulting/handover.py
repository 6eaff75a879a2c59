"""A person's requests, deputies and needs on the page on which a membership ends (product.md, Leaving)."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Exists, Model, OuterRef

from consulting import services
from consulting.models import ConsultingRequest, Need
from consulting.querysets import CaseQuerySet
from network.models import Organisation
from osk_portal import portal
from osk_portal.accounts.models import User


def rows(person: User, organisation: Model, viewer: User) -> Iterable[portal.HandoverRow]:
    """Reference, and the title for who may read the request: a manager sees no content (product.md, People)."""
    return _named(ConsultingRequest.objects.to_hand_over(person, organisation), viewer)


def deputy_rows(person: User, organisation: Model, viewer: User) -> Iterable[portal.HandoverRow]:
    """The same for requests in which the person is the deputy."""
    return _named(ConsultingRequest.objects.deputised_by(person, organisation), viewer)


def need_rows(person: User, organisation: Model, viewer: User) -> Iterable[portal.HandoverRow]:
    """By their titles: the whole administration reads them."""
    for need in Need.objects.to_hand_over(person, organisation).only("public_id", "title"):
        yield portal.HandoverRow(need.public_id, need.title)


def hand_over(*, public_id: UUID, person: User, successor: User, actor: User) -> bool:
    event = services.hand_over(
        case_id=_case(public_id), person=person, successor=successor, actor=actor
    )
    return event is not None


def hand_over_deputy(*, public_id: UUID, person: User, successor: User, actor: User) -> bool:
    event = services.hand_over_deputy(
        case_id=_case(public_id), person=person, successor=successor, actor=actor
    )
    return event is not None


def hand_over_need(*, public_id: UUID, person: User, successor: User, actor: User) -> bool:
    need_id = Need.objects.values_list("pk", flat=True).get(public_id=public_id)
    event = services.hand_over_need(
        need_id=need_id, person=person, successor=successor, actor=actor
    )
    return event is not None


def end_shares(person: User, organisation: Organisation, actor: User | None) -> None:
    services.end_shares(person=person, organisation=organisation, actor=actor)


def _named(cases: CaseQuerySet, viewer: User) -> Iterable[portal.HandoverRow]:
    readable = ConsultingRequest.objects.visible_to(viewer).order_by().filter(pk=OuterRef("pk"))
    found = cases.in_order_of_promise().annotate(is_readable=Exists(readable))
    for public_id, reference, title, is_readable in found.values_list(
        "public_id", "reference", "title", "is_readable"
    ):
        name = f"{reference} · {title}" if is_readable else str(reference)
        yield portal.HandoverRow(public_id, name)


def _case(public_id: UUID) -> int:
    return ConsultingRequest.objects.values_list("pk", flat=True).get(public_id=public_id)
