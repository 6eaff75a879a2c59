"""From the first saved word to the reference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from catalog.models import Solution
from consulting import deadlines, permissions
from consulting.enums import CaseAction, CaseEventKind, Urgency, Visibility
from consulting.models import ConsultingRequest, FileState, Participant, ProcurementBlock
from consulting.notifications import tell, tell_take_over_ended, tell_urgent
from consulting.services.common import begin, check_version, locked, record
from consulting.services.files import forget_files
from network.services import request_membership
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox.models import Booking

CONTENT_FIELDS = frozenset(
    {
        "kind", "title", "description", "topics", "phase", "wished_on", "organisation",
        "own_reference", "users_count", "software_in_use", "continues", "urgency", "urgency_reason",
        "procedure_state",
    }
)  # fmt: skip
REQUIRED_FIELDS = ("kind", "title", "description", "topics", "phase", "organisation")


def required_fields(case: ConsultingRequest) -> tuple[str, ...]:
    """What must be there before ``case`` can be sent, in the order of the steps."""
    return (*REQUIRED_FIELDS, "procedure_state") if case.is_about_procurement else REQUIRED_FIELDS


class Incomplete(Exception):
    """The draft cannot be sent yet; ``fields`` are missing."""

    def __init__(self, fields: list[str]) -> None:
        self.fields = fields
        super().__init__(", ".join(fields))


class FilesNotReady(Exception):
    """The draft cannot be sent yet: a file is still being checked, or was found to be bad."""


@transaction.atomic
def create_draft(
    *,
    actor: User,
    values: Mapping[str, Any],
    solutions: Iterable[Solution] = (),
    bookings: Iterable[Booking] = (),
    draft_id: UUID | None = None,
) -> ConsultingRequest:
    """The first save. ``values``: any of CONTENT_FIELDS. ``bookings``: test environments it came from.

    ``draft_id`` comes from the form: sent twice, it is one draft, the second time unchanged.
    """
    if not permissions.may_begin_request(actor):
        raise PermissionDenied("begin a request")
    old = values.get("continues")
    if old is not None and not permissions.may_read(actor, old):
        raise PermissionDenied("continue this request")
    draft_id = draft_id or uuid4()
    if ConsultingRequest.objects.filter(public_id=draft_id).exclude(author=actor).exists():
        draft_id = uuid4()  # somebody else's: a forged form
    now = clock.now()
    case, is_new = ConsultingRequest.objects.get_or_create(
        public_id=draft_id,
        author=actor,
        defaults={**_checked(values), "created_at": now, "updated_at": now},
    )
    if is_new:
        if case.needs_confidence:
            case.is_confidential = True
            case.save(update_fields=["is_confidential"])
        case.solutions.set(solutions)
        readable = Booking.objects.looked_after_by(actor)
        case.bookings.set(readable.filter(pk__in=[booking.pk for booking in bookings]))
    return case


@transaction.atomic
def save_draft(
    *,
    case_id: int,
    actor: User,
    values: Mapping[str, Any],
    solutions: Iterable[Solution] | None = None,
    expected_version: int | None = None,
) -> ConsultingRequest:
    """Save a step. Raises CaseChanged when the draft was changed elsewhere since the form was shown."""
    case = _begin_draft(case_id, actor, expected_version)
    changed = _set(case, values)
    if "organisation" in changed:
        # Colleagues of the other organisation must not read along by an old choice.
        case.visibility = Visibility.ONLY_ME
        case.deputy = None
        case.participants.all().delete()
    if solutions is not None:
        case.solutions.set(solutions)
    _touch(case)
    case.save()
    return case


@transaction.atomic
def pass_step(*, case_id: int, actor: User, slug: str) -> None:
    """The author has left a step of the intake by saving. No new version: no form is out of date by it."""
    case = locked(case_id)
    if not permissions.is_author(actor, case):
        raise PermissionDenied("write this draft")
    if case.is_draft and slug not in case.passed_steps:
        case.passed_steps = [*case.passed_steps, slug]
        case.save(update_fields=["passed_steps"])


@transaction.atomic
def share(
    *,
    case_id: int,
    actor: User,
    visibility: Visibility,
    deputy: User | None = None,
    readers: Iterable[User] = (),
    writers: Iterable[User] = (),
    released: Iterable[User] = (),
    expected_version: int | None = None,
) -> ConsultingRequest:
    """Say who of the own organisation reads or works along, in a draft or later.

    Readers and writers count with ``selected`` only. The form offers active members of the
    organisation; whoever leaves it loses the sight of the case by ``visible_to``. Who has taken over
    for the Organisationsverwaltung stays, unless named in ``released``, and is told then.
    """
    case = locked(case_id)
    if not permissions.can_share(actor, case):
        raise PermissionDenied("share")
    check_version(case, "share", expected_version)
    case.visibility = visibility
    case.deputy = deputy
    _touch(case)
    case.save(
        update_fields=["visibility", "deputy", "version", "updated_at", "expiry_announced_at"]
    )
    _end_take_overs(case, actor, released)
    case.participants.filter(via_duplicate=None, has_taken_over=False).delete()
    if visibility == Visibility.SELECTED:
        writing = {user.pk for user in writers}
        chosen = writing | {user.pk for user in readers}
        Participant.objects.bulk_create(
            (Participant(case=case, user_id=pk, may_write=pk in writing) for pk in sorted(chosen)),
            ignore_conflicts=True,
        )
    if not case.is_draft:
        record(case, CaseEventKind.SHARED, actor, visibility=visibility)
    return case


@transaction.atomic
def submit(
    *,
    case_id: int,
    actor: User,
    expected_version: int | None = None,
    urgency_reason: str | None = None,
) -> ConsultingRequest:
    """Send a draft. Sent twice (double click, reload, back) it is the same case, with one reference.

    ``urgency_reason``: why it is urgent; empty: it is not; None: as the draft says. Only a wished date
    before the promise makes a request urgent (product.md 1.1).

    Raises Incomplete, FilesNotReady, PermissionDenied, CaseChanged.
    """
    case = locked(case_id)
    permissions.authorise(actor, CaseAction.SUBMIT, case)
    if not case.is_draft:
        return case
    check_version(case, CaseAction.SUBMIT, expected_version)
    if urgency_reason is not None:
        case.urgency = Urgency.WISHED if urgency_reason else Urgency.NORMAL
        case.urgency_reason = urgency_reason
    missing = [name for name in required_fields(case) if not getattr(case, name)]
    if missing or case.organisation is None:
        raise Incomplete(missing)
    if not permissions.may_send_for(actor, case.organisation):
        raise PermissionDenied("request for this organisation")
    if not permissions.is_open_member(actor, case.organisation):
        # Only now: while one writes, the choice may still change, and a draft may be deleted.
        request_membership(user=actor, organisation=case.organisation)
    if case.files.exclude(state=FileState.CLEAN).exists():
        raise FilesNotReady
    _settle_urgency(case)
    # Of another authority of the author: the people of this one would read of it.
    case.bookings.remove(*case.bookings.exclude(organisation=case.organisation))
    if not case.is_about_procurement:
        # Entered before the topic was taken back: nobody sees it any more, so it must not stay.
        ProcurementBlock.objects.filter(case=case).delete()
        case.procedure_state = ""
        case.save(update_fields=["procedure_state"])
    tell(case.submit(actor=actor))
    if case.urgency == Urgency.WISHED:
        tell_urgent(case)
    return case


@transaction.atomic
def delete_draft(*, case_id: int, actor: User | None) -> None:
    """By the author, or by the system (None) after 60 days."""
    case = begin(case_id, CaseAction.DELETE_DRAFT, actor)
    forget_files(case)
    case.delete_draft()


def _end_take_overs(case: ConsultingRequest, actor: User, released: Iterable[User]) -> None:
    """An event and a mail for each: nobody loses a request that was taken over without hearing of it."""
    taken_over = case.participants.filter(has_taken_over=True, user__in=[u.pk for u in released])
    for participant in taken_over.select_related("user"):
        participant.delete()
        event = record(case, CaseEventKind.TAKE_OVER_ENDED, actor, person=participant.user_id)
        tell_take_over_ended(event, participant.user)


def _settle_urgency(case: ConsultingRequest) -> None:
    if case.urgency == Urgency.WISHED and not is_wished_earlier(case):
        case.urgency = Urgency.NORMAL
    if case.urgency == Urgency.NORMAL:
        case.urgency_reason = ""
    elif not case.urgency_reason.strip():
        raise Incomplete(["urgency_reason"])
    case.save(update_fields=["urgency", "urgency_reason"])


def is_wished_earlier(case: ConsultingRequest) -> bool:
    """The wished date of a draft lies before what the OSK would promise today."""
    return case.wished_on is not None and case.wished_on < deadlines.answer_due(clock.today())


def _begin_draft(case_id: int, actor: User, expected_version: int | None) -> ConsultingRequest:
    case = locked(case_id)
    if not permissions.is_author(actor, case):
        raise PermissionDenied("write this draft")
    if not case.is_draft:
        raise TransitionNotAllowed(
            "save_draft",
            case.state,
            _("This request was sent already. Please write a message instead."),
        )
    check_version(case, "save_draft", expected_version)
    return case


def _set(case: ConsultingRequest, values: Mapping[str, Any]) -> set[str]:
    """Set the given content fields; returns the names of those that changed."""
    changed = {name for name, value in _checked(values).items() if getattr(case, name) != value}
    for name, value in values.items():
        setattr(case, name, value)
    case.is_confidential = case.needs_confidence
    return changed


def _checked(values: Mapping[str, Any]) -> Mapping[str, Any]:
    unknown = set(values) - CONTENT_FIELDS
    if unknown:
        raise ValueError(f"no content of a request: {unknown}")
    if values.get("urgency", Urgency.NORMAL) not in (Urgency.NORMAL, Urgency.WISHED):
        raise PermissionDenied("confirm the urgency: the Leitung does")
    return values


def _touch(case: ConsultingRequest) -> None:
    """Out-of-date forms are told; a draft that is written on lives 60 days more."""
    case.version += 1
    case.updated_at = clock.now()
    case.expiry_announced_at = None
