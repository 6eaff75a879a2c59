"""The gate in front of the environments: who may pass, and how a right of the portal comes to another domain.

The environments' domain must never get the portal's cookies, so the right travels once: the portal makes a
**ticket** (encrypted, good for a minute and once) for an environment's host name; there the gate changes it for
a **pass**, a cookie of that host alone. Both name the booking, the person and the portal's session, or the
guest and the guest's link. The pass is no right by itself: with every request the database is asked again, so
that whoever leaves, signs out, is removed or has reached the end is outside at once.
"""

from __future__ import annotations

import json
import logging
import secrets
from dataclasses import asdict, dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import quote
from uuid import UUID

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse

from network.permissions import person_with_memberships
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock, encryption
from osk_portal.toolkit.clock import DbNow
from osk_portal.toolkit.encryption import CannotDecrypt
from sandbox import addresses, permissions
from sandbox.enums import Desired, EnvironmentState, ParticipantState
from sandbox.models import Booking, Environment, TestParticipant
from sandbox.querysets import PROMISED

logger = logging.getLogger(__name__)

TICKET_SECONDS: Final = 60
LONGEST_PATH: Final = 2000
ENTRANCE: Final = "/.osk/"
"""What lies below belongs to the gate, never to a product."""
_TICKET, _PASS = "ticket", "pass"
_OPEN: Final = (EnvironmentState.READY, EnvironmentState.DEGRADED)


class Refusal(StrEnum):
    UNKNOWN = "unknown"
    """No pass, or none for this host: the portal can give one."""
    CLOSED = "closed"
    """A pass whose right is over, or nothing that answers at the moment."""


class Refused(Exception):
    def __init__(self, why: Refusal) -> None:
        self.why = why
        super().__init__(why.value)


@dataclass(frozen=True)
class Right:
    """On what a ticket and a pass rest: a person's session, or a guest's link."""

    booking: str
    user: int = 0
    session: str = ""
    guest: str = ""
    link: str = ""

    @classmethod
    def of_person(cls, booking: Booking, user: User, session_key: str) -> Right:
        return cls(booking.public_id.hex, user=user.pk, session=session_key)

    @classmethod
    def of_guest(cls, guest: TestParticipant) -> Right:
        return cls(guest.booking.public_id.hex, guest=guest.public_id.hex, link=guest.link_key.hex)


def entrance_url(right: Right, path: str) -> str:
    """The address at the environment's host that changes a fresh ticket for a pass, and leads to ``path``."""
    claims = {"nonce": secrets.token_urlsafe(16), "path": clean_path(path)}
    ticket = _sealed(_TICKET, right, timedelta(seconds=TICKET_SECONDS), **claims)
    origin = f"https://{right.booking}.{settings.OSK_SANDBOX_DOMAIN}"
    return f"{origin}{ENTRANCE}?ticket={quote(ticket, safe='')}"


def change_ticket(ticket: str, host: str) -> tuple[str, str]:
    """The pass, and the path to go to. Raises Refused for any ticket but a fresh one for this host."""
    right, claims = _opened(_TICKET, ticket, host)
    # ``add`` says no to the second one, also when both come at the same time.
    if not cache.add(f"sandbox-ticket:{claims['nonce']}", 1, TICKET_SECONDS * 2):
        raise Refused(Refusal.UNKNOWN)
    return _sealed(_PASS, right, longest_pass()), str(claims["path"])


def longest_pass() -> timedelta:
    """As long as a login at the portal lasts at most; a new ticket costs a person nothing."""
    return timedelta(hours=settings.OSK_SESSION_ABSOLUTE_HOURS)


def upstream_for(pass_: str, host: str) -> str:
    """``address:port`` of the environment of this host, for whoever holds a good pass. Raises Refused.

    Two queries for a member, one for a guest.
    """
    right, _claims = _opened(_PASS, pass_, host)
    environment = _entered(right)
    upstream = addresses.upstream_of(environment) if environment is not None else ""
    if not upstream:
        raise Refused(Refusal.CLOSED)
    return upstream


def _entered(right: Right) -> Environment | None:
    """The environment that runs, where the right still holds."""
    running = _running(UUID(right.booking))
    if right.guest:
        return running.filter(_guest_is_in(right)).first()
    user = person_with_memberships(right.user)
    if user is None:
        return None
    alive = Session.objects.filter(session_key=right.session, expire_date__gt=DbNow())
    environment = (
        running.filter(Exists(alive))
        .annotate(
            is_mine=Exists(Booking.objects.visible_to(user).filter(pk=OuterRef("booking"))),
            takes_part=Exists(_taking_part(user).filter(booking=OuterRef("booking"))),
        )
        .first()
    )
    if environment is None:
        return None
    is_bookers = environment.is_mine and permissions.can_see_credentials(user, environment.booking)
    return environment if is_bookers or environment.takes_part else None


def can_be_entered(booking: Booking) -> bool:
    """Whether something runs behind the gate: what is said here is what the proxy will hear."""
    environment = _running(booking.public_id).first()
    return environment is not None and bool(addresses.upstream_of(environment))


def upstreams() -> dict[str, str]:
    """Host name and ``address:port`` of everything that runs, for proxies that must know it beforehand."""
    running = {e.booking: addresses.upstream_of(e) for e in _all_running()}
    return {
        addresses.origin_of(booking).removeprefix("https://"): upstream
        for booking, upstream in running.items()
        if upstream
    }


def _running(booking_id: UUID) -> QuerySet[Environment]:
    return _all_running().filter(booking__public_id=booking_id)


def _all_running() -> QuerySet[Environment]:
    return Environment.objects.filter(
        booking__state__in=PROMISED,
        booking__window__endswith__gt=DbNow(),
        state__in=_OPEN,
        desired=Desired.PRESENT,
    ).select_related("booking")


def _guest_is_in(right: Right) -> Exists:
    guest = TestParticipant.objects.filter(
        public_id=UUID(right.guest),
        link_key=UUID(right.link),
        user=None,
        state=ParticipantState.ACTIVE,
        booking=OuterRef("booking"),
    )
    return Exists(guest)


def _taking_part(user: User) -> QuerySet[TestParticipant]:
    return TestParticipant.objects.visible_to(user).filter(state=ParticipantState.ACTIVE)


# What is sealed


def _sealed(kind: str, right: Right, good_for: timedelta, **claims: str) -> str:
    until = (clock.now() + good_for).timestamp()
    sealed = encryption.encrypt(
        json.dumps({"kind": kind, "until": until, **asdict(right), **claims})
    )
    # The padding would be put into quotes in a cookie.
    return sealed.rstrip("=")


def _opened(kind: str, sealed: str, host: str) -> tuple[Right, dict[str, str]]:
    """Raises Refused: forged, of another kind, for another host, or too old."""
    try:
        found = json.loads(encryption.decrypt(sealed + "=" * (-len(sealed) % 4)))
    except CannotDecrypt:
        raise Refused(Refusal.UNKNOWN) from None
    booking = addresses.booking_of_host(host)
    is_good = (
        isinstance(found, dict)
        and found.get("kind") == kind
        and booking is not None
        and found["booking"] == booking.hex
        and found["until"] > clock.now().timestamp()
    )
    if not is_good:
        raise Refused(Refusal.UNKNOWN)
    names = ("booking", "user", "session", "guest", "link")
    return Right(**{name: found[name] for name in names}), found


# Where people are sent


def clean_path(path: str) -> str:
    """A path of the same host, else its beginning: never another host, never the gate itself."""
    is_path = path.startswith("/") and not path.startswith(("//", "/\\", ENTRANCE))
    if not is_path or len(path) > LONGEST_PATH or not path.isprintable() or "\\" in path:
        return "/"
    return path


def portal_url(host: str, path: str) -> str:
    """The page of the portal that lets in whoever is not in, or says why not."""
    booking = addresses.booking_of_host(host)
    if booking is None:
        return settings.OSK_BASE_URL + reverse("sandbox:blueprint_list")
    page = reverse("sandbox:gate_enter", args=[booking])
    return f"{settings.OSK_BASE_URL}{page}?path={quote(clean_path(path), safe='')}"
