"""A broker that is down costs a warning and less than half a second, never an error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from celery import current_app
from django.conf import settings
from django.db import transaction

from osk_portal.notifications import doorbell, queue, services
from tests.notifications.conftest import free_port

# In a process of its own, with a broker address that nobody listens on.
PROGRAM = """
import json, logging, time
import django
django.setup()
logging.disable(logging.NOTSET)
from django.db import transaction
from osk_portal.notifications import doorbell
times = []
for number in range(3):
    start = time.monotonic()
    with transaction.atomic():
        doorbell.ring("osk_portal.notifications.tasks.deliver", mail_id=number)
    times.append(time.monotonic() - start)
print(json.dumps({"failures": doorbell.failures(), "times": times}))
"""


def test_refused_broker_is_silent_and_quick(database_url: str) -> None:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "osk_portal.settings",
        "OSK_ENV": "test",
        "OSK_PROCESS": "web",
        "DATABASE_URL": database_url,
        "CELERY_BROKER_URL": f"redis://127.0.0.1:{free_port()}/0",
        "PYTHONPATH": str(settings.BASE_DIR),
    }

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment,
        cwd=Path(settings.BASE_DIR),
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["failures"] == 3
    # The first costs a refused connection, the others nothing: the bell is silent for a while.
    assert result["times"][0] < 3
    assert max(result["times"][1:]) < 0.1
    assert done.stderr.count("broker unreachable") == 1


@pytest.mark.django_db(transaction=True)
def test_rings_after_the_commit_only(bells) -> None:
    with transaction.atomic():
        doorbell.ring(services.DELIVER, mail_id=1)
        assert bells.rings == []

    assert bells.rings == [(services.DELIVER, {"mail_id": 1})]


@pytest.mark.parametrize("name", [services.DELIVER, queue.RUN_JOB])
def test_rung_names_are_tasks_with_a_queue(name: str) -> None:
    current_app.loader.import_default_modules()

    assert name in current_app.tasks
    route = current_app.amqp.router.route({}, name)
    assert route["queue"].name in settings.CELERY_TASK_QUEUES


def test_beat_rings_tasks_that_exist() -> None:
    current_app.loader.import_default_modules()
    ours = {
        entry["task"]
        for entry in settings.CELERY_BEAT_SCHEDULE.values()
        if entry["task"].startswith("osk_portal.")
    }

    assert ours <= set(current_app.tasks)
