"""Whether an environment reaches the mail sink, and where a program finds it."""

from __future__ import annotations

import hashlib
from typing import Final

_FIRST: Final = 64
"""127.64.0.0/10: apart from the addresses that distributions use for themselves."""


WITHOUT_SINK: Final = frozenset({"kubernetes", "manual"})
"""Engines whose environments cannot reach the listener: a cluster is a network of its own."""


def has_mail_sink(backend: str, port: int) -> bool:
    """Whether what a product at this engine sends is caught; ``port`` is the listener's, 0 without one."""
    return port > 0 and backend not in WITHOUT_SINK


def mail_host(name: str) -> str:
    """The address that follows from the environment's name at the engine. All of 127.0.0.0/8 is the machine."""
    digest = hashlib.sha256(f"mail {name}".encode()).digest()
    return f"127.{_FIRST + digest[0] % 64}.{digest[1]}.{digest[2]}"
