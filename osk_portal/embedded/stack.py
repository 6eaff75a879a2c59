"""The whole portal on one machine: servers, web, worker and beat.

`make run` drives it (supervisor.py), and so do the tests that need real processes.
"""

import contextlib
import hashlib
import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from cryptography.fernet import Fernet

from osk_portal.embedded.mailcatcher import EmbeddedMailCatcher
from osk_portal.embedded.postgres import EmbeddedPostgres
from osk_portal.embedded.processes import EmbeddedError
from osk_portal.embedded.programs import (
    Beat,
    MailSink,
    WebServer,
    Worker,
    can_listen,
    loopbacks,
    run_step,
)
from osk_portal.embedded.service import PROJECT, Service, free_port, hold
from osk_portal.embedded.valkey import EmbeddedValkey

PREPARE_SECONDS = 600.0
REAP_SECONDS = 60.0
REAP_COMMAND = PROJECT / "sandbox" / "management" / "commands" / "sandbox_reap.py"

ADDRESSES = ("DATABASE_URL", "CELERY_BROKER_URL", "EMAIL_URL")
# What osk_portal/settings.py reads beside OSK_*; a stack of its own must not inherit it.
SETTINGS_NAMES = frozenset(
    {
        "ALLOWED_HOSTS",
        "CELERY_BROKER_URL",
        "CSRF_TRUSTED_ORIGINS",
        "DATABASE_URL",
        "DJANGO_SETTINGS_MODULE",
        "EMAIL_URL",
        "PORT",
        "SECRET_KEY",
    }
)


def bare_environment() -> dict[str, str]:
    """Our environment without the portal's settings: for a stack of one's own in a test.

    Such a stack asks no forge: "none" is the name of no host.
    """
    ours = {
        name: value
        for name, value in os.environ.items()
        if name not in SETTINGS_NAMES and not name.startswith("OSK_")
    }
    return {**ours, "OSK_FETCH_HOSTS": "none"}


class Stack:
    """Starts what `environment` does not name, and the portal on top of it.

    Children: `database`, `broker` and `mail` (each only where it is embedded), `web`, `worker` and
    `beat`, and `sink`, which takes the mails of test environments, where there is an engine. All state
    lies in `var`. `durable=False` is for tests that never kill the database. `say` gets a line for people
    now and then. Setting `cancel` ends a start with Interrupted.
    """

    def __init__(
        self,
        var: Path,
        port: int,
        *,
        demo: bool = True,
        durable: bool = True,
        environment: Mapping[str, str] | None = None,
        say: Callable[[str], None] = lambda line: None,
        cancel: threading.Event | None = None,
    ) -> None:
        self.var = var.absolute()
        self.port = port
        self.demo = demo
        self.durable = durable
        self.say = say
        self.cancel = cancel
        self.mail_folder = self.var / "mail"
        self._given = dict(os.environ if environment is None else environment)
        self._lock: IO[bytes] | None = None
        self._secrets: dict[str, str] = {}
        self._mail_port = 0
        self._resting: set[str] = set()
        self._servers: dict[str, Service] = {}
        self._addresses: dict[str, Callable[[], str]] = {}
        if not self._given.get("DATABASE_URL"):
            database = EmbeddedPostgres(self.var / "postgresql", durable=durable)
            self._servers["database"] = database
            self._addresses["DATABASE_URL"] = database.url
        if not self._given.get("CELERY_BROKER_URL"):
            broker = EmbeddedValkey(self.var / "valkey")
            self._servers["broker"] = broker
            self._addresses["CELERY_BROKER_URL"] = broker.url
        if not self._given.get("EMAIL_URL"):
            mail = EmbeddedMailCatcher(self.var / "run" / "mail", self.mail_folder)
            self._servers["mail"] = mail
            self._addresses["EMAIL_URL"] = mail.url
        run = self.var / "run"
        self._programs: dict[str, Service] = {
            "web": WebServer(run / "web", self.environment, port),
            "worker": Worker(run / "worker", self.environment),
            "beat": Beat(run / "beat", self.environment),
        }
        if self._given.get("OSK_SANDBOX_ENGINE"):
            # Only containers of a real engine send mail; the products of a plain try-out do not.
            self._programs["sink"] = MailSink(run / "sink", self.environment)
        self.children = {**self._servers, **self._programs}
        for child in self.children.values():
            child.cancel = cancel

    @property
    def url(self) -> str:
        """The address for a browser. A name, because passkeys refuse an IP address."""
        return f"http://localhost:{self.port}/"

    @property
    def is_embedded(self) -> bool:
        return bool(self._servers)

    @property
    def has_demo_world(self) -> bool:
        return self.demo and self._demo_marker().exists()

    def environment(self) -> dict[str, str]:
        """What the portal's processes, and a command by hand, are given."""
        return {**self._given, **self._settings()}

    def start(self) -> None:
        """Start everything and wait until all of it answers.

        Ends what a killed earlier run left in `var`. Raises EmbeddedError with a text for people:
        the port is taken, another run uses `var`, a part does not come up. Then nothing stays.
        """
        if self.is_embedded and self._given.get("OSK_ENV") == "production":
            raise EmbeddedError(
                "Mit OSK_ENV=production wird nichts eingebaut gestartet: Setzen Sie DATABASE_URL, "
                "CELERY_BROKER_URL und EMAIL_URL.\n"
                "With OSK_ENV=production nothing embedded is started: set DATABASE_URL, "
                "CELERY_BROKER_URL and EMAIL_URL."
            )
        self._hold_var()
        try:
            for child in reversed(self.children.values()):
                child.end_leftover()
            self._check_port()
            self._secrets = self._read_or_make_secrets()
            _start_together(self._servers.values())
            self._write_run_file()
            self._prepare()
            _start_together(self._programs.values())
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End everything in reverse order, test environments too; safe to call twice."""
        if self._lock is None:
            return
        for program in reversed(self._programs.values()):
            program.stop()
        self._reap_sandboxes()
        self._run_file.unlink(missing_ok=True)
        for server in reversed(self._servers.values()):
            server.stop()
        self._lock.close()
        self._lock = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    # Single children, for the tests of faults.

    def child(self, name: str) -> Service:
        return self.children[name]

    def kill(self, name: str) -> None:
        """kill -9 a child and its group."""
        self.children[name].kill()

    def stop_child(self, name: str) -> None:
        """Stop a child in order, and leave it so until start_child()."""
        self._resting.add(name)
        self.children[name].stop()

    def start_child(self, name: str) -> None:
        """Start a child that was killed or stopped; its address stays the same."""
        self._resting.discard(name)
        self.children[name].start()

    def restart(self, name: str) -> None:
        self.stop_child(name)
        self.start_child(name)

    def ended(self) -> list[str]:
        """The names of the children that should run and do not."""
        return [
            name
            for name, child in self.children.items()
            if name not in self._resting and not child.is_running
        ]

    def own_pids(self) -> set[int]:
        return {child.pid for child in self.children.values() if child.is_running}

    def manage(self, *arguments: str, seconds: float = 120.0) -> subprocess.CompletedProcess[str]:
        """Run a manage.py command against this stack; the caller looks at the return code."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=PROJECT,
            env={**self.environment(), "OSK_PROCESS": "command"},
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    # The steps of start() and stop().

    def _hold_var(self) -> None:
        self.var.mkdir(parents=True, exist_ok=True)
        (self.var / "run").mkdir(exist_ok=True)
        self._lock = self._lock or hold(self.var / "run" / "lock")
        if self._lock is None:
            raise EmbeddedError(
                f"Das Portal läuft schon mit dem Ordner {self.var}. Beenden Sie es, oder nehmen "
                "Sie für ein zweites einen anderen Ordner (OSK_VAR) und einen anderen PORT.\n"
                f"The portal already runs with the folder {self.var}. Stop it, or take another "
                "folder (OSK_VAR) and another PORT for a second one."
            )

    def _check_port(self) -> None:
        if not all(can_listen(address.strip("[]"), self.port) for address in loopbacks()):
            other = self.port + 1 if self.port >= 1024 else 8000
            raise EmbeddedError(
                f"Der Port {self.port} ist belegt oder nicht erlaubt. "
                f"Wählen Sie einen anderen: PORT={other} make run\n"
                f"The port {self.port} is taken or not allowed. "
                f"Choose another one: PORT={other} make run"
            )

    def _settings(self) -> dict[str, str]:
        settings = {name: self._given[name] for name in ADDRESSES if self._given.get(name)}
        settings.update((name, address()) for name, address in self._addresses.items())
        settings["PORT"] = str(self.port)
        settings["OSK_VAR"] = str(self.var)
        settings["OSK_ENV"] = self._given.get("OSK_ENV") or "tryout"
        settings["OSK_DEMO"] = "1" if self.demo else "0"
        if (
            self.demo
        ):  # the demo world's entries name real repositories: nobody asks for them unasked
            settings["OSK_FETCH_HOSTS"] = self._given.get("OSK_FETCH_HOSTS") or "none"
        settings["OSK_BASE_URL"] = self._given.get("OSK_BASE_URL") or self.url.rstrip("/")
        if "sink" in self._programs:
            self._mail_port = self._mail_port or free_port()
            settings["OSK_SANDBOX_MAIL_PORT"] = self._given.get("OSK_SANDBOX_MAIL_PORT") or str(
                self._mail_port
            )
        for name, value in self._secrets.items():
            settings[name] = self._given.get(name) or value
        return settings

    def _read_or_make_secrets(self) -> dict[str, str]:
        """The try-out's own keys, made once: a second start can read what the first encrypted."""
        file = self.var / "secrets.env"
        if not file.exists():
            made = {
                "SECRET_KEY": secrets.token_urlsafe(60),
                "OSK_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            }
            _write_privately(file, made)
        lines = file.read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    @property
    def _run_file(self) -> Path:
        """Read by the settings, so that a manage.py by hand finds the parts that run now."""
        return self.var / "run.env"

    def _write_run_file(self) -> None:
        _write_privately(self._run_file, self._settings())

    def _prepare(self) -> None:
        command = ["-m", "osk_portal.embedded", "prepare"]
        if self.demo:
            command += ["--demo", str(self._demo_marker())]
        run_step(
            command,
            self.environment(),
            self.var / "run" / "prepare.log",
            seconds=PREPARE_SECONDS,
            cancel=self.cancel,
        )

    def _demo_marker(self) -> Path:
        """Says that the demo world has been loaded; lies beside the data it speaks of."""
        if "database" in self._servers:
            return self._servers["database"].folder / "demo-loaded"
        address = self._given["DATABASE_URL"].encode()
        return self.var / f"demo-loaded-{hashlib.sha256(address).hexdigest()[:12]}"

    def _reap_sandboxes(self) -> None:
        """End the test environments: they left the worker's process group on purpose.

        A booking lasts for days, so their data stays for the next start, whose reconciliation
        starts them again; a throwaway stack leaves nothing.
        """
        database = self._servers.get("database")
        if not REAP_COMMAND.exists() or not self._run_file.exists():
            return
        if database is not None and not database.is_running:
            return
        try:
            run_step(
                ["manage.py", "sandbox_reap", "--stop" if self.durable else "--all"],
                self.environment(),
                self.var / "run" / "reap.log",
                seconds=REAP_SECONDS,
            )
        except EmbeddedError as error:
            self.say(str(error))


def _start_together(children: Iterable[Service]) -> None:
    children = list(children)
    for child in children:
        child.launch()
    for child in children:
        child.wait_until_ready()


def _write_privately(file: Path, values: Mapping[str, str]) -> None:
    half = file.with_suffix(".new")
    with contextlib.suppress(FileNotFoundError):
        half.unlink()
    with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.writelines(f"{name}={value}\n" for name, value in values.items())
    half.rename(file)
