"""All addresses of the portal, as in architecture.md."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("osk_portal.pages.urls")),
    path("mein/nachrichten/", include("osk_portal.notifications.urls")),
    path("loesungen/", include("catalog.urls")),
    path("beratung/", include("consulting.urls")),
    path("testumgebung/", include("sandbox.urls")),
    path("netzwerk/", include("network.urls")),
    path("konto/", include("allauth.urls")),
    path("sprache/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
]
