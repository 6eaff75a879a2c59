"""What the requester's page shows of introductions and of the published need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from consulting.enums import IntroductionState, NeedState
from consulting.models import ConsultingRequest, IntroductionSide, Need, RelationSide
from consulting.services.needs import may_publish_need

_MERGE_QUESTION = RelationSide.objects.to_decide().filter(case=OuterRef("pk")).order_by("pk")
SYNERGY: Final = {
    "merge_question": Subquery(_MERGE_QUESTION.values("public_id")[:1]),
    "has_introductions": Exists(IntroductionSide.objects.filter(case=OuterRef("pk"))),
    "has_needs": Exists(Need.objects.filter(case=OuterRef("pk")).order_by()),
}
"""For the query of a case whose page shows them: most cases have neither, and cost nothing more."""


@dataclass(frozen=True)
class Synergy:
    sides: list[IntroductionSide]
    need: Need | None
    may_publish: bool
    merge_question: UUID | None = None
    """The page on which this side says whether its request may be merged."""


def synergy_of(case: ConsultingRequest, *, is_side: bool) -> Synergy | None:
    """None for who reads along only, and where there is nothing to show. At most two queries."""
    if not is_side:
        return None
    sides = list(_sides(case)) if getattr(case, "has_introductions", True) else []
    need = None
    if getattr(case, "has_needs", True):
        need = case.needs.exclude(state=NeedState.ENDED).first()
    merging: UUID | None = getattr(case, "merge_question", None)
    found = Synergy(sides, need, may_publish_need(case), merging)
    return found if found.sides or need or found.may_publish or merging else None


def _sides(case: ConsultingRequest) -> QuerySet[IntroductionSide]:
    """Without those of which nothing came."""
    shown = case.introductions.exclude(
        introduction__state__in=(IntroductionState.EXPIRED, IntroductionState.CALLED_OFF)
    )
    return shown.select_related("introduction").order_by("-pk")
