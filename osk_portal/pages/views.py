from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from osk_portal import portal
from osk_portal.embedded import mailcatcher
from osk_portal.notifications.models import Notification
from osk_portal.pages import health, licences, my_area, navigation, security_txt, services
from osk_portal.pages.forms import BarrierReportForm
from osk_portal.pages.limits import TOO_OFTEN, within_limit
from osk_portal.pages.models import BarrierReport, LegalPage
from osk_portal.toolkit.access import LOGIN, PUBLIC, AuthenticatedRequest, access

SEARCH_LENGTH = 200
REFERENCE = re.compile(r"osk-\d{4}-\d{1,5}", re.IGNORECASE)
SEARCH_HITS = 10
LATEST_MESSAGES = 4
CAUGHT_MAILS = 50


@dataclass(frozen=True)
class ShownFigure:
    label: str
    value: int
    url: str


@dataclass(frozen=True)
class Group:
    """The hits of one app."""

    key: str
    label: str
    hits: list[portal.Hit]


def _figures() -> list[ShownFigure]:
    """What the apps can count today; a figure without a value is left out."""
    return [
        ShownFigure(str(figure.label), value, navigation.reverse_or_empty(figure.url_name))
        for figure in portal.figures
        if (value := figure.value()) is not None
    ]


@access(PUBLIC)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    sections = [
        render_to_string(section.template, section.context(), request)
        for section in portal.home_sections
    ]
    context = {
        "figures": _figures(),
        "sections": sections,
        "consulting_url": navigation.url_of("beratung/"),
        "solutions_url": navigation.url_of("loesungen/"),
        "sandbox_url": navigation.url_of("testumgebung/"),
        "network_url": navigation.url_of("netzwerk/"),
        "strategy_url": settings.OSK_STRATEGY_URL,
        "film_url": settings.OSK_FILM_URL,
        "first_response_days": settings.OSK_FIRST_RESPONSE_DAYS,
    }
    return render(request, "pages/home.html", context)


def clean_query(text: str) -> str:
    """What somebody looks for, without control characters (PostgreSQL refuses NUL) and not too long."""
    kept = "".join(" " if unicodedata.category(c) == "Cc" else c for c in text)
    return " ".join(unicodedata.normalize("NFC", kept).split())[:SEARCH_LENGTH]


@access(PUBLIC)
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Search over everything that the visitor may see, grouped by the app that found it.

    A reference that finds its case leads straight to it (product.md 1.4).
    """
    query = clean_query(request.GET.get("q", ""))
    groups: list[Group] = []
    if query:
        found = (
            Group(source.key, str(source.label), list(source.search(query, request))[:SEARCH_HITS])
            for source in portal.search_sources
        )
        groups = [group for group in found if group.hits]
    only = groups[0].hits if len(groups) == 1 else []
    if len(only) == 1 and REFERENCE.fullmatch(query):
        return redirect(only[0].url)
    context = {
        "query": query,
        "groups": groups,
        "count": sum(len(group.hits) for group in groups),
        "consulting_url": navigation.url_of("beratung/"),
        "crumbs": [(_("Search"), "")],
    }
    return render(request, "pages/search.html", context)


@access(LOGIN)
@require_safe
def my_area_overview(request: AuthenticatedRequest) -> HttpResponse:
    mine = Notification.objects.visible_to(request.user)
    context = {
        "tasks": my_area.tasks_of(request.user),
        "panels": my_area.panels_of(request.user, request),
        "latest": list(mine[:LATEST_MESSAGES]),
        "account_navigation": my_area.navigation(request),
        "consulting_url": navigation.url_of("beratung/"),
        "sandbox_url": navigation.url_of("testumgebung/"),
        "crumbs": [(_("My area"), "")],
    }
    return render(request, "pages/my_area.html", context)


@access(PUBLIC)
@require_safe
def text_page(request: HttpRequest, *, slug: str) -> HttpResponse:
    """A text of the operator, in German where the reader's language has none."""
    page = LegalPage.objects.in_language(slug, get_language() or "de")
    if page is None:
        raise Http404(slug)
    context = {"page": page, "crumbs": [(page.title, "")]}
    return render(request, "pages/text_page.html", context)


@access(PUBLIC)
@require_safe
def licence_list(request: HttpRequest) -> HttpResponse:
    context = {
        "front_end": licences.FRONT_END,
        "packages": licences.python_packages(),
        "crumbs": [(_("Licences"), "")],
    }
    return render(request, "pages/licences.html", context)


@access(PUBLIC)
@require_http_methods(["GET", "HEAD", "POST"])
def barrier_report(request: HttpRequest) -> HttpResponse:
    """Anybody tells us what does not work; a month is the law's term for the answer."""
    status = 200
    if request.method == "POST":
        form = BarrierReportForm(request.POST)
        if form.is_valid():
            if within_limit(request, "barrier_report"):
                report = services.report_barrier(
                    page=form.cleaned_data["page"],
                    description=form.cleaned_data["description"],
                    name=form.cleaned_data["name"],
                    email=form.cleaned_data["email"],
                    language=get_language() or "de",
                )
                return redirect(report)
            form.add_error(None, TOO_OFTEN)
            status = 429
    else:
        form = BarrierReportForm(initial={"page": clean_query(request.GET.get("seite", ""))})
    context = {
        "form": form,
        "crumbs": [(_("Report a barrier"), "")],
    }
    return render(request, "pages/barrier_report.html", context, status=status)


@access(PUBLIC)
@require_safe
def barrier_report_sent(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The promise. Whoever has the address sees the dates and the answer, never the report."""
    report = get_object_or_404(BarrierReport, public_id=public_id)
    context = {
        "report": report,
        "crumbs": [(_("Report a barrier"), reverse("pages:barrier_report")), (_("Sent"), "")],
    }
    return render(request, "pages/barrier_report_sent.html", context)


@access(PUBLIC)
@require_safe
def security_txt_view(request: HttpRequest) -> HttpResponse:
    page = LegalPage.objects.in_language(security_txt.POLICY, "de")
    if page is None:
        raise Http404
    return HttpResponse(security_txt.render(page), content_type="text/plain; charset=utf-8")


@access(PUBLIC)
@require_safe
def robots_txt(request: HttpRequest) -> HttpResponse:
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in ("/admin/", "/konto/", "/mein/"))]
    lines += ["", f"Sitemap: {settings.OSK_BASE_URL}{reverse('pages:sitemap')}"]
    return HttpResponse("\n".join([*lines, ""]), content_type="text/plain; charset=utf-8")


@access(PUBLIC)
@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """For programs that ask for the old name instead of reading the page."""
    return redirect(staticfiles_storage.url("img/marke.svg"))


@access(PUBLIC)
def healthz(request: HttpRequest) -> HttpResponse:
    """The process is alive; asks nothing else."""
    return HttpResponse("ok", content_type="text/plain")


@access(PUBLIC)
def readyz(request: HttpRequest) -> HttpResponse:
    """Whether this process can serve: 200 with database and migrations, else 503.

    A broker that is down leaves the portal ready, but "degraded": mails and environments wait. So does a
    virus scanner that is configured and does not answer: uploaded files wait.
    """
    database = health.database_answers()
    checks = {
        "database": database,
        "migrations": database and health.migrations_applied(),
        "broker": health.broker_answers(),
    }
    scanner = health.scanner_answers()
    if scanner is not None:
        checks["scanner"] = scanner
    is_ready = checks["database"] and checks["migrations"]
    status = "unready" if not is_ready else "ready" if all(checks.values()) else "degraded"
    return JsonResponse(
        {"status": status, "checks": {name: "ok" if ok else "down" for name, ok in checks.items()}},
        status=200 if is_ready else 503,
        headers={"Cache-Control": "no-store"},
    )


# Try-out only: osk_portal/pages/urls.py leaves these two out in production.


@access(PUBLIC)
@require_safe
def dev_mail_list(request: HttpRequest) -> HttpResponse:
    """The mails that the try-out's catcher kept instead of sending them."""
    mails = mailcatcher.list_messages(settings.OSK_VAR / "mail")[:CAUGHT_MAILS]
    context = {"mails": mails, "crumbs": [(_("Caught mails"), "")]}
    return render(request, "pages/dev_mail_list.html", context)


@access(PUBLIC)
@require_safe
def dev_mail_detail(request: HttpRequest, name: str) -> HttpResponse:
    mail = mailcatcher.read_message(settings.OSK_VAR / "mail", name)
    if mail is None:
        raise Http404(name)
    context = {
        "mail": mail,
        "crumbs": [(_("Caught mails"), reverse("pages:dev_mail_list")), (mail.subject, "")],
    }
    return render(request, "pages/dev_mail_detail.html", context)
