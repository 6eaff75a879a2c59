"""Who is told about introductions and needs. Mails carry a link, never what was written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.db.models import Exists, OuterRef
from django.urls import reverse

from consulting import permissions
from consulting.enums import NeedEnd
from consulting.models import Introduction, IntroductionSide, Need, NeedEvent, NeedSupport
from consulting.notifications import replies, requester_side
from network.models import Membership
from osk_portal.accounts.models import User
from osk_portal.notifications.services import Message, notify

NEED_OVER: Final = "consulting.need_over"


def tell_introduction(side: IntroductionSide, what: str) -> None:
    """``what``: asked, made or over. One side's mail says nothing of the other."""
    case = side.case
    notify(
        Message(
            kind=f"consulting.introduction_{what}",
            template=f"consulting/email/introduction_{what}",
            url=side.get_absolute_url(),
            dedupe=f"consulting:introduction:{side.pk}:{what}",
            subject_key=str(case.public_id),
            thread=str(case.public_id),
            reply_to=replies(case),
            context={"case": case, "introduction": side.introduction},
        ),
        requester_side(case),
    )


def tell_proposer(introduction: Introduction) -> None:
    """The advisor who proposed it hears how it ended; another one when this person has left."""
    person = introduction.proposed_by
    sides = introduction.sides.select_related("case").order_by("pk")
    case = sides[0].case
    notify(
        Message(
            kind="consulting.staff_introduction",
            template="consulting/email/staff_introduction",
            url=reverse("admin:consulting_consultingrequest_case", args=[case.public_id]),
            dedupe=f"consulting:introduction:{introduction.pk}:{introduction.state}",
            subject_key=str(case.public_id),
            context={
                "introduction": introduction,
                "references": [str(side.case.reference) for side in sides],
            },
        ),
        [person] if person.is_active and person.is_advisor else User.objects.advisors(),
    )


def tell_need(event: NeedEvent, what: str, recipients: Iterable[User]) -> None:
    """``what``: step (a joint step is proposed), down or back; not to who caused it."""
    need = event.need
    notify(
        Message(
            kind=f"consulting.need_{what}",
            template=f"consulting/email/need_{what}",
            url=need.get_absolute_url(),
            dedupe=f"consulting:need:{event.pk}",
            subject_key=str(need.public_id),
            context={"need": need},
        ),
        [person for person in recipients if person.pk != event.actor_id],
    )


def tell_need_over(event: NeedEvent, because: NeedEnd) -> None:
    """Who has joined hears that the need is no longer shown, and why: its page is out of their reach now.

    By its title, which they have read when they joined; not where the OSK has taken it down, for the title
    may be what was wrong, nor of a request that has become confidential.
    """
    need = event.need
    is_named = because != NeedEnd.TAKEN_DOWN and not need.case.is_confidential
    notify(
        Message(
            kind=NEED_OVER,
            template="consulting/email/need_over",
            url=reverse("consulting:need_list"),
            dedupe=f"consulting:need:{event.pk}:joined",
            subject_key=str(need.public_id),
            context={
                "published_on": need.created_at,
                "title": need.title if is_named else "",
                "because": str(because),
            },
        ),
        [
            support.person
            for support in active_supports(need)
            if support.person_id != event.actor_id
        ],
    )


def tell_need_again(event: NeedEvent) -> None:
    """Who has joined heard that it was taken down, and hears now that it can be read again."""
    need = event.need
    told = {person.pk for person in publishers(need)} | {event.actor_id}
    notify(
        Message(
            kind="consulting.need_again",
            template="consulting/email/need_again",
            url=need.get_absolute_url(),
            dedupe=f"consulting:need:{event.pk}:joined",
            subject_key=str(need.public_id),
            context={"need": need},
        ),
        {s.person_id: s.person for s in active_supports(need) if s.person_id not in told}.values(),
    )


def tell_need_wanted(need: Need) -> None:
    """All advisors: enough organisations have joined."""
    notify(
        Message(
            kind="consulting.need_wanted",
            template="consulting/email/need_wanted",
            url=reverse("admin:consulting_need_page", args=[need.public_id]),
            dedupe=f"consulting:need:{need.pk}:wanted",
            subject_key=str(need.public_id),
            context={"need": need},
        ),
        User.objects.advisors(),
    )


def active_supports(need: Need) -> list[NeedSupport]:
    """Who joined, as long as the person belongs to the organisation for which it was."""
    supports = need.supports.select_related("person", "organisation")
    belongs = Membership.objects.active().filter(
        organisation=OuterRef("organisation"), user=OuterRef("person")
    )
    return list(supports.filter(Exists(belongs.order_by()), person__is_active=True))


def publishers(need: Need) -> list[User]:
    """The requester's side of the case from which the need was published, and who looks after it."""
    side = list(requester_side(need.case))
    if need.author not in side and permissions.can_speak_for_need(need.author, need):
        side.append(need.author)
    return side
