"""Production settings: clean by Django's own check, and refused where they are unsafe."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

ROOT = Path(__file__).resolve().parent.parent


def _manage(*arguments: str, **changed: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "OSK_ENV": "production",
        "SECRET_KEY": "zufaellig-" + "".join(chr(97 + n % 26) for n in range(60)) + "-0123456789",
        "OSK_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "DATABASE_URL": "postgresql://osk:geheim@db.osk.example/osk",
        "CELERY_BROKER_URL": "redis://broker.osk.example/0",
        "EMAIL_URL": "smtp://mail.osk.example:587",
        "OSK_BASE_URL": "https://osk.example",
        "OSK_PROXY_COUNT": "1",
        "OSK_TRUST_FORWARDED_PROTO": "1",
        **changed,
    }
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={name: value for name, value in environment.items() if value},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_check_deploy_is_clean() -> None:
    done = _manage("check", "--deploy", "--fail-level", "WARNING")

    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"OSK_ENCRYPTION_KEYS": ""}, "OSK_ENCRYPTION_KEYS"),
        ({"DATABASE_URL": ""}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://%zz"}, "DATABASE_URL"),
        ({"CELERY_BROKER_URL": ""}, "CELERY_BROKER_URL"),
        ({"OSK_DEMO": "1"}, "OSK_DEMO"),
        ({"OSK_ENV": "staging"}, "OSK_ENV"),
    ],
)
def test_unsafe_production_settings_stop_the_start(changed: dict[str, str], said: str) -> None:
    done = _manage("check", **changed)

    assert done.returncode != 0
    assert said in done.stderr.splitlines()[-1]
