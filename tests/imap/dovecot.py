"""A real Dovecot on loopback, with its own configuration and mailbox in a folder of its own."""

from __future__ import annotations

import getpass
import grp
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from osk_portal.toolkit import clock

PASSWORD = 'geheim-"quoted"-wort'
PROGRAM = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
START_SECONDS = 15

CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {login}
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = no
mail_location = maildir:{folder}/mail
first_valid_uid = 0
first_valid_gid = 0
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Erledigt {{
    auto = create
  }}
  mailbox "Geprüft & fertig" {{
    auto = create
  }}
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


@dataclass
class Dovecot:
    folder: Path
    port: int
    tls_port: int
    user: str

    @property
    def mail(self) -> Path:
        return self.folder / "mail"

    def deliver(self, raw: bytes, name: str) -> None:
        """As a delivery agent does: into tmp, then with one move to new."""
        for each in ("tmp", "new", "cur"):
            (self.mail / each).mkdir(parents=True, exist_ok=True)
        (self.mail / "tmp" / name).write_bytes(raw)
        for place in (self.mail, *self.mail.rglob("*")):
            shutil.chown(place, self.user)
        (self.mail / "tmp" / name).rename(self.mail / "new" / name)

    def empty(self) -> None:
        """Take every mail away, behind the server's back."""
        for each in self.mail.rglob("*"):
            if each.parent.name in ("new", "cur") and each.is_file():
                each.unlink()

    def files(self, folder: str = "") -> list[str]:
        place = self.mail / folder if folder else self.mail
        return sorted(p.name for each in ("new", "cur") for p in (place / each).glob("*"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(folder: Path) -> Iterator[Dovecot]:
    """Starts a Dovecot that ends with the block."""
    assert PROGRAM, "dovecot-imapd is missing: make test-imap installs it on Debian"
    # Dovecot's own processes never run as root; its package brings users for them.
    is_root = os.getuid() == 0
    user = "dovecot" if is_root else getpass.getuser()
    folder.chmod(0o755)
    dovecot = Dovecot(folder, _free_port(), _free_port(), user)
    dovecot.mail.mkdir()
    shutil.chown(dovecot.mail, user)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True,
        capture_output=True,
    )  # fmt: skip
    (folder / "users").write_text(f"osk@osk.example:{{PLAIN}}{PASSWORD}\n")
    configuration = folder / "dovecot.conf"
    configuration.write_text(
        CONFIGURATION.format(
            folder=folder,
            user=user,
            group=grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name,
            login="dovenull" if is_root else user,
            uid=pwd.getpwnam(user).pw_uid,
            gid=pwd.getpwnam(user).pw_gid,
            port=dovecot.port,
            tls_port=dovecot.tls_port,
        )
    )
    process = subprocess.Popen([PROGRAM, "-F", "-c", configuration], stderr=subprocess.PIPE)
    try:
        _wait(dovecot, process)
        yield dovecot
    finally:
        process.terminate()
        process.communicate(timeout=10)


def _wait(dovecot: Dovecot, process: subprocess.Popen[bytes]) -> None:
    end = clock.now().timestamp() + START_SECONDS
    while clock.now().timestamp() < end:
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", dovecot.tls_port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    log = dovecot.folder / "dovecot.log"
    said = process.stderr.read() if process.poll() is not None and process.stderr else b""
    raise AssertionError(
        f"Dovecot did not start: {said!r} {log.read_text() if log.exists() else ''}"
    )
