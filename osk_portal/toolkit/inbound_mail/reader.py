"""Bytes of a mail in, what it says out. Knows no app and raises on no bytes."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from osk_portal.toolkit.inbound_mail import mime, text

MAX_BYTES = 30 * 1024 * 1024
MAX_TEXT = 200_000
MAX_HOPS = 30

_OUT_OF_OFFICE = re.compile(
    r"^\s*(?:automatische antwort|automatic reply|auto(?:matic)?[- ]?(?:reply|response)|autoreply|abwesen"
    r"|out of (?:the )?office|ooo\b|ich bin (?:derzeit |zurzeit )?nicht im (?:büro|haus)|vacation)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[^\s<>@,;:\"()\[\]\\]{1,64}@[^\s<>@,;:\"()\\]{1,255}")
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,250}>")
_DAEMON = re.compile(r"^(?:mailer-daemon|postmaster|mail-daemon)@", re.IGNORECASE)
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")


@dataclass(frozen=True)
class Address:
    """One address; the local part keeps its case, the domain does not."""

    email: str
    name: str = ""


@dataclass(frozen=True)
class Attachment:
    """A file of the mail. The name is the sender's: show it, never use it as a path."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class FailedRecipient:
    """One block of a delivery status (RFC 3464, 2.3)."""

    email: str
    action: str
    status: str
    diagnostic: str

    @property
    def is_permanent(self) -> bool:
        """5.x.x and not merely delayed."""
        return self.status.startswith("5.") and self.action in ("failed", "")


@dataclass(frozen=True)
class Bounce:
    """A report that a mail of ours did not arrive, and which one where it says so."""

    recipients: tuple[FailedRecipient, ...]
    original_message_id: str


@dataclass(frozen=True)
class InboundMail:
    """What one mail says. Everything in it is the sender's claim."""

    sender: Address | None
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    subject: str
    message_id: str
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    new_text: str
    quoted_text: str
    signature: str
    attachments: tuple[Attachment, ...]
    is_automatic: bool
    is_out_of_office: bool
    bounce: Bounce | None
    is_loop: bool
    is_signed: bool
    is_encrypted: bool
    has_winmail: bool
    is_incomplete: bool
    sha256: str

    @property
    def may_be_answered_by_machine(self) -> bool:
        """RFC 3834, 2: nothing automatic is ever answered automatically."""
        return not (self.is_automatic or self.bounce or self.is_loop) and self.sender is not None


def addresses(value: str) -> tuple[Address, ...]:
    """The addresses of a header, in order, each once; what is none is left out."""
    found: dict[str, Address] = {}
    before = 0
    for match in _ADDRESS.finditer(value[: mime.MAX_HEADER_LENGTH]):
        bracketed = value[match.start() - 1 : match.start()] == "<"
        quoted_name = not bracketed and value[match.end() : match.end() + 1] == '"'
        if quoted_name:  # an address inside a display name is not the address
            continue
        name = value[before : match.start() - 1] if bracketed else ""
        before = match.end() + 1
        local, _, domain = match[0].rpartition("@")
        email = f"{local}@{domain.lower().rstrip('.')}"
        found.setdefault(email.lower(), Address(email, name.strip(" ,;\t").strip("\"'").strip()))
    return tuple(found.values())


def _all(part: mime.Part, name: str) -> tuple[Address, ...]:
    return addresses(", ".join(part.values(name)))


def _ids(part: mime.Part, name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_MESSAGE_ID.findall(" ".join(part.values(name)))))[-50:]


def _is_attachment(part: mime.Part) -> bool:
    if part.content_type not in ("text/plain", "text/html"):
        return True
    disposition = part.value("content-disposition").partition(";")[0].strip().lower()
    return disposition == "attachment" or bool(_file_name(part))


def _file_name(part: mime.Part) -> str:
    name = part.parameter("content-disposition", "filename") or part.parameter(
        "content-type", "name"
    )
    return re.split(r"[/\\]", name)[-1].strip()[:200]


def _body(parts: list[mime.Part]) -> str:
    plain = [p.text[:MAX_TEXT] for p in parts if p.content_type == "text/plain"]
    if any(piece.strip() for piece in plain):
        return "\n\n".join(plain)[:MAX_TEXT]
    html = [text.from_html(p.text) for p in parts if p.content_type == "text/html"]
    return "\n\n".join(html)[:MAX_TEXT]


def _recipients(part: mime.Part) -> list[FailedRecipient]:
    found = []
    body = part.body[:MAX_TEXT].replace(b"\r\n", b"\n")
    for block in re.split(rb"\n[ \t]*\n", body)[:100]:
        fields = mime.Part(*mime.headers_and_body(block.lstrip()))
        named = fields.value("final-recipient") or fields.value("original-recipient")
        who = addresses(named.partition(";")[2] or named)
        if who:
            status = _STATUS.search(fields.value("status"))
            found.append(
                FailedRecipient(
                    email=who[0].email,
                    action=fields.value("action").lower()[:20],
                    status=status[1] if status else "",
                    diagnostic=fields.value("diagnostic-code")[:500],
                )
            )
    return found


def _bounce(
    root: mime.Part, parts: list[mime.Part], sender: Address | None, body: str
) -> Bounce | None:
    reports = [
        p
        for p in parts
        if p.content_type in ("message/delivery-status", "message/global-delivery-status")
    ]
    recipients = [each for part in reports for each in _recipients(part)]
    is_daemon = sender is not None and bool(_DAEMON.match(sender.email))
    failed = _all(root, "x-failed-recipients")
    if not reports and not failed and not (is_daemon and root.value("return-path") in ("", "<>")):
        return None
    if (
        reports
        and recipients
        and all(r.action in ("delivered", "relayed", "expanded") for r in recipients)
    ):
        return None  # a receipt, not a failure
    if not recipients:
        status = _STATUS.search(body)
        code = status[1] if status else ""
        recipients = [FailedRecipient(each.email, "", code, "") for each in failed]
    original = ""
    for part in parts:
        if part.content_type in ("message/rfc822", "text/rfc822-headers", "message/global-headers"):
            inner = mime.Part(*mime.headers_and_body(part.body.lstrip()))
            original = original or next(iter(_ids(inner, "message-id")), "")
    return Bounce(tuple(recipients), original)


def _is_automatic(root: mime.Part) -> bool:
    submitted = root.value("auto-submitted").partition(";")[0].strip().lower()
    return (
        submitted not in ("", "no")
        or root.value("precedence").lower() in ("bulk", "junk", "list", "auto_reply")
        or root.value("return-path") == "<>"
        or any(
            root.values(name)
            for name in ("x-autoreply", "x-autorespond", "list-id", "list-unsubscribe")
        )
    )


def _is_loop(root: mime.Part, sender: Address | None, own: frozenset[str]) -> bool:
    delivered = [value.lower() for value in root.values("delivered-to")]
    return (
        len(root.values("received")) > MAX_HOPS
        or len(set(delivered)) < len(delivered)
        or any(each.email.lower() in own for each in _all(root, "x-loop"))
        or (sender is not None and sender.email.lower() in own)
    )


def read(raw: bytes, *, own_addresses: frozenset[str] = frozenset()) -> InboundMail:
    """Reads a mail as it came from the server.

    ``own_addresses``: lower-case addresses the portal itself writes from; mail from them is a loop. Bytes over
    MAX_BYTES are not looked at (``is_incomplete``). Raises nothing: a mail that cannot be understood comes back with
    what could be read.
    """
    root, cut = mime.parse(raw[:MAX_BYTES])
    parts = mime.leaves(root)
    sender = next(iter(_all(root, "from") or _all(root, "sender")), None)
    attached = [p for p in parts if _is_attachment(p)]
    body = _body([p for p in parts if not _is_attachment(p)])
    pieces = text.split(body)
    subject = root.value("subject")[:500]
    types = {p.content_type for p in parts} | {root.content_type}
    smime = root.parameter("content-type", "smime-type").lower()
    pkcs7 = bool(types & {"application/pkcs7-mime", "application/x-pkcs7-mime"})
    bounce = _bounce(root, parts, sender, body)
    automatic = _is_automatic(root)
    away = bounce is None and bool(_OUT_OF_OFFICE.match(subject))
    return InboundMail(
        sender=sender,
        reply_to=_all(root, "reply-to"),
        to=_all(root, "to"),
        cc=_all(root, "cc"),
        subject=subject,
        message_id=next(iter(_ids(root, "message-id")), ""),
        in_reply_to=_ids(root, "in-reply-to"),
        references=_ids(root, "references"),
        new_text=pieces.new,
        quoted_text=pieces.quoted,
        signature=pieces.signature,
        attachments=tuple(Attachment(_file_name(p), p.content_type, p.body) for p in attached),
        is_automatic=automatic or away or bounce is not None,
        is_out_of_office=away,
        bounce=bounce,
        is_loop=_is_loop(root, sender, own_addresses),
        is_signed="multipart/signed" in types or (pkcs7 and smime == "signed-data"),
        is_encrypted="multipart/encrypted" in types or (pkcs7 and smime != "signed-data"),
        has_winmail=any(
            p.content_type in ("application/ms-tnef", "application/vnd.ms-tnef")
            or _file_name(p).lower() == "winmail.dat"
            for p in attached
        ),
        is_incomplete=cut or len(raw) > MAX_BYTES,
        sha256=hashlib.sha256(raw).hexdigest(),
    )
