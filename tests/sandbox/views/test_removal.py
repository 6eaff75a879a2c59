"""The proof of deletion as a document."""

from __future__ import annotations

import io

import pytest
from django.urls import reverse
from pypdf import PdfReader

from sandbox import provisioning, services
from sandbox.models import RemovalProof


@pytest.fixture
def gone(world):
    booking, environment = world.book_and_set_up()
    services.end_booking(booking_id=booking.pk, actor=world.booker)
    provisioning.work(environment.pk)
    booking.refresh_from_db()
    return booking


def url_of(booking) -> str:
    return reverse("sandbox:removal_proof", args=[booking.public_id])


@pytest.mark.parametrize(
    ("who", "status"), [("booker", 200), ("manager", 200), ("colleague", 404), ("stranger", 404)]
)
def test_who_booked_and_the_management_take_it_along(signed_in, world, gone, who, status):
    assert signed_in(getattr(world, who)).get(url_of(gone)).status_code == status


def test_it_lists_what_was_verified_in_a_tagged_document(client, signed_in, world, gone):
    assert client.get(url_of(gone)).status_code == 302
    signed_in(world.booker)
    assert client.post(url_of(gone)).status_code == 405
    assert url_of(gone) in client.get(gone.get_absolute_url()).text
    answer = client.get(url_of(gone))

    assert answer["Content-Type"] == "application/pdf"
    assert "radicale-loeschnachweis.pdf" in answer["Content-Disposition"]
    document = PdfReader(io.BytesIO(answer.content))
    assert document.trailer["/Root"]["/MarkInfo"]["/Marked"]
    text = "".join("".join(page.extract_text() for page in document.pages).split())
    for proof in RemovalProof.objects.filter(environment__booking=gone):
        assert "".join(proof.name.split()) in text
    assert "Alleshier" in text
    assert "nichtgeprüft" not in text


def test_what_nobody_verified_is_not_claimed(signed_in, world, gone):
    RemovalProof.objects.filter(environment__booking=gone).update(verified_at=None)

    content = signed_in(world.booker).get(url_of(gone)).content
    text = "".join(PdfReader(io.BytesIO(content)).pages[0].extract_text().split())
    assert "nichtgeprüft" in text
    assert "Alleshier" not in text


def test_before_everything_is_gone_there_is_none(signed_in, world):
    booking, _environment = world.book_and_set_up()
    client = signed_in(world.booker)
    assert client.get(url_of(booking)).url == booking.get_absolute_url()

    services.end_booking(booking_id=booking.pk, actor=world.booker)
    assert client.get(url_of(booking)).url == booking.get_absolute_url()
    assert url_of(booking) not in client.get(booking.get_absolute_url()).text
