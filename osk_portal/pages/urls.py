from django.urls import path
from django.utils.translation import gettext_lazy as _

from osk_portal.pages import views

app_name = "pages"

urlpatterns = [
    path("", views.home, name="home"),
    path("suche/", views.search, name="search"),
    path("mein/", views.my_area, name="my_area"),
    path(
        "ueber-uns/", views.text_page, {"slug": "ueber-uns", "label": _("About us")}, name="about"
    ),
    path("statistik/", views.statistics, name="statistics"),
    path(
        "impressum/", views.text_page, {"slug": "impressum", "label": _("Imprint")}, name="imprint"
    ),
    path(
        "datenschutz/",
        views.text_page,
        {"slug": "datenschutz", "label": _("Privacy notice")},
        name="privacy",
    ),
    path(
        "barrierefreiheit/",
        views.text_page,
        {"slug": "barrierefreiheit", "label": _("Accessibility statement")},
        name="accessibility",
    ),
    path("barriere-melden/", views.barrier_report, name="barrier_report"),
    path(
        "leichte-sprache/",
        views.text_page,
        {"slug": "leichte-sprache", "label": _("Easy language")},
        name="easy_language",
    ),
    path(
        "gebaerdensprache/",
        views.text_page,
        {"slug": "gebaerdensprache", "label": _("Sign language")},
        name="sign_language",
    ),
    path(
        "sicherheitsluecke-melden/",
        views.text_page,
        {"slug": "sicherheitsluecke-melden", "label": _("Report a security hole")},
        name="security_report",
    ),
    path("kontakt/", views.text_page, {"slug": "kontakt", "label": _("Contact")}, name="contact"),
    path(
        "quelltext/",
        views.text_page,
        {"slug": "quelltext", "label": _("Source code")},
        name="source_code",
    ),
    path(
        "schnittstellen/",
        views.text_page,
        {"slug": "schnittstellen", "label": _("Interfaces")},
        name="interfaces",
    ),
    path("lizenzen/", views.licences, name="licences"),
    path("healthz", views.healthz, name="healthz"),
]
