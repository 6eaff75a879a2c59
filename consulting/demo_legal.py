"""Legal statements for the demo, in the OSK's own words. Operators write and check their own."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from consulting.models import LegalStatement
from consulting.services.legal import save_legal_statement
from osk_portal.accounts.enums import StaffRole
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock

STATEMENTS: Final = Path(__file__).parent / "demo" / "legal.json"
_MONTH: Final = timedelta(days=31)


def load() -> str:
    """Write each statement that is not there yet; one of them is old enough to be checked again."""
    entries: list[dict[str, Any]] = json.loads(STATEMENTS.read_text(encoding="utf-8"))
    titles = [entry["title"] for entry in entries]
    known = set(LegalStatement.objects.filter(title__in=titles).values_list("title", flat=True))
    lead = User.objects.filter(groups__name=StaffRole.LEAD, is_active=True).order_by("pk")[0]
    for entry in entries:
        months = entry.pop("checked_months_ago")
        if entry["title"] not in known:
            checked_on = clock.today() - months * _MONTH
            save_legal_statement(
                statement=LegalStatement(checked_on=checked_on, **entry), actor=lead
            )
    return f"{len(entries)} legal statements, {len(entries) - len(known)} of them new"
