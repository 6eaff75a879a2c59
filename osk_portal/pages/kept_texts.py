"""What somebody typed into a form that is answered with an error: shown on the error page, to be copied."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, UnreadablePostError
from django.http.multipartparser import MultiPartParserError

_SECRET = ("password", "passphrase", "token")


def typed_texts(request: HttpRequest) -> list[str]:
    """The texts of a form of ours, in its order: what has more than one word. Keys, choices and dates have not.

    Nothing of what another site sends: nobody puts words into our pages.
    """
    if request.method != "POST" or not _is_from_here(request):
        return []
    try:
        sent = list(request.POST.lists())
    except (BadRequest, UnreadablePostError, SuspiciousOperation, MultiPartParserError):
        return []
    texts = [
        str(value).strip()
        for name, values in sent
        for value in values
        if not any(word in name.lower() for word in _SECRET)
    ]
    return [text for text in texts if len(text.split()) > 1]


def _is_from_here(request: HttpRequest) -> bool:
    """As the browser says. Of a page without a referrer the origin is "null", and only the first one tells."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    try:
        host = request.get_host()
    except SuspiciousOperation:
        return False
    origin = urlsplit(request.headers.get("Origin", ""))
    return (origin.scheme, origin.netloc) == (request.scheme, host)
