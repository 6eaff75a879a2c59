from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.checks import Tags, run_checks
from django.test import Client
from django.urls import reverse

from osk_portal.accounts.models import User
from osk_portal.pages.models import LegalPage
from osk_portal.pages.services import TEXTS, ensure_legal_pages
from tests.conftest import Clock
from tests.factories import staff

BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.mark.django_db
def test_every_shipped_text_is_a_row_after_migrating() -> None:
    shipped = {tuple(path.name.split(".")[:2]) for path in TEXTS.glob("*.md")}

    assert set(LegalPage.objects.values_list("slug", "language")) == shipped


@pytest.mark.django_db
def test_what_the_operator_wrote_stays() -> None:
    LegalPage.objects.filter(slug="impressum").update(body="Unser Text")
    LegalPage.objects.filter(slug="kontakt", language="en").delete()

    ensure_legal_pages()

    assert LegalPage.objects.get(slug="impressum").body == "Unser Text"
    assert LegalPage.objects.filter(slug="kontakt", language="en").exists()


@pytest.mark.django_db
def test_placeholders_are_marked_for_readers(client: Client) -> None:
    LegalPage.objects.filter(slug="impressum").update(
        body="# Anbieter\n\n[[Post & <b>Anschrift</b>]]", reviewed_on=date(2026, 3, 4)
    )

    html = client.get("/impressum/").content.decode()

    assert "<h2>Anbieter</h2>" in html
    assert '<mark class="osk-mark">[Post &amp; &lt;b&gt;Anschrift&lt;/b&gt;]</mark>' in html
    assert "Mittwoch, 4.\N{NO-BREAK SPACE}März 2026" in html


@pytest.mark.django_db
def test_a_page_whose_row_is_gone_is_not_found(client: Client) -> None:
    LegalPage.objects.filter(slug="impressum").delete()

    assert client.get("/impressum/").status_code == 404


@pytest.mark.django_db
def test_the_check_names_open_placeholders_in_production_only(settings: object) -> None:
    LegalPage.objects.exclude(slug="impressum").delete()
    LegalPage.objects.update(body="[[Postanschrift]]")

    assert not [
        m for m in run_checks(tags=[Tags.database], databases=["default"]) if m.id == "pages.W001"
    ]

    settings.PRODUCTION = True
    found = [
        m for m in run_checks(tags=[Tags.database], databases=["default"]) if m.id == "pages.W001"
    ]

    assert len(found) == 1
    assert "Postanschrift" in found[0].msg


@pytest.mark.django_db
def test_security_txt_has_the_fields_of_rfc_9116(client: Client, clock: Clock) -> None:
    LegalPage.objects.filter(slug="sicherheitsluecke-melden").update(reviewed_on=date(2026, 11, 23))

    response = client.get("/.well-known/security.txt")
    fields = [line.split(": ", 1) for line in response.content.decode().splitlines()]
    values = dict(reversed(fields))

    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert values["Contact"].startswith("mailto:")
    assert values["Canonical"].endswith("/.well-known/security.txt")
    expires = datetime.fromisoformat(values["Expires"])
    assert datetime(2027, 11, 1, tzinfo=UTC) < expires < datetime(2027, 11, 23, tzinfo=UTC)
    assert [name for name, _value in fields].count("Expires") == 1


@pytest.mark.django_db
def test_without_its_page_there_is_no_security_txt(client: Client) -> None:
    LegalPage.objects.all().delete()

    assert client.get("/.well-known/security.txt").status_code == 404


def test_a_lead_edits_a_text_and_is_told_what_is_open(client: Client, lead: User) -> None:
    page = LegalPage.objects.get(slug="impressum")
    client.force_login(lead, backend=BACKEND)

    response = client.post(
        reverse("admin:pages_legalpage_change", args=[page.pk]),
        {"title": "Impressum", "body": "[[Postanschrift]]", "reviewed_on": "2026-12-01"},
        follow=True,
    )

    page.refresh_from_db()
    assert page.body == "[[Postanschrift]]"
    assert page.reviewed_on == date(2026, 12, 1)
    assert "1 Platzhalter ist noch offen: Postanschrift" in response.content.decode()


def test_an_advisor_reads_texts_but_does_not_change_them(client: Client, db: None) -> None:
    page = LegalPage.objects.get(slug="impressum")
    client.force_login(staff("advisor"), backend=BACKEND)
    address = reverse("admin:pages_legalpage_change", args=[page.pk])

    assert client.get(address).status_code == 200
    assert client.post(address, {"title": "x", "body": "x"}).status_code == 403


def test_members_do_not_see_the_work_area(client: Client, member: User) -> None:
    client.force_login(member, backend=BACKEND)

    response = client.get(reverse("admin:pages_legalpage_changelist"))

    assert response.status_code in (302, 403)


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_with_more_rows(
    client: Client, lead: User, count: int, django_assert_num_queries: object
) -> None:
    LegalPage.objects.exclude(
        pk__in=LegalPage.objects.values_list("pk", flat=True)[:count]
    ).delete()
    client.force_login(lead, backend=BACKEND)
    client.get(reverse("admin:pages_legalpage_changelist"))

    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(
        connection,
    ) as queries:
        client.get(reverse("admin:pages_legalpage_changelist"))

    asked = [q for q in queries.captured_queries if "pages_legalpage" in q["sql"]]
    assert len(asked) == 3


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["de", "en"])
def test_the_limit_of_the_api_is_the_one_that_is_set(
    client: Client, settings: Any, language: str
) -> None:
    settings.OSK_API_PER_MINUTE = 77
    client.cookies["django_language"] = language
    text = client.get("/schnittstellen/").text
    assert " 77 " in text
    assert "{api_per_minute}" not in text
