"""The ground's own app, and the admin with our site."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    """Holds the template tags and the commands that belong to no app."""

    name = "osk_portal"
    verbose_name = _("Portal")

    def ready(self) -> None:
        from osk_portal import checks  # noqa: F401 # registers them


class OskAdminConfig(AdminConfig):
    default_site = "osk_portal.accounts.site.OskAdminSite"
