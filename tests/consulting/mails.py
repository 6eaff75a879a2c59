"""Mails as they come from a server."""

from __future__ import annotations

from email.message import EmailMessage

FROM = "Alex Muster <alex@bezirk.example>"


def a_mail(
    *,
    sender: str = FROM,
    to: str = "opensource@itdz-berlin.de",
    subject: str = "Frage zu Nextcloud",
    text: str = "Guten Tag,\n\nwelche Fassung sollen wir nehmen?\n",
    message_id: str = "<1@bezirk.example>",
    files: tuple[tuple[str, str, bytes], ...] = (),
    **headers: str,
) -> bytes:
    """``headers``: with _ for -, as Auto_Submitted. ``files``: (name, subtype of application, content)."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = sender, to, subject, message_id
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    for name, kind, content in files:
        mail.add_attachment(content, maintype="application", subtype=kind, filename=name)
    return mail.as_bytes()


def raw(text: str) -> bytes:
    """Word for word, with the line ends of a mail."""
    return text.replace("\n", "\r\n").encode("utf-8", "surrogateescape")


QUOTE = "\nAm Mo., 23. Nov. 2026 um 10:00 Uhr schrieb OSK <portal@osk.example>:\n> Was haben Sie gefragt?\n> Kim\n"
TEXT_FILE: tuple[str, str, bytes] = ("liste.txt", "octet-stream", b"eins\nzwei\n")
PROGRAM: tuple[str, str, bytes] = ("rechnung.pdf", "pdf", b"MZ\x90\x00 not a pdf")
