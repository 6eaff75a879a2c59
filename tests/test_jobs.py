"""Invariants of the jobs: every ring has a task, every task a queue, and all waiting lives in rows."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings

from osk_portal.celery import app

ROOT = Path(__file__).resolve().parent.parent
APPS = ("osk_portal", "network", "catalog", "sandbox", "consulting")
TASK_NAME = re.compile(rf"({'|'.join(APPS)})(\.\w+)*\.tasks\.\w+")
BANNED_KEYWORDS = {"eta", "countdown", "autoretry_for", "retry_backoff", "max_retries"}


def _own_tasks() -> list[str]:
    app.loader.import_default_modules()
    return sorted(name for name in app.tasks if not name.startswith("celery."))


def _calls() -> list[tuple[Path, ast.Call]]:
    return [
        (path, node)
        for folder in APPS
        for path in sorted((ROOT / folder).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    ]


def _name(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def test_every_task_name_in_the_code_is_registered() -> None:
    """A doorbell rings by name; a name with no task behind it would ring unheard."""
    named = {
        node.value
        for folder in APPS
        for path in sorted((ROOT / folder).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and TASK_NAME.fullmatch(node.value)
    }

    assert len(named) >= 3
    assert named <= set(_own_tasks())


def test_every_scheduled_task_is_registered() -> None:
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}

    assert scheduled <= set(_own_tasks())


@pytest.mark.parametrize("name", _own_tasks())
def test_every_task_has_a_queue_that_workers_eat(name: str) -> None:
    route = app.amqp.router.route({}, name)

    assert route["queue"].name in {"default", "mail", "provision", "fetch"}


def test_a_running_task_is_not_given_out_again() -> None:
    from osk_portal import settings as portal_settings

    source = Path(portal_settings.__file__).read_text(encoding="utf-8")
    assert '"visibility_timeout": 900' in source
    assert settings.CELERY_TASK_TIME_LIMIT < 900


def test_nothing_waits_in_the_broker() -> None:
    waiting = [
        f"{path.name}:{call.lineno} {keyword.arg}"
        for path, call in _calls()
        for keyword in call.keywords
        if _name(call) in {"apply_async", "send_task", "shared_task", "task", "retry", "signature"}
        and keyword.arg in BANNED_KEYWORDS
    ]

    assert waiting == []


def test_only_the_doorbell_touches_the_broker() -> None:
    touching = {
        str(path.relative_to(ROOT))
        for path, call in _calls()
        if _name(call) in {"send_task", "apply_async", "delay", "delay_on_commit"}
    }

    assert touching == {"osk_portal/notifications/doorbell.py"}
