"""The standards and laws that a file says its software follows (``supports``), as people know them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

_ELI: Final = "https://eur-lex.europa.eu/eli/"
# The aliases of publiccode.yml 0.7.
_ALIASES: Final[Mapping[str, tuple[_StrPromise | str, str]]] = {
    "gdpr": (_("General Data Protection Regulation (GDPR)"), f"{_ELI}reg/2016/679/oj"),
    "eidas": (_("eIDAS Regulation (EU) No 910/2014"), f"{_ELI}reg/2014/910/oj"),
    "nis2": (_("NIS 2 Directive (EU) 2022/2555"), f"{_ELI}dir/2022/2555/oj"),
    "cra": (_("Cyber Resilience Act (EU) 2024/2847"), f"{_ELI}reg/2024/2847/oj"),
    "spid": (_("SPID, Italy's digital identity"), "https://www.spid.gov.it/"),
    "cie": (_("CIE, Italy's identity card"), "https://www.cartaidentita.interno.gov.it/"),
    "anpr": (_("ANPR, Italy's register of residents"), "https://www.anagrafenazionale.interno.it/"),
    "pagopa": (_("pagoPA, Italy's payments to authorities"), "https://www.pagopa.gov.it/"),
    "io": (_("IO, Italy's app for public services"), "https://io.italia.it/"),
}
_RFC: Final = re.compile(r"urn:ietf:rfc:(\d{1,6})", re.IGNORECASE)
_ISO: Final = re.compile(
    r"urn:iso:std:([a-z]+(?:-[a-z]+)*):(\d+)(?::-(\d+))?(?::.*)?", re.IGNORECASE
)


def named(identifier: str) -> tuple[str, str]:
    """Name and address. Of what we do not know the name is the identifier; an address may be no web address."""
    if identifier.startswith("alias:"):
        name, url = _ALIASES.get(identifier.removeprefix("alias:"), (identifier, ""))
        return str(name), url
    if found := _RFC.fullmatch(identifier):
        return f"RFC {found[1]}", f"https://www.rfc-editor.org/rfc/rfc{found[1]}"
    if found := _ISO.fullmatch(identifier):
        part = f"-{found[3]}" if found[3] else ""
        return f"{found[1].upper().replace('-', '/')} {found[2]}{part}", ""
    return identifier, identifier
