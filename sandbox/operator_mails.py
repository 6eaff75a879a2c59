"""What operators are told: tasks by hand, and what went wrong, once each time that it does."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from osk_portal.accounts.models import User
from osk_portal.notifications.services import Message, notify
from osk_portal.toolkit import clock
from sandbox.enums import AlertCause, LateReason
from sandbox.models import EngineHealth, Environment, OperatorTask, Restore
from sandbox.notifications import facts

OPERATOR_ALERT: Final = "sandbox.operator_alert"
OPERATOR_TASK: Final = "sandbox.operator_task"
ENGINE_ALERT: Final = timedelta(minutes=5)
"""An engine that is away for a moment, to be updated, is no alert."""
_LONGEST_LINE: Final = 200
_LINK: Final = re.compile(r"\S*(?:://|www\.)\S*", re.IGNORECASE)
_OPERATES = _("You are an operator of the portal.")


def task_asked(task: OperatorTask) -> None:
    """To every operator: somebody has to do it by hand."""
    _tell_of_task(task, "operator_task", dedupe=f"sandbox.task:{task.public_id}")


def task_due(task: OperatorTask) -> None:
    """Once a day, until it is done; to whoever has taken it on, and to all where it is late or nobody's."""
    _tell_of_task(
        task,
        "operator_task_due",
        dedupe=f"sandbox.task_due:{task.public_id}:{clock.today()}",
        lifetime=timedelta(days=1),
    )


def _tell_of_task(
    task: OperatorTask, event: str, *, dedupe: str, lifetime: timedelta | None = None
) -> None:
    operators = User.objects.operators()
    if task.assignee_id is not None and not task.is_overdue:
        operators = operators.filter(pk=task.assignee_id)
    booking = task.environment.booking
    notify(
        Message(
            kind=OPERATOR_TASK,
            template=f"sandbox/email/{event}",
            url=task.get_absolute_url(),
            dedupe=dedupe,
            subject_key=str(task.public_id),
            context={
                **facts(booking),
                "organisation": booking.organisation.name,
                "is_set_up": task.is_set_up,
                "is_overdue": task.is_overdue,
                "due_at": task.due_at,
            },
            reason=_OPERATES,
            lifetime=lifetime,
        ),
        operators,
    )


def booking_failed(environment: Environment) -> None:
    """Whoever started a trial run is told already."""
    if not environment.booking.is_trial:
        _alert(AlertCause.FAILED, environment)


def late(environment: Environment, *, why: LateReason) -> None:
    _alert(AlertCause.LATE, environment, why=why)


def disturbed(environment: Environment) -> None:
    _alert(AlertCause.DISTURBED, environment)


def removal_slow(environment: Environment) -> None:
    _alert(AlertCause.REMOVAL, environment)


def not_isolated(environment: Environment) -> None:
    """What was put into quarantine still runs, or may."""
    _alert(AlertCause.QUARANTINE, environment)


def malware_found(environment: Environment, finding: str, *, key: str, in_copy: bool) -> None:
    """In a file that was taken from it, or probably comes from it; once a file."""
    _tell(
        AlertCause.MALWARE,
        _page_of(environment),
        key,
        **_named(environment),
        in_copy=in_copy,
        detail=_first_line(finding),
    )


def engine_down(health: EngineHealth) -> None:
    """Once an outage."""
    _tell(
        AlertCause.ENGINE,
        reverse("admin:sandbox_operations"),
        f"{health.backend}:{health.since.isoformat()}",
        name=health.backend,
        since=health.since,
        detail=health.detail,
    )


def engine_full(health: EngineHealth, *, since: datetime) -> None:
    """Once a shortage."""
    _tell(
        AlertCause.ROOM,
        reverse("admin:sandbox_operations"),
        f"{health.backend}:{since.isoformat()}",
        name=health.backend,
        since=since,
        detail=health.shortage,
    )


def restore_suspected(restore: Restore) -> None:
    _tell(
        AlertCause.RESTORE,
        reverse("admin:sandbox_operations"),
        str(restore.pk),
        detail=restore.get_evidence_display(),
    )


def _alert(cause: AlertCause, environment: Environment, *, why: LateReason | None = None) -> None:
    _tell(
        cause,
        _page_of(environment),
        # What comes again after it was over is told again.
        f"{environment.public_id}:{environment.events.count()}",
        **_named(environment),
        detail=_first_line(environment.error_for_operator) if why is None else why.label,
    )


def _page_of(environment: Environment) -> str:
    return reverse("admin:sandbox_environment_page", args=[environment.public_id])


def _named(environment: Environment) -> dict[str, str]:
    booking = environment.booking
    return {
        "name": environment.backend_key,
        "product": booking.blueprint_version.blueprint.name,
        "organisation": booking.organisation.name,
    }


def _first_line(detail: str) -> str:
    """What the portal itself says. Below it follow words of the product, which may be anybody's prototype:
    they stand on the page of the environment only, and no link of theirs in a mail of the portal.
    """
    line = next(iter(detail.splitlines()), "")
    return _LINK.sub("…", line)[:_LONGEST_LINE]


def _tell(cause: AlertCause, url: str, key: str, **context: object) -> None:
    notify(
        Message(
            kind=OPERATOR_ALERT,
            template="sandbox/email/operator_alert",
            url=url,
            dedupe=f"{OPERATOR_ALERT}:{cause}:{key}",
            context={
                "cause": cause,
                "name": "",
                "product": "",
                "organisation": "",
                "since": None,
                "in_copy": False,
            }
            | context,
            reason=_OPERATES,
        ),
        User.objects.operators(),
    )
