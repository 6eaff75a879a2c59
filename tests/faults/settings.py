"""The portal's settings for stacks in which faults are ordered: quicker beats, and hooks at every engine call."""

from osk_portal.settings import *  # noqa: F403 # the same file

INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults.hooks.Hooks"]  # noqa: F405 # from the line above
# Whatever was not begun in time is rung for anew: on a busy machine nothing piles up.
CELERY_BEAT_SCHEDULE = {
    "sweep-outbox": {"task": "osk_portal.notifications.tasks.sweep", "schedule": 2.0},
    "tick-sandbox": {"task": "sandbox.tasks.tick", "schedule": 1.0, "options": {"expires": 1.0}},
    "reconcile-sandbox": {
        "task": "sandbox.tasks.reconcile",
        "schedule": 3.0,
        "options": {"expires": 3.0},
    },
}
CELERY_BROKER_TRANSPORT_OPTIONS = {
    **CELERY_BROKER_TRANSPORT_OPTIONS,  # noqa: F405 # as above
    "visibility_timeout": 5,
    "unacked_restore_interval": 1,
}
