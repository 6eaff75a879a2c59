from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from osk_portal.accounts.models import User
from osk_portal.notifications.models import OutgoingMail
from osk_portal.pages.models import BarrierReport, month_later
from osk_portal.pages.services import answer_barrier_report, report_barrier
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.conftest import Bells, Clock
from tests.factories import staff

BACKEND = "django.contrib.auth.backends.ModelBackend"
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ADDRESS = "/barriere-melden/"


@pytest.fixture
def report(db: None) -> BarrierReport:
    return report_barrier(
        page="/netzwerk/", description="Geht nicht", name="", email="a@b.example", language="de"
    )


@pytest.mark.django_db
def test_the_form_names_the_page_that_one_comes_from(client: Client) -> None:
    html = client.get(ADDRESS, {"seite": "/netzwerk/"}).content.decode()

    assert 'value="/netzwerk/"' in html
    assert "<title>Barriere melden" in html


@pytest.mark.django_db
def test_a_report_promises_an_answer_within_a_month(
    client: Client, clock: Clock, bells: Bells, commits: object
) -> None:
    clock.move_to(MONDAY)

    with commits():
        response = client.post(
            ADDRESS,
            {"page": "/netzwerk/", "description": "Die Liste <b>hakt</b>", "email": "a@b.example"},
            follow=True,
        )

    report = BarrierReport.objects.get()
    assert response.redirect_chain == [(report.get_absolute_url(), 302)]
    assert report.answer_by == date(2026, 12, 23)
    html = response.content.decode()
    assert "spätestens am Mittwoch, 23.\N{NO-BREAK SPACE}Dezember 2026" in html
    assert "hakt" not in html
    mails = {mail.address: mail for mail in OutgoingMail.objects.all()}
    assert set(mails) == {"opensource@itdz-berlin.de", "a@b.example"}
    assert report.get_absolute_url() in mails["a@b.example"].body
    assert "23.\N{NO-BREAK SPACE}Dezember" in mails["a@b.example"].body
    assert "hakt" not in mails["opensource@itdz-berlin.de"].body
    assert len(bells.rings) == 2


@pytest.mark.django_db
def test_without_an_address_only_the_osk_is_told(client: Client) -> None:
    client.post(ADDRESS, {"description": "Geht nicht"})

    assert OutgoingMail.objects.count() == 1


@pytest.mark.django_db
def test_errors_stand_on_top_and_at_the_field_in_the_same_words(client: Client) -> None:
    response = client.post(ADDRESS, {"page": "/x/", "description": "  ", "email": "kein"})

    html = response.content.decode()
    assert "<title>Fehler: Barriere melden" in html
    assert "Bitte prüfen Sie 2 Angaben" in html
    assert '<a href="#id_description">Beschreiben Sie, was nicht funktioniert.</a>' in html
    assert html.count("Geben Sie eine vollständige E-Mail-Adresse ein") == 2
    assert 'value="kein"' in html
    assert not BarrierReport.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("description", "x" * 5001),
        ("description", "a\x00b"),
        ("page", "x" * 501),
        ("website", "https://spam.example"),
    ],
)
def test_bad_input_is_refused_and_kept(client: Client, field: str, value: str) -> None:
    response = client.post(ADDRESS, {"description": "Geht nicht", field: value})

    assert response.status_code == 200
    assert "Bitte prüfen Sie 1 Angabe" in response.content.decode()
    assert not BarrierReport.objects.exists()


@pytest.mark.django_db
def test_odd_names_are_fine(client: Client) -> None:
    client.post(ADDRESS, {"description": "😀 ‮ العربية", "name": "Łukasiewicz-Şahin ẞ"})

    assert BarrierReport.objects.get().name == "Łukasiewicz-Şahin ẞ"


@pytest.mark.django_db
def test_nobody_sends_the_form_without_end(client: Client) -> None:
    answers = [client.post(ADDRESS, {"description": "Lang getippt."}) for _n in range(6)]

    assert [answer.status_code for answer in answers] == [302] * 5 + [429]
    assert "Lang getippt." in answers[-1].text
    assert BarrierReport.objects.count() == 5


def test_the_confirmation_survives_a_reload_and_shows_the_answer(
    client: Client, report: BarrierReport
) -> None:
    advisor = staff("advisor")
    answer_barrier_report(report_id=report.pk, actor=advisor, answer="Ist behoben.")

    html = client.get(report.get_absolute_url()).content.decode()

    assert "Ist behoben." in html
    assert "Geht nicht" not in html
    assert advisor.name not in html


@pytest.mark.django_db
def test_a_guessed_address_shows_nothing(client: Client) -> None:
    address = reverse("pages:barrier_report_sent", args=["00000000-0000-4000-8000-000000000000"])

    assert client.get(address).status_code == 404


def test_the_answer_goes_out_once(report: BarrierReport, clock: Clock) -> None:
    clock.move_to(MONDAY)
    advisor = staff("advisor")

    answer_barrier_report(report_id=report.pk, actor=advisor, answer="Ist behoben.")
    with pytest.raises(TransitionNotAllowed):
        answer_barrier_report(report_id=report.pk, actor=advisor, answer="Noch einmal")

    report.refresh_from_db()
    assert (report.answer, report.answered_at, report.answered_by) == (
        "Ist behoben.",
        MONDAY,
        advisor,
    )
    mails = OutgoingMail.objects.filter(kind="pages.barrier_answered")
    assert [mail.address for mail in mails] == ["a@b.example"]
    assert "Ist behoben." in mails[0].body


def test_a_report_without_an_address_is_answered_without_a_mail(db: None) -> None:
    report = report_barrier(page="", description="x", name="", email="", language="de")

    answer_barrier_report(report_id=report.pk, actor=staff("advisor"), answer="Ist behoben.")

    assert not OutgoingMail.objects.filter(kind="pages.barrier_answered").exists()


def test_half_an_answer_is_refused_by_the_database(report: BarrierReport) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        BarrierReport.objects.update(answer="Ist behoben.")


def test_an_advisor_answers_in_the_work_area(client: Client, report: BarrierReport) -> None:
    advisor = staff("advisor")
    client.force_login(advisor, backend=BACKEND)
    address = reverse("admin:pages_barrierreport_change", args=[report.pk])

    assert "Geht nicht" in client.get(address).content.decode()
    empty = client.post(address, {"answer": " "})
    assert "Schreiben Sie die Antwort." in empty.content.decode()
    client.post(address, {"answer": "Ist behoben."})
    client.post(address, {"answer": "Anders"})

    report.refresh_from_db()
    assert report.answer == "Ist behoben."
    assert report.answered_by == advisor


def test_a_stranger_does_not_answer(client: Client, report: BarrierReport, member: User) -> None:
    client.force_login(member, backend=BACKEND)

    response = client.post(
        reverse("admin:pages_barrierreport_change", args=[report.pk]), {"answer": "x"}
    )

    assert response.status_code in (302, 403, 404)
    report.refresh_from_db()
    assert not report.is_answered


@pytest.mark.parametrize(
    ("day", "end"),
    [
        (date(2026, 1, 31), date(2026, 2, 28)),
        (date(2028, 1, 30), date(2028, 2, 29)),
        (date(2026, 12, 31), date(2027, 1, 31)),
        (date(2026, 5, 15), date(2026, 6, 15)),
    ],
)
def test_a_month_ends_on_the_same_day_or_the_last(day: date, end: date) -> None:
    assert month_later(day) == end
