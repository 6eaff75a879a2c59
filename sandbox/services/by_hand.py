"""Tasks for operators: asked by the engine "manual", done by people."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from django.core.exceptions import PermissionDenied
from django.db import transaction

from osk_portal.accounts.models import User
from osk_portal.notifications.doorbell import ring
from osk_portal.toolkit import clock
from osk_portal.toolkit.clock import BERLIN, DbNow
from osk_portal.toolkit.transitions import TransitionNotAllowed, check
from osk_portal.toolkit.working_days import is_office_hour
from sandbox import operator_mails
from sandbox.enums import ProofKind, TaskAction, TaskKind
from sandbox.models import Booking, Environment, OperatorTask, RemovalProof
from sandbox.services.credentials import enter_credentials
from sandbox.services.environments import WORK

logger = logging.getLogger(__name__)

DUE_SOON: Final = timedelta(days=1)
BATCH: Final = 50


class NotEverything(Exception):
    """Something that was made is not confirmed as removed; ``missing`` names it."""

    def __init__(self, missing: list[str]) -> None:
        self.missing = missing
        super().__init__(", ".join(missing))


# Asked by the engine, with booking and environment locked


def ask_for_set_up(environment: Environment, *, instance: str, expires_at: datetime) -> None:
    """Due when the booking begins; where it has begun, as long after as the places need before it."""
    lead = timedelta(minutes=environment.slot.pool.lead_minutes)
    due_at = max(environment.booking.starts_at, clock.now() + lead)
    _ask(environment, TaskKind.SET_UP, instance=instance, due_at=due_at, expires_at=expires_at)


def ask_for_removal(environment: Environment, *, instance: str) -> None:
    """Due when the place is promised to be free again."""
    due_at = clock.now() + timedelta(minutes=environment.slot.pool.buffer_minutes)
    _ask(
        environment,
        TaskKind.REMOVE,
        instance=instance,
        due_at=due_at,
        expires_at=environment.expires_at,
    )


def _ask(
    environment: Environment,
    kind: TaskKind,
    *,
    instance: str,
    due_at: datetime,
    expires_at: datetime,
) -> None:
    task = OperatorTask.objects.create(
        environment=environment,
        kind=kind,
        instance=instance,
        due_at=due_at,
        expires_at=expires_at,
        reminded_on=clock.today(),
    )
    task.tell(None)
    operator_mails.task_asked(task)
    logger.info("sandbox: operators asked", extra={"environment": environment.backend_key})


# Done by people


def begin_task(*, task_id: int, actor: User) -> OperatorTask:
    """Whoever begins it, or takes it over, does it. Raises TransitionNotAllowed, PermissionDenied."""
    with _locked(task_id, actor) as task:
        check(OperatorTask.ALLOWED, TaskAction.BEGIN, task.state)
        if task.assignee_id != actor.pk:
            task.begin(actor=actor)
        return task


def tick_steps(*, task_id: int, actor: User, steps: Iterable[int]) -> OperatorTask:
    """Which steps of the runbook are done, so that somebody else can go on.

    Raises TransitionNotAllowed, PermissionDenied.
    """
    with _locked(task_id, actor) as task:
        check(OperatorTask.ALLOWED, TaskAction.TICK, task.state)
        if task.assignee_id is None:
            task.begin(actor=actor)
        task.steps_done = sorted(set(steps))
        task.save(update_fields=["steps_done"])
        return task


def report_set_up(
    *,
    task_id: int,
    actor: User,
    endpoint: str,
    things: list[str],
    logins: Mapping[str, tuple[str, str]],
) -> OperatorTask:
    """It is there: where, what was made for it, and user name and password by role.

    Raises TransitionNotAllowed, PermissionDenied.
    """
    with _locked(task_id, actor, TaskKind.SET_UP) as task:
        task.finish(actor=actor, things=things, endpoint=endpoint)
        enter_credentials(task.environment, logins)
        _go_on(task.environment)
        return task


def refuse_set_up(*, task_id: int, actor: User, reason: str, things: list[str]) -> OperatorTask:
    """It cannot be set up; ``things`` are what is left of the attempt. The booking fails for good.

    Raises TransitionNotAllowed, PermissionDenied.
    """
    with _locked(task_id, actor, TaskKind.SET_UP) as task:
        task.refuse(actor=actor, reason=reason, things=things)
        _go_on(task.environment)
        return task


def report_removal(
    *, task_id: int, actor: User, removed: Iterable[str], further: list[str]
) -> OperatorTask:
    """Everything that was made is removed and was looked for; ``further``: what nobody had named.

    The time of this word goes into the proof of deletion. Raises NotEverything, TransitionNotAllowed,
    PermissionDenied.
    """
    with _locked(task_id, actor, TaskKind.REMOVE) as task:
        check(OperatorTask.ALLOWED, TaskAction.FINISH, task.state)
        confirmed = set(removed)
        expected = things_of(task.environment)
        missing = [thing for thing in expected if thing not in confirmed]
        if missing:
            raise NotEverything(missing)
        gone = list(dict.fromkeys([*expected, *further]))
        task.finish(actor=actor, things=gone)
        for thing in gone:
            RemovalProof.objects.update_or_create(
                environment=task.environment,
                kind=ProofKind.BY_HAND,
                name=thing[:200],
                defaults={"verified_at": task.done_at},
            )
        _go_on(task.environment)
        return task


def things_of(environment: Environment) -> list[str]:
    """What people said they have made for it."""
    set_ups = environment.tasks.filter(kind=TaskKind.SET_UP).order_by("-pk")[:1]
    return [str(thing) for task in set_ups for thing in task.things]


@contextmanager
def _locked(task_id: int, actor: User, kind: TaskKind | None = None) -> Iterator[OperatorTask]:
    """Booking, environment, task, in this order; only for operators."""
    if not actor.is_operator:
        raise PermissionDenied("tasks for operators")
    with transaction.atomic():
        Booking.objects.select_for_update(of=("self",)).get(environments__tasks=task_id)
        environment = Environment.objects.select_for_update(of=("self",)).get(tasks=task_id)
        task = OperatorTask.objects.select_for_update(of=("self",)).get(pk=task_id)
        task.environment = environment
        if kind is not None and task.kind != kind:
            raise TransitionNotAllowed(TaskAction.FINISH, task.state)
        yield task


def _go_on(environment: Environment) -> None:
    """The worker asks the engine anew, which now knows better."""
    environment.next_action_at = clock.now()
    environment.save(update_fields=["next_action_at"])
    ring(WORK, environment_id=environment.pk)


# Reminders


def remind_operators() -> None:
    """Of what is due within a day or overdue, once a day, while the office is open."""
    if not is_office_hour():
        return
    today = clock.now().astimezone(BERLIN).date()
    due = OperatorTask.objects.open().filter(due_at__lte=DbNow() + DUE_SOON)
    for task_id in list(due.exclude(reminded_on=today).values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            task = (
                OperatorTask.objects.open()
                .select_for_update(skip_locked=True, of=("self",))
                .with_booking()
                .exclude(reminded_on=today)
                .filter(pk=task_id)
                .first()
            )
            if task is not None:
                task.reminded_on = today
                task.save(update_fields=["reminded_on"])
                operator_mails.task_due(task)
