"""Who may reach the test environments of a cluster, as an operator writes it."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_OF_EVERYBODY: Final = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})
_SHORTEST_PREFIX: Final = 24


def namespace(text: str) -> str:
    """The name of a namespace that belongs to the gate or the portal alone. Raises ValueError."""
    if not _NAME.fullmatch(text) or text in _OF_EVERYBODY:
        raise ValueError(
            f"is {text!r}, but must be a namespace in which nobody but the gate and the portal runs."
        )
    return text


def addresses(text: str) -> str:
    """Addresses of machines, as 10.0.0.7 or 10.0.0.0/28: at most 256, and inside. Raises ValueError."""
    try:
        found = ipaddress.IPv4Network(text)
    except ValueError:
        found = None
    is_fit = (
        found is not None
        and found.prefixlen >= _SHORTEST_PREFIX
        and found.is_private
        and not (found.is_loopback or found.is_link_local or found.is_unspecified)
    )
    if found is None or not is_fit:
        raise ValueError(
            f"is {text!r}, but must be inner addresses of the gate or the portal, as 10.0.0.7 or 10.0.0.0/28."
        )
    return str(found)


def service(text: str) -> str:
    """The address that the cluster gave to a service. Raises ValueError."""
    try:
        found = ipaddress.IPv4Address(text)
    except ValueError:
        raise ValueError(f"is {text!r}, but must be an address, as 10.96.0.25.") from None
    return str(found)
