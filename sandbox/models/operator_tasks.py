"""Tasks for operators: what a person sets up and removes by a runbook, where no engine can."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed
from osk_portal.toolkit.transitions import check
from sandbox.enums import EnvironmentEventKind, TaskAction, TaskKind, TaskState
from sandbox.models.environments import Environment
from sandbox.querysets import TaskQuerySet

_A = TaskAction
_S = TaskState
_E = EnvironmentEventKind

_LINES: Mapping[tuple[str, str], EnvironmentEventKind] = {
    (TaskKind.SET_UP, _S.OPEN): _E.SET_UP_ASKED,
    (TaskKind.SET_UP, _S.BEGUN): _E.SET_UP_BEGUN,
    (TaskKind.SET_UP, _S.DONE): _E.SET_UP_DONE,
    (TaskKind.SET_UP, _S.REFUSED): _E.SET_UP_REFUSED,
    (TaskKind.SET_UP, _S.WITHDRAWN): _E.SET_UP_WITHDRAWN,
    (TaskKind.REMOVE, _S.OPEN): _E.REMOVAL_ASKED,
    (TaskKind.REMOVE, _S.BEGUN): _E.REMOVAL_BEGUN,
    (TaskKind.REMOVE, _S.DONE): _E.REMOVAL_DONE,
}
"""The line of the environment's log for what becomes of a task."""


class OperatorTask(Addressed):
    """What somebody does by hand. The rows of an environment are all that the engine "manual" knows of it.

    A set-up holds what the person reported (``endpoint``, ``things``); the removal asks for each of these.
    ``instance`` is the portal that asked: a copy of the database must not take another's work for its own.
    """

    ALLOWED: ClassVar[Mapping[TaskAction, frozenset[TaskState]]] = {
        # Also from somebody else's hands: who began it may be ill.
        _A.BEGIN: frozenset({_S.OPEN, _S.BEGUN}),
        _A.TICK: frozenset({_S.OPEN, _S.BEGUN}),
        _A.FINISH: frozenset({_S.OPEN, _S.BEGUN}),
        _A.REFUSE: frozenset({_S.OPEN, _S.BEGUN}),
        _A.WITHDRAW: frozenset({_S.OPEN, _S.BEGUN}),
    }

    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="tasks")
    kind = models.CharField(_("kind"), max_length=20, choices=TaskKind)
    state = models.CharField(_("state"), max_length=20, choices=TaskState, default=TaskState.OPEN)
    instance = models.CharField(max_length=100)
    due_at = models.DateTimeField(_("due"), db_index=True)
    expires_at = models.DateTimeField(_("ends at"))
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("taken on by"),
    )
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)
    steps_done: Any = models.JSONField(default=list, blank=True)
    """Numbers of the runbook's steps, from 0."""
    endpoint = models.CharField(_("address"), max_length=200, blank=True)
    things: Any = models.JSONField(default=list, blank=True)
    """What the person has made or removed, in their words, one text a thing."""
    reason = models.TextField(_("reason"), blank=True)
    reminded_on = models.DateField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name = _("task for operators")
        verbose_name_plural = _("tasks for operators")
        ordering = ["due_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "kind"],
                condition=Q(state__in=["open", "begun"]),
                name="operator_task_one_open",
            ),
            models.CheckConstraint(
                name="operator_task_done_is_signed",
                condition=~Q(state__in=["done", "refused"])
                | Q(done_by__isnull=False, done_at__isnull=False),
            ),
            models.CheckConstraint(
                name="operator_task_set_up_has_address",
                condition=~Q(kind="set_up", state="done") | ~Q(endpoint=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.environment.backend_key} {self.kind}"

    def get_absolute_url(self) -> str:
        return reverse("admin:sandbox_operatortask_page", args=[self.public_id])

    @property
    def is_open(self) -> bool:
        return self.state in (_S.OPEN, _S.BEGUN)

    @property
    def is_overdue(self) -> bool:
        return self.is_open and self.due_at <= clock.now()

    @property
    def is_set_up(self) -> bool:
        return self.kind == TaskKind.SET_UP

    def begin(self, *, actor: User) -> None:
        check(self.ALLOWED, _A.BEGIN, self.state)
        self.assignee = actor
        self._move(_S.BEGUN, ["assignee"], actor)

    def finish(self, *, actor: User, things: list[str], endpoint: str = "") -> None:
        check(self.ALLOWED, _A.FINISH, self.state)
        self.things, self.endpoint = things, endpoint
        self._sign(_S.DONE, ["things", "endpoint"], actor)

    def refuse(self, *, actor: User, reason: str, things: list[str]) -> None:
        check(self.ALLOWED, _A.REFUSE, self.state)
        self.reason, self.things = reason, things
        self._sign(_S.REFUSED, ["reason", "things"], actor)

    def withdraw(self) -> None:
        check(self.ALLOWED, _A.WITHDRAW, self.state)
        self._move(_S.WITHDRAWN, [], None)

    def tell(self, actor: User | None) -> None:
        """The line of the environment's log for the present state."""
        self.environment.record(
            _LINES[self.kind, self.state], actor=actor, task=str(self.public_id)
        )

    def _sign(self, state: TaskState, fields: list[str], actor: User) -> None:
        self.done_by, self.done_at = actor, clock.now()
        self._move(state, ["done_by", "done_at", *fields], actor)

    def _move(self, state: TaskState, fields: list[str], actor: User | None) -> None:
        self.state = state
        self.save(update_fields=["state", *fields])
        self.tell(actor)
