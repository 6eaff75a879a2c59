"""The queries of a page, with every section filled and with any number of rows (issue of consulting: at most 12;
and below a fifth of what django-helpdesk takes, 65 for its list and 44 for a request)."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog.models import Support
from consulting import queues, releases, services
from consulting.enums import (
    AppointmentKind,
    AppointmentState,
    CaseState,
    ConsentState,
    ContactKind,
    Occasion,
    Procured,
    Topic,
)
from consulting.models import (
    Appointment,
    AppointmentSlot,
    CaseFile,
    CaseMessage,
    ConsultingRequest,
    FileState,
    Introduction,
    IntroductionSide,
    LegalStatement,
    MessageVersion,
    PartnerConsent,
    PartnerContact,
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
"""Whatever it holds; a queue that has become empty meanwhile costs one more."""


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
    fill_more(case, advisor, partner)
    TextModule.objects.create(name=f"Baustein {TextModule.objects.count()}", text="Guten Tag")


def fill_more(case: ConsultingRequest, advisor: User, partner: Organisation) -> None:
    """A citation in an edited message, a consent, a contact, an appointment, an introduction, a similar request, and
    a partner to propose."""
    cited = f"RA-2026-{LegalStatement.objects.count() + 1:03d}"
    LegalStatement.objects.create(
        reference=cited, title="Vorrang", text="Soll.", source="§ 16a", binds="Bund",
        checked_on=clock.today(),
    )  # fmt: skip
    message = CaseMessage.objects.create(
        case=case, author=advisor, by_osk=True, body=f"Siehe [{cited}].", edited_at=clock.now()
    )
    MessageVersion.objects.create(message=message, body="Siehe.", written_at=clock.now())
    shown = releases.release(
        case, partners=[partner], question="Wie?", files=[], names_authority=False
    )
    PartnerConsent.objects.create(
        case=case, released=shown.as_json, sha256=shown.sha256, answer_by=clock.today(),
        asked_by=advisor, state=ConsentState.GIVEN, decided_by=case.author, decided_at=clock.now(),
        knows_prejudice=True,
    )  # fmt: skip
    PartnerContact.objects.create(
        question=case.partner_questions.latest("pk"), kind=ContactKind.ASKED, is_company=True
    )
    appointment = Appointment.objects.create(
        case=case, state=AppointmentState.REFUSED, kind=AppointmentKind.PHONE, place="030 1",
        offered_by=advisor, ended_at=clock.now(), ended_by=case.author,
    )  # fmt: skip
    begin = clock.now() + timedelta(days=3)
    AppointmentSlot.objects.create(
        appointment=appointment, starts_at=begin, ends_at=begin + timedelta(hours=1)
    )
    introduction = Introduction.objects.create(
        text="Beide suchen dasselbe.", proposed_by=advisor, expires_on=clock.today()
    )
    other = ConsultingRequest.objects.sent().exclude(pk=case.pk)[0]
    for one in (case, other):
        IntroductionSide.objects.create(introduction=introduction, case=one)
    Support.objects.create(solution=case.solutions.latest("pk"), organisation=OrganisationFactory())


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
    for name in ("Partner", "Ähnliche Anfragen", "Vorstellungen", "Termin"):
        assert name in lead.get(queues.case_url(cases[-1], queue)).content.decode(), name
    assert many == one
