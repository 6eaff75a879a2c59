"""Where the author of a case belongs: confirmed, corrected or refused in the case (product.md, Belonging)."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from consulting import permissions
from consulting.enums import CaseEventKind, Visibility
from consulting.keeping_mails import tell_organisation_corrected
from consulting.models import CaseEvent, ConsultingRequest
from consulting.services.common import check_version, locked, record
from network.enums import MembershipState
from network.models import Membership, Organisation
from network.services import confirm_membership, record_membership, refuse_membership
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed


@transaction.atomic
def confirm_author(*, case_id: int, actor: User, expected_version: int | None = None) -> CaseEvent:
    """The author belongs to the authority of the case. network tells the person.

    Raises PermissionDenied, and TransitionNotAllowed when it was decided already.
    """
    case = _begin(case_id, actor, "confirm_author", expected_version)
    membership = _pending(case, "confirm_author")
    confirm_membership(membership_id=membership.pk, actor=actor)
    return record(case, CaseEventKind.MEMBERSHIP_CONFIRMED, actor)


@transaction.atomic
def refuse_author(*, case_id: int, actor: User, expected_version: int | None = None) -> CaseEvent:
    """The author does not belong there. The case stays with its author and the OSK; it can still be
    corrected, or not taken on."""
    case = _begin(case_id, actor, "refuse_author", expected_version)
    membership = _pending(case, "refuse_author")
    refuse_membership(membership_id=membership.pk, actor=actor)
    return record(case, CaseEventKind.MEMBERSHIP_REFUSED, actor)


@transaction.atomic
def correct_author(
    *,
    case_id: int,
    actor: User,
    organisation: Organisation,
    expected_version: int | None = None,
) -> CaseEvent | None:
    """The author belongs to ``organisation``: the case moves there, its promises and state stay.

    The membership that was said is refused, the right one is confirmed. Nobody of the former authority
    keeps a share, and nobody of the new one gets it unasked: the author shares anew. None where the case
    stands there already and the membership counts: the same form, sent twice.
    """
    case = _begin(case_id, actor, "correct_author", None)
    membership = permissions.author_membership(case)
    is_open = permissions.is_membership_open(case)
    is_there = case.organisation_id == organisation.pk
    if is_there and not is_open:
        return None
    check_version(case, "correct_author", expected_version)
    if not is_open:
        raise TransitionNotAllowed(
            "correct_author", case.state, _("The membership was confirmed already.")
        )
    if not organisation.is_entitled:
        raise TransitionNotAllowed(
            "correct_author", case.state, _("This organisation is not entitled to advice.")
        )
    former = case.organisation_id
    if not is_there and membership and membership.state == MembershipState.PENDING:
        refuse_membership(membership_id=membership.pk, actor=actor)
    _confirm_in(organisation, case, actor)
    case.organisation = organisation
    if not is_there:
        case.deputy = None
        case.visibility = Visibility.ONLY_ME
        case.participants.all().delete()
        case.bookings.clear()  # test environments of the former authority
    case.version += 1
    case.updated_at = clock.now()
    case.save(update_fields=["organisation", "deputy", "visibility", "version", "updated_at"])
    case.__dict__.pop("_memberships", None)  # read for the former organisation
    event = record(
        case,
        CaseEventKind.ORGANISATION_CORRECTED,
        actor,
        from_organisation=former,
        to_organisation=organisation.pk,
    )
    tell_organisation_corrected(event)
    return event


def _begin(
    case_id: int, actor: User, action: str, expected_version: int | None
) -> ConsultingRequest:
    case = locked(case_id)
    if not permissions.can_decide_membership(actor, case):
        raise PermissionDenied(action)
    check_version(case, action, expected_version)
    return case


def _pending(case: ConsultingRequest, action: str) -> Membership:
    membership = permissions.author_membership(case)
    if membership is None or membership.state != MembershipState.PENDING:
        raise TransitionNotAllowed(
            action, case.state, _("This was decided already. Please look at the current state.")
        )
    return membership


def _confirm_in(organisation: Organisation, case: ConsultingRequest, actor: User) -> None:
    """An active membership of the author; one that rests is confirmed anew by this word."""
    mine = record_membership(
        user=case.author,
        organisation=organisation,
        actor=actor,
        since=case.submitted_at or clock.now(),
    )
    if mine.state != MembershipState.ACTIVE:
        confirm_membership(membership_id=mine.pk, actor=actor)
