from __future__ import annotations

import factory
from factory.django import DjangoModelFactory

from catalog.enums import ReuseStage, SolutionState
from catalog.models import Reuse, Solution
from osk_portal.toolkit import clock
from osk_portal.toolkit.search_text import sort_key
from tests.factories import OrganisationFactory


class SolutionFactory(DjangoModelFactory[Solution]):
    """A published solution with little content; the importer makes whole ones."""

    class Meta:
        model = Solution

    slug = factory.Sequence(lambda n: f"loesung-{n}")
    name = factory.Sequence(lambda n: f"Lösung {n}")
    sort_key = factory.LazyAttribute(lambda o: sort_key(o.name))
    state = SolutionState.PUBLISHED
    published_at = factory.LazyFunction(clock.now)

    class Params:
        draft = factory.Trait(state=SolutionState.DRAFT, published_at=None)


class ReuseFactory(DjangoModelFactory[Reuse]):
    class Meta:
        model = Reuse

    solution = factory.SubFactory(SolutionFactory)
    organisation = factory.SubFactory(OrganisationFactory, authority=True)
    stage = ReuseStage.PRODUCTION
