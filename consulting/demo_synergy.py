"""The demo world's needs, an introduction that waits for a word, and some answers to the survey."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db import transaction

from consulting import services
from consulting.demo_world import advisor, case_named, forget_mails
from consulting.enums import Topic
from consulting.models import Introduction, Need, SurveyAnswer
from network.permissions import active_memberships
from osk_portal.toolkit import clock


@dataclass(frozen=True)
class DemoNeed:
    """``case`` and ``joined``: titles of demo requests; the authors of the latter click "Wir auch"."""

    case: str
    title: str
    text: str
    topics: tuple[str, ...]
    joined: tuple[str, ...]
    shows_organisation: bool = False
    joint_step: str = ""


NEEDS: Final = (
    DemoNeed(
        "Terminvergabe für das Standesamt erweitern",
        "Terminvergabe, die mehrere Leistungen in einem Termin verbindet",
        "Viele Anliegen gehören zusammen. Wir suchen eine quelloffene Terminvergabe, in der man mehrere"
        " Leistungen auf einmal buchen kann, und Stellen, die das schon betreiben oder auch brauchen.",
        (Topic.REUSE, Topic.COOPERATION),
        (
            "Terminvergabe mit mehreren Sprachen",
            "Ticketsystem für das Funktionspostfach des Ordnungsamts",
            "Barrierefreie PDF-Bescheide aus LibreOffice",
        ),
    ),
    DemoNeed(
        "Kartenanwendung für Spielplätze",
        "Barrierefreie Karten mit eigenen Daten",
        "Wir möchten Orte mit Eigenschaften wie „stufenlos“ auf einer Karte zeigen, auch ohne Maus"
        " bedienbar. Wer pflegt so etwas schon?",
        (Topic.ACCESSIBILITY, Topic.REUSE),
        (
            "Messwerte der Luftgüte als offene Daten",
            "Beteiligung zu einem Bebauungsplan, online und vor Ort",
            "Umfrage unter Beschäftigten: Wie bleibt sie anonym?",
        ),
        shows_organisation=True,
        joint_step="Wir laden alle, die mitmachen, zu einem **Austausch über Karten** ein. Dort sammeln wir"
        " Anforderungen und prüfen, ob eine gemeinsame Weiterentwicklung lohnt.",
    ),
    DemoNeed(
        "Wissensdatenbank für Einsatznachbereitung",
        "Wissensdatenbank mit Rechten je Dienststelle",
        "Wir sammeln Erfahrungen aus Einsätzen und brauchen fein abgestufte Leserechte.",
        (Topic.INTRODUCTION, Topic.OPERATION),
        (),
    ),
)
INTRODUCED: Final = (
    "Terminvergabe für das Standesamt erweitern",
    "Terminvergabe mit mehreren Sprachen",
)
INTRODUCTION: Final = (
    "Beide Stellen bauen eine vorhandene Terminvergabe aus: die eine um mehrere Leistungen, die andere um"
    " mehrere Sprachen. Ein Gespräch kann doppelte Arbeit sparen."
)
SURVEY: Final = {
    Topic.INTRODUCTION: (9, 6, 5, 0),
    Topic.REUSE: (7, 5, 1, 0),
    Topic.SECURITY: (2, 1, 0, 0),
}
"""Answers by grade, from "yes" to "no"; numbers of the demo."""


@transaction.atomic
def load() -> str:
    """Add what is not there yet; without the demo's requests there is nothing to add."""
    needs = sum(map(_publish, NEEDS))
    introductions = _introduce()
    answers = _answer_survey()
    return f"{needs} needs, {introductions} introductions, {answers} survey answers are new"


def _publish(entry: DemoNeed) -> bool:
    case = case_named(entry.case)
    if case is None or case.needs.exists():
        return False
    need = services.publish_need(
        case_id=case.pk,
        actor=case.author,
        title=entry.title,
        text=entry.text,
        topics=entry.topics,
        shows_organisation=entry.shows_organisation,
    )
    for title in entry.joined:
        _join(need, title)
    if entry.joint_step:
        need.refresh_from_db()
        services.propose_joint_step(
            need_id=need.pk,
            actor=advisor(),
            expected_version=need.version,
            text=entry.joint_step,
        )
    forget_mails(need)
    return True


def _join(need: Need, title: str) -> None:
    other = case_named(title)
    if other is None or other.organisation is None:
        return
    belongs = any(
        m.organisation_id == other.organisation_id for m in active_memberships(other.author)
    )
    if belongs:
        services.join_need(
            need_id=need.pk,
            actor=other.author,
            organisation=other.organisation,
            shows_contact=True,
        )


def _introduce() -> int:
    one, other = map(case_named, INTRODUCED)
    if one is None or other is None or Introduction.objects.exists():
        return 0
    services.propose_introduction(
        case_id=one.pk, other_id=other.pk, actor=advisor(), text=INTRODUCTION
    )
    forget_mails(one, other)
    return 1


def _answer_survey() -> int:
    if SurveyAnswer.objects.exists() or case_named(INTRODUCED[0]) is None:
        return 0
    month = date(clock.today().year, 1, 1)
    rows = [
        SurveyAnswer(month=month, topics=[topic], helped=grade, clear=grade)
        for topic, numbers in SURVEY.items()
        for grade, number in zip((4, 3, 2, 1), numbers, strict=True)
        for _ in range(number)
    ]
    return len(SurveyAnswer.objects.bulk_create(rows))
