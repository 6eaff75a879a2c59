"""A booking: progress, hand-over, end."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import prefetch_related_objects
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from osk_portal import portal
from osk_portal.accounts.models import User
from osk_portal.templatetags.osk import long_date
from osk_portal.toolkit import clock
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access
from osk_portal.toolkit.encryption import CannotDecrypt
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import addresses, durations, permissions, progress, services
from sandbox.backends.mail_host import has_mail_sink
from sandbox.deadlines import report_deadline, takes_reports
from sandbox.enums import (
    BookingAction,
    BookingState,
    EnvironmentEventKind,
    ParticipantState,
    Phase,
    SnapshotState,
    WaitState,
)
from sandbox.models import (
    Booking,
    CaughtMail,
    Credential,
    Environment,
    EnvironmentEvent,
    Snapshot,
    TestParticipant,
    WaitlistEntry,
)
from sandbox.phases import current_environment, phase_of, state_of
from sandbox.querysets import HOLDING
from sandbox.removal_record import is_complete
from sandbox.results import checklist_of, summary_of
from sandbox.services import gate

IN_TEST = (ParticipantState.INVITED, ParticipantState.ACTIVE)
ENTER = "oeffnen"
"""Parameter of a guest's page that leads through the gate."""
OPEN = (Phase.READY, Phase.EXPIRING, Phase.DISTURBED)
OFFER_ENDS = (BookingState.DRAFT, BookingState.CANCELLED, BookingState.EXPIRED)
"""States in which a booking may have been no more than an offer of the waitlist."""
OVER = (Phase.ENDED, Phase.REMOVING, Phase.CANCELLED, Phase.FAILED)
LOGGED = (Phase.PROVISIONING, Phase.DISTURBED, Phase.RESTARTING)
"""While these last, what the programs say is of interest."""
POLLING = (Phase.PROVISIONING, Phase.REMOVING, Phase.DISTURBED, Phase.RESTARTING)


@require_GET
@access(LOGIN)
def booking_detail(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """All of it, or for the Organisationsverwaltung that it exists and the way to take it over."""
    booking = visible_booking(request, public_id)
    if not permissions.can_read(request.user, booking):
        return render(request, "sandbox/booking_outline.html", outline_of(request, booking))
    return render(request, "sandbox/booking_detail.html", details_of(request, booking))


def visible_booking(request: AuthenticatedRequest, public_id: UUID) -> Booking:
    """404 for a stranger. What of it may be read: ``permissions.can_read``."""
    visible = Booking.objects.visible_to(request.user).with_details().with_what_came_out()
    return get_object_or_404(visible, public_id=public_id)


def readable_booking(request: AuthenticatedRequest, public_id: UUID) -> Booking:
    """404 for a stranger, 403 for a manager who has not taken it over."""
    booking = visible_booking(request, public_id)
    if not permissions.can_read(request.user, booking):
        raise PermissionDenied
    return booking


def outline_of(request: AuthenticatedRequest, booking: Booking) -> dict[str, Any]:
    product = booking.blueprint_version.blueprint
    return {
        "booking": booking,
        "product": product,
        "may_take_over": permissions.can_take_over(request.user, booking),
        "has_proof": is_complete(booking),
        "crumbs": [
            (_("Test environment"), reverse("sandbox:blueprint_list")),
            (product.name, None),
        ],
        **state_of(booking, phase_of(booking, now=clock.now())),
    }


@dataclass(frozen=True)
class ShownDoor:
    """An address of the environment, and where a click on it leads."""

    door: addresses.Door
    open_url: str


@dataclass(frozen=True)
class Login:
    """A line of the hand-over; ``secret`` only in the answer to "show"."""

    credential: Credential
    reveal_url: str
    secret: str = ""
    is_first: bool = False
    """The account to begin with, where the product says so."""
    must_change: bool = False


def logins_of(
    booking: Booking,
    environment: Environment | None,
    reveal_url: Callable[[Credential], str],
    revealed: Mapping[int, str] | None = None,
) -> list[Login]:
    """The accounts of what runs, by role; none where nothing does."""
    if environment is None:
        return []
    first = booking.blueprint_version.parsed.first_login
    return [
        Login(
            credential,
            reveal_url(credential),
            (revealed or {}).get(credential.pk, ""),
            is_first=first is not None and first.role == credential.role,
            must_change=first is not None and first.must_change,
        )
        for credential in environment.credentials.shown()
    ]


def details_of(
    request: AuthenticatedRequest, booking: Booking, revealed: Mapping[int, str] | None = None
) -> dict[str, Any]:
    environment = current_environment(booking)
    phase = phase_of(booking, now=clock.now())
    events = list(environment.events.select_related("actor")) if environment else []
    is_by_hand = environment is not None and environment.is_by_hand
    steps = progress.steps_of(booking, events, is_by_hand=is_by_hand)
    product = booking.blueprint_version.blueprint
    is_open = phase in OPEN
    return {
        "booking": booking,
        "product": product,
        "environment": environment,
        "events": events,
        "steps": steps,
        "steps_done": progress.count_done(steps),
        "is_open": is_open,
        "is_running": is_open or phase == Phase.RESTARTING,
        "is_late": any(event.kind == EnvironmentEventKind.LATE for event in events),
        "duration": durations.in_words(product, version=booking.blueprint_version)
        if phase == Phase.PROVISIONING
        else "",
        "ready_late": durations.lateness_in_words(booking, environment) if is_open else "",
        "is_polling": phase in POLLING,
        **_removals_of(booking, phase),
        **_log_of(environment, phase),
        **_steps_of(request, booking),
        **_testing_of(request, booking, events),
        "logins": logins_of(
            booking,
            environment if is_open else None,
            lambda credential: reverse(
                "sandbox:credential_reveal", args=[booking.public_id, credential.public_id]
            ),
            revealed,
        ),
        **entrance_of(booking, environment if is_open else None),
        **mails_of(booking, environment if is_open else None),
        **snapshots_of(request.user, booking, phase),
        "may_reveal": permissions.can_see_credentials(request.user, booking),
        "panels": portal.panels_for("sandbox.booking", booking, request),
        "may_hand_over": may_pass_on(request.user, booking),
        "may_end": booking.can(BookingAction.CANCEL) and permissions.can_end(request.user, booking),
        "end_in_words": long_date(booking.ends_at),
        "now": clock.now(),
        "crumbs": [
            (_("Test environment"), reverse("sandbox:blueprint_list")),
            (product.name, None),
        ],
        **state_of(booking, phase),
    }


def _removals_of(booking: Booking, phase: Phase) -> dict[str, object]:
    """What was deleted, by generation: after the end of all of them, before it of what was replaced."""
    environments = sorted(booking.environments.all(), key=lambda one: one.generation)
    is_over = phase in OVER and bool(environments)
    shown = environments if is_over else environments[:-1]
    if shown:
        prefetch_related_objects(shown, "proofs")
    return {
        "is_over": is_over,
        "removals": [one for one in shown if is_over or one.is_final],
        "has_several": len(environments) > 1,
        "has_proof": is_over and is_complete(booking),
    }


def _log_of(environment: Environment | None, phase: Phase) -> dict[str, object]:
    """``log_seen`` tells whether a page shows the newest words already."""
    tail = environment.log_tail if environment is not None else ""
    return {
        "shows_log": environment is not None and phase in LOGGED,
        "log_lines": tail.splitlines(),
        "log_seen": hashlib.sha256(tail.encode()).hexdigest()[:12],
    }


def entrance_of(
    booking: Booking, environment: Environment | None, guest: TestParticipant | None = None
) -> dict[str, object]:
    """The addresses of what runs, and where "open" leads: through the gate where there is one."""
    if environment is None:
        return {"doors": [], "open_url": "", "is_gated": False, "is_local": False}
    doors = [
        ShownDoor(door, _way_in(booking, door, number, guest))
        for number, door in enumerate(addresses.doors_of(booking, environment), 1)
    ]
    is_gated = doors[0].door.is_gated
    is_local = not is_gated and bool(addresses.upstream_of(environment))
    return {
        "doors": doors,
        "open_url": doors[0].open_url,
        "is_gated": is_gated,
        "is_local": is_local,
    }


def _way_in(
    booking: Booking, door: addresses.Door, number: int, guest: TestParticipant | None
) -> str:
    if not door.is_gated:
        return door.address
    if guest is not None:
        return f"{guest.get_absolute_url()}?{ENTER}={number}"
    return gate.enter_url(booking.public_id, door.path, door.way)


def mails_of(booking: Booking, environment: Environment | None) -> dict[str, object]:
    """``mails``: what the product wanted to send; None where it sends nothing or does not run.

    ``is_mail_lost``: it would send something, and nobody catches it here.
    """
    mails: list[CaughtMail] | None = None
    is_mail_lost = False
    if environment is not None and booking.blueprint_version.parsed.wants_mail:
        is_mail_lost = not has_mail_sink(environment.backend)
        mails = None if is_mail_lost else list(environment.caught_mails.all())
    return {"mails": mails, "is_mail_lost": is_mail_lost}


def snapshots_of(user: User, booking: Booking, phase: Phase) -> dict[str, object]:
    """What was saved of it, and whether it can be saved now. ``saves_by_hand``: nobody but a person could."""
    environment = current_environment(booking)
    may_have = permissions.can_take_along(user, booking)
    parts = booking.blueprint_version.parsed.export
    rows = (
        list(Snapshot.objects.of(booking).select_related("asked_by", "environment"))
        if may_have and parts and booking.has_snapshots
        else []
    )
    for row in rows:
        row.environment.booking = booking
    may_take = may_have and services.can_take(booking, environment)
    told = [f"{row.public_id} {row.state} {row.attempts}" for row in rows]
    kept = sum(row.is_kept for row in rows)
    most = settings.OSK_SANDBOX_SNAPSHOTS_MOST
    return {
        "snapshots": rows,
        "may_take": may_take,
        "is_taking": any(row.state == SnapshotState.ASKED for row in rows),
        "has_snapshots_under_way": any(row.is_under_way for row in rows),
        "has_most_snapshots": kept >= most,
        "most_snapshots": most,
        "snapshot_days": settings.OSK_SANDBOX_SNAPSHOT_DAYS,
        "snapshot_parts": parts if may_take else (),
        "snapshot_ends_soon": phase == Phase.EXPIRING,
        "saves_by_hand": may_have and phase in OPEN and _is_saved_by_nobody(environment),
        "snapshots_seen": hashlib.sha256(f"{may_take} {told}".encode()).hexdigest()[:12],
    }


def _is_saved_by_nobody(environment: Environment | None) -> bool:
    return environment is not None and not environment.can_be_read


def _steps_of(request: AuthenticatedRequest, booking: Booking) -> dict[str, object]:
    """What this person may do with it now."""
    environment = current_environment(booking)
    may_change = permissions.can_change(request.user, booking)
    runs_on = booking.ends_at > clock.now()
    turn = None
    if booking.state in OFFER_ENDS:
        never_taken = (WaitState.OFFERED, WaitState.DECLINED, WaitState.LAPSED)
        turn = WaitlistEntry.objects.filter(booking=booking, state__in=never_taken).first()
    return {
        "offered_days": turn.days if turn else None,
        "may_extend": may_change
        and not booking.is_trial
        and booking.can(BookingAction.EXTEND)
        and runs_on,
        "may_move": may_change and not booking.is_trial and services.can_move(booking, environment),
        "may_steer": may_change and services.can_steer(booking, environment),
        "may_answer": booking.state == BookingState.DRAFT
        and booking.booked_by_id == request.user.pk,
    }


def _testing_of(
    request: AuthenticatedRequest, booking: Booking, events: Iterable[EnvironmentEvent]
) -> dict[str, object]:
    """Who tests, what, and what came out; the names of guests are put to the lines of the log."""
    everybody = list(booking.participants.select_related("user"))
    names = {str(guest.public_id): guest.name for guest in everybody if guest.is_guest}
    for event in events:
        event.guest_name = names.get(event.data.get("guest", ""), "")
    tasks = list(booking.tasks.all())
    may_change = permissions.can_change(request.user, booking)
    summary = summary_of(booking, tasks)
    return {
        "people": [person for person in everybody if person.state in IN_TEST],
        "tasks": tasks,
        **checklist_of(tasks, author=request.user),
        "summary": summary,
        "may_invite": may_change
        and (booking.is_holding or booking.is_undecided)
        and booking.ends_at > clock.now(),
        "may_plan": may_change
        and (booking.is_holding or booking.is_undecided)
        and not summary.reports,
        "may_report": may_change and takes_reports(booking),
        "report_deadline": report_deadline(booking),
        "files_at": files_at(booking),
    }


def files_at(booking: Booking) -> str:
    """Below this address lie the files of its reports."""
    return reverse("sandbox:booker_report", args=[booking.public_id]) + "datei/"


def may_pass_on(user: User, booking: Booking) -> bool:
    """Name a deputy, or hand it over: as long as there is something to look after."""
    return permissions.can_name_deputy(user, booking) and booking.state in HOLDING


def booking_crumbs(booking: Booking, last: str) -> list[tuple[str, str | None]]:
    return [
        (_("Test environment"), reverse("sandbox:blueprint_list")),
        (booking.blueprint_version.blueprint.name, booking.get_absolute_url()),
        (last, None),
    ]


@require_GET
@access(LOGIN)
def booking_progress(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """The changing part of the page, for htmx; ``seen`` is what it shows already.

    Nothing new: 204, so that nothing is announced. Past the set-up or the removal: load the page anew.
    """
    booking = readable_booking(request, public_id)
    context = details_of(request, booking)
    if not context["is_polling"] or request.GET.get("phase") != context["phase"]:
        response = HttpResponse(status=204)
        response["HX-Refresh"] = "true"
        return response
    if request.GET.get("seen") == str(context["steps_done"]):
        return HttpResponse(status=204)
    return render(request, "sandbox/_progress.html", {**context, "is_update": True})


@require_GET
@access(LOGIN)
def booking_log(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """The last words of the programs, for htmx; nothing new, or nothing under way: 204."""
    booking = readable_booking(request, public_id)
    phase = phase_of(booking, now=clock.now())
    context = _log_of(current_environment(booking), phase)
    if not context["shows_log"] or request.GET.get("seen") == context["log_seen"]:
        return HttpResponse(status=204)
    return render(request, "sandbox/_log_tail.html", {"booking": booking, **context})


@require_POST
@access(LOGIN)
def credential_reveal(
    request: AuthenticatedRequest, public_id: UUID, credential_id: UUID
) -> HttpResponse:
    """Answers with the page itself: a redirect could not carry the password anywhere safe."""
    booking = visible_booking(request, public_id)
    credential = get_object_or_404(
        Credential.objects.shown(), public_id=credential_id, environment__booking=booking
    )
    if not permissions.can_see_credentials(request.user, booking):
        raise PermissionDenied
    try:
        plain = services.reveal_credential(credential_id=credential.pk, actor=request.user)
    except TransitionNotAllowed:
        messages.info(request, _("This password no longer exists: the environment has ended."))
        return redirect(booking)
    except CannotDecrypt:
        messages.error(request, _("The password cannot be shown. Ask the OSK for help."))
        return redirect(booking)
    context = details_of(request, booking, {credential.pk: plain})
    return render(request, "sandbox/booking_detail.html", context)


def _ended_text(before: Booking) -> str:
    if before.state == BookingState.DRAFT:
        return _("You have declined the place. The next one on the waitlist gets it.")
    if before.state == BookingState.REQUESTED:
        return _("You have withdrawn your application.")
    return _("The booking has ended. We are deleting the environment.")


@require_http_methods(["GET", "POST"])
@access(LOGIN)
def booking_end(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    booking = visible_booking(request, public_id)
    if not permissions.can_end(request.user, booking):
        raise PermissionDenied
    status = 200
    if request.method == "POST":
        try:
            services.end_booking(booking_id=booking.pk, actor=request.user)
        except services.BeingSaved:
            status = 409
        except TransitionNotAllowed as error:
            messages.info(request, str(error))
            return redirect(booking)
        else:
            messages.success(request, _ended_text(booking))
            return redirect(booking)
    if not booking.can(BookingAction.CANCEL):
        messages.info(request, _("This booking has ended already."))
        return redirect(booking)
    product = booking.blueprint_version.blueprint
    context = {
        "booking": booking,
        "product": product,
        "was_handed_over": booking.state == BookingState.ACTIVE,
        "may_take": services.can_take(booking, current_environment(booking)),
        "is_being_saved": services.is_being_saved(booking),
        "is_offer": booking.state == BookingState.DRAFT,
        "is_asked": booking.state == BookingState.REQUESTED,
        "crumbs": booking_crumbs(booking, _("End")),
    }
    return render(request, "sandbox/booking_end.html", context, status=status)
