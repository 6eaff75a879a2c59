"""Passwords of products: made by the portal, shown on demand, wiped at the end."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from django.core.exceptions import PermissionDenied
from django.db import transaction

from osk_portal.accounts.models import User
from osk_portal.toolkit import clock, encryption
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import permissions
from sandbox.enums import Desired, EnvironmentEventKind, EnvironmentState, ProofKind
from sandbox.models import (
    Booking,
    Credential,
    Environment,
    RemovalProof,
    TestParticipant,
)
from sandbox.services.participants import is_still_member
from sandbox.spec import EnvSpec

PASSWORD_LENGTH = 16


# Without what looks alike when somebody types it over: 0 O, 1 l I.
_ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def reveal_credential(*, credential_id: int, actor: User) -> str:
    """The password in the clear, and a line that says who has seen it.

    Raises PermissionDenied, TransitionNotAllowed once its end was asked for, CannotDecrypt where the key was lost.
    """
    with transaction.atomic():
        booking = Booking.objects.select_for_update(of=("self",)).get(
            environments__credentials=credential_id
        )
        if not permissions.can_see_credentials(permissions.as_of_now(actor), booking):
            raise PermissionDenied("see a password")
        credential = Credential.objects.select_for_update(of=("self",)).get(pk=credential_id)
        environment = credential.environment
        is_kept_apart = environment.state == EnvironmentState.QUARANTINED
        is_ending = environment.desired == Desired.ABSENT
        if credential.wiped_at is not None or is_kept_apart or is_ending:
            raise TransitionNotAllowed("reveal", environment.state)
        return _shown(credential, actor)


def reveal_to_participant(*, credential_id: int, participant_id: int) -> str:
    """The password in the clear for somebody who tests along, while it runs; a line says who has seen it.

    Raises PermissionDenied (takes no part, or no longer), TransitionNotAllowed (over, or wiped), CannotDecrypt.
    """
    with transaction.atomic():
        booking_id = TestParticipant.objects.values_list("booking", flat=True).get(
            pk=participant_id
        )
        booking = Booking.objects.select_for_update(of=("self",)).get(pk=booking_id)
        participant = TestParticipant.objects.select_related("user").get(pk=participant_id)
        if not participant.is_in or not is_still_member(participant):
            raise PermissionDenied("see a password")
        credential = Credential.objects.select_for_update(of=("self",)).get(
            pk=credential_id, environment__booking=booking
        )
        is_over = not booking.is_holding or booking.ends_at <= clock.now()
        if is_over or credential.wiped_at is not None:
            raise TransitionNotAllowed("reveal", booking.state)
        guest = {"guest": str(participant.public_id)} if participant.is_guest else {}
        return _shown(credential, participant.user, **guest)


def _shown(credential: Credential, actor: User | None, **guest: str) -> str:
    """The password in the clear, with the line of the log."""
    credential.environment.record(
        EnvironmentEventKind.CREDENTIAL_SHOWN,
        actor=actor,
        credential=str(credential.public_id),
        **guest,
    )
    return encryption.decrypt(credential.secret)


def ensure_credentials(environment: Environment, spec: EnvSpec) -> None:
    """Make the passwords once; a repeated set-up uses the same ones.

    What only the components know among each other has no user name, and is shown to nobody.
    """
    wanted = [(account.role, account.label, account.username) for account in spec.accounts]
    wanted += [(role, role, "") for role in spec.internal_secrets]
    for role, label, username in wanted:
        Credential.objects.get_or_create(
            environment=environment,
            role=role,
            defaults={
                "label": label,
                "username": username,
                "secret": encryption.encrypt(
                    "".join(secrets.choice(_ALPHABET) for _ in range(PASSWORD_LENGTH))
                ),
            },
        )


def enter_credentials(environment: Environment, logins: Mapping[str, tuple[str, str]]) -> None:
    """What somebody gave the product by hand instead of ours: user name and password by role."""
    for credential in environment.credentials.filter(role__in=logins, wiped_at__isnull=True):
        credential.username, plain = logins[credential.role]
        credential.secret = encryption.encrypt(plain)
        credential.save(update_fields=["username", "secret"])


def plain_credentials(environment: Environment) -> dict[str, str]:
    """Password by role, for the engine. Raises CannotDecrypt."""
    return {
        credential.role: encryption.decrypt(credential.secret)
        for credential in environment.credentials.filter(wiped_at__isnull=True)
    }


def wipe_credentials(environment: Environment) -> None:
    for credential in environment.credentials.filter(wiped_at__isnull=True):
        credential.secret, credential.wiped_at = "", clock.now()
        credential.save(update_fields=["secret", "wiped_at"])
        RemovalProof.objects.update_or_create(
            environment=environment,
            kind=ProofKind.CREDENTIAL,
            name=credential.label,
            defaults={"verified_at": credential.wiped_at},
        )
