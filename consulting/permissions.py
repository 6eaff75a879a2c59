"""Who may do what with a case (product.md, "People" and 1.3). *When* stays on the model.

Predicates are for cases that were fetched through ``visible_to(user)``; services ask them again under
the row's lock through ``authorise``. No actor means the system: its daily jobs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from django.core.exceptions import PermissionDenied

from consulting.enums import CaseAction, CaseState, Channel, MessageKind, ProcedureState, Visibility
from consulting.models import Absence, CaseMessage, ConsultingRequest, Need, PartnerQuestion
from consulting.querysets import ENDED, UNCONFIRMED
from network.enums import MembershipState
from network.models import Membership, Organisation
from network.permissions import active_memberships, is_entitled
from osk_portal.accounts.models import User

Predicate = Callable[[User, ConsultingRequest], bool]

SYSTEM_ACTIONS: Final = frozenset(
    {
        CaseAction.CLOSE,
        CaseAction.CLOSE_SILENT,
        CaseAction.PARTNER_DONE,
        CaseAction.DELETE_DRAFT,
    }
)


def may_begin_request(user: User) -> bool:
    """Entitled members, and people without any active membership, who may choose an organisation.

    Members only of organisations that are not entitled may not (they get a page that says why).
    """
    return not active_memberships(user) or is_entitled(user)


def may_record(user: User) -> bool:
    """Write down a request that somebody made by telephone, by mail or face to face."""
    return user.is_advisor


def may_handle_mail(user: User) -> bool:
    """Read the Posteingang and decide what becomes of a mail."""
    return user.is_advisor


def may_have_link(case: ConsultingRequest) -> bool:
    """The author may read the case by a link without signing in: recorded, never confidential (1.2)."""
    author = case.author
    return (
        case.channel != Channel.WEB
        and not (case.is_confidential or case.is_about_procurement or case.is_draft)
        and author.is_active
        and author.anonymised_at is None
        and not author.is_staff
        and is_author(author, case)
    )


def may_request_for(user: User, organisation: Organisation | None) -> bool:
    """Active or pending member of an organisation that is entitled (product.md, Belonging)."""
    if organisation is None or not organisation.is_entitled:
        return False
    return is_open_member(user, organisation)


def may_send_for(user: User, organisation: Organisation | None) -> bool:
    """Also who is no active member anywhere and never was one there: sending asks to confirm it."""
    if may_request_for(user, organisation):
        return True
    return (
        organisation is not None
        and organisation.is_entitled
        and not active_memberships(user)
        and not had_membership(user, organisation)
    )


def had_membership(user: User, organisation: Organisation) -> bool:
    return Membership.objects.filter(user=user, organisation=organisation).exists()


def is_open_member(user: User, organisation: Organisation) -> bool:
    """Active, or asked for and not decided yet."""
    return Membership.objects.filter(
        user=user,
        organisation=organisation,
        state__in=(MembershipState.ACTIVE, MembershipState.PENDING),
    ).exists()


def is_author(user: User, case: ConsultingRequest) -> bool:
    """Wrote the request, and the membership for which it was written has not ended."""
    if case.author_id != user.pk:
        return False
    if case.is_draft or _is_active_member(user, case):
        return True
    mine = _memberships(case, user.pk)
    return not any(map(_is_over, mine)) or any(
        case.submitted_at is not None and m.created_at <= case.submitted_at
        for m in mine
        if not _is_over(m)
    )


def is_writer(user: User, case: ConsultingRequest) -> bool:
    """A colleague with write access: the deputy, and those who work along."""
    if case.is_draft or not _is_active_member(user, case):
        return False
    takes_part = case.deputy_id == user.pk or any(
        p.user_id == user.pk and p.may_write for p in case.participants.all()
    )
    return takes_part and _author_is_confirmed(case)


def is_requester_side(user: User, case: ConsultingRequest) -> bool:
    """May speak and decide for the authority in this case."""
    return is_author(user, case) or is_writer(user, case)


def is_assignee(user: User, case: ConsultingRequest) -> bool:
    """The contact person, and who stands in for an absent one."""
    return user.is_advisor and (case.assignee_id == user.pk or stands_in(user, case))


def stands_in(user: User, case: ConsultingRequest) -> bool:
    """``user`` is the deputy of the contact person, who is absent today."""
    absence = absence_of(case.assignee)
    return absence is not None and absence.deputy_id == user.pk


def absence_of(person: User | None) -> Absence | None:
    """The absence of an advisor while it lasts. Read along with ``assignee__absence__deputy``."""
    absence: Absence | None = getattr(person, "absence", None)
    return absence if absence is not None and absence.is_current else None


def can_enter_absence(user: User, person: User) -> bool:
    """One's own; the OSK-Leitung also that of a colleague who cannot do it, being ill."""
    return person.is_advisor and (user.pk == person.pk or user.is_lead)


def can_tag(user: User, case: ConsultingRequest) -> bool:
    return user.is_advisor and not case.is_draft


def may_read(user: User, case: ConsultingRequest) -> bool:
    """The same answer as ``visible_to(user)``, for a case at hand."""
    if is_author(user, case) or (user.is_advisor and not case.is_draft):
        return True
    if case.is_draft or not _is_active_member(user, case):
        return False
    shared = (
        case.visibility == Visibility.ORGANISATION
        or case.deputy_id == user.pk
        or any(p.user_id == user.pk for p in case.participants.all())
    )
    return shared and _author_is_confirmed(case)


def can_message(user: User, case: ConsultingRequest) -> bool:
    """Write into the public conversation. In W the requester's side replies instead."""
    return is_requester_side(user, case) or user.is_advisor


def can_mark_recommendation(user: User, case: ConsultingRequest) -> bool:
    """Say what becomes of a recommendation; *when* stays with the service."""
    return is_requester_side(user, case)


def can_note(user: User, case: ConsultingRequest) -> bool:
    return user.is_advisor and not case.is_draft


def can_edit_message(user: User, message: CaseMessage, case: ConsultingRequest) -> bool:
    """Who wrote it, as long as he or she may write such a text; reasons of decisions and mails stay as given."""
    if message.author_id != user.pk or message.kind in (MessageKind.REASON, MessageKind.MAIL):
        return False
    if message.by_osk:
        return can_note(user, case)
    return is_requester_side(user, case)


def can_export(user: User) -> bool:
    """Take lists away: OSK-Leitung (product.md, "People and what they may do")."""
    return user.is_lead


def can_share(user: User, case: ConsultingRequest) -> bool:
    return is_author(user, case)


def can_assign_to(user: User, assignee: User) -> bool:
    """A lead to any advisor, an advisor to nobody but himself or herself."""
    return assignee.is_advisor and (user.is_lead or (user.is_advisor and assignee.pk == user.pk))


def can_pass_on(user: User, person: User) -> bool:
    """Hand over what ``person`` of the OSK has to do: the Leitung, and advisors what is their own."""
    return user.is_lead or (user.is_advisor and user.pk == person.pk)


def can_answer_question(user: User, question: PartnerQuestion) -> bool:
    """For the partner speak its Redaktion and its Organisationsverwaltung."""
    return user.is_active and any(
        m.organisation_id == question.organisation_id and (m.is_editor or m.is_manager)
        for m in active_memberships(user)
    )


def can_ask_consent(user: User, case: ConsultingRequest) -> bool:
    """Ask the requester's side whether partners may be asked; also decide on a Markterkundung."""
    return is_assignee(user, case)


def can_reply_to_partner(user: User, case: ConsultingRequest) -> bool:
    """Reply to the query of a partner; *when* stays with the service."""
    return _assignee_or_lead(user, case)


def can_withdraw_companies(user: User, case: ConsultingRequest) -> bool:
    return _assignee_or_lead(user, case)


def can_complete_procurement(user: User, case: ConsultingRequest) -> bool:
    """Enter what the authority has told about its procurement: while there is no contact person any advisor."""
    return _assignee_or_lead(user, case) or (user.is_advisor and case.assignee_id is None)


def can_tell_procedure(user: User, case: ConsultingRequest, now: str = "") -> bool:
    """Say where the procedure stands. That there is none ends the confidence: only the authority says so."""
    if is_requester_side(user, case):
        return True
    return now != ProcedureState.NONE and _assignee_or_lead(user, case)


def can_manage(user: User, case: ConsultingRequest) -> bool:
    """Organisationsverwaltung of the request's organisation, as in ``of_managed_organisations``."""
    if case.is_draft:
        return False
    manages = any(
        m.is_manager and m.organisation_id == case.organisation_id for m in active_memberships(user)
    )
    return manages and _author_is_confirmed(case)


def can_hand_over(user: User, case: ConsultingRequest) -> bool:
    """Name who goes on when the author leaves: the author, the Organisationsverwaltung, an advisor.

    Whoever ends the membership, or settles what was left behind: network asks the same of the membership.
    """
    return not case.is_draft and (
        is_author(user, case) or can_manage(user, case) or user.is_advisor
    )


def can_name_deputy(user: User, case: ConsultingRequest) -> bool:
    """Name who follows a deputy that leaves: as ``can_hand_over``, and the deputy."""
    return can_hand_over(user, case) or (case.deputy_id == user.pk and is_writer(user, case))


def can_speak_for_need(user: User, need: Need) -> bool:
    """The requester's side of its request, and who looks after it since somebody left."""
    return is_requester_side(user, need.case) or (
        need.author_id == user.pk and can_succeed(user, need.case)
    )


def can_succeed(user: User, case: ConsultingRequest) -> bool:
    """An active member of the authority of the case."""
    return user.is_active and _is_active_member(user, case)


def can_arrange(user: User, case: ConsultingRequest) -> bool:
    """Offer, move and cancel appointments: the contact person and the Leitung."""
    return not case.is_draft and _assignee_or_lead(user, case)


def can_choose_appointment(user: User, case: ConsultingRequest) -> bool:
    """Choose one that is offered, say that none fits, cancel it for the authority."""
    return not case.is_draft and is_requester_side(user, case)


def can_speak_for_file(user: User, case: ConsultingRequest) -> bool:
    """Say that a case is in the e-file, and ask for a hold: the requester's side and its
    Organisationsverwaltung, who are told before a case is anonymised (product.md 1.6)."""
    return not case.is_draft and (is_requester_side(user, case) or can_manage(user, case))


def can_ask_for_hold(user: User, case: ConsultingRequest) -> bool:
    return can_speak_for_file(user, case) or (user.is_advisor and not case.is_draft)


def can_decide_hold(user: User, case: ConsultingRequest) -> bool:
    """Set and lift a hold: OSK-Leitung."""
    return user.is_lead and not case.is_draft


def can_enter_contract_end(user: User, case: ConsultingRequest) -> bool:
    return user.is_advisor and not case.is_draft


def can_grant_revision(user: User) -> bool:
    """Propose, confirm and end a right of the Revision: OSK-Leitung and operator, together."""
    return user.is_lead or user.is_operator


def may_be_revision(user: User) -> bool:
    """Who advises, leads or operates does not inspect his or her own work."""
    return user.is_active and user.anonymised_at is None and not user.staff_roles


def grants_together(one: User, other: User) -> bool:
    """One speaks for the OSK-Leitung, the other for the operator (product.md, People)."""
    return one.pk != other.pk and (
        (one.is_lead and other.is_operator) or (one.is_operator and other.is_lead)
    )


def can_decide_membership(user: User, case: ConsultingRequest) -> bool:
    """Confirm, correct or refuse where the author belongs, in the case (product.md, Belonging)."""
    return user.is_advisor and not case.is_draft and user.pk != case.author_id


def author_membership(case: ConsultingRequest) -> Membership | None:
    """The author's membership that waits for a word, else the refused one; None once one was confirmed."""
    if case.is_draft or _author_is_confirmed(case):
        return None
    mine = _memberships(case, case.author_id)
    pending = [m for m in mine if m.state == MembershipState.PENDING]
    known = pending or mine
    return known[-1] if known else None


def can_decide_urgency(user: User, case: ConsultingRequest) -> bool:
    """Confirm or answer that a request is marked as urgent (product.md 1.1)."""
    return user.is_lead and not case.is_draft


def is_membership_open(case: ConsultingRequest) -> bool:
    """The author's membership is still to be confirmed: product.md, Belonging."""
    is_written = not case.is_draft and case.anonymised_at is None
    return is_written and not _author_is_confirmed(case)


def _advisor(user: User, case: ConsultingRequest) -> bool:
    return user.is_advisor


def _lead(user: User, case: ConsultingRequest) -> bool:
    return user.is_lead


def _assignee_or_lead(user: User, case: ConsultingRequest) -> bool:
    return is_assignee(user, case) or user.is_lead


def _can_ask_back(user: User, case: ConsultingRequest) -> bool:
    if case.state == CaseState.TRIAGE:
        return user.is_advisor
    return _assignee_or_lead(user, case)


def _can_reopen(user: User, case: ConsultingRequest) -> bool:
    return is_requester_side(user, case) or user.is_advisor


def _can_snooze(user: User, case: ConsultingRequest) -> bool:
    """The follow-up date is the assignee's; while there is none any advisor's."""
    return _assignee_or_lead(user, case) or (user.is_advisor and case.assignee_id is None)


def _nobody(user: User, case: ConsultingRequest) -> bool:
    return False


WHO: Final[Mapping[CaseAction, Predicate]] = {
    CaseAction.SUBMIT: is_author,
    CaseAction.TAKE_UP: _advisor,
    CaseAction.ASSIGN: _advisor,  # to whom: can_assign_to
    CaseAction.RETURN_TO_QUEUE: _assignee_or_lead,
    CaseAction.START: is_assignee,
    CaseAction.ANSWER_AT_ONCE: _advisor,
    CaseAction.ASK_BACK: _can_ask_back,
    CaseAction.REPLY: is_requester_side,
    CaseAction.INVOLVE_PARTNER: is_assignee,
    CaseAction.PARTNER_DONE: is_assignee,
    CaseAction.ANSWER: _assignee_or_lead,
    CaseAction.CLOSE: is_requester_side,
    CaseAction.CLOSE_SILENT: _nobody,
    CaseAction.REOPEN: _can_reopen,
    CaseAction.DECLINE: _lead,
    CaseAction.MARK_DUPLICATE: _advisor,
    CaseAction.UNDO: _lead,
    CaseAction.WITHDRAW: is_requester_side,
    CaseAction.DELETE_DRAFT: is_author,
    CaseAction.SNOOZE: _can_snooze,
    CaseAction.WAKE: _can_snooze,
}


def may(user: User, action: CaseAction, case: ConsultingRequest) -> bool:
    return WHO[action](user, case)


def authorise(actor: User | None, action: CaseAction, case: ConsultingRequest) -> None:
    """Raise PermissionDenied unless ``actor`` (None: the system) may do ``action``."""
    allowed = action in SYSTEM_ACTIONS if actor is None else may(actor, action, case)
    if not allowed:
        raise PermissionDenied(f"{action} on case {case.pk}")


def allowed_actions(user: User, case: ConsultingRequest) -> frozenset[CaseAction]:
    """What ``user`` may do with ``case`` now: who and when together. These become buttons."""
    return frozenset(a for a in CaseAction if case.can(a) and may(user, a, case))


def _is_active_member(user: User, case: ConsultingRequest) -> bool:
    return any(m.state == MembershipState.ACTIVE for m in _memberships(case, user.pk))


def _author_is_confirmed(case: ConsultingRequest) -> bool:
    return any(
        m.state not in UNCONFIRMED or m.confirmed_at is not None
        for m in _memberships(case, case.author_id)
    )


def _is_over(membership: Membership) -> bool:
    """Was confirmed, and is no more."""
    return membership.state in ENDED or (
        membership.state == MembershipState.REFUSED and membership.confirmed_at is not None
    )


def know_memberships(
    case: ConsultingRequest, people: Iterable[int], memberships: Iterable[Membership]
) -> None:
    """Keep ``memberships`` that were read along with ``case``: all that ``people`` have in its organisation."""
    known: dict[int, list[Membership]] = case.__dict__.setdefault("_memberships", {})
    known.update({person: [] for person in people})
    for membership in memberships:
        known[membership.user_id].append(membership)


def _memberships(case: ConsultingRequest, user_id: int) -> list[Membership]:
    """Of one person in the case's organisation, read together with the author's and kept on the case: it
    lives as long as the web request."""
    known: dict[int, list[Membership]] = case.__dict__.setdefault("_memberships", {})
    if user_id not in known:
        missing = {user_id, case.author_id} - known.keys()
        known.update({person: [] for person in missing})
        found = Membership.objects.filter(organisation=case.organisation_id, user__in=missing)
        for membership in found.order_by():
            known[membership.user_id].append(membership)
    return known[user_id]
