"""A process beside a stack that runs what a test says and answers in JSON: one start, many questions.

``python -m tests.faults.console`` with the stack's variables. Each line of standard input is a Python text in
JSON; what it assigns to ``answer`` is written back as a line.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from osk_portal.embedded.service import PROJECT


class Console:
    def __init__(self, environment: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.console"],
            cwd=PROJECT,
            env={**environment, "OSK_PROCESS": "command"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, text: str) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(text) + "\n")
        self.process.stdin.flush()
        found = json.loads(self.process.stdout.readline())
        assert "error" not in found, found["error"]
        return found["answer"]

    def close(self) -> None:
        self.process.communicate()


def main() -> None:
    import traceback

    import django

    django.setup()
    from django.db import connections

    names: dict[str, Any] = {}
    for line in sys.stdin:
        names["answer"] = None
        try:
            exec(json.loads(line), names)  # noqa: S102 # a test's own text
            said = {"answer": names["answer"]}
        except Exception:  # noqa: BLE001 # whatever a test wrote: it is told, and the next question is answered
            said = {"error": traceback.format_exc()}
        finally:
            connections.close_all()
        sys.stdout.write(json.dumps(said, default=str) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
