"""Partners with the reason on the page of a case, and first in the forms (product.md 1.4)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from catalog.enums import ReuseStage
from catalog.models import Support
from consulting import queues
from consulting.enums import CaseState, PartnerQuestionState, ProcedureState, Topic
from consulting.models import ConsultingRequest, PartnerQuestion
from consulting.partner_proposals import read_proposals
from network.models import Expertise, Organisation, OrganisationExpertise
from osk_portal.toolkit import clock
from tests.catalog.factories import ReuseFactory, SolutionFactory
from tests.consulting.conftest import World
from tests.factories import OrganisationFactory

pytestmark = pytest.mark.django_db
S = CaseState
Browser = Callable[[str], Client]


def answered(case: ConsultingRequest, partner: Organisation, world: World) -> None:
    PartnerQuestion.objects.create(
        case=case, organisation=partner, question="Wie?", due_on=clock.today(),
        consented_on=clock.today(), consent_source="Mail", asked_by=world.advisor,
        state=PartnerQuestionState.ANSWERED, answer="So.", answered_at=clock.now(),
    )  # fmt: skip


def network_of(world: World, case: ConsultingRequest) -> dict[str, Organisation]:
    """One organisation a reason, and some that must not appear."""
    product, other = SolutionFactory(name="openDesk"), SolutionFactory(name="Anderes")
    case.solutions.add(product)
    names = ("Landesbetrieb", "Firma", "Hochschule", "Kundig", "Ohne Beleg", "Woanders", "Verborgen",
             "Früher", "Interesse")  # fmt: skip
    people = {name: OrganisationFactory(name=name) for name in names}
    Organisation.objects.filter(name="Firma").update(kind="business")
    Organisation.objects.filter(name="Verborgen").update(is_published=False)
    ReuseFactory(solution=product, organisation=people["Landesbetrieb"], since=date(2025, 3, 1))
    ReuseFactory(solution=product, organisation=world.authority)
    ReuseFactory(solution=product, organisation=people["Interesse"], stage=ReuseStage.INTEREST)
    ReuseFactory(solution=product, organisation=people["Früher"], stage=ReuseStage.REPLACED)
    ReuseFactory(solution=product, organisation=people["Verborgen"])
    ReuseFactory(solution=other, organisation=people["Woanders"])
    Support.objects.create(solution=product, organisation=people["Firma"])
    migration, _made = Expertise.objects.get_or_create(
        slug="migration", defaults={"name_de": "Umstieg", "name_en": "Migration"}
    )
    for name, evidence in (("Kundig", "Drei Projekte seit 2023"), ("Ohne Beleg", "")):
        OrganisationExpertise.objects.create(
            organisation=people[name], expertise=migration, evidence=evidence
        )
    for _ in range(2):
        older = world.case(S.CLOSED, topics=[Topic.MIGRATION, Topic.OPERATION])
        answered(older, people["Hochschule"], world)
    answered(world.case(S.CLOSED, topics=[Topic.SECURITY]), people["Woanders"], world)
    return people


def test_each_stands_with_its_reason_and_a_link_that_fills_the_form(
    world: World, sign_in: Browser, django_assert_num_queries: Any
) -> None:
    case = world.case(S.IN_PROGRESS, topics=[Topic.MIGRATION, Topic.PROCUREMENT],
                      procedure_state=ProcedureState.NONE)  # fmt: skip
    people = network_of(world, case)
    case = ConsultingRequest.objects.get(pk=case.pk)
    with django_assert_num_queries(1):
        found = read_proposals(case)
    reasons = {p.organisation.name: p.reason for p in found.shown}
    assert reasons == {
        "Landesbetrieb": "nutzt openDesk seit 2025 (Produktiv)",
        "Firma": "unterstützt openDesk",
        "Kundig": f"kennt sich aus mit {Expertise.objects.get(slug='migration')}, Nachweis: Drei Projekte seit 2023",
        "Hochschule": "2 beantwortete Fragen zum Thema Umstieg",
    }
    names = [p.organisation.name for p in found.shown]
    start = names.index("Firma")
    assert names[start:] + names[:start] == ["Firma", "Hochschule", "Kundig", "Landesbetrieb"]

    page = sign_in("advisor").get(queues.case_url(case)).content.decode()
    assert "nutzt openDesk seit 2025" in page
    assert "Die Reihenfolge sagt nichts über die Qualität." in page
    link = queues.step_url(case, "ask-consent") + f"?partner={people['Kundig'].public_id}"
    assert link in page
    form = sign_in("advisor").get(link).content.decode()
    assert form.count('<optgroup label="Vorgeschlagene Partner">') == 3
    assert f'<option value="{people["Kundig"].public_id}" selected>Kundig (' in form
    assert form.index("Landesbetrieb (nutzt") < form.index('<optgroup label="Alle anderen">')
    # Who may not ask gets no link; a made-up id chooses nobody.
    assert "?partner=" not in sign_in("other_advisor").get(queues.case_url(case)).content.decode()
    hostile = sign_in("advisor").get(queues.step_url(case, "ask-consent") + "?partner=%3Cx%3E")
    assert hostile.status_code == 200
    assert "selected>Kundig" not in hostile.content.decode()

    # Asked already: not proposed again. Ended: nobody is proposed.
    answered(case, people["Kundig"], world)
    assert "Kundig" not in {p.organisation.name for p in read_proposals(case).shown}
    ended = world.case(S.CLOSED, topics=[Topic.MIGRATION])
    assert not read_proposals(ended)


@pytest.mark.parametrize("procedure", [ProcedureState.RUNNING, ProcedureState.PLANNED, ""])
def test_in_a_confidential_case_companies_are_counted_and_explained(
    world: World, sign_in: Browser, procedure: str
) -> None:
    case = world.case(
        S.IN_PROGRESS, topics=[Topic.PROCUREMENT, Topic.MIGRATION], procedure_state=procedure
    )
    network_of(world, case)
    page = sign_in("advisor").get(queues.case_url(case)).content.decode()
    section = page[page.index('id="partners-title"') :].split("</section>")[0]
    assert "Landesbetrieb" in section
    assert "Firma" not in section
    assert "1 Unternehmen ist ausgeblendet." in section
    assert read_proposals(case).hidden_reason in section
