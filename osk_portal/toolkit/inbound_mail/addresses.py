"""Addresses of a header, split before anything in it is decoded (RFC 5322, 3.4; RFC 2047, 5).

Whoever decodes first lets the display name write the address: ``"Chief <chief@x>" <other@y>`` is other@y. What can
be read in two ways counts as broken, so that nobody believes one of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from osk_portal.toolkit.inbound_mail import mime

_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|<([^<>]*)>|([,;:])|([^",;:<>()]+)|(.)', re.DOTALL)
_EMAIL = re.compile(r"[^\s<>@,;:\"()\[\]\\\ufffd]{1,64}@[^\s<>@,;:\"()\[\]\\\ufffd]{1,189}")


@dataclass(frozen=True)
class Address:
    """One address; the local part keeps its case, the domain does not."""

    email: str
    name: str = ""


@dataclass
class _Piece:
    """What stands between two commas."""

    phrase: str = ""
    bare: str = ""
    comment: str = ""
    bracketed: str | None = None
    is_broken: bool = False

    def address(self) -> Address | None:
        """The address, or None; sets ``is_broken`` where it could be read in two ways."""
        if self.bracketed is not None:
            email, name = self.bracketed.strip(), self.phrase
        elif "@" in self.phrase or "@" in self.bare:
            email, name = self.bare.strip(), self.comment
            self.is_broken |= self.bare != self.phrase  # a quoted local part, or a name beside it
        else:
            return None
        if not email:
            return None
        if self.is_broken or not _EMAIL.fullmatch(email) or not email.isprintable():
            self.is_broken = True
            return None
        local, _, domain = email.rpartition("@")
        shown = mime.decode_words(name).strip(" \t,;'\"")[:200]
        return Address(f"{local}@{domain.lower().rstrip('.')}", shown.strip())


def parse(value: str) -> tuple[tuple[Address, ...], bool]:
    """The addresses of a raw header value, in order, each once; and whether all of it could be read."""
    found: dict[str, Address] = {}
    is_clean = True
    piece = _Piece()
    position = 0
    value = value[: mime.MAX_HEADER_LENGTH]

    def finish() -> str:
        """Notes the piece; returns the phrase of one without an address: "Muster, Max <…>" is one name."""
        nonlocal piece, is_clean
        address = piece.address()
        is_clean = is_clean and not piece.is_broken
        carried = ""
        if address is not None:
            found.setdefault(address.email.lower(), address)
        elif piece.bracketed is None and not piece.is_broken:
            carried = piece.phrase
        piece = _Piece()
        return carried

    while match := _TOKEN.match(value, position):
        position = match.end()
        quoted, bracketed, separator, plain, other = match.groups()
        if quoted is not None:
            piece.phrase += re.sub(r"\\(.)", r"\1", quoted)
        elif bracketed is not None:
            piece.is_broken |= piece.bracketed is not None
            piece.bracketed = bracketed
        elif plain is not None:
            piece.is_broken |= piece.bracketed is not None and bool(plain.strip())
            piece.phrase += plain
            piece.bare += plain
        elif separator is not None:
            carried = finish()
            if separator == "," and carried.strip():
                piece.phrase = carried + ","
        elif other == "(":
            end = _end_of_comment(value, position)
            if end is None:
                return tuple(found.values()), False
            piece.comment = value[position : end - 1]
            position = end
        elif other == '"':  # never closed: nothing behind it can be told apart
            return tuple(found.values()), False
        else:
            piece.is_broken = True
    finish()
    return tuple(found.values()), is_clean


def _end_of_comment(value: str, position: int) -> int | None:
    """Behind the bracket that closes the comment; None where none does."""
    depth = 1
    while depth:
        match = re.compile(r"\\.|[()]", re.DOTALL).search(value, position)
        if match is None:
            return None
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        position = match.end()
    return position
