"""What a published test result shows to everybody: one form of it for the preview, the consent and the page."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from network.models import Organisation
from osk_portal.toolkit.clock import BERLIN
from sandbox.models import Booking, PublishedResult
from sandbox.results import Summary

TaskRow = tuple[str, int, int, int, int]
"""Words (empty where they are not public), met, partly met, not met, not checked."""


@dataclass(frozen=True)
class PublicResult:
    """Nothing that stands elsewhere is shown: who reads the preview has read what becomes public."""

    organisation: Organisation
    names_organisation: bool
    begun_at: datetime
    text: str
    tasks: Sequence[TaskRow]
    reports: int

    @classmethod
    def made_of(
        cls,
        booking: Booking,
        summary: Summary,
        *,
        text: str,
        names_organisation: bool,
        names_tasks: bool,
    ) -> Self:
        """As it would be published now. The OSK speaks for nobody: what it has booked names no authority."""
        return cls(
            booking.organisation,
            names_organisation and not booking.is_by_osk,
            booking.starts_at,
            text,
            [
                (
                    row.task.task if names_tasks else "",
                    row.met,
                    row.partly,
                    row.failed,
                    row.untested,
                )
                for row in summary.tasks
            ],
            len(summary.reports),
        )

    @classmethod
    def of(cls, published: PublishedResult) -> Self:
        """``published`` with its booking and that one's organisation."""
        return cls(
            published.booking.organisation,
            published.names_organisation,
            published.booking.starts_at,
            published.text,
            [
                (words if published.names_tasks else "", *counts)
                for words, *counts in published.tasks
            ],
            published.reports,
        )

    @property
    def who(self) -> str:
        if self.names_organisation:
            return self.organisation.name
        return self.organisation.get_kind_display()

    @property
    def fingerprint(self) -> str:
        """The same as long as everybody would read the same, in whichever language."""
        shown = [
            self.organisation.name if self.names_organisation else self.organisation.kind,
            f"{self.begun_at.astimezone(BERLIN):%Y-%m}",
            self.text,
            self.tasks,
            self.reports,
        ]
        return hashlib.sha256(json.dumps(shown).encode()).hexdigest()
