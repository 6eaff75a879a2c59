"""``manage.py check --database default``: legal pages that are not finished."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import ProgrammingError

from osk_portal.pages.models import LegalPage


@register(Tags.database)
def legal_pages_are_filled(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **options: Any
) -> list[CheckMessage]:
    """In production, every placeholder that the operator has not replaced is a warning."""
    if not settings.PRODUCTION or not databases:
        return []
    try:
        open_pages = list(LegalPage.objects.with_placeholders())
    except ProgrammingError:  # before the first migration
        return []
    return [
        Warning(
            f"The page /{page.slug}/ ({page.language}) has placeholders: {', '.join(page.placeholders)}",
            hint="Fill them in under Work area, Legal pages.",
            id="pages.W001",
        )
        for page in open_pages
    ]
