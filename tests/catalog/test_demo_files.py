"""The files of the demo world fit the standard and each other."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from catalog.publiccode import validate

ROOT = Path(__file__).resolve().parents[2]
ENTRIES = sorted((ROOT / "catalog/demo/solutions").glob("*/publiccode.yml"))
SLUGS = {path.parent.name for path in ENTRIES}


def _read(path: str) -> Any:
    return json.loads((ROOT / path).read_text(encoding="utf-8"))


def _authorities() -> set[str]:
    with (ROOT / "network/demo/berlin-authorities.csv").open(encoding="utf-8", newline="") as file:
        return {row["short_name"] for row in csv.DictReader(file, delimiter=";")}


def _partners() -> set[str]:
    return {entry["slug"] for entry in _read("network/demo/organisations.json")}


@pytest.mark.parametrize("path", ENTRIES, ids=lambda path: path.parent.name)
def test_entry_has_no_error_and_no_warning(path: Path) -> None:
    assert validate(path.read_bytes()).findings == ()


def test_there_are_enough_entries_and_each_has_its_source() -> None:
    sources = (ROOT / "catalog/demo/SOURCES.md").read_text(encoding="utf-8")

    assert len(ENTRIES) >= 60
    assert {slug for slug in SLUGS if f"| {slug} |" not in sources} == set()
    assert set(_read("catalog/demo/solutions-extra.json")) == SLUGS


def test_reuse_names_known_solutions_and_bodies() -> None:
    known = _authorities() | _partners()

    for record in _read("catalog/demo/reuse.json"):
        assert record["solution"] in SLUGS
        assert record["organisation"] in known
        assert record["invented"]


def test_organisations_name_known_solutions_and_topics() -> None:
    topics = {topic["slug"] for topic in _read("network/demo/expertise.json")}

    for entry in _read("network/demo/organisations.json"):
        assert set(entry["supports"]) | set(entry["maintains"]) <= SLUGS
        assert {item["topic"] for item in entry["expertise"]} <= topics
        # A real domain would let strangers prove a membership.
        assert all(domain.endswith(".example") for domain in entry["email_domains"])


def test_requests_and_bookings_name_known_bodies_and_solutions() -> None:
    authorities = _authorities()
    requests = _read("consulting/demo/requests.json")

    for request in requests:
        assert request["organisation"] in authorities
        assert set(request["solutions"]) <= SLUGS
        target = request["duplicate_of"]
        if target is not None:
            assert requests[target]["organisation"] == request["organisation"]
    for booking in _read("sandbox/demo/bookings.json"):
        assert booking["organisation"] in authorities
        assert booking["state"] in {"ended", "cancelled", "failed"}
