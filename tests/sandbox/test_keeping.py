"""How long what people wrote about a test is kept."""

from __future__ import annotations

from datetime import timedelta

import pytest

from osk_portal import portal
from osk_portal.accounts.services import anonymous_person
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock as portal_clock
from sandbox import provisioning, services
from sandbox.enums import Outcome
from sandbox.models import Booking, EnvironmentEvent, Measure, OperatorTask, TestReport
from sandbox.services.keeping import anonymise_old
from sandbox.services.participants import invite_guest
from sandbox.services.testing import PlannedTask, Written, plan_digest, save_report, set_plan
from tests.factories import MembershipFactory, staff
from tests.sandbox.world import book

pytestmark = pytest.mark.django_db
YEARS = timedelta(days=3 * 366)


@pytest.fixture
def booking(engine, clock, run):
    """With everything that people write, and ended."""
    clock.move_to(portal_clock.now())
    membership = MembershipFactory(organisation__authority=True)
    booking = book(membership=membership)
    environment = run(booking)
    (task,) = set_plan(
        booking_id=booking.pk, actor=booking.booked_by,
        tasks=[PlannedTask("Frau Muster fragen")], base=plan_digest([]),
    )  # fmt: skip
    guest = invite_guest(
        booking_id=booking.pk, actor=booking.booked_by, name="Gesa", email="gesa@example.org"
    )
    save_report(
        booking_id=booking.pk, guest=guest, submit=True,
        written=Written({task.pk: (Outcome.MET, "Notiz")}, "Befund", "Urteil"),
    )  # fmt: skip
    services.reveal_credential(
        credential_id=environment.credentials.get().pk, actor=booking.booked_by
    )
    services.name_deputy(
        booking_id=booking.pk, actor=booking.booked_by,
        deputy=MembershipFactory(organisation=membership.organisation).user,
    )  # fmt: skip
    services.end_booking(booking_id=booking.pk, actor=booking.booked_by)
    provisioning.work(environment.pk)
    booking.refresh_from_db()
    return booking


def test_words_and_names_go_after_the_term_and_proofs_stay(booking, clock, settings) -> None:
    settings.OSK_ARCHIVE_OFFER_SETTLED = True
    clock.move_to(booking.ended_at + timedelta(days=3 * 365))
    anonymise_old()
    booking.refresh_from_db()
    assert booking.purpose

    clock.move_to(booking.ended_at + YEARS)
    for _twice in range(2):
        anonymise_old()

    booking.refresh_from_db()
    assert (booking.purpose, booking.booked_by, booking.deputy) == ("", anonymous_person(), None)
    assert not TestReport.objects.exists()
    assert not booking.tasks.exists()
    assert not booking.participants.exists()
    assert not booking.events.exclude(actor=None).exists()
    assert not EnvironmentEvent.objects.filter(kind="credential_shown").exists()
    assert not EnvironmentEvent.objects.exclude(actor=None).exists()
    assert not OutgoingMail.objects.filter(subject_key=str(booking.public_id)).exists()
    assert booking.environments.get().proofs.exists()
    (row,) = booking.events.filter(kind="anonymise")
    assert {k: row.data[k] for k in ("years", "reports", "tasks", "participants")} == {
        "years": 3, "reports": 1, "tasks": 1, "participants": 1,
    }  # fmt: skip


def test_no_key_of_a_person_and_no_typed_word_is_left_anywhere(booking, clock, settings) -> None:
    settings.OSK_ARCHIVE_OFFER_SETTLED = True
    operator, environment = staff("operator"), booking.environments.get()
    deputy = booking.events.get(kind="deputy_named").data["person"]
    assert deputy
    people = {booking.booked_by_id, deputy, operator.pk}
    booking.record("handed_over", actor=None, person=booking.booked_by_id, successor=operator.pk)
    booking.record("takeover_ended", actor=operator, person=operator.pk, version=3)
    environment.record("ready", guest="12345678-0000-4000-8000-000000000000", task="t")
    Booking.objects.update(longer_reason="Für Frau Muster", longer_decided_at=portal_clock.now())
    booking.environments.update(error_for_operator="login of muster@example.org failed")
    Measure.objects.create(kind="end", environment=environment, actor=operator, reason="Muster")
    OperatorTask.objects.create(
        environment=environment, kind="set_up", state="refused", instance="test",
        due_at=portal_clock.now(), expires_at=portal_clock.now(), assignee=operator,
        done_by=operator, done_at=portal_clock.now(), reason="Frau Muster fehlt",
        things=["Konto von Frau Muster", "VM"],
    )  # fmt: skip
    clock.move_to(booking.ended_at + YEARS)

    anonymise_old()

    booking.refresh_from_db()
    environment.refresh_from_db()
    events = [*booking.events.all(), *environment.events.all()]
    for event in events:
        assert not {"person", "successor", "guest"} & event.data.keys()
        if event.kind != "anonymise":  # figures only
            assert not people & {*event.data.values()}
    assert booking.events.get(kind="takeover_ended").data == {"version": 3}
    assert environment.events.filter(data={"task": "t"}).exists()
    assert (booking.longer_reason, booking.longer_decided_at is None) == ("", False)
    assert (environment.error_for_operator, environment.log_tail) == ("–", "")
    measure, task = Measure.objects.get(), OperatorTask.objects.get()
    assert (measure.reason, measure.actor) == ("–", anonymous_person())
    assert (task.reason, task.assignee, task.done_by) == ("–", None, anonymous_person())
    assert task.things == ["–", "–"]


def test_it_only_reports_until_the_archive_has_said_what_it_wants(
    booking, clock, settings, caplog
) -> None:
    settings.OSK_ARCHIVE_OFFER_SETTLED = False
    clock.move_to(booking.ended_at + YEARS)

    anonymise_old()

    booking.refresh_from_db()
    assert booking.purpose
    assert "to be anonymised" in caplog.text


def test_what_an_engine_still_has_waits(engine, clock, settings) -> None:
    settings.OSK_ARCHIVE_OFFER_SETTLED = True
    clock.move_to(portal_clock.now())
    booking = book()
    services.end_booking(booking_id=booking.pk, actor=booking.booked_by)
    assert booking.environments.existing().exists()
    clock.move_to(portal_clock.now() + YEARS)

    anonymise_old()

    booking.refresh_from_db()
    assert booking.anonymised_at is None


def test_what_a_person_has_still_to_remove_waits(booking, clock, settings) -> None:
    """The task names it, and of what an operator gave up nothing else does."""
    settings.OSK_ARCHIVE_OFFER_SETTLED = True
    task = OperatorTask.objects.create(
        environment=booking.environments.get(), kind="remove", instance="test",
        due_at=portal_clock.now(), expires_at=portal_clock.now(), things=["VM"],
    )  # fmt: skip
    clock.move_to(booking.ended_at + YEARS)
    anonymise_old()
    booking.refresh_from_db()
    assert booking.anonymised_at is None

    OperatorTask.objects.filter(pk=task.pk).update(state="withdrawn")
    anonymise_old()

    booking.refresh_from_db()
    assert booking.anonymised_at is not None


def test_a_rejected_application_keeps_that_it_was_rejected(clock, settings) -> None:
    settings.OSK_ARCHIVE_OFFER_SETTLED = True
    clock.move_to(portal_clock.now())
    booking = book()
    Booking.objects.filter(pk=booking.pk).update(
        state="rejected", decision_reason="Frau Muster", decided_by=booking.booked_by,
        ended_at=portal_clock.now(), takeover_reason="Urlaub", taken_over_by=booking.booked_by,
    )  # fmt: skip
    booking.environments.update(state="gone", gone_at=portal_clock.now())
    clock.move_to(portal_clock.now() + YEARS)

    anonymise_old()

    booking.refresh_from_db()
    assert (booking.decision_reason, booking.takeover_reason) == ("–", "")
    assert booking.decided_by == anonymous_person()


def test_it_is_a_daily_job() -> None:
    assert portal.daily_jobs.get("sandbox.keeping").run is anonymise_old
