"""The portal's settings with the bare page beside its own; static files as they lie, not collected."""

from osk_portal.settings import *  # noqa: F403 # the same file, as for tests

ROOT_URLCONF = "bench.urls"
ALLOWED_HOSTS = ["testserver"]
STORAGES["staticfiles"] = {  # noqa: F405 # from the line above
    "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
}
OSK_FACETS_SECONDS = 30
