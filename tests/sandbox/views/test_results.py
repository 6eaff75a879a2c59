"""What came out: files of reports, given to a request, published on the page of the solution, taken back."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clamav, uploads
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import own_data, portal
from sandbox.enums import Outcome
from sandbox.models import Booking, PublishedResult, ReportFile, TestReport
from sandbox.models.report_files import FOLDER
from sandbox.public_results import PublicResult
from sandbox.results import summary_of
from sandbox.services import participants, report_files
from sandbox.services.publishing import give_result, publish_result, withdraw_result
from sandbox.services.report_files import Upload
from sandbox.services.testing import PlannedTask, Written, plan_digest, save_report, set_plan
from tests.catalog.factories import SolutionFactory
from tests.factories import staff

pytestmark = pytest.mark.django_db
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\rIDATx\x9cc\xfc\xcf\xc0P\x0f\x00\x04\x85\x01\x80\x84\xa9\x8c!\x00\x00\x00\x00IEND\xaeB`\x82"
)


@pytest.fixture(autouse=True)
def disk(tmp_path, monkeypatch):
    """An empty disk for the files."""
    storage = FileSystemStorage(location=tmp_path)
    monkeypatch.setattr(ReportFile._meta.get_field("content"), "storage", storage)
    monkeypatch.setattr(report_files, "private_storage", lambda: storage)
    return storage


@pytest.fixture
def booking(world) -> Booking:
    world.blueprint.solution = SolutionFactory(name="Radicale")
    world.blueprint.save(update_fields=["solution"])
    made, _environment = world.book_and_set_up()
    set_plan(
        booking_id=made.pk,
        actor=world.booker,
        tasks=[PlannedTask("Termin anlegen")],
        base=plan_digest([]),
    )
    return made


def write(booking, author, *, submit=True, files=(), removed=(), findings="Geht gut."):
    results = {booking.tasks.get().pk: (Outcome.MET, "")}
    written = Written(results, findings, "Passt.", files, removed)
    return save_report(booking_id=booking.pk, written=written, submit=submit, author=author)


def url(booking, name, *more):
    return reverse(f"sandbox:{name}", args=[booking.public_id, *more])


def stored():
    storage = report_files.private_storage()
    return storage.listdir(FOLDER)[1] if storage.exists(FOLDER) else []


# Files


def test_files_come_with_the_report_and_are_given_to_who_booked(signed_in, world, booking):
    participants.invite_person(
        booking_id=booking.pk, actor=world.booker, email=world.colleague.email
    )
    participant = booking.participants.get()
    task = booking.tasks.get().public_id.hex
    typed = {f"outcome_{task}": "met", "findings": "Siehe Bild", "overall": ""}
    address = reverse("sandbox:participant_report", args=[participant.public_id])
    client = signed_in(world.colleague)
    bad = client.post(
        address, {**typed, "submit": "1", "chosen": SimpleUploadedFile("x.exe", b"MZ")}
    )
    assert bad.status_code == 422
    assert "Siehe Bild" in bad.text, "what was typed stays"
    assert (TestReport.objects.count(), stored()) == (0, [])
    good = [SimpleUploadedFile("bild.png", PNG), SimpleUploadedFile("liste.csv", b"a;b\n1;2\n")]
    assert client.post(address, {**typed, "draft": "1", "chosen": good}).status_code == 302
    file = ReportFile.objects.get(name="bild.png")
    download = url(booking, "report_file", file.public_id)
    assert signed_in(world.booker).get(download).status_code == 404, "a draft is nobody else's"

    client = signed_in(world.colleague)
    assert "bild.png" in client.get(address).text
    gone = str(ReportFile.objects.get(name="liste.csv").public_id)
    client.post(address, {**typed, "submit": "1", "removed": [gone]})
    assert list(ReportFile.objects.all()) == [file]
    for person, status in (
        (world.manager, 403), (world.colleague, 404), (world.stranger, 404),
    ):  # fmt: skip
        assert signed_in(person).get(download).status_code == status
    answer = signed_in(world.booker).get(download)
    assert b"".join(answer.streaming_content) == PNG
    assert answer["Content-Disposition"] == 'attachment; filename="bild.png"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert download in signed_in(world.booker).get(booking.get_absolute_url()).text


def test_a_test_has_room_for_so_much(world, booking, settings):
    settings.OSK_FILES_MOST = 2
    files = [Upload(f"{n}.txt", f"Text {n}".encode()) for n in range(3)]
    with pytest.raises(uploads.Refused):
        write(booking, world.booker, files=files)
    assert (TestReport.objects.count(), stored()) == (0, [])
    write(booking, world.booker, files=files[:2])
    write(booking, world.booker, files=files[:2])
    assert ReportFile.objects.count() == len(stored()) == 2
    own_data.erase(world.booker)
    assert ReportFile.objects.count() == 2, "handed in: it stays with the booking"


def test_a_draft_takes_its_files_along(world, booking, django_capture_on_commit_callbacks):
    write(booking, world.booker, submit=False, files=[Upload("a.txt", b"Text")])
    with django_capture_on_commit_callbacks(execute=True):
        own_data.erase(world.booker)
    assert (ReportFile.objects.count(), stored()) == (0, [])


def test_malware_is_never_given_out(
    signed_in, world, booking, settings, monkeypatch, commits, bells
):
    """Who brought it is told, as of a file of a request: by account, and a guest by mail."""
    settings.OSK_CLAMAV = clamav.parse("tcp://127.0.0.1:3310")
    with commits():
        write(booking, world.booker, files=[Upload("a.txt", b"Text"), Upload("b.txt", b"Gut")])
    file, other = ReportFile.objects.order_by("pk")
    assert len(bells.of("sandbox.tasks.scan_file")) == 2
    download = url(booking, "report_file", file.public_id)
    assert signed_in(world.booker).get(download).status_code == 404, "not checked yet"
    verdicts = iter([
        clamav.Verdict(clamav.Outcome.FOUND, "Eicar"), clamav.Verdict(clamav.Outcome.CLEAN),
        clamav.Verdict(clamav.Outcome.UNREACHABLE),
    ])  # fmt: skip
    monkeypatch.setattr(clamav, "scan", lambda *_args: next(verdicts))
    with commits():
        assert report_files.QUEUE.scan(file.pk)
    assert report_files.QUEUE.scan(other.pk)
    assert not report_files.QUEUE.scan(other.pk), "twice changes nothing"

    file.refresh_from_db()
    assert (file.state, file.content.name, len(stored())) == ("infected", "", 1)
    assert signed_in(world.booker).get(download).status_code == 404
    assert booking.events.filter(kind="file_removed").exists()
    mail = OutgoingMail.objects.get(kind="sandbox.file_infected")
    assert mail.user == world.booker
    assert not OutgoingMail.objects.filter(kind="sandbox.malware_found").exists(), "told already"
    assert "Schadsoftware" in mail.body
    assert "Eicar" not in mail.body
    assert "a.txt" not in mail.body
    assert reverse("sandbox:booker_report", args=[booking.public_id]) in mail.body
    key = str(file.report.public_id)
    assert portal._still_allowed(world.booker.pk, mail.kind, key)
    assert not portal._still_allowed(world.colleague.pk, mail.kind, key)


def test_a_guest_hears_of_malware_too(world, booking, settings, monkeypatch, commits):
    settings.OSK_CLAMAV = clamav.parse("tcp://127.0.0.1:3310")
    operator = staff("operator")
    guest = participants.invite_guest(
        booking_id=booking.pk, actor=world.booker, name="Toni Probe", email="toni@example.org"
    )
    written = Written({}, "", "Passt.", [Upload("a.txt", b"Text")], ())
    found = clamav.Verdict(clamav.Outcome.FOUND, "Eicar")
    monkeypatch.setattr(clamav, "scan", lambda *_args: found)
    with commits():
        save_report(booking_id=booking.pk, written=written, submit=False, guest=guest)
        report_files.QUEUE.scan(ReportFile.objects.get().pk)
    mail = OutgoingMail.objects.get(kind="sandbox.file_infected")
    assert (mail.user, mail.address) == (None, "toni@example.org")
    told = OutgoingMail.objects.get(kind="sandbox.malware_found")
    assert (told.user, "a.txt" in told.body, "Eicar" in told.body) == (world.booker, False, False)
    assert "in einer Datei zu einem Testbericht" in told.body
    alert = OutgoingMail.objects.get(kind="sandbox.operator_alert")
    assert (alert.user, "Eicar" in alert.body, "Toni" in alert.body) == (operator, True, False)
    assert guest.token not in mail.body
    assert portal._still_allowed(0, mail.kind, mail.subject_key)


# To the request


def test_only_who_has_the_rights_gives_a_result(signed_in, world, booking):
    page = url(booking, "booking_result")
    assert signed_in(world.booker).get(page)["Location"] == booking.get_absolute_url()
    with pytest.raises(TransitionNotAllowed):
        give_result(booking_id=booking.pk, actor=world.booker, gives=True)
    write(booking, world.booker)
    for who, status in (("stranger", 404), ("colleague", 404), ("manager", 403), ("booker", 200)):
        assert signed_in(getattr(world, who)).get(page).status_code == status
    for actor in (world.manager, world.stranger, staff("advisor")):
        with pytest.raises(PermissionDenied):
            give_result(booking_id=booking.pk, actor=actor, gives=True)
    client = signed_in(world.booker)
    for _twice in range(2):
        client.post(page, {"give": "1"})
    booking.refresh_from_db()
    assert booking.result_given_at is not None
    assert booking.events.filter(kind="give_result").count() == 1
    client.post(page, {"take": "1"})
    booking.refresh_from_db()
    assert booking.result_given_at is None


# On the page of the solution


def test_a_result_is_published_by_consent_and_withdrawn_at_any_time(
    client, signed_in, world, booking
):
    write(booking, world.booker, findings="Interner Vermerk <script>")
    page = url(booking, "booking_result")
    own = signed_in(world.booker)
    assert "Interner Vermerk &lt;script&gt;" in own.get(page).text
    assert own.post(page, {"publish": "1", "text": " "}).status_code == 422
    typed = {"text": "Der Kalender genügt uns. <b>Gut</b>"}
    assert publish(own, page, typed).status_code == 302

    entry = booking.blueprint_version.blueprint.solution.get_absolute_url()
    own.logout()
    shown = client.get(entry).text
    assert "Der Kalender genügt uns. &lt;b&gt;Gut&lt;/b&gt;" in shown
    assert "Aufgabe 1" in shown
    for hidden in (
        "Interner Vermerk",
        "Termin anlegen",
        "Bezirksamt Beispiel",
        "Bea Bucht",
        booking.purpose,
    ):
        assert hidden not in shown
    publish(signed_in(world.booker), page, {**typed, "names_organisation": "on"})
    assert "Bezirksamt Beispiel" in client.get(entry).text
    assert PublishedResult.objects.count() == 1

    result = PublishedResult.objects.get()
    withdraw = reverse("sandbox:result_withdraw", args=[result.public_id])
    client.logout()
    assert client.post(withdraw).status_code == 302
    for person in (world.stranger, world.colleague):
        assert signed_in(person).post(withdraw).status_code == 404
    assert "Der Kalender" in client.get(entry).text
    assert signed_in(world.booker).post(withdraw)["Location"] == booking.get_absolute_url()
    assert signed_in(world.booker).post(withdraw).status_code == 404
    assert "Der Kalender" not in client.get(entry).text


def consent(page):
    """What the preview asks to agree to."""
    return re.search(r'name="consent" value="(\w+)"', page)[1]


def publish(client, page, typed):
    preview = client.post(page, {**typed, "preview": "1"}).text
    return client.post(page, {**typed, "publish": "1", "consent": consent(preview)})


def published(world, booking):
    chosen = {"text": "Gut", "names_organisation": True, "names_tasks": False}
    shown = PublicResult.made_of(booking, summary_of(booking, booking.tasks.all()), **chosen)
    return publish_result(
        booking_id=booking.pk, actor=world.booker, consent=shown.fingerprint, **chosen
    )


def test_the_words_of_the_tasks_are_public_only_by_choice(client, signed_in, world, booking):
    """The consent is to exactly what the preview shows, the words of the tasks only where chosen."""
    write(booking, world.booker)
    page = url(booking, "booking_result")
    entry = booking.blueprint_version.blueprint.solution.get_absolute_url()
    own = signed_in(world.booker)
    typed = {"text": "Genügt uns.", "names_tasks": "on"}
    preview = own.post(page, {**typed, "preview": "1"}).text
    article = preview.split('id="vorschau"')[1].split("</article>")[0]
    assert "Termin anlegen" in article
    assert "Genügt uns." in article
    assert (
        "Termin anlegen"
        not in own.post(page, {"text": "x", "preview": "1"})
        .text.split('id="vorschau"')[1]
        .split("</article>")[0]
    )

    # Nothing was seen, or something else: a preview of it, and nothing is public.
    seen = consent(preview)
    for other in (
        {"consent": ""}, {"consent": seen, "text": "Anders."}, {"consent": seen, "names_organisation": "on"},
    ):  # fmt: skip
        refused = own.post(page, {**typed, "publish": "1", **other})
        assert refused.status_code == 409
        assert other.get("text", "Genügt uns.") in refused.text
        assert consent(refused.text) != other["consent"]
    write(booking, world.booker, findings="Noch einmal.")
    participants.invite_person(
        booking_id=booking.pk, actor=world.booker, email=world.colleague.email
    )
    write(booking, world.colleague)
    grown = own.post(page, {**typed, "publish": "1", "consent": seen})
    assert grown.status_code == 409, "another report was handed in since"
    assert "2 Testberichte" in grown.text
    assert not PublishedResult.objects.exists()

    typed["publish"] = "1"
    assert own.post(page, {**typed, "consent": consent(grown.text)}).status_code == 302
    own.logout()
    assert "Termin anlegen" in client.get(entry).text
    PublishedResult.objects.update(names_tasks=False)
    assert "Termin anlegen" not in client.get(entry).text, "an earlier consent was to figures only"


def test_figures_only_keeps_no_words(world, booking):
    write(booking, world.booker)
    assert published(world, booking).tasks == [["", 1, 0, 0, 0]]


@pytest.mark.parametrize("who", ["manager", "advisor"])
def test_managers_and_advisors_withdraw_too(signed_in, world, booking, who):
    write(booking, world.booker)
    published(world, booking)
    person = staff("advisor") if who == "advisor" else world.manager
    result = PublishedResult.objects.get()
    signed_in(person).post(reverse("sandbox:result_withdraw", args=[result.public_id]))
    assert not PublishedResult.objects.shown().exists()


def test_strangers_publish_and_withdraw_nothing(world, booking):
    write(booking, world.booker)
    for actor in (world.colleague, world.manager, world.stranger):
        with pytest.raises(PermissionDenied):
            publish_result(
                booking_id=booking.pk, actor=actor, text="Gut",
                names_organisation=False, names_tasks=False, consent="",
            )  # fmt: skip
    with pytest.raises(PermissionDenied):
        withdraw_result(booking_id=booking.pk, actor=world.stranger)


@pytest.mark.parametrize("number", [1, 3])
def test_results_cost_a_visitor_one_query(client, world, booking, number):
    entry = booking.blueprint_version.blueprint.solution.get_absolute_url()
    client.get(entry)
    with_none = _queries(client, entry)
    write(booking, world.booker)
    published(world, booking)
    for _more in range(number - 1):
        other = world.book(starts_in=timedelta(days=20))
        PublishedResult.objects.create(
            booking=other, solution=booking.blueprint_version.blueprint.solution, text="Auch gut",
            consented_by=world.booker, names_organisation=True,
        )  # fmt: skip
    assert _queries(client, entry) == with_none


def _queries(client, address):
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


@pytest.mark.parametrize(
    "more", [{"overall": "Taugt."}, {"note": "Klein."}, {"outcome": Outcome.MET}, {"chosen": True}]
)
def test_an_empty_report_is_not_handed_in_but_one_word_is_enough(signed_in, world, booking, more):
    client = signed_in(world.booker)
    url = reverse("sandbox:booker_report", args=[booking.public_id])
    sent = {"findings": "", "overall": ""}
    for task in booking.tasks.all():
        key = task.public_id.hex
        sent |= {f"outcome_{key}": Outcome.UNTESTED, f"note_{key}": ""}

    answer = client.post(url, {**sent, "submit": "1"})
    assert (answer.status_code, "Ihr Bericht ist leer." in answer.text) == (422, True)
    assert client.post(url, {**sent, "draft": "1"}).status_code == 302

    for name, value in more.items():
        full = SimpleUploadedFile("a.txt", b"Text") if name == "chosen" else value
        sent[f"{name}_{key}" if name in ("note", "outcome") else name] = full
    assert client.post(url, {**sent, "submit": "1"}).status_code == 302
    assert booking.reports.get().submitted_at
