"""What allauth and Django tell about sign-ins: the audit log (ids, no addresses) and the second factor.

Their signals are the only ones that the portal listens to; between our own apps there are none.
"""

from __future__ import annotations

import logging
from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from allauth.usersessions import signals as usersessions
from django.contrib.auth import signals as auth
from django.http import HttpRequest

from osk_portal.accounts import second_factor
from osk_portal.accounts.models import User

logger = logging.getLogger("osk_portal.accounts.audit")


def connect() -> None:
    """Called once, when the app is ready."""
    auth.user_logged_in.connect(signed_in, dispatch_uid="audit")
    auth.user_login_failed.connect(sign_in_failed, dispatch_uid="audit")
    auth.user_logged_out.connect(signed_out, dispatch_uid="audit")
    for signal, event in _OF_A_USER.items():
        signal.connect(_log(event), weak=False, dispatch_uid="audit")
    account.email_confirmed.connect(email_confirmed, dispatch_uid="audit")
    mfa.authenticator_added.connect(authenticator_added, dispatch_uid="audit")
    mfa.authenticator_used.connect(authenticator_used, dispatch_uid="audit")
    mfa.authenticator_removed.connect(authenticator_removed, dispatch_uid="audit")
    mfa.authentication_failed.connect(second_factor_failed, dispatch_uid="audit")
    usersessions.session_client_changed.connect(client_changed, dispatch_uid="audit")


_OF_A_USER = {
    account.user_signed_up: "signed_up",
    account.password_changed: "password_changed",
    account.password_set: "password_set",
    account.password_reset: "password_reset",
    account.email_changed: "email_changed",
    account.email_verification_code_rejected: "email_code_rejected",
    account.password_reset_code_rejected: "password_reset_code_rejected",
    mfa.authenticator_reset: "recovery_codes_renewed",
}


def _write(event: str, level: int = logging.INFO, **ids: object) -> None:
    logger.log(level, "account: %s", event, extra={"event": f"account.{event}", **ids})


def _log(event: str) -> Any:
    def receive(sender: object, user: User | None = None, **kwargs: object) -> None:
        _write(event, user=user.pk if user else None)

    return receive


def signed_in(sender: object, request: HttpRequest, user: User, **kwargs: object) -> None:
    _write("signed_in", user=user.pk)


def sign_in_failed(sender: object, **kwargs: object) -> None:
    """Without the address that was tried: it may be anybody's, or a password in the wrong field."""
    _write("sign_in_failed", logging.WARNING)


def signed_out(sender: object, request: HttpRequest, user: User | None, **kwargs: object) -> None:
    if user is not None:
        _write("signed_out", user=user.pk)


def email_confirmed(sender: object, email_address: Any, **kwargs: object) -> None:
    _write("email_confirmed", user=email_address.user_id)


def authenticator_added(
    sender: object, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: object
) -> None:
    _write("second_factor_added", user=user.pk, factor=str(authenticator.type))
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        second_factor.note(request, user)


def authenticator_used(
    sender: object, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: object
) -> None:
    _write("second_factor_used", user=user.pk, factor=str(authenticator.type))
    second_factor.note(request, user)


def authenticator_removed(
    sender: object, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: object
) -> None:
    _write("second_factor_removed", user=user.pk, factor=str(authenticator.type))
    if not Authenticator.objects.filter(user=user).exists():
        second_factor.forget(request)


def second_factor_failed(sender: object, user: User, **kwargs: object) -> None:
    _write("second_factor_failed", logging.WARNING, user=user.pk)


def client_changed(sender: object, request: HttpRequest, **kwargs: object) -> None:
    _write("session_client_changed", logging.WARNING, user=request.user.pk)
