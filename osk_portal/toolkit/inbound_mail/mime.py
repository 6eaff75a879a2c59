"""The parts of a mail from bytes: tolerant, without recursion over what the sender nests.

The standard library's parser descends one stack frame a level and decodes with any codec a header names, so hostile
mail makes it raise. Here depth, number of parts and codecs are bounded (RFC 2045 to 2047, 2231).
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

_CHARSETS = (
    {f"iso-8859-{n}" for n in (2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16)}
    | {f"windows-125{n}" for n in (0, 1, 3, 4, 5, 6, 7, 8)}
    | {"utf-8", "utf8", "utf-16", "utf-16le", "utf-16be", "koi8-r", "koi8-u", "macintosh", "cp850"}
    | {"gb2312", "gbk", "gb18030", "big5", "euc-jp", "shift_jis", "iso-2022-jp", "euc-kr"}
)
_WORD = re.compile(r"=\?([^?\s]{1,40})\?([bBqQ])\?([^?]*)\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)[ \t\r\n]+(?==\?[^?\s]{1,40}\?[bBqQ]\?)")
_NAME = re.compile(rb"([!-9;-~]{1,100})[ \t]*:(.*)", re.DOTALL)
_PARAMETER = re.compile(r';\s*([^\s=;"]{1,60})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))')
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")


def decode(raw: bytes, charset: str) -> str:
    """Text in the charset named; where that is unknown or wrong UTF-8, then Windows-1252. No control characters."""
    named = charset.strip().strip("\"'").lower()
    order = [named] if named in _CHARSETS else []
    for codec in [*order, "utf-8"]:
        try:
            text = raw.decode(codec)
            break
        except UnicodeError:
            continue
    else:
        text = raw.decode("cp1252", "replace")
    return _CONTROL.sub("", text.removeprefix("\ufeff"))


def _base64(raw: bytes) -> bytes:
    letters = _NOT_BASE64.sub(b"", raw)
    letters = letters[: len(letters) - 1] if len(letters) % 4 == 1 else letters
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def _word(match: re.Match[str]) -> str:
    charset, how, text = match.groups()
    raw = text.encode("utf-8", "replace")
    body = _base64(raw) if how in "bB" else binascii.a2b_qp(raw, header=True)
    return decode(body, charset.partition("*")[0])


def header_text(raw: bytes) -> str:
    """One header value as a line of text, encoded words read (RFC 2047), whatever stands in it."""
    value = " ".join(decode(raw[:MAX_HEADER_LENGTH], "utf-8").split())
    return " ".join(_WORD.sub(_word, _BETWEEN_WORDS.sub(r"\1", value)).split())


@dataclass
class Part:
    """One node: its headers, and either children or a body still encoded as it came."""

    headers: list[tuple[str, bytes]]
    raw_body: bytes
    default_type: str = "text/plain"
    children: list[Part] = field(default_factory=list)

    def values(self, name: str) -> list[str]:
        """All values of a header, as text, in their order."""
        return [header_text(value) for key, value in self.headers if key == name]

    def value(self, name: str) -> str:
        """The first value of a header, "" where there is none."""
        return next(iter(self.values(name)), "")

    @property
    def content_type(self) -> str:
        """``text/html``; what is no type counts as text/plain (RFC 2045, 5.2)."""
        name = self.value("content-type").partition(";")[0].strip().lower()
        if not name:
            return self.default_type
        return name if re.fullmatch(r"[^\s/]+/[^\s/]+", name) else "text/plain"

    def parameter(self, header: str, name: str) -> str:
        """A parameter of a header, continued and percent-encoded ones too (RFC 2231)."""
        pieces: dict[int, bytes] = {}
        charset = "utf-8"
        for key, quoted, plain in _PARAMETER.findall(";" + self.value(header).partition(";")[2]):
            stem, _, rest = key.lower().partition("*")
            if stem != name:
                continue
            value = re.sub(r"\\(.)", r"\1", quoted) if quoted else plain
            number = rest.rstrip("*")
            index = int(number) if re.fullmatch(r"[0-9]{1,3}", number) else 0
            extended = "*" in key and (rest == "" or rest.endswith("*"))
            if extended and index == 0 and value.count("'") >= 2:
                charset, _, value = value.split("'", 2)
            raw = value.encode("utf-8", "replace")
            pieces.setdefault(index, unquote_to_bytes(raw) if extended else raw)
        return decode(b"".join(pieces[index] for index in sorted(pieces)), charset)

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
    position = 0
    while position < len(raw):
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
    return headers, b""


def _pieces(body: bytes, boundary: str) -> list[bytes]:
    mark = b"--" + boundary.encode("utf-8", "replace")
    ends = re.compile(rb"(?:^|\r?\n)" + re.escape(mark) + rb"(--)?[ \t]*(?=\r?\n|$)")
    found: list[bytes] = []
    start: int | None = None
    for match in ends.finditer(body):
        if start is not None:
            found.append(body[start : match.start()])
        if match[1] or len(found) >= MAX_PARTS:
            return found
        newline = body.find(b"\n", match.end())
        start = len(body) if newline < 0 else newline + 1
    if start is not None:
        found.append(body[start:])
    return found


def parse(raw: bytes) -> tuple[Part, bool]:
    """The tree of parts, and whether something was left unopened because of the bounds."""
    root = Part(*headers_and_body(raw))
    waiting, count, cut = [(root, 0)], 1, False
    while waiting:
        part, depth = waiting.pop(0)
        kind = part.content_type
        boundary = part.parameter("content-type", "boundary")
        if not kind.startswith("multipart/") or not boundary:
            continue
        if depth >= MAX_DEPTH or count >= MAX_PARTS:
            cut = True
            continue
        default = "message/rfc822" if kind == "multipart/digest" else "text/plain"
        for piece in _pieces(part.raw_body, boundary)[: MAX_PARTS - count]:
            part.children.append(Part(*headers_and_body(piece), default_type=default))
        count += len(part.children)
        waiting += [(child, depth + 1) for child in part.children]
    return root, cut


def leaves(root: Part) -> list[Part]:
    """All parts with content, in the order of the mail."""
    found: list[Part] = []
    stack = [root]
    while stack:
        part = stack.pop()
        if part.children:
            stack.extend(reversed(part.children))
        else:
            found.append(part)
    return found
