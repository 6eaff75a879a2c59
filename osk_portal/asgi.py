"""The ASGI entry point."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "osk_portal.settings")
os.environ.setdefault("OSK_PROCESS", "web")

application = get_asgi_application()
