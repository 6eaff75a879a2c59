"""Schemathesis finds nothing: every answer is one that the OpenAPI document describes, whatever is asked."""

from __future__ import annotations

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from catalog.api.urls import api
from catalog.models import Solution
from osk_portal.wsgi import application
from tests.catalog.factories import ReuseFactory
from tests.catalog.test_notices import issue

pytestmark = pytest.mark.django_db
EXAMPLES = 5
DOCUMENT = api.get_openapi_schema()
# A filter with invisible characters is refused (422, documented): no JSON Schema says which are visible.
REFUSED = [positive_data_acceptance]


def _can_be_wrong(path):
    """Whatever is sent as a slug is a text."""
    return any(p["name"] != "slug" for p in DOCUMENT["paths"][path]["get"].get("parameters", ()))


@pytest.fixture
def schema(settings, world):
    """Of a catalog with an entry of everything that an answer can hold."""
    settings.OSK_API_PER_MINUTE = 100_000
    settings.OSK_BASE_URL = "http://testserver"
    ReuseFactory(solution=world.solution)
    issue(world)
    found = schemathesis.openapi.from_dict(api.get_openapi_schema())
    found.app = lambda environ, start: application({**environ, "REMOTE_ADDR": "192.0.2.1"}, start)
    # As Django's own client does: a request must not close the connection of the test's transaction.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield found
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize(
    ("path", "mode"),
    [(path, GenerationMode.POSITIVE) for path in DOCUMENT["paths"]]
    + [(path, GenerationMode.NEGATIVE) for path in DOCUMENT["paths"] if _can_be_wrong(path)],
)
def test_schemathesis_finds_nothing(schema, path, mode):
    slug = Solution.objects.get().slug

    @seed(20261127)
    @hypothesis_settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )
    @given(
        case=schema[path]["GET"].as_strategy(generation_mode=mode),
        is_there=st.booleans(),
    )
    def ask(case, is_there):
        if is_there and "slug" in case.path_parameters:
            case.path_parameters["slug"] = slug
        case.call_and_validate(headers={"Accept-Language": "de"}, excluded_checks=REFUSED)

    ask()
