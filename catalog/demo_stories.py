"""What has happened to entries of the demo world: invented, and told through the services with the clock in the past.

Only entries that are invented themselves get statements, assessments, notices and badges: of real software
nothing is made up. So events, history and messages are what they would have become. Mails of those days are
not sent; the inbox keeps what was told.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from catalog import grants, services
from catalog.comparison.wanted import Wanted
from catalog.enums import NoticeNews, Proof, ReuseHosting, ReuseStage
from catalog.models import (
    Assessment,
    Badge,
    Claim,
    CodeRelease,
    CriteriaList,
    EntryReport,
    Follow,
    Notice,
    NoticeTelling,
    Proposal,
    Reuse,
    SavedComparison,
    Solution,
    Statement,
    Support,
)
from catalog.services import claims, code_releases, telling
from network.enums import MembershipState
from network.models import Membership, Organisation
from osk_portal.accounts.demo import DOMAIN, ensure_login
from osk_portal.accounts.models import User
from osk_portal.notifications.demo import without_mails
from osk_portal.toolkit import clock
from osk_portal.toolkit.working_days import is_working_day

STORIES: Final = Path(__file__).parent / "demo" / "stories.json"
BADGES: Final = "https://badges.osk.example/api/v1"
_NAMES: Final = uuid.UUID("6f0d1c1e-0000-4000-8000-0000000000d0")

Row = dict[str, Any]
Step = tuple[datetime, Callable[[], object]]


def entered_at(slug: str) -> datetime | None:
    """When an entry was taken in whose story begins before today; None for all others."""
    days = _read()["entered_days_ago"].get(slug)
    return None if days is None else _day(days)


def load() -> int:
    """Tell what is not there yet, in the order in which it has happened. How many steps were told.

    Without the people of the demo world nothing happens.
    """
    people = {
        user.email.partition("@")[0]: user
        for user in User.objects.filter(email__endswith=f"@{DOMAIN}")
    }
    if "beratung" not in people:
        return 0
    people |= _more_people()
    steps = sorted(_Stories(_read(), people).steps(), key=lambda step: step[0])
    with without_mails():
        for moment, act in steps:
            with clock.moved_to(moment):
                act()
    return len(steps)


class _Stories:
    """The stories of the file, each as steps with their moments; none where something is there already."""

    def __init__(self, told: Row, people: dict[str, User]) -> None:
        self.told = told
        self.people = people
        self.advisor = people["beratung"]
        self.solutions = {solution.slug: solution for solution in Solution.objects.published()}
        active = Membership.objects.active().filter(user__in=people.values())
        self.organisations: dict[str, Organisation] = {
            member.user.email.partition("@")[0]: member.organisation
            for member in active.select_related("user", "organisation").order_by("-pk")
        }

    def steps(self) -> Iterator[Step]:
        tellers: dict[str, Callable[[Row, Solution], Iterator[Step]]] = {
            "statements": self._statement,
            "reuse": self._reuse,
            "support": self._support,
            "notices": self._notice,
            "changes": self._change,
            "reports": self._report,
            "claims": self._claim,
            "badges": self._badges,
        }
        for key, tell in tellers.items():
            for row in self.told[key]:
                solution = self.solutions.get(row["solution"])
                if solution is not None and row.get("login", "beratung") in self.people:
                    yield from tell(row, solution)
        yield from self._assessments()
        for row in self.told["comparisons"]:
            yield from self._comparison(row)
        for row in self.told["releases"]:
            yield from self._release(row)
        for login, slugs in self.told["follows"].items():
            yield from self._follows(login, slugs)

    def _statement(self, row: Row, solution: Solution) -> Iterator[Step]:
        if Statement.objects.filter(solution=solution, topic=row["topic"]).exists():
            return
        words = services.StatementWords(
            topic=row["topic"],
            answer=row.get("answer", ""),
            value=row["value"],
            said_by=row.get("said_by", ""),
            evidence=row.get("evidence", ""),
            stated_on=_day(row["days_ago"]).date(),
        )
        author = row.get("proposed_by")
        if author is None:
            yield (
                _day(row["days_ago"]),
                lambda: services.enter_statement(
                    solution_id=solution.pk, actor=self.advisor, words=words
                ),
            )
            return

        def propose() -> None:
            services.propose_statement(
                solution_id=solution.pk,
                author=self.people[author],
                organisation=self.organisations[author],
                words=words,
                wording=grants.CURRENT,
            )

        yield _day(row["days_ago"]), propose
        if not row.get("waits"):
            proposed = Statement.objects.proposed().filter(solution=solution, topic=row["topic"])
            yield (
                _day(row["days_ago"] - 3),
                lambda: services.accept_statement(
                    statement_id=proposed.get().pk, actor=self.advisor
                ),
            )

    def _assessments(self) -> Iterator[Step]:
        known = set(Assessment.objects.values_list("solution__slug", flat=True))
        for row in self.told["assessments"]:
            solution = self.solutions.get(row["solution"])
            if solution is not None and solution.slug not in known:
                yield from self._assessment(row, solution)

    def _assessment(self, row: Row, solution: Solution) -> Iterator[Step]:
        mine = Assessment.objects.filter(solution=solution, software_version=row["version"])

        def send() -> None:
            newest = CriteriaList.objects.filter(key="osk").order_by("-number")
            begun = services.begin_assessment(
                solution_id=solution.pk, criteria_list_id=newest[0].pk, actor=self.advisor
            )
            services.write_assessment(
                assessment_id=begun.pk,
                actor=self.advisor,
                expected_version=begun.version,
                summary=row["summary"],
                software_version=row["version"],
                findings=[
                    services.FindingWords(
                        position=position,
                        answer=answer,
                        text=text,
                        evidence=evidence,
                        checked_on=clock.today() if text else None,
                    )
                    for position, (answer, text, evidence) in enumerate(row["findings"], 1)
                ],
            )
            services.send_assessment(assessment_id=begun.pk, actor=self.advisor)

        yield _day(row["sent_days_ago"]), send
        if "reply" in row:
            yield (
                _day(row["replied_days_ago"]),
                lambda: services.reply_to_assessment(
                    assessment_id=mine.get().pk,
                    actor=self.people["partner"],
                    text=row["reply"],
                    wording=grants.CURRENT,
                ),
            )
        if "published_days_ago" in row:
            yield (
                _day(row["published_days_ago"]),
                lambda: services.publish_assessment(
                    assessment_id=mine.get().pk, actor=self.advisor
                ),
            )

    def _reuse(self, row: Row, solution: Solution) -> Iterator[Step]:
        person, organisation = self.people[row["login"]], self.organisations[row["login"]]
        rows = Reuse.objects.filter(solution=solution, organisation=organisation)
        if rows.exists():
            return
        (first, days_ago), *later = row["stages"]

        def declare() -> None:
            reuse = services.declare_reuse(
                solution_id=solution.pk,
                organisation=organisation,
                actor=person,
                stage=ReuseStage(first),
                since=clock.today(),
            )
            services.describe_reuse(
                reuse.pk, actor=person, seen=reuse.revision, details=_details(row, person)
            )

        def move(stage: str) -> None:
            reuse = rows.get()
            services.move_reuse(
                reuse.pk,
                actor=person,
                seen=reuse.revision,
                stage=ReuseStage(stage),
                since=clock.today(),
                successor=row.get("successor", ""),
            )

        yield _day(days_ago), declare
        for stage, days in later:
            yield _day(days), partial(move, stage)

    def _support(self, row: Row, solution: Solution) -> Iterator[Step]:
        person, organisation = self.people[row["login"]], self.organisations[row["login"]]
        if Support.objects.filter(solution=solution, organisation=organisation).exists():
            return

        def offer() -> None:
            made = services.offer_support(
                solution_id=solution.pk,
                organisation=organisation,
                actor=person,
                text=row["text"],
                kinds=row["kinds"],
                wording=grants.CURRENT,
                link=row["link"],
            )
            if row["is_shown"]:
                services.decide_support(
                    made.pk, actor=self.advisor, seen=made.revision, is_shown=True
                )

        yield _day(row["days_ago"]), offer

    def _notice(self, row: Row, solution: Solution) -> Iterator[Step]:
        if Notice.objects.filter(solution=solution, kind=row["kind"]).exists():
            return

        def issue() -> None:
            notice = services.issue_notice(
                solution_id=solution.pk,
                actor=self.advisor,
                kind=row["kind"],
                text_de=row["text_de"],
                text_en=row["text_en"],
                evidence=row["evidence"],
                valid_from=clock.today(),
                successor=self.solutions.get(row.get("successor", "")),
            )
            told = NoticeTelling.objects.get(notice=notice, news=NoticeNews.ISSUED)
            telling.run(told.pk)
            for login in row["read_by"]:
                services.confirm_notice(notice=notice, user=self.people[login])

        yield _day(row["days_ago"]), issue

    def _change(self, row: Row, solution: Solution) -> Iterator[Step]:
        mine = Proposal.objects.filter(solution=solution, reason=row["reason"])
        if mine.exists():
            return

        def submit() -> None:
            services.submit_proposal(
                solution_id=solution.pk,
                author=self.people[row["login"]],
                organisation=self.organisations[row["login"]],
                changes=row["changes"],
                base_revision=_revision(solution),
                reason=row["reason"],
                wording=grants.CURRENT,
            )

        yield _day(row["days_ago"]), submit
        if "accepted_days_ago" in row:
            yield (
                _day(row["accepted_days_ago"]),
                lambda: services.accept_proposal(
                    mine.get().pk, actor=self.advisor, seen_revision=_revision(solution)
                ),
            )

    def _report(self, row: Row, solution: Solution) -> Iterator[Step]:
        mine = EntryReport.objects.filter(solution=solution, field=row["field"])
        if mine.exists():
            return
        words = {key: row[key] for key in ("field", "wrong", "right", "evidence")}
        yield (
            _day(row["days_ago"]),
            lambda: services.report_entry(
                solution_id=solution.pk, reporter=self.people[row["login"]], **words
            ),
        )
        yield (
            _day(row["days_ago"] - 1),
            lambda: services.check_report(report_id=mine.get().pk, actor=self.advisor),
        )

    def _claim(self, row: Row, solution: Solution) -> Iterator[Step]:
        if Claim.objects.filter(solution=solution).exists():
            return
        yield (
            _day(row["days_ago"]),
            lambda: claims.submit_claim(
                solution_id=solution.pk,
                organisation=self.organisations[row["login"]],
                author=self.people[row["login"]],
                proof=Proof.NAMED,
                statement=row["statement"],
            ),
        )

    def _badges(self, row: Row, solution: Solution) -> Iterator[Step]:
        """As if they had been fetched; nobody is asked."""
        if solution.badges.exists():
            return
        repository = quote(solution.repository_url or "", safe="")
        yield (
            _day(row["days_ago"]),
            lambda: Badge.objects.bulk_create(
                Badge(
                    solution=solution,
                    badge=badge,
                    level=level,
                    url=f"{BADGES}/repositories/{repository}/badges/{badge}",
                    fetched_at=clock.now(),
                )
                for badge, level in row["levels"].items()
            ),
        )

    def _comparison(self, row: Row) -> Iterator[Step]:
        public_id, person = _key(row["title"]), self.people.get(row["login"])
        if person is None or SavedComparison.objects.filter(public_id=public_id).exists():
            return
        organisation = self.organisations[row["login"]] if row["is_shared"] else None
        yield (
            _day(row["days_ago"]),
            lambda: services.save_comparison(
                public_id=public_id,
                author=person,
                title=row["title"],
                wanted=Wanted.from_json(row["solutions"], row["rows"]),
                organisation=organisation,
            ),
        )

    def _release(self, row: Row) -> Iterator[Step]:
        public_id, person = _key(row["name"]), self.people.get(row["login"])
        if person is None or CodeRelease.objects.filter(public_id=public_id).exists():
            return

        def begin() -> None:
            begun = code_releases.begin_code_release(
                public_id=public_id,
                author=person,
                organisation=self.organisations[row["login"]],
                name=row["name"],
            )
            for step, points in row["steps"].items():
                code_releases.answer_step(
                    begun.pk,
                    actor=person,
                    step=step,
                    expected_version=0,
                    answers={
                        key: {"answer": answer, "note": note}
                        for key, (answer, note) in points.items()
                    },
                )

        yield _day(row["days_ago"]), begin

    def _follows(self, login: str, slugs: list[str]) -> Iterator[Step]:
        """Whoever has ended one follows it no more; so nothing is told to those who follow something."""
        person = self.people.get(login)
        if person is None or Follow.objects.filter(user=person).exists():
            return
        for slug in slugs:
            solution = self.solutions.get(slug)
            if solution is not None:
                yield _day(35), partial(services.follow_solution, solution.pk, user=person)


def _more_people() -> dict[str, User]:
    """Somebody of another invented company, who claims an entry and offers support."""
    slug = _read()["redaktion"]
    organisation = Organisation.objects.get(slug=slug)
    login = f"redaktion-{organisation.short_name.lower()}"
    person = ensure_login("Mika Entwurf", login)
    Membership.objects.get_or_create(
        user=person,
        organisation=organisation,
        defaults={
            "state": MembershipState.ACTIVE,
            "confirmed_at": clock.now(),
            "is_editor": True,
        },
    )
    return {login: person}


def _details(row: Row, person: User) -> Row:
    return {
        "version": row.get("version", ""),
        "users": row.get("users"),
        "hosting": ReuseHosting(row["hosting"]) if "hosting" in row else "",
        "contact": person if row.get("agrees") else None,
        "contact_address": "",
        "contact_agrees": row.get("agrees", False),
        "procedure_name": row.get("procedure_name", ""),
        "procedure_number": row.get("procedure_number", ""),
        "show_name": row["show_name"],
    }


def _revision(solution: Solution) -> int:
    return Solution.objects.values_list("revision", flat=True).get(pk=solution.pk)


def _day(days_ago: int) -> datetime:
    """Ten o'clock in Berlin on the last working day that is at least ``days_ago`` days before today."""
    day = clock.today() - timedelta(days=days_ago)
    while not is_working_day(day):
        day -= timedelta(days=1)
    return datetime.combine(day, time(10), clock.BERLIN)


def _key(name: str) -> uuid.UUID:
    return uuid.uuid5(_NAMES, name)


def _read() -> Row:
    found: Row = json.loads(STORIES.read_text(encoding="utf-8"))
    return found
