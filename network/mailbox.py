"""The Funktionspostfach of an organisation: named by its managers, used once a link sent to it was opened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from network import permissions
from network.models import Organisation, OrganisationEvent, SharedMailbox
from osk_portal.accounts.models import User
from osk_portal.notifications import rendering
from osk_portal.notifications.services import post_secret
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed

LIFETIME: Final = timedelta(days=14)
PAUSE: Final = timedelta(minutes=10)
"""Between two links: nobody floods a foreign mailbox through us."""
_SALT: Final = "network.mailbox"


class MailboxLinkDead(Exception):
    """The token opens nothing: forged, too old, or another address was named since."""


def set_mailbox(
    *, organisation: Organisation, actor: User, address: str, kinds: Sequence[str]
) -> SharedMailbox | None:
    """Name the address and of what it gets copies; an empty address takes the mailbox away (None).

    Another address is used only after the link that is sent to it was opened. The same form, sent twice,
    sends one link. Raises PermissionDenied, and TransitionNotAllowed so soon after the last link.
    """
    with transaction.atomic():
        organisation = Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
        if not permissions.can_set_mailbox(User.objects.get(pk=actor.pk), organisation):
            raise PermissionDenied
        mailbox = SharedMailbox.objects.filter(organisation=organisation).first()
        if not address:
            if mailbox is not None:
                mailbox.delete()
                _record(organisation, "mailbox_removed", actor)
            return None
        before = (mailbox.address.lower(), sorted(mailbox.kinds)) if mailbox else ("", [])
        is_just_sent = mailbox is not None and mailbox.asked_at > clock.now() - PAUSE
        if mailbox is None:
            mailbox = SharedMailbox(organisation=organisation)
        is_other = before[0] != address.lower()
        if is_other and is_just_sent:
            raise TransitionNotAllowed(
                "mailbox", "asked", _("We have just sent a link. Please wait ten minutes.")
            )
        if is_other:
            mailbox.confirmed_at = None
        mailbox.address, mailbox.kinds = address, sorted(kinds)
        if is_other or (mailbox.confirmed_at is None and not is_just_sent):
            mailbox.asked_at = clock.now()
            mailbox.save()
            _send_link(mailbox)
        mailbox.save()
        if before != (address.lower(), sorted(kinds)):
            _record(organisation, "mailbox_set", actor)
        return mailbox


def named_by(token: str) -> SharedMailbox:
    """The mailbox that a link is about. Raises MailboxLinkDead."""
    try:
        key, address = signing.loads(token, salt=_SALT, max_age=LIFETIME)
        found = SharedMailbox.objects.select_related("organisation").get(public_id=UUID(key))
    except (signing.BadSignature, SharedMailbox.DoesNotExist):
        raise MailboxLinkDead from None
    if found.address != address:
        raise MailboxLinkDead
    return found


def confirm_mailbox(*, token: str) -> SharedMailbox:
    """Who reads the mailbox says that it is right. Twice is once. Raises MailboxLinkDead."""
    with transaction.atomic():
        organisation = named_by(token).organisation
        Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
        mailbox = named_by(token)
        if mailbox.confirmed_at is None:
            mailbox.confirmed_at = clock.now()
            mailbox.save(update_fields=["confirmed_at"])
            _record(organisation, "mailbox_confirmed", None)
        return mailbox


def token_of(mailbox: SharedMailbox) -> str:
    return signing.dumps([mailbox.public_id.hex, mailbox.address], salt=_SALT)


def _send_link(mailbox: SharedMailbox) -> None:
    path = reverse("network:mailbox_confirm", args=[token_of(mailbox)])
    rendered = rendering.render(
        "network/email/mailbox_confirm",
        {"recipient": None, "organisation": mailbox.organisation},
        language="de",
        url=path,
    )
    post_secret(
        kind="network.mailbox_confirm",
        address=mailbox.address,
        user=None,
        language="de",
        subject=rendered.subject,
        body=rendered.body,
        lifetime=LIFETIME,
        subject_key=str(mailbox.public_id),
    )


def _record(organisation: Organisation, kind: str, actor: User | None) -> None:
    OrganisationEvent.objects.create(
        organisation=organisation, kind=kind, actor=actor, data={"fields": ["shared_mailbox"]}
    )
