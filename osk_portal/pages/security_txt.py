"""/.well-known/security.txt (RFC 9116)."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.conf import settings
from django.urls import reverse

from osk_portal.pages.models import REVIEW_DAYS, LegalPage
from osk_portal.toolkit.clock import BERLIN

POLICY = "sicherheitsluecke-melden"


def expires_at(page: LegalPage) -> datetime:
    """The file is good for a year from the last review of the policy page (2.5.5: less than a year)."""
    last_day = page.reviewed_on + timedelta(days=REVIEW_DAYS - 1)
    return datetime.combine(last_day, time(23, 59, 59), tzinfo=BERLIN)


def render(page: LegalPage) -> str:
    base = settings.OSK_BASE_URL
    fields = [
        ("Contact", f"mailto:{settings.OSK_SECURITY_EMAIL}"),
        ("Contact", f"{base}{reverse('pages:security_report')}"),
        ("Expires", expires_at(page).isoformat()),
        ("Preferred-Languages", "de, en"),
        ("Canonical", f"{base}{reverse('pages:security_txt')}"),
        ("Policy", f"{base}{reverse('pages:security_report')}"),
    ]
    return "".join(f"{name}: {value}\n" for name, value in fields)
