"""Whether an environment reaches the mail sink, and where a program finds it."""

from __future__ import annotations

import hashlib
from typing import Final

from django.conf import settings

_FIRST: Final = 64
"""127.64.0.0/10: apart from the addresses that distributions use for themselves."""


def has_mail_sink(backend: str) -> bool:
    """Whether what a product at this engine sends is caught."""
    if backend == "manual" or not settings.OSK_SANDBOX_MAIL_PORT:
        return False
    # A cluster is a network of its own, with a listener of its own.
    return backend != "kubernetes" or bool(settings.OSK_SANDBOX_KUBERNETES_MAIL)


def mail_host(name: str) -> str:
    """The address that follows from the environment's name at the engine. All of 127.0.0.0/8 is the machine."""
    digest = hashlib.sha256(f"mail {name}".encode()).digest()
    return f"127.{_FIRST + digest[0] % 64}.{digest[1]}.{digest[2]}"
