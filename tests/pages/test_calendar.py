"""The secret address of one's own calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from icalendar import Calendar

from osk_portal import portal
from osk_portal.accounts.models import User
from osk_portal.pages import own_calendar
from osk_portal.pages.models import CalendarAddress
from osk_portal.toolkit import clock
from osk_portal.toolkit.ics import Entry
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"
PAGE = "/mein/kalender/"


@pytest.fixture(autouse=True)
def _things(monkeypatch: pytest.MonkeyPatch) -> None:
    registry: portal.Registry[portal.CalendarSource] = portal.Registry()
    start = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)
    registry.register(
        portal.CalendarSource(
            "things",
            1,
            lambda user: [
                Entry(f"{user.pk}@a", f"Von {user.name}", date(2027, 1, 4), url="/mein/"),
                Entry("b@a", "Gespräch", start, start + timedelta(hours=1)),
            ],
        )
    )
    monkeypatch.setattr(portal, "calendar_sources", registry)


def signed_in(user: User) -> Client:
    browser = Client()
    browser.force_login(user, backend=BACKEND)
    return browser


def path_of(user: User) -> str:
    return own_calendar.address_of(user).partition("//")[2].partition("/")[2].join(("/", ""))


def test_the_page_makes_renews_and_deletes_the_address() -> None:
    user = UserFactory()
    browser, program = signed_in(user), Client()
    assert "Kalender-Adresse erzeugen" in browser.get(PAGE).text
    assert Client().get(PAGE).status_code == 302
    for name in ("neu", "loeschen"):
        assert Client().post(f"{PAGE}{name}/").status_code == 302
        assert browser.get(f"{PAGE}{name}/").status_code == 405
    assert not CalendarAddress.objects.exists()

    browser.post(f"{PAGE}neu/")
    first = path_of(user)
    assert own_calendar.address_of(user) in browser.get(PAGE).text
    assert program.get(first).status_code == 200

    browser.post(f"{PAGE}neu/")
    second = path_of(user)
    assert program.get(first).status_code == 404
    assert program.get(second).status_code == 200

    for _again in range(2):
        assert browser.post(f"{PAGE}loeschen/").status_code == 302
    assert program.get(second).status_code == 404
    assert "Kalender-Adresse erzeugen" in browser.get(PAGE).text


def test_the_feed_is_for_programs_and_its_address_stays_secret() -> None:
    user = UserFactory(name="Alex Muster")
    row = own_calendar.renew_address(user=user)
    path = path_of(user)
    answer = Client().get(path)

    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert not answer.cookies
    events = Calendar.from_ical(answer.content).walk("VEVENT")
    assert [str(event["SUMMARY"]) for event in events] == ["Von Alex Muster", "Gespräch"]
    assert events[0]["URL"].endswith("/mein/")
    assert events[0]["URL"].startswith("http")
    token = path.split("/")[-1].removesuffix(".ics")
    assert token not in (row.token_hash, row.token_sealed)
    assert Client().post(path).status_code == 405


def test_whoever_may_not_read_gets_one_and_the_same_answer() -> None:
    gone, left, other = UserFactory(), UserFactory(), UserFactory()
    for user in (gone, left, other):
        own_calendar.renew_address(user=user)
    paths = [path_of(gone), path_of(left), "/kalender/x.ics", f"/kalender/{'ä' * 300}.ics"]
    User.objects.filter(pk=gone.pk).update(is_active=False)
    User.objects.filter(pk=left.pk).update(anonymised_at=clock.now())
    answers = [Client().get(path) for path in paths]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert {answer["Cache-Control"] for answer in answers} == {"private, no-store"}
    assert Client().get(path_of(other)).status_code == 200


def test_guessing_and_hammering_end(settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {
        "calendar_feed_dead": "2/5m/ip",
        "calendar_feed": "1/5m/key",
    }
    user = UserFactory()
    own_calendar.renew_address(user=user)
    statuses = [Client().get("/kalender/x.ics").status_code for _ in range(3)]
    assert statuses == [404, 404, 429]
    assert [Client().get(path_of(user)).status_code for _ in range(2)] == [200, 429]
    cache.clear()
    assert Client().get(path_of(user)).status_code == 200


def test_without_its_key_the_address_is_made_anew(settings: Any) -> None:
    user = UserFactory()
    own_calendar.renew_address(user=user)
    CalendarAddress.objects.update(token_sealed="verloren")

    assert own_calendar.address_of(user) == ""
    assert "Kalender-Adresse erzeugen" in signed_in(user).get(PAGE).text


def test_the_navigation_leads_there() -> None:
    page = signed_in(UserFactory()).get(reverse("pages:my_area")).text

    assert f'href="{PAGE}"' in page
