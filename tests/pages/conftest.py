from collections.abc import Iterator

import pytest

from osk_portal.accounts.models import User
from osk_portal.pages import errors
from tests.factories import UserFactory, staff


@pytest.fixture
def member(db: None) -> User:
    return UserFactory(name="Alex Muster")


@pytest.fixture
def lead(db: None) -> User:
    return staff("lead", name="Kim Beispiel")


@pytest.fixture(autouse=True)
def _no_outage_is_known(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(errors, "_known_until", 0.0)
    yield
    errors._known_until = 0.0
