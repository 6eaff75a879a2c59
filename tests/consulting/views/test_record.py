"""The record and the full record: who gets them, what is in them, and above all what is not."""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from pypdf import PdfReader

from consulting import services
from consulting.enums import CaseEventKind, CaseState, Topic
from consulting.models import CaseFile, CaseMessage, ConsultingRequest, PartnerQuestion
from consulting.models.files import FileState, private_storage
from consulting.record_archive import safe_name
from osk_portal.accounts.models import User
from osk_portal.notifications.models import Notification
from osk_portal.toolkit import clock
from osk_portal.toolkit.spreadsheets import plain_cell
from tests.catalog.factories import SolutionFactory
from tests.consulting.conftest import World
from tests.consulting.views.conftest import queries
from tests.factories import OrganisationFactory

pytestmark = pytest.mark.django_db

Browser = Callable[[User], Client]
S = CaseState
SECRET = "GEHEIMMARKE"


@pytest.fixture(autouse=True)
def _private_folder(settings: Any, tmp_path: Any) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "private": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "private", "base_url": None},
        },
    }
    CaseFile._meta.get_field("content").storage = private_storage()


def url(case: ConsultingRequest, what: str = "") -> str:
    return f"/beratung/anfrage/{case.public_id}/akte/{what}"


def pdf_text(content: bytes) -> str:
    """Without spaces: where lines break is the setter's business."""
    pages = PdfReader(io.BytesIO(content)).pages
    return "".join("".join(page.extract_text().split()) for page in pages)


def archive_of(response: Any) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content)))


def file_of(
    case: ConsultingRequest, name: str, content: bytes = b"Inhalt", **fields: Any
) -> CaseFile:
    bad = fields.get("state") in (FileState.INFECTED, FileState.REFUSED)
    file = CaseFile(
        case=case,
        name=name,
        kind="txt",
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        **{"state": FileState.CLEAN, **fields},
    )
    if not bad:
        file.content.save(name, ContentFile(content), save=False)
    file.save()
    return file


def full_case(world: World) -> ConsultingRequest:
    """A case in which everything that only the OSK knows carries the marker."""
    case = world.case(
        S.ASSIGNED,
        title="Formularserver #panic(1)",
        description="Öffentliche Beschreibung",
        own_reference="AZ 47-11",
        topics=[Topic.REUSE],
        snooze_note=f"{SECRET} Wiedervorlage",
    )
    services.start(case_id=case.pk, actor=world.advisor)
    services.add_note(case_id=case.pk, actor=world.advisor, text=f"{SECRET} Notiz")
    services.ask_back(
        case_id=case.pk,
        actor=world.advisor,
        question="Wie viele **Plätze**?",
        reply_by=clock.today(),
    )
    services.reply(case_id=case.pk, actor=world.requester, text="Zwölf Plätze")
    services.return_to_queue(case_id=case.pk, actor=world.lead, reason=f"{SECRET} Rückgabe")
    PartnerQuestion.objects.create(
        case=case,
        organisation=OrganisationFactory(name="Partnerhaus"),
        question=f"{SECRET} Frage an den Partner",
        answer=f"{SECRET} Antwort des Partners",
        due_on=clock.today(),
        consented_on=clock.today(),
        asked_by=world.advisor,
    )
    note = CaseMessage.objects.get(case=case, body__contains="Notiz")
    file_of(case, "bedarf.txt", b"=SUMME(A1)")
    file_of(case, f"{SECRET}-1.txt", is_internal=True, by_osk=True)
    file_of(case, f"{SECRET}-2.txt", message=note, by_osk=True)
    services.answer_at_once(
        case_id=case.pk,
        actor=world.advisor,
        text="# Unsere Antwort\n\nNehmen Sie *diese* Lösung.",
        recommendations=[
            services.Advice(solution=SolutionFactory(name="Formularix"), reason="Passt gut")
        ],
    )
    return ConsultingRequest.objects.get(pk=case.pk)


def test_who_gets_it(world: World, signed_in: Browser) -> None:
    case = world.case(S.IN_PROGRESS)
    assert "/konto/" in Client().get(url(case)).url
    assert "/konto/" in Client().post(url(case, "vollstaendig/")).url
    for role in ("colleague", "manager", "stranger", "operator"):
        browser = signed_in(world.person(role))
        assert browser.get(url(case)).status_code == 404, role
        assert browser.post(url(case, "vollstaendig/")).status_code == 404, role
    for role in ("requester", "writer", "reader", "deputy", "advisor", "other_advisor", "lead"):
        browser = signed_in(world.person(role))
        assert browser.get(url(case)).status_code == 200, role
        assert archive_of(browser.post(url(case, "vollstaendig/"))).testzip() is None, role


def test_wrong_method_and_draft(world: World, signed_in: Browser) -> None:
    case, draft = world.case(S.IN_PROGRESS), world.case(S.DRAFT)
    browser = signed_in(world.requester)
    assert browser.post(url(case)).status_code == 405
    assert browser.get(url(case, "vollstaendig/")).status_code == 405
    assert browser.get(url(draft)).status_code == 404
    assert browser.post(url(draft, "vollstaendig/")).status_code == 404


@pytest.mark.parametrize("state", [s for s in S if s != S.DRAFT])
def test_every_state_has_a_record(world: World, signed_in: Browser, state: CaseState) -> None:
    case = world.case(state)
    response = signed_in(world.requester).get(url(case))
    assert str(case.reference) in pdf_text(response.content)


def test_headers(world: World, signed_in: Browser) -> None:
    case = world.case(S.IN_PROGRESS)
    browser = signed_in(world.requester)
    for response, ending in (
        (browser.get(url(case)), "-akte.pdf"),
        (browser.post(url(case, "vollstaendig/")), "-vollstaendige-akte.zip"),
    ):
        if response.streaming:
            archive_of(response)
        assert response["Content-Disposition"] == f'attachment; filename="{case.reference}{ending}"'
        assert response["Cache-Control"] == "no-store"
        assert response["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("role", ["requester", "reader", "advisor", "lead"])
def test_record_holds_what_is_public_and_nothing_else(
    world: World, signed_in: Browser, role: str
) -> None:
    case = full_case(world)
    content = signed_in(world.person(role)).get(url(case)).content
    said = pdf_text(content)
    assert SECRET not in said
    for wanted in (
        "Formularserver#panic(1)", "ÖffentlicheBeschreibung", "AZ47-11", "WievielePlätze?",
        "ZwölfPlätze", "UnsereAntwort", "NehmenSiedieseLösung.", "Formularix", "Passtgut",
        "bedarf.txt", hashlib.sha256(b"=SUMME(A1)").hexdigest(), "Partnerhaus", "KimBeispiel",
        "AlexMuster", "Beantwortet",
    ):  # fmt: skip
        assert wanted in said, wanted
    root: Any = PdfReader(io.BytesIO(content)).trailer["/Root"]
    assert "/StructTreeRoot" in root
    assert root["/MarkInfo"]["/Marked"]


def test_full_record_holds_texts_originals_events_and_sums(
    world: World, signed_in: Browser
) -> None:
    case = full_case(world)
    response = signed_in(world.requester).post(url(case, "vollstaendig/"))
    archive = archive_of(response)
    names = archive.namelist()
    assert names == [
        "akte.pdf", "texte.txt", "ereignisse.csv", "dateien/01-bedarf.txt", "pruefsummen.sha256",
    ]  # fmt: skip
    everything = "\n".join(names) + "".join(
        pdf_text(archive.read(name)) if name.endswith(".pdf") else archive.read(name).decode()
        for name in names
    )
    assert SECRET not in everything
    assert "Wie viele **Plätze**?" in archive.read("texte.txt").decode()
    assert archive.read("dateien/01-bedarf.txt") == b"=SUMME(A1)"
    rows = list(
        csv.reader(io.StringIO(archive.read("ereignisse.csv").decode("utf-8-sig")), delimiter=";")
    )
    assert rows[0] == ["Datum", "Ereignis"]
    assert len(rows) > 5
    sums = dict(
        reversed(line.split("  ", 1))
        for line in archive.read("pruefsummen.sha256").decode().splitlines()
    )
    assert set(sums) == set(names) - {"pruefsummen.sha256"}
    for name, digest in sums.items():
        assert hashlib.sha256(archive.read(name)).hexdigest() == digest


def test_full_record_is_an_event_and_no_news(world: World, signed_in: Browser) -> None:
    case = world.case(S.IN_PROGRESS)
    told = Notification.objects.count()
    archive_of(signed_in(world.reader).post(url(case, "vollstaendig/")))
    event = case.events.get(kind=CaseEventKind.RECORD_TAKEN)
    assert event.actor == world.reader
    assert Notification.objects.count() == told
    before = case.version
    case.refresh_from_db()
    assert case.version == before
    assert (
        "Vollständige Akte heruntergeladen"
        in signed_in(world.requester).get(case.get_absolute_url()).content.decode()
    )


def test_files_that_are_not_given_out_are_named(
    world: World, signed_in: Browser, expect_errors: None
) -> None:
    case = world.case(S.IN_PROGRESS)
    file_of(case, "gut.txt")
    file_of(case, "wartet.txt", state=FileState.QUARANTINED)
    file_of(case, "krank.txt", state=FileState.INFECTED)
    gone = file_of(case, "weg.txt")
    gone.content.storage.delete(gone.content.name)
    changed = file_of(case, "anders.txt")
    with open(changed.content.path, "wb") as stored:
        stored.write(b"Anderes")
    archive = archive_of(signed_in(world.requester).post(url(case, "vollstaendig/")))
    assert [n for n in archive.namelist() if "/" in n] == ["dateien/01-gut.txt"]
    told = archive.read("nicht-enthalten.txt").decode()
    for name in ("wartet.txt", "krank.txt", "weg.txt", "anders.txt"):
        assert name in told
    assert "gut.txt" not in told


def test_number_of_queries_does_not_grow(world: World, signed_in: Browser) -> None:
    few = world.case(S.IN_PROGRESS)
    many = world.case(S.IN_PROGRESS)
    file_of(few, "eins.txt")
    for number in range(3):
        file_of(many, f"{number}.txt")
        services.add_message(case_id=many.pk, actor=world.requester, text=f"Text {number}")
    browser = signed_in(world.requester)
    browser.get(url(few))
    assert queries(lambda: browser.get(url(few))) == queries(lambda: browser.get(url(many)))
    assert queries(lambda: browser.get(url(many))) <= 14


@pytest.mark.parametrize(
    "text",
    ["👩🏽‍💻", "שלום", "مرحبا", "漢字", '#read("/etc/passwd")', "x" * 60_000, "e\u0301" * 900],
)
def test_hostile_texts(world: World, signed_in: Browser, text: str) -> None:
    case = world.case(S.IN_PROGRESS, title=text[:200], description=text, own_reference=text[:100])
    file_of(case, text[:150])
    browser = signed_in(world.requester)
    assert browser.get(url(case)).content.startswith(b"%PDF")
    archive = archive_of(browser.post(url(case, "vollstaendig/")))
    assert text in archive.read("texte.txt").decode()
    assert archive.testzip() is None


def test_confidential_case_says_so(world: World, signed_in: Browser) -> None:
    case = world.case(S.IN_PROGRESS, topics=[Topic.PROCUREMENT])
    assert "VertraulicherVergabefall" in pdf_text(signed_in(world.requester).get(url(case)).content)


def test_both_pages_offer_it(world: World, signed_in: Browser) -> None:
    case = world.case(S.IN_PROGRESS)
    for role, page in (
        ("requester", case.get_absolute_url()),
        ("advisor", f"/admin/consulting/consultingrequest/{case.public_id}/"),
    ):
        html = signed_in(world.person(role)).get(page).content.decode()
        assert "Akte herunterladen (PDF)" in html, role
        assert f'action="{url(case, "vollstaendig/")}"' in html


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "_.._etc_passwd"),
        ("a\\b:c.txt", "a_b_c.txt"),
        ("..", "_"),
        ("\x00\u202etxt.exe", "__txt.exe"),
        ("x" * 300 + ".pdf", "x" * 80 + ".pdf"),
        ("ohne", "ohne"),
    ],
)
def test_names_in_the_archive_stay_in_their_folder(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        (" =1", "' =1"),
        ("-2", "'-2"),
        ("@SUM", "'@SUM"),
        ("+49", "'+49"),
        ("\t=1", "'\t=1"),
        ("Text", "Text"),
        ("", ""),
    ],
)
def test_formulas_are_text(text: str, cell: str) -> None:
    assert plain_cell(text) == cell
