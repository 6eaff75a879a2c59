from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from osk_portal.toolkit.access import LOGIN, PUBLIC, AuthenticatedRequest, access


@access(PUBLIC)
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/home.html")


@access(PUBLIC)
def search(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/text_page.html", {"label": "Suche"})


@access(LOGIN)
def my_area(request: AuthenticatedRequest) -> HttpResponse:
    return render(request, "pages/my_area.html")


@access(PUBLIC)
def text_page(request: HttpRequest, *, slug: str, label: str) -> HttpResponse:
    return render(request, "pages/text_page.html", {"label": label, "crumbs": [(label, "")]})


@access(PUBLIC)
def statistics(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/text_page.html", {"label": "Statistik"})


@access(PUBLIC)
def barrier_report(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/text_page.html", {"label": "Barriere melden"})


@access(PUBLIC)
def licences(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/text_page.html", {"label": "Lizenzen"})


@access(PUBLIC)
def healthz(request: HttpRequest) -> HttpResponse:
    """The process is alive; asks nothing else."""
    return HttpResponse("ok", content_type="text/plain")
