from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from osk_portal.toolkit.access import LOGIN, PUBLIC, access


@access(PUBLIC)
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/home.html")


@access(LOGIN)
def my_area(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/my_area.html")


@access(PUBLIC)
def healthz(request: HttpRequest) -> HttpResponse:
    """The process is alive; asks nothing else."""
    return HttpResponse("ok", content_type="text/plain")
