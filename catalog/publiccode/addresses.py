"""Web addresses, URNs and e-mail addresses, as strict as the reference parser's libraries.

`urllib.parse` takes nearly anything, so the checks that decide about a verdict are made here:
RFC 3986 sections 3.1 to 3.3 (scheme, authority, percent-encoding), RFC 2141 for URNs.
"""

import re
from dataclasses import dataclass

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_HOST = re.compile(
    r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:\[\]<>\"\u0080-\U0010ffff]|%[89A-Fa-f][0-9A-Fa-f])*"
)
_USERINFO = re.compile(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*")
_PORT = re.compile(r"(?::[0-9]*)?")
_URN = re.compile(
    r"urn:(?!urn:)[a-z0-9][a-z0-9-]{0,31}:(?:[a-z0-9()+,\-.:=@;$_!*']|%[0-9a-f]{2})+",
    re.IGNORECASE,
)
_LOCAL_PART = r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~\u00a0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef]+"
_LETTER = r"[A-Za-z\u00a0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef]"
_LETTER_DIGIT = r"[A-Za-z0-9\u00a0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef]"
_LABEL = rf"{_LETTER_DIGIT}(?:(?:{_LETTER_DIGIT}|[-~])*{_LETTER_DIGIT})?"
_EMAIL = re.compile(
    rf"{_LOCAL_PART}(?:\.{_LOCAL_PART})*@(?:{_LABEL}\.)+"
    rf"{_LETTER}(?:(?:{_LETTER_DIGIT}|[-~])*{_LETTER})?\.?"
)
# What a reader of the portal may be sent to, or a repository fetched with.
_SAFE_SCHEMES = frozenset({"http", "https", "git", "git+https", "git+ssh", "ssh", "svn", "svn+ssh"})


@dataclass(frozen=True, slots=True)
class Address:
    """A URL in its parts; `opaque` is what follows a scheme without a slash."""

    scheme: str
    opaque: str = ""
    host: str = ""
    path: str = ""
    fragment: str = ""


def parse_address(text: str, *, is_request: bool = False) -> Address | None:
    """`text` as a URL, None when it is none.

    A relative reference is an Address without a scheme, unless `is_request` asks for what can
    stand alone (a scheme, or a path from the root; no fragment is split off).
    """
    if _CONTROL.search(text) or text.startswith(":"):
        return None
    fragment = ""
    if not is_request:
        text, _, fragment = text.partition("#")
        if _BAD_ESCAPE.search(fragment):
            return None
    scheme = ""
    if match := _SCHEME.match(text):
        scheme, text = match[1].lower(), text[match.end() :]
    rest, _, _ = text.partition("?")
    if not rest.startswith("/"):
        if scheme:
            return Address(scheme, opaque=rest, fragment=fragment)
        if is_request or ":" in rest.partition("/")[0] or _BAD_ESCAPE.search(rest):
            return None
        return Address("", path=rest, fragment=fragment)
    host = ""
    if rest.startswith("//") and (scheme or (not is_request and not rest.startswith("///"))):
        authority, slash, tail = rest[2:].partition("/")
        host_or_none = _host_of(authority)
        if host_or_none is None:
            return None
        host, rest = host_or_none, slash + tail
    if _BAD_ESCAPE.search(rest):
        return None
    return Address(scheme, host=host, path=rest, fragment=fragment)


def _host_of(authority: str) -> str | None:
    userinfo, at, host = authority.rpartition("@")
    if at and (not _USERINFO.fullmatch(userinfo) or _BAD_ESCAPE.search(userinfo)):
        return None
    if host.startswith("["):
        inside, bracket, port = host[1:].rpartition("]")
        if not bracket or not _PORT.fullmatch(port) or _BAD_ESCAPE.search(inside):
            return None
        return host
    _, colon, port = host.rpartition(":")
    if not _PORT.fullmatch(colon + port if colon else ""):
        return None
    return host if _HOST.fullmatch(host) else None


def is_address(text: str) -> bool:
    """An absolute URL of any scheme that points to something."""
    address = parse_address(text.lower())
    if address is None or not address.scheme:
        return False
    if address.scheme == "file":
        return address.path not in ("", "/")
    return bool(address.host or address.fragment or address.opaque)


def is_web_address(text: str) -> bool:
    """An http or https URL with a host."""
    address = parse_address(text.lower())
    return address is not None and address.scheme in ("http", "https") and bool(address.host)


def is_readable_address(text: str) -> bool:
    """Whether the text can be taken apart as a URL at all, be it a relative one."""
    return parse_address(text) is not None


def is_urn(text: str) -> bool:
    return _URN.fullmatch(text) is not None


def is_uri(text: str) -> bool:
    """A URL with a host or a well-formed URN: what names an organisation or a regulation."""
    address = parse_address(text, is_request=True)
    if address is None:
        return False
    if address.scheme == "urn":
        return is_urn(text)
    return bool(address.scheme and address.host)


def is_email(text: str) -> bool:
    return len(text) <= 1000 and _EMAIL.fullmatch(text) is not None


def has_unsafe_scheme(text: str) -> bool:
    """Whether following the address could do something else than fetch (`javascript:`, `data:`)."""
    address = parse_address(text)
    return address is None or bool(address.scheme and address.scheme not in _SAFE_SCHEMES)
