"""What operators are told without having asked: once an object and cause, through the outbox."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from osk_portal.accounts.models import User
from osk_portal.notifications.services import Message, notify
from sandbox.enums import AlertCause, LateReason
from sandbox.models import EngineHealth, Environment, Restore

OPERATOR_ALERT: Final = "sandbox.operator_alert"
ENGINE_ALERT: Final = timedelta(minutes=5)
"""An engine that is away for a moment, to be updated, is no alert."""
_OPERATES = _("You are an operator of the portal.")


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


def restore_suspected(restore: Restore) -> None:
    _tell(
        AlertCause.RESTORE,
        reverse("admin:sandbox_operations"),
        str(restore.pk),
        detail=restore.get_evidence_display(),
    )


def _alert(cause: AlertCause, environment: Environment, *, why: LateReason | None = None) -> None:
    booking = environment.booking
    _tell(
        cause,
        reverse("admin:sandbox_environment_page", args=[environment.public_id]),
        str(environment.public_id),
        name=environment.backend_key,
        product=booking.blueprint_version.blueprint.name,
        organisation=booking.organisation.name,
        detail=environment.error_for_operator[:500] if why is None else why.label,
    )


def _tell(cause: AlertCause, url: str, key: str, **context: object) -> None:
    notify(
        Message(
            kind=OPERATOR_ALERT,
            template="sandbox/email/operator_alert",
            url=url,
            dedupe=f"{OPERATOR_ALERT}:{cause}:{key}",
            context={"cause": cause, "name": "", "product": "", "organisation": "", "since": None}
            | context,
            reason=_OPERATES,
        ),
        User.objects.operators(),
    )
