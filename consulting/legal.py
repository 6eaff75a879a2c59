"""Legal statements in texts of the OSK: ``[RA-2026-001]`` cites one, the block below the text says it.

The OSK gives no legal advice: a statement says what is written, where, for whom, and when that was checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db.models import CharField, F, Func, Q, QuerySet, Value
from django.utils.translation import gettext as _

from consulting.deadlines import short_date
from consulting.models import (
    CaseMessage,
    CaseResult,
    ConsultingRequest,
    LegalStatement,
    PublishedAnswer,
)

CITATION: Final = re.compile(r"\[(RA-\d{4}-\d{3,6})\]")
MOST_CITATIONS: Final = 30
"""In one text; what is beyond stays a plain reference."""


def cited_in(text: str) -> list[str]:
    """The references in ``text``, each once, in their order."""
    return list(dict.fromkeys(CITATION.findall(text)))[:MOST_CITATIONS]


def statements_of(texts: Iterable[str]) -> dict[str, LegalStatement]:
    """By reference; one query for all texts, and none when nothing is cited."""
    references = {reference for text in texts for reference in cited_in(text)}
    if not references:
        return {}
    found = LegalStatement.objects.filter(reference__in=references).select_related("replaced_by")
    return {statement.reference: statement for statement in found}


def cited_by_case(case: Any) -> QuerySet[LegalStatement]:
    """What texts of the OSK in a case cite; ``case``: its key, or a parameter. For a page that reads it along."""
    texts = (
        CaseMessage.objects.filter(case=case, by_osk=True).order_by().values(_ref=_in_text("body")),
        CaseResult.objects.filter(case=case).order_by().values(_ref=_in_text("text")),
    )
    return LegalStatement.objects.filter(Q(reference__in=texts[0]) | Q(reference__in=texts[1]))


def know_statements(case: ConsultingRequest, statements: Iterable[LegalStatement]) -> None:
    """Keep what was read along with ``case`` (``cited_by_case``) for ``statements_in``."""
    case.__dict__["_statements"] = {statement.reference: statement for statement in statements}


def statements_in(case: ConsultingRequest, texts: Iterable[str]) -> dict[str, LegalStatement]:
    """As ``statements_of`` for texts of ``case``; no query where they were read along with it."""
    known: dict[str, LegalStatement] | None = case.__dict__.get("_statements")
    return statements_of(texts) if known is None else known


def _in_text(field: str) -> Func:
    return Func(
        F(field), Value(CITATION.pattern), Value("g"),
        template="(regexp_matches(%(expressions)s))[1]", output_field=CharField(),
    )  # fmt: skip


def citations_of(text: str) -> list[LegalStatement]:
    """What ``text`` cites, in its order."""
    known = statements_of([text])
    return [known[reference] for reference in cited_in(text) if reference in known]


def check_citations(text: str) -> None:
    """Raise ValidationError for a reference that is unknown, or to what is not right any more."""
    known = statements_of([text])
    wrong = [r for r in cited_in(text) if r not in known or not known[r].counts]
    if wrong:
        raise ValidationError(
            _(
                "%(references)s cannot be cited: unknown, replaced or no longer right. Take it out, or choose"
                " another one from the legal statements."
            ),
            code="citation",
            params={"references": ", ".join(wrong)},
        )


def old_in(text: str) -> list[LegalStatement]:
    """What ``text`` cites that still counts, but that nobody has checked for twelve months."""
    return [statement for statement in citations_of(text) if statement.needs_check]


def in_words(statement: LegalStatement) -> list[tuple[str, str]]:
    """Source, who is bound and when it was checked, for page and record."""
    rows = [
        (_("Source"), statement.source),
        (_("Who is bound"), statement.binds),
        (_("Checked on"), short_date(statement.checked_on)),
        (_("Please note"), statement.warning),
    ]
    return [row for row in rows if row[1]]


def is_cited(statement: LegalStatement) -> bool:
    """Somebody may have read it in an answer, a message or a published answer."""
    mark = f"[{statement.reference}]"
    return (
        CaseResult.objects.filter(text__contains=mark).exists()
        or CaseMessage.objects.filter(by_osk=True, body__contains=mark).exists()
        or PublishedAnswer.objects.filter(answer__contains=mark).exists()
    )
