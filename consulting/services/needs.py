"""Wer hat dasselbe Problem? Publishing a need inside the administration, joining it, and the joint step.

Source: product.md 1.6, Synergy. All raise ``PermissionDenied`` when the actor may not, and
``TransitionNotAllowed`` when the need has moved on: its text is for people.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from consulting import permissions
from consulting.anonymity import Finding, findings
from consulting.enums import CaseEventKind, CaseState, NeedAction, NeedEnd, NeedState
from consulting.models import ConsultingRequest, Need, NeedEvent, NeedSupport
from consulting.models.need import JOINT_STEP_FROM
from consulting.services.common import locked, record
from consulting.synergy_mails import (
    active_supports,
    publishers,
    tell_need,
    tell_need_again,
    tell_need_over,
    tell_need_wanted,
)
from network.models import Organisation
from network.permissions import active_memberships
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed

_NEVER: Final = (CaseState.DRAFT, CaseState.DECLINED, CaseState.DUPLICATE, CaseState.WITHDRAWN)


class NeedNamesSomebody(TransitionNotAllowed):
    """The text for the others names people or, unwanted, the authority; ``places`` says where."""

    def __init__(self, places: list[Finding]) -> None:
        self.places = places
        super().__init__(
            NeedAction.PUBLISH,
            "",
            _("Your text still names people or your authority: %(places)s.")
            % {"places": ", ".join(f"“{place.found}”" for place in places)},
        )


def may_publish_need(case: ConsultingRequest) -> bool:
    """From a sent request of the administration that is neither confidential nor turned away."""
    organisation = case.organisation
    return (
        case.state not in _NEVER
        and not case.is_confidential
        and organisation is not None
        and organisation.is_public_administration
        and not permissions.is_membership_open(case)
    )


@transaction.atomic
def publish_need(
    *,
    case_id: int,
    actor: User,
    title: str,
    text: str,
    topics: Iterable[str] = (),
    shows_organisation: bool = False,
) -> Need:
    """Show a need to the whole administration. The same form a second time: the one that is there.

    Raises TransitionNotAllowed when another one of this request is there already.
    """
    case = locked(case_id)
    if not permissions.is_requester_side(actor, case):
        raise PermissionDenied("publish a need")
    there = case.needs.exclude(state=NeedState.ENDED).first()
    if there is not None:
        if (there.author_id, there.title, there.text) == (actor.pk, title, text):
            return there
        raise TransitionNotAllowed(
            NeedAction.PUBLISH,
            there.state,
            _("A need of this request was published already. Your text was not saved."),
        )
    if case.organisation is None or not may_publish_need(case):
        raise TransitionNotAllowed(
            NeedAction.PUBLISH, case.state, _("No need can be published from this request.")
        )
    _check_words(case, title, text, shows_organisation)
    need = Need.objects.create(
        case=case,
        organisation=case.organisation,
        author=actor,
        title=title,
        text=text,
        topics=list(topics),
        shows_organisation=shows_organisation,
        created_at=clock.now(),
    )
    need.note(NeedAction.PUBLISH, actor=actor, before="")
    record(case, CaseEventKind.NEED_PUBLISHED, actor, need=str(need.public_id))
    return need


@transaction.atomic
def edit_need(
    *,
    need_id: int,
    actor: User,
    expected_version: int,
    title: str,
    text: str,
    topics: Iterable[str] = (),
    shows_organisation: bool = False,
) -> NeedEvent:
    """The publisher's side writes it anew; who has joined stays."""
    need = _begin(need_id, NeedAction.EDIT)
    _publisher_only(need, actor)
    if need.version != expected_version:
        raise TransitionNotAllowed(NeedAction.EDIT, need.state)
    _check_words(need.case, title, text, shows_organisation)
    need.title, need.text, need.topics = title, text, list(topics)
    need.shows_organisation = shows_organisation
    return need.act(NeedAction.EDIT, NeedState.PUBLISHED, actor=actor)


@transaction.atomic
def end_need(
    *, need_id: int, actor: User, because: NeedEnd = NeedEnd.WITHDRAWN
) -> NeedEvent | None:
    """The publisher's side takes it off; who has joined is told why. None when it was ended already."""
    need = _begin(need_id)
    _publisher_only(need, actor)
    if need.state == NeedState.ENDED:
        return None
    event = need.act(NeedAction.END, NeedState.ENDED, actor=actor, because=because)
    tell_need_over(event, because)
    return event


@transaction.atomic
def join_need(
    *, need_id: int, actor: User, organisation: Organisation, shows_contact: bool = False
) -> NeedSupport:
    """Wir auch, once an organisation. ``shows_contact``: who joined and published may see ``actor``.

    A second time by the same person changes the consent only; by a colleague it changes nothing.
    """
    need = _begin(need_id, NeedAction.JOIN)
    _speaks_for(actor, organisation)
    if need.case.is_confidential or organisation.pk == need.organisation_id:
        raise TransitionNotAllowed(
            NeedAction.JOIN, need.state, _("Your organisation cannot join this need.")
        )
    support, is_new = NeedSupport.objects.get_or_create(
        need=need,
        organisation=organisation,
        defaults={
            "person": actor,
            "shows_contact": shows_contact,
            "created_at": clock.now(),
        },
    )
    if not is_new:
        if support.person_id == actor.pk and support.shows_contact != shows_contact:
            support.shows_contact = shows_contact
            support.save(update_fields=["shows_contact"])
        return support
    need.note(NeedAction.JOIN, actor=actor, before=need.state, organisation=organisation.pk)
    if need.announced_at is None and need.supports.count() >= JOINT_STEP_FROM:
        need.announced_at = clock.now()
        need.save(update_fields=["announced_at"])
        tell_need_wanted(need)
    return support


@transaction.atomic
def leave_need(*, need_id: int, actor: User, organisation: Organisation) -> bool:
    """Take "Wir auch" back, and with it the consent to show a contact. False when there was none."""
    need = _begin(need_id, NeedAction.LEAVE)
    _speaks_for(actor, organisation)
    gone, _rows = need.supports.filter(organisation=organisation).delete()
    if gone:
        need.note(NeedAction.LEAVE, actor=actor, before=need.state, organisation=organisation.pk)
    return bool(gone)


@transaction.atomic
def propose_joint_step(
    *, need_id: int, actor: User, expected_version: int, text: str, link: str = ""
) -> NeedEvent:
    """The OSK says what all could do together; everybody who joined, and the publisher, is told."""
    _advisors_only(actor)
    need = _begin(need_id, NeedAction.PROPOSE)
    if need.version != expected_version or need.case.is_confidential:
        raise TransitionNotAllowed(NeedAction.PROPOSE, need.state)
    need.joint_step, need.joint_link = text, link
    need.proposed_at, need.proposed_by = clock.now(), actor
    event = need.act(NeedAction.PROPOSE, NeedState.PUBLISHED, actor=actor)
    people = [support.person for support in active_supports(need)]
    tell_need(event, "step", [*people, *publishers(need)])
    return event


@transaction.atomic
def take_down_need(*, need_id: int, actor: User, reason: str) -> NeedEvent | None:
    """The OSK takes it off, with a reason for the publisher; who has joined hears that it did.

    None when it was taken down already.
    """
    _advisors_only(actor)
    need = _begin(need_id)
    if need.state == NeedState.TAKEN_DOWN:
        return None
    need.reason = reason
    event = need.act(NeedAction.TAKE_DOWN, NeedState.TAKEN_DOWN, actor=actor)
    tell_need(event, "down", publishers(need))
    tell_need_over(event, NeedEnd.TAKEN_DOWN)
    return event


@transaction.atomic
def restore_need(*, need_id: int, actor: User) -> NeedEvent | None:
    """The OSK shows it again. None when it is shown already."""
    _advisors_only(actor)
    need = _begin(need_id)
    if need.state == NeedState.PUBLISHED:
        return None
    need.reason = ""
    event = need.act(NeedAction.RESTORE, NeedState.PUBLISHED, actor=actor)
    tell_need(event, "back", publishers(need))
    tell_need_again(event)
    return event


def _begin(need_id: int, action: NeedAction | None = None) -> Need:
    """The case's row first, as everywhere, then the need's."""
    case = locked(Need.objects.values_list("case_id", flat=True).get(pk=need_id))
    need = Need.objects.select_for_update(of=("self",)).get(pk=need_id)
    need.case = case
    if action is not None and not need.can(action):
        raise TransitionNotAllowed(action, need.state)
    return need


def _publisher_only(need: Need, actor: User) -> None:
    if not permissions.can_speak_for_need(actor, need):
        raise PermissionDenied(f"change need {need.pk}")


def _speaks_for(actor: User, organisation: Organisation) -> None:
    """Any active member of a body of the administration."""
    belongs = any(m.organisation_id == organisation.pk for m in active_memberships(actor))
    if not belongs or not organisation.is_public_administration:
        raise PermissionDenied("join for this organisation")


def _advisors_only(actor: User) -> None:
    if not actor.is_advisor:
        raise PermissionDenied("needs are moderated by advisors")


def _check_words(case: ConsultingRequest, title: str, text: str, shows_organisation: bool) -> None:
    """Names of people and of the request must go; that of the authority, unless it is to be shown."""
    organisation = case.organisation
    shown = set()
    if shows_organisation and organisation is not None:
        shown = {organisation.name, organisation.short_name}
    places = [
        place
        for place in findings(f"{title}\n{text}", case)
        if place.is_certain and place.found not in shown
    ]
    if places:
        raise NeedNamesSomebody(places)
