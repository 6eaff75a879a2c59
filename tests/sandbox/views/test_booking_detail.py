from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote, urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from network.enums import MembershipState
from osk_portal.toolkit import clock as portal_clock
from sandbox import provisioning, services
from sandbox.backends.base import Permanent
from sandbox.enums import BookingState, Outcome
from sandbox.models import Blueprint, TestReport, TestTask
from sandbox.services.participants import invite_person
from tests.catalog.factories import SolutionFactory
from tests.sandbox.factories import SPEC, BlueprintVersionFactory, BookingFactory, SlotFactory


def progress(booking, **query):
    return reverse("sandbox:booking_progress", args=[booking.public_id]) + "?" + urlencode(query)


def test_anonymous_signs_in_first(client, world):
    booking = world.book()

    for url in (booking.get_absolute_url(), progress(booking)):
        assert client.get(url).status_code == 302


@pytest.mark.parametrize("who", ["stranger", "colleague", "outsider", "unconfirmed"])
def test_strangers_find_nothing(signed_in, world, who):
    booking = world.book()
    client = signed_in(getattr(world, who))

    for url in (booking.get_absolute_url(), progress(booking)):
        assert client.get(url).status_code == 404


def test_rights_end_with_the_membership(signed_in, world):
    booking = world.book()
    world.booker.memberships.update(state=MembershipState.ENDED)

    assert signed_in(world.booker).get(booking.get_absolute_url()).status_code == 404


def test_only_reading(signed_in, world):
    booking = world.book()

    assert signed_in(world.booker).post(booking.get_absolute_url()).status_code == 405


def test_progress_before_anything_happened(signed_in, world):
    page = signed_in(world.booker).get(world.book().get_absolute_url())

    assert page.status_code == 200
    assert "Wird bereitgestellt" in page.text
    assert "1 von 4 Schritten erledigt" in page.text
    assert "Stand aktualisieren" in page.text
    assert "Buchung stornieren" in page.text
    assert page["Cache-Control"] == "no-store"


def test_a_later_booking_waits(signed_in, world):
    booking = world.book(starts_in=timedelta(days=3))

    page = signed_in(world.booker).get(booking.get_absolute_url())

    assert "rechtzeitig zum Beginn" in page.text
    assert "hx-get" not in page.text


def test_hand_over(signed_in, world):
    booking, environment = world.book_and_set_up()

    page = signed_in(world.booker).get(booking.get_absolute_url())

    plain = world.engine.secrets[environment.backend_key]["test"]
    assert plain not in page.text, "shown on demand only"
    for words in (environment.endpoint, "Testperson", "Anzeigen", "Nur Testdaten", "Öffnen Sie"):
        assert words in page.text
    assert "Jetzt beenden" in page.text
    assert "hx-get" not in page.text, "nothing changes by itself now"


def test_the_manager_sees_that_it_is_booked_and_nothing_of_it(signed_in, world):
    booking, environment = world.book_and_set_up()

    page = signed_in(world.manager).get(booking.get_absolute_url())

    assert page.status_code == 200
    assert "Bea Bucht" in page.text
    for hidden in ("/zugang/", booking.purpose, environment.endpoint, "/beenden/", "Testplan"):
        assert hidden not in page.text


def test_ending_soon(signed_in, world, clock):
    clock.move_to(portal_clock.now())
    booking, _environment = world.book_and_set_up()
    clock.move_to(booking.ends_at - timedelta(hours=2))

    page = signed_in(world.booker).get(booking.get_absolute_url())

    assert "Läuft bald ab" in page.text


def test_disturbed(signed_in, world):
    booking, environment = world.book_and_set_up()
    environment.disturb()

    page = signed_in(world.booker).get(booking.get_absolute_url())

    assert "Wir beheben das schon." in page.text


def test_failed_in_calm_words(signed_in, world, expect_errors):
    world.engine.fault("ensure", Permanent("", "geheimes Detail"))
    booking, _environment = world.book_and_set_up()

    page = signed_in(world.booker).get(booking.get_absolute_url())

    assert "Das hat nicht geklappt." in page.text
    assert "Wir konnten die Umgebung nicht einrichten." in page.text
    assert "geheimes Detail" not in page.text
    assert "Neu buchen" in page.text


def test_a_replacement_is_still_being_set_up_for_the_person(signed_in, world, clock):
    clock.move_to(portal_clock.now())
    booking = world.book()
    first = booking.environments.get()
    world.engine.unhealthy.add(first.backend_key)
    provisioning.work(first.pk)
    clock.move_to(portal_clock.now() + timedelta(seconds=61))
    provisioning.work(first.pk)

    page = signed_in(world.booker).get(booking.get_absolute_url())

    assert "Wird bereitgestellt" in page.text


def test_removal_until_it_is_gone(signed_in, world):
    booking, environment = world.book_and_set_up()
    services.end_booking(booking_id=booking.pk, actor=world.booker)
    client = signed_in(world.booker)

    before = client.get(booking.get_absolute_url())
    provisioning.work(environment.pk)
    after = client.get(booking.get_absolute_url())

    assert "Wir löschen die Umgebung und alle Daten darin." in before.text
    assert "hx-get" in before.text
    assert "Die Umgebung ist gelöscht seit" in after.text
    for what in ("Programm", "Ordner mit allen Daten", "Passwort im Portal"):
        assert what in after.text
    assert "noch nicht" not in after.text
    assert "Anzeigen" not in after.text


def test_cancelled_before_anything_was_set_up(signed_in, world):
    booking = world.book(starts_in=timedelta(days=3))
    services.end_booking(booking_id=booking.pk, actor=world.booker)
    provisioning.work(booking.environments.get().pk)

    page = signed_in(world.booker).get(booking.get_absolute_url())

    assert "Die Buchung ist storniert." in page.text
    assert "nichts eingerichtet" in page.text


def test_every_state_has_a_page(signed_in, world):
    """Also those that come with approval, and without any environment."""
    client = signed_in(world.booker)
    for state in BookingState:
        booking = BookingFactory(booked_by=world.booker, organisation=world.authority, state=state)
        assert client.get(booking.get_absolute_url()).status_code == 200, state


def test_progress_says_nothing_without_news(signed_in, world):
    booking = world.book()

    answer = signed_in(world.booker).get(progress(booking, phase="provisioning", seen=1))

    assert answer.status_code == 204
    assert "HX-Refresh" not in answer


def test_progress_announces_a_new_step(signed_in, world):
    booking = world.book()
    environment = booking.environments.get()
    environment.provision()

    answer = signed_in(world.booker).get(progress(booking, phase="provisioning", seen=1))

    assert answer.status_code == 200
    assert "2 von 4 Schritten erledigt" in answer.text
    assert 'role="status"' in answer.text
    assert "<html" not in answer.text


def test_progress_loads_the_page_anew_once_it_is_ready(signed_in, world):
    booking, _environment = world.book_and_set_up()

    answer = signed_in(world.booker).get(progress(booking, phase="provisioning", seen=3))

    assert answer.status_code == 204
    assert answer["HX-Refresh"] == "true"


def test_the_page_costs_the_same_with_more_of_everything(signed_in, world):
    booking, environment = world.book_and_set_up()
    client = signed_in(world.booker)
    client.get(booking.get_absolute_url())
    with CaptureQueriesContext(connection) as few:
        client.get(booking.get_absolute_url())
    SlotFactory(pool=world.blueprint.pool)
    world.book(starts_in=timedelta(days=20))
    for _time in range(3):
        services.reveal_credential(
            credential_id=environment.credentials.get().pk, actor=world.booker
        )
    with CaptureQueriesContext(connection) as more:
        client.get(booking.get_absolute_url())

    assert len(more) == len(few)


def test_asking_for_advice_takes_the_product_along(signed_in, world):
    booking = world.book()
    browser = signed_in(world.booker)
    address = f'"/beratung/anfrage/neu/?booking={booking.public_id}&amp;{{}}"'
    page = browser.get(booking.get_absolute_url()).content.decode()
    assert address.format(f"title={quote(world.blueprint.name)}") in page

    solution = SolutionFactory()
    Blueprint.objects.update(solution=solution)
    page = browser.get(booking.get_absolute_url()).content.decode()
    assert address.format(f"solution={solution.slug}") in page
    browser.post(f"/beratung/anfrage/neu/?solution={solution.slug}", {"kind": "question"})
    assert solution.consulting_requests.get().author == world.booker


def test_a_plan_is_ticked_off_by_each_reader(signed_in, world):
    booking, _environment = world.book_and_set_up()
    first, _second = (
        TestTask.objects.create(booking=booking, position=n, task=f"Aufgabe {n}") for n in (1, 2)
    )
    colleague = invite_person(
        booking_id=booking.pk, actor=world.booker, email=world.colleague.email
    )
    report = TestReport.objects.create(booking=booking, author=world.booker)
    report.results.create(task=first, outcome=Outcome.PARTLY)

    mine = signed_in(world.booker).get(booking.get_absolute_url()).text
    theirs = signed_in(world.colleague).get(colleague.get_absolute_url()).text

    assert "Sie haben 1 von 2 Aufgaben geprüft" in mine
    assert "teilweise erfüllt" in mine
    assert "Sie haben 0 von 2 Aufgaben geprüft" in theirs
    assert "teilweise erfüllt" not in theirs


def test_the_account_to_begin_with_is_named_and_everything_can_be_copied(signed_in, world):
    spec = {**SPEC, "schema": 2, "first_login": {"role": "test", "must_change": True}}
    spec["endpoints"] = [spec.pop("endpoint")]
    BlueprintVersionFactory(blueprint=world.blueprint, number=2, spec=spec)
    booking, _environment = world.book_and_set_up()

    page = signed_in(world.booker).get(booking.get_absolute_url()).text

    assert "Beginnen Sie mit diesem Konto. Beim ersten Anmelden" in page
    for what in ("Kopieren: Adresse", "Kopieren: Name"):
        assert f'aria-label="{what}" hidden' in page
    assert "js/copy.js" in page
