"""Calendars as text (RFC 5545, RFC 5546): one event for a mail, or a feed of many.

Times stand as Berlin's wall clock with their zone: what people have agreed on. The first occurrence of an
hour that comes twice is all that such a time can name, so the second one stands as UTC.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal

from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard, vCalAddress
from icalendar.prop import vRecur

from osk_portal.toolkit import clock

Method = Literal["PUBLISH", "REQUEST", "CANCEL"]
ZONE: Final = "Europe/Berlin"
_PRODUCT: Final = "-//OSK-Portal//DE"


@dataclass(frozen=True)
class Person:
    name: str
    address: str


@dataclass(frozen=True)
class Entry:
    """Something in a calendar. ``starts`` is a moment with ``ends``, or a whole day without.

    ``uid`` never changes; ``sequence`` rises with each change that people must learn of.
    ``takes_time``: who has it in the calendar is busy meanwhile.
    """

    uid: str
    title: str
    starts: datetime | date
    ends: datetime | None = None
    url: str = ""
    place: str = ""
    text: str = ""
    sequence: int = 0
    takes_time: bool = False


def invitation(
    method: Method, entry: Entry, *, organiser: Person, attendee: Person, at: datetime
) -> str:
    """One event for one person: to be put into the calendar (REQUEST), or out of it (CANCEL).

    Nobody else's address is in it. No reply is asked for: the portal reads none.
    """
    calendar = _calendar(method)
    event = _event(entry, at)
    event.add("status", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    event.add("organizer", _address(organiser), encode=False)
    guest = _address(attendee)
    guest.params["ROLE"] = "REQ-PARTICIPANT"
    guest.params["PARTSTAT"] = "ACCEPTED"
    guest.params["RSVP"] = "FALSE"
    event.add("attendee", guest, encode=False)
    calendar.add_component(event)
    return _text(calendar)


def published(entries: Iterable[Entry], *, at: datetime, title: str = "") -> str:
    """Events to read, as a file or a feed that is fetched again every hour."""
    calendar = _calendar("PUBLISH")
    if title:
        calendar.add("name", title)
        calendar.add("x-wr-calname", title)
        calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    for entry in entries:
        calendar.add_component(_event(entry, at))
    return _text(calendar)


def _calendar(method: Method) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add_component(_berlin())
    return calendar


def _event(entry: Entry, at: datetime) -> Event:
    event = Event()
    event.add("uid", entry.uid)
    event.add("dtstamp", at.astimezone(UTC))
    event.add("sequence", entry.sequence)
    if isinstance(entry.starts, datetime):
        if entry.ends is None:
            raise ValueError("a moment needs its end")
        event.add("dtstart", _named(entry.starts))
        event.add("dtend", _named(entry.ends))
    else:
        event.add("dtstart", entry.starts)
        event.add("dtend", entry.starts + timedelta(days=1))
    event.add("summary", entry.title)
    event.add("transp", "OPAQUE" if entry.takes_time else "TRANSPARENT")
    if entry.place:
        event.add("location", entry.place)
    if entry.text:
        event.add("description", entry.text)
    if entry.url:
        event.add("url", entry.url)
    return event


def _named(moment: datetime) -> datetime:
    local = moment.astimezone(clock.BERLIN)
    return moment.astimezone(UTC) if local.fold else local


def _address(person: Person) -> vCalAddress:
    address = vCalAddress(f"mailto:{person.address}")
    # A quote or a control would end the parameter (RFC 5545, 3.2); RFC 6868's escape is not read everywhere.
    name = "".join(c if c.isprintable() else " " for c in person.name)
    address.params["CN"] = name.replace('"', "'")
    return address


def _berlin() -> Timezone:
    """The rule of the European Union since 1996 (directive 2000/84/EC); older times are not written."""
    zone = Timezone()
    zone.add("tzid", ZONE)
    for part, name, month, start, before, after in (
        (TimezoneDaylight(), "CEST", 3, datetime(1996, 3, 31, 2), 1, 2),  # noqa: DTZ001 # local by RFC
        (TimezoneStandard(), "CET", 10, datetime(1996, 10, 27, 3), 2, 1),  # noqa: DTZ001 # as above
    ):
        part.add("tzname", name)
        part.add("dtstart", start)
        part.add("tzoffsetfrom", timedelta(hours=before))
        part.add("tzoffsetto", timedelta(hours=after))
        part.add("rrule", vRecur(freq="yearly", bymonth=month, byday="-1su"))
        zone.add_component(part)
    return zone


def _text(calendar: Calendar) -> str:
    text: str = calendar.to_ical().decode()
    return text
