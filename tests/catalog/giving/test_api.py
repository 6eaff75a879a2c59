from __future__ import annotations

import json
from datetime import timedelta
from unittest.mock import patch
from urllib.parse import quote, urlsplit

import pytest
from django.test import override_settings
from django.urls import reverse

from catalog.api import schemas
from catalog.api.urls import api
from catalog.enums import RevisionOrigin, SolutionState
from catalog.facets import COLUMNS, REUSE
from catalog.importing import import_publiccode
from catalog.models import ApiUse, ReuseEvent, Solution, Support
from catalog.publiccode import vocabulary
from catalog.services import (
    count_api_use,
    forget_api_uses,
    issue_notice,
    publish_solution,
    set_additions,
    withdraw_solution,
    write_document,
)
from network.models import OrganisationEvent
from network.profile import save_organisation
from osk_portal.toolkit import clock as portal_clock
from tests.catalog.factories import ReuseFactory, SolutionFactory
from tests.catalog.files import publiccode_file
from tests.factories import OrganisationFactory, staff

pytestmark = pytest.mark.django_db
API = "/api/v1/"


@pytest.fixture(autouse=True)
def much(settings):
    settings.OSK_API_PER_MINUTE = 10_000


def get(client, path, status=200, **headers):
    response = client.get(API + path, headers=headers)
    assert response.status_code == status, response.content[:500]
    return response


def problem(client, path, status, **headers):
    response = get(client, path, status, **headers)
    assert response["Content-Type"] == "application/problem+json"
    assert response["Access-Control-Allow-Origin"] == "*"
    found = response.json()
    assert found["status"] == status
    return found


def make(number, **more):
    for n in range(number):
        found = import_publiccode(
            publiccode_file(name=f"Planer {n}", url=f"https://example.org/p{n}", **more),
            publish=True,
        ).solution
        ReuseFactory(solution=found)
        ReuseFactory(solution=found, organisation=OrganisationFactory(other_land=True))
        Support.objects.create(solution=found, organisation=OrganisationFactory(company=True))
    return list(Solution.objects.order_by("sort_key"))


def walk(client, path):
    """Every row, page by page."""
    rows, cursor = [], ""
    sign = "&" if "?" in path else "?"
    for _page in range(50):
        found = get(client, f"{path}{sign}cursor={cursor}" if cursor else path).json()
        rows += found["data"]
        cursor = found["next_cursor"]
        if cursor is None:
            assert found["next"] is None
            return rows
    raise AssertionError("no end")


def test_a_list_says_what_the_page_says(client):
    make(2)
    SolutionFactory(draft=True)
    SolutionFactory(state=SolutionState.WITHDRAWN)

    found = get(client, "solutions").json()

    assert [row["slug"] for row in found["data"]] == ["planer-0", "planer-1"]
    assert found["total"] == 2
    assert found["data_licence"] == {
        "id": "CC0-1.0",
        "url": "https://creativecommons.org/publicdomain/zero/1.0/",
    }
    row = found["data"][0]
    assert row["short_description"] == {"de": "Termine in Bürgerbüros vergeben."}
    assert row["licence"] == "EUPL-1.2"
    assert row["links"]["html"].endswith("/loesungen/planer-0/")


@pytest.mark.parametrize(
    "query",
    [
        "?limit=2",
        "?limit=2&sort=newest",
        "?limit=2&sort=reused",
        "?limit=2&q=planer",
        "?limit=2&q=planer&sort=name&category=appointment-scheduling",
    ],
)
def test_pages_hold_every_entry_once(client, query):
    make(5)
    Solution.objects.update(updated_at=portal_clock.now())  # equal: the slug decides
    ReuseFactory(solution=Solution.objects.get(slug="planer-3"))

    slugs = [row["slug"] for row in walk(client, f"solutions{query}")]

    assert sorted(slugs) == [f"planer-{n}" for n in range(5)]


@pytest.mark.parametrize("query", ["?limit=2", "?limit=2&q=planer"])
def test_a_cursor_stays_good_when_its_entry_has_gone(client, query):
    make(5)
    first = get(client, f"solutions{query}").json()
    Solution.objects.filter(slug=first["data"][1]["slug"]).update(state=SolutionState.WITHDRAWN)
    SolutionFactory(name="AAA planer")

    after = get(client, f"solutions{query}&cursor={first['next_cursor']}").json()

    seen = {row["slug"] for row in first["data"]}
    assert len(after["data"]) == 2
    assert not seen & {row["slug"] for row in after["data"]}


def test_filters_narrow_as_on_the_page(client):
    make(2)
    import_publiccode(
        publiccode_file(("legal.license", "MIT"), name="Anders", url="https://example.org/a"),
        publish=True,
    )

    only = get(client, "solutions?licence=permissive&licence=other").json()
    assert [row["slug"] for row in only["data"]] == ["anders"]
    assert get(client, "solutions?reuse=berlin&reuse=support").json()["total"] == 2
    found = get(client, "facets?licence=permissive").json()["data"]
    counts = {f["name"]: {c["value"]: c["count"] for c in f["choices"]} for f in found}
    assert counts["licence"] == {"copyleft": 2, "permissive": 1}
    assert counts["status"] == {"stable": 1}


def test_every_facet_of_the_page_is_a_parameter():
    names = {column.name for column in COLUMNS} | {REUSE}

    assert names <= set(schemas.SolutionFilters.model_fields)


def test_an_entry_with_its_file(client):
    (solution,) = make(1)
    hidden = OrganisationFactory(company=True, is_published=False)
    Support.objects.create(solution=solution, organisation=hidden)
    set_additions(solution.pk, maintainer=hidden)

    found = get(client, "solutions/planer-0").json()

    assert found["publiccode"]["legal"] == {"license": "EUPL-1.2"}
    assert len(found["supporters"]) == 1
    assert found["maintainer"] is None

    contractors = [{"name": "Werk GmbH", "until": "2027-12-31"}]
    solution.document["maintenance"] = {"type": "contract", "contractors": contractors}
    solution.save(update_fields=["document"])
    named = get(client, "solutions/planer-0").json()["supporters"]
    assert {"name": "Werk GmbH", "slug": None, "contract_until": "2027-12-31"}.items() <= next(
        each.items() for each in named if each["is_contractor"]
    )
    assert "id" not in found["publiccode"]
    assert hidden.name not in json.dumps(found)


@pytest.mark.parametrize("state", [SolutionState.DRAFT, SolutionState.WITHDRAWN])
@pytest.mark.parametrize("path", ["", "/revisions", "/revisions/1"])
def test_nobody_sees_what_is_not_published(client, state, path):
    make(1)
    Solution.objects.update(state=state)
    client.force_login(staff("advisor"), backend="django.contrib.auth.backends.ModelBackend")

    assert problem(client, f"solutions/planer-0{path}", 404)["title"] == "Nicht gefunden"
    assert get(client, "solutions").json()["data"] == []


def test_revisions_are_those_that_have_been_public(client, clock):
    advisor = staff("advisor")
    solution = import_publiccode(publiccode_file()).solution  # a draft

    def change(name):
        clock.move_to(portal_clock.now() + timedelta(hours=1))
        solution.refresh_from_db()
        document = {**solution.document, "name": name}
        write_document(solution, document, origin=RevisionOrigin.IMPORT, findings=[])
        clock.move_to(portal_clock.now() + timedelta(hours=1))

    change("Zwei")
    publish_solution(solution.pk, actor=advisor)
    change("Drei")
    withdraw_solution(solution.pk, actor=advisor)
    change("Vier")
    change("Fünf")
    publish_solution(solution.pk, actor=advisor)

    found = get(client, "solutions/terminplaner/revisions").json()["data"]

    assert [row["number"] for row in found] == [5, 3, 2]
    assert [row["is_current"] for row in found] == [True, False, False]
    problem(client, "solutions/terminplaner/revisions/1", 404)
    problem(client, "solutions/terminplaner/revisions/4", 404)
    old = get(client, "solutions/terminplaner/revisions/2").json()["publiccode"]
    now = get(client, "solutions/terminplaner/revisions/5").json()["publiccode"]
    assert old["name"] == "Zwei"
    assert "contacts" not in old["maintenance"]
    assert now["maintenance"]["contacts"]


def test_categories_licences_organisations(client):
    make(2)
    OrganisationFactory(is_published=False, name="Verborgen")

    found = get(client, "categories").json()["data"]
    assert len(found) >= 106
    assert {"value": "appointment-scheduling", "label": "Terminvergabe", "count": 2} in found
    assert get(client, "licences").json()["data"] == [
        {
            "licence": "EUPL-1.2",
            "family": "copyleft",
            "family_label": "Copyleft (EUPL, GPL, AGPL)",
            "count": 2,
        }
    ]
    rows = walk(client, "organisations?limit=2")
    assert len(rows) == 6
    assert "Verborgen" not in [row["name"] for row in rows]


def test_reuse_tells_counts_and_no_names(client):
    solution = make(2)[0]
    ReuseFactory(solution=solution, stage="pilot", organisation__name="Amt Geheim", show_name=True)
    ReuseFactory(solution=solution, stage="interest")

    response = get(client, "reuse?limit=1")

    row = response.json()["data"][0]
    assert row["berlin"] == {"test": 0, "pilot": 1, "production": 1, "total": 2}
    assert row["elsewhere"] == 1
    assert "Geheim" not in response.content.decode()
    assert len(walk(client, "reuse?limit=1")) == 2


def test_languages(client):
    make(1)

    assert problem(client, "nichts", 404)["title"] == "Diese Seite gibt es nicht"
    english = {"accept_language": "en"}
    assert problem(client, "solutions/nichts", 404, **english)["title"] == "Not found"
    labels = {c["value"]: c["label"] for c in get(client, "categories", **english).json()["data"]}
    assert labels["appointment-scheduling"] == "Appointment scheduling"
    assert "Accept-Language" in get(client, "categories")["Vary"]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=zwei", "limit"),
        ("limit=" + "9" * 5000, "limit"),
        ("sort=upside-down", "sort"),
        ("status=finished", "status"),
        ("reuse=berlin&reuse=mars", "reuse"),
        ("category=", "category"),
        ("&".join(f"category=c{n}" for n in range(21)), "category"),
        ("q=" + "a" * 201, "q"),
        ("categorie=crm", "categorie"),
    ],
)
def test_wrong_parameters_are_named(client, query, parameter):
    found = problem(client, f"solutions?{query}", 422)

    assert [error["parameter"] for error in found["errors"]] == [parameter]
    assert found["errors"][0]["message"]


@pytest.mark.parametrize(
    "cursor",
    [
        "abc",
        "%00",
        "A" * 3000,
        ":",
        "WyJuYW1lIiwiYSIsImIiXQ:yLRThdhBNkit4lW_HjeZ9PhERNh42swQdnSGcM1Pq2s",
        ".eJyrVipLzClNBQAJ7gLr:1abcde:xxxx",
    ],
)
def test_cursors_that_are_none_of_ours(client, cursor):
    for path in ("solutions", "organisations", "reuse"):
        assert "Cursor" in problem(client, f"{path}?cursor={cursor}", 404)["detail"]


def test_a_long_name_in_another_script_fits_into_an_address(client):
    for letter in "\U00020000\U00020001":
        SolutionFactory(name=letter * 200, slug=f"x{ord(letter)}" + "x" * 90)

    first = get(client, "solutions?limit=1").json()

    assert len(first["next"]) < 2_000
    assert get(client, f"solutions?limit=1&cursor={first['next_cursor']}").json()["data"]


def test_relevance_without_words_is_the_order_by_name(client):
    make(2)

    assert [row["slug"] for row in walk(client, "solutions?sort=relevance&limit=1")] == [
        "planer-0",
        "planer-1",
    ]


def test_a_cursor_of_another_list_is_refused(client):
    make(2)
    cursor = get(client, "solutions?limit=1").json()["next_cursor"]

    found = problem(client, f"solutions?sort=newest&cursor={cursor}", 404)
    assert "anderen Liste" in found["detail"]
    problem(client, f"reuse?cursor={cursor}", 404)
    problem(client, f"solutions?q=planer&cursor={cursor}", 404)


@pytest.mark.parametrize(
    "path", ["solutions", "solutions/planer-0", "solutions/planer-0/revisions"]
)
def test_what_is_known_is_not_sent_again(client, path, clock):
    make(1)
    clock.move_to(portal_clock.now() + timedelta(hours=1))
    first = get(client, path)

    again = get(client, path, 304, if_none_match=first["ETag"])
    assert again.content == b""
    assert again["ETag"] == first["ETag"]
    assert again["Access-Control-Allow-Origin"] == "*"
    get(client, path, 304, if_modified_since=first["Last-Modified"])
    get(client, path, 200, if_none_match='"other"', if_modified_since=first["Last-Modified"])

    clock.move_to(portal_clock.now() + timedelta(minutes=5))
    set_additions(Solution.objects.get().pk, alternatives=["Qmatic"])
    get(client, path, 200, if_modified_since=first["Last-Modified"])


def test_a_page_with_a_next_one_is_known_a_second_later(client, clock):
    make(2)
    first = get(client, "solutions?limit=1")
    clock.move_to(portal_clock.now() + timedelta(hours=1))

    assert first.json()["next"] == f"http://{urlsplit(first.json()['next']).netloc}" + (
        f"/api/v1/solutions?limit=1&cursor={quote(first.json()['next_cursor'])}"
    )
    with patch("time.time", return_value=2_000_000_000.0):
        get(client, "solutions?limit=1", 304, if_none_match=first["ETag"])


EVERY_ADDRESS = sorted(api.get_openapi_schema()["paths"])


@pytest.mark.parametrize("path", EVERY_ADDRESS)
def test_every_address_is_conditional(client, clock, path):
    """By ETag and by date; a change of what the answer holds is sent in either way."""
    make(1)
    entry = Solution.objects.get()
    reuse = ReuseFactory(solution=entry)
    organisation = OrganisationFactory(is_published=True)
    issue_notice(
        solution_id=entry.pk,
        actor=staff("advisor"),
        kind="security",
        text_de="Bitte wechseln.",
        valid_from=portal_clock.today(),
    )
    OrganisationEvent.objects.create(organisation=organisation, kind="changed")
    clock.move_to(portal_clock.now() + timedelta(days=10))
    path = path.removeprefix("/api/v1/").replace("{slug}", entry.slug).replace("{number}", "1")
    first = get(client, path)
    assert get(client, path, 304, if_none_match=first["ETag"]).content == b""
    clock.move_to(portal_clock.now() + timedelta(days=10))
    later = get(client, path, 304, if_modified_since=first["Last-Modified"])
    assert later["Last-Modified"] == first["Last-Modified"]

    now = clock.move_to(portal_clock.now() + timedelta(days=1))
    OrganisationEvent.objects.create(organisation=organisation, kind="changed", at=now)
    fresh = get(client, path, 200, if_modified_since=first["Last-Modified"])
    # Read in the very second of a change: whatever follows in it is sent as well.
    clock.move_to(now + timedelta(minutes=1))
    get(client, path, 200, if_modified_since=fresh["Last-Modified"])
    assert reuse.solution_id == entry.pk


@pytest.mark.parametrize(
    "path",
    ["solutions?reuse=berlin", "solutions?sort=reused", "solutions?q=planer", "reuse", "facets"],
)
def test_what_depends_on_reuse_is_dated_by_it(client, clock, path):
    make(1)
    reuse = ReuseFactory(solution=Solution.objects.get())
    clock.move_to(portal_clock.now() + timedelta(days=10))
    first = get(client, path)
    clock.move_to(portal_clock.now() + timedelta(days=1))
    get(client, path, 304, if_modified_since=first["Last-Modified"])
    ReuseEvent.objects.create(reuse=reuse, kind="moved", at=portal_clock.now())
    get(client, path, 200, if_modified_since=first["Last-Modified"])


def test_hostile_conditions(client):
    make(1)

    get(client, "solutions", 200, if_modified_since="gestern")
    get(client, "solutions", 200, if_none_match="\x00,,;W/")
    problem(client, "solutions", 412, if_match='"other"')


def test_methods(client):
    make(1)

    head = client.head(API + "solutions")
    assert (head.status_code, head.content) == (200, b"")
    assert head["ETag"] == get(client, "solutions")["ETag"]
    options = client.options(API + "solutions")
    assert options.status_code == 204
    assert options["Access-Control-Allow-Origin"] == "*"
    assert "If-None-Match" in options["Access-Control-Allow-Headers"]
    for method in ("post", "put", "patch", "delete"):
        response = getattr(client, method)(API + "solutions")
        assert response.status_code == 405
        assert response["Allow"] == "GET, HEAD, OPTIONS"
        assert response["Content-Type"] == "application/problem+json"
        assert response["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    "path", ["/api/", "/api/v2/solutions", "/api/v1/solutions/", "/api/v1/x/y"]
)
def test_unknown_addresses_are_problems_too(client, path):
    response = client.get(path)

    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"


@override_settings(OSK_API_PER_MINUTE=3)
def test_the_limit(client, clock):
    for left in (2, 1, 0):
        response = get(client, "licences")
        assert response["X-RateLimit-Remaining"] == str(left)
        assert response["RateLimit"].startswith(f'"minute";r={left};t=')

    response = get(client, "licences", 429)
    assert response.json()["title"] == "Zu viele Anfragen"
    assert response["Access-Control-Allow-Origin"] == "*"
    assert 1 <= int(response["Retry-After"]) <= 60
    assert client.get(API + "licences", REMOTE_ADDR="192.0.2.7").status_code == 200
    assert client.options(API + "licences").status_code == 204

    clock.move_to(portal_clock.now() + timedelta(minutes=1))
    get(client, "licences")
    clock.move_to(portal_clock.now() + timedelta(hours=2))
    assert forget_api_uses() == 2
    assert not ApiUse.objects.exists()


def test_no_row_tells_an_address(client):
    get(client, "licences")

    assert "127.0.0.1" not in ApiUse.objects.get().who


def test_faults_are_problems(client, monkeypatch, caplog):
    def broken(*args):
        raise RuntimeError("broken")

    monkeypatch.setattr("catalog.api.rows.licence", broken)
    client.raise_request_exception = False

    response = client.get(API + "licences")

    assert response.status_code == 500
    assert response["Content-Type"] == "application/problem+json"
    assert "broken" not in response.content.decode()
    caplog.clear()


@pytest.mark.parametrize(
    "path",
    [
        "solutions",
        "solutions?q=planer",
        "solutions?sort=reused&reuse=berlin",
        "facets",
        "solutions/planer-0",
        "solutions/planer-0/revisions",
        "organisations",
        "reuse",
        "licences",
        "categories",
    ],
)
def test_costs_the_same_with_one_and_three(client, path):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    make(1)
    get(client, path)
    with CaptureQueriesContext(connection) as one:
        get(client, path)
    make(3)
    with CaptureQueriesContext(connection) as three:
        get(client, path)

    assert len(three) == len(one)
    assert len(one) <= 10


def test_the_description(client):
    schema = get(client, "openapi.json").json()

    assert schema["openapi"].startswith("3.1")
    assert schema["info"]["license"]["name"] == "CC0-1.0"
    assert "/api/v1/solutions/{slug}" in schema["paths"]
    operation = schema["paths"]["/api/v1/solutions"]["get"]
    assert list(operation["responses"]["422"]["content"]) == ["application/problem+json"]
    names = {parameter["name"] for parameter in operation["parameters"]}
    assert names == set(schemas.SolutionQuery.model_fields)


def test_the_page_of_the_description(client):
    text = client.get(reverse("catalog_api")).content.decode()

    assert "GET /api/v1/solutions/{slug}/revisions" in text
    assert "Lösungen suchen und filtern" in text
    assert "120" in text or "10000" in text
    assert "Suchwörter" in text


def test_a_renamed_organisation_is_news(client, clock):
    make(1)
    first = get(client, "solutions")
    clock.move_to(portal_clock.now() + timedelta(hours=1))
    save_organisation(OrganisationFactory(), actor=None)

    get(client, "solutions", 200, if_modified_since=first["Last-Modified"])


@pytest.mark.parametrize("query", ["%00", "%20", "%E2%80%8B"])
def test_a_search_for_nothing_visible_is_not_answered_with_everything(client, query):
    make(1)

    problem(client, f"solutions?q={query}", 422)
    problem(client, f"facets?q={query}", 422)


def test_the_facets_of_the_interface_are_whole(client):
    for number, category in enumerate(sorted(vocabulary.CATEGORIES)[:20]):
        content = publiccode_file(
            name=f"N{number}", url=f"https://x.example/a/{number}", categories=[category]
        )
        import_publiccode(content, publish=True)

    [found] = [f for f in get(client, "facets").json()["data"] if f["name"] == "category"]
    assert len(found["choices"]) == 20
    page = client.get("/loesungen/").text
    assert "8 weitere sind seltener" in page


def test_a_network_of_ipv6_has_one_budget(settings):
    first = count_api_use("2001:db8:1:2::1").remaining
    assert count_api_use("2001:db8:1:2:ffff::9").remaining == first - 1
    assert count_api_use("2001:db8:1:3::1").remaining == first
    assert count_api_use("192.0.2.7").remaining == first
    assert count_api_use("::ffff:192.0.2.7").remaining == first - 1
    assert count_api_use("192.0.2.8").remaining == first
    assert count_api_use("unbekannt").remaining == first


@pytest.mark.parametrize("query", ["category=%00", "platform=%C2%AD", "audience=%E2%80%8B"])
def test_an_invisible_value_never_answers_with_everything(client, query):
    problem(client, f"solutions?{query}", 422)
    problem(client, f"facets?{query}", 422)
