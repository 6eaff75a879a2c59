"""The parts of a mail from bytes: tolerant, without recursion over what the sender nests.

The standard library's ``email`` is not used for what strangers send: it descends one stack frame a level
(RecursionError at 3,000 nested parts or brackets), decodes with any codec a header names (``idna``, ``undefined``
raise), raises TypeError on a half numbered parameter, and takes 40 seconds for one header of encoded words. Here
depth, number of parts, length of headers and codecs are bounded (RFC 2045 to 2047, 2231).
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

MAX_DEPTH = 12
MAX_PARTS = 200
MAX_HEADERS = 500
MAX_HEADER_LENGTH = 8000
MAX_HEADER_BYTES = 1_000_000

_ONE_BYTE = (
    {f"iso-8859-{n}" for n in (2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16)}
    | {f"windows-125{n}" for n in (0, 1, 3, 4, 5, 6, 7, 8)}
    | {"koi8-r", "koi8-u", "macintosh", "cp850"}
)
_MORE_BYTES = {
    "utf-16", "utf-16le", "utf-16be", "gb2312", "gbk", "gb18030", "big5", "euc-jp", "shift_jis", "iso-2022-jp",
    "euc-kr",
}  # fmt: skip
_WORD = re.compile(r"=\?([^?\s]{1,40})\?([bBqQ])\?([^?]*)\?=\s*")
_WORDS = re.compile(r"(?:=\?[^?\s]{1,40}\?[bBqQ]\?[^?]*\?=\s*)+")
_NAME = re.compile(rb"([!-9;-~]{1,100})[ \t]*:(.*)", re.DOTALL)
_PARAMETER = re.compile(r';\s*([^\s=;"]{1,60})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))')
# Controls, lone surrogates, and what turns the direction of writing: "gnp.exe" must not show as "exe.png".
UNWANTED = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")


def decode(raw: bytes, charset: str) -> str:
    """Text in the charset named; where that is unknown or wrong UTF-8, then Windows-1252. Without UNWANTED.

    Bytes that are UTF-8 are UTF-8, also under the name of a charset in which every byte means something.
    """
    named = charset.strip().strip("\"'").lower()
    order = [named, "utf-8"] if named in _MORE_BYTES else ["utf-8"]
    for codec in [*order, *([named] if named in _ONE_BYTE else [])]:
        try:
            text = raw.decode(codec)
            break
        except UnicodeError:
            continue
    else:
        text = raw.decode("cp1252", "replace")
    return UNWANTED.sub("", text.removeprefix("\ufeff"))


def _base64(raw: bytes) -> bytes:
    letters = _NOT_BASE64.sub(b"", raw)
    letters = letters[: len(letters) - 1] if len(letters) % 4 == 1 else letters
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def _run_of_words(run: re.Match[str]) -> str:
    """Neighbours in one charset are decoded together: some senders cut a letter in two."""
    out, pending, last = "", b"", ""
    for charset, how, text in _WORD.findall(run[0]):
        name = charset.partition("*")[0].lower()
        if name != last:
            out, pending, last = out + decode(pending, last), b"", name
        raw = text.encode("utf-8", "replace")
        pending += _base64(raw) if how in "bB" else binascii.a2b_qp(raw, header=True)
    trailing = " " if run[0][-1:].isspace() else ""
    return out + decode(pending, last) + trailing


def decode_words(value: str) -> str:
    """A line of text, encoded words read (RFC 2047), whatever stands in it."""
    line = " ".join(decode(value.encode("utf-8", "surrogateescape"), "utf-8").split())
    return " ".join(_WORDS.sub(_run_of_words, line).split())


@dataclass
class Part:
    """One node: its headers, and either children or a body still encoded as it came."""

    headers: list[tuple[str, bytes]]
    raw_body: bytes
    default_type: str = "text/plain"
    children: list[Part] = field(default_factory=list)

    def raw_values(self, name: str) -> list[str]:
        """All values of a header in their order, nothing decoded; what is not UTF-8 as lone surrogates."""
        found = [value[:MAX_HEADER_LENGTH] for key, value in self.headers if key == name]
        return [value.decode("utf-8", "surrogateescape") for value in found]

    def values(self, name: str) -> list[str]:
        """All values of a header, as text, in their order."""
        return [decode_words(value) for value in self.raw_values(name)]

    def value(self, name: str) -> str:
        """The first value of a header, "" where there is none."""
        return next(iter(self.values(name)), "")

    @property
    def content_type(self) -> str:
        """``text/html``; what is no type counts as text/plain (RFC 2045, 5.2)."""
        value = next(iter(self.raw_values("content-type")), "").strip().lower()
        if not value:
            return self.default_type
        found = re.match(r"[a-z0-9!#$&^_.+-]{1,80}/[a-z0-9!#$&^_.+-]{1,80}(?=[\s;(]|$)", value)
        return found[0] if found else "text/plain"

    def parameter(self, header: str, name: str) -> str:
        """A parameter of a header, continued and percent-encoded ones too (RFC 2231)."""
        pieces: dict[int, bytes] = {}
        charset = "utf-8"
        given = next(iter(self.raw_values(header)), "").partition(";")[2]
        for key, quoted, plain in _PARAMETER.findall(";" + given):
            stem, _, rest = key.lower().partition("*")
            if stem != name:
                continue
            value = re.sub(r"\\(.)", r"\1", quoted) if quoted else plain
            number = rest.rstrip("*")
            index = int(number) if re.fullmatch(r"[0-9]{1,3}", number) else 0
            extended = "*" in key and (rest == "" or rest.endswith("*"))
            if extended and index == 0 and value.count("'") >= 2:
                charset, _, value = value.split("'", 2)
            raw = value.encode("utf-8", "surrogateescape")
            pieces.setdefault(index, unquote_to_bytes(raw) if extended else raw)
        return decode_words(decode(b"".join(pieces[index] for index in sorted(pieces)), charset))

    @property
    def body(self) -> bytes:
        """The content without its transfer encoding; an unknown encoding is left as it is."""
        how = self.value("content-transfer-encoding").lower()
        if how == "base64":
            return _base64(self.raw_body)
        if how == "quoted-printable":
            return binascii.a2b_qp(self.raw_body)
        return self.raw_body

    @property
    def text(self) -> str:
        """The content as text with ``\\n`` line ends."""
        text = decode(self.body, self.parameter("content-type", "charset"))
        return text.replace("\r\n", "\n").replace("\r", "\n")


def headers_and_body(raw: bytes) -> tuple[list[tuple[str, bytes]], bytes]:
    """Splits at the first empty line, or at the first line that can be no header."""
    headers: list[tuple[str, bytes]] = []
    position = 3 if raw.startswith(b"\xef\xbb\xbf") else 0
    while position < min(len(raw), MAX_HEADER_BYTES):
        end = raw.find(b"\n", position)
        end = len(raw) if end < 0 else end + 1
        line = raw[position:end].rstrip(b"\r\n")
        if not line:
            return headers, raw[end:]
        if line[:1] in b" \t" and headers:
            name, value = headers[-1]
            if len(value) < MAX_HEADER_LENGTH:
                headers[-1] = (name, value + b" " + line.strip())
        elif match := _NAME.fullmatch(line):
            if len(headers) < MAX_HEADERS:
                headers.append((match[1].decode("ascii").lower(), match[2].strip()))
        elif not (position == 0 and line.startswith(b"From ")):
            return headers, raw[position:]
        position = end
    return headers, raw[position:]


def _pieces(body: bytes, boundary: str) -> list[bytes]:
    mark = b"--" + boundary.encode("utf-8", "replace")
    border = re.compile(re.escape(mark) + rb"(--)?[ \t]*(?=\r?\n|$)")
    found: list[bytes] = []
    start: int | None = None
    for match in border.finditer(body):
        begin = match.start()
        if begin and body[begin - 1 : begin] != b"\n":
            continue
        if start is not None:
            end = begin - (2 if body[begin - 2 : begin] == b"\r\n" else 1)
            found.append(body[start : max(start, end)])
        if match[1] or len(found) >= MAX_PARTS:
            return found
        newline = body.find(b"\n", match.end())
        start = len(body) if newline < 0 else newline + 1
    if start is not None:
        found.append(body[start:])
    return found


def parse(raw: bytes) -> tuple[Part, bool]:
    """The tree of parts, and whether something was left unopened: beyond the bounds, or its border was not found."""
    root = Part(*headers_and_body(raw))
    waiting, count, cut = [(root, 0)], 1, False
    while waiting:
        part, depth = waiting.pop(0)
        kind = part.content_type
        if not kind.startswith("multipart/"):
            continue
        boundary = part.parameter("content-type", "boundary")
        if not boundary or depth >= MAX_DEPTH or count >= MAX_PARTS:
            cut = True
            continue
        default = "message/rfc822" if kind == "multipart/digest" else "text/plain"
        pieces = _pieces(part.raw_body, boundary)
        cut = cut or not pieces or len(pieces) > MAX_PARTS - count
        for piece in pieces[: MAX_PARTS - count]:
            part.children.append(Part(*headers_and_body(piece), default_type=default))
        if part.children:  # else a nest of 12 would hold the mail 12 times
            part.raw_body = b""
        count += len(part.children)
        waiting += [(child, depth + 1) for child in part.children]
    return root, cut


def all_parts(root: Part) -> list[Part]:
    """All parts, in the order of the mail, each before its children."""
    found: list[Part] = []
    stack = [root]
    while stack:
        part = stack.pop()
        found.append(part)
        stack.extend(reversed(part.children))
    return found


def leaves(root: Part) -> list[Part]:
    """All parts with content, in the order of the mail."""
    return [part for part in all_parts(root) if not part.children]
