"""What came out of a test goes further: to the OSK for the request, and onto the page of the solution."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import permissions
from sandbox.enums import BookingEventKind
from sandbox.models import Booking, PublishedResult
from sandbox.public_results import PublicResult
from sandbox.results import summary_of

K = BookingEventKind


@transaction.atomic
def give_result(*, booking_id: int, actor: User, gives: bool) -> Booking:
    """The OSK reads the reports in the requests that the environment is linked with; or no longer.

    The same again is nothing new. Raises PermissionDenied, TransitionNotAllowed (nothing is handed in).
    """
    booking = _locked(booking_id)
    if not permissions.is_on_the_side(actor, booking):
        raise PermissionDenied("give a result")
    if gives == (booking.result_given_at is not None):
        return booking
    if gives:
        _refuse_without_report(booking)
    booking.result_given_at = clock.now() if gives else None
    booking.save(update_fields=["result_given_at"])
    booking.record(K.GIVE_RESULT if gives else K.TAKE_RESULT_BACK, actor=actor)
    return booking


@transaction.atomic
def publish_result(
    *,
    booking_id: int,
    actor: User,
    text: str,
    names_organisation: bool,
    names_tasks: bool,
    consent: str,
) -> PublishedResult:
    """Show ``text`` and the results of the tasks as they are now on the page of the solution, until withdrawn.

    ``consent`` is the fingerprint of what the person has read (``PublicResult``): nothing else becomes public. What
    was published before is replaced. Raises PermissionDenied, ValueError (no text), and TransitionNotAllowed
    (nothing is handed in; the product belongs to no solution; it would show something else).
    """
    if not text.strip():
        raise ValueError("a published result needs a text")
    booking = _locked(booking_id)
    if not permissions.can_publish(actor, booking):
        raise PermissionDenied("publish a result")
    solution = booking.blueprint_version.blueprint.solution
    if solution is None:
        raise TransitionNotAllowed(
            "publish", booking.state, _("This test product belongs to no solution of the catalog.")
        )
    _refuse_without_report(booking)
    shown = PublicResult.made_of(
        booking,
        summary_of(booking, list(booking.tasks.all())),
        text=text,
        names_organisation=names_organisation,
        names_tasks=names_tasks,
    )
    if shown.fingerprint != consent:
        raise TransitionNotAllowed(
            "publish",
            booking.state,
            _("This is not what you have seen in the preview. Read it again, then agree."),
        )
    result, _is_new = PublishedResult.objects.update_or_create(
        booking=booking,
        defaults={
            "solution": solution,
            "text": shown.text,
            "tasks": [list(row) for row in shown.tasks],
            "reports": shown.reports,
            "names_organisation": shown.names_organisation,
            "names_tasks": names_tasks,
            "consented_by": actor,
            "consented_at": clock.now(),
            "withdrawn_at": None,
        },
    )
    booking.record(K.PUBLISH_RESULT, actor=actor)
    return result


@transaction.atomic
def withdraw_result(*, booking_id: int, actor: User) -> None:
    """Off the page of the solution at once. Withdrawn already: nothing new. Raises PermissionDenied."""
    booking = _locked(booking_id)
    if not permissions.can_withdraw_result(actor, booking):
        raise PermissionDenied("withdraw a result")
    shown = PublishedResult.objects.shown().filter(booking=booking)
    if shown.update(withdrawn_at=clock.now()):
        booking.record(K.WITHDRAW_RESULT, actor=actor)


def _refuse_without_report(booking: Booking) -> None:
    if not booking.reports.filter(submitted_at__isnull=False).exists():
        raise TransitionNotAllowed("publish", booking.state, _("No test report is handed in yet."))


def _locked(booking_id: int) -> Booking:
    return (
        Booking.objects.select_for_update(of=("self",))
        .select_related("blueprint_version__blueprint__solution", "organisation")
        .get(pk=booking_id)
    )
