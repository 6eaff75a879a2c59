"""All offers stand in the answer of a procurement case, in an order that favours nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from django.test import Client

from catalog.models import Support
from consulting import services
from consulting.enums import CaseState, Topic
from consulting.models import ConsultingRequest
from consulting.offers import neutral_order
from osk_portal.accounts.models import User
from tests.catalog.factories import SolutionFactory
from tests.consulting.conftest import World
from tests.consulting.views.conftest import signed_in  # noqa: F401 # a fixture
from tests.factories import OrganisationFactory

pytestmark = pytest.mark.django_db


def test_each_comes_first_as_often_as_any_other() -> None:
    firms = [OrganisationFactory(name=name) for name in ("Zeta", "Alpha", "Mitte")]
    first = Counter()
    for number in range(1, 31):
        case = ConsultingRequest(reference=f"OSK-2026-{number:05d}")
        order = neutral_order(firms, case)
        assert order == neutral_order(reversed(firms), case)
        assert set(order) == set(firms)
        first[order[0].name] += 1
    assert set(first.values()) == {10}
    assert neutral_order([], ConsultingRequest(reference=None)) == []


def test_answer_of_a_procurement_case_lists_every_offer_with_its_rule(
    world: World,
    signed_in: Callable[[User], Client],  # noqa: F811 # a fixture
) -> None:
    solution, unasked = SolutionFactory(), SolutionFactory()
    names = ["Alpha GmbH", "Beta eG", "Gamma AG"]
    for name in names:
        Support.objects.create(solution=solution, organisation=OrganisationFactory(name=name))
    hidden = OrganisationFactory(name="Verborgen", is_published=False)
    Support.objects.create(solution=solution, organisation=hidden)
    Support.objects.create(solution=unasked, organisation=OrganisationFactory(name="Woanders"))
    pages = []
    for topic in (Topic.PROCUREMENT, Topic.REUSE):
        case = world.case(CaseState.IN_PROGRESS, topics=[topic])
        services.answer(
            case_id=case.pk,
            actor=world.advisor,
            text="Das passt.",
            recommendations=[services.Advice("passt", solution=solution)],
        )
        pages.append(signed_in(world.requester).get(case.get_absolute_url()).content.decode())

    procurement, plain = pages
    assert all(name in procurement for name in names)
    assert "Die Reihenfolge sagt nichts über die Qualität." in procurement
    for absent in ("Verborgen", "Woanders"):
        assert absent not in procurement
    assert "Beta eG" not in plain
    assert all("Das OSK gibt keine Rechtsberatung." in page for page in pages)
