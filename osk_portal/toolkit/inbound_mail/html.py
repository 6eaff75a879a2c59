"""HTML of a mail as plain text: in one pass, without a tree."""

from __future__ import annotations

import html
import re
import string

from osk_portal.toolkit.inbound_mail import mime

MAX_LENGTH = 400_000
_MAX_LINK = 500
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_SPACE = re.compile(r"[ \t\r\n\f]+")  # a non-breaking one alone is an empty line
_TAG = re.compile(r"<(?:!--|(/?)([a-zA-Z][a-zA-Z0-9]{0,20})|[!?/])")
_HREF = re.compile(r"\bhref\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))", re.IGNORECASE)
_SILENT = ("script", "style", "title", "template")
_BEFORE = {"li": "- ", "td": " ", "th": " "}
_LINES = {"div", "li", "tr", "dt", "dd", "section", "article"}
_BLOCKS = {
    "p",
    "br",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "hr",
    "table",
    "ul",
    "ol",
    "dl",
    "pre",
}


def _after(text: str, mark: str, start: int) -> int:
    """Where the text goes on behind the next ``mark``; its end where there is none."""
    found = text.find(mark, start)
    return len(text) if found < 0 else found + len(mark)


def _words(piece: str) -> str:
    return _SPACE.sub(" ", html.unescape(piece))


def _link(tag: str) -> str:
    """The address of a link that leads somewhere; it would be lost with the tag."""
    match = _HREF.search(tag[: 4 * _MAX_LINK])
    href = "" if match is None else html.unescape(next(filter(None, match.groups()), "")).strip()
    return href if len(href) <= _MAX_LINK and href.lower().startswith(("http:", "https:")) else ""


def _begins_line(out: list[str]) -> bool:
    last = next((piece for piece in reversed(out[-20:]) if piece.strip(" ")), "")
    return last.startswith("\n")


def to_text(page: str) -> str:
    """Plain text of a page: blocks become lines, quotes get ``>``, links their address, scripts and styles vanish.

    The time it takes grows with the length alone, however deep the tags are nested. The result is text, not markup:
    whoever shows it escapes it.
    """
    page = page[:MAX_LENGTH]
    lowered = page.translate(_LOWER)
    out: list[str] = []
    position = quotes = 0
    link, link_began = "", 0
    while match := _TAG.search(page, position):
        out.append(_words(page[position : match.start()]))
        closing, name = match[1], (match[2] or "").lower()
        if match[0] == "<!--":
            position = _after(page, "-->", match.end())
            continue
        position = _after(page, ">", match.end())
        if name in _SILENT and not closing:
            position = _after(page, ">", _after(lowered, f"</{name}", position))
        elif name == "a" and not closing:
            link, link_began = _link(page[match.end() : position]), len(out)
        elif name == "a" and link:
            shown = "".join(out[link_began:]).strip()
            if shown and shown.rstrip("/") not in (
                link.rstrip("/"),
                link.partition("://")[2].rstrip("/"),
            ):
                out.append(f" <{link}>")
            link = ""
        elif name == "blockquote":
            quotes = max(0, quotes + (-1 if closing else 1))
        if name in _BLOCKS or (name in _LINES and not _begins_line(out)):
            out.append("\n" + "> " * min(quotes, 5))
        if not closing:
            out.append(_BEFORE.get(name, ""))
    out.append(_words(page[position:]))
    return _tidy(mime.UNWANTED.sub("", "".join(out)).replace("\xa0", " "))


def _tidy(text: str) -> str:
    """Without blanks at the ends, and one empty line where there were several."""
    lines = [line.strip() for line in text.split("\n")]
    kept = [
        line
        for index, line in enumerate(lines)
        if line.strip("> ") or (index and lines[index - 1].strip("> "))
    ]
    return "\n".join("" if not line.strip("> ") else line for line in kept).strip()
