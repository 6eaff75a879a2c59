"""The steps of a set-up as a person reads them; derived from the events, never stored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from sandbox.enums import EnvironmentEventKind
from sandbox.models import Booking, EnvironmentEvent

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True)
class Step:
    """``state``: done, now or next; ``at`` where it is done."""

    label: _StrPromise
    note: _StrPromise
    state: str
    at: datetime | None = None


_STEPS = (
    (
        None,
        _("Place reserved"),
        _("Nobody else gets this place."),
    ),
    (
        EnvironmentEventKind.SECRETS_MADE,
        _("Passwords generated"),
        _("Only those who test can have them shown."),
    ),
    (
        EnvironmentEventKind.STARTED,
        _("Program started"),
        _("For this booking only."),
    ),
    (
        EnvironmentEventKind.READY,
        _("Last check"),
        _("We open the start page once."),
    ),
)


_STEPS_BY_HAND = (
    _STEPS[0],
    (
        EnvironmentEventKind.SET_UP_ASKED,
        _("Operators asked"),
        _("A person sets up this environment."),
    ),
    (
        EnvironmentEventKind.SET_UP_DONE,
        _("Set up by hand"),
        _("The person opens the start page and tries every account."),
    ),
    (
        EnvironmentEventKind.READY,
        _("Handed over"),
        _("You get the address and the passwords on this page."),
    ),
)


def steps_of(
    booking: Booking, events: Iterable[EnvironmentEvent], *, is_by_hand: bool = False
) -> list[Step]:
    """``events``: those of the newest generation, in their order."""
    done = {event.kind: event.at for event in events}
    found: list[Step] = []
    waiting = False
    for kind, label, note in _STEPS_BY_HAND if is_by_hand else _STEPS:
        at = booking.created_at if kind is None else done.get(kind)
        state = "done" if at is not None and not waiting else "next" if waiting else "now"
        waiting = waiting or at is None
        found.append(Step(label, note, state, at))
    return found


def count_done(steps: Iterable[Step]) -> int:
    return sum(step.state == "done" for step in steps)
