"""The cases of one page of a list, read by their keys: what their lines show, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, Func, OuterRef, QuerySet, Subquery

from consulting import queues
from consulting.enums import PartnerQuestionState
from consulting.models import Absence, ConsultingRequest, PartnerQuestion, Tag
from consulting.querysets import CaseQuerySet
from consulting.queues import Queue
from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit.prepared import Parameter, Prepared
from osk_portal.toolkit.together import columns, hold_one, take

_CASE: Final = columns(
    ConsultingRequest,
    "id", "public_id", "reference", "title", "state", "is_confidential", "urgency", "author_id",
    "organisation_id", "assignee_id", "snoozed_until", "snooze_note", "follow_up_at", "reply_due_on",
    "closes_on", "first_response_due_on", "first_responded_at", "answer_due_on", "answered_at",
    "submitted_at", "version",
)  # fmt: skip
_ORGANISATION: Final = columns(Organisation, "id", "name")
_PERSON: Final = columns(User, "id", "name", "email")
_ABSENCE: Final = columns(Absence, "id", "user_id", "deputy_id", "starts_on", "ends_on")
_KEYS: Final = Parameter("keys", ArrayField(models.BigIntegerField()))
_AMONG_KEYS: Final = Func(_KEYS, template="(SELECT unnest(%(expressions)s::bigint[]))")


def _shown(cases: CaseQuerySet) -> QuerySet[ConsultingRequest, Any]:
    tags = Tag.objects.filter(cases=OuterRef("pk")).values("name")
    asked = PartnerQuestion.objects.filter(case=OuterRef("pk"), state=PartnerQuestionState.OPEN)
    return cases.values_list(
        *_CASE,
        *(f"organisation__{name}" for name in _ORGANISATION),
        *(f"assignee__{name}" for name in _PERSON),
        *(f"assignee__absence__{name}" for name in _ABSENCE),
        ArraySubquery(tags),
        Subquery(asked.order_by("-due_on").values("due_on")[:1]),
        Exists(asked.filter(waits_since__isnull=False)),
    )


_LISTED: Final = Prepared(
    lambda: _shown(ConsultingRequest.objects.filter(pk__in=_AMONG_KEYS).order_by())
)


def read(keys: Sequence[int]) -> list[ConsultingRequest]:
    """The cases of ``keys``, which somebody may read, in their order; fields that no line shows are deferred.

    With ``tag_names``, and ``waits_until``: the day until which partners are to answer; ``has_query``: one asked back.
    """
    if not keys:
        return []
    found = {values[0]: _case(values) for values in _LISTED.rows(keys=list(keys))}
    return [found[key] for key in keys if key in found]


def read_queue(queue: Queue, user: User, span: range) -> list[ConsultingRequest]:
    """As ``read``: those that stand at ``span`` of a queue of ``user``, an advisor."""
    if not span:
        return []
    rows = _part_of(queue.name, span.start, span.stop).rows(user=user.pk)
    return [_case(values) for values in rows]


@lru_cache(maxsize=256)
def _part_of(name: str, start: int, stop: int) -> Prepared:
    def query() -> QuerySet[ConsultingRequest, Any]:
        queue = queues.BY_NAME[name]
        cases = queues.cases_to_prepare(queue)
        # The keys first: else all cases of the queue are joined with what stands around them.
        keys = cases.values("pk")[start:stop]
        return _shown(queues.in_order(ConsultingRequest.objects.filter(pk__in=keys), queue))

    return Prepared(query)


def _case(values: Sequence[Any]) -> ConsultingRequest:
    rest = iter(values)
    case: Any = take(ConsultingRequest, _CASE, rest)
    case.organisation = take(Organisation, _ORGANISATION, rest)
    case.assignee = person = take(User, _PERSON, rest)
    absence = take(Absence, _ABSENCE, rest)
    if person is not None:
        hold_one(person, "absence", absence)
    case.tag_names, case.waits_until, case.has_query = rest
    made: ConsultingRequest = case
    return made
