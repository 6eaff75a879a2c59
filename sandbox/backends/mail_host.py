"""Where a program finds the mail sink: a loopback address of its environment's own."""

from __future__ import annotations

import hashlib
from typing import Final

_FIRST: Final = 64
"""127.64.0.0/10: apart from the addresses that distributions use for themselves."""


def mail_host(name: str) -> str:
    """The address that follows from the environment's name at the engine. All of 127.0.0.0/8 is the machine."""
    digest = hashlib.sha256(f"mail {name}".encode()).digest()
    return f"127.{_FIRST + digest[0] % 64}.{digest[1]}.{digest[2]}"
