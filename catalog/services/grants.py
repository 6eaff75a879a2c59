"""Writing down that somebody has put texts under CC0 1.0."""

from __future__ import annotations

from django.utils.translation import gettext as _

from catalog import grants
from catalog.models import (
    Assessment,
    EntryReport,
    Intake,
    Proposal,
    Statement,
    Support,
    TextGrant,
)
from osk_portal.accounts.models import User
from osk_portal.toolkit.transitions import TransitionNotAllowed


def grant_texts(
    *,
    person: User | None,
    wording: str,
    proposal: Proposal | None = None,
    intake: Intake | None = None,
    report: EntryReport | None = None,
    statement: Statement | None = None,
    assessment: Assessment | None = None,
    support: Support | None = None,
) -> TextGrant:
    """``wording``: the version that the person has read. In the transaction of what the texts belong to.

    ``person`` None: a visitor, of a report. Raises ValueError for a version that there never was.
    """
    if wording not in grants.WORDINGS:
        raise ValueError(wording)
    return TextGrant.objects.create(
        person=person,
        proposal=proposal,
        intake=intake,
        report=report,
        statement=statement,
        assessment=assessment,
        support=support,
        wording=wording,
    )


def need_grant(wording: str) -> None:
    """Raises TransitionNotAllowed, whose text is for people, where nobody has granted anything."""
    if wording not in grants.WORDINGS:
        raise TransitionNotAllowed("grant", "", _("Release your texts under CC0 1.0."))
