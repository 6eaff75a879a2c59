from __future__ import annotations

import pytest

from catalog.importing import import_publiccode
from catalog.models import Maintainership
from tests.catalog.claiming import claiming  # noqa: F401 # fixture
from tests.catalog.fetching import forge, tls_server  # noqa: F401 # fixtures
from tests.catalog.files import publiccode_file
from tests.factories import MembershipFactory, OrganisationFactory, UserFactory, staff


class World:
    """A company that maintains an entry; its people, a stranger, two advisors."""

    def __init__(self):
        self.company = OrganisationFactory(company=True, name="Musterhaus GmbH")
        self.editor = MembershipFactory(organisation=self.company, editor=True).user
        self.colleague = MembershipFactory(organisation=self.company).user
        self.stranger = MembershipFactory(editor=True).user
        self.visitor = UserFactory()
        self.advisor = staff("advisor")
        self.second_advisor = staff("advisor")
        self.solution = import_publiccode(publiccode_file(), publish=True).solution
        self.solution.maintainer = self.company
        self.solution.save(update_fields=["maintainer"])
        self.maintainership = Maintainership.objects.create(
            solution=self.solution, organisation=self.company
        )


@pytest.fixture
def world(db):
    return World()
