"""Starts one program of an environment, as another user and out of the portal's reach.

Runs as a program of its own (``python -I -S launcher.py``, the order as JSON on standard input) with the
standard library only: between fork and exec nothing of the portal's memory, files or variables is there.
It first writes files and runs the preparing commands, already as the other user, so that nothing of the
portal's rights ever touches a folder that the product can change. Then it starts the program in a session
of its own and ends; the program belongs to init from then on.

The program writes its own pid and start time before it becomes the product: a worker that is killed at any
moment leaves either nothing running or a process that its state file names.
"""

import ctypes
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from typing import Any

Order = dict[str, Any]

PREPARE_SECONDS = 60
NO_NEW_PRIVILEGES = 38


def main() -> int:
    order = json.load(sys.stdin)
    preparing = os.fork()
    if preparing == 0:
        guarded(prepare, order)
    _, status = os.waitpid(preparing, 0)
    if status:
        return 3
    if order["seed"]:
        # From now on people may change what was written: it never is again.
        mark(order["seeded"])
    if os.fork() == 0:
        guarded(become_program, order)
    return 0


def guarded(step: Callable[[Order], None], order: Order) -> None:
    """Run one step in a forked child; whatever goes wrong is written down, never propagated."""
    code = 127
    try:
        step(order)
        code = 0
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        # The class and the place only: an argument or a text could hold a password.
        name = getattr(error, "filename", "") or ""
        os.write(2, f"launcher: {type(error).__name__} {os.path.basename(str(name))}\n".encode())
    finally:
        os._exit(code)


def prepare(order: Order) -> None:
    output = open_output(order)
    give_up_rights(order)
    os.makedirs("tmp", mode=0o700, exist_ok=True)
    for path, content in (*order["seed"], *order["files"]):
        if os.path.dirname(path):
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        half = f"{path}.new"
        with open(half, "w", encoding="utf-8") as file:
            file.write(content)
        os.replace(half, path)
    for command in order["prepare"]:
        subprocess.run(
            command,
            input=json.dumps(order["secrets"]).encode(),
            stdout=output,
            stderr=output,
            env=order["env"],
            check=True,
            timeout=PREPARE_SECONDS,
        )


def become_program(order: Order) -> None:
    os.setsid()
    write_state(order["state_file"])
    output = open_output(order)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    # Held until here, so that nobody starts a second one meanwhile.
    os.set_inheritable(order["lock"], False)
    give_up_rights(order)
    os.execve(order["argv"][0], order["argv"], order["env"])  # noqa: S606 # starting is its purpose


def write_state(path: str) -> None:
    half = f"{path}.new"
    with open(half, "w", encoding="utf-8") as file:
        json.dump({"pid": os.getpid(), "started": start_time()}, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(half, path)


def mark(path: str) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    os.fsync(file)
    os.close(file)


def start_time() -> str:
    """As osk_portal.embedded.processes counts it; "" where there is no /proc (the portal fills it)."""
    try:
        with open("/proc/self/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
        with open("/proc/sys/kernel/random/boot_id", encoding="utf-8") as file:
            return f"{file.read().strip()}/{fields[19]}"
    except FileNotFoundError:
        return ""


def open_output(order: Order) -> int:
    return os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def give_up_rights(order: Order) -> None:
    """From here on only what the product may do."""
    os.umask(0o077)
    for name, amount in order["limits"].items():
        _, hard = resource.getrlimit(getattr(resource, name))
        least = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
        resource.setrlimit(getattr(resource, name), (least, least))
    if order["uid"] is not None:
        os.setgroups([])
        os.setgid(order["gid"])
        os.setuid(order["uid"])
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    os.chdir(order["home"])


if __name__ == "__main__":
    sys.exit(main())
