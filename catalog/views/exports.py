"""The catalog for programs: an entry and the whole, in their formats, by address and by what they accept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any, TypeVar

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import condition, conditional_page, require_safe

from catalog.exports import dcat, dump, jsonld
from catalog.models import Solution
from osk_portal.toolkit.access import PUBLIC, access

R = TypeVar("R", bound=HttpResponseBase)
HTML = "text/html"
_FORMATS = {"turtle": dcat.CONTENT_TYPE, "jsonld": jsonld.CONTENT_TYPE}
TYPES = {"csv": "text/csv; charset=utf-8", "ttl": "text/turtle; charset=utf-8"}


def negotiated(
    **others: str,
) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Send programs that prefer another format to its address (303).

    ``others``: the formats by name, "turtle" or "jsonld", with the name of the address in this app.
    """
    types = {_FORMATS[name]: address for name, address in others.items()}

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def chosen(request: HttpRequest, **kwargs: str) -> HttpResponse:
            wanted = request.get_preferred_type([HTML, *types])
            if wanted in types and request.method in ("GET", "HEAD"):
                response = HttpResponse(status=303)
                response["Location"] = reverse(f"catalog:{types[wanted]}", kwargs=kwargs)
            else:
                response = view(request, **kwargs)
            patch_vary_headers(response, ["Accept"])
            return response

        return chosen

    return decorate


@access(PUBLIC)
@require_safe
@conditional_page
def solution_jsonld(request: HttpRequest, slug: str) -> HttpResponse:
    found = get_object_or_404(Solution.objects.visible_to(request.user), slug=slug)
    response = JsonResponse(
        jsonld.entry(found),
        content_type=jsonld.CONTENT_TYPE,
        json_dumps_params={"ensure_ascii": False},
    )
    return opened(response)


@access(PUBLIC)
@require_safe
@conditional_page
def solution_turtle(request: HttpRequest, slug: str) -> HttpResponse:
    found = get_object_or_404(Solution.objects.visible_to(request.user), slug=slug)
    response = HttpResponse(dcat.entry(found), content_type=TYPES["ttl"])
    response["Content-Disposition"] = f'attachment; filename="{slug}.ttl"'
    return opened(response)


def _modified(request: HttpRequest, name: str, **_more: Any) -> datetime | None:
    """When the nightly file was made; None where it is not there yet."""
    try:
        seconds = int(dump.file_path(name).stat().st_mtime)
    except FileNotFoundError:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def _etag(request: HttpRequest, name: str, **_more: Any) -> str | None:
    modified = _modified(request, name)
    if modified is None:
        return None
    return f'"{int(modified.timestamp())}-{dump.file_path(name).stat().st_size}"'


@access(PUBLIC)
@require_safe
@condition(etag_func=_etag, last_modified_func=_modified)
def catalog_file(request: HttpRequest, name: str) -> HttpResponseBase:
    """One of the nightly files; before the first night made as it is read."""
    content_type = TYPES[name.rpartition(".")[2]]
    try:
        file = dump.file_path(name).open("rb")
    except FileNotFoundError:
        made = StreamingHttpResponse(dump.LINES[name](), content_type=content_type)
        made["Content-Disposition"] = f'attachment; filename="{name}"'
        return opened(made)
    return opened(FileResponse(file, as_attachment=True, filename=name, content_type=content_type))


def opened(response: R) -> R:
    """For scripts of other pages too, with the licence of the data."""
    response["Access-Control-Allow-Origin"] = "*"
    response["Link"] = f'<{settings.OSK_DATA_LICENCE_URL}>; rel="license"'
    return response
