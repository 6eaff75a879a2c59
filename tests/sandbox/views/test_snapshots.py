"""Saving the configuration of an environment: who may, what is kept, and until when."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from pypdf import PdfReader

from osk_portal import portal
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clamav, encryption
from osk_portal.toolkit import clock as portal_clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import backends, provisioning, removal_record, services, taking_along
from sandbox.backends.base import BackendUnavailable, Permanent, Retryable
from sandbox.models import EnvironmentEvent, ReportFile, Snapshot, TestReport
from sandbox.models.environments import UNREADABLE
from sandbox.models.report_files import private_storage
from sandbox.models.snapshots import FOLDER
from sandbox.services import keeping, snapshots
from tests.factories import staff
from tests.sandbox.factories import SPEC
from tests.sandbox.fake_backend import Killed

EXPORTING = {
    **{name: part for name, part in SPEC.items() if name != "endpoint"},
    "schema": 2,
    "endpoints": [SPEC["endpoint"]],
    "components": [
        SPEC["components"][0] | {"seed": [{"path": "data/a.txt", "content": "geheim-4711"}]}
    ],
    "export": [{"component": "web", "path": "data", "label": "Kalender"}],
}
SECRET = b"geheim-4711"


@pytest.fixture
def ready(world):
    version = world.blueprint.versions.get()
    version.spec = EXPORTING
    version.save()
    return world.book_and_set_up()


@pytest.fixture(autouse=True)
def private(settings, tmp_path):
    settings.STORAGES = {
        **settings.STORAGES,
        "private": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path},
        },
    }
    return tmp_path


def ask(booking, actor=None) -> Snapshot:
    return services.ask_snapshot(booking_id=booking.pk, actor=actor or booking.booked_by)


def saved(booking, actor=None) -> Snapshot:
    snapshot = ask(booking, actor)
    taking_along.take(snapshot.pk)
    snapshot.refresh_from_db()
    return snapshot


def files_on_disk(folder) -> list[bytes]:
    return [path.read_bytes() for path in (folder / FOLDER).glob("*")]


def kinds(booking) -> list[str]:
    events = EnvironmentEvent.objects.filter(environment__booking=booking)
    return [k for k in events.order_by("pk").values_list("kind", flat=True) if "snapshot" in k]


def addresses(booking, snapshot):
    one = [booking.public_id, snapshot.public_id]
    return {
        "ask": reverse("sandbox:snapshot_ask", args=[booking.public_id]),
        "fetch": reverse("sandbox:snapshot_fetch", args=one),
        "delete": reverse("sandbox:snapshot_delete", args=one),
    }


# Who


@pytest.mark.parametrize("what", ["ask", "fetch", "delete", "progress"])
@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("nobody", 302),
        ("stranger", 404),
        ("colleague", 404),
        ("operator", 404),
        ("manager", 403),
    ],
)
def test_it_is_for_nobody_else(signed_in, world, ready, what, who, status):
    booking, _environment = ready
    snapshot = saved(booking)
    progress = reverse("sandbox:snapshot_progress", args=[booking.public_id])
    person = {"nobody": None, "operator": None}.get(who) or getattr(world, who, None)
    client = signed_in(staff("operator") if who == "operator" else person)

    answer = (
        client.get(progress)
        if what == "progress"
        else client.post(addresses(booking, snapshot)[what])
    )

    assert answer.status_code == status
    assert kinds(booking) == ["snapshot_asked", "snapshot_taken"]
    if what != "progress" and who == "manager":
        assert client.get(addresses(booking, snapshot)[what]).status_code == 405


def test_a_deputy_may_and_what_is_anothers_is_not_found(signed_in, world, ready):
    booking, _environment = ready
    services.name_deputy(booking_id=booking.pk, actor=world.booker, deputy=world.colleague)
    snapshot = saved(booking, world.colleague)
    other = world.book()
    client = signed_in(world.colleague)

    fetched = client.post(addresses(booking, snapshot)["fetch"])
    assert b"".join(fetched.streaming_content).startswith(b"PK")
    assert client.post(addresses(other, snapshot)["fetch"]).status_code == 404


def test_rights_end_with_the_membership(signed_in, world, ready):
    booking, _environment = ready
    snapshot = saved(booking)
    world.booker.memberships.all().delete()

    assert signed_in(world.booker).post(addresses(booking, snapshot)["fetch"]).status_code == 404
    with pytest.raises(PermissionDenied):
        services.fetch_snapshot(snapshot_id=snapshot.pk, actor=world.booker)


# The way


def test_it_is_saved_downloaded_and_deleted(signed_in, world, ready, private):
    booking, _environment = ready
    client = signed_in(world.booker)
    page = client.get(booking.get_absolute_url()).text
    assert "Konfiguration sichern" in page
    assert "Kalender" in page
    assert "Passwörter" in page

    address = reverse("sandbox:snapshot_ask", args=[booking.public_id])
    assert "zum Beispiel in einer Datenbank" in client.get(booking.get_absolute_url()).text
    assert client.post(address).url == booking.get_absolute_url() + "#sicherung"
    snapshot = Snapshot.objects.get()
    page = client.get(booking.get_absolute_url()).text
    assert "wird gesichert" in page
    assert f'action="{address}"' not in page
    progress = reverse("sandbox:snapshot_progress", args=[booking.public_id])
    assert progress in page
    seen = page.partition("?seen=")[2][:12]
    assert client.get(progress, {"seen": seen}).status_code == 204

    taking_along.take(snapshot.pk)

    fresh = client.get(progress, {"seen": seen})
    assert fresh.status_code == 200
    assert "Herunterladen" in fresh.text
    assert progress not in fresh.text, "nothing is under way any more"
    answer = client.post(addresses(booking, snapshot)["fetch"])
    assert answer["Content-Disposition"].startswith('attachment; filename="radicale-')
    assert answer["Cache-Control"] == "private, no-store"
    content = b"".join(answer.streaming_content)
    assert answer["Content-Length"] == str(len(content))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.read("web/data/a.txt") == SECRET
        (told,) = [name for name in archive.namelist() if "/" not in name]
        assert "Kalender" in archive.read(told).decode()
        assert "zum Beispiel in einer Datenbank" in archive.read(told).decode(), "it ran meanwhile"
    (kept,) = files_on_disk(private)
    assert SECRET not in kept
    assert b"PK" not in kept[:2]

    assert client.post(addresses(booking, snapshot)["delete"]).status_code == 302
    snapshot.refresh_from_db()
    assert (snapshot.state, snapshot.key, bool(snapshot.content)) == ("deleted", "", False)
    assert client.post(addresses(booking, snapshot)["fetch"]).status_code == 302
    assert client.post(addresses(booking, snapshot)["delete"]).status_code == 302
    assert kinds(booking) == [
        "snapshot_asked", "snapshot_taken", "snapshot_fetched", "snapshot_deleted",
    ]  # fmt: skip


def test_the_file_goes_with_the_row(ready, private, django_capture_on_commit_callbacks):
    booking, _environment = ready
    snapshot = saved(booking)
    with django_capture_on_commit_callbacks(execute=True):
        services.delete_snapshot(snapshot_id=snapshot.pk, actor=booking.booked_by)

    assert files_on_disk(private) == []


def test_what_a_product_does_not_name_cannot_be_saved(signed_in, world):
    booking, _environment = world.book_and_set_up()

    assert (
        "Konfiguration sichern" not in signed_in(world.booker).get(booking.get_absolute_url()).text
    )
    with pytest.raises(TransitionNotAllowed):
        ask(booking)


def test_where_nobody_can_read_the_page_says_so(signed_in, world, ready):
    booking, environment = ready
    environment.backend = "kubernetes"
    environment.save()

    page = signed_in(world.booker).get(booking.get_absolute_url()).text

    assert "Konfiguration sichern" in page
    assert reverse("sandbox:snapshot_ask", args=[booking.public_id]) not in page
    with pytest.raises(TransitionNotAllowed):
        ask(booking)


def test_which_engines_can_is_known_without_asking_them():
    classes = {key: make.__self__ for key, make in backends.BACKENDS.items()}

    assert {key for key, one in classes.items() if not hasattr(one, "export")} == UNREADABLE


def test_one_at_a_time_and_so_many_at_most(signed_in, world, ready, settings):
    settings.OSK_SANDBOX_SNAPSHOTS_MOST = 1
    booking, environment = ready
    first = ask(booking)
    with pytest.raises(TransitionNotAllowed):
        ask(booking)
    with pytest.raises(IntegrityError), transaction.atomic():
        Snapshot.objects.create(environment=environment, asked_by=world.booker)

    taking_along.take(first.pk)
    taking_along.take(first.pk)
    assert world.engine.count("export") == 1
    with pytest.raises(services.TooManySnapshots):
        ask(booking)
    client = signed_in(world.booker)
    assert "Höchstens" in client.get(booking.get_absolute_url()).text
    client.post(reverse("sandbox:snapshot_ask", args=[booking.public_id]))
    assert Snapshot.objects.count() == 1


@pytest.mark.parametrize("what", ["starting", "quarantined", "tearing_down", "gone"])
def test_only_what_runs_is_saved(world, ready, what):
    booking, _environment = ready
    snapshot = ask(booking)
    changes = {
        "starting": {"state": "starting"},
        "quarantined": {"state": "quarantined", "quarantined_until": portal_clock.now()},
        "tearing_down": {"state": "tearing_down", "desired": "absent"},
        "gone": {"state": "gone", "desired": "absent", "gone_at": portal_clock.now()},
    }[what]
    booking.environments.update(**changes)

    with pytest.raises(TransitionNotAllowed):
        ask(booking)
    taking_along.take(snapshot.pk)

    snapshot.refresh_from_db()
    if what == "starting":
        assert snapshot.state == "clean", "a restart keeps the data"
    else:
        assert snapshot.state == "failed"
        assert snapshot.error == ("halted" if what == "quarantined" else "ended")
        assert world.engine.count("export") == 0


def test_a_quarantine_gives_nothing_out(signed_in, world, ready):
    booking, _environment = ready
    snapshot = saved(booking)
    booking.environments.update(quarantined_until=portal_clock.now())

    with pytest.raises(TransitionNotAllowed):
        services.fetch_snapshot(snapshot_id=snapshot.pk, actor=world.booker)
    page = signed_in(world.booker).get(booking.get_absolute_url()).text
    assert addresses(booking, snapshot)["fetch"] + '"' not in page


def test_a_quarantine_while_it_is_read_keeps_nothing(world, ready, private):
    booking, _environment = ready
    world.engine.fault(
        "export", lambda: booking.environments.update(quarantined_until=portal_clock.now())
    )

    assert saved(booking).error == "halted"
    assert files_on_disk(private) == []


# Engines and workers


def test_an_engine_that_is_away_is_asked_again(world, ready, clock, bells, private):
    clock.move_to(portal_clock.now())
    booking, _environment = ready
    world.engine.fault("export", BackendUnavailable("away"), Retryable("later"))
    snapshot = saved(booking)
    assert (snapshot.state, snapshot.error) == ("asked", "engine")
    taking_along.take(snapshot.pk)
    assert world.engine.count("export") == 1, "not before its time"

    clock.move_to(portal_clock.now() + timedelta(seconds=16))
    taking_along.take(snapshot.pk)
    clock.move_to(portal_clock.now() + timedelta(seconds=31))
    assert list(Snapshot.objects.to_take()) == [snapshot]
    taking_along.take(snapshot.pk)

    snapshot.refresh_from_db()
    assert (snapshot.state, snapshot.last_error) == ("clean", "")
    assert len(files_on_disk(private)) == 1


@pytest.mark.parametrize(
    ("fault", "times", "error"),
    [
        (BackendUnavailable("away"), 5, "engine"),
        (Retryable("torn"), 5, "unreadable"),
        (SoftTimeLimitExceeded(), 5, "unreadable"),
        (Permanent("", "not there"), 1, "unreadable"),
    ],
)
def test_what_does_not_work_is_given_up_and_told(
    signed_in, world, ready, clock, private, fault, times, error
):
    clock.move_to(portal_clock.now())
    booking, environment = ready
    world.engine.fault("export", *[fault] * times)
    snapshot = ask(booking)
    for _time in range(times):
        taking_along.take(snapshot.pk)
        clock.move_to(portal_clock.now() + timedelta(hours=1))

    snapshot.refresh_from_db()
    assert (snapshot.state, snapshot.error) == ("failed", error)
    assert files_on_disk(private) == []
    assert "nicht gesichert" in signed_in(world.booker).get(booking.get_absolute_url()).text
    environment.refresh_from_db()
    assert environment.state == "ready"
    assert saved(booking).state == "clean"


def test_a_dead_workers_lease_runs_out_and_the_next_one_begins_anew(world, ready, clock, private):
    clock.move_to(portal_clock.now())
    booking, _environment = ready
    snapshot = ask(booking)
    world.engine.fault("export:after", Killed())
    with pytest.raises(Killed):
        taking_along.take(snapshot.pk)
    taking_along.take(snapshot.pk)
    assert world.engine.count("export") == 1

    clock.move_to(portal_clock.now() + taking_along.LEASE + timedelta(seconds=1))
    taking_along.take(snapshot.pk)

    snapshot.refresh_from_db()
    assert snapshot.state == "clean"
    assert len(files_on_disk(private)) == 1


def test_workers_that_die_at_it_again_and_again_end_it(world, ready, clock):
    clock.move_to(portal_clock.now())
    booking, _environment = ready
    snapshot = ask(booking)
    world.engine.fault("export", *[Killed()] * taking_along.ATTEMPTS)
    for _time in range(taking_along.ATTEMPTS):
        with pytest.raises(Killed):
            taking_along.take(snapshot.pk)
        clock.move_to(portal_clock.now() + taking_along.LEASE + timedelta(seconds=1))
    taking_along.take(snapshot.pk)

    snapshot.refresh_from_db()
    assert (snapshot.state, snapshot.error) == ("failed", "unreadable")
    assert world.engine.count("export") == taking_along.ATTEMPTS


def test_who_has_lost_the_lease_keeps_nothing(world, ready, clock, private):
    clock.move_to(portal_clock.now())
    booking, _environment = ready
    snapshot = ask(booking)

    def another_one() -> None:
        clock.move_to(portal_clock.now() + taking_along.LEASE + timedelta(seconds=1))
        taking_along.take(snapshot.pk)

    world.engine.fault("export", another_one)
    taking_along.take(snapshot.pk)

    assert world.engine.count("export") == 2
    assert kinds(booking) == ["snapshot_asked", "snapshot_taken"]
    assert len(files_on_disk(private)) == 1


def test_the_tick_rings_for_what_waits(world, ready, bells, django_capture_on_commit_callbacks):
    booking, _environment = ready
    snapshot = ask(booking)
    bells.rings.clear()
    with django_capture_on_commit_callbacks(execute=True):
        provisioning.tick()

    assert bells.of(snapshots.TAKE) == [{"snapshot_id": snapshot.pk}]


def test_over_the_limit_it_is_left_out_and_an_empty_one_is_none(signed_in, world, ready, settings):
    booking, environment = ready
    world.engine.data[environment.backend_key][("web", "data/b.txt")] = b"x" * 2**20
    settings.OSK_SANDBOX_SNAPSHOT_MOST_MB = 1
    snapshot = saved(booking)
    assert (snapshot.files, snapshot.left_out) == (1, 1)
    with snapshots.opened(snapshot) as content, zipfile.ZipFile(io.BytesIO(content.read())) as z:
        assert "web/data/b.txt" in z.read(z.namelist()[-1]).decode()
    page = signed_in(world.booker).get(booking.get_absolute_url()).text
    assert "ausgelassen" in page

    world.engine.data[environment.backend_key].clear()
    assert saved(booking).error == "empty"


# Malware


def test_it_is_scanned_where_there_is_a_scanner(world, ready, settings, monkeypatch, private):
    settings.OSK_CLAMAV = clamav.parse("tcp://127.0.0.1:3310")
    booking, environment = ready
    operator, seen = staff("operator"), []

    def scan(_address, chunks):
        seen.append(b"".join(chunks))
        found = len(seen) > 1
        return clamav.Verdict(clamav.Outcome.FOUND if found else clamav.Outcome.CLEAN, "Eicar")

    monkeypatch.setattr(clamav, "scan", scan)
    good = saved(booking)
    assert good.state == "quarantined"
    with pytest.raises(TransitionNotAllowed):
        services.fetch_snapshot(snapshot_id=good.pk, actor=world.booker)
    snapshots.QUEUE.scan(good.pk)
    good.refresh_from_db()
    assert good.state == "clean"
    assert seen[0].startswith(b"PK"), "in the clear"

    bad = saved(booking)
    snapshots.QUEUE.scan(bad.pk)
    bad.refresh_from_db()
    assert not snapshots.QUEUE.scan(bad.pk), "twice changes nothing"
    assert (bad.state, bad.key, bool(bad.content)) == ("infected", "", False)
    assert kinds(booking)[-1] == "snapshot_infected"
    told = OutgoingMail.objects.get(kind="sandbox.malware_found")
    assert (told.user, "Eicar" in told.body) == (world.booker, False)
    assert "in einer gesicherten Konfiguration" in told.body
    assert booking.get_absolute_url() in told.body
    alert = OutgoingMail.objects.get(kind="sandbox.operator_alert")
    assert (alert.user, "Eicar" in alert.body) == (operator, True)
    assert reverse("admin:sandbox_environment_page", args=[environment.public_id]) in alert.body


@pytest.mark.parametrize("is_scanned", [True, False])
def test_the_command_looks_after_copies_and_report_files_too(
    world, ready, settings, monkeypatch, capsys, is_scanned
):
    settings.OSK_CLAMAV = clamav.parse("tcp://127.0.0.1:3310")
    booking, _environment = ready
    copy = saved(booking)
    monkeypatch.setattr(ReportFile._meta.get_field("content"), "storage", private_storage())
    report = TestReport.objects.create(booking=booking, author=world.booker)
    file = ReportFile.objects.create(
        report=report,
        name="liste.csv",
        content=private_storage().save("liste", ContentFile(b"a;b")),
        kind="csv",
        size=3,
        sha256="0" * 64,
    )
    if is_scanned:
        clean = clamav.Verdict(clamav.Outcome.CLEAN, "")
        monkeypatch.setattr(clamav, "scan", lambda _address, chunks: [*chunks] and clean)
        call_command("scan_files")
    else:
        settings.OSK_CLAMAV = ""
        call_command("scan_files", "--release-unscanned")

    assert capsys.readouterr().out.startswith("2 files")
    for one in (copy, file):
        one.refresh_from_db()
        assert one.state == "clean"


# The end


def end(world, booking, environment):
    services.end_booking(booking_id=booking.pk, actor=world.booker)
    provisioning.work(environment.pk)
    booking.refresh_from_db()


def proof(booking) -> str:
    with translation.override("de"):
        content = removal_record.as_pdf(booking, portal_clock.now())
    document = PdfReader(io.BytesIO(content))
    return "".join("".join(page.extract_text() for page in document.pages).split())


def test_it_outlives_the_environment_until_its_day_and_the_proof_names_it(
    signed_in, world, ready, clock, private, django_capture_on_commit_callbacks
):
    clock.move_to(portal_clock.now())
    booking, environment = ready
    snapshot = saved(booking)
    end(world, booking, environment)
    client = signed_in(world.booker)
    assert "Herunterladen" in client.get(booking.get_absolute_url()).text
    told = OutgoingMail.objects.get(user=world.booker, kind="sandbox.booking_ended")
    assert "Was Sie von der Konfiguration gesichert haben" in told.body
    fetched = client.post(addresses(booking, snapshot)["fetch"])
    assert b"".join(fetched.streaming_content).startswith(b"PK")
    text = proof(booking)
    assert "GesicherteKonfiguration" in text
    assert "nochnicht" in text
    assert "Alleshier" in text

    clock.move_to(booking.ended_at + timedelta(days=30))
    snapshots.delete_due()
    snapshot.refresh_from_db()
    assert snapshot.state == "clean"
    clock.move_to(booking.ended_at + timedelta(days=30, seconds=1))
    with django_capture_on_commit_callbacks(execute=True):
        snapshots.delete_due()
        snapshots.delete_due()

    snapshot.refresh_from_db()
    assert (snapshot.state, snapshot.deleted_at) == ("deleted", portal_clock.now())
    assert files_on_disk(private) == []
    assert kinds(booking)[-1] == "snapshot_expired"
    assert "nochnicht" not in proof(booking)


@pytest.mark.parametrize("name", ["booking_end", "booking_reset"])
def test_what_is_being_saved_holds_up_the_end_and_the_reset(signed_in, world, ready, clock, name):
    clock.move_to(portal_clock.now())
    booking, environment = ready
    snapshot = ask(booking)
    client = signed_in(world.booker)
    address = reverse(f"sandbox:{name}", args=[booking.public_id])

    for answer, status in ((client.get(address), 200), (client.post(address), 409)):
        assert answer.status_code == status
        assert "wird noch gesichert. Warten Sie einen Moment" in answer.text
    booking.refresh_from_db()
    environment.refresh_from_db()
    assert (booking.state, environment.desired) == ("active", "present")

    taking_along.take(snapshot.pk)
    assert "noch gesichert" not in client.get(address).text
    assert client.post(address).status_code == 302
    environment.refresh_from_db()
    snapshot.refresh_from_db()
    assert (environment.desired, snapshot.state) == ("absent", "clean")


def test_it_holds_up_nobody_for_ever_no_operator_and_no_account(world, ready, clock):
    clock.move_to(portal_clock.now())
    booking, environment = ready
    ask(booking)
    with transaction.atomic():
        operator = staff("operator")
        services.end_environment(environment_id=environment.pk, actor=operator, reason="Störung")
        booking.refresh_from_db()
        assert booking.state == "cancelled"
        transaction.set_rollback(True)
    with transaction.atomic():
        (offer,) = [one for one in portal.personal_data if one.key == "sandbox"]
        offer.erase(world.booker)
        booking.refresh_from_db()
        assert booking.state == "cancelled"
        transaction.set_rollback(True)

    clock.move_to(portal_clock.now() + snapshots.HOLDS_UP)
    services.end_booking(booking_id=booking.pk, actor=world.booker)


@pytest.mark.parametrize("is_taken", [True, False])
def test_the_removal_waits_a_little_for_it_at_the_booked_end(world, ready, clock, bells, is_taken):
    booking, environment = ready
    clock.move_to(booking.ends_at - timedelta(seconds=1))
    snapshot = ask(booking)
    clock.move_to(booking.ends_at)
    provisioning.tick()
    provisioning.work(environment.pk)
    environment.refresh_from_db()
    assert (environment.state, environment.desired) == ("ready", "absent")
    assert environment.lease_token is None

    clock.move_to(
        booking.ends_at + (timedelta(seconds=15) if is_taken else snapshots.REMOVAL_WAITS)
    )
    if is_taken:
        taking_along.take(snapshot.pk)
    provisioning.work(environment.pk)
    taking_along.take(snapshot.pk)

    environment.refresh_from_db()
    snapshot.refresh_from_db()
    assert environment.state == "gone"
    assert (snapshot.state, snapshot.error) == (("clean", "") if is_taken else ("failed", "ended"))


def test_without_one_the_proof_says_nothing_of_it(world, ready):
    booking, environment = ready
    end(world, booking, environment)

    assert "Gesicherte" not in proof(booking)


def test_what_lies_there_without_a_row_is_swept_up(ready, clock, private):
    booking, _environment = ready
    saved(booking)
    stray = private / FOLDER / "stray"
    stray.write_bytes(b"x")
    snapshots.delete_due()
    assert stray.exists(), "perhaps somebody is just writing its row"
    clock.move_to(portal_clock.now() + timedelta(days=2))
    snapshots.delete_due()

    assert not stray.exists()
    assert len(files_on_disk(private)) == 1


def test_keys_are_rotated_with_all_others(ready, settings):
    booking, _environment = ready
    snapshot = saved(booking)
    settings.OSK_ENCRYPTION_KEYS = [
        "bmV1ZXItc2NobHVlc3NlbC1mdWVyLWRpZXNlLXRlc3Q=",
        *settings.OSK_ENCRYPTION_KEYS,
    ]
    call_command("rotate_keys")
    snapshot.refresh_from_db()

    assert encryption.is_current(snapshot.key)
    with snapshots.opened(snapshot) as content:
        assert content.read(2) == b"PK"


def test_a_lost_key_is_told(signed_in, world, ready, expect_errors):
    booking, _environment = ready
    snapshot = saved(booking)
    private_storage().delete(snapshot.content.name)

    answer = signed_in(world.booker).post(addresses(booking, snapshot)["fetch"], follow=True)

    assert "nicht mehr gelesen" in answer.text


def test_the_account_that_ends_takes_its_own_with_it(world, ready):
    booking, environment = ready
    saved(booking)
    end(world, booking, environment)
    (offer,) = [one for one in portal.personal_data if one.key == "sandbox"]

    offer.erase(world.booker)

    assert Snapshot.objects.get().state == "deleted"
    event = EnvironmentEvent.objects.get(kind="snapshot_deleted")
    assert (event.environment, event.actor) == (environment, world.booker)


def test_copies_are_deleted_behind_their_bookings_and_environments(world, ready):
    booking, environment = ready
    saved(booking)
    end(world, booking, environment)
    with CaptureQueriesContext(connection) as queries, transaction.atomic():
        snapshots.delete_kept([booking.pk])

    locks = [one["sql"] for one in queries if "FOR UPDATE" in one["sql"]]
    tables = [sql.partition('FOR UPDATE OF "')[2].partition('"')[0] for sql in locks]
    assert tables == ["sandbox_booking", "sandbox_environment", "sandbox_snapshot"]


def test_the_booking_that_is_anonymised_keeps_none_and_no_name(world, ready, clock, settings):
    settings.OSK_ARCHIVE_OFFER_SETTLED = True
    booking, environment = ready
    snapshot = saved(booking)
    services.fetch_snapshot(snapshot_id=snapshot.pk, actor=world.booker).close()
    end(world, booking, environment)
    clock.move_to(portal_clock.now() + timedelta(days=4 * 366))

    keeping.anonymise_old()

    snapshot.refresh_from_db()
    assert snapshot.state == "deleted"
    assert snapshot.asked_by != world.booker
    assert "snapshot_fetched" not in kinds(booking)


def test_before_the_end_people_are_reminded_of_it(signed_in, world, ready):
    booking, _environment = ready
    client = signed_in(world.booker)
    for name in ("booking_end", "booking_reset"):
        page = client.get(reverse(f"sandbox:{name}", args=[booking.public_id])).text
        assert "#sicherung" in page


def test_the_reminder_speaks_of_it(world, ready, clock):
    booking, _environment = ready
    monday = portal_clock.now().replace(hour=10) + timedelta(days=7 - portal_clock.now().weekday())
    booking.window = DateTimeTZRange(monday - timedelta(days=9), monday + timedelta(hours=20))
    booking.save()

    clock.move_to(monday)
    services.send_reminders()

    told = OutgoingMail.objects.get(user=world.booker, kind="sandbox.booking_ends_soon")
    assert "die Konfiguration als Datei sichern" in told.body


def test_the_page_costs_the_same_with_three(signed_in, world, ready, django_assert_num_queries):
    booking, _environment = ready
    client = signed_in(world.booker)
    saved(booking)
    client.get(booking.get_absolute_url())
    with CaptureQueriesContext(connection) as one:
        client.get(booking.get_absolute_url())
    saved(booking)
    saved(booking)
    with django_assert_num_queries(len(one)):
        client.get(booking.get_absolute_url())
