"""A PostgreSQL of its own for each command of this folder, with the portal's tables and nothing in them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent


@contextmanager
def empty_database() -> Iterator[None]:
    """Django is set up on it; nothing of the portal may be imported before."""
    os.environ["OSK_ENV"] = "test"
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
    os.environ.setdefault("OSK_PROCESS", "command")
    from osk_portal.embedded.postgres import throwaway_postgres

    folder = Path(os.environ.get("OSK_VAR") or ROOT / "var") / "bench-postgresql"
    with throwaway_postgres(folder) as postgres:
        os.environ["DATABASE_URL"] = postgres.url()
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        call_command("createcachetable")
        yield
