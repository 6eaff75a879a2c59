from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NetworkConfig(AppConfig):
    name = "network"
    verbose_name = _("Network")

    def ready(self) -> None:
        from allauth.account import signals
        from django.contrib.auth.signals import user_logged_in

        user_logged_in.connect(signed_in, dispatch_uid="network")
        signals.email_confirmed.connect(email_confirmed, dispatch_uid="network")
        signals.email_changed.connect(email_changed, dispatch_uid="network")
        signals.user_signed_up.connect(signed_up, dispatch_uid="network")


def email_confirmed(sender: object, email_address: Any, **kwargs: object) -> None:
    from network import services

    services.join_by_domain(user=email_address.user)


def signed_up(sender: object, user: Any, **kwargs: object) -> None:
    """The identity provider may have verified the address already."""
    from network import services

    services.join_by_domain(user=user)


def email_changed(sender: object, user: Any, **kwargs: object) -> None:
    """The old address is gone by now: its proof goes with it."""
    from network import services

    services.suspend_unproved(user=user)


def signed_in(sender: object, user: Any, **kwargs: object) -> None:
    """Who signs in is still there."""
    from network import presence

    presence.signed_in(user=user)
