"""What the schema of the API says beyond what the framework writes (OpenAPI 3.1)."""

from __future__ import annotations

from typing import Any, TypeVar

from django.conf import settings
from django.utils.translation import gettext_noop

from osk_portal.toolkit.problems import CONTENT_TYPE

S = TypeVar("S", bound=dict[str, Any])

ABOUT = gettext_noop(
    "The catalog of the OSK, for programs. Read-only, without an account, published entries only."
)
_HEADERS = {
    "ETag": "Send it back as If-None-Match: 304 where nothing has changed.",
    "RateLimit": "What is left in this minute (draft-ietf-httpapi-ratelimit-headers).",
    "X-RateLimit-Remaining": "The same, under the older name.",
}


def completed(schema: S) -> S:
    """``schema`` with licence, server, headers, and problems as what they are sent as."""
    schema["info"] |= {
        "description": ABOUT,
        "license": {"name": settings.OSK_DATA_LICENCE, "url": settings.OSK_DATA_LICENCE_URL},
        "contact": {"email": settings.OSK_CONTACT_EMAIL},
    }
    schema["servers"] = [{"url": settings.OSK_BASE_URL}]
    for operations in schema["paths"].values():
        for operation in operations.values():
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    answer["content"] = {CONTENT_TYPE: answer["content"]["application/json"]}
                else:
                    answer["headers"] = {
                        name: {"schema": {"type": "string"}, "description": text}
                        for name, text in _HEADERS.items()
                    }
            operation["responses"] |= {
                "304": {"description": "Not Modified"},
                "414": {
                    "description": "URI Too Long: more than the server reads, about 4,000 bytes"
                },
            }
    return schema
