"""Writing down that somebody has put texts under CC0 1.0."""

from __future__ import annotations

from catalog import grants
from catalog.models import Intake, Proposal, TextGrant
from osk_portal.accounts.models import User


def grant_texts(
    *,
    person: User,
    wording: str,
    proposal: Proposal | None = None,
    intake: Intake | None = None,
) -> TextGrant:
    """``wording``: the version that the person has read. In the transaction of what the texts belong to.

    Raises ValueError for a version that there never was.
    """
    if wording not in grants.WORDINGS:
        raise ValueError(wording)
    return TextGrant.objects.create(
        person=person, proposal=proposal, intake=intake, wording=wording
    )
