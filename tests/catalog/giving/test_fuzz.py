"""No documented operation breaks, whatever it is asked; the parameters are those of the schema itself."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.api.urls import api
from catalog.importing import import_publiccode
from tests.catalog.factories import ReuseFactory
from tests.catalog.files import publiccode_file

pytestmark = pytest.mark.django_db
ANY_TEXT = st.text(max_size=40) | st.sampled_from(
    ["", "\x00", "💣" * 20, "%00", "' OR 1=1", "-1", "1e9", "null", "𝔘", "a:*|b", "\\", "\u202e"]
)


def _values(schema, known):
    """What the schema allows, and anything else."""
    if "$ref" in schema:
        return _values(known[schema["$ref"].rpartition("/")[2]], known)
    if "items" in schema:
        return _values(schema["items"], known)
    for key in ("anyOf", "allOf"):
        if key in schema:
            return st.one_of(*(_values(each, known) for each in schema[key]))
    if "enum" in schema:
        return st.sampled_from(schema["enum"]) | ANY_TEXT
    if schema.get("type") == "integer":
        return st.integers(-(10**25), 10**25).map(str) | st.integers(0, 120).map(str) | ANY_TEXT
    return ANY_TEXT


@pytest.fixture
def operations(settings):
    settings.OSK_API_PER_MINUTE = 10_000
    schema = api.get_openapi_schema()
    known = schema["components"]["schemas"]
    found = []
    for path, methods in schema["paths"].items():
        queries = [
            st.tuples(st.just(p["name"]), _values(p["schema"], known))
            for p in methods["get"].get("parameters", [])
            if p["in"] == "query"
        ]
        found.append((path, st.lists(st.one_of(*queries), max_size=6) if queries else st.just([])))
    return found


def test_no_operation_breaks(operations):
    for n in range(2):
        ReuseFactory(
            solution=import_publiccode(
                publiccode_file(name=f"Plan {n}", url=f"https://example.org/{n}"), publish=True
            ).solution
        )
    client = Client(raise_request_exception=True)

    @settings(
        max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(data=st.data())
    def ask(data):
        path, queries = data.draw(st.sampled_from(operations))
        path = path.replace("{slug}", data.draw(st.sampled_from(["plan-0", "plan-1", "x", "-"])))
        path = path.replace("{number}", data.draw(st.sampled_from(["1", "0", "9" * 30, "x", "²"])))
        pairs = [(n, v.encode("utf-8", "replace")) for n, v in data.draw(queries)]
        headers = {
            "accept-language": data.draw(st.sampled_from(["de", "en", "*", "", "xx-\x00"])),
            "if-none-match": data.draw(st.sampled_from(["", "*", '"a"', "W/", "\x00"])),
        }
        response = client.get(f"{path}?{urlencode(pairs)}", headers=headers)

        assert response.status_code in (200, 304, 404, 422), (path, pairs)
        if response.status_code >= 400:
            assert response["Content-Type"] == "application/problem+json"
            assert response.json()["status"] == response.status_code

    ask()
