"""What may leave a confidential case, in one place (product.md 1.5).

Confidential is procurement with a procedure that is planned, running or not yet named
(``case.is_confidential``). Mails, inbox and everything else outside the pages of the case ask here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from network.enums import OrganisationKind

if TYPE_CHECKING:
    from consulting.models import ConsultingRequest
    from network.models import Organisation


def title_outside(case: ConsultingRequest) -> str:
    """The title as a mail or a feed may carry it; empty for a confidential case."""
    return "" if case.is_confidential else case.title


def names_partners_outside(case: ConsultingRequest) -> bool:
    """May a mail say whom the OSK asks?"""
    return not case.is_confidential


def may_involve(case: ConsultingRequest, organisation: Organisation) -> bool:
    """No company learns of a confidential case: it would be prejudiced in the procedure (Vorbefassung)."""
    return not (case.is_confidential and organisation.kind == OrganisationKind.BUSINESS)
