"""What others add to a tenth of the invented entries: without it a page of an entry would be nearly empty."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from catalog.enums import (
    NoticeKind,
    NoticeNews,
    ReuseStage,
    StatementAnswer,
    StatementOrigin,
    StatementState,
    StatementTopic,
    SupportKind,
    SupportState,
)
from catalog.invented.making import LATEST
from catalog.models import (
    Maintainership,
    MaintainershipEvent,
    Notice,
    NoticeEvent,
    Reuse,
    Solution,
    Statement,
    StatementEvent,
    Support,
    SupportEvent,
)
from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock

RICH: Final = 10
"""One entry in so many has all of it."""
_FIRST: Final = 7
_STAGES: Final = (ReuseStage.PRODUCTION, ReuseStage.PILOT, ReuseStage.TEST)
_MADE: Final = {"invented": True}


def is_rich(number: int) -> bool:
    return number % RICH == _FIRST


def maintainer_of(number: int, bodies: Sequence[Organisation]) -> Organisation | None:
    return bodies[number // RICH % len(bodies)] if is_rich(number) else None


def notice_kinds(number: int) -> list[str]:
    """Repeated on the entry: two in three of the rich ones have a notice."""
    kinds = (NoticeKind.SECURITY, NoticeKind.OTHER, None)
    kind = kinds[number // RICH % len(kinds)] if is_rich(number) else None
    return [kind] if kind else []


def supporters_of(number: int, bodies: Sequence[Organisation]) -> list[Organisation]:
    count = len(bodies)
    return [bodies[(number // RICH + step) % count] for step in (3, 11)] if is_rich(number) else []


def write(
    numbered: Sequence[tuple[int, Solution]], bodies: Sequence[Organisation], advisor: User
) -> None:
    """Each kind of row at once, in a few queries a batch; nobody is told of any of it."""
    rich = [(number, solution) for number, solution in numbered if is_rich(number)]
    kept = Maintainership.objects.bulk_create(
        Maintainership(
            solution=solution, organisation=solution.maintainer, started_at=solution.updated_at
        )
        for _number, solution in rich
    )
    MaintainershipEvent.objects.bulk_create(
        MaintainershipEvent(
            maintainership=row, kind="started", to_state=row.state, at=row.started_at, data=_MADE
        )
        for row in kept
    )
    stated = Statement.objects.bulk_create(
        statement for number, solution in rich for statement in _statements(number, solution)
    )
    StatementEvent.objects.bulk_create(
        StatementEvent(
            statement=row, kind=row.state, to_state=row.state, at=row.created_at, data=_MADE
        )
        for row in stated
    )
    offers = Support.objects.bulk_create(
        Support(
            solution=solution,
            organisation=organisation,
            text="Wir führen ein, passen an und schulen, auch in Leichter Sprache.",
            kinds=[SupportKind.ADAPTATION, SupportKind.TRAINING],
            link=f"https://www.beispiel.example/hilfe-{number}",
            state=SupportState.SHOWN,
            offered_at=solution.updated_at,
        )
        for number, solution in rich
        for organisation in supporters_of(number, bodies)
    )
    SupportEvent.objects.bulk_create(
        SupportEvent(support=row, kind="offered", to_state=row.state, at=row.offered_at, data=_MADE)
        for row in offers
    )
    notices = Notice.objects.bulk_create(
        Notice(
            solution=solution,
            kind=kind,
            text_de="Eine **erfundene** Lücke: Bitte auf die jüngste Version wechseln.",
            text_en="An **invented** hole: please change to the newest version.",
            evidence=f"https://www.beispiel.example/hinweis-{number}",
            valid_from=LATEST,
            issued_by=advisor,
            issued_at=solution.updated_at,
            changed_at=solution.updated_at,
        )
        for number, solution in rich
        for kind in notice_kinds(number)
    )
    NoticeEvent.objects.bulk_create(
        NoticeEvent(
            notice=row, kind=NoticeNews.ISSUED, to_state=row.state, at=row.issued_at, data=_MADE
        )
        for row in notices
    )
    Reuse.objects.bulk_create(
        [
            Reuse(
                solution=solution,
                organisation=bodies[(number // RICH + step) % len(bodies)],
                stage=_STAGES[step % len(_STAGES)],
                since=LATEST - timedelta(days=40 * step + 30),
                show_name=bool(step % 2),
            )
            for number, solution in rich
            for step in range(8)
        ],
        ignore_conflicts=True,
    )


def _statements(number: int, solution: Solution) -> list[Statement]:
    chance = random.Random(number)  # noqa: S311 # the same each time, no secret
    topics = chance.sample(list(StatementTopic), chance.randint(4, 6))
    return [
        Statement(
            solution=solution,
            topic=topic,
            answer=chance.choice(list(StatementAnswer)),
            value="99012345678901" if topic == StatementTopic.LEIKA else "Erfundene Angabe",
            said_by="Prüfstelle Muster" if chance.random() < 0.3 else "",
            stated_on=LATEST - timedelta(days=chance.randint(10, 700)),
            evidence=f"https://www.beispiel.example/nachweis-{number}",
            origin=StatementOrigin.OSK,
            state=StatementState.STANDING,
            created_at=solution.updated_at,
            decided_at=clock.now(),
        )
        for topic in topics
    ]
