"""The WSGI entry point."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "osk_portal.settings")
os.environ.setdefault("OSK_PROCESS", "web")

application = get_wsgi_application()
