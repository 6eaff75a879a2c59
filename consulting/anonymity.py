"""What in a text for everybody would give away whose request it was (product.md 1.6)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from consulting.models import ConsultingRequest

_MAIL: Final = re.compile(r"[^\s@<>()]{1,64}@[^\s@<>()]{1,190}")
_PHONE: Final = re.compile(r"(?<![\w.])(?:\+|00|0)[\d][\d\s/()-]{5,20}\d")
_CASE: Final = re.compile(r"OSK[-\s]?\d{4}[-\s]?\d{1,5}", re.IGNORECASE)
SHORTEST_NAME: Final = 3


@dataclass(frozen=True)
class Finding:
    """A place in the text. ``is_certain``: it names authority, person or request, and must go."""

    found: str
    message: str
    is_certain: bool


def findings(text: str, case: ConsultingRequest) -> list[Finding]:
    """Places in ``text`` that name the authority, people or the request, or look like a contact."""
    found: list[Finding] = []
    for match in _CASE.finditer(text):
        found.append(Finding(match[0], _("a reference of a request"), True))
    if case.own_reference and _stands_in(case.own_reference, text):
        found.append(Finding(case.own_reference, _("the reference of the authority"), True))
    organisation = case.organisation
    names = (organisation.name, organisation.short_name) if organisation else ()
    for name in names:
        if name and _stands_in(name, text):
            found.append(Finding(name, _("the name of the authority"), True))
    for person in _people(case):
        if _stands_in(person, text):
            found.append(Finding(person, _("the name of a person"), True))
            continue
        for part in person.split():
            if len(part) >= SHORTEST_NAME and _stands_in(part, text):
                found.append(Finding(part, _("part of the name of a person"), False))
    found += [Finding(m[0], _("an e-mail address"), False) for m in _MAIL.finditer(text)]
    found += [Finding(m[0], _("a telephone number"), False) for m in _PHONE.finditer(text)]
    return list(dict.fromkeys(found))


def _people(case: ConsultingRequest) -> list[str]:
    """Everybody who took part, on both sides."""
    people = [case.author, case.deputy, case.assignee]
    people += [p.user for p in case.participants.select_related("user")]
    people += [m.author for m in case.messages.select_related("author")]
    return list(
        dict.fromkeys(str(person.name).strip() for person in people if person and person.name)
    )


def _stands_in(name: str, text: str) -> bool:
    """As words, in any case of letters and over line breaks."""
    words = r"\s+".join(re.escape(word) for word in name.split())
    return re.search(rf"(?<!\w){words}(?!\w)", text, re.IGNORECASE) is not None
