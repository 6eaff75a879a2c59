"""Is an uploaded file what its name says, and of a kind that we take?

Source of the list: product.md 1.1 (4). Only our own header and container checks; a virus scanner comes
after, it replaces none of this.
"""

from __future__ import annotations

import hashlib
import io
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext as _

LONGEST_NAME = 150
MOST_MEMBERS = 1000
MOST_UNPACKED = 100 * 1024 * 1024
MOST_RATIO = 100

_OOXML = "application/vnd.openxmlformats-officedocument."
_OFFICE = {
    "docx": f"{_OOXML}wordprocessingml.document.main+xml",
    "xlsx": f"{_OOXML}spreadsheetml.sheet.main+xml",
    "pptx": f"{_OOXML}presentationml.presentation.main+xml",
}
_ODF = {
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odp": "application/vnd.oasis.opendocument.presentation",
}
_TEXT = ("txt", "md", "csv", "yaml", "yml", "json")
EXTENSIONS = ("pdf", *_ODF, *_OFFICE, "png", "jpg", "jpeg", *_TEXT)

# What zipfile and zlib are known to raise for bytes that somebody made up.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    RuntimeError,
    ValueError,
    EOFError,
    OSError,
    OverflowError,
)
_WEB = (b"<html", b"<script", b"<!doctype", b"<svg", b"<?php", b"<body", b"<iframe")
# Archives, executables and OLE containers (embedded objects, old Office) inside a document.
_INNER = (b"PK\x03\x04", b"Rar!", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b", b"MZ", b"\x7fELF")
_OLE = b"\xd0\xcf\x11\xe0"


class Refused(Exception):
    """The file is not taken; the text says why and what to do, in words for people."""


@dataclass(frozen=True, slots=True)
class Checked:
    name: str
    kind: str
    size: int
    sha256: str


def check(name: str, data: bytes, *, most_bytes: int) -> Checked:
    """What is known of a good file. Raises ``Refused``, and nothing else, whatever the bytes are."""
    name = clean_name(name)
    kind = name.rpartition(".")[2].lower()
    if kind not in EXTENSIONS or "." not in name:
        raise Refused(
            _(
                "We do not take this kind of file. Save it as PDF, OpenDocument, DOCX, XLSX, PPTX, PNG, JPEG or text."
            )
        )
    if not data:
        raise Refused(_("The file is empty. Choose the file again."))
    if len(data) > most_bytes:
        raise too_large(most_bytes)
    _checker(kind)(kind, data)
    return Checked(name, kind, len(data), hashlib.sha256(data).hexdigest())


def too_large(most_bytes: int) -> Refused:
    """Also for whoever knows the size before the content is read."""
    return Refused(
        _("The file is larger than %(limit)s MB. Make it smaller or split it.")
        % {"limit": most_bytes // 1024**2}
    )


def clean_name(name: str) -> str:
    """The name in composed letters. Raises Refused for a path, control and direction characters."""
    name = unicodedata.normalize("NFC", name).strip()
    if not name or len(name) > LONGEST_NAME:
        raise Refused(
            _("The file name is longer than %(limit)s characters or empty. Rename the file.")
            % {"limit": LONGEST_NAME}
        )
    if (
        name.startswith(".")
        or any(sign in name for sign in '/\\:*?"<>|')
        or any(unicodedata.category(sign)[0] in "C" for sign in name)
        or any(unicodedata.category(sign) in ("Zl", "Zp") for sign in name)
    ):
        raise Refused(_("The file name holds characters that are not allowed. Rename the file."))
    return name


def _checker(kind: str) -> Callable[[str, bytes], None]:
    if kind in _OFFICE or kind in _ODF:
        return _document
    if kind in _TEXT:
        return _text
    return {"pdf": _pdf, "png": _png}.get(kind, _jpeg)


def _mismatch() -> Refused:
    return Refused(
        _("The content does not fit the file name, or the file is damaged. Save it again.")
    )


def _no_second_face(data: bytes) -> None:
    """No page for a browser in the first bytes, no archive at the end (polyglots)."""
    head = data[:1024].lower()
    if any(mark in head for mark in _WEB) or zipfile.is_zipfile(io.BytesIO(data)):
        raise _mismatch()


def _pdf(kind: str, data: bytes) -> None:
    if not data.startswith(b"%PDF-") or b"%%EOF" not in data[-1024:]:
        raise _mismatch()
    _no_second_face(data)


def _jpeg(kind: str, data: bytes) -> None:
    if not data.startswith(b"\xff\xd8\xff") or b"\xff\xd9" not in data:
        raise _mismatch()
    _no_second_face(data)


def _png(kind: str, data: bytes) -> None:
    """Walks the chunks: IHDR first, IEND last, nothing behind it."""
    if not data.startswith(b"\x89PNG\r\n\x1a\n") or data[12:16] != b"IHDR":
        raise _mismatch()
    at = 8
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        word = data[at + 4 : at + 8]
        at += 12 + length
        if word == b"IEND" and at == len(data):
            return
    raise _mismatch()


def _text(kind: str, data: bytes) -> None:
    charset = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(charset)
    except UnicodeDecodeError:
        try:
            text = data.decode("cp1252")
        except UnicodeDecodeError:
            raise _mismatch() from None
    if any(ord(sign) < 32 and sign not in "\t\n\r\f" for sign in text) or "\x7f" in text:
        raise _mismatch()
    if kind == "json" and text.lstrip()[:1] not in tuple('{["-0123456789tfn'):
        raise _mismatch()


def _document(kind: str, data: bytes) -> None:
    if data.startswith(_OLE):
        raise Refused(
            _("The file is protected by a password or of an old format. Save it without one, anew.")
        )
    if not data.startswith(b"PK\x03\x04"):
        raise _mismatch()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _members(archive)
            if kind in _ODF:
                _odf(kind, archive)
            else:
                _ooxml(kind, archive)
    except _BROKEN:
        raise _mismatch() from None


def _members(archive: zipfile.ZipFile) -> None:
    """Bounds first, by what the directory says; then every byte is unpacked, so that it cannot lie."""
    infos = archive.infolist()
    names = [info.filename for info in infos]
    unpacked = sum(info.file_size for info in infos)
    packed = sum(info.compress_size for info in infos)
    if (
        len(infos) > MOST_MEMBERS
        or unpacked > MOST_UNPACKED
        or unpacked > MOST_RATIO * max(packed, 1024)
    ):
        raise Refused(_("Unpacked, the document is far too large. Save it as PDF."))
    if any(info.flag_bits & 1 for info in infos):
        raise Refused(_("The document is protected by a password. Save it without one."))
    # Office programs write nothing else, and other packers fail in ways of their own.
    if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in infos):
        raise _mismatch()
    if len(set(names)) != len(names) or any(
        name.startswith("/") or "\\" in name or ".." in name.split("/") for name in names
    ):
        raise _mismatch()
    for info in infos:
        with archive.open(info) as member:
            head = member.read(8)
            while member.read(1024 * 1024):
                pass
        low = info.filename.lower()
        if "vbaproject" in low or "vbadata" in low or "macrosheets/" in low or "activex/" in low:
            raise _macros()
        if head.startswith((*_INNER, _OLE)):
            raise Refused(
                _("The document holds another file inside. Take it out, or save it as PDF.")
            )


def _macros() -> Refused:
    return Refused(_("The document holds macros. Save it without macros or as PDF."))


def _ooxml(kind: str, archive: zipfile.ZipFile) -> None:
    try:
        types = archive.read("[Content_Types].xml")
    except KeyError:
        raise _mismatch() from None
    if b"macroenabled" in types.lower() or b"vbaproject" in types.lower():
        raise _macros()
    if _OFFICE[kind].encode() not in types:
        raise _mismatch()


def _odf(kind: str, archive: zipfile.ZipFile) -> None:
    names = archive.namelist()
    if names[:1] != ["mimetype"] or archive.read("mimetype") != _ODF[kind].encode():
        raise _mismatch()
    if any(name.lower().startswith(("basic/", "scripts/")) for name in names):
        raise _macros()
    for name in names:
        if name.endswith(".xml"):
            content = archive.read(name)
            if b"vnd.sun.star.script:" in content:
                raise _macros()
            if name == "META-INF/manifest.xml" and b"encryption-data" in content:
                raise Refused(_("The document is protected by a password. Save it without one."))
