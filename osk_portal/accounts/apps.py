from __future__ import annotations

from typing import Any

from django.apps import AppConfig, apps
from django.db import connections
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "osk_portal.accounts"
    label = "accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        from osk_portal.accounts import receivers

        receivers.connect()
        # The last app, so that every app's permissions are there.
        post_migrate.connect(
            ensure_reference_data,
            sender=list(apps.get_app_configs())[-1],
            dispatch_uid="reference_data",
        )


def ensure_reference_data(using: str, **kwargs: Any) -> None:
    """Write what must always be there (portal.reference_data): after each migrate, and each flush of tests.

    After ``migrate <one app>`` on an empty database it waits for the rest of the tables.
    """
    from osk_portal import portal

    tables = connections[using].introspection
    if set(tables.django_table_names()) - set(tables.django_table_names(only_existing=True)):
        return
    for offer in portal.reference_data:
        offer.ensure()
