"""All offers stand in the answer of a procurement case, in an order that favours nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.test import Client

from catalog.models import Solution, Support
from consulting import services
from consulting.enums import CaseState, Topic
from consulting.models import CaseResult, ConsultingRequest
from consulting.offers import neutral_order, read_offers
from consulting.queues import case_url
from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from tests.catalog.factories import SolutionFactory
from tests.consulting.conftest import World
from tests.consulting.views.conftest import signed_in  # noqa: F401 # a fixture
from tests.consulting.views.test_record import _private_folder, archive_of, pdf_text  # noqa: F401
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


def offering(solution: Solution, *names: str) -> list[Organisation]:
    firms = [OrganisationFactory(name=name) for name in names]
    for firm in firms:
        Support.objects.create(solution=solution, organisation=firm, text=f"Betrieb durch {firm}")
    return firms


def answered(
    world: World, *advice: services.Advice, about: Sequence[Solution] = (), **fields: Any
) -> ConsultingRequest:
    """By ``answer_at_once`` where the case is new, else by ``answer``."""
    case = world.case(fields.pop("state", CaseState.IN_PROGRESS), **fields)
    case.solutions.set(about)
    act = services.answer if case.assignee_id else services.answer_at_once
    act(case_id=case.pk, actor=world.advisor, text="Das passt.", recommendations=advice)
    return ConsultingRequest.objects.get(pk=case.pk)


def test_the_answer_keeps_every_offer_with_its_rule_and_day(world: World) -> None:
    solution, unasked = SolutionFactory(name="Formularserver"), SolutionFactory()
    offering(solution, "Alpha GmbH", "Beta eG", "Gamma AG")
    hidden = OrganisationFactory(name="Verborgen", is_published=False)
    Support.objects.create(solution=solution, organisation=hidden)
    offering(unasked, "Woanders")
    advice = services.Advice("passt", solution=solution)
    bought = {"topics": [Topic.PROCUREMENT]}

    for state in (CaseState.IN_PROGRESS, CaseState.SUBMITTED):
        kept = read_offers(
            answered(world, advice, about=[unasked], state=state, **bought).result.offers
        )
        assert kept is not None
        assert {row.name for row in kept.offerings} == {"Alpha GmbH", "Beta eG", "Gamma AG"}
        assert (
            kept.offerings[0]
            .items[0]
            .startswith("Angebot zur Unterstützung für Formularserver: Betrieb durch")
        )
        assert (kept.day, list(kept.solutions)) == (clock.today(), ["Formularserver"])
        assert "Die Reihenfolge sagt nichts über die Qualität." in kept.rule
    # Nothing recommended: what the request is about counts. Nothing named, or no procurement: no list.
    kept = read_offers(answered(world, about=[unasked], **bought).result.offers)
    assert kept is not None
    assert [row.name for row in kept.offerings] == ["Woanders"]
    lonely = read_offers(answered(world, about=[SolutionFactory()], **bought).result.offers)
    assert lonely is not None
    assert (lonely.offerings, bool(lonely.nothing)) == ([], True)
    assert answered(world, **bought).result.offers is None
    assert answered(world, advice, topics=[Topic.REUSE]).result.offers is None


def test_what_was_listed_stays_on_every_page_and_in_the_record(
    world: World,
    signed_in: Callable[[User], Client],  # noqa: F811 # a fixture
) -> None:
    solution = SolutionFactory(name="Formularserver")
    alpha, _beta = offering(solution, "Alpha GmbH", "Beta eG")
    advice = services.Advice("passt", solution=solution)
    case = answered(world, advice, topics=[Topic.PROCUREMENT])
    before = answered(world, advice, topics=[Topic.PROCUREMENT])
    CaseResult.objects.filter(case=before).update(offers=None)  # from before lists were kept
    Support.objects.filter(organisation=alpha).delete()
    offering(solution, "Später GmbH")
    rule = "Die Reihenfolge sagt nichts über die Qualität."

    def shown(asked: ConsultingRequest) -> dict[str, str]:
        record = f"/beratung/anfrage/{asked.public_id}/akte/"
        requester = signed_in(world.requester)
        whole = archive_of(requester.post(f"{record}vollstaendig/"))
        return {
            "page": requester.get(asked.get_absolute_url()).content.decode(),
            "staff": signed_in(world.advisor).get(case_url(asked)).content.decode(),
            "record": pdf_text(requester.get(record).content),
            "ZIP": whole.read("texte.txt").decode(),
        }

    for where, text in shown(case).items():
        for word in ("Alpha GmbH", "Beta eG", rule):
            assert word.replace(" ", "") in "".join(text.split()), (where, word)
        assert "Später" not in text, where
    for where, text in shown(before).items():
        assert not any(word in text for word in ("Alpha", "Beta", "Später")), where
