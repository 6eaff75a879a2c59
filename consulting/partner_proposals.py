"""Who of the network could be asked in a case, each with the reason (product.md 1.4, "partners with the reason").

Reasons: the organisation uses or supports a solution that the case is about or that was recommended, knows a
topic of it with evidence, or has answered questions on its topics before. The order favours nobody
(``offers.neutral_order``). Companies that may not be asked now are counted, never named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, CharField, Exists, F, Func, OuterRef, Q
from django.db.models.functions import JSONObject
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from catalog.enums import STAGES_IN_USE, ReuseStage
from catalog.models import Reuse, Support
from consulting import confidential
from consulting.enums import PartnerQuestionState, Topic
from consulting.models import ConsultingRequest, PartnerQuestion, Recommendation
from consulting.offers import neutral_order
from consulting.querysets import OPEN_STATES
from network.models import Organisation, OrganisationExpertise
from osk_portal.toolkit.prepared import Parameter
from osk_portal.toolkit.together import ANCHOR, Lists, Rows

_EXPERTISE: Final[Mapping[str, tuple[str, ...]]] = {
    Topic.INTRODUCTION: ("training",),
    Topic.OPERATION: ("operation",),
    Topic.PROCUREMENT: ("procurement-law",),
    Topic.LICENCE_LAW: ("licences",),
    Topic.SECURITY: ("security",),
    Topic.DATA_PROTECTION: ("data-protection",),
    Topic.ACCESSIBILITY: ("accessibility",),
    Topic.PUBLISHING_CODE: ("development", "licences"),
    Topic.MIGRATION: ("migration",),
}
"""Topic of a case → fields of the network's controlled list, by their slugs."""
_TEXTS: Final = ArrayField(CharField())
_TOPICS: Final = Parameter("topics", _TEXTS)
_FIELDS: Final = Func(
    Parameter("fields", _TEXTS), template="(SELECT unnest(%(expressions)s::text[]))"
)
_MARKS: Final = ("proposed_reuses", "proposed_supports", "proposed_expertise", "proposed_answers")


@dataclass(frozen=True)
class Proposal:
    organisation: Organisation
    reasons: Sequence[str]

    @property
    def reason(self) -> str:
        return "; ".join(self.reasons)


@dataclass(frozen=True)
class Proposals:
    """``hidden``: how many companies would stand here but may not be asked now; ``hidden_reason``: why."""

    shown: Sequence[Proposal] = ()
    hidden: int = 0
    hidden_reason: str = ""

    def __bool__(self) -> bool:
        return bool(self.shown or self.hidden)


def _listed(rows: Any, **names: str) -> ArraySubquery:
    """A list of objects for each organisation of the query around it."""
    mine = rows.filter(organisation=OuterRef("pk"))
    return ArraySubquery(mine.values(_json=JSONObject(**{k: F(v) for k, v in names.items()})))


def _proposed() -> Rows[Organisation]:
    """Neither the authority itself nor who was asked already; nobody in an ended case."""
    chosen = ConsultingRequest.solutions.through.objects.filter(consultingrequest=ANCHOR)
    recommended = Recommendation.objects.filter(result__case=ANCHOR, solution__isnull=False)
    about = Q(solution__in=chosen.values("solution")) | Q(
        solution__in=recommended.order_by().values("solution")
    )
    reuses = Reuse.objects.filter(about, stage__in=STAGES_IN_USE)
    supports = Support.objects.filter(about)
    known = OrganisationExpertise.objects.filter(expertise__slug__in=_FIELDS).exclude(evidence="")
    asked = PartnerQuestion.objects.exclude(case=ANCHOR).filter(
        state=PartnerQuestionState.ANSWERED, case__topics__overlap=_TOPICS
    )
    any_reason = Q()
    for rows in (reuses, supports, known, asked):
        any_reason |= Q(pk__in=rows.order_by().values("organisation"))
    is_open = ConsultingRequest.objects.filter(pk=ANCHOR, state__in=OPEN_STATES)
    by_solution = ("solution__sort_key", "pk")
    organisations = (
        Organisation.objects.published()
        .order_by()
        .filter(any_reason, Exists(is_open))
        .exclude(pk=Parameter("organisation", BigIntegerField()))
        .exclude(pk__in=PartnerQuestion.objects.filter(case=ANCHOR).values("organisation"))
        .annotate(
            proposed_reuses=_listed(
                reuses.order_by(*by_solution), name="solution__name", stage="stage", since="since"
            ),
            proposed_supports=_listed(supports.order_by(*by_solution), name="solution__name"),
            proposed_expertise=_listed(
                known.order_by("expertise__name_de"),
                de="expertise__name_de",
                en="expertise__name_en",
                evidence="evidence",
            ),
            proposed_answers=_listed(asked.order_by("pk"), topics="case__topics"),
        )
    )
    return Rows(organisations, extra=_MARKS)


PROPOSED: Final = _proposed()
"""The organisations that ``proposals`` takes, for one query with other lists; parameters: ``proposed_for``."""
_ALONE: Final = Lists(ConsultingRequest, {}, partners=PROPOSED)


def proposed_for(case: ConsultingRequest) -> dict[str, Any]:
    """The parameters of ``PROPOSED`` for ``case``."""
    return {
        "organisation": case.organisation_id,
        "topics": list(case.topics),
        "fields": [slug for topic in case.topics for slug in _EXPERTISE.get(topic, ())],
    }


def proposals(case: ConsultingRequest, found: Iterable[Organisation]) -> Proposals:
    """``found``: the rows of ``PROPOSED`` for ``case``, in any order."""
    refusal = confidential.refusal_of_companies(case)
    ordered = neutral_order(found, case)
    shown = [o for o in ordered if not (refusal and confidential.is_company(o))]
    hidden = len(ordered) - len(shown)
    return Proposals(
        [Proposal(organisation, _reasons(organisation, case)) for organisation in shown],
        hidden,
        refusal if hidden else "",
    )


def read_proposals(case: ConsultingRequest) -> Proposals:
    """For a page that reads nothing else along: one query."""
    found = _ALONE.fetch(case.pk, **proposed_for(case))
    return proposals(case, found["partners"])


def _reasons(organisation: Organisation, case: ConsultingRequest) -> list[str]:
    marked: Any = organisation  # with the annotations of PROPOSED
    return [
        *(_in_use(row) for row in marked.proposed_reuses),
        *(
            _("supports %(solution)s") % {"solution": row["name"]}
            for row in marked.proposed_supports
        ),
        *(_known(row) for row in marked.proposed_expertise),
        *_answered(marked.proposed_answers, case),
    ]


def _in_use(row: Mapping[str, Any]) -> str:
    stage = str(ReuseStage(row["stage"]).label)
    if row["since"] is None:
        return _("uses %(solution)s (%(stage)s)") % {"solution": row["name"], "stage": stage}
    year = date.fromisoformat(row["since"]).year
    return _("has used %(solution)s since %(year)d (%(stage)s)") % {
        "solution": row["name"],
        "year": year,
        "stage": stage,
    }


def _known(row: Mapping[str, str]) -> str:
    name = row["en"] if (get_language() or "de").startswith("en") else row["de"]
    return _("knows %(field)s, evidence: %(evidence)s") % {
        "field": name,
        "evidence": row["evidence"].rstrip(". "),
    }


def _answered(rows: Sequence[Mapping[str, Any]], case: ConsultingRequest) -> list[str]:
    """``2 beantwortete Fragen zum Thema Migration``: each question under one topic, the most frequent first."""
    shared = [[topic for topic in case.topics if topic in row["topics"]] for row in rows]
    often = Counter(topic for topics in shared for topic in topics)
    best = Counter(max(topics, key=lambda topic: often[topic]) for topics in shared if topics)
    return [
        ngettext(
            "%(count)d answered question on the topic %(topic)s",
            "%(count)d answered questions on the topic %(topic)s",
            count,
        )
        % {"count": count, "topic": Topic(topic).label}
        for topic, count in best.most_common()
    ]
