"""Calendars are read back with a parser, and instants are compared."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from osk_portal.toolkit import ics
from osk_portal.toolkit.clock import BERLIN

AT = datetime(2027, 3, 1, 8, 0, tzinfo=UTC)
OSK = ics.Person("OSK-Portal", "osk@example.org")


def entry(start: datetime, **fields: object) -> ics.Entry:
    more = {"uid": "1@osk.example", "title": "Termin", "ends": start + timedelta(hours=1), **fields}
    return ics.Entry(starts=start, **more)  # type: ignore[arg-type] # a table of fields


def test_one_event_for_one_person() -> None:
    start = datetime(2027, 3, 29, 10, 0, tzinfo=BERLIN)
    text = ics.invitation(
        "REQUEST",
        entry(
            start,
            sequence=3,
            takes_time=True,
            place="https://video.example/a;b,c",
            text="Zeile 1\nZeile 2",
        ),
        organiser=OSK,
        attendee=ics.Person('Alex "Lex"\nMuster, Dr.', "alex@example.org"),
        at=AT,
    )

    calendar = Calendar.from_ical(text)
    event = calendar.walk("VEVENT")[0]
    assert calendar["METHOD"] == "REQUEST"
    assert event["UID"] == "1@osk.example"
    assert (event["SEQUENCE"], event["STATUS"], event["TRANSP"]) == (3, "CONFIRMED", "OPAQUE")
    assert event["DTSTAMP"].dt == AT
    assert "DTSTAMP:20270301T080000Z" in text
    assert "DTSTART;TZID=Europe/Berlin:20270329T100000" in text
    assert event["DTSTART"].dt.astimezone(UTC) == datetime(2027, 3, 29, 8, 0, tzinfo=UTC)
    assert event["LOCATION"] == "https://video.example/a;b,c"
    assert event["DESCRIPTION"] == "Zeile 1\nZeile 2"
    assert event["ORGANIZER"] == "mailto:osk@example.org"
    assert event["ATTENDEE"] == "mailto:alex@example.org"
    assert event["ATTENDEE"].params["CN"] == "Alex 'Lex' Muster, Dr."
    assert event["ATTENDEE"].params["RSVP"] == "FALSE"


def test_the_lines_are_folded_and_what_separates_is_escaped() -> None:
    title = "Fünf; sechs, sieben\\acht\nBEGIN:VALARM" * 8
    text = ics.published([entry(datetime(2027, 1, 4, 9, 0, tzinfo=BERLIN), title=title)], at=AT)

    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    assert "\nBEGIN:VALARM" not in text
    assert Calendar.from_ical(text).walk("VEVENT")[0]["SUMMARY"] == title


@pytest.mark.parametrize(
    ("start", "offsets"),
    [
        (datetime(2027, 3, 28, 1, 30, tzinfo=BERLIN), (1, 2)),
        (datetime(2027, 10, 31, 1, 30, tzinfo=BERLIN), (2, 2)),
        (datetime(2027, 10, 30, 23, 0, tzinfo=BERLIN), (2, 1)),
        (datetime(2027, 7, 1, 10, 0, tzinfo=BERLIN), (2, 2)),
        (datetime(2027, 12, 1, 10, 0, tzinfo=BERLIN), (1, 1)),
    ],
)
def test_instants_survive_the_change_of_the_clocks(
    start: datetime, offsets: tuple[int, int]
) -> None:
    """By the zone that is written into the file, not only by the name of the zone."""
    hours = 6 if start.hour == 23 else 1
    end = (start.astimezone(UTC) + timedelta(hours=hours)).astimezone(BERLIN)
    text = ics.published([entry(start, ends=end)], at=AT)

    renamed = text.replace("Europe/Berlin", "Eigene Zone")
    for written in (text, renamed):
        event = Calendar.from_ical(written).walk("VEVENT")[0]
        assert event["DTSTART"].dt.astimezone(UTC) == start.astimezone(UTC)
        assert event["DTEND"].dt.astimezone(UTC) == end.astimezone(UTC)
        seen = (event["DTSTART"].dt.utcoffset(), event["DTEND"].dt.utcoffset())
        assert seen == tuple(timedelta(hours=offset) for offset in offsets)


def test_the_second_of_two_hours_of_one_name_is_no_hour_early() -> None:
    """Half past two, after the clocks were put back: with the zone's name it would be read as the first one."""
    first = datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    second = first + timedelta(hours=1)

    event = Calendar.from_ical(ics.published([entry(first, ends=second)], at=AT)).walk("VEVENT")[0]

    # Across zones such moments are never equal (PEP 495).
    assert event["DTSTART"].dt.astimezone(UTC) == first
    assert event["DTEND"].dt.astimezone(UTC) == second


def test_a_whole_day_and_the_head_of_a_feed() -> None:
    day = ics.Entry(
        "2@osk.example", "Antwort zugesagt", date(2027, 1, 4), url="https://osk.example/a"
    )
    calendar = Calendar.from_ical(ics.published([day], at=AT, title="Termine"))

    event = calendar.walk("VEVENT")[0]
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (date(2027, 1, 4), date(2027, 1, 5))
    assert (event["TRANSP"], event["URL"]) == ("TRANSPARENT", "https://osk.example/a")
    assert (calendar["METHOD"], calendar["X-WR-CALNAME"]) == ("PUBLISH", "Termine")
    assert "ATTENDEE" not in event


def test_a_moment_needs_its_end() -> None:
    start = datetime(2027, 1, 4, 9, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    with pytest.raises(ValueError, match="end"):
        ics.published([entry(start, ends=None)], at=AT)
