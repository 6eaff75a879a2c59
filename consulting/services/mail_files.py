"""Attachments of a mail on their way into a request: each through the same checks as an upload."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from consulting.enums import CaseEventKind
from consulting.models import CaseMessage, ConsultingRequest, IncomingMail
from consulting.services.common import record
from consulting.services.files import add_file
from osk_portal.accounts.models import User
from osk_portal.toolkit import clamav, uploads
from osk_portal.toolkit.clamav import Outcome
from osk_portal.toolkit.inbound_mail import Attachment, InboundMail
from osk_portal.toolkit.transitions import TransitionNotAllowed

logger = logging.getLogger(__name__)

SCAN_SECONDS: Final = 20.0
"""Somebody waits for the page meanwhile."""
SMALL_PICTURE: Final = 50 * 1024
# What mail programs add by themselves: logos of a signature, and signatures of the whole mail.
_LOGO: Final = re.compile(r"(?:image\d{1,3}|outlook-\w{1,40}|logo)\.(?:png|jpe?g|gif)", re.I)
_SEALS: Final = (
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
    "application/pgp-signature",
)


def is_decoration(attachment: Attachment) -> bool:
    """Nobody has attached this by hand. It stays in the mail, but would only fill the request."""
    is_logo = bool(_LOGO.fullmatch(attachment.name)) and len(attachment.content) <= SMALL_PICTURE
    return is_logo or attachment.content_type in _SEALS


def checked_attachment(mail: InboundMail, position: int) -> tuple[uploads.Checked, bytes]:
    """One attachment to be saved by an advisor. Raises uploads.Refused, as for an upload, and IndexError.

    With a scanner only what it finds clean, and nothing while it is away: the mail holds the attachment still
    when the request's file was found infected and removed.
    """
    attachment = mail.attachments[position]
    checked = uploads.check(
        attachment.name, attachment.content, most_bytes=settings.OSK_FILE_MOST_MB * 1024 * 1024
    )
    if settings.OSK_CLAMAV:
        _scan(attachment.content)
    return checked, attachment.content


@transaction.atomic
def note_attachment_read(*, mail: IncomingMail, position: int, actor: User) -> None:
    """Who read an attachment of a confidential request's mail is written down (product.md 1.5)."""
    if mail.case is not None and mail.case.is_confidential:
        record(
            mail.case,
            CaseEventKind.FILE_READ,
            actor,
            mail=str(mail.public_id),
            attachment=position,
        )


def _scan(content: bytes) -> None:
    verdict = clamav.scan(settings.OSK_CLAMAV, [content], most_seconds=SCAN_SECONDS)
    if verdict.outcome is Outcome.CLEAN:
        return
    said = {"outcome": verdict.outcome.value, "detail": verdict.detail}
    if verdict.outcome is Outcome.FOUND:
        logger.warning("malware found in the attachment of a mail", extra=said)
        raise uploads.Refused(_("Malware was found in this attachment. It is not given out."))
    logger.warning("the attachment of a mail could not be scanned", extra=said)
    raise uploads.Refused(
        _("The virus scanner cannot check this attachment now. Please try again later.")
    )


def take_files(
    mail: InboundMail,
    case: ConsultingRequest,
    *,
    actor: User | None,
    message: CaseMessage | None,
    is_internal: bool = False,
    only: Collection[int] | None = None,
) -> int:
    """Add the attachments to the case; ``only``: those with these positions. How many were refused.

    A refused one stays in the mail, where the OSK sees it.
    """
    refused = 0
    for position, attachment in enumerate(mail.attachments):
        if position not in only if only is not None else is_decoration(attachment):
            continue
        try:
            add_file(
                case_id=case.pk,
                actor=actor,
                name=attachment.name,
                data=attachment.content,
                message=message,
                is_internal=is_internal,
            )
        except (uploads.Refused, TransitionNotAllowed):
            refused += 1
    return refused
