"""The demo world's published answers, an offered and a fixed appointment, and a question about partners.

Told through the services, like the requests they belong to; mails of the demo are not sent.
"""

from __future__ import annotations

import json
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

from django.db import transaction

from consulting import services
from consulting.demo_world import advisor, case_named, forget_mails, working_days_ago
from consulting.enums import AppointmentKind
from consulting.models import Appointment, AppointmentSlot, PublishedAnswer
from network.models import Organisation
from osk_portal.accounts.demo import DOMAIN
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.working_days import add_working_days

ANSWERS: Final = Path(__file__).parent / "demo" / "answers.json"
OFFERED: Final = "Beteiligung zu einem Bebauungsplan, online und vor Ort"
OFFERED_TO_DEMO: Final = "Terminvergabe für das Standesamt erweitern"
FIXED: Final = "Umfrage unter Beschäftigten: Wie bleibt sie anonym?"
ASKED: Final = "Ticketsystem für das Funktionspostfach des Ordnungsamts"
PARTNERS: Final = ("muenchen-itm", "htw-berlin")
QUESTION: Final = (
    "Eine Stelle der Berliner Verwaltung möchte Anfragen aus einem Funktionspostfach mit einem freien"
    " Ticketsystem bearbeiten. Welches setzen Sie ein, und wie haben Sie die Rechte je Team geregelt?"
)
LENGTH: Final = timedelta(minutes=45)


@transaction.atomic
def load() -> str:
    """Add what is not there yet; what belongs to a request that is missing is left out."""
    try:
        answers = sum(map(_publish, json.loads(ANSWERS.read_text(encoding="utf-8"))))
    finally:
        clock.move_to(None)
    offered = _offer(OFFERED, days=(3, 4, 5)) + _offer(OFFERED_TO_DEMO, days=(2, 3))
    fixed = _offer(FIXED, days=(4, 6), is_picked=True)
    return f"{answers} answers, {offered + fixed} appointments, {_ask()} consents are new"


def _publish(entry: dict[str, Any]) -> bool:
    case = case_named(entry["case"])
    if case is None or PublishedAnswer.objects.filter(case=case).exists():
        return False
    owner, second = advisor(), User.objects.get(email=f"leitung@{DOMAIN}")
    clock.move_to(
        datetime.combine(
            working_days_ago(clock.today(), entry["workdays_ago"]), time(10), clock.BERLIN
        )
    )
    answer = services.create_answer(case_id=case.pk, actor=owner)
    words = {name: entry[name] for name in ("title", "question", "answer")}
    common: dict[str, Any] = {"answer_id": answer.pk, "actor": owner}
    event = services.save_answer(
        **common,
        **words,
        expected_version=answer.version,
        topics=case.topics,
        solutions=list(case.solutions.all()),
    )
    services.hand_in_answer(**common, expected_version=_version(answer), is_checked=True)
    if entry["stage"] != "review":
        services.agree_to_answer(
            answer_id=answer.pk, actor=second, expected_version=_version(answer)
        )
    if entry["stage"] == "published":
        services.consent_to_answer(
            answer_id=answer.pk, actor=case.author, expected_version=_version(answer)
        )
    forget_mails(case)
    return event is not None


def _version(answer: PublishedAnswer) -> int:
    return PublishedAnswer.objects.values_list("version", flat=True).get(pk=answer.pk)


def _offer(title: str, *, days: tuple[int, ...], is_picked: bool = False) -> int:
    case = case_named(title)
    if case is None or not case.takes_messages or Appointment.objects.filter(case=case).exists():
        return 0
    starts = [
        datetime.combine(add_working_days(clock.today(), day), time(10 + number), clock.BERLIN)
        for number, day in enumerate(days)
    ]
    services.offer_appointment(
        case_id=case.pk,
        actor=advisor(),
        slots=[(start, start + LENGTH) for start in starts],
        kind=AppointmentKind.VIDEO,
        place="https://konferenz.example/osk-beratung",
        note="Wir gehen Ihre offenen Punkte gemeinsam durch.",
    )
    if is_picked:
        slot = AppointmentSlot.objects.filter(appointment__case=case).order_by("starts_at")[0]
        services.pick_slot(case_id=case.pk, actor=case.author, slot_id=slot.public_id)
    forget_mails(case)
    return 1


def _ask() -> int:
    case = case_named(ASKED)
    partners = list(Organisation.objects.filter(slug__in=PARTNERS))
    if case is None or not case.is_open or not partners or case.consents.exists():
        return 0
    services.ask_consent(
        case_id=case.pk,
        actor=advisor(),
        partners=partners,
        question=QUESTION,
        answer_by=add_working_days(clock.today(), 8),
    )
    forget_mails(case)
    return 1
