"""State machines by hand: one table a model, one method an action, one event row a passage.

The model subclasses nothing for it. It keeps ``ALLOWED: Mapping[Action, frozenset[State]]`` and calls
``check`` first in each transition; the service that called it has locked the row.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from osk_portal.toolkit import clock

A = TypeVar("A", bound=str)
S = TypeVar("S", bound=str)


class TransitionNotAllowed(Exception):
    """The object has moved on: ``action`` does not start from its present ``state``.

    ``str(error)`` is a message for people; a view shows it and redirects, it never answers 500.
    """

    def __init__(self, action: str, state: str, message: str | None = None) -> None:
        self.action = action
        self.state = state
        self.message = message or _(
            "This has changed in the meantime. Please look at the current state first."
        )
        super().__init__(f"{action} from {state}")

    def __str__(self) -> str:
        return str(self.message)


def check(allowed: Mapping[A, frozenset[S]], action: A, state: str) -> None:
    """Raise TransitionNotAllowed unless the table lets ``action`` start from ``state``."""
    if state not in allowed[action]:
        raise TransitionNotAllowed(action, state)


class Event(models.Model):
    """What happened to an object: append-only, ids and field names only, no free text.

    Free text lives in the object's own rows, where retention can erase it (foundations.md, Models).
    """

    kind = models.CharField(max_length=50)
    from_state = models.CharField(max_length=30, blank=True)
    to_state = models.CharField(max_length=30, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField(default=clock.now)
    data: Any = models.JSONField(default=dict, blank=True)
    request_id = models.CharField(max_length=40, blank=True)

    class Meta:
        abstract = True
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"
