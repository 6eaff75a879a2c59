"""Two hundred people press "Book" at the same moment, each at a browser of their own, and three places are free."""

from __future__ import annotations

import threading
from collections import Counter
from http.client import HTTPConnection
from urllib.parse import urlencode

import pytest

from tests.faults.conftest import Faults

pytestmark = [pytest.mark.faults]

MANY = 200
TOKEN = "a" * 32

WORLD = f"""
from importlib import import_module
from django.conf import settings
from django.contrib import auth
from tests.sandbox.world import product as make_product
storm = make_product(slots=3)
def cookie_of(user):
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[auth.SESSION_KEY] = str(user.pk)
    session[auth.BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[auth.HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return session.session_key
answer = [storm.slug, [cookie_of(MembershipFactory(organisation__authority=True).user) for _ in range({MANY})]]
"""

BOOKED = """
from sandbox.models import Allocation
held = Allocation.objects.held().filter(slot__pool=storm.pool)
made = Booking.objects.filter(blueprint_version__blueprint=storm)
answer = [made.count(), held.count(), held.values("slot").distinct().count()]
"""


def test_two_hundred_at_once_for_three_places(faults: Faults):
    slug, cookies = faults.ask(WORLD)
    day = faults.ask("answer = str(clock.today() + dt.timedelta(days=5))")
    barrier = threading.Barrier(MANY)
    answers: list[tuple[int, str, str]] = []

    def press(cookie: str) -> None:
        connection = HTTPConnection("localhost", faults.stack.port, timeout=120)
        body = urlencode(
            {
                "csrfmiddlewaretoken": TOKEN,
                "when": "later",
                "start_date": day,
                "start_time": "09:00",
                "days": "2",
                "purpose": "Wir prüfen, ob das Produkt zu uns passt.",
                "only_test_data": "on",
            }
        )
        barrier.wait(60)
        connection.request(
            "POST",
            f"/testumgebung/{slug}/buchen/",
            body,
            {
                "Cookie": f"sid={cookie}; csrf={TOKEN}",
                "Content-Type": "application/x-www-form-urlencoded",
                "Accept-Language": "de",
            },
        )
        answer = connection.getresponse()
        found = answer.status, answer.headers.get("Location", ""), answer.read().decode()
        connection.close()
        answers.append(found)

    people = [threading.Thread(target=press, args=(cookie,)) for cookie in cookies]
    for person in people:
        person.start()
    for person in people:
        person.join(180)

    assert Counter(status for status, _url, _page in answers) == {302: 3, 200: MANY - 3}
    assert len({url for status, url, _page in answers if status == 302}) == 3, "three bookings"
    assert faults.ask(BOOKED) == [3, 3, 3], "each on a place of its own"
    for status, _url, page in answers:
        if status == 200:
            assert "Wir prüfen, ob das Produkt zu uns passt." in page, "nothing entered is lost"
            assert "Der nächste, der so lange frei ist, beginnt am " in page
    assert "deadlock" not in faults.log("web"), "none reaches the log as an error"
