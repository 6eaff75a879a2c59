"""A portal after years: many requests with what belongs to them, written in bulk, always the same."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from django.contrib.auth.models import Group
from django.db import connection

from catalog.enums import SolutionState
from catalog.models import Solution, SolutionDocument
from consulting.enums import CaseEventKind, CaseState, MessageKind, Outcome, RequestKind, Topic
from consulting.models import (
    CaseEvent,
    CaseFile,
    CaseMessage,
    CaseResult,
    ConsultingRequest,
    FileState,
    Participant,
    PartnerQuestion,
    Recommendation,
)
from network.enums import MembershipState, OrganisationKind
from network.models import Membership, Organisation
from osk_portal.accounts import services as accounts
from osk_portal.accounts.enums import StaffRole
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.search_text import fold, sort_key

ORGANISATIONS: Final = 200
PEOPLE: Final = 600
ADVISORS: Final = 12
SOLUTIONS: Final = 400
MESSAGES_EACH: Final = 3
BATCH: Final = 1_000
UNUSABLE: Final = "!"
WORDS: Final = (
    "Formularserver", "Fachverfahren", "Ablage", "Terminbuchung", "Kartendienst", "Videokonferenz",
    "Bürgerbüro", "Bibliothek", "Verzeichnisdienst", "Mailserver", "Zeiterfassung", "Wissensdatenbank",
    "Chat", "Textverarbeitung", "Archiv", "Umfrage",
)  # fmt: skip
STATES: Final = {
    CaseState.SUBMITTED: 4,
    CaseState.TRIAGE: 4,
    CaseState.ASSIGNED: 3,
    CaseState.IN_PROGRESS: 6,
    CaseState.WAITING_REQUESTER: 2,
    CaseState.WAITING_THIRD: 1,
    CaseState.ANSWERED: 5,
    CaseState.CLOSED: 68,
    CaseState.DECLINED: 3,
    CaseState.WITHDRAWN: 4,
}
"""Out of a hundred requests."""


@dataclass(frozen=True)
class World:
    advisor: User
    requester: User
    """Who has written most requests."""
    case: ConsultingRequest
    """In progress, with something of everything."""


def enrol() -> list[tuple[User, Organisation]]:
    """People of several authorities, each with one of them."""
    accounts.ensure_groups()
    organisations = Organisation.objects.bulk_create(
        Organisation(
            slug=f"stelle-{n}",
            name=f"Bezirksamt {n:03}",
            sort_key=sort_key(f"Bezirksamt {n:03}"),
            folded=fold(f"Bezirksamt {n:03}"),
            kind=OrganisationKind.BERLIN_ADMINISTRATION,
            is_entitled=True,
        )
        for n in range(ORGANISATIONS)
    )
    people = User.objects.bulk_create(
        User(email=f"person{n}@example.org", name=f"Person {n}", password=UNUSABLE)
        for n in range(PEOPLE)
    )
    members = [(person, organisations[n % ORGANISATIONS]) for n, person in enumerate(people)]
    Membership.objects.bulk_create(
        Membership(
            user=person,
            organisation=organisation,
            state=MembershipState.ACTIVE,
            confirmed_at=clock.now(),
        )
        for person, organisation in members
    )
    return members


def fill(requests: int) -> World:
    """Write ``requests`` requests with three messages each, and return who looks at what."""
    chance = random.Random(20261126)  # noqa: S311 # the same world each time, no secret
    members = enrol()
    organisations = [organisation for _person, organisation in members[:ORGANISATIONS]]
    advisors = User.objects.bulk_create(
        User(email=f"osk{n}@example.org", name=f"OSK {n}", password=UNUSABLE, is_staff=True)
        for n in range(ADVISORS)
    )
    for advisor in advisors:
        advisor.groups.add(Group.objects.get(name=StaffRole.ADVISOR))
    solutions = _solutions()
    cases = _cases(chance, requests, members, advisors)
    _conversations(chance, cases, advisors)
    _results(cases, solutions)
    rich = next(case for case in cases if case.state == CaseState.IN_PROGRESS)
    _enrich(rich, solutions, organisations)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")  # as PostgreSQL itself does soon after so much was written
    assignee = rich.assignee
    if assignee is None:
        raise LookupError("a request in progress has a contact person")
    return World(assignee, members[0][0], rich)


def _solutions() -> list[Solution]:
    solutions = Solution.objects.bulk_create(
        Solution(
            slug=f"loesung-{n}",
            state=SolutionState.PUBLISHED,
            name=f"{WORDS[n % len(WORDS)]} {n}",
            sort_key=sort_key(f"{WORDS[n % len(WORDS)]} {n}"),
            repository_url=f"https://git.example.org/loesung-{n}",
            published_at=clock.now(),
        )
        for n in range(SOLUTIONS)
    )
    SolutionDocument.objects.bulk_create(
        SolutionDocument(
            solution=solution,
            names=solution.name,
            folded_names=fold(solution.name),
            long="Freie Software für die Verwaltung. " * 20,
            folded=fold(solution.name),
        )
        for solution in solutions
    )
    return solutions


def _cases(
    chance: random.Random,
    requests: int,
    members: Sequence[tuple[User, Organisation]],
    advisors: Sequence[User],
) -> list[ConsultingRequest]:
    states = [CaseState(state) for state, share in STATES.items() for _ in range(share)]
    now = clock.now()

    def made(number: int) -> ConsultingRequest:
        # Every tenth request comes from the same person: somebody has a long list.
        author, organisation = members[0] if number % 10 == 0 else chance.choice(members)
        state = states[number % len(states)]
        is_over = state in (CaseState.CLOSED, CaseState.DECLINED, CaseState.WITHDRAWN)
        sent = now - timedelta(days=chance.randint(40, 1500) if is_over else chance.randint(0, 40))
        return ConsultingRequest(
            reference=f"OSK-{sent.year}-{number:05}",
            kind=RequestKind.QUESTION,
            title=f"{chance.choice(WORDS)} für {chance.choice(WORDS)}",
            description="Wir suchen eine quelloffene Lösung. " * 20,
            topics=[Topic.REUSE],
            organisation=organisation,
            author=author,
            created_at=sent,
            updated_at=sent,
            submitted_at=sent,
            first_response_due_on=(sent + timedelta(days=3)).date(),
            answer_due_on=(sent + timedelta(days=30)).date(),
            **_as_in(state, sent, chance.choice(advisors)),
        )

    cases = list(map(made, range(requests)))
    final = {case.reference: (case.state, case.closed_at, case.outcome) for case in cases}
    for case in cases:  # answered and closed ones need a result, which needs its case
        if case.state in (CaseState.ANSWERED, CaseState.CLOSED):
            case.state, case.closed_at, case.outcome = CaseState.IN_PROGRESS, None, ""
    written = ConsultingRequest.objects.bulk_create(cases, BATCH)
    for case in written:
        case.state, case.closed_at, case.outcome = final[case.reference]
    return written


def _as_in(state: CaseState, sent: datetime, advisor: User) -> dict[str, Any]:
    """What the constraints ask of a request in ``state``."""
    fields: dict[str, Any] = {"state": state}
    if state not in (CaseState.SUBMITTED, CaseState.TRIAGE):
        fields |= {"assignee": advisor, "first_responded_at": sent + timedelta(days=1)}
    if state == CaseState.WAITING_REQUESTER:
        fields |= {
            "paused_at": sent,
            "state_before_waiting": CaseState.IN_PROGRESS,
            "reply_due_on": clock.today(),
            "closes_on": clock.today() + timedelta(days=30),
        }
    if state in (CaseState.ANSWERED, CaseState.CLOSED):
        fields["answered_at"] = sent + timedelta(days=10)
    if state == CaseState.ANSWERED:
        fields["closes_on"] = clock.today() + timedelta(days=10)
    if state == CaseState.CLOSED:
        fields |= {"closed_at": sent + timedelta(days=20), "outcome": Outcome.SETTLED}
    if state == CaseState.DECLINED:
        fields["decline_reason"] = "Das Verfahren läuft schon."
    if state == CaseState.WITHDRAWN:
        fields["withdrawn_at"] = sent + timedelta(days=2)
    return fields


def _conversations(
    chance: random.Random, cases: Iterable[ConsultingRequest], advisors: Sequence[User]
) -> None:
    messages, events = [], []
    for case in cases:
        sent = case.submitted_at or clock.now()
        for number in range(MESSAGES_EACH):
            by_osk = number % 2 == 1
            messages.append(
                CaseMessage(
                    case=case,
                    author=chance.choice(advisors) if by_osk else case.author,
                    by_osk=by_osk,
                    kind=MessageKind.MESSAGE,
                    body="Guten Tag, hier ist, was wir dazu wissen. " * 8,
                    created_at=sent + timedelta(hours=number + 1),
                )
            )
            events.append(
                CaseEvent(
                    case=case,
                    kind=CaseEventKind.MESSAGE_ADDED,
                    from_state=case.state,
                    to_state=case.state,
                    at=sent + timedelta(hours=number + 1),
                )
            )
    CaseMessage.objects.bulk_create(messages, BATCH)
    CaseEvent.objects.bulk_create(events, BATCH)


def _results(cases: Sequence[ConsultingRequest], solutions: Sequence[Solution]) -> None:
    answered = [c for c in cases if c.state in (CaseState.ANSWERED, CaseState.CLOSED)]
    results = CaseResult.objects.bulk_create(
        [
            CaseResult(case=case, author=case.assignee, text="Nehmen Sie diese Lösung.")
            for case in answered
            if case.assignee is not None
        ],
        BATCH,
    )
    Recommendation.objects.bulk_create(
        [
            Recommendation(result=result, solution=solutions[n % SOLUTIONS], reason="Sie passt.")
            for n, result in enumerate(results)
        ],
        BATCH,
    )
    for result in results:
        result.case.result = result
    ConsultingRequest.objects.bulk_update(
        answered, ["result", "state", "closed_at", "outcome"], BATCH
    )


def _enrich(
    case: ConsultingRequest, solutions: Sequence[Solution], organisations: Sequence[Organisation]
) -> None:
    """Twenty of everything that the page of a case shows."""
    case.solutions.set(solutions[:5])
    colleagues = User.objects.filter(email__startswith="person").order_by("pk")[:20]
    Participant.objects.bulk_create(Participant(case=case, user=user) for user in colleagues)
    PartnerQuestion.objects.bulk_create(
        PartnerQuestion(
            case=case,
            organisation=organisations[n],
            question="Was wissen Sie dazu?",
            due_on=clock.today(),
            consented_on=clock.today(),
            consent_source="Mail",
            asked_by=case.assignee,
            asked_at=clock.now(),
        )
        for n in range(20)
    )
    CaseFile.objects.bulk_create(
        CaseFile(
            case=case,
            name=f"Anlage {n}.pdf",
            content=f"consulting/{n}",
            kind="pdf",
            size=1_000,
            sha256=sha256(str(n).encode()).hexdigest(),
            state=FileState.CLEAN,
        )
        for n in range(20)
    )
