"""Memberships: who belongs where, proved by a mail domain or confirmed by a person (product.md, Belonging)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction

from network import notifications, permissions
from network.enums import MembershipAction, MembershipState
from network.leaving import end_shares, lock_organisation
from network.models import Membership, MembershipEvent, Organisation, OrganisationDomain
from osk_portal.accounts.models import User
from osk_portal.accounts.services import verified_emails
from osk_portal.toolkit.deadlocks import without_deadlock


def join_by_domain(*, user: User) -> Membership | None:
    """Membership in the organisation to which the domain of a verified address belongs.

    An open or suspended membership becomes active; one that a person refused or ended stays so. None
    where no domain fits or nothing may change.
    """
    with transaction.atomic():
        organisation = _organisation_by_domain(user)
        if organisation is None:
            return None
        membership = _latest(user, organisation)
        if membership is None:
            membership, _created = Membership.objects.get_or_create(
                user=user,
                organisation=organisation,
                state__in=Membership.OPEN,
                defaults={"state": MembershipState.PENDING},
            )
            membership = _locked(membership.pk)
        if membership.state not in Membership.ALLOWED[MembershipAction.PROVE]:
            return membership if membership.state == MembershipState.ACTIVE else None
        membership.prove(actor=user)
        return membership


def record_membership(
    *, user: User, organisation: Organisation, actor: User, since: datetime
) -> Membership:
    """The OSK writes down where somebody says to belong, ``since`` the conversation.

    Active at once where the domain of the address belongs to the organisation: nobody else gets into the
    account. An earlier decision is not overruled: after a refusal or an end it is to be confirmed anew,
    and a suspended membership stays suspended.
    """
    with transaction.atomic():
        membership = _latest(user, organisation)
        is_first = membership is None
        if membership is not None and membership.state in Membership.OPEN:
            if membership.state == MembershipState.PENDING and _fits_domain(user, organisation):
                membership.prove(actor=actor)
            return membership
        membership, created = Membership.objects.get_or_create(
            user=user,
            organisation=organisation,
            state__in=Membership.OPEN,
            defaults={"state": MembershipState.PENDING, "created_at": since},
        )
        if not created:
            return membership
        if is_first and _fits_domain(user, organisation):
            membership.prove(actor=actor)
        else:
            notifications.membership_requested(membership.record("request", actor=actor))
        return membership


def suspend_unproved(*, user: User) -> list[Membership]:
    """Suspend memberships whose proof, a mail domain, this person no longer has."""
    suspended = []
    with transaction.atomic():
        organisation = _organisation_by_domain(user)
        active = Membership.objects.of(user).active().select_for_update(of=("self",))
        for membership in active.order_by("pk"):
            if membership.organisation == organisation or not _proved_by_domain(membership):
                continue
            notifications.membership_decided(membership.suspend(actor=None))
            suspended.append(membership)
    return suspended


def request_membership(*, user: User, organisation: Organisation) -> Membership:
    """The person says to belong there. Active at once where the mail domain proves it.

    Repeating it changes nothing; after a refusal it opens a new one.
    """
    with transaction.atomic():
        proved = join_by_domain(user=user)
        if proved is not None and proved.organisation_id == organisation.pk:
            return proved
        membership, created = Membership.objects.get_or_create(
            user=user,
            organisation=organisation,
            state__in=Membership.OPEN,
            defaults={"state": MembershipState.PENDING},
        )
        if created:
            notifications.membership_requested(membership.record("request", actor=user))
        return membership


def confirm_membership(*, membership_id: int, actor: User) -> MembershipEvent:
    """Raises PermissionDenied for people without a say, TransitionNotAllowed when it was decided."""
    with transaction.atomic():
        membership = _decidable(membership_id, actor)
        event = membership.confirm(actor=actor)
        notifications.membership_decided(event)
        return event


def refuse_membership(*, membership_id: int, actor: User) -> MembershipEvent:
    """Raises as ``confirm_membership``."""

    def work() -> MembershipEvent:
        with transaction.atomic():
            lock_organisation(membership_id)
            membership = _decidable(membership_id, actor)
            event = membership.refuse(actor=actor)
            if membership.confirmed_at is not None:  # it counted once, and rested
                end_shares(membership, actor)
            notifications.membership_decided(event)
            return event

    return without_deadlock(work)


def set_member_roles(
    *, membership_id: int, actor: User, is_editor: bool, is_manager: bool
) -> MembershipEvent | None:
    """Give a member these roles. Returns None where nothing changes.

    Raises PermissionDenied for people who may not give or take one that changes.
    """
    with transaction.atomic():
        membership = _locked(membership_id)
        wanted = {"is_editor": is_editor, "is_manager": is_manager}
        may = {
            "is_editor": permissions.can_appoint_editor(actor, membership),
            "is_manager": permissions.can_appoint_manager(actor, membership),
        }
        changed = [name for name, value in wanted.items() if getattr(membership, name) != value]
        if not changed:
            return None
        if not all(may[name] for name in changed):
            raise PermissionDenied
        for name in changed:
            setattr(membership, name, wanted[name])
        membership.save(update_fields=changed)
        return membership.record(
            "roles", actor=actor, before=membership.state, data={n: wanted[n] for n in changed}
        )


def _decidable(membership_id: int, actor: User) -> Membership:
    membership = _locked(membership_id)
    if not permissions.can_decide_membership(actor, membership):
        raise PermissionDenied
    return membership


def _locked(membership_id: int) -> Membership:
    rows = Membership.objects.select_for_update(of=("self",)).select_related("organisation", "user")
    return rows.get(pk=membership_id)


def organisation_of_address(email: str) -> Organisation | None:
    """To whom the domain of an address belongs. Proves nothing: a hint for a form."""
    return _organisation_of([email])


def _latest(user: User, organisation: Organisation) -> Membership | None:
    """The open membership, else the last one that ended."""
    rows = Membership.objects.of(user).filter(organisation=organisation).order_by("-pk")
    found = rows.filter(state__in=Membership.OPEN).first() or rows.first()
    return _locked(found.pk) if found else None


def _fits_domain(user: User, organisation: Organisation) -> bool:
    """The domain of the account's address, verified or not, belongs to the organisation."""
    found = _organisation_of([user.email])
    return found is not None and found.pk == organisation.pk


def _organisation_by_domain(user: User) -> Organisation | None:
    return _organisation_of(verified_emails(user))


def _organisation_of(emails: Iterable[str]) -> Organisation | None:
    """By the domain of an address or a parent of it; the longest wins."""
    candidates: set[str] = set()
    for email in emails:
        labels = email.rpartition("@")[2].split(".")
        # A top-level domain alone proves nothing.
        candidates |= {".".join(labels[start:]) for start in range(len(labels) - 1)}
    found = OrganisationDomain.objects.filter(domain__in=candidates).select_related("organisation")
    best = max(found, key=lambda row: len(row.domain), default=None)
    return best.organisation if best else None


def _proved_by_domain(membership: Membership) -> bool:
    """Whether the membership became active by a domain, not by a person's word."""
    activating = (MembershipAction.PROVE, MembershipAction.CONFIRM)
    last = membership.events.filter(kind__in=activating).order_by("at", "pk").last()
    return last is not None and last.kind == MembershipAction.PROVE
