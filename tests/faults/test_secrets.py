"""The password of an environment stands nowhere in the clear: not in the database, the broker, a log or a mail."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.conftest import Faults

pytestmark = [pytest.mark.faults]

DUMP = """
from django.db import connection
parts = []
with connection.cursor() as cursor:
    cursor.execute("SELECT quote_ident(table_name) FROM information_schema.tables WHERE table_schema = 'public'")
    tables = [row[0] for row in cursor.fetchall()]
    for table in tables:
        cursor.execute(f"SELECT t::text FROM {table} t")
        parts += [row[0] for row in cursor.fetchall()]
answer = "\\n".join(parts)
"""
BROKER = """
import redis
from django.conf import settings
client, parts = redis.Redis.from_url(settings.CELERY_BROKER_URL), []
for key in client.scan_iter():
    kind = client.type(key).decode()
    read = {"string": client.get, "list": lambda k: client.lrange(k, 0, -1), "hash": client.hgetall,
            "set": client.smembers, "zset": lambda k: client.zrange(k, 0, -1)}[kind]
    parts.append(f"{key!r} {read(key)!r}")
answer = "\\n".join(parts)
"""
SIGNED_IN = """
from django.conf import settings
from django.test import Client
e = newest({booking})
browser = Client()
browser.force_login(e.booking.booked_by, backend=settings.AUTHENTICATION_BACKENDS[0])
answer = [settings.SESSION_COOKIE_NAME, browser.session.session_key, settings.CSRF_COOKIE_NAME]
"""


def shown(faults: Faults, booking: int) -> str:
    """As a browser has it shown, through the web process."""
    from django.urls import reverse

    name, session, csrf = faults.ask(SIGNED_IN.format(booking=booking))
    ids = faults.ask(
        f"e = newest({booking})\n"
        "answer = [str(e.booking.public_id), str(e.credentials.shown().first().public_id)]"
    )
    token = "x" * 32
    request = urllib.request.Request(  # noqa: S310 # our own stack
        faults.stack.url.rstrip("/") + reverse("sandbox:credential_reveal", args=ids),
        data=f"csrfmiddlewaretoken={token}".encode(),
        headers={"Cookie": f"{name}={session}; {csrf}={token}"},
    )
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 # as above
        page: str = response.read().decode()
    [password] = re.findall(r"data-secret>([^<]+)<", page)
    return password


def files(folder: Path) -> Iterator[Path]:
    """All that the portal and its servers wrote; not the home of the product, which must know it."""
    for path in folder.rglob("*"):
        if path.is_file() and "home" not in path.relative_to(folder).parts:
            yield path


def where(faults: Faults, wanted: str) -> list[str]:
    needle = wanted.encode()
    found = [
        str(path.relative_to(faults.stack.var))
        for path in files(faults.stack.var)
        if needle in path.read_bytes()
    ]
    found += [
        name for name, text in (("dump", DUMP), ("broker", BROKER)) if wanted in faults.ask(text)
    ]
    return found


def test_a_password_is_nowhere_in_the_clear_and_gone_at_the_end(faults: Faults) -> None:
    booking = faults.book()
    faults.wait_for(booking, "ready")
    password = shown(faults, booking)
    assert password in faults.ask(
        f"answer = list(services.plain_credentials(newest({booking})).values())"
    )
    mails = faults.stack.mail_folder
    faults.until(lambda: any(mails.rglob("*.eml")), 60, "the mail that it is ready")
    key = faults.ask(f"answer = newest({booking}).backend_key")
    assert "dump" in where(faults, key), "the search finds what is there"
    assert any("worker" in name for name in where(faults, key))

    assert where(faults, password) == []

    faults.end(booking)
    faults.wait_for(booking, "gone")
    assert where(faults, password) == []
    left = faults.ask(
        f"e = newest({booking})\n"
        "answer = [list(e.credentials.values_list('secret', flat=True)),"
        " e.credentials.filter(wiped_at=None).count(), e.log_tail]"
    )
    assert set(left[0]) == {""}
    assert left[1:] == [0, ""]
    for path in (faults.stack.var / "sandboxes").rglob("*"):
        assert not path.is_file() or password.encode() not in path.read_bytes()
