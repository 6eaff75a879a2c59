"""The shared pages' part of "Meine Daten": the calendar's address, and reports of barriers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from osk_portal import portal
from osk_portal.accounts.models import User
from osk_portal.accounts.services import verified_emails
from osk_portal.pages.models import BarrierReport, CalendarAddress

if TYPE_CHECKING:
    from django.db.models import QuerySet


def _reported_by(rows: QuerySet[BarrierReport], user: User) -> QuerySet[BarrierReport]:
    """A report bears no account, only an address that anybody may have typed: it counts once proved."""
    return rows.filter(email__in=verified_emails(user))


def erase(user: User) -> None:
    """Who has reported is forgotten where the answer is written; else the answer needs the address."""
    CalendarAddress.objects.filter(user=user).delete()
    reports = _reported_by(BarrierReport.objects.all(), user)
    reports.filter(answered_at__isnull=False).update(name="", email="")


OFFER: Final = portal.PersonalData(
    key="pages",
    order=60,
    label=_("Calendar and reports of barriers"),
    stored=_(
        "Whether you have a secret calendar address, and reports of barriers that you sent with your address."
    ),
    kept=_("The calendar address until you delete it; reports as proof that we have answered."),
    afterwards=_(
        "The calendar address opens nothing any more. Answered reports lose your name and address. A report that"
        " waits for its answer keeps them, because the answer needs the address."
    ),
    rows=(
        # The address itself is a secret: it stands on its own page.
        portal.Rows("pages.CalendarAddress.user", _("Calendar address"), {"made_at": _("Made at")}),
        portal.Rows(
            "pages.BarrierReport.email",
            _("Reports of barriers"),
            {
                "created_at": _("When"),
                "page": _("Page"),
                "description": _("What does not work"),
                "name": _("Name"),
                "answer": _("Answer"),
                "answered_at": _("Answered at"),
            },
            _reported_by,
        ),
    ),
    left_out={"pages.BarrierReport.answered_by": "an act of staff in their office"},
    erase=erase,
)
