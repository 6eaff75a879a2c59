"""The operator's list of variables is the settings' own."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from osk_portal.management.commands import settings_reference


def test_the_reference_is_up_to_date() -> None:
    call_command("settings_reference")


def test_an_old_reference_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stale = tmp_path / ".env.example"
    stale.write_text("# nothing\n")
    monkeypatch.setattr(settings_reference, "targets", lambda: {stale: "# something\n"})

    with pytest.raises(CommandError, match="settings_reference --write"):
        call_command("settings_reference")
