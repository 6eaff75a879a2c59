"""What a lost doorbell leaves behind is found; daily work runs once a day and catches up."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend
from django.core.management import call_command
from django.db import connection, transaction

from osk_portal import portal
from osk_portal.notifications import delivery, queue, tasks
from osk_portal.notifications.models import Heartbeat, OutgoingMail, PeriodicRun
from osk_portal.notifications.status import outbox_status
from tests.notifications.conftest import free_port
from tests.notifications.factories import OutgoingMailFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
DELIVER = "osk_portal.notifications.tasks.deliver"


@pytest.fixture
def now(clock):
    return clock.move_to(NOW)


@pytest.fixture
def job():
    """A daily job "test" that notes its runs and can be told to fail."""
    runs: list[str] = []

    def run() -> None:
        runs.append("run")
        if len(runs) in failing:
            raise RuntimeError("this time not")

    failing: set[int] = set()
    portal.daily_jobs.register(portal.DailyJob("test", 1, run))
    yield runs, failing
    portal.daily_jobs._offers.pop("test")


def test_sweep_rings_for_what_is_due(bells, commits, now):
    due = OutgoingMailFactory(next_attempt_at=now)
    left = OutgoingMailFactory(
        state="leased", lease_token=uuid.uuid4(), lease_until=now - timedelta(seconds=1)
    )
    OutgoingMailFactory(next_attempt_at=now + timedelta(seconds=1))
    OutgoingMailFactory(
        state="leased", lease_token=uuid.uuid4(), lease_until=now + timedelta(seconds=1)
    )
    OutgoingMailFactory(dead=True)

    with commits():
        tasks.sweep()

    assert {ring["mail_id"] for ring in bells.of(DELIVER)} == {due.pk, left.pk}


def test_two_sweeps_at_once_do_the_work_of_one(transactional_db, bells):
    OutgoingMailFactory()
    result: list[int] = []

    def second() -> None:
        try:
            result.append(queue.sweep())
        finally:
            connection.close()

    with transaction.atomic(), queue._alone() as alone:
        assert alone
        other = threading.Thread(target=second)
        other.start()
        other.join()

    assert result == [0]
    assert queue.sweep() == 1


def test_outbox_drain_needs_no_broker(mailoutbox, capsys):
    OutgoingMailFactory.create_batch(3)
    OutgoingMailFactory(dead=True)

    call_command("outbox_drain")

    assert len(mailoutbox) == 3
    assert "3 mails handled" in capsys.readouterr().out
    assert not queue.due_mail_ids()


def test_a_lost_mail_is_handled_by_the_task(mailoutbox):
    mail = OutgoingMailFactory()

    tasks.deliver(mail_id=mail.pk)
    tasks.deliver(mail_id=mail.pk)

    assert len(mailoutbox) == 1


def test_status_of_a_portal_that_never_ran():
    status = outbox_status()

    assert status.worker_age is None
    assert not status.worker_is_alive
    assert (status.waiting, status.dead, status.lag) == (0, 0, timedelta(0))


def test_status_counts_and_ages(clock, now):
    queue.sweep()
    queue.sweep()
    OutgoingMailFactory(next_attempt_at=now)
    OutgoingMailFactory(next_attempt_at=now + timedelta(hours=1))
    OutgoingMailFactory(dead=True)
    clock.move_to(now + timedelta(seconds=90))

    status = outbox_status()

    assert (status.waiting, status.dead) == (2, 1)
    assert status.lag == timedelta(seconds=90)
    assert status.worker_age == timedelta(seconds=90)
    assert status.worker_is_alive
    assert Heartbeat.objects.count() == 1


def test_daily_job_rings_until_it_has_run_today(bells, commits, job, now, clock):
    runs, _failing = job

    def rung() -> int:
        bells.rings.clear()
        with commits():
            tasks.run_daily()
        return len([ids for ids in bells.of(queue.RUN_JOB) if ids == {"name": "test"}])

    assert rung() == 1
    tasks.run_job(name="test")
    assert rung() == 0
    tasks.run_job(name="test")
    assert runs == ["run"]
    assert PeriodicRun.objects.get(name="test").last_on == date(2026, 11, 23)

    clock.move_to(now + timedelta(days=3))
    assert rung() == 1
    tasks.run_job(name="test")
    assert runs == ["run", "run"]


def test_berlins_midnight_starts_the_day(job, clock):
    runs, _failing = job
    PeriodicRun.objects.create(name="test", last_on=date(2026, 11, 23))

    clock.move_to(datetime(2026, 11, 23, 22, 59, tzinfo=UTC))
    tasks.run_job(name="test")
    assert runs == []

    clock.move_to(datetime(2026, 11, 23, 23, 1, tzinfo=UTC))
    tasks.run_job(name="test")
    assert runs == ["run"]


def test_a_job_that_failed_is_due_again(job, now, clock):
    runs, failing = job
    PeriodicRun.objects.create(name="test")
    failing.add(1)

    with pytest.raises(RuntimeError):
        tasks.run_job(name="test")
    tasks.run_job(name="test")  # its lease still holds
    assert runs == ["run"]

    clock.move_to(now + timedelta(minutes=11))
    tasks.run_job(name="test")
    assert runs == ["run", "run"]
    assert PeriodicRun.objects.get(name="test").last_on == date(2026, 11, 23)


def test_a_job_that_is_gone_is_no_error():
    tasks.run_job(name="nothing-of-that-name")


def test_every_mail_is_sent_once_by_two_drains(transactional_db, mailoutbox):
    OutgoingMailFactory.create_batch(20)

    def drain() -> None:
        try:
            call_command("outbox_drain")
        finally:
            connection.close()

    drains = [threading.Thread(target=drain) for _ in range(2)]
    for one in drains:
        one.start()
    for one in drains:
        one.join()

    assert len(mailoutbox) == 20
    assert set(OutgoingMail.objects.values_list("state", "attempts")) == {("sent", 1)}


def test_a_server_that_drips_is_left_before_the_lease_ends(settings, caplog):
    """Celery's soft limit (50 s) ends before the lease (60 s): the mail stays with the sweep."""
    settings.EMAIL_BACKEND = f"{__name__}.Dripping"
    mail = OutgoingMailFactory()
    assert tasks.deliver.soft_time_limit < tasks.deliver.time_limit < delivery.LEASE.total_seconds()

    tasks.deliver(mail_id=mail.pk)

    mail.refresh_from_db()
    assert mail.state == "leased"
    assert "mail server too slow" in caplog.text


class Dripping(BaseEmailBackend):
    def send_messages(self, email_messages: Any) -> int:
        raise SoftTimeLimitExceeded


def test_drain_in_a_loop_ends_at_a_signal(transactional_db, database_url):
    """As a service in place of worker and beat: goes on until SIGTERM, then ends well."""
    mail = OutgoingMailFactory()
    name = connection.settings_dict["NAME"]
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "osk_portal.settings",
        "OSK_ENV": "test",
        "OSK_PROCESS": "command",
        "EMAIL_URL": f"smtp://127.0.0.1:{free_port()}",
        "DATABASE_URL": f"{database_url} dbname={name}"
        if "://" not in database_url
        else urlsplit(database_url)._replace(path=f"/{name}").geturl(),
    }
    process = subprocess.Popen(
        [sys.executable, "manage.py", "outbox_drain", "--loop", "--pause", "0.1"],
        cwd=settings.BASE_DIR,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            mail.refresh_from_db()
            if mail.last_error:
                break
            time.sleep(0.1)
        process.terminate()
        out, errors = process.communicate(timeout=30)
    finally:
        process.kill()

    assert process.returncode == 0, errors
    assert "1 mails handled" in out
    assert (mail.state, mail.attempts) == ("pending", 1)
    assert "Refused" in mail.last_error
