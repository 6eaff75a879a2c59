from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from sandbox.models import Booking, Environment
from tests.factories import MembershipFactory
from tests.sandbox.factories import SlotFactory
from tests.sandbox.world import book

URL = reverse("sandbox:booking_create", args=["radicale"])
NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)  # twelve o'clock in Berlin


def data(**changes):
    return {
        "when": "now",
        "days": "7",
        "purpose": "Wir prüfen Łukasiewicz-Şahin ẞ 🙂.",
        "only_test_data": "on",
        **changes,
    }


def test_anonymous_signs_in_first(client, world):
    for answer in (client.get(URL), client.post(URL, data())):
        assert answer.status_code == 302
        assert answer.url.startswith(reverse("account_login"))


@pytest.mark.parametrize("who", ["outsider", "unconfirmed"])
def test_who_is_not_entitled_reads_why(signed_in, world, who):
    client = signed_in(getattr(world, who))

    for answer in (client.get(URL), client.post(URL, data())):
        assert answer.status_code == 403
        assert "Sie können noch nicht buchen" in answer.text
    assert not Booking.objects.exists()


def test_without_an_organisation_nobody_books(signed_in, world, nobody):
    assert signed_in(nobody).get(URL).status_code == 403


def test_an_unknown_product_is_not_there(signed_in, world):
    other = reverse("sandbox:booking_create", args=["den-gibt-es-nicht"])

    assert signed_in(world.booker).get(other).status_code == 404


def test_a_product_that_cannot_be_booked_leads_back(signed_in, world):
    world.blueprint.is_bookable = False
    world.blueprint.save()

    answer = signed_in(world.booker).get(URL, follow=True)
    assert "zurzeit nicht buchbar" in answer.text
    typed = signed_in(world.booker).post(URL, data(purpose="Lang getippt."))
    assert "zurzeit nicht buchbar" in typed.text
    assert "Lang getippt." in typed.text
    assert not Booking.objects.exists()


def test_the_form_says_what_it_is_about(signed_in, world):
    page = signed_in(world.booker).get(URL)

    assert page.status_code == 200
    for words in ("Radicale", "Bezirksamt Beispiel", "Höchstens 14 Tage", "nur Testdaten"):
        assert words in page.text


def test_booking_now(signed_in, world, clock, bells, commits):
    clock.move_to(NOON)
    client = signed_in(world.booker)

    with commits():
        answer = client.post(URL, data())

    booking = Booking.objects.get()
    assert answer.url == booking.get_absolute_url()
    assert booking.booked_by == world.booker
    assert booking.organisation == world.authority
    assert (booking.starts_at, booking.ends_at) == (NOON, NOON + timedelta(days=7))
    assert booking.purpose == "Wir prüfen Łukasiewicz-Şahin ẞ 🙂."
    assert booking.test_data_acknowledged_at == NOON
    assert [e.kind for e in booking.events.all()] == ["book"]
    assert bells.of("sandbox.tasks.work") == [{"environment_id": booking.environments.get().pk}]


def test_a_form_that_is_sent_twice_is_one_booking(signed_in, world):
    client = signed_in(world.booker)
    form_id = client.get(URL).context["form"]["form_id"].value()

    first, second = (client.post(URL, data(form_id=form_id)) for _time in range(2))
    other = client.post(URL, data(form_id="x"))

    assert first.url == second.url != other.url
    assert Booking.objects.count() == 2


def test_the_id_of_anothers_booking_in_a_form_tells_nothing(signed_in, world):
    theirs = book(world.blueprint)

    answer = signed_in(world.booker).post(URL, data(form_id=theirs.public_id))

    mine = Booking.objects.exclude(pk=theirs.pk).get()
    assert answer.url == mine.get_absolute_url()


def test_booking_for_later_in_berlin_time(signed_in, world, clock):
    clock.move_to(NOON)

    signed_in(world.booker).post(
        URL, data(when="later", start_date="2026-12-01", start_time="09:30")
    )

    booking = Booking.objects.get()
    assert booking.starts_at == datetime(2026, 12, 1, 8, 30, tzinfo=UTC)
    assert booking.environments.get().next_action_at == booking.starts_at - timedelta(minutes=10)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"when": ""}, "Wählen Sie, wann es beginnt."),
        ({"when": "gestern"}, "Wählen"),
        ({"days": ""}, "Geben Sie die Zahl der Tage ein."),
        ({"days": "drei"}, "Geben Sie eine ganze Zahl von Tagen ein."),
        ({"days": "0"}, "Geben Sie mindestens 1 Tag ein."),
        ({"days": "15"}, "Geben Sie höchstens 14 Tage ein."),
        ({"days": "9" * 400}, "Tag"),
        ({"purpose": ""}, "Schreiben Sie in einem Satz, wozu Sie testen."),
        ({"purpose": "\x01\x02 \r\n"}, "Schreiben Sie in einem Satz, wozu Sie testen."),
        ({"purpose": "x" * 2001}, "Kürzen Sie Ihren Text auf 2000 Zeichen."),
        ({"only_test_data": ""}, "Bestätigen Sie, dass Sie nur Testdaten verwenden."),
        ({"when": "later"}, "Geben Sie den Tag ein, an dem es beginnt."),
        (
            {"when": "later", "start_date": "2026-12-01"},
            "Geben Sie die Uhrzeit ein, zu der es beginnt.",
        ),
        (
            {"when": "later", "start_date": "31.02.2027", "start_time": "9"},
            "Geben Sie ein Datum ein, zum Beispiel 30.11.2026.",
        ),
        (
            {"when": "later", "start_date": "2026-11-22", "start_time": "09:00"},
            "Diese Zeit ist vorbei.",
        ),
        (
            {"when": "later", "start_date": "0001-01-01", "start_time": "00:00"},
            "Diese Zeit ist vorbei.",
        ),
        (
            {"when": "later", "start_date": "9999-12-31", "start_time": "23:59"},
            "Wählen Sie einen Tag in den nächsten 90 Tagen.",
        ),
        (
            {"when": "later", "start_date": "2027-12-01", "start_time": "09:00"},
            "Wählen Sie einen Tag in den nächsten 90 Tagen.",
        ),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(signed_in, world, clock, changes, words):
    clock.move_to(NOON)

    page = signed_in(world.booker).post(URL, data(**{"purpose": "Mein Zweck", **changes}))

    assert page.status_code == 200
    assert words in page.text
    assert "<title>Fehler: " in page.text
    if "purpose" not in changes:
        assert "Mein Zweck" in page.text
    assert not Booking.objects.exists()


@pytest.mark.parametrize(
    ("day", "words"),
    [("2027-03-28", "vorgestellt"), ("2026-10-25", "zurückgestellt")],
)
def test_a_time_that_is_skipped_or_comes_twice_is_asked_back(signed_in, world, clock, day, words):
    clock.move_to(datetime.fromisoformat(f"{day}T00:00:00+00:00") - timedelta(days=30))

    page = signed_in(world.booker).post(URL, data(when="later", start_date=day, start_time="02:30"))

    assert words in page.text
    assert not Booking.objects.exists()


def test_the_loser_of_the_last_place_hears_when_the_next_is_free(signed_in, world, clock):
    clock.move_to(NOON)
    book(world.blueprint, days=1)
    book(world.blueprint, days=1)

    page = signed_in(world.booker).post(URL, data())

    assert page.status_code == 200
    assert "Dieser Termin ist nicht mehr frei. Wählen Sie einen anderen." in page.text
    assert "Auf die Warteliste" in page.text
    assert "Di, 24.11.2026" in page.text.replace("\N{NO-BREAK SPACE}", " ")
    assert Booking.objects.count() == 2
    assert Environment.objects.count() == 2


def test_the_form_starts_with_the_next_free_time(signed_in, world, clock):
    clock.move_to(NOON)
    book(world.blueprint, days=1)
    book(world.blueprint, days=1)

    page = signed_in(world.booker).get(URL)

    assert "Gerade ist kein Platz frei." in page.text
    assert 'value="now"' not in page.text
    assert 'value="2026-11-24"' in page.text
    assert 'value="12:45"' in page.text, "the end, half an hour and ten minutes, in quarters"


def test_without_any_place_it_says_so(signed_in, world):
    world.blueprint.pool.slots.update(is_enabled=False)

    page = signed_in(world.booker).post(URL, data())

    assert "Dieser Termin ist nicht mehr frei." in page.text


def test_the_quota_of_the_organisation_is_said(signed_in, world):
    SlotFactory(pool=world.blueprint.pool)
    world.book()
    world.book()

    page = signed_in(world.booker).post(URL, data())

    assert "schon 2 Testumgebungen" in page.text
    assert Booking.objects.count() == 2


def test_who_belongs_to_two_authorities_chooses(signed_in, world):
    other = MembershipFactory(user=world.booker).organisation
    client = signed_in(world.booker)

    assert "Für welche Organisation?" in client.get(URL).text
    assert "Wählen Sie die Organisation." in client.post(URL, data()).text
    client.post(URL, data(organisation=other.pk))

    assert Booking.objects.get().organisation == other


@pytest.mark.parametrize("moment", ["99991231T2359Z", "00010101T0000Z", "20300101T0800Z"])
def test_a_begin_that_no_list_offers_is_refused(signed_in, world, clock, moment):
    """Also where the organisation is still to be chosen, and nothing else looks at the day."""
    clock.move_to(NOON)
    MembershipFactory(user=world.booker)

    answer = signed_in(world.booker).post(URL, data(when=f"at-{moment}"))

    assert answer.status_code == 200
    assert "Wählen Sie, wann" in answer.text
    assert "Łukasiewicz-Şahin" in answer.text
    assert not Booking.objects.exists()


def test_a_foreign_organisation_is_refused(signed_in, world):
    MembershipFactory(user=world.booker)
    foreign = world.stranger.memberships.get().organisation

    page = signed_in(world.booker).post(URL, data(organisation=foreign.pk))

    assert page.status_code == 200
    assert not Booking.objects.exists()


def test_the_page_costs_the_same_with_more_bookings(signed_in, world):
    client = signed_in(world.booker)
    client.get(URL)
    book(world.blueprint)
    with CaptureQueriesContext(connection) as few:
        client.get(URL)
    for days in (10, 20):
        book(world.blueprint, starts_in=timedelta(days=days))
    with CaptureQueriesContext(connection) as more:
        client.get(URL)

    assert len(more) == len(few)
