"""Who is told about merging. A side's mail says nothing of the other request, not even its reference."""

from __future__ import annotations

from consulting import confidential
from consulting.models import CaseRelation, RelationSide
from consulting.notifications import replies, requester_side, staff_url
from osk_portal.accounts.models import User
from osk_portal.notifications.services import Message, notify
from osk_portal.toolkit import clock


def tell_asked(side: RelationSide) -> None:
    """May the two be merged? Asked of everybody who decides for the authority in this request."""
    _tell(side, "asked")


def tell_over(side: RelationSide) -> None:
    """Nothing comes of it, in the same words whatever the reason was."""
    _tell(side, "over")


def _tell(side: RelationSide, what: str) -> None:
    case = side.case
    notify(
        Message(
            kind=f"consulting.merge_{what}",
            template=f"consulting/email/merge_{what}",
            url=side.get_absolute_url(),
            dedupe=f"consulting:merge:{side.pk}:{what}",
            subject_key=str(case.public_id),
            thread=str(case.public_id),
            reply_to=replies(case),
            context={"case": case, "title": confidential.title_outside(case)},
        ),
        requester_side(case),
    )


def tell_relation(relation: CaseRelation) -> None:
    """The advisor who asked hears what both have said; another one when this person has left."""
    case, person = relation.case, relation.by
    notify(
        Message(
            kind="consulting.staff_merge",
            template="consulting/email/staff_merge",
            url=staff_url(case),
            dedupe=f"consulting:merge:{relation.pk}:{relation.state}:{clock.now().isoformat()}",
            subject_key=str(case.public_id),
            thread=str(case.public_id),
            context={"case": case, "other": relation.other, "relation": relation},
        ),
        [person] if person.is_active and person.is_advisor else User.objects.advisors(),
    )
