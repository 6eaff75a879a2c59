"""The demo world's tests: one that runs, one set up by hand, one with results, one that failed, and maintenance.

What people and the OSK did is told through the services; what the worker does, it really does once it runs.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final

from network.enums import MembershipState
from network.models import Membership
from osk_portal.accounts.demo import DOMAIN, ensure_login
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.working_days import add_working_days
from sandbox import failing, services, shipped
from sandbox.demo_people import LARGE, member
from sandbox.enums import (
    Desired,
    EnvironmentEventKind,
    EnvironmentState,
    Outcome,
    ParticipantState,
    ResourceClass,
)
from sandbox.models import (
    Blackout,
    Blueprint,
    Booking,
    Environment,
    Pool,
    Slot,
    TaskResult,
    TestParticipant,
    TestReport,
)
from sandbox.public_results import PublicResult
from sandbox.results import summary_of
from sandbox.services.participants import answer_invitation, invite_guest, invite_person
from sandbox.services.publishing import give_result, publish_result
from sandbox.services.report_files import Upload
from sandbox.services.testing import PlannedTask, Written, plan_digest, save_report, set_plan
from sandbox.windows import end_after

RUNNING: Final = "Gemeinsamer Kalender für die Außenstellen: Anlegen, Teilen und Abonnieren."
BY_HAND: Final = "Wir vergleichen Arbeitsplätze für 40 Mitarbeitende, bevor wir ausschreiben."
TESTED: Final = "Übernahme vorhandener Termine aus ICS-Dateien testen."
FAILED: Final = "Kalender für die Raumvergabe im Rathaus."

_PLAN: Final = (
    ("Kalender anlegen und teilen", "Die Außenstelle sieht ihn, ohne sich neu anzumelden."),
    ("Serie mit einer Ausnahme eintragen", "Nur der eine Termin ist verschoben."),
    ("Auf dem Telefon abonnieren", "Änderungen sind nach einer Minute da."),
    ("Mit der Tastatur bedienen", "Jeder Schritt gelingt ohne Maus."),
)
_TASKS: Final = (
    ("ICS-Datei mit 200 Terminen übernehmen", "Alle Termine stehen im Kalender."),
    ("Wiederkehrende Termine prüfen", "Ausnahmen bleiben erhalten."),
    ("Umlaute in Titeln", "Werden richtig angezeigt."),
)
_FINDINGS: Final = (
    "Einzelne Ausnahmen von Serien fehlten nach der Übernahme; ein zweiter Versuch half."
)
_PUBLISHED: Final = (
    "Die Übernahme aus ICS-Dateien gelingt. Prüfen Sie Serien mit Ausnahmen einzeln nach. Für unsere"
    " Außenstellen genügt der Kalender."
)
_PROTOCOL: Final = """Schritt;Datei;Termine;Ergebnis
1;sekretariat.ics;200;alle übernommen
2;raumplan.ics;48;zwei Ausnahmen fehlen
3;raumplan.ics;48;nach zweitem Versuch vollständig
"""


def load() -> None:
    """Each once; without its people, none."""
    mitte, pankow = member("behoerde"), member("behoerde2")
    advisor = User.objects.filter(email=f"beratung@{DOMAIN}").first()
    operator = User.objects.filter(email=f"betrieb@{DOMAIN}").first()
    if mitte is not None and pankow is not None:
        _results(pankow, mitte)
        _failed(mitte)
    if mitte is None or pankow is None or advisor is None or operator is None:
        return
    _running(mitte, pankow, advisor)
    _by_hand(mitte, advisor, operator)
    _maintenance(operator)


def _is_there(purpose: str) -> bool:
    return Booking.objects.filter(purpose=purpose).exists()


def _at(days_ago: int, hour: int = 10) -> datetime:
    day = clock.today() - timedelta(days=days_ago)
    return datetime.combine(day, time(hour), clock.BERLIN)


def _running(booker: Membership, other: Membership, advisor: User) -> None:
    """Approved last week, begins now: the worker sets it up as soon as it runs."""
    if _is_there(RUNNING):
        return
    start = clock.now().replace(second=0, microsecond=0)
    with clock.moved_to(_at(12)):
        booking = services.book(
            user=booker.user,
            organisation=booker.organisation,
            blueprint=Blueprint.objects.get(slug=LARGE),
            start=start,
            end=end_after(start, 5),
            purpose=RUNNING,
        )
        _plan(booking, booker.user, _PLAN)
    with clock.moved_to(_at(11)):
        services.approve_booking(
            booking_id=booking.pk,
            actor=advisor,
            note="Viel Erfolg. Schreiben Sie uns, wenn Sie mehr Zeit brauchen.",
        )
    colleague = ensure_login("Luca Muster", "kollegium")
    Membership.objects.get_or_create(
        user=colleague,
        organisation=booker.organisation,
        defaults={"state": MembershipState.ACTIVE, "confirmed_at": clock.now()},
    )
    with clock.moved_to(_at(4)):
        invite_person(booking_id=booking.pk, actor=booker.user, email=colleague.email)
        asked = invite_person(booking_id=booking.pk, actor=booker.user, email=other.user.email)
        invite_guest(
            booking_id=booking.pk,
            actor=booker.user,
            name="Sam Gastbeispiel",
            email="gast@verein.osk.example",
        )
    with clock.moved_to(_at(3)):
        answer_invitation(participant_id=asked.pk, actor=other.user, accepts=True)
    # A report takes what is handed over, and the worker has yet to do that: a draft of its first minute.
    draft = TestReport.objects.create(
        booking=booking, author=booker.user, findings="Noch offen: das Abonnieren auf dem Telefon."
    )
    TaskResult.objects.create(
        report=draft,
        task=booking.tasks.get(position=1),
        outcome=Outcome.MET,
        note="Mit zwei Konten geprüft.",
    )


def _plan(booking: Booking, actor: User, tasks: tuple[tuple[str, str], ...]) -> None:
    set_plan(
        booking_id=booking.pk,
        actor=actor,
        tasks=[PlannedTask(task, expected) for task, expected in tasks],
        base=plan_digest(booking.tasks.all()),
    )


def _by_hand(booker: Membership, advisor: User, operator: User) -> None:
    """Of the OSK, for who has asked for it; the worker asks the operators for the set-up."""
    if _is_there(BY_HAND):
        return
    pool, _new = Pool.objects.get_or_create(
        slug="von-hand",
        defaults={
            "name": "Einrichtung von Hand",
            "resource_class": ResourceClass.LARGE,
            "lead_minutes": 5 * 24 * 60,
        },
    )
    Slot.objects.get_or_create(pool=pool, name="Platz im Cluster", defaults={"backend": "manual"})
    product = shipped.ensure("opendesk", pool)
    draft = product.versions.order_by("-number")[0]
    with clock.moved_to(_at(20)):
        if not draft.is_published:
            services.publish_version(
                version_id=draft.pk,
                actor=operator,
                reason="Nach der Vorlage zweimal von Hand eingerichtet, zuletzt in der Probe.",
            )
        product.is_bookable = True
        product.save(update_fields=["is_bookable"])
    start = datetime.combine(add_working_days(clock.today(), 1), time(9), clock.BERLIN)
    with clock.moved_to(_at(6)):
        booking = services.book(
            user=advisor,
            organisation=booker.organisation,
            blueprint=product,
            start=start,
            end=end_after(start, 7),
            purpose=BY_HAND,
            goals=("Dokument zu zweit bearbeiten", "Videokonferenz mit einem Gast"),
            by_osk=True,
            occasion="Vergleich von Arbeitsplätzen",
        )
        invite_person(booking_id=booking.pk, actor=advisor, email=booker.user.email)


def _results(booker: Membership, other: Membership) -> None:
    """Over, with two reports added up, a file, and the result published and given to the OSK."""
    booking = Booking.objects.filter(organisation=booker.organisation, purpose=TESTED).first()
    if booking is None or booking.tasks.exists():
        return
    people = TestParticipant.objects.create(
        booking=booking,
        user=other.user,
        organisation=other.organisation,
        state=ParticipantState.ACTIVE,
        added_by=booker.user,
    )
    for position, (task, expected) in enumerate(_TASKS, start=1):
        booking.tasks.create(position=position, task=task, expected=expected)
    first, second, third = (task.pk for task in booking.tasks.order_by("position"))
    with clock.moved_to(booking.ends_at + timedelta(hours=2)):
        save_report(
            booking_id=booking.pk,
            author=booker.user,
            submit=True,
            written=Written(
                results={
                    first: (Outcome.MET, ""),
                    second: (Outcome.PARTLY, "Zwei Ausnahmen fehlten."),
                    third: (Outcome.MET, ""),
                },
                findings=_FINDINGS,
                overall="Passt zu uns.",
                files=[Upload("protokoll.csv", _PROTOCOL.encode())],
            ),
        )
    with clock.moved_to(booking.ends_at + timedelta(days=1)):
        save_report(
            booking_id=booking.pk,
            author=people.user,
            submit=True,
            written=Written(
                results={
                    first: (Outcome.MET, ""),
                    second: (Outcome.MET, "Mit unserer Datei blieb alles erhalten."),
                    third: (Outcome.UNTESTED, ""),
                },
                findings="Mit einer Datei aus dem alten Kalender gelang die Übernahme sofort.",
                overall="Für kleine Teams gut.",
            ),
        )
    with clock.moved_to(booking.ends_at + timedelta(days=2)):
        give_result(booking_id=booking.pk, actor=booker.user, gives=True)
        if booking.blueprint_version.blueprint.solution_id is not None:
            _publish(booking, booker.user)


def _publish(booking: Booking, actor: User) -> None:
    shown = PublicResult.made_of(
        booking,
        summary_of(booking, list(booking.tasks.all())),
        text=_PUBLISHED,
        names_organisation=False,
        names_tasks=True,
    )
    publish_result(
        booking_id=booking.pk,
        actor=actor,
        text=_PUBLISHED,
        names_organisation=False,
        names_tasks=True,
        consent=shown.fingerprint,
    )


def _failed(booker: Membership) -> None:
    """Three attempts, none of which answered; the reason stands in words on its page."""
    booking = Booking.objects.filter(organisation=booker.organisation, purpose=FAILED).first()
    if booking is None or booking.environments.exists():
        return
    slot = booking.blueprint_version.blueprint.pool.slots.order_by("pk")[0]
    begun = booking.starts_at
    for generation in range(1, failing.MAX_GENERATIONS + 1):
        is_last = generation == failing.MAX_GENERATIONS
        environment = Environment(
            booking=booking,
            slot=slot,
            generation=generation,
            state=EnvironmentState.GONE,
            state_since=begun + timedelta(minutes=4),
            desired=Desired.ABSENT,
            next_action_at=begun,
            backend=slot.backend,
            expires_at=booking.ends_at,
            gone_at=begun + timedelta(minutes=4),
            created_at=begun,
            error_for_user=failing.TOO_SLOW,
            error_for_operator="http: no answer within 60 s",
        )
        environment.backend_key = Environment.key_for(environment.public_id, generation)
        environment.save()
        kinds = (
            EnvironmentEventKind.SECRETS_MADE,
            EnvironmentEventKind.STARTED,
            EnvironmentEventKind.TOO_SLOW,
            EnvironmentEventKind.GIVEN_UP if is_last else EnvironmentEventKind.REPLACED,
            EnvironmentEventKind.GONE,
        )
        for minute, kind in enumerate(kinds):
            with clock.moved_to(begun + timedelta(minutes=minute)):
                environment.record(kind)
        begun += timedelta(minutes=5)


def _maintenance(operator: User) -> None:
    """In the next days, one place: whoever books sees it in the table of the month."""
    pool = Pool.objects.get(slug="testplaetze")
    if Blackout.objects.filter(pool=pool).exists():
        return
    day = add_working_days(clock.today(), 3)
    services.add_blackout(
        actor=operator,
        pool=pool,
        slots=list(pool.slots.order_by("-pk")[:1]),
        start=datetime.combine(day, time(8), clock.BERLIN),
        end=datetime.combine(day, time(18), clock.BERLIN),
        reason="Neue Version des Betriebssystems",
    )
