"""Event → who is told, and with which template. Decides no state, sends nothing itself.

Each step of a case tells the other side (issue of the main job). Mails carry reference, title and link,
never what was written; of a procurement case not even the title (product.md 1.5).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from consulting import confidential, permissions, reply_address, shared_copies, signed_links
from consulting.enums import AnswerAction, CaseEventKind, CaseState, DeadlineKind
from consulting.models import (
    Absence,
    CaseEvent,
    CaseFile,
    CaseLink,
    ConsultingRequest,
    IncomingMail,
    PartnerConsent,
    PartnerContact,
    PartnerQuestion,
    ProcurementOutcome,
    PublishedAnswerEvent,
    SurveyInvitation,
)
from consulting.models.link import LIFETIME as LINK_LIFETIME
from consulting.presentation import Standing
from osk_portal.accounts.enums import StaffRole
from osk_portal.accounts.models import User
from osk_portal.notifications import rendering
from osk_portal.notifications.services import Message, notify, notify_address, post_secret

K = CaseEventKind

MAIL_ANSWER: Final = "consulting.mail_answer"
"""To somebody without an account, who has written first."""

STAFF_ABSENT: Final = "consulting.staff_absent"
STAFF_MAILS: Final = "consulting.staff_mails"

_TO_REQUESTER: Final[dict[str, str]] = {
    K.SUBMITTED: "request_received",
    K.TAKEN_UP: "case_moved",
    K.ASSIGNED: "case_moved",
    K.RETURNED: "case_moved",
    K.STARTED: "case_moved",
    K.ASKED_BACK: "case_asked_back",
    K.REPLIED: "case_moved",
    K.PARTNER_INVOLVED: "case_moved",
    K.PARTNER_DONE: "case_moved",
    K.ANSWERED: "case_answered",
    K.CLOSED: "case_closed",
    K.CLOSED_SILENT: "case_closed",
    K.REOPENED: "case_moved",
    K.DECLINED: "case_moved",
    K.MARKED_DUPLICATE: "case_moved",
    K.UNDONE: "case_moved",
    K.WITHDRAWN: "case_moved",
    K.MESSAGE_ADDED: "case_message",
    K.CALLED: "case_message",
    K.MAIL_ADDED: "case_message",
    K.REMINDED: "case_reminder",
    K.TAKEN_OVER: "case_taken_over",
    K.HANDED_OVER: "case_handed_over",
    K.DEPUTY_NAMED: "case_deputy",
    K.DEPUTY_LEFT: "case_deputy",
    K.URGENCY_CONFIRMED: "case_urgent",
    K.URGENCY_ANSWERED: "case_urgency_answered",
    K.INQUIRY_DECIDED: "case_moved",
    K.PROCEDURE_CHANGED: "case_moved",
    K.COMPANIES_WITHDRAWN: "case_moved",
    K.PROCUREMENT_COMPLETED: "case_procurement",
}
"""Templates for the requester's side; ``_is_news`` leaves out what changes nothing for it."""

_TO_OSK: Final[dict[str, str]] = {
    K.SUBMITTED: "staff_new",
    K.ASSIGNED: "staff_assigned",
    K.RETURNED: "staff_moved",
    K.REPLIED: "staff_replied",
    K.PARTNER_ANSWERED: "staff_moved",
    K.PARTNER_REFUSED: "staff_moved",
    K.PARTNER_DONE: "staff_moved",
    K.CLOSED: "staff_moved",
    K.CLOSED_SILENT: "staff_moved",
    K.REOPENED: "staff_moved",
    K.DECLINED: "staff_moved",
    K.WITHDRAWN: "staff_moved",
    K.MESSAGE_ADDED: "staff_message",
    K.URGENCY_CONFIRMED: "staff_moved",
    K.TAKEN_OVER: "staff_moved",
    K.HANDED_OVER: "staff_moved",
    K.CALLED: "staff_message",
    K.PARTNER_ASKED_BACK: "staff_moved",
    K.CONSENT_GIVEN: "staff_moved",
    K.CONSENT_REFUSED: "staff_moved",
    K.CONSENT_WITHDRAWN: "staff_moved",
    K.PROCEDURE_CHANGED: "staff_moved",
    K.COMPANIES_WITHDRAWN: "staff_moved",
    K.APPOINTMENT_REFUSED: "staff_moved",
    K.APPOINTMENT_LAPSED: "staff_moved",
    K.MAIL_ADDED: "staff_message",
    K.MAIL_NOTED: "staff_message",
}
"""Templates for the assignee, or for all advisors while there is none; never for who did it."""


def tell(event: CaseEvent) -> None:
    """Tell both sides about ``event``, except the person who caused it."""
    case = event.case
    is_recorded = event.kind == K.SUBMITTED and "channel" in event.data  # see tell_recorded
    if event.kind in _TO_REQUESTER and not is_recorded and _is_news(event):
        people = list(requester_side(case))
        if event.kind != K.SUBMITTED:  # the receipt goes to who has sent it
            people = _without(event.actor, people)
        _send(event, _TO_REQUESTER[event.kind], people, case.get_absolute_url(), "requester")
    if event.kind in _TO_OSK:
        people = _without(event.actor, osk_side(case))
        _send(event, _TO_OSK[event.kind], people, staff_url(case), "osk")
    shared_copies.send(event, _context(event))


def _is_news(event: CaseEvent) -> bool:
    """Back in triage from "assigned" the page reads as before; from any other state the requester's side must
    hear that it waits for the OSK again."""
    return event.kind != K.RETURNED or event.from_state != CaseState.ASSIGNED


def tell_recorded(event: CaseEvent, link: CaseLink | None) -> None:
    """The receipt of a recorded request, with the link that opens it without an account."""
    if link is None:
        case = event.case
        _send(event, "request_recorded", [case.author], case.get_absolute_url(), "requester")
    else:
        send_link(link, event, "request_recorded")


def send_link(link: CaseLink, event: CaseEvent, template: str) -> None:
    """A mail that opens a case is kept encrypted, and it is not sent once the link is dead."""
    case, person = event.case, link.person
    thread, answers_to = str(case.public_id), replies(case)
    reply_to = "" if answers_to is None else answers_to(person)
    rendered = rendering.render(
        f"consulting/email/{template}",
        {
            **_context(event),
            "recipient": person,
            "thread": thread,
            "reply_to": reply_to,
            "link_url": rendering.absolute_url(link.get_absolute_url()),
            "link_until": link.expires_on,
        },
        language=person.language,
        url=case.get_absolute_url(),
    )
    post_secret(
        kind=f"consulting.{template}",
        address=person.email,
        user=person,
        language=person.language,
        subject=rendered.subject,
        body=rendered.body,
        lifetime=LINK_LIFETIME,
        subject_key=str(case.public_id),
        thread=thread,
        reply_to=reply_to,
    )


def replies(case: ConsultingRequest) -> Callable[[User], str] | None:
    """Where the requester's side answers by mail; nowhere once the case takes no words any more.

    The OSK answers on its page: there it chooses who may read what.
    """
    if not (case.takes_messages or case.state == CaseState.CLOSED):
        return None
    return lambda person: reply_address.reply_address(case, person)


def tell_take_over_ended(event: CaseEvent, person: User) -> None:
    """Who had taken over hears that the author has ended it. The title is not theirs to read any more."""
    case = event.case
    notify(
        Message(
            kind="consulting.take_over_ended",
            template="consulting/email/take_over_ended",
            url=reverse("consulting:request_list"),
            dedupe=f"consulting:event:{event.pk}:released",
            subject_key=str(case.public_id),
            context={"case": case, "actor": event.actor},
        ),
        [person],
    )


def tell_draft_expires(case: ConsultingRequest) -> None:
    """The author hears once, 14 days before a draft goes."""
    notify(
        Message(
            kind="consulting.draft_expires",
            template="consulting/email/draft_expires",
            url=case.get_absolute_url(),
            dedupe=f"consulting:draft:{case.pk}:{case.version}",
            subject_key=str(case.public_id),
            context={"case": case},
        ),
        [case.author],
    )


def tell_partner(question: PartnerQuestion) -> None:
    """Who answers for the partner hears that the OSK asks; the question stands on its page only."""
    _tell_partner_side("partner_asked", question, f"partner:{question.pk}")


def tell_partner_reply(reply: PartnerContact) -> None:
    """Who answers for the partner hears that the OSK has replied; the text stands on the page only."""
    _tell_partner_side("partner_replied", reply.question, f"partner_reply:{reply.pk}")


def tell_partner_withdrawn(question: PartnerQuestion) -> None:
    """Who answers for the partner hears that nothing is to be done any more; not why: that is the case's."""
    _tell_partner_side("partner_withdrawn", question, f"partner_withdrawn:{question.pk}")


def _tell_partner_side(name: str, question: PartnerQuestion, once: str) -> None:
    members = question.organisation.memberships.active().answering().select_related("user")
    notify(
        Message(
            kind=f"consulting.{name}",
            template=f"consulting/email/{name}",
            url=question.get_absolute_url(),
            dedupe=f"consulting:{once}",
            subject_key=str(question.public_id),
            context={"question": question},
        ),
        [membership.user for membership in members],
    )


def tell_consent(consent: PartnerConsent, event: CaseEvent) -> None:
    """The requester's side decides what partners may be told; the page alone shows it."""
    _send(
        event, "consent_asked", requester_side(event.case), consent.get_absolute_url(), "requester"
    )


def tell_deadline(case: ConsultingRequest, kind: DeadlineKind, day: date) -> None:
    """The contact person, or the leads while there is none, about a promise for ``day``.

    Of a confidential case the mail carries reference and link only (product.md 1.5).
    """
    template = f"staff_{kind}"
    has_contact = case.assignee is not None and case.assignee.is_advisor
    is_answer = case.first_responded_at is not None
    promise = Standing(case).promise if is_answer else ""
    notify(
        Message(
            kind=f"consulting.{template}",
            template=f"consulting/email/{template}",
            url=staff_url(case),
            dedupe=f"consulting:{kind}:{case.pk}:{case.first_responded_at is None}:{day}",
            subject_key=str(case.public_id),
            thread=str(case.public_id),
            context={
                "case": case,
                **confidential.staff_mail(case, promise=promise, day=None if is_answer else day),
            },
        ),
        osk_side(case) if has_contact else leads(),
    )


def send_mail_answer(mail: IncomingMail, answers: Sequence[str]) -> None:
    """What an advisor answers to a mail that is no request. Only ever by the hand of a person.

    ``answers``: the Message-IDs of the thread that the mail stands in, its own last.
    """
    notify_address(
        Message(
            kind=MAIL_ANSWER,
            template="consulting/email/mail_answer",
            url=reverse("consulting:home"),
            dedupe=f"consulting:mail:{mail.pk}:{mail.version}",
            subject_key=str(mail.public_id),
            context={"mail": mail},
            answers=tuple(answers),
            reason=_("You have written to the OSK."),
        ),
        address=mail.answer_to,
    )


def tell_mails(count: int, *, newest: int) -> None:
    """All advisors: mail waits in the Posteingang. How many, never from whom or what.

    ``newest``: key of the newest one, which no earlier notice has told of.
    """
    notify(
        Message(
            kind=STAFF_MAILS,
            template="consulting/email/staff_mails",
            url=reverse("admin:consulting_incomingmail_changelist"),
            dedupe=f"consulting:mails:{newest}",
            context={"count": count},
        ),
        User.objects.advisors(),
    )


def tell_mail_waits(mail: IncomingMail, case: ConsultingRequest) -> None:
    """A mail that is perhaps about ``case`` waits for a person; until then the case stays as it is."""
    notify(
        Message(
            kind="consulting.staff_mail_waits",
            template="consulting/email/staff_mail_waits",
            url=mail.get_absolute_url(),
            dedupe=f"consulting:mail_waits:{mail.pk}",
            subject_key=str(case.public_id),
            thread=str(case.public_id),
            context={"case": case, **confidential.staff_mail(case)},
        ),
        osk_side(case),
    )


def tell_deputy(absence: Absence) -> None:
    """Who stands in hears for whom and from when on."""
    days = f"{absence.starts_on}:{absence.ends_on}"
    notify(
        Message(
            kind="consulting.staff_deputy",
            template="consulting/email/staff_deputy",
            url=reverse("admin:consulting_consultingrequest_queue", args=["mine"]),
            dedupe=f"consulting:absence:{absence.user_id}:{absence.deputy_id}:{days}",
            subject_key=str(absence.user.public_id),
            context={"absence": absence},
        ),
        [absence.deputy],
    )


def tell_absent(absence: Absence) -> None:
    """For whom the OSK-Leitung has entered an absence hears which, and can change it."""
    days = f"{absence.starts_on}:{absence.ends_on}"
    notify(
        Message(
            kind=STAFF_ABSENT,
            template="consulting/email/staff_absent",
            url=reverse("admin:consulting_absence"),
            dedupe=f"consulting:absent:{absence.user_id}:{absence.deputy_id}:{days}",
            subject_key=str(absence.user.public_id),
            context={"absence": absence},
        ),
        [absence.user],
    )


def tell_urgent(case: ConsultingRequest, *, is_reminder: bool = False) -> None:
    """The Leitung decides about the urgency within a working day; once more when it has not."""
    suffix = ":reminder" if is_reminder else ""
    notify(
        Message(
            kind="consulting.staff_urgent",
            template="consulting/email/staff_urgent",
            url=staff_url(case),
            dedupe=f"consulting:urgency:{case.pk}{suffix}",
            subject_key=str(case.public_id),
            thread=str(case.public_id),
            context={"case": case, **confidential.staff_mail(case)},
        ),
        leads(),
    )


def tell_outcome_question(asked: ProcurementOutcome, *, is_reminder: bool) -> None:
    """Ask the requester's side what became of a procurement, by a link that needs no sign-in."""
    _ask(asked.case, "outcome", asked, "reminder" if is_reminder else "first")


def tell_infected(case: ConsultingRequest, file: CaseFile) -> None:
    """Malware was found in ``file``, which is removed. The mail names neither the file nor the finding."""
    url, thread = case.get_absolute_url(), ""
    if case.is_draft:
        people: Iterable[User] = [case.author]
        url = reverse("consulting:request_files", args=[case.public_id])
    elif not file.by_osk:
        people, thread = requester_side(case), str(case.public_id)
    else:
        by = file.uploaded_by
        people = [by] if by is not None and by.is_active and by.is_advisor else []
        url = staff_url(case)
    notify(
        Message(
            kind="consulting.file_infected",
            template="consulting/email/file_infected",
            url=url,
            dedupe=f"consulting:infected:{file.pk}",
            subject_key=str(case.public_id),
            thread=thread,
            reply_to=replies(case) if thread else None,
            context={"case": case, "title": confidential.title_outside(case)},
        ),
        people,
    )


def tell_survey(invitation: SurveyInvitation) -> None:
    _ask(invitation.case, "survey", invitation, "first")


def _ask(
    case: ConsultingRequest, what: str, asked: ProcurementOutcome | SurveyInvitation, turn: str
) -> None:
    """Without a reply address: a reply would quote the link into the request, and say there what only the
    form is asked for."""
    notify(
        Message(
            kind=f"consulting.{what}",
            template=f"consulting/email/{what}",
            url=reverse(f"consulting:{what}", args=[signed_links.make(what, asked.public_id)]),
            dedupe=f"consulting:{what}:{asked.pk}:{turn}",
            subject_key=str(case.public_id),
            thread=str(case.public_id),
            context={"case": case},
        ),
        requester_side(case),
    )


def requester_side(case: ConsultingRequest) -> Iterable[User]:
    """The author and the colleagues with write access who may still read the case."""
    people = {case.author_id: case.author}
    if case.deputy is not None:
        people[case.deputy.pk] = case.deputy
    for participant in case.participants.filter(may_write=True).select_related("user"):
        people[participant.user_id] = participant.user
    return [p for p in people.values() if p.is_active and permissions.is_requester_side(p, case)]


def osk_side(case: ConsultingRequest) -> Iterable[User]:
    """The contact person, with the deputy of an absent one; all advisors while there is none."""
    if case.assignee is None or not case.assignee.is_advisor:
        return User.objects.advisors()
    absence = permissions.absence_of(case.assignee)
    if absence is not None and absence.deputy.is_advisor:
        return [case.assignee, absence.deputy]
    return [case.assignee]


def leads() -> Iterable[User]:
    """Active leads."""
    return User.objects.filter(is_active=True, is_staff=True, groups__name=StaffRole.LEAD)


def staff_url(case: ConsultingRequest) -> str:
    """The case page of the OSK."""
    return reverse("admin:consulting_consultingrequest_case", args=[case.public_id])


def _without(actor: User | None, people: Iterable[User]) -> list[User]:
    return [p for p in people if actor is None or p.pk != actor.pk]


def _send(event: CaseEvent, template: str, recipients: Iterable[User], url: str, side: str) -> None:
    case = event.case
    notify(
        Message(
            kind=f"consulting.{template}",
            template=f"consulting/email/{template}",
            url=url,
            dedupe=f"consulting:event:{event.pk}:{side}",
            subject_key=str(case.public_id),
            thread=str(case.public_id),
            reply_to=replies(case) if side == "requester" else None,
            context=_context(event) if side == "requester" else _staff_context(event),
        ),
        recipients,
    )


def _context(event: CaseEvent) -> dict[str, object]:
    case = event.case
    return {
        "case": case,
        "standing": Standing(case),
        "title": confidential.title_outside(case),
        "event": event,
        "actor": event.actor
        or (f"Funktionspostfach {case.organisation}" if "mailbox" in event.data else None),
    }


def _staff_context(event: CaseEvent) -> dict[str, object]:
    case = event.case
    return {
        **_context(event),
        **confidential.staff_mail(case, promise=Standing(case).promise),
        "what": confidential.event_outside(event),
        "who": "" if case.is_confidential else event.actor,
    }


def tell_answer(event: PublishedAnswerEvent, recipients: Iterable[User]) -> None:
    """Tell who has to do something with an answer for everybody, except who caused it."""
    answer = event.answer
    for_requester = event.kind == AnswerAction.AGREE
    name = "answer_objection" if for_requester else "answer_moved"
    url = (
        reverse("consulting:answer_objection", args=[answer.case.public_id])
        if for_requester
        else reverse("admin:consulting_publishedanswer_page", args=[answer.public_id])
    )
    notify(
        Message(
            kind=f"consulting.{name}",
            template=f"consulting/email/{name}",
            url=url,
            dedupe=f"consulting:answer:{event.pk}",
            subject_key=str(answer.case.public_id),
            thread=str(answer.case.public_id) if for_requester else "",
            reply_to=replies(answer.case) if for_requester else None,
            context={"answer": answer, "case": answer.case},
        ),
        _without(event.actor, recipients),
    )
