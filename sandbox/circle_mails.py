"""What those who test along are told when the test itself changes; its caller holds the booking."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from osk_portal.notifications.services import Message, notify
from osk_portal.toolkit import clock
from sandbox import guest_mails, notifications
from sandbox.deadlines import report_deadline, takes_reports
from sandbox.enums import TestChange
from sandbox.models import Booking, TestParticipant

TEST_CHANGED: Final = "sandbox.test_changed"
"""Its ``subject_key`` is the key of a participant, of a guest that of the link."""
_TEMPLATE: Final = "sandbox/email/test_changed"
_DAYS: Final = 3
"""How long a guest's mail about what is over is worth sending."""


def tell(booking: Booking, change: TestChange) -> None:
    """To everybody who takes part or is asked to; who has the rights of the booking is told otherwise."""
    people = booking.participants.open().select_related("user")
    is_over = change == TestChange.ENDED
    facts = {
        **notifications.facts(booking),
        "booker": booking.booked_by,
        "organisation": booking.organisation.name,
        "change": change.value,
        "report_until": report_deadline(booking) if is_over and takes_reports(booking) else None,
    }
    environment = booking.environments.existing().first()
    # A reset is an event of its environment: the next one has another name.
    key = (
        f"{change}:{booking.events.count()}:{'' if environment is None else environment.public_id}"
    )
    for person in people:
        if person.is_guest:
            guest_mails.to_guest(
                person,
                kind=TEST_CHANGED,
                template=_TEMPLATE,
                context={**facts, "is_asked": False},
                # With the link while it opens something.
                lifetime=timedelta(days=_DAYS) if is_over else booking.ends_at - clock.now(),
            )
        else:
            _to_member(person, booking, key, facts)


def _to_member(
    person: TestParticipant, booking: Booking, key: str, facts: Mapping[str, object]
) -> None:
    notify(
        Message(
            kind=TEST_CHANGED,
            template=_TEMPLATE,
            url=person.get_absolute_url(),
            dedupe=f"{TEST_CHANGED}:{booking.public_id}:{key}",
            subject_key=str(person.public_id),
            context={**facts, "guest_name": "", "is_asked": not person.is_in},
            reason=guest_mails.TESTS_ALONG,
        ),
        [] if person.user is None else [person.user],
    )
