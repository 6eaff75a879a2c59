"""The last words of a product's programs, without secrets, before anything of them is stored."""

from __future__ import annotations

import base64
import logging
import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import quote

from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError

from osk_portal.toolkit.encryption import CannotDecrypt
from sandbox.backends.base import BackendError, EnvRef, SandboxBackend
from sandbox.models import Environment
from sandbox.services.credentials import plain_credentials

logger = logging.getLogger(__name__)

MOST_LINES: Final = 20
MOST_CHARACTERS: Final = 300
HIDDEN: Final = "•••"

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)?")
# Control characters, halves of letters, and those that change the direction or hide between letters.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff]"
)
_NAMED = re.compile(
    r"(?i)([\w.-]*(?:passw(?:or[dt])?|passwd|secret|token|api[_-]?key|cookie|credential)[\w.-]*"
    r"""["']?\s*(?:[:=]|=>|\bis\b|\bist\b|\blautet\b)\s*)(?:"[^"]*"|'[^']*'|\S+)"""
)
_LOGIN = re.compile(r"(?i)\b(basic|bearer)\s+[\w.~+/=-]{4,}")
_IN_ADDRESS = re.compile(r"(://[^\s/@:]*:)[^\s/@]+@")


def redact(lines: Iterable[str], secrets: Mapping[str, str]) -> list[str]:
    """The lines without what may not be kept, each cut to a length that can be read.

    ``secrets``: password by user name or role. They go in the forms in which programs write them: plain,
    in an address, in Base64. What else calls itself a password goes, too.
    """
    forms = sorted({form for pair in secrets.items() for form in _forms(*pair)}, key=len)
    return [_redacted(line, forms[::-1])[:MOST_CHARACTERS] for line in lines]


def _redacted(line: str, forms: Iterable[str]) -> str:
    # What is no text goes first: it could stand in the middle of a password.
    line = _UNPRINTABLE.sub("", _ESCAPES.sub("", line)).rstrip()
    for form in forms:
        line = line.replace(form, HIDDEN)
    line = _IN_ADDRESS.sub(rf"\1{HIDDEN}@", line)
    line = _LOGIN.sub(rf"\1 {HIDDEN}", line)
    return _NAMED.sub(rf"\1{HIDDEN}", line)


def _forms(name: str, secret: str) -> Iterable[str]:
    if not secret:
        return
    yield secret
    yield quote(secret, safe="")
    for text in (secret, f"{name}:{secret}"):
        yield base64.b64encode(text.encode()).decode().rstrip("=")


def read(backend: SandboxBackend, ref: EnvRef, environment: Environment, limit: int) -> list[str]:
    """The last lines, redacted. Empty where nothing can be read, or no secret can be recognised.

    Also where an engine answers what none does: nothing that it says here decides anything.
    """
    try:
        secrets = plain_credentials(environment)
        names = dict(environment.credentials.values_list("role", "username"))
        by_name = {names.get(role) or role: secret for role, secret in secrets.items()}
        return redact(backend.logs(ref, limit=limit), {**secrets, **by_name})
    except (BackendError, CannotDecrypt):
        return []
    except (InterfaceError, OperationalError, SoftTimeLimitExceeded):
        raise
    except Exception:
        logger.exception("sandbox: no last words", extra={"environment": environment.backend_key})
        return []


def store(environment: Environment, lines: Iterable[str]) -> None:
    """For the page of the booking; nothing is written where nothing is new, or the lease is lost."""
    tail = "\n".join([line for line in lines if line][-MOST_LINES:])
    if tail != environment.log_tail:
        mine = Environment.objects.filter(
            pk=environment.pk, lease_token=environment.lease_token, lease_token__isnull=False
        )
        mine.update(log_tail=tail)
        environment.log_tail = tail
