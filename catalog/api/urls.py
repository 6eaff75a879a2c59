from __future__ import annotations

from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, include, path
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema

from catalog.api import description, problems
from catalog.api.cursors import NoSuchPage
from catalog.api.docs import documentation
from catalog.api.edge import guard
from catalog.api.operations import router
from osk_portal.toolkit.access import public


class CatalogApi(NinjaAPI):
    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        schema = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        return description.completed(schema)


api = CatalogApi(
    title="OSK-Portal: Katalog",
    version="1",
    urls_namespace="catalog-api",
    openapi_url="openapi.json",
    docs_url=None,
)
api.add_router("", router)


@api.exception_handler(Http404)
def _not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return problems.not_found(request)


@api.exception_handler(NoSuchPage)
def _no_such_page(request: HttpRequest, error: NoSuchPage) -> HttpResponse:
    return problems.not_found(request, str(error))


@api.exception_handler(ValidationError)
def _of_validation(request: HttpRequest, error: ValidationError) -> HttpResponse:
    return problems.of_validation(request, error)


@api.exception_handler(problems.WrongParameter)
def _of_parameter(request: HttpRequest, error: problems.WrongParameter) -> HttpResponse:
    return problems.of_parameter(request, error)


@api.exception_handler(HttpError)
def _of_http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    return problems.of_http_error(request, error)


_patterns, _app_name, _namespace = api.urls
urlpatterns = [
    path("", documentation, name="catalog_api"),
    # The framework's own last address is its root, which our page takes.
    path("", include((public(guard(cast("list[URLPattern]", _patterns))), "catalog-api"))),
]
