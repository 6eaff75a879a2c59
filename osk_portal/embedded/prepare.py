"""What Django does before the portal's processes start, in one process because each costs a second."""

import hashlib
import os
from pathlib import Path

import django
from django.conf import settings

from osk_portal.toolkit.catalogues import compile_stale


def prepare(demo_marker: Path | None) -> None:
    """Compile texts, migrate, collect static files; load the demo world where the marker is missing.

    Each step costs little where there is nothing to do.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "osk_portal.settings")
    # Before the apps: what they translate while they are loaded would keep the old texts in memory.
    compile_stale(Path(folder) for folder in settings.LOCALE_PATHS)
    django.setup()
    from django.core.management import call_command, get_commands

    call_command("migrate", interactive=False)
    call_command("createcachetable")
    _collect_static_files()
    if demo_marker is not None and not demo_marker.exists() and "demo" in get_commands():
        call_command("demo")
        demo_marker.parent.mkdir(parents=True, exist_ok=True)
        demo_marker.touch()


def _collect_static_files() -> None:
    """Collect where a source has changed: hashing and compressing takes seconds."""
    from django.contrib.staticfiles.finders import get_finders
    from django.core.management import call_command

    digest = hashlib.sha256(repr(settings.STORAGES["staticfiles"]).encode())
    for finder in get_finders():
        for name, storage in sorted(finder.list([]), key=lambda found: found[0]):
            status = os.stat(storage.path(name))
            digest.update(f"{name}|{status.st_size}|{status.st_mtime_ns}\n".encode())
    marker = Path(settings.STATIC_ROOT, ".sources")
    if marker.exists() and marker.read_text() == digest.hexdigest():
        return
    call_command("collectstatic", interactive=False, verbosity=0)
    marker.write_text(digest.hexdigest())
