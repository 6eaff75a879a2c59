from __future__ import annotations

import pytest

from catalog.enums import SolutionState
from catalog.importing import Status, import_publiccode
from catalog.models import Solution, SolutionDocument, SolutionEvent
from catalog.services import free_slug
from catalog.services.correcting import correct_entry
from tests.catalog.factories import SolutionFactory
from tests.catalog.files import publiccode_file
from tests.factories import staff

pytestmark = pytest.mark.django_db


def test_a_valid_file_becomes_an_entry_with_columns_revision_event_and_search_text():
    outcome = import_publiccode(publiccode_file(), publish=True)

    solution = Solution.objects.get()
    assert outcome.status == Status.CREATED
    assert outcome.errors == 0
    assert solution.state == SolutionState.PUBLISHED
    assert solution.slug == "terminplaner"
    assert solution.repository_url == "https://github.com/muster/terminplaner"
    assert solution.licence_family == "copyleft"
    assert solution.categories == ["appointment-scheduling"]
    assert solution.languages == ["de", "en"]
    assert not solution.is_incomplete
    assert solution.revision == 1
    assert solution.revisions.get().document == solution.document
    assert [e.kind for e in SolutionEvent.objects.all()] == ["created", "published"]
    assert "buergerbueros" in solution.search_document.folded
    assert "burgerburos" in solution.search_document.folded


def test_a_name_that_nobody_can_see_is_none():
    outcome = import_publiccode(publiccode_file(("name", "\u200b\u202e")))

    assert outcome.solution.name == "terminplaner"


def test_the_same_file_twice_changes_nothing():
    import_publiccode(publiccode_file(), publish=True)
    before = Solution.objects.get()

    outcome = import_publiccode(publiccode_file(), publish=True)

    after = Solution.objects.get()
    assert outcome.status == Status.UNCHANGED
    assert after.revision == before.revision
    assert after.updated_at == before.updated_at
    assert SolutionEvent.objects.count() == 2


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/Muster/Terminplaner.git",
        "HTTPS://www.GitHub.com/muster/terminplaner/",
        "https://github.com:443//muster/terminplaner",
    ],
)
def test_other_spellings_of_the_repository_find_the_entry(url):
    import_publiccode(publiccode_file())

    outcome = import_publiccode(publiccode_file(url=url, name="Terminplaner 2"))

    assert outcome.status == Status.CHANGED
    assert Solution.objects.get().name == "Terminplaner 2"
    assert Solution.objects.get().slug == "terminplaner"  # an address stays


def test_an_entry_without_repository_is_found_by_its_name():
    import_publiccode(publiccode_file(url=None))

    assert import_publiccode(publiccode_file()).status == Status.CHANGED
    assert Solution.objects.count() == 1


def test_another_repository_with_the_same_name_is_another_entry():
    import_publiccode(publiccode_file())

    outcome = import_publiccode(publiccode_file(url="https://codeberg.org/anders/terminplaner"))

    assert outcome.status == Status.CREATED
    assert outcome.solution.slug == "terminplaner-2"


def test_the_caller_may_name_the_entry():
    import_publiccode(publiccode_file(), slug="planer")

    outcome = import_publiccode(publiccode_file(url="https://example.org/neu"), slug="planer")

    assert outcome.status == Status.CHANGED
    assert Solution.objects.get().repository_url == "https://example.org/neu"


def test_errors_are_kept_and_mark_the_entry_incomplete_and_a_draft():
    data = publiccode_file(("legal.license", "Frei, Version 2"), developmentStatus="fertig")

    outcome = import_publiccode(data, publish=True)

    solution = Solution.objects.get()
    assert outcome.errors == 2
    assert solution.is_incomplete
    assert solution.state == SolutionState.DRAFT
    assert solution.development_status == ""
    assert solution.name == "Terminplaner"
    assert {f["key"] for f in solution.findings} == {"legal.license", "developmentStatus"}
    assert all(f["line"] and f["description_de"] for f in solution.findings)


def test_an_incomplete_entry_is_published_where_that_is_wanted():
    import_publiccode(publiccode_file(platforms=None), publish_incomplete=True)

    assert Solution.objects.get().state == SolutionState.PUBLISHED


def test_a_published_entry_stays_as_it_is_when_its_file_breaks():
    import_publiccode(publiccode_file(), publish=True)
    broken = publiccode_file(platforms=None, roadmap="https://a.example/1")

    refused = import_publiccode(broken, publish=True)

    solution = Solution.objects.get()
    assert (refused.status, refused.solution, refused.errors) == (Status.REFUSED, solution, 1)
    assert (solution.revision, solution.is_published, solution.is_incomplete) == (1, True, False)
    assert import_publiccode(broken, publish_incomplete=True).status == Status.CHANGED
    solution.refresh_from_db()
    assert (solution.is_published, solution.is_incomplete) == (True, True)
    # An error that the entry has already refuses nothing.
    again = publiccode_file(platforms=None, roadmap="https://a.example/2")
    assert import_publiccode(again, publish=True).status == Status.CHANGED


def test_a_file_without_name_takes_that_of_its_repository():
    import_publiccode(publiccode_file(name=None))

    assert Solution.objects.get().name == "terminplaner"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe\x00",
        b"- just\n- a list",
        b"name: [",
        b"publiccodeYmlVersion: '0'\n",
        b"a: &a [*a]",
        b"x: " + b"[" * 5_000,
        b"name: y\n" * 100_000,
    ],
)
def test_what_is_no_entry_is_refused(data):
    assert import_publiccode(data).status == Status.REFUSED
    assert not Solution.objects.exists()


def test_a_hostile_file_is_tamed():
    long_name = "N\u202eame\x00" + "x" * 5_000
    outcome = import_publiccode(
        publiccode_file(
            ("description.de.features", [f"Merkmal {n} <script>" for n in range(9_000)]),
            name=long_name,
            url="javascript:alert(1)",
            landingURL="https://e.example/\x00",
            platforms=["web", "p" * 5_000, "\U0001f600"],
            usedBy=["\u0000", "Amt \u2066A"],
        ),
        publish_incomplete=True,
    )

    solution = Solution.objects.get()
    assert outcome.status == Status.CREATED
    assert solution.name.startswith("Name")
    assert "\u202e" not in solution.name
    assert len(solution.name) == 200
    assert len(solution.slug) <= 100
    assert solution.repository_url is None
    assert "p" * 61 not in "".join(solution.platforms)
    assert solution.document["usedBy"][-1:] == ["Amt A"]
    assert len(SolutionDocument.objects.get().folded) <= 40_000


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Bürgeramt Straße", "buergeramt-strasse"),
        ("vorschlaege", "vorschlaege-software"),
        ("C++ & <b>", "c-b"),
        ("日本語", "loesung-"),
        ("-", "loesung-"),
        ("x" * 500, "x" * 90),
    ],
)
def test_slugs(name, slug):
    assert free_slug(name).startswith(slug)


def test_a_taken_slug_gets_the_next_free_number():
    SolutionFactory(slug="planer")
    SolutionFactory(slug="planer-2")

    assert free_slug("Planer") == "planer-3"


def test_what_was_decided_in_the_catalog_outlives_the_same_file_and_the_next_one():
    advisor = staff("advisor")
    content = publiccode_file()
    entry = import_publiccode(content, publish=True).solution
    correct_entry(
        entry.pk,
        actor=advisor,
        changes={"software_version": "7"},
        base_revision=1,
        reason="Aus dem Handbuch.",
    )

    assert import_publiccode(content).status == Status.UNCHANGED
    for roadmap in ("https://a.example/1", "https://a.example/2"):
        outcome = import_publiccode(publiccode_file(softwareVersion="1", roadmap=roadmap))
        assert outcome.status == Status.CHANGED
        assert outcome.solution.document["softwareVersion"] == "7"
        assert outcome.solution.document["roadmap"] == roadmap


def test_a_former_address_leads_to_its_entry():
    entry = import_publiccode(publiccode_file(), publish=True).solution
    entry.aliases.create(repository_url="https://old.example/a/b")

    found = import_publiccode(publiccode_file(url="https://old.example/a/b", name="Anders"))

    assert found.solution == entry
    assert Solution.objects.count() == 1


@pytest.mark.parametrize(
    "sign", ["\u061c", "\u202e", "\u180e", "\u3164", "\u2800", "\U000e0041", "\u00ad"]
)
def test_nothing_invisible_gets_into_a_name(sign):
    outcome = import_publiccode(publiccode_file(name=f"Ter{sign}min"))
    assert outcome.solution is not None
    assert outcome.solution.name == "Termin"
    outcome = import_publiccode(
        publiccode_file(name=sign * 3, url="https://example.org/a/kalender")
    )
    assert outcome.solution is not None
    assert outcome.solution.name == "kalender"
