"""Personal addresses of our own mails, taken out of text that comes back by mail.

Whoever replies quotes our mail, and all who read the request would read the address that opens something for
one person without a sign-in.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.urls import reverse

REMOVED: Final = "[persönlicher Link entfernt]"
"""Stands where the address stood. A stored text, so German."""
_ROUTES: Final = (
    "catalog:follow_end",
    "catalog:report_confirm",
    "consulting:case_by_link",
    "consulting:outcome",
    "consulting:survey",
    "network:mailbox_confirm",
    "pages:calendar_feed",
    "sandbox:guest_sheet",
)
"""Every address whose secret is all that it asks for; tests compare them with the routes of the portal."""
_WORD: Final = re.compile(r"[^\s<>\"'()\[\]]+")
# A long address that a mail program has broken: up to three more lines, the last one with the end of ours.
_REST: Final = re.compile(
    r"(?:\r?\n[> \t]*[\w:=.-]+){0,2}?\r?\n[> \t]*[\w:=.-]*(?:/|\.ics)(?=[\s>)\]]|$)"
)
_ENDINGS: Final = ("/", ".ics")
_MOST_CODINGS: Final = 3


def without_own_links(text: str) -> str:
    """``text`` with ``REMOVED`` for each personal address of ours, also inside one that a mail filter has
    rewritten."""
    host = (urlsplit(settings.OSK_BASE_URL).hostname or "").lower()
    if not host or host not in text.lower():
        return text
    starts = "|".join(re.escape(_start(route)) for route in _ROUTES)
    ours = re.compile(rf"{re.escape(host)}\.?(?::\d+)?(?:{starts})[^/?#]", re.IGNORECASE)
    parts: list[str] = []
    done = 0
    for word in _WORD.finditer(text):
        if word.start() < done or not ours.search(_plain(word[0])):
            continue
        address = word[0].rstrip(".,;!?")
        end = word.start() + len(address)
        if not address.endswith(_ENDINGS) and (rest := _REST.match(text, word.end())):
            end = rest.end()
        parts += text[done : word.start()], REMOVED
        done = end
    return "".join([*parts, text[done:]])


def _start(route: str) -> str:
    return reverse(route, args=["TOKEN"]).partition("TOKEN")[0]


def _plain(word: str) -> str:
    for _coding in range(_MOST_CODINGS):
        word = unquote(word)
    return word
