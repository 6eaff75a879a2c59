"""Consulting's tables of the public statistics (product.md 5): never by advisor or by authority.

Everything is counted from states, kinds and dates, which a case keeps when it is anonymised
(``anonymising.TREATMENTS``): a quarter that is over is counted the same for good.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Final

from django.db.models import Min, Q
from django.utils.translation import gettext_lazy as _

from consulting.enums import CaseEventKind, Procured, RequestKind, Topic
from consulting.models import CaseEvent, ConsultingRequest, ProcurementOutcome
from osk_portal import portal
from osk_portal.pages.counting import counted
from osk_portal.toolkit import clock

_ENDS: Final = {
    CaseEventKind.ANSWERED: _("Answered"),
    CaseEventKind.DECLINED: _("Not taken on"),
    CaseEventKind.MARKED_DUPLICATE: _("Merged with another request"),
    CaseEventKind.WITHDRAWN: _("Withdrawn by the authority"),
}


def _received(
    parts: Iterable[tuple[object, Q]],
) -> Callable[[Sequence[portal.Span]], list[portal.Part]]:
    wanted = list(parts)

    def count(spans: Sequence[portal.Span]) -> list[portal.Part]:
        return counted(ConsultingRequest.objects.sent(), wanted, spans, "submitted_at")

    return count


def _ended(spans: Sequence[portal.Span]) -> list[portal.Part]:
    """By what happened, not by what stands there today: a decision that was taken back later did happen."""
    events = CaseEvent.objects.filter(kind__in=_ENDS)
    return counted(events, ((label, Q(kind=kind)) for kind, label in _ENDS.items()), spans, "at")


def _kept(spans: Sequence[portal.Span]) -> list[portal.Part]:
    answers = CaseEvent.objects.filter(kind=CaseEventKind.ANSWERED, data__has_key="promise_kept")
    parts = (
        (_("In the promised time"), Q(data__promise_kept=True)),
        (_("Later"), Q(data__promise_kept=False)),
    )
    return counted(answers, parts, spans, "at")


def _procured(spans: Sequence[portal.Span]) -> list[portal.Part]:
    told = ProcurementOutcome.objects.filter(told_at__isnull=False)
    parts = ((label, Q(what=what)) for what, label in Procured.choices)
    return counted(told, parts, spans, "told_at")


def _since() -> date | None:
    first: datetime | None = ConsultingRequest.objects.sent().aggregate(first=Min("submitted_at"))[
        "first"
    ]
    return first.astimezone(clock.BERLIN).date() if first else None


STATISTICS: Final = (
    portal.Statistic(
        "anfragen",
        10,
        _("Requests received"),
        _("Every request that has reached the OSK, on whichever way, by the day of receipt."),
        _("Quarter"),
        _received([(_("Requests"), Q())]),
        is_series=True,
        since=_since,
    ),
    portal.Statistic(
        "anfragen-art",
        11,
        _("Requests by kind"),
        _("By the day of receipt and by what the authority has chosen."),
        _("Kind"),
        _received([(label, Q(kind=kind)) for kind, label in RequestKind.choices]),
    ),
    portal.Statistic(
        "anfragen-thema",
        12,
        _("Requests by topic"),
        _("By the day of receipt. A request can have several topics."),
        _("Topic"),
        _received([(label, Q(topics__contains=[topic])) for topic, label in Topic.choices]),
        adds_up=False,
    ),
    portal.Statistic(
        "anfragen-ergebnis",
        13,
        _("What became of requests"),
        _("By the day on which it happened. A request that was reopened and answered again counts twice."),
        _("Result"),
        _ended,
        # Without a total: the answers are told in the next table, too, and would give a small rest away.
        adds_up=False,
    ),
    portal.Statistic(
        "zusage",
        14,
        _("Answers in the promised time"),
        _("By the day of the answer. The time in which we wait for the authority does not count."),
        _("Answer"),
        _kept,
        share=_("In the promised time"),
    ),
    portal.Statistic(
        "beschaffung",
        15,
        _("What authorities have bought"),
        _(
            "What authorities have told us after a request about a procurement, at its closing and six months"
            " later; by the day of the reply."
        ),
        _("Bought"),
        _procured,
    ),
)  # fmt: skip
