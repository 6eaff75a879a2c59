"""An advisor says what the OSK knows of a solution beyond its file."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from catalog.models import Solution
from catalog.permissions import can_decide
from catalog.services.entries import set_additions
from catalog.services.proposals import ProposalConflict
from network.models import Organisation
from osk_portal.accounts.models import User


@transaction.atomic
def change_additions(
    solution_id: int,
    *,
    actor: User,
    alternatives: list[str],
    keywords: list[str],
    berlin_body: Organisation | None,
    seen: str,
) -> Solution:
    """Set all three; the same once more changes nothing. ``seen``: when the entry was changed that the advisor saw.

    Raises PermissionDenied for others than advisors, and ProposalConflict where somebody has changed the entry since.
    """
    if not can_decide(actor):
        raise PermissionDenied("additions are kept by advisors")
    solution = Solution.objects.select_for_update(of=("self",)).get(pk=solution_id)
    if solution.updated_at.isoformat() != seen:
        raise ProposalConflict(
            _("Somebody has changed the entry since. Please compare with it, and save once more.")
        )
    return set_additions(
        solution_id,
        alternatives=alternatives,
        keywords=keywords,
        berlin_body=berlin_body,
        clears_berlin_body=berlin_body is None,
        actor=actor,
    )
