import pytest

from osk_portal.accounts.models import User
from tests.factories import UserFactory, staff


@pytest.fixture
def member(db: None) -> User:
    return UserFactory(name="Alex Muster")


@pytest.fixture
def lead(db: None) -> User:
    return staff("lead", name="Kim Beispiel")
