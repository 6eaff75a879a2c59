"""The ground of the portal: settings, toolkit, accounts, notifications, shared pages."""

from osk_portal.celery import app as celery_app

__all__ = ["celery_app"]
