"""The safety net beside the portal: finds environments by their labels, needs no database."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from osk_portal.toolkit import clock
from sandbox import backends
from sandbox.backends.base import BackendError, EnvRef, Observed, ObservedState
from sandbox.backends.process import ProcessBackend


class Command(BaseCommand):
    help = (
        "Lists the environments of this portal by their labels. --expired removes those whose time is "
        "over, --all removes every one, --stop ends their programs and keeps their data. Works while "
        "the database is down."
    )
    # The checks would ask the database.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--expired", action="store_true", help="Remove what has expired.")
        what.add_argument("--all", action="store_true", help="Remove everything of this portal.")
        what.add_argument("--stop", action="store_true", help="End the programs, keep the data.")

    def handle(self, *args: Any, **options: Any) -> None:
        failed = 0
        for key in backends.BACKENDS:
            try:
                backend = backends.get(key)
                found = list(backend.observe_all())
            except BackendError as error:
                self.stdout.write(f"{key}: {error}")
                continue
            except Exception as error:  # noqa: BLE001 # whatever one says, the others are the safety net still
                failed += 1
                self.stderr.write(f"{key}: unexpected: {error!r}")
                continue
            for observed in found:
                if observed.is_remains:
                    # Whose they are only the database could tell, and nobody but a person deletes them.
                    names = ", ".join(item.name for item in observed.items)
                    self.stdout.write(f"{observed.name}: data is kept: {names}")
                    continue
                if observed.instance != settings.OSK_SANDBOX_INSTANCE:
                    continue
                ref = EnvRef(observed.instance, observed.env, observed.generation)
                try:
                    if options["all"] or (options["expired"] and _is_expired(observed)):
                        left = backend.destroy(ref).state
                        is_gone = left == ObservedState.ABSENT
                        self.stdout.write(
                            f"{observed.name}: {'removed' if is_gone else 'its removal is asked for'}"
                        )
                    elif options["stop"] and isinstance(backend, ProcessBackend):
                        backend.stop(observed.name)
                        self.stdout.write(f"{observed.name}: stopped")
                    else:
                        self.stdout.write(_line(observed))
                except Exception as error:  # noqa: BLE001 # as above
                    failed += 1
                    said = error if isinstance(error, BackendError) else f"unexpected: {error!r}"
                    self.stderr.write(f"{observed.name}: {said}")
        if failed:
            raise CommandError(f"{failed} could not be removed.")


def _is_expired(observed: Observed) -> bool:
    return observed.expires_at is not None and observed.expires_at <= clock.now()


def _line(observed: Observed) -> str:
    until = f", until {observed.expires_at:%Y-%m-%d %H:%M} UTC" if observed.expires_at else ""
    state = ObservedState(observed.state)
    return f"{observed.name}: {state}{until}"
