"""A Podman of our own for tests: its service, storage, networks and images lie in one folder."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

from osk_portal.embedded.processes import wait_until

BUSYBOX = "localhost/osk-busybox:test"

# Without systemd: cgroupfs, and limits that a container inside of a container may set.
CONFIGURATION = """\
[containers]
log_driver = "k8s-file"
default_ulimits = ["nofile=16384:16384", "nproc=16384:16384"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
[network]
network_backend = "netavark"
network_config_dir = "{networks}"
"""


@dataclass
class Podman:
    """Started with ``start``, ended with ``end``: nothing of it stays on the machine."""

    folder: Path
    process: subprocess.Popen[bytes] | None = None
    variables: dict[str, str] = field(default_factory=dict)
    registries: str = ""
    """What stands in registries.conf."""

    @property
    def socket(self) -> str:
        return f"unix://{self.folder}/podman.sock"

    def command(self, *words: str) -> list[str]:
        folders = ("root", "runroot", "tmpdir")
        places = [f"--{name}={self.folder / name}" for name in folders]
        return ["podman", *places, "--log-level=error", *words]

    def run(self, *words: str, stdin: bytes | None = None) -> str:
        done = subprocess.run(
            self.command(*words), input=stdin, capture_output=True, env=self.variables, check=False
        )
        assert done.returncode == 0, done.stderr.decode("utf-8", "replace")[-2000:]
        return done.stdout.decode("utf-8", "replace")

    def script(self, *words: str) -> None:
        """A shell script that asks for the engine by the name PODMAN."""
        variables = {**self.variables, "PODMAN": " ".join(self.command())}
        done = subprocess.run(words, capture_output=True, env=variables, check=False)
        assert done.returncode == 0, done.stderr.decode("utf-8", "replace")[-2000:]

    def start(self) -> None:
        configuration = self.folder / "containers.conf"
        configuration.write_text(CONFIGURATION.format(networks=self.folder / "networks"))
        registries = self.folder / "registries.conf"
        registries.write_text(self.registries)
        self.variables = {
            **os.environ,
            "CONTAINERS_CONF": str(configuration),
            "CONTAINERS_REGISTRIES_CONF": str(registries),
        }
        with (self.folder / "service.log").open("wb") as log:
            self.process = subprocess.Popen(
                self.command("system", "service", "--time=0", self.socket),
                env=self.variables,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        path = Path(self.socket.removeprefix("unix://"))
        assert wait_until(path.exists, 20), (self.folder / "service.log").read_text()

    def stop(self) -> None:
        """kill -9 of the service only: what it has started goes on."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            Path(self.socket.removeprefix("unix://")).unlink(missing_ok=True)
            self.process = None

    def end(self) -> None:
        self.run("rm", "--all", "--force", "--time=0", "--volumes")
        for network in self.run("network", "ls", "--quiet").split():
            if network != "podman":
                self.run("network", "rm", "--force", network)
        self.stop()
        self.run("image", "rm", "--all", "--force")
        shutil.rmtree(self.folder)

    def import_busybox(self) -> None:
        """An image of 2 MB, from Debian's static busybox: no registry is asked."""
        busybox = Path(shutil.which("busybox") or "/bin/busybox").read_bytes()
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            for path, mode in (("bin", 0o755), ("etc", 0o755), ("data", 0o777), ("tmp", 0o1777)):
                folder = tarfile.TarInfo(path)
                folder.type, folder.mode = tarfile.DIRTYPE, mode
                tar.addfile(folder)
            program = tarfile.TarInfo("bin/busybox")
            program.size, program.mode = len(busybox), 0o755
            tar.addfile(program, io.BytesIO(busybox))
            for name in (
                "sh",
                "timeout",
                "httpd",
                "sleep",
                "cat",
                "nc",
                "id",
                "touch",
                "ls",
                "wget",
                "ip",
            ):
                link = tarfile.TarInfo(f"bin/{name}")
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                tar.addfile(link)
        self.run("import", "-", BUSYBOX, stdin=buffer.getvalue())
