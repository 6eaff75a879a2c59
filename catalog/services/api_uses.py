"""Counting requests to the API: one statement each, so that two at once are two."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, ip_address, ip_network

from django.conf import settings
from django.db import connection
from django.utils.crypto import salted_hmac

from catalog.models import ApiUse
from osk_portal.toolkit import clock

WINDOW_SECONDS = 60
IPV6_PREFIX = 64


@dataclass(frozen=True)
class Budget:
    """What an address of the network has left in the minute that runs."""

    limit: int
    remaining: int
    reset: int
    """Seconds until the next minute begins."""
    is_spent: bool
    """This request was one too many."""


def count_api_use(address: str) -> Budget:
    """Count one request from the network of ``address`` and say what is left of settings.OSK_API_PER_MINUTE."""
    now = clock.now()
    address = _network(address)
    minute = now.replace(second=0, microsecond=0)
    who = salted_hmac("catalog.api", f"{now:%Y-%m-%d} {address}", algorithm="sha256").hexdigest()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO catalog_apiuse (who, minute, number) VALUES (%s, %s, 1)"
            " ON CONFLICT (who) DO UPDATE SET minute = excluded.minute, number ="
            " CASE WHEN catalog_apiuse.minute = excluded.minute THEN catalog_apiuse.number + 1 ELSE 1 END"
            " RETURNING number",
            [who, minute],
        )
        (number,) = cursor.fetchone()
    limit = settings.OSK_API_PER_MINUTE
    return Budget(
        limit, max(limit - number, 0), WINDOW_SECONDS - now.second, is_spent=number > limit
    )


def _network(address: str) -> str:
    """Of IPv6 the part that names a network: whoever has one has 2^64 addresses (RFC 4291, 2.5.4)."""
    try:
        known = ip_address(address)
    except ValueError:  # a name, or nothing, where no network is known
        return address
    if isinstance(known, IPv4Address):
        return address
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(ip_network((known, IPV6_PREFIX), strict=False))


def forget_api_uses() -> int:
    """Delete the rows of hours that are over; how many there were."""
    deleted, _by_model = ApiUse.objects.filter(minute__lt=clock.now() - timedelta(hours=1)).delete()
    return deleted
