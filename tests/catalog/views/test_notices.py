"""The pages, feed, API and formats of notices; the advisor's pages in the admin."""

from __future__ import annotations

import csv
import io
import uuid
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog import services
from catalog.enums import NoticeKind
from catalog.exports import dump, jsonld
from catalog.models import Follow, Notice, NoticeReceipt, Solution
from catalog.services import index_solution
from tests.catalog.factories import SolutionFactory
from tests.catalog.test_notices import correct, issue, tell, withdraw
from tests.factories import staff

BACKEND = "django.contrib.auth.backends.ModelBackend"
LIST, FEED = reverse("catalog:notice_list"), reverse("catalog:notice_feed")
HOSTILE = (
    "<script>alert(1)</script> [x](javascript:alert(1)) ![b](https://example.org/b.png) \u202e\x0b"
)
pytestmark = pytest.mark.django_db


def login(client, user):
    client.force_login(user, backend=BACKEND)


def url(name, thing):
    key = thing.slug if isinstance(thing, Solution) else thing.public_id
    return reverse(f"admin:catalog_notice_{name}", args=[key])


def form(**more):
    return {
        "kind": "security",
        "text_de": "Bitte **sofort** wechseln.",
        "valid_from": "2026-11-26",
        **more,
    }


# What everybody sees


def test_it_stands_on_the_entry_in_the_list_and_on_its_own_page(client, world):
    index_solution(world.solution)
    notice = issue(world, evidence="https://example.org/cve")

    entry = client.get(world.solution.get_absolute_url()).text
    assert "kern-alert--danger" in entry
    assert "Hinweis des OSK vom " in entry
    assert "Bitte sofort auf 2.1 wechseln." in entry  # without its Markdown
    assert "Gelesen" not in entry
    assert "Hinweis geben" not in entry
    listed = client.get(reverse("catalog:solution_list"), {"q": "Terminplaner"}).text
    assert "kern-badge--danger" in listed
    page = client.get(notice.get_absolute_url()).text
    assert "<strong>sofort</strong>" in page
    assert 'href="https://example.org/cve"' in page
    assert "Terminplaner: Sicherheitshinweis" in client.get(LIST).text


def test_a_withdrawn_notice_leaves_the_entry_and_stays_struck_with_its_reason(client, world):
    notice = issue(world)
    correct(notice, world, text_de="Auf 2.2 wechseln.")
    notice.refresh_from_db()
    withdraw(notice, world)

    assert "kern-alert--danger" not in client.get(world.solution.get_absolute_url()).text
    page = client.get(notice.get_absolute_url()).text
    assert "<del>Auf 2.2 wechseln.</del>" in page
    assert "Ein Irrtum." in page
    assert "Bitte **sofort** auf 2.1 wechseln." in page
    assert "Berichtigt, weil:" in page
    assert "Zurückgezogen" in client.get(LIST).text


def test_the_list_is_narrowed_by_kind_and_forgives_another(client, world):
    issue(world)
    issue(world, kind=NoticeKind.LICENCE, text_de="Neue Lizenz.")

    assert client.get(LIST, {"art": "licence"}).context["page"].paginator.count == 1
    assert client.get(LIST, {"art": "' OR 1"}).context["page"].paginator.count == 2
    assert "keinen Hinweis dieser Art" in client.get(LIST, {"art": "other"}).text


@pytest.mark.parametrize("who", [None, "stranger", "editor", "advisor"])
def test_of_an_entry_that_has_left_the_catalog_only_advisors_read_on(client, world, who):
    notice = issue(world)
    services.withdraw_solution(world.solution.pk, actor=world.advisor)
    if who:
        login(client, getattr(world, who))

    status = 200 if who == "advisor" else 404
    assert client.get(notice.get_absolute_url()).status_code == status
    assert notice.get_absolute_url() not in client.get(LIST).text
    assert notice.get_absolute_url() not in client.get(FEED).text
    assert client.get("/api/v1/notices").json()["data"] == []


def test_a_successor_is_linked_only_while_it_is_published(client, world):
    other = SolutionFactory(name="Nachfolgerin")
    notice = issue(world, kind=NoticeKind.SUCCESSOR, successor=other)
    pages = (world.solution.get_absolute_url(), notice.get_absolute_url())

    assert all(other.get_absolute_url() in client.get(page).text for page in pages)
    services.withdraw_solution(other.pk, actor=world.advisor)
    for page in pages:
        text = client.get(page).text
        assert "Nachfolgerin" in text
        assert other.get_absolute_url() not in text


def test_hostile_words_run_nowhere(client, world):
    notice = issue(world, text_de=HOSTILE, text_en=HOSTILE)
    withdrawn = issue(world, kind=NoticeKind.OTHER, text_de=f"{HOSTILE} 2")
    withdraw(withdrawn, world, reason=HOSTILE)
    addresses = [
        LIST, FEED, world.solution.get_absolute_url(), notice.get_absolute_url(),
        withdrawn.get_absolute_url(),
    ]  # fmt: skip
    login(client, world.advisor)
    for address in [*addresses, url("page", notice), url("page", withdrawn)]:
        response = client.get(address)
        assert response.status_code == 200
        assert "<script>alert" not in response.text
        assert 'javascript:alert(1)"' not in response.text
        assert 'b.png"' not in response.text


def test_pages_cost_the_same_with_one_and_three(client, world):
    notice = issue(world)
    login(client, world.visitor)
    for address in (LIST, FEED, notice.get_absolute_url(), world.solution.get_absolute_url()):
        client.get(address)
        with CaptureQueriesContext(connection) as one:
            client.get(address)
        issue(world, text_de=f"Zweiter {address}")
        issue(world, text_de=f"Dritter {address}")
        with CaptureQueriesContext(connection) as three:
            client.get(address)
        assert len(one) == len(three) <= 12, address


def test_an_entry_costs_a_visitor_one_query_more_and_none_without_notices(client, world):
    address = world.solution.get_absolute_url()
    client.get(address)
    with CaptureQueriesContext(connection) as without:
        client.get(address)
    issue(world)
    with CaptureQueriesContext(connection) as with_one:
        client.get(address)
    assert len(with_one) == len(without) + 1


# Confirming


def test_who_was_told_confirms_once_on_entry_or_page(client, world):
    notice = issue(world)
    tell()
    address = reverse("catalog:notice_confirm", args=[notice.public_id])
    assert "/konto/" in client.post(address)["Location"]
    login(client, world.editor)
    assert "Gelesen" in client.get(world.solution.get_absolute_url()).text
    assert "Haben Sie den Hinweis gelesen?" in client.get(notice.get_absolute_url()).text
    assert client.get(address).status_code == 405
    assert not NoticeReceipt.objects.filter(confirmed_at__isnull=False).exists()

    for _n in range(2):
        assert client.post(address)["Location"] == notice.get_absolute_url()
    assert NoticeReceipt.objects.filter(confirmed_at__isnull=False).count() == 1
    assert "Sie haben bestätigt" in client.get(notice.get_absolute_url()).text
    assert "Gelesen" not in client.get(world.solution.get_absolute_url()).text


def test_who_was_not_told_has_nothing_to_confirm(client, world):
    notice = issue(world)
    tell()
    login(client, world.stranger)

    assert "Haben Sie den Hinweis" not in client.get(notice.get_absolute_url()).text
    for key in (notice.public_id, uuid.uuid4()):
        address = reverse("catalog:notice_confirm", args=[key])
        assert client.post(address).status_code == 404


# Feeds, API, formats


def titles(response):
    root = ElementTree.fromstring(response.content)  # noqa: S314 # our own output
    atom = "{http://www.w3.org/2005/Atom}"
    return [entry.findtext(f"{atom}title") for entry in root.iter(f"{atom}entry")]


def test_the_feed_says_what_changed_last_and_spares_who_has_it(client, world):
    first = issue(world)
    issue(world, kind=NoticeKind.OTHER, text_de="Leise")
    withdraw(first, world)

    response = client.get(FEED)
    assert response["Content-Type"].startswith("application/atom+xml")
    assert titles(response) == [
        "Terminplaner: Zurückgezogen: Sicherheitshinweis",
        "Terminplaner: Hinweis",
    ]
    assert "Ein Irrtum." in response.text
    assert f"urn:uuid:{first.public_id}" in response.text
    assert client.get(FEED, headers={"if-none-match": response["ETag"]}).status_code == 304
    assert client.post(FEED).status_code == 405
    Notice.objects.all().delete()
    assert titles(client.get(FEED)) == []


def test_the_feed_of_a_search_names_the_notice(client, world):
    before = client.get(reverse("catalog:solution_feed"))["ETag"]
    issue(world)

    response = client.get(reverse("catalog:solution_feed"), headers={"if-none-match": before})
    assert response.status_code == 200
    assert "Sicherheitshinweis. Termine" in response.text


def test_the_api_gives_them_page_by_page_and_with_the_entry(client, world):
    other = SolutionFactory(name="Neu")
    notices = [issue(world, text_de=f"Nummer {n}", text_en="English") for n in range(3)]
    issue(world, kind=NoticeKind.SUCCESSOR, successor=other, evidence="https://example.org/x")
    withdraw(notices[0], world)

    seen, query = [], "?limit=2"
    while query:
        found = client.get(f"/api/v1/notices{query}").json()
        assert found["total"] == 4
        seen += found["data"]
        query = found["next"] and f"?limit=2&cursor={found['next_cursor']}"
    assert [row["text"]["de"] for row in seen[1:]] == ["Nummer 2", "Nummer 1", "Nummer 0"]
    assert seen[0]["successor"]["slug"] == other.slug
    assert seen[0]["solution"]["slug"] == world.solution.slug
    assert (seen[3]["state"], seen[3]["withdrawal_reason"]) == ("withdrawn", "Ein Irrtum.")
    assert seen[1]["text"]["en"] == "English"
    assert world.advisor.name not in str(seen)

    detail = client.get(f"/api/v1/solutions/{world.solution.slug}").json()
    assert detail["notice_kinds"] == ["security", "successor"]
    assert [row["id"] for row in detail["notices"]] == [row["id"] for row in seen]
    narrowed = client.get(f"/api/v1/notices?kind=security&state=standing&solution={other.slug}")
    assert narrowed.json()["total"] == 0
    assert client.get("/api/v1/notices?state=standing&kind=security").json()["total"] == 2
    for wrong in ("kind=x", "state=x", "solution=%00", "nonsense=1"):
        assert client.get(f"/api/v1/notices?{wrong}").status_code == 422


def test_json_ld_and_csv_hold_those_that_stand(world):
    issue(world)
    withdraw(issue(world, text_de="Weg"), world)
    world.solution.refresh_from_db()

    (comment,) = jsonld.entry(world.solution)["comment"]
    assert comment["text"] == "Bitte **sofort** auf 2.1 wechseln."
    text = b"".join(dump.csv_lines()).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text), delimiter=";")
    assert row["notices"] == "security"


# The OSK


@pytest.mark.parametrize(("who", "status"), [(None, 302), ("editor", 302), ("operator", 403)])
def test_only_advisors_come_to_the_work_pages(client, world, who, status):
    notice = issue(world)
    if who:
        login(client, staff("operator") if who == "operator" else getattr(world, who))
    for name, thing in (("issue", world.solution), ("page", notice)):
        assert client.get(url(name, thing)).status_code == status
    for name in ("correct", "withdraw"):
        assert client.post(url(name, notice), {}).status_code == status
    assert client.post(url("issue", world.solution), form(text_de="X")).status_code == status
    assert Notice.objects.count() == 1


def test_an_advisor_issues_a_notice_from_the_entry(client, world):
    login(client, world.advisor)
    assert url("issue", world.solution) in client.get(world.solution.get_absolute_url()).text
    assert client.get(url("issue", world.solution)).status_code == 200

    first, second = (client.post(url("issue", world.solution), form()) for _n in range(2))

    notice = Notice.objects.get()
    assert first["Location"] == second["Location"] == url("page", notice)
    assert (notice.issued_by, notice.text_de) == (world.advisor, "Bitte **sofort** wechseln.")
    assert "werden jetzt benachrichtigt" in client.get(first["Location"]).text
    changelist = reverse("admin:catalog_notice_changelist")
    assert url("page", notice) in client.get(changelist).text
    old = reverse("admin:catalog_notice_change", args=[notice.pk])
    assert client.get(old)["Location"] == url("page", notice)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"text_de": " "}, "text_de"),
        ({"text_de": "x" * 5_001}, "text_de"),
        ({"kind": "x"}, "kind"),
        ({"valid_from": "gestern"}, "valid_from"),
        ({"evidence": "javascript:alert(1)"}, "evidence"),
        ({"evidence": "http://example.org"}, "evidence"),
        ({"kind": "successor"}, "successor"),
        ({"successor": "gibt-es-nicht"}, "successor"),
        ({"kind": "successor", "successor": "terminplaner"}, "successor"),
        ({"kind": "successor", "successor": "https://[x"}, "successor"),
        ({"kind": "successor", "successor": "/loesungen/"}, "successor"),
    ],
)
def test_wrong_words_are_told_and_kept(client, world, data, field):
    login(client, world.advisor)
    response = client.post(url("issue", world.solution), form(**data))

    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert "<title>Fehler: " in response.text
    assert not Notice.objects.exists()


@pytest.mark.parametrize(
    "wanted",
    [
        "nachfolgerin",
        "/loesungen/nachfolgerin/",
        "https://portal.example/loesungen/nachfolgerin/",
    ],
)
def test_a_successor_is_named_by_its_address(client, world, wanted):
    other = SolutionFactory(slug="nachfolgerin")
    login(client, world.advisor)
    client.post(url("issue", world.solution), form(kind="successor", successor=wanted))

    assert Notice.objects.get().successor == other


def test_an_entry_without_a_page_gets_none(client, world):
    login(client, world.advisor)
    assert client.get(url("issue", SolutionFactory(draft=True))).status_code == 404


def test_an_advisor_corrects_and_withdraws(client, world):
    notice = issue(world)
    login(client, world.advisor)
    data = form(text_de="Auf 2.2.", version=1, reason="Falsche Zahl.", tell_again="on")
    assert client.get(url("correct", notice)).status_code == 405
    assert client.post(url("correct", notice), {**data, "reason": ""}).status_code == 422
    assert client.post(url("correct", notice), data).status_code == 302
    late = client.post(url("correct", notice), {**data, "text_de": "Zu spät"})
    assert late.status_code == 409
    assert "Zu spät" in late.text
    assert client.post(url("correct", notice), {**data, "version": 2})["Location"]

    for version, status in ((1, 409), (2, 302), (2, 409)):
        sent = client.post(
            url("withdraw", notice), {"withdrawal_reason": "Irrtum", "version": version}
        )
        assert sent.status_code == status
    page = client.get(url("page", notice))
    assert "Irrtum" in page.text
    assert page.context["correction"] is None
    assert notice.events.count() == 3


def test_the_advisor_sees_counts_by_organisation_and_no_names(client, world):
    Follow.objects.create(solution=world.solution, user=world.visitor)
    notice = issue(world)
    tell()
    services.confirm_notice(notice=notice, user=world.editor)
    login(client, world.advisor)

    page = client.get(url("page", notice))
    assert "1 von 2 haben bestätigt" in page.text
    assert "Musterhaus GmbH" in page.text
    assert "Personen ohne Nennung der Organisation" in page.text
    for person in (world.editor, world.visitor):
        assert person.name not in page.text
        assert person.email not in page.text
    assert len(page.context["counts"]) == 2
