"""The OSK's mailbox on an IMAP server: what lies there is kept first, then marked or moved.

A crash between the two takes the same mail again, and ``store_mail`` knows it. Numbers count for one
UIDVALIDITY: with a new one everything is looked at anew. One poller at a time.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import connection

from consulting.models import IncomingMail, MailboxPosition
from consulting.services.incoming import store_mail
from osk_portal.notifications import doorbell
from osk_portal.toolkit import clock
from osk_portal.toolkit.imap import Mailbox, Session

logger = logging.getLogger(__name__)

ROUTE: Final = "consulting.tasks.route_mail"
MOST_AT_ONCE: Final = 200
"""Mails of one round; the next one goes on."""
ROUTE_AGAIN_AFTER: Final = timedelta(minutes=2)
_LOCK: Final = 0x05C_0002


def poll() -> int | None:
    """Take what is new. How many mails; None where no mailbox is set, or another poller is at it.

    Raises MailboxUnavailable; what was taken before stays taken.
    """
    ring_unrouted()
    if not settings.OSK_IMAP_URL:
        return None
    with _alone() as alone:
        if not alone:
            return None
        mailbox = Mailbox.from_url(settings.OSK_IMAP_URL)
        with Session(mailbox, settings.OSK_IMAP_PASSWORD) as session:
            count = _take_all(mailbox, session)
    logger.info("consulting: mailbox read", extra={"mails": count})
    return count


def ring_unrouted() -> int:
    """Ring again for mails that were kept but not yet put where they belong. How many."""
    waiting = IncomingMail.objects.filter(
        routed_at=None, received_at__lt=clock.now() - ROUTE_AGAIN_AFTER
    )
    found = list(waiting.order_by("received_at", "pk").values_list("pk", flat=True)[:MOST_AT_ONCE])
    for mail_id in found:
        doorbell.ring(ROUTE, mail_id=mail_id)
    return len(found)


def _take_all(mailbox: Mailbox, session: Session) -> int:
    done = settings.OSK_IMAP_DONE_FOLDER
    position = _position(mailbox, session)
    # With a folder for what is done, everything that still lies here is to be taken.
    after = 0 if done else position.last_uid
    most = settings.OSK_MAIL_MOST_MB * 1024 * 1024
    count = 0
    for uid in session.uids_after(after)[:MOST_AT_ONCE]:
        taken = session.take(uid, most=most)
        if taken is not None:
            row = store_mail(taken.raw, is_cut=taken.is_cut)
            doorbell.ring(ROUTE, mail_id=row.pk)
            if done:
                session.move(uid, done)
            else:
                session.mark_seen(uid)
            count += 1
        position.last_uid = max(position.last_uid, uid)
        position.read_at = clock.now()
        position.save()
    return count


def _position(mailbox: Mailbox, session: Session) -> MailboxPosition:
    position, _is_new = MailboxPosition.objects.get_or_create(
        name=mailbox.name, defaults={"uidvalidity": session.uidvalidity}
    )
    if position.uidvalidity != session.uidvalidity:
        logger.warning("consulting: the mailbox was numbered anew")
        position.uidvalidity, position.last_uid = session.uidvalidity, 0
        position.save()
    return position


@contextmanager
def _alone() -> Iterator[bool]:
    """Whether this database session holds the lock; it is lost with the session, never left behind."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        is_mine = bool(cursor.fetchone()[0])
    try:
        yield is_mine
    finally:
        if is_mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
