"""What of a mail's text is new, what is quoted, what is signature. Nothing is lost: each line is in one of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LONGEST_LINE = 300
_LONGEST_SIGNATURE = 15
_HEADER_LINES = 8

_DATE = r"(?=.*\d{1,4}[./: -]\d{1,2}|.*\d{4})"
_ATTRIBUTIONS = (
    # Thunderbird, Apple Mail, Gmail, KMail, Evolution, Roundcube, K-9
    re.compile(rf"Am {_DATE}(?!.*\bschrieb (?:ich|wir)\b).{{3,500}}\bschrieb\b.{{0,300}}:"),
    re.compile(rf"On {_DATE}(?!.*\b(?:I|we) wrote\b).{{3,600}}\bwrote:"),
    re.compile(rf"{_DATE}.{{3,300}}\b(?:schrieb|wrote):"),
    re.compile(rf"{_DATE}.{{3,300}}\bschrieb am\b.{{3,200}}:"),
)
_MORE = re.compile(r"(?:Am|On|\d).*\d")
_DIVIDER = re.compile(
    r"-{2,}[ ]?(?:ursprüngliche (?:nachricht|mail)|urspruengliche nachricht|original-?nachricht"
    r"|originaltermin|weitergeleitete (?:nachricht|mail)|original (?:message|appointment)|forwarded message)[ ]?-{2,}"
    r"|anfang der weitergeleiteten (?:nachricht|e-mail):|begin forwarded message:"
    r"|-{3,8}[^-].{2,200}\bschrieb(?: am .{3,60})?: ?-{3,}"  # HCL Notes
    r"|>>> .{3,200} >>>",  # GroupWise
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"\*?(von|from|gesendet|sent|datum|date|an|to|cc|kopie|betreff|subject):\*?(?:\s|$)",
    re.IGNORECASE,
)
_SENDER = {"von", "from"}
_RULE = re.compile(r"[_-]{8,}")
_SIGNATURE = re.compile(r"-- ?")
_DEVICE = re.compile(
    r"(?:diese nachricht wurde )?(?:von|mit) (?:meinem|meiner|mein|der|dem)\b.{2,60}\bgesendet\.?"
    r"|gesendet (?:von|mit|aus)\b.{2,60}|outlook für (?:ios|android|mac)\b.{0,80}\bbeziehen\b.{0,80}"
    r"|sent (?:from|with|via)\b.{2,60}|get outlook for (?:ios|android|mac)\b.{0,60}",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Split:
    """The three pieces of a text."""

    new: str
    quoted: str
    signature: str


def unflow(text: str, *, delete_space: bool) -> str:
    """Joins the lines of format=flowed where they are of one quote depth (RFC 3676, 4)."""
    out: list[str] = []
    is_open, depth = False, 0
    for line in text.split("\n"):
        body = line.lstrip(">")
        marks = len(line) - len(body)
        body = body.removeprefix(" ")
        if is_open and marks == depth and body != "-- ":
            out[-1] += body
        else:
            out.append(">" * marks + (" " if marks else "") + body)
        is_open, depth = body.endswith(" ") and body != "-- ", marks
        if is_open and delete_space:
            out[-1] = out[-1][:-1]
    return "\n".join(out)


def split(text: str) -> Split:
    """New text, the quote under or over it, the signature.

    A mail that answers between the quotes stays whole, and so does one that is nothing but a forwarded mail.
    """
    lines = text.split("\n")
    new, quoted = _split_quote(lines)
    if not any(line.strip() for line in new) and not any(_is_marked(line) for line in quoted):
        new, quoted = lines, []
    new, signature = _split_signature(new)
    return Split(_join(new), _join(quoted), _join(signature))


def _join(lines: list[str]) -> str:
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def _is_marked(line: str) -> bool:
    return line.lstrip().startswith(">")


def _split_quote(lines: list[str]) -> tuple[list[str], list[str]]:
    for index, line in enumerate(lines):
        if not line.strip():
            continue
        if length := _attribution(lines, index):
            return _around(lines, index, index + length)
        if _is_divider(line) or _is_header_block(lines, index):
            start = index
            while start and _is_rule(lines[start - 1]):
                start -= 1
            return lines[:start], lines[start:]
    end = len(lines)
    while end and (_is_marked(lines[end - 1]) or not lines[end - 1].strip()):
        end -= 1
    return lines[:end], lines[end:]


def _is_rule(line: str) -> bool:
    return not line.strip() or bool(_RULE.fullmatch(line.strip()))


def _is_divider(line: str) -> bool:
    return len(line) <= _LONGEST_LINE and bool(_DIVIDER.fullmatch(line.strip()))


def _attribution(lines: list[str], index: int) -> int:
    """How many lines from ``index`` on say who wrote what follows; 0 where none does."""
    window = ""
    first = lines[index].strip()
    most = 4 if _MORE.match(first) else 1  # only what begins like one may go on in the next lines
    for count, line in enumerate(lines[index : index + most], start=1):
        window = f"{window} {line.strip()[:_LONGEST_LINE]}".strip()
        if not line.strip():
            return 0
        if window.endswith(":"):
            return count if any(p.fullmatch(window) for p in _ATTRIBUTIONS) else 0
    return 0


def _is_header_block(lines: list[str], index: int) -> bool:
    """Outlook and webmail copy the headers instead: at least three of them, and the sender among them."""
    if not _HEADER.match(lines[index].strip()):
        return False
    names: set[str] = set()
    for line in lines[index : index + _HEADER_LINES]:
        if match := _HEADER.match(line.strip()):
            names.add(match[1].lower())
        elif not line.strip():
            break
    return len(names) >= 3 and bool(names & _SENDER)


def _around(lines: list[str], start: int, end: int) -> tuple[list[str], list[str]]:
    """Splits at an attribution (``start`` to ``end``): what is new may stand over or under the quote."""
    while end < len(lines) and not lines[end].strip():
        end += 1
    below = end
    while below < len(lines) and (_is_marked(lines[below]) or not lines[below].strip()):
        below += 1
    if below == end or below == len(lines):  # nothing marked: all of it; or nothing under it
        return lines[:start], lines[start:]
    if any(_is_marked(line) for line in lines[below:]):
        return lines, []
    return [*lines[:start], *lines[below:]], lines[start:below]


def _split_signature(lines: list[str]) -> tuple[list[str], list[str]]:
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    for index in range(end - 1, max(-1, end - 2 - _LONGEST_SIGNATURE), -1):
        if _SIGNATURE.fullmatch(lines[index]):
            return lines[:index], lines[index + 1 :]
    if end and len(lines[end - 1]) <= _LONGEST_LINE and _DEVICE.fullmatch(lines[end - 1].strip()):
        return lines[: end - 1], lines[end - 1 :]
    return lines, []
