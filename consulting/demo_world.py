"""The demo world's requests: invented, and told through the services with the clock in the past.

So states, events, references and promises are what they would have become. Mails of those days are
not sent; the inbox keeps them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

from django.db import transaction
from django.utils.text import slugify

from catalog.models import Solution
from consulting import services
from consulting.enums import CaseState, Visibility
from consulting.models import ConsultingRequest
from network.enums import MembershipState
from network.models import Membership, Organisation
from osk_portal.accounts.demo import DOMAIN, ensure_login
from osk_portal.accounts.models import User
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed
from osk_portal.toolkit.search_text import fold
from osk_portal.toolkit.working_days import add_working_days, is_working_day

REQUESTS: Final = Path(__file__).parent / "demo" / "requests.json"
REPLY_DAYS: Final = 7
_WORKED_ON: Final = frozenset(set(CaseState) - {"draft", "submitted", "duplicate"})
_STARTED: Final = frozenset(
    {"in_progress", "waiting_requester", "waiting_third", "answered", "closed", "withdrawn"}
)

Step = tuple[datetime, Callable[[], object]]


def load() -> str:
    """Tell each request that is not there yet, the oldest first, so that references rise with time."""
    entries: list[dict[str, Any]] = json.loads(REQUESTS.read_text(encoding="utf-8"))
    titles = [entry["title"] for entry in entries]
    known = set(ConsultingRequest.objects.filter(title__in=titles).values_list("title", flat=True))
    new = [entry for entry in entries if entry["title"] not in known]
    new.sort(key=lambda entry: -entry["submitted_workdays_ago"])
    now = clock.now()
    try:
        for entry in new:
            with transaction.atomic():
                case = _Story(entry, titles, now).tell()
                forget_mails(case, *case.partner_questions.all())
    finally:
        clock.move_to(None)
    return f"{len(entries)} requests, {len(new)} of them new"


class _Story:
    """One request of the file, from its draft to its present state."""

    def __init__(self, entry: dict[str, Any], titles: list[str], now: datetime) -> None:
        self.entry = entry
        self.titles = titles
        self.now = now
        self.today = now.astimezone(clock.BERLIN).date()
        self.organisation = Organisation.objects.get(short_name=entry["organisation"])
        self.author = _author(entry, self.organisation)
        self.lead = User.objects.get(email=f"leitung@{DOMAIN}")
        assignee = entry["assignee"] or f"beratung@{DOMAIN}"
        self.advisor = User.objects.get(email=assignee)
        self.state = CaseState(entry["state"])
        self.case_id = 0

    def tell(self) -> ConsultingRequest:
        case = self._file()
        for moment, act in sorted(self._steps(), key=lambda step: step[0]):
            clock.move_to(moment)
            act()
        return case

    def _file(self) -> ConsultingRequest:
        entry = self.entry
        clock.move_to(self._at(entry["submitted_workdays_ago"], 8, 40))
        case = services.create_draft(
            actor=self.author,
            values={
                "kind": entry["kind"],
                "title": entry["title"],
                "description": entry["description"],
                "topics": entry["topics"],
                "phase": entry["phase"],
                "users_count": entry["users_count"],
                "software_in_use": entry["software_in_use"] or "",
                "own_reference": entry["reference_own"] or "",
                "procedure_state": entry["procurement_state"] or "",
                "organisation": self.organisation,
            },
            solutions=Solution.objects.filter(slug__in=entry["solutions"]),
        )
        self.case_id = case.pk
        services.share(
            case_id=case.pk, actor=self.author, visibility=Visibility(entry["visibility"])
        )
        if self.state != CaseState.DRAFT:
            clock.move_to(self._at(entry["submitted_workdays_ago"], 9))
            services.submit(case_id=case.pk, actor=self.author)
        return case

    def _steps(self) -> list[Step]:
        """What follows the submission, each with its moment."""
        steps: list[Step] = []
        if self.state in _WORKED_ON:
            steps += self._taking_on()
        steps += self._conversation()
        steps += self._ending()
        return steps

    def _taking_on(self) -> list[Step]:
        """Taken up on the next working day, or earlier where somebody of the OSK wrote before."""
        spoken = [m["workdays_ago"] for m in self.entry["conversation"]]
        submitted = self.entry["submitted_workdays_ago"]
        ago = max([submitted - 1, *spoken], default=submitted)
        steps: list[Step] = [(self._at(ago, 10), self._do(services.take_up, self.advisor))]
        if self.entry["assignee"] and self.state not in (CaseState.TRIAGE, CaseState.DECLINED):
            assign = self._do(services.assign, self.advisor, assignee=self.advisor)
            steps.append((self._at(ago, 10, 5), assign))
        if self.state in _STARTED:
            steps.append((self._at(ago, 10, 10), self._do(services.start, self.advisor)))
        return steps

    def _conversation(self) -> list[Step]:
        steps: list[Step] = []
        said = self.entry["conversation"]
        for number, message in enumerate(said):
            moment = self._at(message["workdays_ago"], 11, number * 20)
            later = [m for m in said[number + 1 :] if not m["internal"]]
            steps.append((moment, self._say(message, later, moment)))
        question = self.entry["partner_question"]
        if question:
            involve = self._do(
                services.involve_partner,
                self.advisor,
                organisation=Organisation.objects.get(slug=question["organisation"]),
                question=question["question"],
                due_on=add_working_days(
                    self._day(question["workdays_ago"]), question["answer_in_workdays"]
                ),
                consented_on=self._day(question["workdays_ago"]),
                consent_source="Nachricht in dieser Anfrage",
            )
            steps.append((self._at(question["workdays_ago"], 16), involve))
        return steps

    def _say(
        self, message: dict[str, Any], later: list[dict[str, Any]], moment: datetime
    ) -> Callable[[], object]:
        """A note, a reply, a message; or a question, where the authority speaks next."""
        text = message["text"]
        if message["internal"]:
            return self._do(services.add_note, self.advisor, text=text)
        if message["who"] == "requester":
            return lambda: self._speak_as_requester(text)
        is_last = not later
        answered_next = bool(later) and later[0]["who"] == "requester"
        if answered_next or (is_last and self.state == CaseState.WAITING_REQUESTER):
            days = self.entry["reply_in_workdays"] if is_last else REPLY_DAYS
            reply_by = add_working_days(moment.date(), days)
            return self._do(services.ask_back, self.advisor, question=text, reply_by=reply_by)
        return self._do(services.add_message, self.advisor, text=text)

    def _speak_as_requester(self, text: str) -> None:
        case = ConsultingRequest.objects.get(pk=self.case_id)
        speak = (
            services.reply if case.state == CaseState.WAITING_REQUESTER else services.add_message
        )
        speak(case_id=self.case_id, actor=self.author, text=text)

    def _ending(self) -> list[Step]:
        entry = self.entry
        steps: list[Step] = []
        result = entry["result"]
        if result:
            give = self._do(
                services.answer,
                self.advisor,
                text=result["text"],
                recommendations=[_advice(item) for item in result["recommendations"]],
            )
            steps.append((self._at(result["workdays_ago"], 15), give))
        closed = entry["closed"]
        if closed:
            actor = self.author if closed["by"] == "requester" else None
            steps.append(
                (self._at(closed["workdays_ago"], 15, 30), self._do(services.close, actor))
            )
        if entry["withdrawn"]:
            withdraw = self._do(services.withdraw, self.author)
            steps.append((self._at(entry["withdrawn"]["workdays_ago"], 15, 30), withdraw))
        if entry["decline"]:
            decline = self._do(
                services.decline,
                self.lead,
                reason=entry["decline"]["reason"],
                referral=entry["decline"]["referral"],
            )
            steps.append((self._at(entry["decline"]["workdays_ago"], 15, 30), decline))
        if entry["duplicate_of"] is not None:
            target = ConsultingRequest.objects.get(title=self.titles[entry["duplicate_of"]])
            merge = self._do(services.mark_duplicate, self.advisor, target=target)
            steps.append((self._at(max(entry["submitted_workdays_ago"] - 1, 0), 12), merge))
        return steps

    def _do(
        self, service: Callable[..., object], actor: User | None, **more: object
    ) -> Callable[[], object]:
        return lambda: service(case_id=self.case_id, actor=actor, **more)

    def _day(self, workdays_ago: int) -> date:
        return working_days_ago(self.today, workdays_ago)

    def _at(self, workdays_ago: int, hour: int, minute: int = 0) -> datetime:
        """A moment of that day in Berlin; never one to come."""
        start = datetime.combine(self._day(workdays_ago), time(hour), clock.BERLIN)
        moment = start + timedelta(minutes=minute)
        return min(moment, self.now)


def case_named(title: str) -> ConsultingRequest | None:
    cases = ConsultingRequest.objects.sent().select_related("author", "organisation")
    return cases.filter(title=title).order_by("pk").first()


def advisor() -> User:
    return User.objects.get(email=f"beratung@{DOMAIN}")


def forget_mails(*subjects: Addressed) -> None:
    """The inbox keeps what was told; nobody gets mail of the demo."""
    keys = [str(subject.public_id) for subject in subjects]
    OutgoingMail.objects.filter(subject_key__in=keys).delete()


def _author(entry: dict[str, Any], organisation: Organisation) -> User:
    """The named demo login, or an invented person of the authority."""
    if entry["author"]:
        return User.objects.get(email=entry["author"])
    local_part = slugify(fold(entry["organisation"]))
    person = ensure_login(f"Beispielperson {entry['organisation']}", local_part)
    Membership.objects.get_or_create(
        user=person,
        organisation=organisation,
        defaults={"state": MembershipState.ACTIVE, "confirmed_at": clock.now()},
    )
    return person


def _advice(item: dict[str, Any]) -> services.Advice:
    return services.Advice(item["reason"], solution=Solution.objects.get(slug=item["solution"]))


def working_days_ago(today: date, count: int) -> date:
    """The ``count``-th working day before ``today``; with 0 the last one up to today."""
    day = today
    while not is_working_day(day):
        day -= timedelta(days=1)
    while count:
        day -= timedelta(days=1)
        if is_working_day(day):
            count -= 1
    return day
