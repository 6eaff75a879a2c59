"""What people are told about their bookings. Never a password: it is shown on the page only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from osk_portal.accounts.models import User
from osk_portal.notifications.services import Message, notify, notify_address
from osk_portal.toolkit import clock, ics
from sandbox import durations, guest_mails
from sandbox.calendar_entries import attachment
from sandbox.enums import EnvironmentEventKind, LateReason, ReminderKind
from sandbox.models import Booking, Environment, Snapshot, TestParticipant

INVITED: Final = "sandbox.participant_invited"
GUEST_LINK: Final = "sandbox.guest_link"
TEST_CANCELLED: Final = "sandbox.test_cancelled"
TO_APPROVE: Final = "sandbox.booking_to_approve"
_REASON = _("You booked a test environment.")
_STANDS_IN = _("You stand in for who booked a test environment.")
_WAITED = _("You are on the waitlist for a test environment.")
_GOES_ON = _("A test environment was handed over to you.")
_DECIDES = _("You decide on bookings of test environments.")


def booking_ready(environment: Environment) -> None:
    """One mail a generation: what replaces one that was handed over has new passwords and lost its data."""
    before = _last_one_used(environment)
    was_reset = (
        before is not None and before.events.filter(kind=EnvironmentEventKind.RESET).exists()
    )
    _tell(
        environment.booking,
        "booking_ready",
        dedupe=f"sandbox.ready:{environment.public_id}",
        is_replacement=before is not None and not was_reset,
        was_reset=was_reset,
        late=partial(durations.lateness_in_words, environment.booking, environment),
    )


def _last_one_used(environment: Environment) -> Environment | None:
    """The newest generation before this one that people could work in."""
    earlier = environment.booking.environments.handed_over()
    return earlier.filter(generation__lt=environment.generation).order_by("-generation").first()


def booking_failed(environment: Environment, *, is_over: bool = False) -> None:
    """``is_over``: its whole time has passed without it."""
    booking = environment.booking
    _tell(
        booking,
        "booking_failed",
        dedupe=f"sandbox.failed:{booking.public_id}:{environment.generation}",
        was_ready=booking.environments.handed_over().exists(),
        is_over=is_over,
        counts=not (booking.is_trial or booking.is_by_osk),
    )


def booking_late(environment: Environment, *, why: LateReason, due_at: datetime) -> None:
    """Once a wait. ``why``: what it waits for; ``due_at``: when it was to be ready."""
    booking = environment.booking
    _tell(
        booking,
        "booking_late",
        dedupe=f"sandbox.late:{environment.public_id}:{environment.events.count()}",
        lifetime=booking.ends_at - clock.now(),
        why=why,
        due_at=due_at,
        was_ready=booking.environments.handed_over().exists(),
    )


def booking_disturbed(environment: Environment) -> None:
    """It has not answered for a while; its data are there."""
    _tell(
        environment.booking,
        "booking_disturbed",
        dedupe=f"sandbox.disturbed:{environment.public_id}:{environment.events.count()}",
    )


def booking_repaired(environment: Environment) -> None:
    """To those who were told that it was disturbed."""
    _tell(
        environment.booking,
        "booking_repaired",
        dedupe=f"sandbox.repaired:{environment.public_id}:{environment.events.count()}",
    )


def malware_found(booking: Booking, *, key: str, in_copy: bool, people: Sequence[User]) -> None:
    """``in_copy``: in a saved configuration, else in a file that somebody added to a report, who is told apart.
    ``key`` is the file's. The mail names neither the file nor the finding.
    """
    for person in people:
        _tell(
            booking,
            "malware_found",
            dedupe=f"sandbox.malware:{key}",
            reason=_REASON if person.pk == booking.booked_by_id else _STANDS_IN,
            to=[person],
            in_copy=in_copy,
        )


def booking_halted(booking: Booking, environment: Environment) -> None:
    """Put into quarantine: calm, and without the reason, which is the operators'."""
    _tell(
        booking,
        "booking_halted",
        # What was given back may be halted again.
        dedupe=f"sandbox.halted:{environment.public_id}:{environment.events.count()}",
    )


def booking_released(environment: Environment) -> None:
    """The check is over, and it runs again with what was in it."""
    _tell(
        environment.booking,
        "booking_released",
        dedupe=f"sandbox.released:{environment.public_id}:{environment.events.count()}",
    )


def booking_ends_soon(booking: Booking, kind: ReminderKind, *, may_take: bool) -> None:
    """Worthless once it has ended; an extension brings another one. ``may_take``: the portal can save a copy."""
    _tell(
        booking,
        "booking_ends_soon",
        dedupe=f"sandbox.ends_soon:{booking.public_id}:{kind}:{booking.ends_at.isoformat()}",
        lifetime=booking.ends_at - clock.now(),
        may_take=may_take,
    )


def booking_ended(booking: Booking) -> None:
    kept = Snapshot.objects.of(booking).kept().select_related("environment").first()
    if kept is not None:
        kept.environment.booking = booking
    _tell(
        booking,
        "booking_ended",
        dedupe=f"sandbox.ended:{booking.public_id}",
        kept_until=None if kept is None else kept.kept_until,
    )


def booking_requested(booking: Booking) -> None:
    """To the person that it has arrived, to the advisors that somebody waits."""
    _tell(booking, "booking_requested", dedupe=f"sandbox.requested:{booking.public_id}")
    _ask_advisors(booking, dedupe=f"sandbox.to_approve:{booking.public_id}")


def longer_asked(booking: Booking) -> None:
    number = booking.events.count()
    _ask_advisors(booking, dedupe=f"sandbox.longer:{booking.public_id}:{number}")


def longer_refused(booking: Booking) -> None:
    _tell(
        booking,
        "longer_refused",
        dedupe=f"sandbox.longer_refused:{booking.public_id}:{booking.events.count()}",
    )


def _ask_advisors(booking: Booking, *, dedupe: str) -> None:
    notify(
        Message(
            kind=TO_APPROVE,
            template="sandbox/email/booking_to_approve",
            url=reverse("admin:sandbox_application_page", args=[booking.public_id]),
            dedupe=dedupe,
            subject_key=str(booking.public_id),
            context={**facts(booking), "organisation": booking.organisation.name},
            reason=_DECIDES,
        ),
        User.objects.advisors(),
    )


def booking_confirmed(booking: Booking) -> None:
    """For later: the mail puts it into the calendar."""
    _tell(
        booking,
        "booking_confirmed",
        dedupe=f"sandbox.confirmed:{booking.public_id}",
        method="REQUEST",
        was_approved=booking.decided_at is not None,
    )


def booking_rejected(booking: Booking) -> None:
    _tell(booking, "booking_rejected", dedupe=f"sandbox.rejected:{booking.public_id}")
    _tell_participants(booking)


def booking_expired(booking: Booking) -> None:
    _tell(booking, "booking_expired", dedupe=f"sandbox.expired:{booking.public_id}")
    _tell_participants(booking)


def booking_changed(booking: Booking) -> None:
    """Extended or moved: in another place of the calendar, where it is a promise."""
    _tell(
        booking,
        "booking_changed",
        dedupe=f"sandbox.changed:{booking.public_id}:{booking.sequence}",
        method="REQUEST" if booking.is_holding else None,
    )


def booking_cancelled(booking: Booking) -> None:
    """Before it began: the mail takes it out of the calendar. Who was to test along is told too."""
    _tell(
        booking,
        "booking_cancelled",
        dedupe=f"sandbox.cancelled:{booking.public_id}",
        method="CANCEL",
    )
    _tell_participants(booking)


def _tell_participants(booking: Booking) -> None:
    """They were to test along in what does not come about."""
    for participant in booking.participants.open().select_related("user"):
        nothing_comes_of_it(participant, booking)


def nothing_comes_of_it(
    participant: TestParticipant, booking: Booking, *, never_came: bool = False
) -> None:
    """For who was to test along. ``never_came``: the whole time has passed without an environment.

    A guest's link opens nothing any more, so the mail leads to what there is to try.
    """
    person = participant.user
    products = reverse("sandbox:blueprint_list")
    step = ":never" if never_came else ""
    message = Message(
        kind=TEST_CANCELLED,
        template="sandbox/email/test_cancelled",
        url=products if person is None else participant.get_absolute_url(),
        dedupe=f"{TEST_CANCELLED}:{participant.public_id}{step}",
        subject_key=str(participant.public_id),
        context={**facts(booking), "never_came": never_came},
        reason=guest_mails.TESTS_ALONG,
        lifetime=None if never_came else booking.ends_at - clock.now(),
    )
    if person is None:
        notify_address(message, address=participant.email)
    else:
        notify(message, [person])


def place_offered(booking: Booking, *, days: int) -> None:
    deadline = booking.hold_expires_at or clock.now()
    _tell(
        booking,
        "place_offered",
        dedupe=f"sandbox.offered:{booking.public_id}",
        reason=_WAITED,
        lifetime=deadline - clock.now(),
        days=days,
    )


def offer_lapsed(booking: Booking) -> None:
    _tell(booking, "offer_lapsed", dedupe=f"sandbox.lapsed:{booking.public_id}", reason=_WAITED)


def deputy_named(booking: Booking, *, actor: User) -> None:
    """To the deputy; and to who booked, where somebody else has named one."""
    deputy = booking.deputy
    if deputy is None:
        return
    people = [deputy] if booking.booked_by_id == actor.pk else [deputy, booking.booked_by]
    _tell(
        booking,
        "booking_deputy",
        dedupe=f"sandbox.deputy:{booking.public_id}:{booking.events.count()}",
        reason=_STANDS_IN,
        to=people,
        booker=booking.booked_by,
        deputy=deputy,
    )


def deputy_left(booking: Booking, person: User) -> None:
    _tell(
        booking,
        "booking_deputy_left",
        dedupe=f"sandbox.deputy_left:{booking.public_id}:{person.pk}:{booking.events.count()}",
        to=[booking.booked_by],
        deputy=person,
    )


def booking_handed_over(booking: Booking, *, person: User) -> None:
    """To the successor, for the calendar too; who had it has no booking any more to be told of."""
    _tell(
        booking,
        "booking_handed_over",
        dedupe=f"sandbox.handed_over:{booking.public_id}:{booking.events.count()}",
        reason=_GOES_ON,
        method="REQUEST" if booking.is_holding else None,
        to=[booking.booked_by],
        person_name=person,
    )


def booking_taken_over(booking: Booking) -> None:
    _tell(
        booking,
        "booking_taken_over",
        dedupe=f"sandbox.taken_over:{booking.public_id}:{booking.events.count()}",
        to=[booking.booked_by],
        manager=booking.taken_over_by,
    )


def participant_invited(participant: TestParticipant) -> None:
    """Colleagues are told that they take part, others are asked."""
    booking = participant.booking
    notify(
        Message(
            kind=INVITED,
            template="sandbox/email/participant_invited",
            url=participant.get_absolute_url(),
            dedupe=f"sandbox.invited:{participant.public_id}",
            subject_key=str(participant.public_id),
            context={
                **facts(booking),
                "is_asked": not participant.is_in,
                "booker": booking.booked_by,
                "organisation": booking.organisation.name,
            },
            reason=guest_mails.TESTS_ALONG,
            lifetime=booking.ends_at - clock.now(),
        ),
        [] if participant.user is None else [participant.user],
    )


def participant_answered(participant: TestParticipant) -> None:
    booking = participant.booking
    _tell(
        booking,
        "participant_answered",
        dedupe=f"sandbox.answered:{participant.public_id}:{participant.state}",
        person_name=participant.shown_name,
        takes_part=participant.is_in,
    )


def guest_link(guest: TestParticipant) -> None:
    booking = guest.booking
    context = {
        **facts(booking),
        "booker": booking.booked_by,
        "organisation": booking.organisation.name,
    }
    guest_mails.to_guest(
        guest,
        kind=GUEST_LINK,
        template="sandbox/email/guest_link",
        context=context,
        lifetime=booking.ends_at - clock.now(),
    )


def facts(booking: Booking) -> dict[str, object]:
    """What every mail about a booking may say."""
    return {
        "product": booking.blueprint_version.blueprint.name,
        "starts_at": booking.starts_at,
        "ends_at": booking.ends_at,
        "held_until": booking.hold_expires_at,
        "asked_end": booking.asked_end,
    }


def _tell(
    booking: Booking,
    event: str,
    *,
    dedupe: str,
    reason: str | Promise = _REASON,
    lifetime: timedelta | None = None,
    method: ics.Method | None = None,
    to: Sequence[User] | None = None,
    **context: object,
) -> None:
    """To everybody with the rights of the booking, or ``to``. ``method``: what the mail does in their calendars."""
    for person in booking.side if to is None else to:
        with translation.override(person.language):
            attached = () if method is None else (attachment(booking, person, method),)
        stands_in = person.pk != booking.booked_by_id and to is None
        notify(
            Message(
                kind=f"sandbox.{event}",
                template=f"sandbox/email/{event}",
                url=booking.get_absolute_url(),
                dedupe=dedupe,
                subject_key=str(booking.public_id),
                context={**facts(booking), **context},
                reason=_STANDS_IN if stands_in else reason,
                lifetime=lifetime,
                attachments=attached,
            ),
            [person],
        )
