"""Telling the OSK that mail waits in the Posteingang: in office hours, once for all that has come.

Not a notice a mail: what comes within ``PAUSE`` of the last notice is told with the next one. A notice says
how many, never from whom or what (product.md 1.2).
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Final

from django.db import transaction

from consulting.models import IncomingMail
from consulting.notifications import tell_mails
from osk_portal.toolkit import clock
from osk_portal.toolkit.working_days import is_office_hour

logger = logging.getLogger(__name__)

PAUSE: Final = timedelta(hours=1)


@transaction.atomic
def send() -> int:
    """Tell the advisors of the mails that they were not told of; how many. Twice, or by two workers at once,
    tells nothing twice."""
    if not is_office_hour():
        return 0
    now = clock.now()
    waiting = IncomingMail.objects.to_announce().select_for_update(of=("self",)).order_by("pk")
    batch = list(waiting.values_list("pk", flat=True))
    # Asked with the locks: another worker may have told of them, or of a part, a moment ago.
    if not batch or IncomingMail.objects.filter(announced_at__gt=now - PAUSE).exists():
        return 0
    IncomingMail.objects.filter(pk__in=batch).update(announced_at=now)
    tell_mails(len(batch), newest=batch[-1])
    logger.info("consulting: waiting mails told", extra={"mails": len(batch)})
    return len(batch)
