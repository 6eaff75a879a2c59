"""An app that writes down how long each call to an engine took: ``bench.sandbox`` subtracts them."""

from __future__ import annotations

import functools
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.apps import AppConfig

CALLS = ("ensure", "observe", "probe", "set_expiry", "logs")
FILE = "engine-times.jsonl"


class Timed:
    """An engine whose calls are timed; everything else is the engine's own."""

    def __init__(self, engine: Any, file: Path) -> None:
        self._engine, self._file = engine, file

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._engine, name)
        return functools.partial(self._call, found) if name in CALLS else found

    def _call(self, call: Callable[..., Any], ref: Any, *args: Any, **options: Any) -> Any:
        begin = time.time()
        try:
            return call(ref, *args, **options)
        finally:
            line = json.dumps({"name": ref.name, "begin": begin, "end": time.time()})
            with self._file.open("a") as file:
                file.write(line + "\n")


class EngineTimes(AppConfig):
    name = "bench"

    def ready(self) -> None:
        from django.conf import settings

        from sandbox import backends

        if os.environ.get("OSK_PROCESS") != "worker":
            return
        file = settings.OSK_VAR / FILE
        for key, make in list(backends.BACKENDS.items()):

            def timed(make: Callable[[], Any] = make) -> Any:
                return Timed(make(), file)

            backends.BACKENDS[key] = timed
