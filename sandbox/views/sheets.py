"""The page of somebody who tests along: how to get in, what to test, until when. Never another booking."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
    require_safe,
)

from osk_portal.accounts.models import User
from osk_portal.pages.limits import TOO_OFTEN, within_limit
from osk_portal.toolkit import clock, uploads
from osk_portal.toolkit.access import LOGIN, PUBLIC, AuthenticatedRequest, access, no_store
from osk_portal.toolkit.encryption import CannotDecrypt
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import addresses, permissions, services
from sandbox.deadlines import report_deadline, takes_reports
from sandbox.enums import FileState
from sandbox.file_answers import given_out
from sandbox.models import Booking, Credential, ReportFile, TestParticipant, TestReport
from sandbox.people_forms import ReportForm
from sandbox.phases import current_environment, phase_of, state_of
from sandbox.results import checklist_of
from sandbox.services.participants import GuestLinkDead, guest_of, may_use, runs
from sandbox.services.testing import save_report
from sandbox.views.bookings import (
    ENTER,
    OPEN,
    booking_crumbs,
    entrance_of,
    logins_of,
    mails_of,
    readable_booking,
    visible_booking,
)
from sandbox.views.gate import guest_enters

REPORT = "testbericht"
_PLAN_CHANGED = gettext_lazy(
    "The test plan has changed meanwhile. Your remarks on tasks that are gone stand under what you noticed."
)


@require_GET
@access(LOGIN)
def participation(request: AuthenticatedRequest, participant_id: UUID) -> HttpResponse:
    participant = _mine(request, participant_id)
    return no_store(render(request, "sandbox/sheet.html", _sheet(participant)))


def _mine(
    request: AuthenticatedRequest, participant_id: UUID, *, is_late: bool = False
) -> TestParticipant:
    """One's own, until reports are no longer taken. ``is_late``: also after that."""
    visible = TestParticipant.objects.visible_to(request.user).with_sheet()
    participant = get_object_or_404(visible, public_id=participant_id)
    if not is_late and clock.now() > report_deadline(participant.booking):
        raise Http404
    return participant


@require_POST
@access(LOGIN)
def participant_reveal(
    request: AuthenticatedRequest, participant_id: UUID, credential_id: UUID
) -> HttpResponse:
    participant = _mine(request, participant_id)
    return _reveal(request, participant, credential_id)


def _reveal(
    request: HttpRequest, participant: TestParticipant, credential_id: UUID
) -> HttpResponse:
    """Answers with the page itself: a redirect could not carry the password anywhere safe."""
    credential = get_object_or_404(
        Credential.objects.shown(),
        public_id=credential_id,
        environment__booking=participant.booking,
    )
    try:
        plain = services.reveal_to_participant(
            credential_id=credential.pk, participant_id=participant.pk
        )
    except TransitionNotAllowed:
        messages.info(request, _("This password no longer exists: the environment has ended."))
        return redirect(participant)
    except CannotDecrypt:
        messages.error(request, _("The password cannot be shown. Ask the OSK for help."))
        return redirect(participant)
    context = _sheet(participant, {credential.pk: plain})
    return no_store(render(request, "sandbox/sheet.html", context))


def _sheet(participant: TestParticipant, revealed: dict[int, str] | None = None) -> dict[str, Any]:
    booking = participant.booking
    phase = phase_of(booking, now=clock.now())
    environment = current_environment(booking)
    is_open = phase in OPEN and may_use(participant)
    tasks = list(booking.tasks.all()) if participant.is_in else []
    return {
        "participant": participant,
        "booking": booking,
        "product": booking.blueprint_version.blueprint,
        "environment": environment,
        "is_open": is_open,
        **entrance_of(
            booking,
            environment if is_open else None,
            participant if participant.is_guest else None,
        ),
        **mails_of(booking, environment if is_open else None),
        "logins": logins_of(
            booking,
            environment if is_open else None,
            lambda credential: _reveal_url(participant, credential),
            revealed,
        ),
        **checklist_of(
            tasks,
            author=participant.user,
            guest=participant if participant.is_guest else None,
        ),
        "may_accept": runs(booking),
        "may_report": participant.is_in and takes_reports(booking),
        "deadline": report_deadline(booking),
        "report_url": f"{participant.get_absolute_url()}?{REPORT}=1"
        if participant.is_guest
        else f"{participant.get_absolute_url()}testbericht/",
        **state_of(booking, phase),
    }


def _reveal_url(participant: TestParticipant, credential: Credential) -> str:
    """A guest asks the own page."""
    if participant.is_guest:
        return participant.get_absolute_url()
    return reverse("sandbox:participant_reveal", args=[participant.public_id, credential.public_id])


@csrf_exempt  # the address itself is the right: nothing here rests on a cookie
@access(PUBLIC)
@require_http_methods(["GET", "HEAD", "POST"])
def guest_sheet(request: HttpRequest, token: str) -> HttpResponse:
    """The page of a guest. ``?testbericht=1``: the form of the report; ``reveal`` in a POST: a password."""
    return _untold(_guest_answer(request, token))


def _guest_answer(request: HttpRequest, token: str) -> HttpResponse:
    try:
        guest = guest_of(token)
        is_too_often = request.method == "POST" and not within_limit(
            request, "sandbox_guest", key=str(guest.public_id)
        )
        if REPORT in request.GET:
            return _write(request, guest.booking, guest=guest, is_too_often=is_too_often)
        if is_too_often:
            return render(request, "429.html", status=429)
        if ENTER in request.GET and request.method != "POST":
            return _enter(guest, request.GET[ENTER])
        if request.method != "POST":
            return render(request, "sandbox/sheet.html", _sheet(guest))
        return _reveal(request, guest, _uuid(request.POST.get("reveal", "")))
    except (GuestLinkDead, PermissionDenied):
        is_within = within_limit(request, "case_link_dead")
        is_ours = REPORT in request.GET and TestParticipant.key_of(token) is not None
        typed = _typed(request) if is_ours else ""
        if not is_within and not typed:
            return render(request, "429.html", status=429)
        status = 429 if not is_within else 409 if typed else 404
        return render(request, "sandbox/guest_link_dead.html", {"typed": typed}, status=status)


def _typed(request: HttpRequest) -> str:
    """The words of a report whose author takes no part any more: given back, never lost."""
    if request.method != "POST":
        return ""
    named = ("findings", "overall", "note_")
    sent = request.POST.dict().items()
    texts = (str(text).strip() for name, text in sent if name.startswith(named))
    return "\n\n".join(text for text in texts if text)


def _enter(guest: TestParticipant, number: str) -> HttpResponse:
    """``number`` of the door, from 1; what is none leads to the first."""
    environment = current_environment(guest.booking)
    if environment is None:
        return redirect(guest)
    doors = addresses.doors_of(guest.booking, environment)
    door = next((d for n, d in enumerate(doors, 1) if str(n) == number), doors[0])
    return guest_enters(guest, door.path, door.way)


def _uuid(value: str) -> UUID:
    try:
        return UUID(value)
    except ValueError:
        raise Http404 from None


def _untold(response: HttpResponse) -> HttpResponse:
    """The address opens the environment: no cache, no search engine, no other site and no log learns it."""
    # Django writes the path of each answer from 400 up into its log, unless it is marked so.
    response._has_been_logged = True  # type: ignore[attr-defined] # noqa: SLF001 # Django's own mark
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return no_store(response)


@require_http_methods(["GET", "POST"])
@access(LOGIN)
def participant_report(request: AuthenticatedRequest, participant_id: UUID) -> HttpResponse:
    """What is sent a moment too late is shown again with the reason; of who takes no part, the text alone."""
    try:
        participant = _mine(request, participant_id, is_late=request.method == "POST")
        if participant.is_in:
            return _write(request, participant.booking, author=request.user, back=participant)
    except (Http404, PermissionDenied):
        answer = _given_back(request, participant_id)
        if answer is None:
            raise
        return answer
    return _given_back(request, participant_id) or redirect(participant)


def _given_back(request: AuthenticatedRequest, participant_id: UUID) -> HttpResponse | None:
    """To who was removed meanwhile, or has not accepted yet. Shows nothing of the booking."""
    typed = _typed(request)
    mine = TestParticipant.objects.filter(user=request.user, public_id=participant_id)
    if not typed or not mine.exists():
        return None
    return no_store(render(request, "sandbox/report_unsent.html", {"typed": typed}, status=409))


@require_safe
@access(LOGIN)
def report_file(request: AuthenticatedRequest, public_id: UUID, file_id: UUID) -> HttpResponseBase:
    """For who has the rights of the booking, once the report is handed in; one's own draft too."""
    booking = readable_booking(request, public_id)
    may_see = Q(report__submitted_at__isnull=False) | Q(report__author=request.user)
    files = ReportFile.objects.filter(may_see, report__booking=booking, state=FileState.CLEAN)
    return given_out(get_object_or_404(files, public_id=file_id))


@require_http_methods(["GET", "POST"])
@access(LOGIN)
def booker_report(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    booking = visible_booking(request, public_id)
    if not permissions.is_on_the_side(request.user, booking):
        raise PermissionDenied
    return _write(request, booking, author=request.user)


def _write(
    request: HttpRequest,
    booking: Booking,
    *,
    author: User | None = None,
    guest: TestParticipant | None = None,
    back: TestParticipant | None = None,
    is_too_often: bool = False,
) -> HttpResponse:
    """The form of the one report of this person. Too late or too often: told, with what was typed."""
    tasks = list(booking.tasks.all())
    report = TestReport.objects.filter(booking=booking, author=author, guest=guest).first()
    form = ReportForm(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
        tasks=tasks,
        report=report,
    )
    target = back or guest or booking
    status = 200
    moved: str | Promise = ""
    if request.method == "POST":
        status = 422
        if is_too_often:
            form.add_error(None, TOO_OFTEN)
            status = 429
        elif form.is_of_an_older_plan:
            moved, status = _PLAN_CHANGED, 409
        elif form.is_valid():
            submit = "submit" in request.POST
            try:
                save_report(
                    booking_id=booking.pk,
                    written=form.written(),
                    submit=submit,
                    author=author,
                    guest=guest,
                )
            except uploads.Refused as error:
                form.add_error("chosen", str(error))
            except TransitionNotAllowed as error:
                moved, status = str(error), 409
            else:
                messages.success(
                    request,
                    _("Your test report is handed in. Thank you.")
                    if submit
                    else _("Your test report is saved."),
                )
                return redirect(target)
    elif not takes_reports(booking):
        messages.info(
            request, _("Test reports can be written from the begin until 14 days after the end.")
        )
        return redirect(target)
    context = {
        "form": form,
        "report": report,
        "product": booking.blueprint_version.blueprint,
        "target": target,
        "deadline": report_deadline(booking),
        "moved": moved,
        "is_guest": guest is not None,
        "crumbs": booking_crumbs(booking, _("Test report")) if target == booking else [],
    }
    return no_store(render(request, "sandbox/report_write.html", context, status=status))
