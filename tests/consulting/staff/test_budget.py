"""The queries of a page, with every section filled and with any number of rows (issue of consulting: at most 12;
and below a fifth of what django-helpdesk takes, 65 for its list and 44 for a request)."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from consulting import queues, services
from consulting.enums import CaseState, Occasion, Procured, Topic
from consulting.models import (
    CaseFile,
    ConsultingRequest,
    FileState,
    PartnerQuestion,
    ProcurementOutcome,
    Recommendation,
    TextModule,
)
from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from tests.catalog.factories import SolutionFactory
from tests.factories import OrganisationFactory

S = CaseState
MOST = 12
MOST_OF_QUEUE = 10
MOST_OF_CASE = 8
"""Consents, introductions and a queue that has become empty meanwhile cost one more each."""


def fill(case: ConsultingRequest, advisor: User, requester: User, partner: Organisation) -> None:
    """One more row in every section."""
    services.add_message(case_id=case.pk, actor=advisor, text="Hinweis")
    if case.state != S.WAITING_REQUESTER:
        services.add_message(case_id=case.pk, actor=requester, text="Frage")
    services.add_note(case_id=case.pk, actor=advisor, text="Notiz")
    services.add_call(
        case_id=case.pk, actor=advisor, text="Anruf", spoken_with="Alex Muster",
        spoken_at=clock.now(), is_internal=True,
    )  # fmt: skip
    number = case.files.count()
    CaseFile.objects.create(
        case=case, name=f"Skizze {number}.pdf", content="x", kind="pdf", size=1, sha256="0" * 64,
        state=FileState.CLEAN,
    )  # fmt: skip
    product = SolutionFactory(name="Formularserver")
    case.solutions.add(product)
    if case.result is not None:
        Recommendation.objects.create(result=case.result, solution=product, reason="Passt")
    PartnerQuestion.objects.create(
        case=case, organisation=partner, question="Was kostet das?", due_on=clock.today(),
        consented_on=clock.today(), consent_source="Mail", asked_by=advisor, asked_at=clock.now(),
    )  # fmt: skip
    TextModule.objects.create(name=f"Baustein {TextModule.objects.count()}", text="Guten Tag")


def test_every_page_of_a_case_and_every_queue(world, sign_in):
    procurement = {"topics": [Topic.PROCUREMENT], "title": "Formularserver beschaffen"}
    cases = [
        world.case(state, snoozed_until=clock.today() + timedelta(days=2), **procurement)
        for state in (S.IN_PROGRESS, S.WAITING_THIRD, S.WAITING_REQUESTER, S.ANSWERED)
    ]
    new = world.case(S.SUBMITTED, channel="phone")
    for case in cases[-1:]:
        ProcurementOutcome.objects.create(
            case=case, occasion=Occasion.AT_CLOSING, what=Procured.MIXED, told_at=clock.now()
        )
    queue = queues.BY_NAME["open"]  # one that is not empty: else the side list stands there
    of_queues = [queue.url for queue in queues.QUEUES]
    of_cases = [queues.case_url(case) for case in [*cases[1::2], new]]
    of_cases += [queues.case_url(case, queue) for case in [*cases[1::2], new]]
    for_osk = [*of_queues, *of_cases]
    for_osk.append(reverse("admin:consulting_consultingrequest_search") + "?q=Formularserver")
    for_requester = [case.get_absolute_url() for case in cases[1::2]]
    for_requester.append(reverse("consulting:request_list"))
    lead, requester = sign_in("lead"), sign_in("requester")
    looks = [(lead, url) for url in for_osk] + [(requester, url) for url in for_requester]
    for browser, url in (looks[0], looks[-1]):
        browser.get(url)  # writes the session, once a minute

    def grow() -> None:
        for case in cases:
            fill(case, world.advisor, world.requester, OrganisationFactory())

    def costs() -> dict[str, int]:
        found = {}
        for browser, url in looks:
            with CaptureQueriesContext(connection) as captured:
                assert browser.get(url).status_code == 200
            found[url] = len(captured)
        return found

    grow()
    one = costs()
    assert not {url: cost for url, cost in one.items() if cost > MOST}
    assert max(one[url] for url in of_queues) <= MOST_OF_QUEUE
    assert not {url: one[url] for url in of_cases if one[url] > MOST_OF_CASE}
    grow()
    world.case(S.SUBMITTED)
    many = costs()
    assert many == one
