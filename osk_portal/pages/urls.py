from django.conf import settings
from django.urls import URLPattern, path

from osk_portal.pages import calendar_views, own_data_views, sitemap, statistics_views, views

app_name = "pages"


def text(slug: str, name: str) -> URLPattern:
    """A page whose text the operator edits in the work area."""
    pattern: URLPattern = path(f"{slug}/", views.text_page, {"slug": slug}, name=name)
    return pattern


urlpatterns = [
    path("", views.home, name="home"),
    path("suche/", views.search, name="search"),
    path("mein/", views.my_area_overview, name="my_area"),
    path("mein/kalender/", calendar_views.calendar_page, name="calendar"),
    path("mein/kalender/neu/", calendar_views.calendar_renew, name="calendar_renew"),
    path("mein/kalender/loeschen/", calendar_views.calendar_delete, name="calendar_delete"),
    path("mein/daten/", own_data_views.own_data_page, name="own_data"),
    path("mein/daten/kopie/", own_data_views.own_data_copy, name="own_data_copy"),
    path("mein/daten/konto-loeschen/", own_data_views.account_end, name="account_end"),
    path("kalender/<str:token>.ics", calendar_views.calendar_feed, name="calendar_feed"),
    path("statistik/", statistics_views.statistics_page, name="statistics"),
    path("statistik/<slug:key>.csv", statistics_views.statistics_csv, name="statistics_csv"),
    text("ueber-uns", "about"),
    text("kontakt", "contact"),
    text("leichte-sprache", "easy_language"),
    text("gebaerdensprache", "sign_language"),
    text("impressum", "imprint"),
    text("datenschutz", "privacy"),
    text("barrierefreiheit", "accessibility"),
    text("sicherheitsluecke-melden", "security_report"),
    text("quelltext", "source_code"),
    text("schnittstellen", "interfaces"),
    text("beratung-kosten", "consulting_costs"),
    path("barriere-melden/", views.barrier_report, name="barrier_report"),
    path(
        "barriere-melden/<uuid:public_id>/", views.barrier_report_sent, name="barrier_report_sent"
    ),
    path("lizenzen/", views.licence_list, name="licences"),
    path(".well-known/security.txt", views.security_txt_view, name="security_txt"),
    path("sitemap.xml", sitemap.sitemap_index, name="sitemap"),
    path("sitemap-<slug:key>-<str:number>.xml", sitemap.sitemap_part, name="sitemap_part"),
    path("robots.txt", views.robots_txt, name="robots_txt"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
]
if not settings.PRODUCTION:
    urlpatterns += [
        path("dev/mail/", views.dev_mail_list, name="dev_mail_list"),
        path("dev/mail/<str:name>", views.dev_mail_detail, name="dev_mail_detail"),
    ]
