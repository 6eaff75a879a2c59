from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class PagesConfig(AppConfig):
    """The shared pages. Last of our apps to start, so that every app's offers are found."""

    name = "osk_portal.pages"
    label = "pages"

    def ready(self) -> None:
        autodiscover_modules("portal")
