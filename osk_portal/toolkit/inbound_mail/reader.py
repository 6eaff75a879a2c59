"""Bytes of a mail in, what it says out. Knows no app and raises on no bytes."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from osk_portal.toolkit.inbound_mail import addresses, html, mime, text
from osk_portal.toolkit.inbound_mail.addresses import Address

MAX_BYTES = 30 * 1024 * 1024
MAX_TEXT = 200_000
MAX_HOPS = 30

_OUT_OF_OFFICE = re.compile(
    r"\s*(?:(?:automatische|autom\.) (?:antwort|abwesenheit)|automatic (?:reply|response)"
    r"|auto-?(?:reply|response|antwort)\b|auto (?:reply|response)|abwesenheit ?:"
    r"|abwesenheits(?:notiz|nachricht|assistent|info|benachrichtigung|meldung|agent)"
    r"|out of (?:the )?office|ooo ?:|vacation (?:reply|notice|message)|urlaubs(?:notiz|nachricht|meldung)"
    r"|ich bin (?:derzeit |zurzeit )?nicht im (?:büro|haus))"
    r"|.{2,100} (?:ist (?:außer haus|nicht im büro|abwesend)|is out of the office)\b",
    re.IGNORECASE,
)
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,250}>")
_COPIED_ID = re.compile(
    r"^[> \t]*Message-ID:\s{0,10}(<[^<>\s]{1,250}>)", re.IGNORECASE | re.MULTILINE
)
_DAEMON = re.compile(r"(?:mailer-daemon|postmaster|mail-daemon)@", re.IGNORECASE)
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_REPORTS = ("message/delivery-status", "message/global-delivery-status")
_COPIES = ("message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers")
_PKCS7 = {"application/pkcs7-mime", "application/x-pkcs7-mime"}
_TNEF = ("application/ms-tnef", "application/vnd.ms-tnef")


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


def _all(part: mime.Part, name: str) -> tuple[Address, ...]:
    return addresses.parse(", ".join(part.raw_values(name)))[0]


def _sender(root: mime.Part) -> Address | None:
    """The one author. Where two are named, or one in two ways, a checking server may have meant the other: None."""
    values = root.raw_values("from")
    if len(values) != 1:
        return None
    found, is_clean = addresses.parse(values[0])
    return found[0] if is_clean and len(found) == 1 else None


def _ids(part: mime.Part, name: str) -> tuple[str, ...]:
    values = " ".join(part.raw_values(name))
    return tuple(dict.fromkeys(i for i in _MESSAGE_ID.findall(values) if i.isprintable()))[-50:]


def _is_attachment(part: mime.Part) -> bool:
    if part.content_type not in ("text/plain", "text/html"):
        return True
    disposition = part.value("content-disposition").partition(";")[0].strip().lower()
    return disposition == "attachment" or bool(_file_name(part))


def _file_name(part: mime.Part) -> str:
    """The name given, without folders; of an attached mail its subject."""
    name = part.parameter("content-disposition", "filename") or part.parameter(
        "content-type", "name"
    )
    if not name and part.content_type == "message/rfc822":
        subject = mime.Part(*mime.headers_and_body(part.body.lstrip())).value("subject")
        name = f"{subject[:100].replace('/', ' ')}.eml" if subject else ""
    return re.split(r"[/\\]", name)[-1].strip()[:200]


@dataclass
class _Body:
    """The text of a mail, part by part."""

    is_cut: bool = False

    def of(self, part: mime.Part) -> str:
        """Of alternatives the plainest that says something (RFC 2046, 5.1.4), else all, in their order."""
        if part.children:
            pieces = (piece for piece in map(self.of, part.children) if piece.strip())
            if part.content_type == "multipart/alternative":
                return next(pieces, "")
            return self._cut("\n\n".join(pieces), MAX_TEXT)
        if _is_attachment(part):
            return ""
        if part.content_type == "text/html":
            return html.to_text(self._cut(part.text, html.MAX_LENGTH))
        written = self._cut(part.text, MAX_TEXT)
        if part.parameter("content-type", "format").lower() == "flowed":
            delsp = part.parameter("content-type", "delsp").lower() == "yes"
            return text.unflow(written, delete_space=delsp)
        return written

    def _cut(self, value: str, length: int) -> str:
        self.is_cut |= len(value) > length
        return value[:length]


def _recipients(part: mime.Part) -> list[FailedRecipient]:
    found = []
    body = part.body[:MAX_TEXT].replace(b"\r\n", b"\n")
    for block in re.split(rb"\n[ \t]*\n", body)[:100]:
        fields = mime.Part(*mime.headers_and_body(block.lstrip()))
        named = (fields.raw_values("final-recipient") or fields.raw_values("original-recipient"))[
            :1
        ]
        who = addresses.parse(named[0].partition(";")[2] or named[0])[0] if named else ()
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
    """A report by RFC 3464, or what servers sent before it; a receipt of delivery or reading is none."""
    reports = [p for p in parts if p.content_type in _REPORTS]
    failed = _all(root, "x-failed-recipients")
    is_daemon = sender is not None and bool(_DAEMON.match(sender.email))
    is_from_nobody = root.value("return-path") in ("", "<>")
    if not reports and not failed and not (is_daemon and is_from_nobody):
        return None
    recipients = [each for part in reports for each in _recipients(part)]
    if recipients and all(r.action in ("delivered", "relayed", "expanded") for r in recipients):
        return None
    if not recipients:
        status = _STATUS.search(body)
        code = status[1] if status else ""
        recipients = [FailedRecipient(each.email, "", code, "") for each in failed]
    copies = [
        mime.Part(*mime.headers_and_body(p.body.lstrip()))
        for p in parts
        if p.content_type in _COPIES
    ]
    ids = [each for copy in copies for each in _ids(copy, "message-id")]
    ids += [*_COPIED_ID.findall(body), *_ids(root, "in-reply-to")]
    return Bounce(tuple(recipients), next(iter(ids), ""))


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


def _is_loop(root: mime.Part, own: frozenset[str]) -> bool:
    delivered = [value.lower() for value in root.values("delivered-to")]
    claimed = [*_all(root, "from"), *_all(root, "x-loop")]
    return (
        len(root.values("received")) > MAX_HOPS
        or len(set(delivered)) < len(delivered)
        or any(each.email.lower() in own or _plain(each.email) in own for each in claimed)
    )


def _plain(email: str) -> str:
    """``answers+token@x`` is ``answers@x``."""
    local, _, domain = email.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def read(raw: bytes, *, own_addresses: frozenset[str] = frozenset()) -> InboundMail:
    """Reads a mail as it came from the server.

    ``own_addresses``: lower-case addresses the portal itself writes from; mail from them is a loop. Bytes over
    MAX_BYTES are not looked at (``is_incomplete``). Raises nothing: a mail that cannot be understood comes back with
    what could be read.
    """
    root, is_cut = mime.parse(raw[:MAX_BYTES])
    parts = mime.leaves(root)
    sender = _sender(root)
    attached = [p for p in parts if _is_attachment(p)]
    body = _Body()
    written = body.of(root)
    pieces = text.split(written)
    subject = root.value("subject")[:500]
    types = {p.content_type for p in mime.all_parts(root)}
    smime = root.parameter("content-type", "smime-type").lower()
    bounce = _bounce(root, parts, sender, written)
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
        is_automatic=_is_automatic(root) or away or bounce is not None,
        is_out_of_office=away,
        bounce=bounce,
        is_loop=_is_loop(root, own_addresses),
        is_signed="multipart/signed" in types or (bool(types & _PKCS7) and smime == "signed-data"),
        is_encrypted="multipart/encrypted" in types
        or (bool(types & _PKCS7) and smime != "signed-data"),
        has_winmail=any(
            p.content_type in _TNEF or _file_name(p).lower() == "winmail.dat" for p in attached
        ),
        is_incomplete=is_cut or body.is_cut or len(raw) > MAX_BYTES,
        sha256=hashlib.sha256(raw).hexdigest(),
    )
