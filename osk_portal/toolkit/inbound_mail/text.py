"""What of a mail's text is new, what is quoted, what is signature; HTML as plain text."""

from __future__ import annotations

import html
import re
import string
from dataclasses import dataclass

MAX_HTML = 400_000
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_SPACE = re.compile(r"\s+")
_UNSTORABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_BLOCKS = {
    "p",
    "div",
    "br",
    "li",
    "tr",
    "h1",
    "h2",
    "h3",
    "h4",
    "blockquote",
    "hr",
    "table",
    "ul",
    "ol",
    "pre",
}

# "Am 3. März 2026 um 10:00 schrieb …:", "On Tue, 3 Mar 2026, … wrote:", over at most three lines.
_ATTRIBUTION = re.compile(
    r"^[ \t]*(?:Am\b[^\n]{3,200}(?:\n[^\n]{1,200}){0,2}?\bschrieb\b[^\n]{0,200}:"
    r"|On\b[^\n]{3,200}(?:\n[^\n]{1,200}){0,2}?\bwrote:"
    r"|[^\n]{3,120}\bschrieb am\b[^\n]{3,120}:)[ \t]*$",
    re.MULTILINE,
)
_DIVIDER = re.compile(
    r"^[ \t]*[-_]{2,}[ \t]*(?:Ursprüngliche Nachricht|Urspruengliche Nachricht|Originalnachricht"
    r"|Weitergeleitete Nachricht|Original Message|Forwarded message|Original-Nachricht)[ \t]*[-_]{2,}[ \t]*$",
    re.MULTILINE | re.IGNORECASE,
)
_HEADER_BLOCK = re.compile(
    r"^[ \t]*(?:_{10,}[ \t]*\n\s{0,20})?\*?(?:Von|From):\*?[^\n]{1,300}\n"
    r"(?:[^\n]{0,300}\n){0,4}?[ \t]*\*?(?:Gesendet|Sent|Datum|Date|An|To|Betreff|Subject):",
    re.MULTILINE,
)
_SIGNATURE = re.compile(r"^-- ?$", re.MULTILINE)


_TAG = re.compile(r"<(?:!--|(/?)([a-zA-Z][a-zA-Z0-9]{0,20})|[!?/])")
_SILENT = ("script", "style", "title", "template")


def _after(text: str, mark: str, start: int) -> int:
    """Where the text goes on behind the next ``mark``; its end where there is none."""
    found = text.find(mark, start)
    return len(text) if found < 0 else found + len(mark)


def from_html(page: str) -> str:
    """Plain text of a page: blocks become lines, quotes get ``>``, scripts and styles vanish.

    One pass without a tree: the time it takes grows with the length alone, however deep the tags are nested. The
    result is text, not markup: whoever shows it escapes it.
    """
    page = page[:MAX_HTML]
    lowered = page.translate(_LOWER)
    out: list[str] = []
    position = quotes = 0
    while match := _TAG.search(page, position):
        out.append(_SPACE.sub(" ", html.unescape(page[position : match.start()])))
        closing, name = match[1], (match[2] or "").lower()
        if match[0] == "<!--":
            position = _after(page, "-->", match.end())
            continue
        position = _after(page, ">", match.end())
        if name in _SILENT and not closing:
            position = _after(page, ">", _after(lowered, f"</{name}", position))
        if name == "blockquote":
            quotes = max(0, quotes + (-1 if closing else 1))
        if name in _BLOCKS:
            out.append("\n" + "> " * min(quotes, 5))
    out.append(_SPACE.sub(" ", html.unescape(page[position:])))
    text = _UNSTORABLE.sub("", "".join(out)).replace("\xa0", " ")
    lines = [line.strip() for line in text.split("\n")]
    kept = [
        line
        for index, line in enumerate(lines)
        if line.strip("> ") or (index and lines[index - 1].strip("> "))
    ]
    return "\n".join("" if not line.strip("> ") else line for line in kept).strip()


@dataclass(frozen=True)
class Split:
    """The three pieces of a text."""

    new: str
    quoted: str
    signature: str


def split(text: str) -> Split:
    """New text above, then signature and quote. A mail that answers between the quotes stays whole: nothing is lost."""
    starts = [m.start() for p in (_ATTRIBUTION, _DIVIDER, _HEADER_BLOCK) if (m := p.search(text))]
    cut = min(starts, default=len(text))
    head, quoted = text[:cut], text[cut:]
    rest = quoted.partition("\n")[2]
    if (cut < len(text) and _ATTRIBUTION.match(quoted) and _answers_below(quoted)) or (
        not rest and cut < len(text)
    ):
        head, quoted = text, ""
    if not quoted:
        kept = head.rstrip().split("\n")
        end = len(kept)
        while end and (kept[end - 1].lstrip().startswith(">") or not kept[end - 1].strip()):
            end -= 1
        head, quoted = "\n".join(kept[:end]), "\n".join(kept[end:])
    signature = ""
    if match := _SIGNATURE.search(head):
        head, signature = head[: match.start()], head[match.end() :]
    return Split(head.strip(), quoted.strip(), signature.strip())


def _answers_below(quoted: str) -> bool:
    match = _ATTRIBUTION.match(quoted)
    lines = quoted[match.end() if match else 0 :].split("\n")
    marked = [line.lstrip().startswith(">") for line in lines]
    return any(marked) and any(
        line.strip() and not mark for line, mark in zip(lines, marked, strict=True)
    )
