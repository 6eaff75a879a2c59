"""Which cases have ended, which period counts for each, and when it is over (product.md 1.6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Case, DateTimeField, F, Max, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce, Greatest

from consulting.deadlines import berlin_day, reopen_until
from consulting.enums import CaseEventKind, CaseState, Procured, RecordType
from consulting.models import CaseEvent, ConsultingRequest, ProcurementOutcome, RetentionRule
from consulting.querysets import CaseQuerySet
from osk_portal.toolkit import clock

FIRST_NOTICE_DAYS: Final = 60
SECOND_NOTICE_DAYS: Final = 14
ENDED_STATES: Final = (
    CaseState.CLOSED,
    CaseState.DECLINED,
    CaseState.DUPLICATE,
    CaseState.WITHDRAWN,
)
YEARS: Final = dict.fromkeys(RecordType, 3) | {RecordType.PROCUREMENT: 0}
"""Of each rule at the start (product.md 1.6): procurement goes with the end of its contract. The Leitung
keeps them in the admin."""
RULES_BEGIN: Final = date(2026, 1, 1)
REASON: Final = (
    "Nachvollziehbarkeit der Beratung, danach Speicherbegrenzung (Art. 5 Abs. 1 Buchst. e DSGVO)"
)


@dataclass(frozen=True)
class Plan:
    """What the rules say of one case. ``ended_on`` and ``due_on`` are None while something is missing:
    the end of a contract, or a rule that counts."""

    case: ConsultingRequest
    record_type: RecordType
    rule: RetentionRule | None
    ended_on: date | None

    @property
    def due_on(self) -> date | None:
        if self.rule is None or self.ended_on is None:
            return None
        day = years_on(self.ended_on, self.rule.years)
        # Without years of its own a contract that is over would take a case that can still be reopened.
        closed_at = self.case.closed_at if self.case.state == CaseState.CLOSED else None
        return max(day, reopen_until(closed_at)) if closed_at else day

    @property
    def lacks_contract_end(self) -> bool:
        return self.ended_on is None


def is_ended(case: ConsultingRequest) -> bool:
    return case.state in ENDED_STATES


def ended() -> CaseQuerySet:
    """Cases that have ended and are not anonymised, with what ``plan_of`` reads: no query a case."""
    decided = CaseEvent.objects.filter(
        case=OuterRef("pk"),
        to_state=OuterRef("state"),
        kind__in=(CaseEventKind.DECLINED, CaseEventKind.MARKED_DUPLICATE),
    )
    told = ProcurementOutcome.objects.filter(case=OuterRef("pk"), told_at__isnull=False)
    cases = ConsultingRequest.objects.filter(state__in=ENDED_STATES, anonymised_at=None)
    return cases.select_related("organisation").annotate(
        ended_at=Case(
            When(state=CaseState.CLOSED, then=F("closed_at")),
            When(state=CaseState.WITHDRAWN, then=F("withdrawn_at")),
            default=Coalesce(Subquery(decided.order_by("-at").values("at")[:1]), F("updated_at")),
            output_field=DateTimeField(),
        ),
        # PostgreSQL's greatest() passes over what is empty.
        contract_end=Greatest(
            Subquery(
                told.order_by().values("case").annotate(last=Max("contract_ends_on")).values("last")
            ),
            F("retention__contract_ends_on"),
        ),
        last_word=Subquery(told.order_by("-told_at").values("what")[:1]),
    )


def plan_of(case: ConsultingRequest, rules: dict[str, RetentionRule]) -> Plan:
    """``case`` comes from ``ended()``; ``rules`` from ``rules_today()``.

    Procurement counts from the contract's end, and not at all before one was entered; where nothing was
    bought there is no contract, and the case is kept like any other (docs/decisions, 10).
    """
    row: Any = case  # with the annotations of ended()
    ended_at: datetime = row.ended_at
    ended_on: date | None = berlin_day(ended_at)
    record_type = RecordType(case.state)
    if case.state == CaseState.CLOSED and case.needs_confidence:
        if row.contract_end is not None:
            record_type = RecordType.PROCUREMENT
            ended_on = max(row.contract_end, berlin_day(ended_at))
        elif row.last_word != Procured.NOTHING:
            record_type = RecordType.PROCUREMENT
            ended_on = None  # a contract may run: nothing goes before its end was entered
    return Plan(case, record_type, rules.get(record_type), ended_on)


def rules_today() -> dict[str, RetentionRule]:
    """The rule of each record type that counts today."""
    rules = RetentionRule.objects.filter(
        Q(valid_until=None) | Q(valid_until__gte=clock.today()), valid_from__lte=clock.today()
    )
    return {rule.record_type: rule for rule in rules}


def plan_for(case: ConsultingRequest) -> Plan | None:
    """The plan of one case at hand; None while it is open, or once it is anonymised."""
    found = ended().filter(pk=case.pk).first()
    return plan_of(found, rules_today()) if found else None


def plans() -> Iterator[Plan]:
    """What the rules say of every case that has ended."""
    rules = rules_today()
    for case in ended().order_by("pk").iterator(chunk_size=500):
        yield plan_of(case, rules)


def years_on(day: date, years: int) -> date:
    """The same day years later; 28 February for a leap day, and never after the last year there is."""
    year = min(day.year + years, date.max.year)
    try:
        return day.replace(year=year)
    except ValueError:
        return day.replace(year=year, day=28)
