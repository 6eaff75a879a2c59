"""Requests that somebody made by telephone, by mail or face to face, written down by an advisor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consulting import deadlines, permissions
from consulting.enums import CaseEventKind, Channel, Urgency
from consulting.models import ConsultingRequest
from consulting.notifications import tell, tell_recorded, tell_urgent
from consulting.services.links import make_link
from network.models import Organisation
from network.services import record_membership
from osk_portal.accounts.models import User
from osk_portal.accounts.services import PersonLockedOut, record_person
from osk_portal.toolkit import clock


class NotRecordable(Exception):
    """Nothing was written. ``field``: the argument at fault; ``text`` is for people."""

    def __init__(self, field: str, text: str | Promise) -> None:
        self.field = field
        self.text = text
        super().__init__(field)


@transaction.atomic
def record_request(
    *,
    actor: User,
    channel: Channel,
    person_name: str,
    person_email: str,
    organisation: Organisation,
    kind: str,
    title: str,
    description: str,
    topics: Sequence[str],
    phase: str,
    own_reference: str = "",
    wished_on: date | None = None,
    urgency_reason: str = "",
    users_count: int | None = None,
    software_in_use: str = "",
    said_at: datetime | None = None,
    request_id: UUID | None = None,
) -> ConsultingRequest:
    """Record a request for a named person of an entitled authority; it is sent at once.

    The person needs no account: product.md 1.2. ``said_at``: when the OSK was told; the promises count
    from that day. ``urgency_reason``: why the wished date, which lies before the promise, must be kept; the
    Leitung answers. ``request_id`` comes from the form: sent twice, it is one case. Raises PermissionDenied,
    and NotRecordable where person or authority cannot ask for advice.
    """
    if not permissions.may_record(actor):
        raise PermissionDenied("record a request")
    if channel == Channel.WEB:
        raise ValueError("what comes through the portal is not recorded")
    now = clock.now()
    said_at = said_at or now
    if said_at > now:
        raise NotRecordable("said_at", _("Choose a moment that is not in the future."))
    request_id = request_id or uuid4()
    known = ConsultingRequest.objects.filter(public_id=request_id).first()
    if known is not None:
        if _recorded_by(actor, known):
            return known
        request_id = uuid4()  # somebody else's: a forged form
    if not organisation.is_entitled:
        raise NotRecordable("organisation", _("This organisation cannot ask for advice."))
    promised_on = deadlines.answer_due(deadlines.berlin_day(said_at))
    if urgency_reason and (wished_on is None or wished_on >= promised_on):
        text = _("A request is urgent only where the wished date is before our promise, %(date)s.")
        raise NotRecordable("urgent", text % {"date": deadlines.long_date(promised_on)})
    try:
        person = record_person(email=person_email, name=person_name, actor=actor)
    except PersonLockedOut as locked_out:
        raise NotRecordable(
            "person_email", _("The account with this address is locked.")
        ) from locked_out
    record_membership(user=person, organisation=organisation, actor=actor, since=said_at)
    if not permissions.may_request_for(person, organisation):
        raise NotRecordable(
            "organisation",
            _("The membership of this person in this authority is suspended. Confirm it first."),
        )
    case, is_new = ConsultingRequest.objects.get_or_create(
        public_id=request_id,
        defaults={
            "author": person,
            "organisation": organisation,
            "channel": channel,
            "kind": kind,
            "title": title,
            "description": description,
            "topics": list(topics),
            "phase": phase,
            "own_reference": own_reference,
            "wished_on": wished_on,
            "urgency": Urgency.WISHED if urgency_reason else Urgency.NORMAL,
            "urgency_reason": urgency_reason,
            "users_count": users_count,
            "software_in_use": software_in_use,
            "created_at": now,
            "updated_at": now,
        },
    )
    if not is_new:  # the same form at the same moment
        return case
    if case.needs_confidence:
        case.is_confidential = True
        case.save(update_fields=["is_confidential"])
    event = case.submit(actor=actor, received_at=said_at, channel=channel)
    tell(event)
    tell_recorded(event, make_link(case, actor))
    if urgency_reason:
        tell_urgent(case)
    return case


def _recorded_by(actor: User, case: ConsultingRequest) -> bool:
    events = case.events.filter(kind=CaseEventKind.SUBMITTED, actor=actor)
    return case.channel != Channel.WEB and events.exists()
