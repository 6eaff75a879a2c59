"""The gate in front of the environments: who may pass, and how a right of the portal comes to another domain.

The environments' domain must never get the portal's cookies, so the right travels once: the portal makes a
**ticket** (encrypted, good for a minute and once) for an environment's host name; there the gate changes it for
a **pass**, a cookie of that host alone. Both name the booking, the way in (an environment has a host name for
each endpoint), the person and the portal's session, or the guest and the guest's link. The pass is no right by
itself: with every request the database is asked again, so that whoever leaves, signs out, is removed or has
reached the end is outside at once.

A product with several endpoints calls one from the page of another, which cannot fetch a pass by itself. So
whoever enters is led past all of them, each giving its own pass, and last to the one that was wanted.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from urllib.parse import quote, urlencode
from uuid import UUID

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse

from network.permissions import person_with_memberships
from osk_portal.accounts.middleware import STARTED
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
    ends: float = 0
    """When the login ends in any case; 0: a guest has none."""

    @classmethod
    def of_person(cls, booking: Booking, user: User, session: SessionBase) -> Right:
        began = datetime.fromtimestamp(session.get(STARTED, clock.now().timestamp()), UTC)
        ends = (began + longest_pass()).timestamp()
        return cls(
            booking.public_id.hex, user=user.pk, session=session.session_key or "", ends=ends
        )

    @classmethod
    def of_guest(cls, guest: TestParticipant) -> Right:
        return cls(guest.booking.public_id.hex, guest=guest.public_id.hex, link=guest.link_key.hex)


def entrance_url(right: Right, path: str, way: str = "", others: Sequence[str] = ()) -> str:
    """The address at the environment's host that changes a fresh ticket for a pass, and leads to ``path``.

    ``way`` is where the path lies, ``others`` are the ways past which it leads before.
    """
    until = _later(timedelta(seconds=TICKET_SECONDS))
    return _entrance(right, clean_path(path), [*others, way], until)


def _entrance(right: Right, path: str, ways: Sequence[str], until: float) -> str:
    claims = {"nonce": secrets.token_urlsafe(16), "path": path, "then": list(ways[1:])}
    ticket = _sealed(_TICKET, right, ways[0], until, **claims)
    label = f"{right.booking}-{ways[0]}" if ways[0] else right.booking
    origin = f"https://{label}.{settings.OSK_SANDBOX_DOMAIN}"
    return f"{origin}{ENTRANCE}?ticket={quote(ticket, safe='')}"


def change_ticket(ticket: str, host: str) -> tuple[str, str]:
    """The pass, and where to go: a path of this host, or the entrance of the next way.

    Raises Refused for any ticket but a fresh one for this host.
    """
    right, claims = _opened(_TICKET, ticket, host)
    # ``add`` says no to the second one, also when both come at the same time.
    if not cache.add(f"sandbox-ticket:{claims['nonce']}", 1, TICKET_SECONDS * 2):
        raise Refused(Refusal.UNKNOWN)
    until = _later(longest_pass())
    pass_ = _sealed(_PASS, right, claims["way"], min(until, right.ends or until))
    if following := claims.get("then"):
        return pass_, _entrance(right, claims["path"], following, claims["until"])
    return pass_, claims["path"]


def longest_pass() -> timedelta:
    """As long as a login at the portal lasts at most, and never longer than this one does."""
    return timedelta(hours=settings.OSK_SESSION_ABSOLUTE_HOURS)


def upstream_for(pass_: str, host: str) -> str:
    """``address:port`` of the environment of this host, for whoever holds a good pass. Raises Refused.

    Two queries for a member, one for a guest.
    """
    right, claims = _opened(_PASS, pass_, host)
    environment = _entered(right)
    upstream = addresses.upstream_of(environment, claims["way"]) if environment is not None else ""
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


def ways_of(booking: Booking) -> list[str]:
    """The ways in behind which something runs: what is said here is what the proxy will hear."""
    environment = _running(booking.public_id).first()
    return [] if environment is None else list(addresses.upstreams_of(environment))


def upstreams() -> dict[str, str]:
    """Host name and ``address:port`` of everything that runs, for proxies that must know it beforehand."""
    return {
        addresses.origin_of(environment.booking, way).removeprefix("https://"): upstream
        for environment in _all_running()
        for way, upstream in addresses.upstreams_of(environment).items()
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


def _later(good_for: timedelta) -> float:
    return (clock.now() + good_for).timestamp()


def _sealed(kind: str, right: Right, way: str, until: float, **claims: object) -> str:
    sealed = encryption.encrypt(
        json.dumps({"kind": kind, "until": until, "way": way, **asdict(right), **claims})
    )
    # The padding would be put into quotes in a cookie.
    return sealed.rstrip("=")


def _opened(kind: str, sealed: str, host: str) -> tuple[Right, dict[str, Any]]:
    """Raises Refused: forged, of another kind, for another host, or too old."""
    try:
        found = json.loads(encryption.decrypt(sealed + "=" * (-len(sealed) % 4)))
    except (CannotDecrypt, ValueError):
        # What else the portal has sealed is no JSON at all.
        raise Refused(Refusal.UNKNOWN) from None
    place = addresses.place_of_host(host)
    is_good = (
        isinstance(found, dict)
        and found.get("kind") == kind
        and place is not None
        # A pass of before has no way in it.
        and (found["booking"], found.setdefault("way", "")) == (place.booking.hex, place.way)
        and found["until"] > clock.now().timestamp()
    )
    if not is_good:
        raise Refused(Refusal.UNKNOWN)
    names = {field.name for field in fields(Right)}
    return Right(**{name: found[name] for name in names & found.keys()}), found


# Where people are sent


def clean_path(path: str) -> str:
    """A path of the same host, else its beginning: never another host, never the gate itself."""
    is_path = path.startswith("/") and not path.startswith(("//", "/\\", ENTRANCE))
    if not is_path or len(path) > LONGEST_PATH or not path.isprintable() or "\\" in path:
        return "/"
    return path


def portal_url(host: str, path: str) -> str:
    """The page of the portal that lets in whoever is not in, or says why not."""
    place = addresses.place_of_host(host)
    if place is None:
        return settings.OSK_BASE_URL + reverse("sandbox:blueprint_list")
    return settings.OSK_BASE_URL + enter_url(place.booking, clean_path(path), place.way)


def enter_url(booking: UUID, path: str, way: str = "") -> str:
    """The portal's page that leads to ``path`` of an environment, as a path."""
    said = {name: value for name, value in (("path", path), ("way", way)) if value not in ("", "/")}
    query = urlencode(said, quote_via=quote, safe="")
    page = reverse("sandbox:gate_enter", args=[booking])
    return f"{page}?{query}" if query else page
