from typing import Any

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class PagesConfig(AppConfig):
    """The shared pages. Last of our apps to start, so that every app's offers are found."""

    name = "osk_portal.pages"
    label = "pages"
    verbose_name = _("Pages and texts")

    def ready(self) -> None:
        from osk_portal.pages import checks  # noqa: F401 # registers itself; needs the models

        autodiscover_modules("portal")
        post_migrate.connect(write_reference_data, dispatch_uid="reference data")


def write_reference_data(sender: AppConfig, **kwargs: Any) -> None:
    """Write every app's reference data once, after the last app's permissions are there.

    A flush in tests deletes what migrations wrote, and sends this signal again (foundations.md).
    """
    from osk_portal import portal

    last = [config for config in apps.get_app_configs() if config.models_module is not None][-1]
    if sender is last and kwargs.get("using", "default") == "default":
        for data in portal.reference_data:
            data.ensure()
