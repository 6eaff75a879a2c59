"""All addresses of the portal, as in architecture.md."""

from django.contrib import admin
from django.urls import include, path

from osk_portal.toolkit.access import PUBLIC, declare

handler400 = "osk_portal.pages.errors.bad_request"
handler403 = "osk_portal.pages.errors.permission_denied"
handler404 = "osk_portal.pages.errors.not_found"
handler500 = "osk_portal.pages.errors.server_error"

urlpatterns = [
    path("", include("osk_portal.pages.urls")),
    path("mein/nachrichten/", include("osk_portal.notifications.urls")),
    path("loesungen/", include("catalog.urls")),
    path("api/v1/", include("catalog.api.urls")),
    path("beratung/", include("consulting.urls")),
    path("testumgebung/", include("sandbox.urls")),
    path("netzwerk/", include("network.urls")),
    path("wissen/", include("consulting.knowledge_urls")),
    path("revision/", include("consulting.revision_urls")),
    path("konto/", include("osk_portal.accounts.urls")),
    *declare([path("sprache/", include("django.conf.urls.i18n"))], PUBLIC),
    path("admin/", admin.site.urls),
]
