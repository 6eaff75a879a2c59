"""Taking a list of requests away (product.md, Staff data and 1.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from consulting import deadlines, permissions
from consulting.models import ConsultingRequest, ListExport
from consulting.presentation import Standing
from consulting.querysets import CaseQuerySet
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.tables import Cell, as_file

MOST_ROWS: Final = 5_000
MOST_WORDS: Final = 200
"""Characters that the row keeps of what was searched or filtered for."""


class TooManyRows(Exception):
    """More than MOST_ROWS: nothing was written or recorded."""


@transaction.atomic
def export_list(
    *, actor: User, cases: CaseQuerySet, source: str, title: str, file_kind: str, words: str = ""
) -> bytes:
    """The file with ``cases``, and a row that says who took it.

    No column names or orders by the contact person: no list or figure per advisor (product.md, Staff data).
    A confidential request shows that it exists and its promises, nothing of what it is about. "Ihr Zeichen"
    stands with it all the same: it is the authority's own number, by which it finds its file (product.md 1.1),
    and no value, deadline, title or file (1.5).

    Raises PermissionDenied unless ``actor`` may export, and TooManyRows.
    """
    if not permissions.can_export(actor):
        raise PermissionDenied("export")
    found = list(cases.visible_to(actor)[: MOST_ROWS + 1])
    if len(found) > MOST_ROWS:
        raise TooManyRows
    ListExport.objects.create(
        actor=actor,
        at=clock.now(),
        source=source,
        words=words[:MOST_WORDS],
        file_kind=file_kind,
        count=len(found),
    )
    return as_file(file_kind, title, _header(), [_row(case) for case in found])


def _header() -> list[str]:
    return [
        _("Reference"),
        _("Title"),
        _("Authority"),
        _("Reference of the authority"),
        _("Kind"),
        _("Topics"),
        _("State"),
        _("Received"),
        _("First response by"),
        _("Answer by"),
        _("Answered"),
        _("Closed"),
    ]


def _row(case: ConsultingRequest) -> Sequence[Cell]:
    def day(name: str) -> Cell:
        moment = getattr(case, name)
        return deadlines.berlin_day(moment) if moment else None

    is_open = not case.is_confidential
    return [
        case.reference,
        case.title if is_open else _("confidential"),
        str(case.organisation),
        case.own_reference,
        case.get_kind_display() if is_open else "",
        ", ".join(case.topic_labels) if is_open else "",
        Standing(case).staff_badge,
        day("submitted_at"),
        case.first_response_due_on,
        case.answer_due_on,
        day("answered_at"),
        day("closed_at"),
    ]
