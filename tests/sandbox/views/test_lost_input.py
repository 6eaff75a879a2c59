"""What people have typed about a test is never lost: too late, changed by two, taken out of the plan."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from osk_portal.toolkit import clock as portal_clock
from sandbox import services
from sandbox.deadlines import takes_reports
from sandbox.enums import BookingState, Outcome, WishState
from sandbox.models import Booking, TaskResult, Wish
from sandbox.services.environments import remove_environment
from sandbox.services.participants import invite_guest, invite_person, remove_participant
from sandbox.services.report_files import Upload
from sandbox.services.testing import (
    PlannedTask,
    Written,
    plan_digest,
    save_report,
    set_plan,
)
from sandbox.views import sheets


@pytest.fixture
def booking(world, clock):
    clock.move_to(portal_clock.now())
    booking, _environment = world.book_and_set_up()
    return booking


@pytest.fixture
def guest(booking, world):
    return invite_guest(
        booking_id=booking.pk, actor=world.booker, name="Gesa Gast", email="gesa@example.org"
    )


def plan(booking, *words):
    return set_plan(
        booking_id=booking.pk,
        actor=booking.booked_by,
        tasks=[PlannedTask(word) for word in words],
        base=plan_digest(booking.tasks.all()),
    )


def noted(booking, guest, task, note="lange Notiz", findings=""):
    return save_report(
        booking_id=booking.pk,
        guest=guest,
        submit=False,
        written=Written({task.pk: (Outcome.MET, note)}, findings, ""),
    )


# Too late


def late(client, guest):
    return client.post(
        f"{guest.get_absolute_url()}?testbericht=1",
        {"findings": "Die <Suche> ist langsam.", "overall": "Taugt uns.", "note_0": "Zu klein."},
    )


def test_a_guest_s_report_after_the_end_comes_back(client, booking, guest, clock):
    clock.move_to(booking.ends_at + timedelta(seconds=5))

    answer = late(client, guest)

    assert answer.status_code == 409
    for words in ("Die &lt;Suche&gt; ist langsam.", "Taugt uns.", "Zu klein."):
        assert words in answer.text
    assert not booking.reports.exists()
    assert client.get(f"{guest.get_absolute_url()}?testbericht=1").status_code == 404


def test_so_does_that_of_a_guest_who_was_removed_but_not_a_forged_one(client, world, guest):
    forged = f"/testumgebung/gast/{guest.link_key.hex}.falsch/?testbericht=1"
    remove_participant(participant_id=guest.pk, actor=world.booker)

    assert late(client, guest).status_code == 409
    answer = client.post(forged, {"findings": "Die Suche ist langsam."})
    assert answer.status_code == 404
    assert "langsam" not in answer.text


@pytest.mark.parametrize("how", ["removed", "not_accepted", "no_member"])
def test_so_does_that_of_an_account_that_takes_no_part(signed_in, world, booking, how):
    person = world.stranger if how == "not_accepted" else world.colleague
    row = invite_person(booking_id=booking.pk, actor=world.booker, email=person.email)
    if how == "removed":
        remove_participant(participant_id=row.pk, actor=world.booker)
    elif how == "no_member":
        person.memberships.all().delete()
    url = reverse("sandbox:participant_report", args=[row.public_id])
    sent = {"findings": "Die <Suche> ist langsam.", "overall": "Taugt uns.", "note_0": "Klein."}

    answer = signed_in(person).post(url, sent)

    assert answer.status_code == 409
    for words in ("Die &lt;Suche&gt; ist langsam.", "Taugt uns.", "Klein."):
        assert words in answer.text
    for words in ("Radicale", "Bea Bucht", "Bezirksamt Beispiel"):
        assert words not in answer.text
    assert not booking.reports.exists()
    assert signed_in(person).get(url).status_code == (302 if how == "not_accepted" else 404)
    assert signed_in(person).post(url, {}).status_code == (302 if how == "not_accepted" else 404)
    stranger = signed_in(world.manager).post(url, sent)
    assert stranger.status_code == 404
    assert "langsam" not in stranger.text


OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.mark.parametrize("name", ["booker_report", "plan_edit", "booking_result"])
def test_a_deputy_who_no_longer_stands_in_gets_the_text_back(signed_in, world, booking, name):
    services.name_deputy(booking_id=booking.pk, actor=world.booker, deputy=world.colleague)
    client = signed_in(world.colleague)
    url = reverse(f"sandbox:{name}", args=[booking.public_id])
    services.name_deputy(booking_id=booking.pk, actor=world.booker, deputy=None)
    sent = {
        "findings": "Die <Suche> ist langsam.",
        "task_1": "Die Suche prüfen",
        "text": "Für alle.",
    }

    answer = client.post(url, sent, headers=OURS)

    assert answer.status_code == 404
    for words in ("Die &lt;Suche&gt; ist langsam.", "Die Suche prüfen", "Für alle."):
        assert words in answer.text
    for words in ("Radicale", "Bea Bucht", "Bezirksamt Beispiel"):
        assert words not in answer.text


def test_so_does_who_may_no_longer_book(signed_in, world):
    client = signed_in(world.booker)
    world.booker.memberships.all().delete()
    urls = [
        *(
            reverse(f"sandbox:{name}", args=["radicale"])
            for name in ("booking_create", "waitlist_join")
        ),
        *(reverse(f"sandbox:{name}") for name in ("wish_new", "prototype_new")),
    ]
    for url in urls:
        answer = client.post(url, {"purpose": "Wir prüfen den Kalender."}, headers=OURS)
        assert (url, answer.status_code) == (url, 403)
        assert "Wir prüfen den Kalender." in answer.text


def test_so_does_who_joins_a_wish_that_is_gone(signed_in, world):
    wish = Wish.objects.create(name="Matrix", key="matrix", state=WishState.WITHDRAWN)
    url = reverse("sandbox:wish_join", args=[wish.public_id])

    answer = signed_in(world.booker).post(url, {"why": "Für die Schulung."}, headers=OURS)

    assert answer.status_code == 404
    assert "Für die Schulung." in answer.text
    assert wish.name not in answer.text


def test_a_dead_link_that_is_tried_too_often_keeps_the_text_of_a_guest(
    client, booking, guest, clock, monkeypatch
):
    clock.move_to(booking.ends_at + timedelta(seconds=5))
    monkeypatch.setattr(sheets, "within_limit", lambda *_a, **_k: False)

    answer = late(client, guest)

    assert (answer.status_code, "Taugt uns." in answer.text) == (429, True)
    assert client.get(guest.get_absolute_url()).status_code == 429


# Two who change the plan


def rows(page, **changes):
    form = page.context["form"]
    return {name: form[name].value() or "" for name in form.fields} | changes


def plan_url(booking):
    return reverse("sandbox:plan_edit", args=[booking.public_id])


def test_who_changes_the_words_of_a_task_keeps_what_was_noted(signed_in, world, booking, guest):
    task, other = plan(booking, "Termin buchen", "Termin löschen")
    noted(booking, guest, task)
    client = signed_in(world.booker)
    page = client.get(plan_url(booking))

    sent = rows(page, task_1="Termin löschen", task_2="Termin buchen.")
    assert client.post(plan_url(booking), sent).status_code == 302

    assert [(t.pk, t.task) for t in booking.tasks.all()] == [
        (task.pk, "Termin löschen"),
        (other.pk, "Termin buchen."),
    ]
    assert TaskResult.objects.get().task_id == task.pk


def test_a_plan_that_is_closed_meanwhile_is_told_so_and_kept(signed_in, world, booking):
    plan(booking, "Termin buchen")
    client = signed_in(world.booker)
    page = client.get(plan_url(booking))
    services.end_booking(booking_id=booking.pk, actor=world.booker)

    late = client.post(plan_url(booking), rows(page, task_1="Termin <verschieben>"))

    assert late.status_code == 409
    assert "Termin &lt;verschieben&gt;" in late.text
    assert "Testplan speichern" not in late.text
    assert "ersetzt ihn Ihr Text" not in late.text
    assert client.get(plan_url(booking)).status_code == 302


def test_who_was_asked_to_a_test_that_is_over_is_not_asked_any_more(signed_in, world, booking):
    row = invite_person(booking_id=booking.pk, actor=world.booker, email=world.stranger.email)
    client, url = signed_in(world.stranger), row.get_absolute_url()
    assert "Einladung annehmen" in client.get(url).text

    services.end_booking(booking_id=booking.pk, actor=world.booker)

    page = client.get(url).text
    assert "Einladung annehmen" not in page
    assert "Er ist vorbei." in page


def test_the_slower_of_two_keeps_the_typed_text_and_sees_the_other(signed_in, world, booking):
    plan(booking, "Termin buchen")
    client = signed_in(world.booker)
    page = client.get(plan_url(booking))
    plan(booking, "Termin buchen", "Mahnung lesen")

    sent = rows(page, task_1="Termin verschieben")
    answer = client.post(plan_url(booking), sent)
    assert answer.status_code == 409
    assert "Termin verschieben" in answer.text
    assert "Mahnung lesen" in answer.text
    assert [t.task for t in booking.tasks.all()] == ["Termin buchen", "Mahnung lesen"]

    assert client.post(plan_url(booking), rows(answer)).status_code == 302
    assert [t.task for t in booking.tasks.all()] == ["Termin verschieben"]
    events = booking.events.filter(kind="plan").count()
    assert client.post(plan_url(booking), sent).status_code == 302, "the same again is nothing new"
    assert booking.events.filter(kind="plan").count() == events


def test_a_task_that_is_taken_out_leaves_its_notes(signed_in, client, booking, guest):
    task, _other = plan(booking, "Termin buchen", "Termin löschen")
    report = noted(booking, guest, task, findings="Sonst gut.")
    url = f"{guest.get_absolute_url()}?testbericht=1"
    form = rows(client.get(url))

    plan(booking, "Termin löschen")

    report.refresh_from_db()
    assert report.findings == "Sonst gut.\n\nTermin buchen: lange Notiz"
    sent = form | {f"note_{task.public_id.hex}": "Noch länger", "draft": "1", "chosen": []}
    answer = client.post(url, sent)
    assert answer.status_code == 409
    assert "Noch länger" in answer.context["form"]["findings"].value()
    again = rows(answer, chosen=[], draft="1")
    assert client.post(url, again).status_code == 302
    report.refresh_from_db()
    assert report.findings == "Sonst gut.\n\nNoch länger"


def test_a_plan_that_changed_keeps_every_tick(signed_in, world, booking):
    (task,) = plan(booking, "Termin buchen")
    written = Written({}, "Langsam.", "", [Upload(f"{n}.txt", b"Text") for n in range(2)])
    report = save_report(booking_id=booking.pk, author=world.booker, submit=False, written=written)
    ticked = [str(file.public_id) for file in report.files.all()]
    plan(booking, "Termin löschen")

    answer = signed_in(world.booker).post(
        reverse("sandbox:booker_report", args=[booking.public_id]),
        {"findings": "Langsam.", f"note_{task.public_id.hex}": "Zu klein", "removed": ticked},
    )

    form = answer.context["form"]
    assert answer.status_code == 409
    assert form["removed"].value() == ticked
    assert "removed" not in form.errors
    assert form["findings"].value() == "Langsam.\n\nZu klein"


# Failed after it had run


def test_what_failed_after_it_had_run_takes_reports(signed_in, world, booking):
    Booking.objects.filter(pk=booking.pk).update(state=BookingState.FAILED)
    client = signed_in(world.booker)
    url = reverse("sandbox:booker_report", args=[booking.public_id])

    assert url in client.get(booking.get_absolute_url()).text
    assert client.post(url, {"findings": "Lief drei Tage.", "overall": ""}).status_code == 302
    assert booking.reports.get().findings == "Lief drei Tage."


def test_what_never_ran_takes_none(world):
    booking = world.book()
    booking.state = BookingState.FAILED
    assert not takes_reports(booking)


def test_what_was_cancelled_before_its_begin_takes_none(world, clock):
    """Also when its former begin has come."""
    booking = world.book(starts_in=timedelta(days=3))
    services.end_booking(booking_id=booking.pk, actor=world.booker)
    clock.move_to(booking.starts_at + timedelta(minutes=5))

    assert not takes_reports(Booking.objects.get(pk=booking.pk))


def test_what_was_ended_early_takes_them(world, booking):
    services.end_booking(booking_id=booking.pk, actor=world.booker)

    assert takes_reports(Booking.objects.get(pk=booking.pk))


# The proof of deletion of what has failed, and of what was replaced


def test_a_failed_booking_shows_what_was_deleted_by_generation(signed_in, world, booking, run):

    services.reset_environment(booking_id=booking.pk, actor=world.booker)
    run(booking)
    run(booking)
    first, second = booking.environments.order_by("generation")
    client = signed_in(world.booker)
    page = client.get(booking.get_absolute_url())
    assert page.context["removals"] == [first]
    assert first.proofs.first().name in page.text

    booking.fail()
    remove_environment(booking)
    run(booking)
    page = client.get(booking.get_absolute_url())

    assert page.context["phase"] == "failed"
    assert page.context["removals"] == [first, second]
    for environment in (first, second):
        assert environment.backend_key in page.text
        assert environment.proofs.first().name in page.text
    assert reverse("sandbox:removal_proof", args=[booking.public_id]) in page.text
