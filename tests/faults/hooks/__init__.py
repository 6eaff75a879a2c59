"""An app that does what a test orders, before or after a call to an engine.

An order is a file ``<OSK_VAR>/faults/<before|after>.<call>`` that holds "kill" or a number of seconds; the worker takes
it away and follows it once. ``….<call>.<step>`` waits for the call in one of ``STEPS``: who compares and who repairs
ask the same. Each call is noted in ``<OSK_VAR>/faults/calls.log``.
"""

from __future__ import annotations

import functools
import importlib
import os
import signal
import time
from collections.abc import Callable
from contextvars import ContextVar
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.apps import AppConfig

CALLS = (
    "check", "ensure", "observe", "observe_all", "probe", "halt", "destroy", "set_expiry", "quarantine",
)  # fmt: skip
STEPS = {
    "setting_up": ("prepare", "set_up", "wait_until_ready", "restart"),
    "looking_after": ("rest", "tell_end", "repair", "keep_apart"),
    "removing": ("begin_removal", "remove"),
    "reconciling": ("reconcile", "_remove_orphan"),
}
_step: ContextVar[str] = ContextVar("step", default="")
"""The innermost of ``STEPS`` that is under way."""


class Ordered:
    """An engine whose calls may be struck; everything else is the engine's own."""

    def __init__(self, engine: Any, folder: Path) -> None:
        self._engine, self._folder = engine, folder

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._engine, name)
        return functools.partial(self._call, name, found) if name in CALLS else found

    def _call(self, name: str, call: Callable[..., Any], *args: Any, **options: Any) -> Any:
        self._strike(f"before.{name}", args)
        try:
            return call(*args, **options)
        finally:
            self._strike(f"after.{name}", args)

    def _strike(self, where: str, args: tuple[Any, ...]) -> None:
        step = _step.get()
        with (self._folder / "calls.log").open("a") as log:
            log.write(
                f"{where} {getattr(next(iter(args), None), 'name', '')} {os.getpid()} {step}\n"
            )
        for order in (where, f"{where}.{step}"):
            try:
                taken = (self._folder / order).rename(self._folder / f"{order}.taken")
            except FileNotFoundError:
                continue
            what = taken.read_text()
            if what == "kill":
                os.killpg(os.getpgrp(), signal.SIGKILL)
            time.sleep(float(what))


def _known_by_name(step: Callable[..., Any], name: str) -> Callable[..., Any]:
    @functools.wraps(step)
    def named(*args: Any, **options: Any) -> Any:
        token = _step.set(name.lstrip("_"))
        try:
            return step(*args, **options)
        finally:
            _step.reset(token)

    return named


class Hooks(AppConfig):
    name = "tests.faults.hooks"
    label = "fault_hooks"

    def ready(self) -> None:
        from django.conf import settings

        from osk_portal.toolkit import clock
        from sandbox import backends, leases, reconciling, restoring

        if os.environ.get("OSK_PROCESS") != "worker":
            return
        folder = settings.OSK_VAR / "faults"
        folder.mkdir(parents=True, exist_ok=True)
        leases.LEASE = timedelta(seconds=3)
        leases.HEARTBEAT_SECONDS = 1
        reconciling.ORPHAN_GRACE = timedelta(seconds=2)
        restoring.TOLERANCE = timedelta(seconds=2)
        for module, names in STEPS.items():
            there = importlib.import_module(f"sandbox.{module}")
            for name in names:
                setattr(there, name, _known_by_name(getattr(there, name), name))
        for key, make in list(backends.BACKENDS.items()):

            def ordered(make: Callable[[], Any] = make) -> Any:
                return Ordered(make(), folder)

            backends.BACKENDS[key] = ordered
        moved = folder / "clock-hours"
        if moved.exists():
            shift, real = timedelta(hours=float(moved.read_text())), clock.now
            clock.now = lambda: real() + shift
