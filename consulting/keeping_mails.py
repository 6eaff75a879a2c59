"""Who is told about retention, the Revision and where an author belongs. Decides no state.

No text of a hold or a grant stands in a mail; of a case reference and link, its title only where it may.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.urls import reverse

from consulting import confidential
from consulting.enums import CaseEventKind
from consulting.models import CaseEvent, ConsultingRequest, RetentionHold, RevisionGrant
from consulting.notifications import leads, replies, requester_side, staff_url
from network.models import Membership
from osk_portal.accounts.enums import StaffRole
from osk_portal.accounts.models import User
from osk_portal.notifications.services import Message, notify

RETENTION_KINDS = ("consulting.retention_due", "consulting.hold_decided")
"""These also go to the Organisationsverwaltung, which sees the bare facts only."""


def tell_retention(event: CaseEvent, due_on: date) -> None:
    """The requester's side; without one the Organisationsverwaltung; without that the Leitung."""
    case = event.case
    side = list(requester_side(case))
    recipients = side or managers(case) or list(leads())
    is_osk = not side and not managers(case)
    notify(
        Message(
            kind="consulting.retention_due",
            template="consulting/email/retention_due",
            url=retention_staff_url(case) if is_osk else retention_url(case),
            dedupe=f"consulting:event:{event.pk}:retention",
            subject_key=str(case.public_id),
            thread=str(case.public_id) if side else "",
            reply_to=replies(case) if side else None,
            context={
                "case": case,
                "due_on": due_on,
                "title": confidential.title_outside(case) if side else "",
                "own_reference": case.own_reference if side else "",
            },
        ),
        recipients,
    )


def tell_hold_asked(hold: RetentionHold) -> None:
    """The Leitung decides."""
    case = hold.case
    notify(
        Message(
            kind="consulting.hold_asked",
            template="consulting/email/hold_asked",
            url=retention_staff_url(case),
            dedupe=f"consulting:hold:{hold.pk}:asked",
            subject_key=str(case.public_id),
            context={"case": case, **confidential.staff_mail(case)},
        ),
        _without(hold.asked_by_id, leads()),
    )


def tell_hold_decided(hold: RetentionHold) -> None:
    """Who asked for it, and the authority, which is told when something keeps its data longer."""
    case = hold.case
    side = {user.pk: user for user in requester_side(case)}
    others = {} if side else {user.pk: user for user in managers(case)}
    asked_by_osk = hold.asked_by.is_staff
    if not asked_by_osk and hold.asked_by_id not in side:
        others[hold.asked_by_id] = hold.asked_by
    _hold_decided(hold, side.values(), retention_url(case), "authority", in_thread=True)
    _hold_decided(hold, others.values(), retention_url(case), "authority")
    if asked_by_osk:
        _hold_decided(hold, [hold.asked_by], retention_staff_url(case), "osk")


def tell_organisation_corrected(event: CaseEvent) -> None:
    """The author reads for which authority the request stands now."""
    case = event.case
    notify(
        Message(
            kind="consulting.organisation_corrected",
            template="consulting/email/organisation_corrected",
            url=case.get_absolute_url(),
            dedupe=f"consulting:event:{event.pk}:corrected",
            subject_key=str(case.public_id),
            thread=str(case.public_id),
            reply_to=replies(case),
            context={"case": case, "title": confidential.title_outside(case)},
        ),
        [case.author],
    )


def tell_grant_proposed(grant: RevisionGrant) -> None:
    """Who can confirm it: the operator for a proposal of the Leitung, and the other way round."""
    roles = set()
    if grant.proposed_by.is_lead:
        roles.add(StaffRole.OPERATOR)
    if grant.proposed_by.is_operator:
        roles.add(StaffRole.LEAD)
    others = User.objects.filter(is_active=True, is_staff=True, groups__name__in=roles).distinct()
    _tell_grant(grant, "grant_proposed", _without(grant.proposed_by_id, others))


def tell_grant_confirmed(grant: RevisionGrant) -> None:
    """The person reads from when to when, and who has proposed it that it counts."""
    _tell_grant(grant, "grant_confirmed", [grant.person], reverse("revision:case_list"))
    _tell_grant(grant, "grant_decided", [grant.proposed_by])


def tell_grant_ended(grant: RevisionGrant, actor: User) -> None:
    both = [u for u in (grant.proposed_by, grant.confirmed_by) if u is not None]
    _tell_grant(grant, "grant_decided", _without(actor.pk, both))


def retention_url(case: ConsultingRequest) -> str:
    return reverse("consulting:request_retention", args=[case.public_id])


def retention_staff_url(case: ConsultingRequest) -> str:
    return f"{staff_url(case)}retention/"


def managers(case: ConsultingRequest) -> list[User]:
    """Active members of the case's organisation with the Organisationsverwaltung."""
    members = Membership.objects.active().filter(
        organisation=case.organisation_id, is_manager=True, user__is_active=True
    )
    return [member.user for member in members.select_related("user")]


def _hold_decided(
    hold: RetentionHold, people: Iterable[User], url: str, side: str, *, in_thread: bool = False
) -> None:
    what = CaseEventKind.HOLD_LIFTED if hold.ended_at else CaseEventKind.HOLD_SET
    moment = hold.ended_at or hold.set_at
    notify(
        Message(
            kind="consulting.hold_decided",
            template="consulting/email/hold_decided",
            url=url,
            dedupe=f"consulting:hold:{hold.pk}:{what}:{moment:%Y%m%d%H%M%S%f}:{side}",
            subject_key=str(hold.case.public_id),
            thread=str(hold.case.public_id) if in_thread else "",
            reply_to=replies(hold.case) if in_thread else None,
            context={"case": hold.case, "hold": hold, "was_set": hold.set_at is not None},
        ),
        people,
    )


def _tell_grant(grant: RevisionGrant, template: str, people: Iterable[User], url: str = "") -> None:
    notify(
        Message(
            kind=f"consulting.{template}",
            template=f"consulting/email/{template}",
            url=url or grant.get_absolute_url(),
            dedupe=f"consulting:grant:{grant.pk}:{template}:{bool(grant.ended_at)}",
            subject_key=str(grant.public_id),
            context={"grant": grant},
        ),
        people,
    )


def _without(user_id: int, people: Iterable[User]) -> list[User]:
    return [person for person in people if person.pk != user_id]
