"""Who reads what a product wanted to send, and that it goes with the environment."""

from __future__ import annotations

import pytest
from django.test import Client

from sandbox import provisioning, services
from sandbox.enums import ProofKind
from sandbox.models import CaughtMail
from sandbox.services.participants import invite_guest, invite_person
from tests.sandbox.factories import SPEC, BlueprintVersionFactory
from tests.sandbox.test_mails import keep, message
from tests.sandbox.views.test_snapshots import EXPORTING, saved

SENDS_MAIL = {
    **SPEC,
    "components": [
        {**SPEC["components"][0], "env": {"SMTP": "${mail.host}:${mail.port}"}},
    ],
}


@pytest.fixture
def running(world, settings):
    settings.OSK_SANDBOX_MAIL_PORT = 2525
    BlueprintVersionFactory(blueprint=world.blueprint, number=2, spec=SENDS_MAIL)
    booking, environment = world.book_and_set_up()
    keep(environment, message("Klicken Sie <script>hier</script>", subject="<b>Konto</b>"))
    return booking


def test_who_tests_reads_it_on_the_page(signed_in, world, running):
    along = invite_person(booking_id=running.pk, actor=world.booker, email=world.colleague.email)
    guest = invite_guest(
        booking_id=running.pk, actor=world.booker, name="Gast", email="gast@example.org"
    )
    for who, url in (
        (world.booker, running.get_absolute_url()),
        (world.colleague, along.get_absolute_url()),
        (None, guest.get_absolute_url()),
    ):
        page = (signed_in(who) if who else Client()).get(url).text
        assert "E-Mails der Testumgebung" in page
        assert "&lt;b&gt;Konto&lt;/b&gt;" in page
        assert "&lt;script&gt;hier" in page
        assert "wiki@example.org" in page


def test_others_do_not(signed_in, world, running):
    for who in ("manager", "colleague", "stranger"):
        page = signed_in(getattr(world, who)).get(running.get_absolute_url()).text
        assert "Konto" not in page.replace("Mein Konto", "")
        assert "wiki@example.org" not in page


def test_it_costs_one_query_however_many(signed_in, world, running, django_assert_max_num_queries):
    for _number in range(5):
        keep(running.environments.get(), message())
    client = signed_in(world.booker)
    client.get(running.get_absolute_url())

    with django_assert_max_num_queries(12):
        client.get(running.get_absolute_url())


def test_with_a_saved_configuration_too(
    signed_in, world, settings, tmp_path, django_assert_max_num_queries
):
    settings.OSK_SANDBOX_MAIL_PORT = 2525
    private = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": tmp_path},
    }
    settings.STORAGES = {**settings.STORAGES, "private": private}
    component = {**EXPORTING["components"][0], "env": {"SMTP": "${mail.host}:${mail.port}"}}
    spec = {**EXPORTING, "components": [component]}
    BlueprintVersionFactory(blueprint=world.blueprint, number=2, spec=spec)
    booking, environment = world.book_and_set_up()
    keep(environment, message())
    saved(booking)
    client = signed_in(world.booker)
    client.get(booking.get_absolute_url())

    with django_assert_max_num_queries(12):
        page = client.get(booking.get_absolute_url()).text

    assert "E-Mails der Testumgebung" in page
    assert "1 Datei" in page


def test_a_product_without_mail_has_no_part_for_it(signed_in, world):
    booking, _environment = world.book_and_set_up()

    assert "E-Mails der" not in signed_in(world.booker).get(booking.get_absolute_url()).text


def test_where_nobody_catches_it_the_page_says_so(signed_in, world, running, settings):
    along = invite_person(booking_id=running.pk, actor=world.booker, email=world.colleague.email)
    words = "kann das Portal keine E-Mails auffangen"
    pages = ((world.booker, running), (world.colleague, along))
    for who, page in pages:
        assert words not in signed_in(who).get(page.get_absolute_url()).text
    running.environments.update(backend="kubernetes")
    for who, page in pages:
        text = signed_in(who).get(page.get_absolute_url()).text
        assert words in text
        assert "wiki@example.org" not in text
    settings.OSK_SANDBOX_KUBERNETES_MAIL = "10.96.0.25"
    assert words not in signed_in(world.booker).get(running.get_absolute_url()).text
    running.environments.update(backend="container")
    settings.OSK_SANDBOX_MAIL_PORT = 0
    assert words in signed_in(world.booker).get(running.get_absolute_url()).text


def test_it_goes_with_the_environment_and_the_proof_says_so(signed_in, world, running):
    environment = running.environments.get()
    keep(environment, message())
    services.end_booking(booking_id=running.pk, actor=world.booker)
    provisioning.work(environment.pk)

    assert not CaughtMail.objects.exists()
    proof = environment.proofs.get(kind=ProofKind.MAIL)
    assert (proof.name, proof.verified_at is not None) == ("2", True)
    page = signed_in(world.booker).get(running.get_absolute_url()).text
    assert "Konto" not in page.replace("Mein Konto", "")
    assert "Vom Portal aufgefangene E-Mails" in page


def test_a_reset_begins_with_an_empty_box(world, running, run):
    services.reset_environment(booking_id=running.pk, actor=world.booker)
    run(running)

    assert not CaughtMail.objects.exists()
