"""The real path with Debian's clamd and a signature of our own: `make test-clamav`."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from consulting import services
from consulting.enums import CaseState
from consulting.models import CaseFile, FileState
from consulting.services import scanning
from osk_portal.toolkit import clamav, clock
from osk_portal.toolkit.clamav import Outcome
from tests.consulting.conftest import World, disk, world

__all__ = ["disk", "world"]  # fixtures of consulting, used here too

pytestmark = [
    pytest.mark.clamav,
    pytest.mark.django_db,
    pytest.mark.usefixtures("disk"),
]

# The EICAR test text, in parts: in one piece, a scanner on a developer's machine removes this file.
EICAR = "".join(
    ("X5O!P%@AP[4\\PZX54(P^)7CC)7}", "$EICAR-STANDARD-", "ANTIVIRUS-TEST-FILE!", "$H+H*")
).encode()
START_SECONDS = 30


class Clamd:
    """clamd in the foreground, with a database of one line, in a folder that its own user may enter."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "clamd.ctl"
        self.address = f"unix:{self.socket}"
        database = folder / "db"
        database.mkdir()
        # Name, any kind of file, anywhere in it, the text in hexadecimal digits.
        (database / "test.ndb").write_text(f"Test.Eicar:0:*:{EICAR.hex()}\n")
        (folder / "clamd.conf").write_text(
            f"Foreground yes\nDatabaseDirectory {database}\nLocalSocket {self.socket}\n"
            f"LocalSocketMode 600\nStreamMaxLength 2M\nMaxThreads 2\nLogFile {folder}/clamd.log\n"
            "OfficialDatabaseOnly no\nConcurrentDatabaseReload no\n"
        )
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = shutil.which("clamd") or shutil.which("clamd", path="/usr/sbin:/usr/local/sbin")
        if program is None:
            pytest.fail("No clamd found. Install it: apt-get install clamav-daemon")
        self.process = subprocess.Popen(  # the daemon under test
            [program, f"--config-file={self.folder}/clamd.conf"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        waited = clock.now() + timedelta(seconds=START_SECONDS)
        while not clamav.answers(self.address):
            if self.process.poll() is not None or clock.now() > waited:
                pytest.fail(f"clamd does not start: {self._log()}")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.process = None
            self.socket.unlink(missing_ok=True)

    def _log(self) -> str:
        log = self.folder / "clamd.log"
        return log.read_text() if log.exists() else "no log"


@pytest.fixture(scope="module")
def clamd() -> Iterator[Clamd]:
    # A short path: the address of a Unix socket holds 108 bytes.
    with tempfile.TemporaryDirectory(prefix="clamd-") as folder:
        os.chmod(folder, 0o700)  # said here once
        daemon = Clamd(Path(folder))
        daemon.start()
        yield daemon
        daemon.stop()


def test_the_client_and_the_daemon_understand_each_other(clamd: Clamd) -> None:
    assert clamav.answers(clamd.address)
    assert clamav.scan(clamd.address, [b"harmless"]).outcome is Outcome.CLEAN
    assert clamav.scan(clamd.address, [EICAR[:30], EICAR[30:]]) == clamav.Verdict(
        Outcome.FOUND, "Test.Eicar.UNOFFICIAL"
    )
    assert clamav.scan(clamd.address, [b"x" * 1024**2] * 8).outcome is Outcome.TOO_LARGE
    assert clamav.scan(clamd.address, []).outcome in (Outcome.CLEAN, Outcome.BROKEN)


def test_clean_infected_down_and_back(
    clamd: Clamd, world: World, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.OSK_CLAMAV = clamd.address
    case = world.case(CaseState.IN_PROGRESS)
    client = Client()
    client.force_login(world.requester, backend="django.contrib.auth.backends.ModelBackend")

    def add(name: str, data: bytes) -> CaseFile:
        return services.add_file(case_id=case.pk, actor=world.requester, name=name, data=data)

    def status(file: CaseFile) -> int:
        given = client.get(reverse("consulting:file_download", args=[file.public_id]))
        if given.status_code == 200:
            assert b"".join(given.streaming_content)
        return int(given.status_code)

    good, bad = add("gut.txt", b"Guten Tag"), add("boese.txt", b"Anfang\n" + EICAR)
    assert (status(good), status(bad)) == (404, 404)
    path = Path(bad.content.path)
    with django_capture_on_commit_callbacks(execute=True):
        assert scanning.scan(good.pk)
        assert scanning.scan(bad.pk)
    bad.refresh_from_db()
    assert (status(good), status(bad), path.exists()) == (200, 404, False)
    assert (bad.state, bad.finding) == (FileState.INFECTED, "Test.Eicar.UNOFFICIAL")
    assert client.get("/readyz").json()["checks"]["scanner"] == "ok"

    clamd.stop()
    waiting = add("wartet.txt", b"Bis nachher")
    assert not scanning.scan(waiting.pk)
    page = client.get(case.get_absolute_url()).content.decode()
    assert "Die Prüfung ist zurzeit nicht möglich." in page
    assert client.get("/readyz").json()["checks"]["scanner"] == "down"
    assert status(waiting) == 404

    clamd.start()
    CaseFile.objects.filter(pk=waiting.pk).update(next_attempt_at=clock.now() - timedelta(days=1))
    assert scanning.sweep() == 1
    assert scanning.scan(waiting.pk)
    assert status(waiting) == 200
