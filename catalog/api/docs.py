"""The API's page: made from its schema, so that it says what the API does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from catalog.api import description
from osk_portal.toolkit.access import PUBLIC, access

EXAMPLES = {
    "solutions": "?q=termin&licence=copyleft&limit=5",
    "facets": "?q=termin",
    "organisations": "?limit=5",
    "reuse": "?limit=5",
}


@dataclass(frozen=True)
class Parameter:
    name: str
    text: str
    values: str
    is_required: bool


@dataclass(frozen=True)
class Operation:
    id: str
    path: str
    summary: str
    parameters: list[Parameter]
    example: str


@access(PUBLIC)
@require_safe
def documentation(request: HttpRequest) -> HttpResponse:
    from catalog.api.urls import api  # imports this page

    schema = api.get_openapi_schema()
    context = {
        "about": _(description.ABOUT),
        "operations": _operations(schema),
        "base_url": settings.OSK_BASE_URL,
        "per_minute": settings.OSK_API_PER_MINUTE,
        "licence": settings.OSK_DATA_LICENCE,
        "licence_url": settings.OSK_DATA_LICENCE_URL,
        "crumbs": [(_("API"), None)],
    }
    return render(request, "catalog/api.html", context)


def _operations(schema: dict[str, Any]) -> list[Operation]:
    schemas = schema["components"]["schemas"]
    found = []
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            key, summary = operation["operationId"], operation["summary"]
            parameters = [_parameter(each, schemas) for each in operation.get("parameters", [])]
            example = settings.OSK_BASE_URL + path + EXAMPLES.get(key, "")
            found.append(Operation(key, path, _(summary), parameters, example))
    return found


def _parameter(found: dict[str, Any], schemas: dict[str, Any]) -> Parameter:
    text = found.get("description") or found["schema"].get("description") or ""
    return Parameter(
        found["name"],
        _(text) if text else "",
        ", ".join(_values(found["schema"], schemas)),
        found["required"],
    )


def _values(schema: dict[str, Any], schemas: dict[str, Any]) -> list[str]:
    """The values that a parameter can have, where they are counted up."""
    if "$ref" in schema:
        return _values(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "items" in schema:
        return _values(schema["items"], schemas)
    if "anyOf" in schema:
        return [value for each in schema["anyOf"] for value in _values(each, schemas)]
    if "maximum" in schema:
        return [f"{schema['minimum']}–{schema['maximum']}"]
    return list(schema.get("enum", []))
