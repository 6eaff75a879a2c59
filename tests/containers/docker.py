"""A Docker of our own for tests, with the same face as our Podman: its command line takes the same words."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from dataclasses import dataclass

from osk_portal.embedded.processes import wait_until
from tests.containers.podman import Podman

_CHAINS = ("DOCKER", "DOCKER-ISOLATION-STAGE-1", "DOCKER-ISOLATION-STAGE-2", "DOCKER-USER")


@dataclass
class Docker(Podman):
    """Its containers end with it where they are not asked to live on, so it is asked to."""

    @property
    def socket(self) -> str:
        return f"unix://{self.folder}/docker.sock"

    def command(self, *words: str) -> list[str]:
        return ["docker", "--host", self.socket, *words]

    def run(self, *words: str, stdin: bytes | None = None) -> str:
        # Only a swarm has secrets here, and we use none.
        return "" if words[0] == "secret" else super().run(*words, stdin=stdin)

    def start(self) -> None:
        self.variables = {**os.environ, "DOCKER_CONFIG": str(self.folder)}
        with (self.folder / "service.log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    "dockerd",
                    "--host", self.socket,
                    "--data-root", str(self.folder / "root"),
                    "--exec-root", str(self.folder / "runroot"),
                    "--pidfile", str(self.folder / "docker.pid"),
                    "--storage-driver", "vfs",
                    "--bridge", "none",
                    "--live-restore",
                ],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )  # fmt: skip
        assert wait_until(self.answers, 30), (self.folder / "service.log").read_text()

    def answers(self) -> bool:
        asked = subprocess.run(self.command("version"), capture_output=True, check=False)
        return asked.returncode == 0

    def stop(self) -> None:
        if self.process is not None:
            # With its containerd, which would stay and hold the folder.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            (self.folder / "docker.pid").unlink(missing_ok=True)
            self.process = None

    def end(self) -> None:
        for kind, words in (
            ("container", ("rm", "--force", "--volumes")),
            ("network", ("rm",)),
            ("volume", ("rm", "--force")),
        ):
            names = self.run(kind, "ls", "--quiet", *(["--all"] if kind == "container" else []))
            standard = self.run("network", "ls", "--quiet", "--filter", "type=builtin").split()
            if found := [name for name in names.split() if name not in standard]:
                self.run(kind, *words, *found)
        assert self.process is not None
        self.process.terminate()
        self.process.wait()
        _forget_rules()
        shutil.rmtree(self.folder)


def _forget_rules() -> None:
    """Docker leaves its chains in the machine's packet filter."""
    for table in ("filter", "nat"):
        told = subprocess.run(["iptables", "-t", table, "-S"], capture_output=True, check=True)
        rules = [line.split() for line in told.stdout.decode().splitlines()]
        for rule in rules:
            if rule[0] == "-A" and ({*rule[1:]} & {*_CHAINS}):
                subprocess.run(["iptables", "-t", table, "-D", *rule[1:]], check=True)
        for rule in rules:
            if rule[0] == "-N" and rule[1] in _CHAINS:
                subprocess.run(["iptables", "-t", table, "-X", rule[1]], check=True)
