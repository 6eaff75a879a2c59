"""What the tests of the building blocks share."""

from __future__ import annotations

import pytest

from osk_portal.toolkit import env


@pytest.fixture(autouse=True)
def _own_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that only a test reads must not come into the operator's list of variables."""
    monkeypatch.setattr(env, "VARIABLES", {})
