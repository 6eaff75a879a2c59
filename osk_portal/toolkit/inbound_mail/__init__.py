"""Reading of mail that comes in: bytes to a frozen InboundMail. Knows no app."""

from osk_portal.toolkit.inbound_mail.addresses import Address
from osk_portal.toolkit.inbound_mail.reader import (
    Attachment,
    Bounce,
    FailedRecipient,
    InboundMail,
    read,
)

__all__ = ["Address", "Attachment", "Bounce", "FailedRecipient", "InboundMail", "read"]
