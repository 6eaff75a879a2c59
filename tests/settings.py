"""The portal's settings for tests: the same file, another environment."""

import os
from pathlib import Path

os.environ["OSK_ENV"] = "test"
# The address that a developer's shell gives to `make run` is not the one that tests expect.
os.environ["PORT"] = "8000"
os.environ["OSK_BASE_URL"] = "http://localhost:8000"
os.environ["OSK_REPLY_ADDRESS"] = ""
os.environ.setdefault("OSK_PROCESS", "command")
os.environ["SECRET_KEY"] = "only-for-tests-" + "x" * 50
os.environ["OSK_ENCRYPTION_KEYS"] = "dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdC0="
os.environ["CELERY_BROKER_URL"] = "memory://"
if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    # Each process of a run has a folder of its own: its cluster, its test environments.
    var = os.environ.get("OSK_VAR") or str(Path(__file__).resolve().parent.parent / "var")
    os.environ["OSK_VAR"] = f"{var}/test-{worker}"

from osk_portal.toolkit.catalogues import compile_stale  # as below

# German is read from compiled catalogues; a stale one would fail tests for no reason.
compile_stale((Path(__file__).resolve().parent.parent / "locale").iterdir())

from osk_portal.settings import *  # noqa: E402, F403 # the environment must be set first
from tests.undefined_variables import FailOnUndefined  # noqa: E402 # as above

EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {  # noqa: F405 # from the line above
    "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
}
OSK_SANDBOX_MARKER = None  # each test has a database of another age
CACHES["default"] = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}  # noqa: F405 # as above
WHITENOISE_AUTOREFRESH = True
TEMPLATES[0]["OPTIONS"]["string_if_invalid"] = FailOnUndefined("undefined")  # noqa: F405 # as above
