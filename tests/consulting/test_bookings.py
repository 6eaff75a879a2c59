"""Test environments of a case: linked by the OSK or from where they were booked, shown to both sides."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from uuid import uuid4
from zipfile import ZipFile

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.db import OperationalError
from django.urls import reverse
from psycopg.errors import DeadlockDetected

from consulting import case_rows, permissions, queues, record, services
from consulting.booked import to_link
from consulting.enums import CaseEventKind, CaseState
from consulting.models import ConsultingRequest
from consulting.services import bookings as case_bookings
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock
from sandbox.enums import BookingState
from sandbox.models import Booking, ReportFile, TestReport
from sandbox.models import OrganisationQuota as Quota
from sandbox.services.publishing import give_result
from tests.consulting.conftest import World
from tests.consulting.staff.conftest import sign_in  # noqa: F401 # a fixture
from tests.consulting.views.conftest import signed_in  # noqa: F401 # a fixture
from tests.factories import OrganisationFactory
from tests.sandbox.factories import BookingFactory
from tests.sandbox.world import product

pytestmark = pytest.mark.django_db


@pytest.fixture
def booking(world: World) -> Booking:
    made: Booking = BookingFactory(
        organisation=world.authority,
        booked_by=world.requester,
        blueprint_version__blueprint__name="Kalender",
    )
    return made


def link_url(case: ConsultingRequest) -> str:
    return reverse("admin:consulting_consultingrequest_booking", args=[case.public_id])


def test_an_advisor_links_and_both_sides_read_it(world, booking, sign_in, signed_in):  # noqa: F811
    case = world.case(CaseState.IN_PROGRESS)
    other = BookingFactory(blueprint_version__blueprint__name="Fremd")
    advisor = sign_in("advisor")
    page = advisor.get(link_url(case)).text
    assert "Kalender" in page
    assert "Fremd" not in page
    assert advisor.post(link_url(case), {"booking": ""}).status_code == 422
    assert advisor.post(link_url(case), {"booking": str(other.public_id)}).status_code == 422
    typed = {"booking": str(booking.public_id)}
    assert advisor.post(link_url(case), typed)["Location"] == queues.case_url(case)

    assert case.events.filter(kind=CaseEventKind.BOOKING_LINKED).count() == 1
    assert "Kalender, " in advisor.get(queues.case_url(case)).text
    own = signed_in(world.requester).get(case.get_absolute_url()).text
    assert booking.get_absolute_url() in own
    # Who may read the case but not the booking's own page gets the words, no way to it.
    along = signed_in(world.reader).get(case.get_absolute_url()).text
    assert "Kalender, " in along
    assert booking.get_absolute_url() not in along
    case_rows.load(case, world.advisor)
    [read] = case.bookings.all()
    assert (read.window, read.product) == (booking.window, "Kalender")
    facts = dict(record._facts(case, clock.today()))
    assert facts["Testumgebungen"].startswith("Kalender, ")

    remove = reverse(
        "admin:consulting_consultingrequest_booking_unlink",
        args=[case.public_id, booking.public_id],
    )
    for _again in range(2):
        assert advisor.post(remove).status_code == 302
    assert case.events.filter(kind=CaseEventKind.BOOKING_UNLINKED).count() == 1
    assert "Kalender, " not in advisor.get(queues.case_url(case)).text


def test_linking_twice_is_once_and_only_what_belongs_together(world, booking):
    case = world.case(CaseState.IN_PROGRESS)
    first = services.link_booking(case_id=case.pk, actor=world.advisor, booking=booking)
    assert first is not None
    assert services.link_booking(case_id=case.pk, actor=world.advisor, booking=booking) is None
    foreign = BookingFactory(organisation=OrganisationFactory())
    for actor, chosen in ((world.requester, booking), (world.advisor, foreign)):
        with pytest.raises(PermissionDenied):
            services.link_booking(case_id=case.pk, actor=actor, booking=chosen)
    with pytest.raises(PermissionDenied):
        services.unlink_booking(case_id=case.pk, actor=world.requester, booking=booking)


@pytest.mark.django_db(transaction=True)
def test_a_link_is_tried_again_after_a_deadlock(world, booking, monkeypatch):
    """Alone, and not only as part of a booking for a case, which is tried again as a whole."""
    case = world.case(CaseState.IN_PROGRESS)
    known, tries = case_bookings.locked, []

    def ended(case_id):
        tries.append(1)
        if len(tries) == 1:
            raise OperationalError from DeadlockDetected()
        return known(case_id)

    monkeypatch.setattr(case_bookings, "locked", ended)
    made = services.link_booking(case_id=case.pk, actor=world.advisor, booking=booking)

    assert (len(tries), made is not None) == (2, True)
    assert case.events.filter(kind=CaseEventKind.BOOKING_LINKED).count() == 1


def test_strangers_and_wrong_roles(world, booking, sign_in, signed_in):  # noqa: F811
    case = world.case(CaseState.IN_PROGRESS)
    assert signed_in(world.requester).get(link_url(case)).status_code in (302, 403, 404)
    nowhere = reverse("admin:consulting_consultingrequest_booking", args=[uuid4()])
    assert sign_in("advisor").get(nowhere).status_code == 404
    draft = services.create_draft(actor=world.requester, values={"kind": "question"})
    assert sign_in("advisor").get(link_url(draft)).status_code == 404


def test_a_request_remembers_the_environment_it_came_from(world, booking, signed_in):  # noqa: F811
    foreign = BookingFactory()
    browser = signed_in(world.requester)
    start = reverse("consulting:request_start")
    page = browser.get(booking.get_absolute_url()).text
    assert f"{start}?booking={booking.public_id}" in page
    for named, expected in (
        (booking.public_id, [booking]), (foreign.public_id, []), ("x", []), (uuid4(), []),
    ):  # fmt: skip
        form = browser.get(f"{start}?booking={named}").context["form"]
        typed = {"kind": "question", "draft_id": form["draft_id"].value(), "version": 1}
        browser.post(f"{start}?booking={named}", typed)
        draft = ConsultingRequest.objects.drafts().latest("pk")
        assert list(draft.bookings.all()) == expected
        draft.delete()


# The OSK books for a request


def new_url(case, slug):
    return reverse("admin:consulting_consultingrequest_booking_new", args=[case.public_id, slug])


def typed(**more):
    return {
        "when": "now", "days": "3", "purpose": "Für die Anfrage", "goals": "Termin anlegen",
        "only_test_data": "on", "form_id": str(uuid4()), **more,
    }  # fmt: skip


def test_an_advisor_books_for_the_request_outside_the_quota(world, sign_in, signed_in):  # noqa: F811
    blueprint = product(slots=3, name="Kalender", needs_approval=True)
    case = world.case(CaseState.IN_PROGRESS, is_confidential=True, title="Geheimer Titel")
    Quota.objects.create(organisation=world.authority, concurrent=0, reason="voll")
    advisor = sign_in("advisor")
    products = reverse("admin:consulting_consultingrequest_booking_products", args=[case.public_id])
    assert new_url(case, blueprint.slug) in advisor.get(products).text
    assert "vertraulich" in advisor.get(new_url(case, blueprint.slug)).text
    assert advisor.post(new_url(case, blueprint.slug), typed(purpose="")).status_code == 422
    form = typed(invite="on")
    for _twice in range(2):
        answer = advisor.post(new_url(case, blueprint.slug), form)
        assert answer["Location"] == queues.case_url(case)

    made = case.bookings.get()
    assert (made.booked_by, made.organisation, made.is_by_osk) == (
        world.advisor, world.authority, True,
    )  # fmt: skip
    assert made.state == BookingState.APPROVED
    [participant] = made.participants.all()
    assert participant.user == world.requester
    # Linked both ways, and each reads only what he or she may.
    assert made.get_absolute_url() in advisor.get(queues.case_url(case)).text
    booked = advisor.get(made.get_absolute_url()).text
    assert queues.case_url(case) in booked
    own = signed_in(world.requester)
    assert participant.get_absolute_url() in own.get(case.get_absolute_url()).text
    assert own.get(made.get_absolute_url()).status_code == 404
    assert "Geheimer Titel" not in own.get(participant.get_absolute_url()).text
    assert "Geheimer Titel" not in signed_in(world.manager).get(made.get_absolute_url()).text
    assert signed_in(world.stranger).get(made.get_absolute_url()).status_code == 404
    mails = " ".join(OutgoingMail.objects.values_list("subject", flat=True))
    assert "Geheimer" not in mails


def test_only_advisors_book_for_a_request(world, signed_in, sign_in):  # noqa: F811
    blueprint = product(name="Kalender")
    case = world.case(CaseState.IN_PROGRESS)
    for person in (world.requester, world.operator, world.stranger):
        answer = signed_in(person).post(new_url(case, blueprint.slug), typed())
        assert answer.status_code in (302, 403, 404)
    assert not case.bookings.exists()
    args = {"blueprint": blueprint, "window": (clock.now(), clock.now() + timedelta(days=1)),
            "purpose": "x", "goals": (), "invites": False, "form_id": None}  # fmt: skip
    with pytest.raises(PermissionDenied):
        services.book_for_case(case_id=case.pk, actor=world.requester, **args)
    draft = services.create_draft(actor=world.requester, values={"kind": "question"})
    assert sign_in("advisor").get(new_url(draft, blueprint.slug)).status_code == 404
    assert sign_in("advisor").get(new_url(case, "gibt-es-nicht")).status_code == 404


def test_a_right_that_is_lost_meanwhile_books_nothing(world, monkeypatch):
    """Asked again under the lock of the request, in the transaction of the booking."""
    blueprint = product(name="Kalender")
    case = world.case(CaseState.IN_PROGRESS)
    answers = iter([True, False])
    monkeypatch.setattr(permissions, "can_tag", lambda user, case: next(answers))
    args = {"blueprint": blueprint, "window": (clock.now(), clock.now() + timedelta(days=1)),
            "purpose": "x", "goals": (), "invites": True, "form_id": None}  # fmt: skip

    with pytest.raises(PermissionDenied):
        services.book_for_case(case_id=case.pk, actor=world.advisor, **args)

    assert not Booking.objects.exists()
    assert not case.bookings.exists()


def test_a_result_is_read_in_the_request_once_it_is_given(world, booking, sign_in, signed_in):  # noqa: F811
    case = world.case(CaseState.IN_PROGRESS)
    services.link_booking(case_id=case.pk, actor=world.advisor, booking=booking)
    TestReport.objects.create(
        booking=booking, author=world.requester, findings="Es hakt.", submitted_at=clock.now()
    )
    page = reverse(
        "admin:consulting_consultingrequest_booking_result",
        args=[case.public_id, booking.public_id],
    )
    advisor = sign_in("advisor")
    assert advisor.get(page).status_code == 404
    give_result(booking_id=booking.pk, actor=world.requester, gives=True)
    assert page in advisor.get(queues.case_url(case)).text
    read = advisor.get(page).text
    assert "Es hakt." in read
    assert f'<h3 class="kern-heading-small">{world.requester}' not in read
    other = world.case(CaseState.IN_PROGRESS)
    elsewhere = page.replace(str(case.public_id), str(other.public_id))
    assert advisor.get(elsewhere).status_code == 404
    give_result(booking_id=booking.pk, actor=world.requester, gives=False)
    assert advisor.get(page).status_code == 404


@pytest.fixture
def disk(tmp_path, monkeypatch):
    storage = FileSystemStorage(location=tmp_path)
    monkeypatch.setattr(ReportFile._meta.get_field("content"), "storage", storage)
    return storage


def report_file(booking, name, text, *, state="clean", by=None, submitted=True):
    report, _new = TestReport.objects.get_or_create(
        booking=booking,
        author=by or booking.booked_by,
        defaults={"submitted_at": clock.now() if submitted else None},
    )
    storage = ReportFile._meta.get_field("content").storage
    path = storage.save(f"sandbox-reports/{uuid4().hex}", ContentFile(text.encode()))
    return ReportFile.objects.create(
        report=report, name=name, content=path if state != "infected" else "", kind="txt",
        size=len(text), sha256=sha256(text.encode()).hexdigest(), state=state,
    )  # fmt: skip


def test_the_full_record_holds_the_files_of_reports_for_who_may_read_both(
    world,
    booking,
    disk,
    signed_in,  # noqa: F811
):
    case = world.case(CaseState.IN_PROGRESS)
    other = BookingFactory(
        organisation=world.authority, booked_by=world.reader,
        blueprint_version__blueprint__name="Fremd",
    )  # fmt: skip
    for linked in (booking, other):
        services.link_booking(case_id=case.pk, actor=world.advisor, booking=linked)
    # The same name twice, one that leaves the folder, a draft of somebody else, and malware.
    report_file(booking, "a.txt", "Erste")
    report_file(booking, "a.txt", "Zweite")
    report_file(booking, "../../b.txt", "Dritte")
    report_file(booking, "entwurf.txt", "Entwurf", by=world.reader, submitted=False)
    report_file(booking, "boese.txt", "Schlecht", state="infected")
    report_file(other, "fremd.txt", "Fremde")
    unlinked = BookingFactory(organisation=world.authority, booked_by=world.requester)
    report_file(unlinked, "woanders.txt", "Woanders")

    def archive(person):
        answer = signed_in(person).post(f"{case.get_absolute_url()}akte/vollstaendig/")
        return ZipFile(BytesIO(b"".join(answer.streaming_content)))

    def texts(taken):
        names = [n for n in taken.namelist() if n.startswith("testberichte/")]
        assert len(set(taken.namelist())) == len(taken.namelist())
        assert all(name.count("/") == 1 for name in names)
        return {taken.read(name).decode() for name in names if not name.endswith("inhalt.txt")}

    own = archive(world.requester)
    assert texts(own) == {"Erste", "Zweite", "Dritte"}
    assert "boese.txt" in own.read("nicht-enthalten.txt").decode()
    listed = own.read("testberichte/inhalt.txt").decode()
    assert "a.txt: Kalender, " in listed
    assert "Fremd" not in listed
    sums = own.read("pruefsummen.sha256").decode()
    assert sums.count("testberichte/") == 4
    # Whoever reads the case alone gets none of them, nor the OSK before they are given.
    assert texts(archive(world.advisor)) == set()
    assert texts(archive(world.reader)) == {"Fremde"}
    give_result(booking_id=booking.pk, actor=world.requester, gives=True)
    assert texts(archive(world.advisor)) == {"Erste", "Zweite", "Dritte"}


def test_what_never_became_a_booking_is_not_offered(world, booking):
    case = world.case(CaseState.IN_PROGRESS)
    for state in ("draft", "rejected", "expired"):
        BookingFactory(organisation=world.authority, state=state)
    assert list(to_link(case)) == [booking]
