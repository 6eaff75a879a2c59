"""`make run`: starts the stack, watches it, and stops all of it."""

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

from osk_portal.embedded.demo_logins import DEMO_LOGINS, PASSWORD
from osk_portal.embedded.processes import (
    EmbeddedError,
    Interrupted,
    become_subreaper,
    bury_adopted,
    end_adopted,
)
from osk_portal.embedded.service import PROJECT
from osk_portal.embedded.stack import Stack

LOOK_EVERY = 0.5
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
# A child that ran this long is well: its next fall is a new one.
WELL_AFTER = 60.0
GERMAN = {
    "database": "PostgreSQL",
    "broker": "Valkey",
    "mail": "Der Mailfänger",
    "web": "Der Webserver",
    "worker": "Der Worker",
    "beat": "Der Taktgeber (beat)",
}


def run() -> int:
    """Run until Ctrl-C, SIGTERM or SIGHUP; returns the exit code."""
    finish = threading.Event()

    def ask_to_finish(number: int, frame: FrameType | None) -> None:
        finish.set()  # a second Ctrl-C changes nothing: we are already stopping

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask_to_finish)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # it is, under nohup
        signal.signal(signal.SIGHUP, ask_to_finish)
    become_subreaper()
    try:
        port, var, demo = _read_environment(os.environ)
        stack = Stack(var, port, demo=demo, say=say, cancel=finish)
        say(f"OSK-Portal startet … (Daten und Protokolle: {stack.var})")
        stack.start()
    except Interrupted:
        say("Abgebrochen.")
        return 0
    except EmbeddedError as error:
        say(str(error))
        return 1
    except OSError as error:
        say(f"Der Start ist gescheitert: {error}\nThe start has failed: {error}")
        return 1
    try:
        _say_welcome(stack)
        Watch(stack, finish).until_finished()
    finally:
        say("OSK-Portal wird beendet …")
        own = stack.own_pids()
        stack.stop()
        end_adopted(own)
    say("OSK-Portal ist beendet.")
    return 0


def say(line: str) -> None:
    """Tell the person at the terminal; the terminal may be gone by now."""
    with contextlib.suppress(OSError):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def _read_environment(environment: Mapping[str, str]) -> tuple[int, Path, bool]:
    """PORT, OSK_VAR and OSK_DEMO; raises EmbeddedError for a port that is none."""
    text = environment.get("PORT") or "8000"
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise EmbeddedError(
            f"PORT ist {text!r}, muss aber eine Zahl von 1 bis 65535 sein.\n"
            f"PORT is {text!r}, but must be a number from 1 to 65535."
        )
    var = Path(environment.get("OSK_VAR") or PROJECT / "var").expanduser().resolve()
    demo = (environment.get("OSK_DEMO") or "1").lower() not in {"0", "false", "no", "off"}
    return int(text), var, demo and environment.get("OSK_ENV") != "production"


def _say_welcome(stack: Stack) -> None:
    say(f"OSK-Portal ist bereit: {stack.url}")
    if stack.has_demo_world:
        width = max(len(login.email) for login in DEMO_LOGINS)
        say(f"Anmeldungen der Demo-Welt, alle mit dem Passwort {PASSWORD}:")
        for login in DEMO_LOGINS:
            say(f"  {login.email:{width}}  {login.role}")
    if "mail" in stack.children:
        say(f"Mails, die das Portal verschickt: {stack.url}dev/mail/")
    if os.getuid() != 0:
        say(
            "Testumgebungen laufen unter Ihrem Benutzer und könnten Ihre Dateien lesen: "
            "Bieten Sie nur Produkte an, denen Sie vertrauen."
        )
    say("Beenden mit Strg+C.")


class Watch:
    """Starts again what has ended, each time after a longer pause."""

    def __init__(self, stack: Stack, finish: threading.Event) -> None:
        self.stack = stack
        self.finish = finish
        self._due: dict[str, float] = {}  # children that are down, and when each is tried again
        self._pauses: dict[str, float] = {}
        self._tried: dict[str, float] = {}

    def until_finished(self) -> None:
        while not self.finish.wait(LOOK_EVERY):
            for name in self.stack.ended():
                self._look_after(name, time.monotonic())
            bury_adopted(self.stack.own_pids())

    def _look_after(self, name: str, now: float) -> None:
        if name not in self._due:
            is_new = now - self._tried.get(name, -WELL_AFTER) >= WELL_AFTER
            pause = FIRST_PAUSE if is_new else min(self._pauses[name] * 2, LONGEST_PAUSE)
            self._pauses[name] = pause
            self._due[name] = now + pause
            code = self.stack.child(name).exit_code
            say(f"{GERMAN[name]} ist ausgefallen ({code}), neuer Start in {pause:.0f} s.")
        elif now >= self._due[name]:
            del self._due[name]
            self._tried[name] = now
            try:
                self.stack.start_child(name)
                say(f"{GERMAN[name]} läuft wieder.")
            except EmbeddedError as error:
                say(str(error))
            except Interrupted:
                return
