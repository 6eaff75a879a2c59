from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def portal(request: HttpRequest) -> dict[str, object]:
    """What every page needs; no queries."""
    return {"site_name": settings.OSK_SITE_NAME, "contact_email": settings.OSK_CONTACT_EMAIL}
